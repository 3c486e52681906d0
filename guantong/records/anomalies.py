"""What is looked at before a record is verified; everything else may be verified at once.

Not for refusing: a record with an anomaly stands and counts. Whoever verifies looks at it, and
asks or corrects. The number of queries does not grow with the number of records.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q, QuerySet

from guantong.obligations.activity_kinds import POSTS, value_on
from guantong.obligations.run import plain
from guantong.records import catalogue, quorums
from guantong.records.drafts import recorded_late
from guantong.records.models import Activity, Attendance, Event, Membership, Person, Post

KINDS: Final = {
    "quorum": "到会人数不够",
    "hours": "学时超过常见数",
    "twice": "同一人同时在两处",
    "late": "很久以后才录入",
    "changed": "核实后又改过",
}
FIELDS: Final = (
    *("activity_id", "person_id", "hours"),
    *("activity__held_on", "activity__starts_at", "activity__ends_at", "activity__hours"),
    "activity__part_of_id",
)
type Row = Mapping[str, Any]  # of FIELDS
type Spans = Mapping[int, Sequence[tuple[int, date, date | None]]]


@dataclass(frozen=True)
class Anomaly:
    kind: str  # of KINDS
    says: str


def found(
    activities: Iterable[Activity], seen: QuerySet[Activity]
) -> dict[int, tuple[Anomaly, ...]]:
    """Return what is odd about held activities (hosts prefetched), by id; nothing odd: absent.

    Other activities are named only where they are among the `seen`.
    """
    look = _Look(list(activities), seen)
    told = {activity.pk: tuple(look.at(activity)) for activity in look.activities}
    return {pk: odd for pk, odd in told.items() if odd}


class _Look:
    def __init__(self, activities: list[Activity], seen: QuerySet[Activity]) -> None:
        self.activities, self.seen = activities, seen
        self.kinds = catalogue.activity_kinds()
        self.units = catalogue.current().kinds["study_units"]
        self.limits = catalogue.current().kinds["limits"]
        self.at_once: defaultdict[tuple[int, date], list[Row]] = defaultdict(list)
        self.rows = self._attendances()
        self.clashes = {activity.pk: dict(self._clashes(activity)) for activity in self.activities}
        self.names, self.titles = self._names()
        self.voters, self.officers = self._entitled()
        self.verified_before = self._verified_before()

    def at(self, activity: Activity) -> Iterator[Anomaly]:
        yield from self._quorum(activity)
        yield from self._hours(activity)
        yield from self._twice(activity)
        if late := recorded_late(activity):
            yield Anomaly("late", f"活动 {late} 天后才录入：{activity.late_reason or '原因未填'}")
        if activity.pk in self.verified_before:
            yield Anomaly("changed", "以前核实过，之后又更正过；改了什么见操作记录")

    # Enough of those entitled

    def _entitled(self) -> tuple[Spans, Spans]:
        """Who counts for a quorum: members by branch, those in a post by organisation."""
        asked = [a for a in self.activities if self.kinds[a.kind].deciding]
        if not asked:
            return {}, {}
        orgs = {host.pk for activity in asked for host in activity.hosts.all()}
        days = [activity.held_on for activity in asked]
        statuses = catalogue.current().kinds["bases"]["may_vote"]["statuses"]
        members = Membership.objects.filter(org__in=orgs, status__in=statuses)
        posts = Post.objects.filter(org__in=orgs)
        in_time = Q(valid_from__lte=max(days)) & (Q(valid_to=None) | Q(valid_to__gt=min(days)))
        return _by_org(members.filter(in_time)), _by_org(posts.filter(in_time))

    def _quorum(self, activity: Activity) -> Iterator[Anomaly]:
        deciding = quorums.rule(self.kinds[activity.kind], activity.held_on).deciding
        if deciding is None:
            return
        spans = self.officers if deciding.entitled == POSTS else self.voters
        entitled = {
            person
            for host in activity.hosts.all()
            for person, begun, ended in spans.get(host.pk, ())
            if begun <= activity.held_on and (ended is None or activity.held_on < ended)
        }
        present = entitled & {row["person_id"] for row in self.rows[activity.pk]}
        if deciding.quorate(len(present), len(entitled)) is False:
            who = "委员" if deciding.entitled == POSTS else "有表决权的党员"
            says = f"{who} {len(entitled)} 人，到会 {len(present)} 人，没有达到法定人数"
            yield Anomaly("quorum", says)

    # Hours

    def _hours(self, activity: Activity) -> Iterator[Anomaly]:
        usual = self.kinds[activity.kind].most_hours or self.limits["most_hours"]["value"]
        most = max((row["hours"] or Decimal(0) for row in self.rows[activity.pk]), default=None)
        most = max(most or Decimal(0), activity.hours or Decimal(0))
        if most > usual:
            yield Anomaly("hours", f"记了 {plain(most)} 学时，这类活动一般不超过 {usual} 学时")

    # In two places

    def _attendances(self) -> defaultdict[int, list[Row]]:
        """Of the activities looked at; and into `at_once` what their people did at a set time."""
        pks = {activity.pk for activity in self.activities}
        days = {activity.held_on for activity in self.activities if activity.starts_at}
        rows: defaultdict[int, list[Row]] = defaultdict(list)
        own = Attendance.objects.filter(activity__in=pks)
        same_days = Q(
            activity__held_on__in=days,
            activity__starts_at__isnull=False,
            person__in=own.values("person"),
        )
        there = Attendance.objects.filter(
            Q(activity__in=pks) | same_days, activity__planned=False, activity__withdrawn_at=None
        )
        for row in there.order_by("activity__held_on", "activity", "pk").values(*FIELDS):
            if row["activity_id"] in pks:
                rows[row["activity_id"]].append(row)
            if row["activity__starts_at"] is not None:
                self.at_once[row["person_id"], row["activity__held_on"]].append(row)
        return rows

    def _clashes(self, activity: Activity) -> Iterator[tuple[int, int]]:
        """Persons who were elsewhere at the same time, and at which activity."""
        if activity.starts_at is None:
            return
        for row in self.rows[activity.pk]:
            others = self.at_once[row["person_id"], activity.held_on]
            if len(others) < 2:  # itself alone, as for nearly everybody
                continue
            start, end = self._span(row)
            for other in others:
                begun, ended = self._span(other)
                if _sitting(other) != _sitting(row) and start < ended and begun < end:
                    yield row["person_id"], other["activity_id"]

    def _span(self, row: Row) -> tuple[datetime, datetime]:
        """To the stated end; else as long as the hours last, one hour where none are known."""
        start = datetime.combine(row["activity__held_on"], row["activity__starts_at"])
        if row["activity__ends_at"] is not None:
            return start, datetime.combine(row["activity__held_on"], row["activity__ends_at"])
        length = value_on(self.units["time"], row["activity__held_on"])
        minutes = (row["activity__hours"] or 1) * length
        return start, start + timedelta(minutes=float(minutes))

    def _names(self) -> tuple[dict[int, str], dict[int, str]]:
        people = {person for clash in self.clashes.values() for person in clash}
        others = {other for clash in self.clashes.values() for other in clash.values()}
        named = Person.objects.filter(pk__in=people).values_list("pk", "name")
        titled = self.seen.filter(pk__in=others).values_list("pk", "title")
        return dict(named), dict(titled)

    def _twice(self, activity: Activity) -> Iterator[Anomaly]:
        clashes = self.clashes[activity.pk]
        if clashes:
            first, other = next(iter(clashes.items()))
            who = self.names[first] + (f"等 {len(clashes)} 人" if len(clashes) > 1 else "")
            where = f"“{self.titles[other]}”" if other in self.titles else "别的党组织的活动"
            yield Anomaly("twice", f"{who}同一时间还记在{where}")

    # Changed since it was verified

    def _verified_before(self) -> set[int]:
        subjects = {f"activity:{a.pk}": a.pk for a in self.activities if a.verified_at is None}
        events = Event.objects.filter(verb="activity.verified", subject__in=subjects)
        return {subjects[subject] for subject in events.values_list("subject", flat=True)}


def _sitting(row: Row) -> int:
    """What was held at once under several kinds is one place."""
    whole: int = row["activity__part_of_id"] or row["activity_id"]
    return whole


def _by_org(rows: QuerySet[Membership] | QuerySet[Post]) -> Spans:
    spans: dict[int, list[tuple[int, date, date | None]]] = defaultdict(list)
    fields = ("org_id", "person_id", "valid_from", "valid_to")
    for org, person, begun, ended in rows.values_list(*fields):
        spans[org].append((person, begun, ended))
    return spans
