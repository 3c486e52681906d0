"""How the parts are put together: settings from the environment, the URL table, the WSGI entry."""
