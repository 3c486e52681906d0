"""Door 3: the command line. A command reads its arguments, calls a verb, prints in Chinese."""
