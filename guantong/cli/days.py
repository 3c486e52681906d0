"""How commands read a day from the command line."""

from argparse import ArgumentTypeError
from datetime import date

from guantong.records import days


def day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是日期，请写成 2023-06-30 这样") from None
    if reason := days.odd(found):
        raise ArgumentTypeError(reason.rstrip("。"))
    return found
