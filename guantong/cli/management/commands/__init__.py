"""Where Django looks for commands; one module a command."""
