"""Which periods of the ledger a page shows: 当前各周期, everything, or one year down to a month.

A choice is a short code that stands in the address: now, all, 2023, 2023-S1 (spring), 2023-S2
(autumn), 2023-Q2, 2023-05.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, Q

from guantong.obligations.model import Plan, Question
from guantong.periods import OWN, Every, Period, Rhythm, add_months
from guantong.records import days
from guantong.records.models import Entry
from guantong.web.wording import in_spring, length_of, period_words

NOW: Final = "now"
ALL: Final = "all"
CODE: Final = re.compile(
    r"(?P<year>\d{4})(-S(?P<half>[12])|-Q(?P<quarter>[1-4])|-(?P<month>\d\d))?"
)

# Which calendar periods count as part of a chosen one. A quarter may straddle two semesters.
PARTS: Final = {
    Every.YEAR: (Every.MONTH, Every.QUARTER, Every.SEMESTER, Every.YEAR),
    Every.SEMESTER: (Every.MONTH, Every.SEMESTER),
    Every.QUARTER: (Every.MONTH, Every.QUARTER),
    Every.MONTH: (Every.MONTH,),
}
RUN_OUT: Final = (*sorted(OWN), Every.ONCE, Every.PLAN_YEAR)  # placed by the day they are due
HEADINGS: Final = {
    Every.YEAR: "年（年度主题）",
    Every.SEMESTER: "学期",
    Every.QUARTER: "季度",
    Every.MONTH: "月",
}

type Choices = list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True)
class Stretch:
    """A chosen period and how long it is."""

    every: Every
    period: Period


def code_of(period: Period) -> str:
    year = period.start.year
    match length_of(period):
        case Every.MONTH:
            return f"{year}-{period.start.month:02}"
        case Every.QUARTER:
            return f"{year}-Q{period.start.month // 3 + 1}"
        case Every.SEMESTER:
            return f"{year}-S{1 if in_spring(period) else 2}"
        case _:
            return str(year)


def stretch(code: str, asked: Question) -> Stretch | None:
    """Return what a code names; nothing for now, all, and nonsense."""
    found = CODE.fullmatch(code)
    if found is None or (year := int(found["year"])) not in days.YEARS:
        return None
    if half := found["half"]:
        spring, autumn = asked.calendar.semesters_of(year)
        following, _ = asked.calendar.semesters_of(year + 1)
        halves = (Period(spring, autumn), Period(autumn, following))
        return Stretch(Every.SEMESTER, halves[int(half) - 1])
    if quarter := found["quarter"]:
        start = date(year, int(quarter) * 3 - 2, 1)
        return Stretch(Every.QUARTER, Period(start, add_months(start, 3)))
    if month := found["month"]:
        if not 1 <= int(month) <= 12:
            return None
        start = date(year, int(month), 1)
        return Stretch(Every.MONTH, Period(start, add_months(start, 1)))
    return Stretch(Every.YEAR, Period(date(year, 1, 1), date(year + 1, 1, 1)))


def choices(asked: Question, plan: Plan) -> Choices:
    """What can be chosen: the periods that the ledger has worked out, the newest first."""
    offered: Choices = [(NOW, "当前各周期"), (ALL, "全部周期")]
    for every, heading in HEADINGS.items():
        offered.append((heading, [_choice(p, plan) for p in asked.periods(Rhythm(every))[::-1]]))
    return offered


def years(asked: Question, plan: Plan) -> Choices:
    return [_choice(period, plan) for period in asked.periods(Rhythm(Every.YEAR))[::-1]]


def _choice(period: Period, plan: Plan) -> tuple[str, str]:
    code, words = code_of(period), period_words(period)
    return code, f"{words} {plan.themes.get(int(code), '')}" if code.isdecimal() else words


def chosen(code: str, asked: Question) -> Q:
    """The entries of the chosen periods."""
    if code == NOW:
        return _now(asked)
    found = stretch(code, asked)
    return _parts(found, asked) if found else Q()


def _now(asked: Question) -> Q:
    """Of each obligation the latest period that has begun; of each organisation its last term."""
    wanted = Q(pk__in=[])
    for every in (*PARTS, Every.PLAN_YEAR):
        if periods := asked.periods(Rhythm(every)):
            names = _names(asked, every)
            wanted |= Q(Q(period_start=periods[-1].start), obligation__in=names)  # in this order
    later = Entry.objects.filter(
        assessment=OuterRef("assessment"),
        obligation=OuterRef("obligation"),
        org=OuterRef("org"),
        period_start__gt=OuterRef("period_start"),
    )
    # In this order: the database looks for later terms only where there are terms.
    terms = Q(Q(obligation__in=_names(asked, Every.TERM)), ~Exists(later))
    return wanted | terms | Q(obligation__in=_names(asked, Every.WITHIN, Every.ONCE))


def _parts(found: Stretch, asked: Question) -> Q:
    """Calendar periods that begin in the stretch, and those that run out in it: terms of office,
    what is owed by a day.
    """
    names = _names(asked, *PARTS[found.every])
    start, end = found.period.start, found.period.end
    # The day first: it is quicker compared than a name with all those of a list.
    begins = Q(Q(period_start__gte=start, period_start__lt=end), obligation__in=names)
    runs_out = Q(due_on__gte=start, due_on__lt=end)
    return begins | Q(runs_out, obligation__in=_names(asked, *RUN_OUT))


def _names(asked: Question, *lengths: Every) -> list[str]:
    """The obligations of such periods; a rolling window is a matter of the month it ends with."""
    wanted = {*lengths, *([Every.ROLLING] if Every.MONTH in lengths else [])}
    return [o.name for o in asked.obligations if o.every in wanted]
