"""The ledger read the other way round: for which entries an activity counts.

Not for verdicts: the engine decides those. This only asks the obligations' own conditions about
one activity, so that its page can say where it went.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from guantong.conditions import model as c
from guantong.conditions.evaluate import evaluate
from guantong.obligations import model as m
from guantong.obligations.activity_kinds import QUORUM
from guantong.periods import Every, add_months
from guantong.records import catalogue, ledger, quorums
from guantong.records.drafts import Draft
from guantong.records.models import Activity, Attendance, Entry, Membership, Relation

DONE = (m.Verdict.MET, m.Verdict.LATE)


def touched(org_ids: Collection[int], person_ids: Collection[int]) -> QuerySet[Entry]:
    """Entries of the live ledger that belong to these organisations or persons."""
    mine = Q(person=None, org__in=org_ids) | Q(person__in=person_ids)
    return Entry.objects.filter(mine, assessment__live=True)


def still_open(draft: Draft) -> frozenset[int]:
    """The entries, not done yet, of those whom a draft names, for the periods of its day."""
    persons = {one.person_id for one in draft.attended or ()}
    mine = touched({host.pk for host in draft.hosts}, persons)
    found = _on_day(mine, draft.held_on, ledger.question().obligations)
    undone = found.exclude(verdict__in=[verdict.value for verdict in DONE])
    return frozenset(undone.values_list("pk", flat=True))


def counted_for(activity: Activity) -> list[Entry]:
    """Return the entries for which an activity counts: of organisations first, then of people."""
    if activity.planned or activity.withdrawn_at:
        return []
    held, asked = _Held(activity), ledger.question().obligations
    mine = touched(held.host_ids | held.above, held.attended.keys())
    found = _on_day(mine, activity.held_on, asked)
    found = found.filter(
        obligation__in=[o.name for o in asked], assessment__on_day__gte=activity.held_on
    )
    matches = {o.name: _Matches(o.measure, held) for o in asked}
    rows = found.select_related("org", "person", "assessment")
    counted = [entry for entry in rows if matches[entry.obligation].hold(entry)]
    order = {o.name: place for place, o in enumerate(asked)}
    return sorted(counted, key=lambda e: (e.person_id is not None, order[e.obligation], e.pk))


def counted_for_sitting(activity: Activity) -> list[Entry]:
    """As `counted_for`, with what else the people were at: other kinds, days of a later year."""
    rows = [activity, *activity.parts.order_by("pk")]
    return list({entry.pk: entry for row in rows for entry in counted_for(row)}.values())


def _on_day(entries: QuerySet[Entry], day: date, asked: Iterable[m.Obligation]) -> QuerySet[Entry]:
    """Those whose period the day is in; where a window rolls, those that look back on it."""
    near = Q(period_start__lte=day)
    for o in asked:
        if o.rhythm.every is Every.ROLLING:
            last = add_months(day.replace(day=1), o.rhythm.months - 1)
            near |= Q(obligation=o.name, period_start__lte=last)
    return entries.filter(near, period_end__gt=day)


class _Held:
    """An activity with what the obligations ask about it, each thing fetched once."""

    def __init__(self, activity: Activity) -> None:
        self.activity = activity
        self.hosts = list(activity.hosts.all())
        self.host_ids = frozenset(host.pk for host in self.hosts)
        self.above = frozenset(step for host in self.hosts for step in host.lineage()[:-1])
        self.row = {"kind": activity.kind, "hours": activity.hours, "planned": False}

    @cached_property
    def details(self) -> dict[str, list[dict[str, Any]]]:
        """By field, as the fact table has them."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.activity.details.all():
            value = {
                "code": row.text or None, "number": row.number, "day": row.day,
                "org_id": row.org_id, "person_id": row.person_id, "other_person_id": row.other_id,
            }  # fmt: skip
            found.setdefault(row.field, []).append(value)
        if (enough := quorums.reached([self.activity.pk]).get(self.activity.pk)) is not None:
            none = dict.fromkeys(("number", "day", "org_id", "person_id", "other_person_id"))
            found[QUORUM] = [{"code": "yes" if enough else "no", **none}]
        return found

    @cached_property
    def attended(self) -> dict[int, dict[str, Any]]:
        about = {"kind": self.activity.kind, "activity_hours": self.activity.hours}
        rows = Attendance.objects.filter(activity=self.activity)
        return {
            person: {**about, "planned": False, "role": role, "hours": hours}
            for person, role, hours in rows.values_list("person_id", "role", "hours")
        }

    @cached_property
    def own_members(self) -> frozenset[int]:
        """Those who were members of a host when it was held."""
        there = Membership.objects.on(self.activity.held_on).of_members()
        there = there.filter(org__in=self.host_ids)
        return frozenset(there.values_list("person_id", flat=True))

    @cached_property
    def contact_points(self) -> list[Relation]:
        """Links of the attended to a host as their contact point, whenever they last."""
        own = Q(other_org=None, org__in=self.host_ids)
        leads_here = own | Q(other_org__in=self.host_ids)
        links = Relation.objects.filter(leads_here, kind="contact_point")
        return list(links.filter(person__in=self.attended))


class _Matches:
    """Whether one activity counts for the entries of one obligation."""

    def __init__(self, measure: m.Measure, held: _Held) -> None:
        self.measure, self.held = measure, held

    def hold(self, entry: Entry) -> bool:
        match self.measure:
            case m.CountActivities():
                there = entry.org_id in self.held.host_ids and self._hosted(self.measure)
                return there and not self._elsewhere(self.measure, entry)
            case m.Coverage(of, m.CountActivities() as by):
                return self._hosted(by) and any(
                    entry.org_id in host.lineage()[:-1]
                    and evaluate(of, {"kind": host.kind, "category": host.category}) is True
                    for host in self.held.hosts
                )
            case m.Attended():
                there = entry.person_id in self._people and self._hosted_by(self.measure, entry)
                return there and not self._elsewhere(self.measure, entry)
            case m.Reached():
                return entry.org_id in self.held.host_ids and bool(self._people)
            case _:
                return False

    def _elsewhere(self, measure: m.CountActivities | m.Attended, entry: Entry) -> bool:
        """Whether it counts for an obligation that shares no record with this one."""
        return any(_Matches(other, self.held).hold(entry) for other in measure.apart_from)

    def _hosted(self, measure: m.CountActivities) -> bool:
        own = measure.own
        said = own is None or any(
            evaluate(own.where, row) is True for row in self.held.details.get(own.field, ())
        )
        return said and evaluate(measure.where, self.held.row) is True

    @cached_property
    def _people(self) -> frozenset[int]:
        return frozenset(self._attended_as_asked())

    def _attended_as_asked(self) -> Iterator[int]:
        assert isinstance(self.measure, m.Attended | m.Reached)
        sums = isinstance(self.measure, m.Attended) and self.measure.sum_hours
        for person, row in self.held.attended.items():
            known = row["hours"] is not None or not sums
            if known and evaluate(self.measure.where, row) is True:
                yield person

    def _hosted_by(self, measure: m.Attended, entry: Entry) -> bool:
        match measure.hosted_by:
            case None:
                return True
            case m.HostedBy.OWN_ORG:
                return entry.org_id in self.held.host_ids
            case m.HostedBy.OWN_BRANCH:
                return entry.person_id in self.held.own_members
            case m.HostedBy.CONTACT_POINT:
                day = min(entry.due_on, entry.assessment.on_day)
                return any(
                    link.person_id == entry.person_id and link.covers(day)
                    for link in self.held.contact_points
                )


# Which kinds of activity count at all


def kinds(where: c.Condition) -> tuple[str, ...]:
    """The kinds of activity that a condition lets pass; empty where it names none."""
    for part in c.conjuncts(where):
        match part:
            case c.Compare("kind", c.Op.EQ, str() as kind):
                return (kind,)
            case c.OneOf("kind", values):
                return tuple(str(value) for value in values)
    return ()


def kinds_counted(measure: m.Measure) -> tuple[str, ...]:
    match measure:
        case m.CountActivities(where) | m.Attended(where):
            return kinds(where)
        case _:
            return ()


def reading_of_quorum(kind: str, on: date) -> m.Reading | None:
    """How the school reads whether a meeting that lacks its quorum counts as held; None where
    nothing asks."""
    for o in catalogue.current().obligations.values():
        options = o.reading.options.values() if o.reading else ()
        if any(_asks_quorum(one.measure, kind) for one in (o, *options)):
            return ledger.obligation(o.name, on).reading
    return None


def _asks_quorum(measure: m.Measure, kind: str) -> bool:
    if not isinstance(measure, m.CountActivities) or measure.own is None:
        return False
    return measure.own.field == QUORUM and kind in kinds(measure.where)
