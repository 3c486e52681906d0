"""How commands read whole numbers from the command line."""

from argparse import ArgumentTypeError
from collections.abc import Callable

DIGITS = 20


def whole(what: str, most: int | None = None) -> Callable[[str], int]:
    """A type for argparse: a number from 1 on, called by what it counts."""

    def read(text: str) -> int:
        right = text.isascii() and text.isdigit() and len(text) <= DIGITS
        if not right or int(text) < 1 or (most and int(text) > most):
            upto = f" 到 {most} " if most else " 起"
            raise ArgumentTypeError(f"{what}应为 1{upto}的整数，现在是“{text}”")
        return int(text)

    return read
