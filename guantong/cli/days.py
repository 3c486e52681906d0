"""How commands read a day from the command line."""

from datetime import date


def day(text: str) -> date:
    return date.fromisoformat(text)


day.__name__ = "日期，如 2023-06-30"  # what argparse calls the type in its message
