"""How a month of dues looks: its sign (of the verdicts' own), and its words."""

from dataclasses import dataclass
from typing import Final

from guantong.dues import Month

STATES: Final = {  # the sign's code, and the word
    "paid": ("met", "已交"),
    "paid_late": ("late", "迟交"),
    "part": ("short", "没有交足"),
    "unpaid": ("short", "未交"),
    "due": ("due", "本月待交"),
    "exempt": ("exempt", "免交"),
    "unfixed": ("unknown", "未核定"),
}


@dataclass(frozen=True)
class Cell:
    """One month in a table; `code` empty: not a member there then."""

    code: str
    says: str


NONE: Final = Cell("", "")


def cell(month: Month | None) -> Cell:
    if month is None:
        return NONE
    code, word = STATES[month.state]
    sums = "" if month.due is None else f"，应交 {month.due}，实交 {month.paid or 0}"
    relief = "（减免）" if month.relieved else ""
    return Cell(code, f"{month.month.month}月{word}{sums}{relief}")
