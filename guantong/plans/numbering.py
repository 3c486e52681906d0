"""The numbers that open a clause: 一、 （一） 1. in their full- and half-width forms.

It knows how a number looks, not whether one is meant; that needs the lines around it (`read`).
"""

import re
from dataclasses import dataclass

from guantong.plans.model import Level

DIGITS = "一二三四五六七八九"


def spelled(value: int) -> str:
    """1 to 99 in Chinese numerals."""
    tens, ones = divmod(value, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else DIGITS[tens - 1] + "十"
    return ten + (DIGITS[ones - 1] if ones else "")


VALUES = {spelled(value): value for value in range(1, 100)}

_CHINESE = f"([{DIGITS}十]{{1,3}})"
# "1.5 倍" and "3、4 月" open nothing, but a title may begin with a year: "1.2021年底前…".
_NO_FIGURE = r"\s*+(?:(?=\d{4}年)|(?!\d))"
FORMS = {
    Level.CHAPTER: re.compile(rf"{_CHINESE}\s*[、．.]\s*"),
    Level.SECTION: re.compile(rf"[（(]\s*{_CHINESE}\s*[)）]\s*[、．.]?\s*"),
    Level.TASK: re.compile(rf"(\d{{1,3}})\s*[.．、]{_NO_FIGURE}"),
}
EXAMPLES = "一、　（一）　1."


@dataclass(frozen=True)
class Marker:
    level: Level
    value: int
    number: str  # as it stands in a path: "二", "(二)", "6"
    rest: str  # the line behind it


def marker_of(text: str) -> Marker | None:
    """Return the number that a line begins with, if it begins with one."""
    for level, form in FORMS.items():
        if found := form.match(text):
            value = int(found[1]) if level is Level.TASK else VALUES.get(found[1], 0)
            if value:
                return Marker(level, value, written(level, value), text[found.end() :])
    return None


def written(level: Level, value: int) -> str:
    match level:
        case Level.CHAPTER:
            return spelled(value)
        case Level.SECTION:
            return f"({spelled(value)})"
        case Level.TASK:
            return str(value)
