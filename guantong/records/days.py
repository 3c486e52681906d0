"""Which days people may write: one bound for forms, actions, spreadsheets and commands; and how
far ahead of today something may be recorded.

Not for how days go together (an end after its beginning): the action that takes them says that.
"""

from datetime import date
from typing import Final

from guantong.periods import add_months
from guantong.records import clock

# Nobody on a roll was born earlier; and from the last on, years and semesters can be counted on.
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
YEARS: Final = range(FIRST.year, LAST.year + 1)
# What is agreed beforehand, an appointment or a rule in force from a day, is agreed within a year.
AGREED: Final = 1
# The longest plan of meetings is that of the next school year; what lies beyond is a slip.
PLANNED: Final = 2
# A term of office is five years at most, and may be extended once; twice that is a slip.
LASTING: Final = 10


def odd(day: date) -> str:
    """Why a day cannot be meant; empty if it can."""
    return "" if FIRST <= day <= LAST else f"日期应在 {FIRST} 至 {LAST} 之间，请核对年份。"


def not_come(day: date) -> str:
    """Why a change cannot be recorded yet: from its day on, today's figures would tell it."""
    today = clock.today()
    return "" if day <= today else f"{day} 还没到（今天 {today}），不能预先办理，请到时再登记。"


def too_far(day: date | None, years: int, today: date | None = None) -> str:
    """Why something cannot be agreed for a day that lies so many years ahead."""
    if day is None or day <= (limit := add_months(today or clock.today(), 12 * years)):
        return ""
    return f"最远可以写到 {years} 年后的 {limit}，请核对年份。"
