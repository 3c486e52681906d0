"""Django's command line, in the words of `run`:  check-catalogue is the command check_catalogue."""

import os
import sys

from django.core.management import execute_from_command_line


def main(args: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
    words = [args[0].replace("-", "_"), *args[1:]] if args and not args[0].startswith("-") else args
    execute_from_command_line(["python3 run", *words])


if __name__ == "__main__":
    main(sys.argv[1:])
