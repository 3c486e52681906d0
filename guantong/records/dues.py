"""The dues register: who owes what for which month, and what was paid. Reads only.

A month belongs to the branch in which somebody is a member on its last day (on today's day, while
it runs). What a month means is told by `guantong.dues`; nothing here is kept.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.conf import settings

from guantong.dues import Month, Rates, load_rates, unpaid_in_a_row
from guantong.periods import add_months, month_of
from guantong.records import clock
from guantong.records.models import (
    DuesPayment,
    DuesRate,
    DuesRelief,
    Membership,
    Org,
    Person,
    School,
)

NOTHING = Decimal(0)
LOOK_BACK = 24  # months of which arrears are told


def rates() -> Rates:
    return _rates(settings.CATALOGUE_DIR)


@cache
def _rates(folder: Path) -> Rates:
    return load_rates(folder / "dues.yaml")


@dataclass(frozen=True)
class Line:
    """The months of one member in one branch."""

    person: Person
    org: Org
    months: tuple[Month, ...]

    @property
    def due(self) -> Decimal:
        return sum((m.due or NOTHING for m in self.months), NOTHING)

    @property
    def paid(self) -> Decimal:
        return sum((m.paid or NOTHING for m in self.months), NOTHING)

    @property
    def unpaid(self) -> int:
        return sum(m.state in ("unpaid", "part") for m in self.months)

    @property
    def unfixed(self) -> bool:
        return any(m.state == "unfixed" for m in self.months)

    def by_month(self) -> Mapping[date, Month]:
        return {one.month: one for one in self.months}


def months(first: date, end: date) -> list[date]:
    """The firsts of the months in [first, end)."""
    found, month = [], month_of(first).start
    while month < end:
        found.append(month)
        month = add_months(month, 1)
    return found


def year_months(year: int) -> list[date]:
    return months(date(year, 1, 1), date(year + 1, 1, 1))


def lines(orgs: Collection[int], asked: Iterable[date]) -> list[Line]:
    """One line for each member and branch, in the order of branches and names. Four queries."""
    listed = sorted(asked)
    if not orgs or not listed:
        return []
    spans = Membership.objects.of_members().filter(org__in=orgs)
    spans = spans.meeting(listed[0], month_of(listed[-1]).end).select_related("person", "org")
    return _lines(list(spans.order_by("org__sort_key", "person__pinyin", "person")), listed)


def _lines(spans: list[Membership], listed: list[date]) -> list[Line]:
    today = clock.today()
    books = _Books({span.person_id for span in spans}, listed)
    found: dict[tuple[int, int], tuple[Person, Org, list[Month]]] = {}
    for span in spans:
        for month in listed:
            day = _day_of(month, today)
            if span.covers(day):
                key = (span.org_id, span.person_id)
                row = found.setdefault(key, (span.person, span.org, []))
                row[2].append(books.month(span.person_id, month, today))
    return [
        Line(person, org, tuple(sorted(told, key=lambda one: one.month)))
        for person, org, told in found.values()
    ]


def _day_of(month: date, today: date) -> date:
    """The day on which membership decides; of a month that is not over, today."""
    last = month_of(month).last_day
    return min(last, today) if month <= today else today


class _Books:
    """What is fixed, relieved and paid of some people, by person."""

    def __init__(self, people: Collection[int], listed: list[date]) -> None:
        first, end = listed[0], month_of(listed[-1]).end
        self.rates: defaultdict[int, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in DuesRate.objects.filter(person__in=people, valid_from__lt=end).order_by(
            "valid_from"
        ):
            self.rates[row.person_id].append((row.valid_from, row.amount))
        self.reliefs: defaultdict[int, list[DuesRelief]] = defaultdict(list)
        for relief in DuesRelief.objects.meeting(first, end).filter(person__in=people):
            self.reliefs[relief.person_id].append(relief)
        paid = DuesPayment.objects.filter(person__in=people, month__gte=first, month__lt=end)
        self.paid = {(one.person_id, one.month): one for one in paid}

    def month(self, person: int, month: date, today: date) -> Month:
        fixed, payment = self.rates[person], self.paid.get((person, month))
        at = bisect_right([since for since, _ in fixed], month)
        due = fixed[at - 1][1] if at else None
        relief = next((one for one in self.reliefs[person] if one.covers(month)), None)
        return Month(
            month=month,
            due=relief.pays if relief else due,
            paid=payment.amount if payment else None,
            paid_on=payment.paid_on if payment else None,
            relieved=relief is not None,
            over=month_of(month).end <= today,
        )


@dataclass(frozen=True)
class Arrears:
    """Somebody who has not paid for some months in a row; `since` is the first of them."""

    person: Person
    org: Org
    months: int
    since: date
    owed: Decimal


def arrears(orgs: Collection[int], least: int = 1) -> list[Arrears]:
    """Those who are members there today, in the order of branches and names. Four queries."""
    today = clock.today()
    now = Membership.objects.on(today).of_members().filter(org__in=orgs)
    now = now.select_related("person", "org").order_by("org__sort_key", "person__pinyin", "person")
    here = {span.person_id: span for span in now}
    found = _whole(here, today)
    rows = []
    for person, span in here.items():
        told = found.get(person, [])
        count = unpaid_in_a_row(told)
        if count >= max(least, 1):
            open_ = [one for one in told if one.over][-count:]
            owed = sum((one.due or NOTHING for one in open_), NOTHING)
            rows.append(Arrears(span.person, span.org, count, open_[0].month, owed))
    return rows


def months_unpaid(person: Person, on: date) -> int:
    """How many months in a row, the last that is over being the latest."""
    return unpaid_in_a_row(_whole([person.pk], on).get(person.pk, []))


def due_per_month(person: Person, on: date) -> Decimal | None:
    """What the rates ask of somebody in a month, whatever relief there is; None: not fixed."""
    row = DuesRate.objects.filter(person=person, valid_from__lte=on).order_by("valid_from").last()
    return row.amount if row else None


def _whole(people: Collection[int], today: date) -> dict[int, list[Month]]:
    """The last months of people as members, wherever they were."""
    since = School.objects.values_list("records_since", flat=True).get()
    first = max(month_of(since).start, add_months(month_of(today).start, -LOOK_BACK))
    spans = Membership.objects.of_members().filter(person__in=people).meeting(first, None)
    listed = months(first, month_of(today).end)
    told: defaultdict[int, list[Month]] = defaultdict(list)
    for line in _lines(list(spans.select_related("person", "org")), listed):
        told[line.person.pk] += line.months
    return {person: sorted(found, key=lambda one: one.month) for person, found in told.items()}
