"""Arguments of the form 名称=值."""

from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation

from guantong.obligations.model import MOST_REQUIRED


def pair(text: str) -> tuple[str, str]:
    name, sign, chosen = text.partition("=")
    if not sign or not name:
        raise ArgumentTypeError(f"{text!r} 应写成 名称=值")
    return name, chosen


def pair_with_number(text: str) -> tuple[str, Decimal]:
    name, number = pair(text)
    try:
        found = Decimal(number)
    except InvalidOperation:
        raise ArgumentTypeError(f"{number!r} 不是数") from None
    if not (found.is_finite() and 0 <= found <= MOST_REQUIRED):
        raise ArgumentTypeError(f"{number} 应在 0 到 {MOST_REQUIRED} 之间")
    return name, found
