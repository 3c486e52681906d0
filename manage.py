"""Django's command line, as `python3 run` calls it once the environment is there."""

import sys

from guantong.cli.line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
