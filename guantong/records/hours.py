"""The hours of study of one person in one year, with every line they come from.

Not for working anything out: required, actual and verdict are the ledger's entry, and which line
counts is its explanation, so that the account, the ledger and a certificate never differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import QuerySet

from guantong.obligations import model as m
from guantong.obligations.explain import Candidate
from guantong.records import access, catalogue, ledger
from guantong.records.access import Someone
from guantong.records.crediting import kinds_counted
from guantong.records.drafts import late_days
from guantong.records.models import Activity, Entry, Person
from guantong.records.models.activity import ActivityQuerySet

NO_STUDY: Final = "这类活动不计学时"
WITH_ANOTHER: Final = "学时计在同场的另一类"


def hours_obligations() -> tuple[str, ...]:
    """The names of those that add up a person's hours."""
    found = catalogue.current().obligations.values()
    return tuple(
        o.name for o in found if isinstance(o.measure, m.Attended) and o.measure.sum_hours
    )


def study_obligations() -> tuple[str, ...]:
    """Those, and what else is asked of a person about training."""
    found = catalogue.current().obligations.values()
    training = (
        o.name
        for o in found
        if isinstance(o.measure, m.Attended) and kinds_counted(o.measure) == ("central_training",)
    )
    return (*hours_obligations(), *training)


@dataclass(frozen=True)
class Line:
    """One attendance: whether it counts for the hours of the year, and if not why.

    `activity` 0: out of reach. `study`: of a kind that can count at all. `late`: after how many
    days it was recorded, where that is late.
    """

    activity: int
    held_on: date
    kind: str
    title: str
    role: str
    hours: Decimal | None
    study: bool
    counted: bool | None
    lacks: str
    late: int


@dataclass(frozen=True)
class Demand:
    """What is asked of the person; `whole`: in a full year, where this is a part of it."""

    entry: Entry
    obligation: m.Obligation
    whole: Decimal | None
    closing: str


@dataclass(frozen=True)
class Account:
    """A year; without demands where nothing was asked. Hours come first among the demands."""

    year: int
    years: tuple[int, ...]
    demands: tuple[Demand, ...]
    lines: tuple[Line, ...]
    kinds: tuple[str, ...] = ()  # of activities whose hours can count, in words

    @property
    def hours(self) -> Demand | None:
        """The first demand for hours."""
        summed = hours_obligations()
        return next((d for d in self.demands if d.entry.obligation in summed), None)

    @property
    def studied(self) -> list[Line]:
        return [line for line in self.lines if line.study]

    @property
    def others(self) -> list[Line]:
        return [line for line in self.lines if not line.study]

    @property
    def counted(self) -> Decimal:
        return sum((line.hours or Decimal(0) for line in self.lines if line.counted), Decimal(0))


def seen_by(user: Someone, person: Person, year: int) -> Account:
    """The account of a year, as far as the user may see entries and activities."""
    return account(
        person,
        year,
        entries=access.entries(user),
        activities=access.activities(user, "activity.view"),
    )


def account(
    person: Person, year: int, *, entries: QuerySet[Entry], activities: ActivityQuerySet
) -> Account:
    """The account of a year from these entries; only these activities are named."""
    found = entries.filter(person=person, obligation__in=study_obligations())
    rows = list(
        found.select_related("assessment", "org").order_by("period_start", "org__path", "pk")
    )
    summed = hours_obligations()
    asked = [entry for entry in rows if year in _years(entry)]
    asked.sort(key=lambda entry: entry.obligation not in summed)
    years = tuple(sorted({*(entry.period_start.year for entry in rows), year}))
    if not asked or asked[0].obligation not in summed:
        demands = tuple(_demand(entry, "") for entry in asked)
        return Account(year, years, demands, _attended(activities, person, year))
    told = [ledger.explanation(entry) for entry in asked]
    kinds = kinds_counted(ledger.obligation(asked[0].obligation).measure)
    return Account(
        year,
        years,
        tuple(_demand(entry, why.closing) for entry, why in zip(asked, told, strict=True)),
        _lines(activities, told[0].candidates, kinds),
        tuple(catalogue.current().label("activities", kind) for kind in kinds),
    )


def of_year(person: Person, year: int) -> Decimal | None:
    """What counted, by the reading in force; None where nothing was asked, so that none does."""
    entries = Entry.objects.filter(assessment__live=True)
    found = account(person, year, entries=entries, activities=Activity.objects.none())
    return found.counted if found.hours else None


def _years(entry: Entry) -> range:
    return range(entry.period_start.year, entry.due_on.year + 1)


def _demand(entry: Entry, closing: str) -> Demand:
    obligation = ledger.obligation(entry.obligation)
    whole = obligation.standard_on(entry.period_start).value
    part = entry.required is not None and entry.required != whole
    return Demand(entry, obligation, whole if part else None, closing)


def _lines(
    activities: ActivityQuerySet, candidates: Iterable[Candidate], kinds: Iterable[str]
) -> tuple[Line, ...]:
    """The newest first; an activity out of reach stays without its title."""
    rows = [(candidate, candidate.row) for candidate in candidates]
    pks = [row["activity_id"] for _, row in rows]
    seen = activities.in_bulk(pks)
    late, label, kinds = late_days(pks), catalogue.current().label, set(kinds)
    lines = [
        Line(
            activity=pk if pk in seen else 0,
            held_on=_day(row["held_on"]),
            kind=label("activities", row["kind"]),
            title=seen[pk].title if pk in seen else "",
            role=label("roles", row["role"]),
            hours=None if row["hours"] is None else Decimal(str(row["hours"])),
            study=row["kind"] in kinds,
            counted=candidate.counted and row["hours"] != 0,
            lacks=_lacks(candidate) if row["kind"] in kinds else NO_STUDY,
            late=late.get(pk, 0),
        )
        for candidate, row in rows
        for pk in [row["activity_id"]]
    ]
    return tuple(sorted(lines, key=lambda line: (line.held_on, line.activity), reverse=True))


def _lacks(candidate: Candidate) -> str:
    """Nothing else has no hours: they stand with another row of its sitting."""
    return WITH_ANOTHER if candidate.row["hours"] == 0 else "；".join(candidate.lacks)


def _attended(activities: ActivityQuerySet, person: Person, year: int) -> tuple[Line, ...]:
    """The year's attendances where nothing is asked, so that none counts."""
    found = activities.held().filter(held_on__year=year, attendances__person=person).newest_first()
    label = catalogue.current().label
    rows = list(
        found.values_list(
            "pk", "held_on", "kind", "title", "attendances__role", "attendances__hours"
        )
    )
    late = late_days([row[0] for row in rows])
    return tuple(
        Line(pk, day, label("activities", kind), title, label("roles", role), hours,
             study=False, counted=False, lacks="", late=late.get(pk, 0))
        for pk, day, kind, title, role, hours in rows
    )  # fmt: skip


def _day(value: date | str) -> date:
    """SQLite keeps days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
