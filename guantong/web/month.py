"""A calendar month of activities: what stands on which day. One query, whatever the number."""

import re
from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from guantong.periods import month_of
from guantong.records import catalogue
from guantong.records.drafts import recorded_late
from guantong.records.models.activity import ActivityQuerySet

CODE: Final = re.compile(r"(\d{4})-(\d\d)")
MOST: Final = 3  # activities told one by one; more are counted by kind


@dataclass(frozen=True)
class Mark:
    """An activity on a day, or several of a kind."""

    label: str
    url: str
    planned: bool
    count: int = 1
    more: str = ""  # which of its days, of several
    late: str = ""  # after how many days it was recorded; of several: how many were late


@dataclass(frozen=True)
class Day:
    day: date
    inside: bool  # of the month shown
    today: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class _Held:
    pk: int
    title: str
    kind: str
    planned: bool
    late: int
    since: date

    def on(self, day: date) -> str:
        nth = (day - self.since).days
        return f"第 {nth + 1} 天" if nth else ""


class Month:
    """The weeks of a month; nonsense shows the month of today."""

    def __init__(self, found: ActivityQuerySet, code: str, today: date) -> None:
        self.period = month_of(first(code) or today)
        self.today = today
        rows = found.since(self.period.start).filter(held_on__lt=self.period.end)
        rows = rows.order_by("held_on", "pk")
        self._by_day = defaultdict[date, list[_Held]](list)
        self.count = 0
        for row in rows.only("held_on", "last_on", "title", "kind", "planned", "recorded_at"):
            late = recorded_late(row)
            one = _Held(row.pk, row.title, row.kind, row.planned, late, row.held_on)
            self.count += 1
            for nth in range(((row.last_on or row.held_on) - row.held_on).days + 1):
                self._by_day[row.held_on + timedelta(days=nth)].append(one)

    @property
    def title(self) -> str:
        return f"{self.period.start.year}年{self.period.start.month}月"

    @property
    def before(self) -> str:
        return code_of(self.period.start - timedelta(days=1))

    @property
    def after(self) -> str:
        return code_of(self.period.end)

    def weeks(self) -> Iterator[list[Day]]:
        first = self.period.start
        for week in Calendar().monthdatescalendar(first.year, first.month):
            yield [
                Day(day, day in self.period, day == self.today, tuple(self._marks(day)))
                for day in week
            ]

    def _marks(self, day: date) -> Iterator[Mark]:
        held = self._by_day.get(day, []) if day in self.period else []
        label = catalogue.current().label
        if len(held) <= MOST:
            for one in held:
                late = f"补录 +{one.late} 天" if one.late else ""
                url = reverse("activity", args=[one.pk])
                yield Mark(one.title, url, one.planned, more=one.on(day), late=late)
            return
        kinds = defaultdict[tuple[str, bool], list[int]](list)
        for one in held:
            kinds[one.kind, one.planned].append(one.late)
        for (kind, planned), days in kinds.items():
            late = f"补录 {some}" if (some := sum(map(bool, days))) else ""
            query = {"kind": kind, "from": day.isoformat(), "to": day.isoformat()}
            url = f"{reverse('activity-list')}?{urlencode(query)}"
            yield Mark(label("activities", kind), url, planned, len(days), late=late)


def code_of(day: date) -> str:
    return f"{day:%Y-%m}"


def first(code: str) -> date | None:
    """The first day of the month that a code names; None for nonsense."""
    found = CODE.fullmatch(code)
    if found is None or not 1 <= int(found[2]) <= 12 or not 2 <= int(found[1]) <= 9998:
        return None
    return date(int(found[1]), int(found[2]), 1)
