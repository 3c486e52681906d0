"""How commands read a day from the command line."""

from argparse import ArgumentTypeError
from datetime import date

from guantong.records import days


def day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
        if found.isoformat() != text:  # 20230630 and 2023-W26-5 are ISO's, and nobody's here
            raise ValueError
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是日期，请写成 2023-06-30 这样") from None
    if reason := days.odd(found):
        raise ArgumentTypeError(reason.rstrip("。"))
    return found
