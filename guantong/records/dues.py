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
from operator import attrgetter, itemgetter
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef, Subquery

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

type Stay = tuple[int, date, date | None]  # person, since, until

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
    books = _Books({span.person_id for span in spans}, listed)
    found: dict[tuple[int, int], tuple[Person, Org, list[Month]]] = {}
    for span in spans:
        for month, day in books.days.items():
            if span.covers(day):
                key = (span.org_id, span.person_id)
                row = found.setdefault(key, (span.person, span.org, []))
                row[2].append(books.month(span.person_id, month))
    return [
        Line(person, org, tuple(sorted(told, key=lambda one: one.month)))
        for person, org, told in found.values()
    ]


def _day_of(month: date, today: date) -> date:
    """The day on which membership decides; of a month that is not over, today."""
    last = month_of(month).last_day
    return min(last, today) if month <= today else today


class _Books:
    """What is fixed, relieved and paid of some people, by person; `days`: of each month the day
    that decides where somebody belongs. A page asks for tens of thousands: no rows as objects."""

    def __init__(
        self, people: Collection[int], listed: list[date], *, paid_too: bool = True
    ) -> None:
        first, end, today = listed[0], month_of(listed[-1]).end, clock.today()
        self.days = {month: _day_of(month, today) for month in listed}
        self.over = {month: month_of(month).end <= today for month in listed}
        self.rates: defaultdict[int, list[tuple[date, Decimal]]] = defaultdict(list)
        fixed = DuesRate.objects.filter(person__in=people, valid_from__lt=end)
        rates = fixed.order_by("valid_from").values_list("person", "valid_from", "amount")
        for person, since, amount in rates:
            self.rates[person].append((since, amount))
        self.reliefs: defaultdict[int, list[DuesRelief]] = defaultdict(list)
        for relief in DuesRelief.objects.meeting(first, end):  # they are few
            self.reliefs[relief.person_id].append(relief)
        payers = people if paid_too else ()
        paid = DuesPayment.objects.filter(person__in=payers, month__gte=first, month__lt=end)
        told = paid.values_list("person", "month", "amount", "paid_on")
        self.paid = {(person, month): (amount, on) for person, month, amount, on in told}

    def month(self, person: int, month: date) -> Month:
        fixed = self.rates[person]
        amount, paid_on = self.paid.get((person, month), (None, None))
        at = bisect_right(fixed, month, key=itemgetter(0))
        due = fixed[at - 1][1] if at else None
        relief = next((one for one in self.reliefs[person] if one.covers(month)), None)
        return Month(
            month=month,
            due=relief.pays if relief else due,
            paid=amount,
            paid_on=paid_on,
            relieved=relief is not None,
            over=self.over[month],
        )


@dataclass(frozen=True)
class Arrears:
    """Somebody who has not paid for some months in a row; `since` is the first of them."""

    person: int
    name: str
    org: int
    org_name: str
    months: int
    since: date
    owed: Decimal


def arrears(orgs: Collection[int], least: int = 1) -> list[Arrears]:
    """Those who are members there today, in the order of branches and names. Five queries; whoever
    has paid for the last month that is over, or was never asked to, is not even read."""
    today = clock.today()
    last = add_months(month_of(today).start, -1)
    paid = DuesPayment.objects.filter(person=OuterRef("person"), month=last)
    fixed = DuesRate.objects.filter(person=OuterRef("person"), valid_from__lte=last)
    now = Membership.objects.on(today).of_members().filter(org__in=orgs)
    now = now.filter(Exists(fixed), ~Exists(paid))
    latest = DuesPayment.objects.filter(person=OuterRef("person")).order_by("-month")
    now = now.annotate(paid_to=Subquery(latest.values("month")[:1]))
    now = now.order_by("org__sort_key", "person__pinyin", "person")
    fields = ("person", "person__name", "org", "org__short_name", "valid_from", "paid_to")
    here = {row[0]: row for row in now.values_list(*fields)}
    found = _since_paid({person: row[-2:] for person, row in here.items()}, last)
    rows = []
    for person, name, org, org_name, *_ in here.values():
        told = found.get(person, [])
        count = unpaid_in_a_row(told)
        if count >= max(least, 1):
            open_ = told[-count:]
            owed = sum((one.due or NOTHING for one in open_), NOTHING)
            rows.append(Arrears(person, name, org, org_name, count, open_[0].month, owed))
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
    first = _first(today)
    books = _Books(people, months(first, month_of(today).end))
    return _told(books, _stays(people, first), {})


def _since_paid(
    people: Mapping[int, tuple[date, date | None]], last: date
) -> dict[int, list[Month]]:
    """The months after the last paid, up to one that is over. Of each person: since when he has
    been where he is now, and the last month paid."""
    first = _first(clock.today())
    books = _Books(people.keys(), months(first, month_of(last).end), paid_too=False)
    after = {person: paid for person, (_, paid) in people.items() if paid}
    moved = {person for person, (since, paid) in people.items() if since > (paid or first)}
    here = ((p, since, None) for p, (since, _) in people.items() if p not in moved)
    return _told(books, [*here, *_stays(moved, first)], after)


def _first(today: date) -> date:
    since = School.objects.values_list("records_since", flat=True).get()
    return max(month_of(since).start, add_months(month_of(today).start, -LOOK_BACK))


def _stays(people: Collection[int], first: date) -> Iterable[Stay]:
    spans = Membership.objects.of_members().filter(person__in=people).meeting(first, None)
    return spans.order_by("valid_from").values_list("person", "valid_from", "valid_to")


def _told(
    books: _Books, stays: Iterable[Stay], after: Mapping[int, date]
) -> dict[int, list[Month]]:
    """The months of each person that fall in his stays, in order; only those `after` a month."""
    told: defaultdict[int, list[Month]] = defaultdict(list)
    for person, start, end in stays:
        for month, day in reversed(books.days.items()):
            if day < start or month <= after.get(person, date.min):
                break
            if end is None or day < end:
                told[person].append(books.month(person, month))
    return {person: sorted(found, key=attrgetter("month")) for person, found in told.items()}
