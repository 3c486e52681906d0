"""The one Django app: every table, every write (`actions`) and who may see what (`access`)."""
