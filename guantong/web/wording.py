"""Periods, days and figures of the ledger in plain Chinese, shorter or longer.

Not for what the catalogue words itself: titles, demands, units.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from guantong.obligations.model import Bound, Obligation
from guantong.obligations.run import plain
from guantong.periods import Every, Period, period_of
from guantong.records import catalogue
from guantong.records.drafts import recorded_late
from guantong.records.models import Activity, Entry

WEEKDAYS: Final = "一二三四五六日"
NUMERALS: Final = "一二三四"
SHARE: Final = "比例"  # the unit of figures that are read as percentages


def late_words(activity: Activity) -> str:
    """The mark of what was recorded late, wherever the activity is named; empty in time."""
    late = recorded_late(activity)
    return f"补录 +{late} 天" if late else ""


def length_of(period: Period) -> Every:
    """Return which calendar period this is; TERM stands for none of them."""
    calendar = catalogue.current().calendar
    for every in (Every.MONTH, Every.QUARTER, Every.YEAR, Every.SEMESTER):
        if period_of(every, period.start, calendar) == period:
            return every
    return Every.TERM


def period_words(period: Period) -> str:
    """Return 2023年6月, 2023年第二季度, 2023年春季学期, 2023年, or the first and last day."""
    year = f"{period.start.year}年"
    match length_of(period):
        case Every.MONTH:
            return f"{year}{period.start.month}月"
        case Every.QUARTER:
            return f"{year}第{NUMERALS[period.start.month // 3]}季度"
        case Every.SEMESTER:
            return f"{year}{'春' if in_spring(period) else '秋'}季学期"
        case Every.YEAR:
            return year
        case _:
            return f"{period.start:%Y-%m-%d} 至 {period.last_day:%Y-%m-%d}"


def in_spring(semester: Period) -> bool:
    spring, _ = catalogue.current().calendar.semesters_of(semester.start.year)
    return semester.start == spring


def period_of_entry(entry: Entry) -> Period:
    return Period(entry.period_start, entry.period_end)


def day_words(day: date) -> str:
    """Return 6月30日 周五."""
    return f"{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"


def distance(day: date, today: date) -> str:
    """Return how far off a day is: 今天到期, 还有 15 天, 已过 15 天."""
    days = (day - today).days
    if days == 0:
        return "今天到期"
    return f"还有 {days} 天" if days > 0 else f"已过 {-days} 天"


def amount(value: Decimal | None, obligation: Obligation) -> str:
    """A figure with its unit; a share as a percentage; empty where not known."""
    if value is None:
        return ""
    if obligation.unit == SHARE:
        return f"{plain(value * 100)}%"
    return f"{plain(value)} {obligation.unit}"


def bound_words(obligation: Obligation, day: date) -> str:
    """Return 不少于 or 不超过, as the standard in force for a period that begins on the day."""
    at_least = obligation.standard_on(day).bound is Bound.AT_LEAST
    return "不少于" if at_least else "不超过"


def has_got(entry: Entry, obligation: Obligation) -> str:
    """Return what there is against what is required: 1/1 次, 38/41（92.68%）, 未知."""
    if entry.actual is None:
        return "未知"
    if entry.denominator is not None:
        parts = f"{plain(entry.numerator)}/{plain(entry.denominator)}"
        return f"{parts}（{amount(entry.actual, obligation)}）"
    if entry.required is None:
        return amount(entry.actual, obligation)
    return f"{plain(entry.actual)}/{amount(entry.required, obligation)}"
