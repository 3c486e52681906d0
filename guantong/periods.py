"""The stretches of time that obligations are counted over.

A period is half-open: `start` is the first day in it, `end` the first day after it. All calendar
arithmetic of the project is here; it knows calendar months and years, never 30 or 365 days.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)


class Every(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    SEMESTER = "semester"
    YEAR = "year"
    PLAN_YEAR = "plan_year"  # begins on the day of the year on which the plan began
    ROLLING = "rolling"  # each month, looking back over several
    ONCE = "once"  # by a day
    TERM = "term"  # from an election to the day the term runs out
    WITHIN = "within"  # so many days from a trigger: the day on which the bearer began


CALENDAR = frozenset({Every.MONTH, Every.QUARTER, Every.SEMESTER, Every.YEAR, Every.PLAN_YEAR})
OWN = frozenset({Every.TERM, Every.WITHIN})  # every bearer has periods of its own


@dataclass(frozen=True, order=True)
class Period:
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period must begin before it ends: {self.start} .. {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def whole_months(self) -> tuple["Period", ...]:
        """The calendar months that lie wholly in the period, in order."""
        first = month_of(self.start)
        if first.start < self.start:
            first = month_of(first.end)
        months = []
        while first.end <= self.end:
            months.append(first)
            first = month_of(first.end)
        return tuple(months)


@dataclass(frozen=True)
class Calendar:
    """When the semesters of a school begin: month and day by default, dates where one is given.

    `given` maps a calendar year to the first days of its spring and autumn semesters; `plan_year`
    is the day of the year on which the plan in question began.
    """

    spring: tuple[int, int] = (2, 1)
    autumn: tuple[int, int] = (8, 1)
    plan_year: tuple[int, int] = (1, 1)
    given: Mapping[int, tuple[date, date]] = field(default_factory=dict, hash=False)

    def semesters_of(self, year: int) -> tuple[date, date]:
        return self.given.get(year, (date(year, *self.spring), date(year, *self.autumn)))


@dataclass(frozen=True)
class Rhythm:
    """How often something is owed. Only what `every` asks for is given.

    `months`: how many a rolling window spans, the month that it closes with included. `days`:
    how long after the trigger. `once`: from the first day that counts to the last.
    """

    every: Every
    months: int = 1
    days: int = 0
    once: Period | None = None

    @property
    def own(self) -> bool:
        return self.every in OWN

    @property
    def name(self) -> str:
        """Such as month, rolling_24, within_183, once_2021-01-01_2022-01-01: says it all."""
        match self.every:
            case Every.ROLLING:
                return f"rolling_{self.months}"
            case Every.WITHIN:
                return f"within_{self.days}"
            case Every.ONCE:
                assert self.once is not None
                return f"once_{self.once.start:%Y%m%d}_{self.once.end:%Y%m%d}"
            case _:
                return self.every.value

    def window(self, period: Period) -> Period:
        """The days that are looked at for a period: its own, unless the window is rolling."""
        if self.every is not Every.ROLLING:
            return period
        return Period(add_months(period.start, 1 - self.months), period.end)

    def stretches(self, period: Period) -> tuple[Period, ...]:
        """A bearer is bound in a period if it is there for the whole of one of these."""
        match self.every:
            case Every.QUARTER | Every.SEMESTER | Every.YEAR | Every.PLAN_YEAR:
                return period.whole_months()
            case Every.ROLLING:
                return (self.window(period),)
            case _:
                return (Period(period.last_day, period.end),)


def add_months(day: date, months: int) -> date:
    """Return the same day of a later (or earlier) month, or that month's last day."""
    years, month0 = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month0 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_of(day: date) -> Period:
    return _months(day, 1)


def period_of(every: Every, day: date, calendar: Calendar) -> Period:
    """Return the calendar period of the given length that `day` falls in."""
    match every:
        case Every.MONTH:
            return _months(day, 1)
        case Every.QUARTER:
            return _months(day, 3)
        case Every.YEAR:
            return _months(day, 12)
        case Every.SEMESTER:
            starts = [s for y in (-1, 0, 1) for s in calendar.semesters_of(day.year + y)]
            later = [s for s in starts if s > day]
            return Period(max(s for s in starts if s <= day), min(later))
        case Every.PLAN_YEAR:
            start = date(day.year, *calendar.plan_year)
            start = start if start <= day else add_months(start, -12)
            return Period(start, add_months(start, 12))
        case _:
            raise ValueError(f"{every} is no calendar period")


def periods_from(every: Every, first: date, last: date, calendar: Calendar) -> Iterator[Period]:
    """Yield the calendar periods that begin on `first` or later, and not after `last`."""
    period = period_of(every, first, calendar)
    if period.start < first:
        period = period_of(every, period.end, calendar)
    while period.start <= last:
        yield period
        period = period_of(every, period.end, calendar)


def _months(day: date, length: int) -> Period:
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(start, add_months(start, length))
