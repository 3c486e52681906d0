"""Decides what each row of a sheet of hours would do: somebody's part in an activity.

Rows of one host, day, title and kind are one activity: on record, then its people are compared;
or a new one, which the first of its rows records with everybody. Sums are never read.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from guantong.records import catalogue, clock, closed_months, drafts
from guantong.records.drafts import Attended, Draft
from guantong.records.imports.activities import late_reason, number
from guantong.records.imports.decisions import (
    Decision,
    Difference,
    ForAttendance,
    Unfit,
    unfit,
)
from guantong.records.imports.hall import Hall, Room
from guantong.records.imports.orgs import OrgBook
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import HOURS, HoursRow, Named, Outcome, Problem
from guantong.records.models import Absence, Activity, ActivityHost, Attendance, Org, Person, User
from guantong.records.models.batch import PERMISSIONS

PERMISSION = PERMISSIONS[HOURS]
ON_ITS_PAGE = "请在活动页更正，并排除这一行"

type Key = tuple[int, date, str, str]


def decide(
    rows: Sequence[HoursRow],
    *,
    by: User | None,
    file_name: str,
    left_out: Collection[str] = (),
) -> Iterator[Decision]:
    """One decision a row, in order, then one for each person at these activities of whom no row
    tells.
    """
    desk = _Desk(rows, by, file_name, left_out)
    found: dict[int, Decision] = {}
    for some in desk.groups.values():
        found |= {one.line: one for one in desk.decided(some) if one.line}
    for row in rows:
        yield found.get(row.line) or desk.unread(row)
    yield from desk.missing()


@dataclass
class _Recorded:
    """An activity on record and who is there: person to row, and those told absent."""

    activity: Activity
    hosts: set[int] = field(default_factory=set)
    people: dict[int, Attendance] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)
    parts: bool = False
    meant: set[int] = field(default_factory=set)


class _Desk:
    """The activities of the hosts on the days of the rows, and what the rows came to."""

    def __init__(
        self, rows: Sequence[HoursRow], by: User | None, file_name: str, left_out: Collection[str]
    ) -> None:
        self.by, self.left_out, self.today = by, left_out, clock.today()
        self.file_name = file_name
        self.orgs = OrgBook(by, PERMISSION)
        self.host = {row.line: self.orgs.of_row(row.org, row.held_on) for row in rows}
        hosts = {org.pk: org for org in self.host.values() if isinstance(org, Org)}
        self.hall = Hall({row.name for row in rows}, hosts.values(), by)
        days = {row.held_on for row in rows if row.held_on}
        self.recorded = _recorded(days, hosts)
        hosting = {pk for some in self.recorded.values() for one in some for pk in one.hosts}
        asked = [self.orgs.by_id[pk] for pk in hosting & self.orgs.by_id.keys()]
        self.closed = closed_months.closed([*hosts.values(), *asked], days)
        self.touched: dict[int, _Recorded] = {}
        self.unsure: set[str] = set()
        self.groups: dict[Key, list[HoursRow]] = defaultdict(list)
        for row in rows:
            org = self.host[row.line]
            if isinstance(org, Org) and row.held_on and not row.problems:
                self.groups[org.pk, row.held_on, row.title, row.kind].append(row)

    def unread(self, row: HoursRow) -> Decision:
        host = self.host[row.line]
        self.unsure.add(row.name)
        more = host.problems if isinstance(host, Unfit) else ()
        return Decision(row.line, Outcome.PROBLEM, _shown(row), (*row.problems, *more))

    def decided(self, rows: Sequence[HoursRow]) -> Iterator[Decision]:
        """The rows of one activity."""
        first, host = rows[0], self.host[rows[0].line]
        assert isinstance(host, Org)
        assert first.held_on is not None
        try:
            known = self._activity(first, host)
            kind = known.activity.kind if known else first.kind
            room = self.hall.room(kind, [host], first.held_on)
            if known:
                self._require_open(known)
        except Unfit as found:
            yield from (self._stuck(row, Outcome.CONFLICT, found) for row in rows)
            return
        there: dict[int, HoursRow] = {}
        fit: list[tuple[HoursRow, int]] = []
        for row in rows:
            try:
                fit.append((row, self._person(row, room, there)))
            except Unfit as found:
                yield self._stuck(row, Outcome.PROBLEM, found)
        if known:
            yield from (self._compared(row, person, known, host) for row, person in fit)
        elif fit:
            yield from self._recording(fit, host)

    def _stuck(self, row: HoursRow, outcome: Outcome, found: Unfit) -> Decision:
        self.unsure.add(row.name)
        return Decision(row.line, outcome, _shown(row), found.problems)

    # Which activity, and who

    def _activity(self, row: HoursRow, host: Org) -> _Recorded | None:
        assert row.held_on is not None
        if not row.title and not row.kind:
            raise unfit("title", "没有写活动名称，也没有写类型", "请至少写一项")
        day = self.recorded[host.pk, row.held_on]
        same = [one for one in day if not row.kind or one.activity.kind == row.kind]
        found = [one for one in same if not row.title or one.activity.title == row.title]
        if len(found) > 1:
            what = f"系统中这一天有 {len(found)} 次这样的活动"
            raise unfit("title", what, "请写活动名称和类型")
        if found:
            return found[0]
        if not row.kind:
            what = f"系统中没有“{host.short_name}”{row.held_on} 的“{row.title}”"
            raise unfit("kind", what, "是新的活动请写活动类型；已登记的请核对日期和名称")
        if same and catalogue.current().kinds["activities"][row.kind]["study"]:
            what = f"系统中当天已有同类活动“{same[0].activity.title}”，学时会重复计算"
            raise unfit("title", what, "是同一次的请改成系统中的名称；确是两次的请在活动页录入")
        return None

    def _require_open(self, known: _Recorded) -> None:
        activity = known.activity
        if known.hosts - self.orgs.by_id.keys():
            raise unfit("org", "这次活动与您无权登记的单位合办", "请合办单位登记，并排除这一行")
        if activity.planned:
            raise unfit("held_on", "这次活动还是计划", "请先在活动页记录开展情况")
        if known.parts or activity.part_of_id:
            raise unfit("title", "这次活动与别的类型一起记录或跨年", ON_ITS_PAGE)
        if reason := closed_months.locked(
            [self.orgs.by_id[pk] for pk in known.hosts], activity.held_on, activity.last_on
        ):
            raise unfit("held_on", reason.rstrip("。"), "")

    def _person(self, row: HoursRow, room: Room, there: dict[int, HoursRow]) -> int:
        person = room.find(Named(row.name, row.number), field="name")
        kept = self.hall.number_of(person)
        if row.number and kept and kept != row.number:
            what = f"系统中“{row.name}”的学工号不同"
            raise unfit("number", what, "请核对姓名和学工号")
        if (other := there.setdefault(person, row)) is not row:
            what = f"与第 {other.line} 行是同一人、同一次活动"
            raise unfit("", what, "请删去或排除其中一行")
        return person

    # On record

    def _compared(self, row: HoursRow, person: int, known: _Recorded, host: Org) -> Decision:
        activity, kept = known.activity, known.people.get(person)
        self.touched[activity.pk] = known
        known.meant.add(person)
        shown = {**_shown(row), "title": activity.title}
        if person in known.absent:
            found = unfit("name", "系统中登记为缺席", ON_ITS_PAGE)
            return Decision(row.line, Outcome.CONFLICT, shown, found.problems, meant=person)
        assert row.hours is not None
        role = row.role or (kept.role if kept else "attendee")
        told = {
            "attended": ("参加", "没有", f"{_role(role)} {number(row.hours)} 学时")
            if kept is None else None,
            "hours": ("学时", number(kept.hours), number(row.hours))
            if kept and kept.hours != row.hours else None,
            "role": ("身份", _role(kept.role), _role(role))
            if kept and kept.role != role else None,
        }  # fmt: skip
        taken = {k: v for k, v in told.items() if v and k not in self.left_out}
        if not taken:
            return Decision(row.line, Outcome.SAME, shown, meant=person)
        work = ForAttendance(
            activity.pk,
            kept.pk if kept else None,
            person,
            role if kept is None or "role" in taken else kept.role,
            row.hours if kept is None or "hours" in taken else kept.hours or row.hours,
        )
        return Decision(
            row.line, Outcome.CHANGED, shown, work=work, meant=person,
            differences=tuple(Difference(*words, field=k) for k, words in taken.items()),
            org_ids=frozenset({host.pk}),
        )  # fmt: skip

    # A new one

    def _recording(self, fit: Sequence[tuple[HoursRow, int]], host: Org) -> Iterator[Decision]:
        """The first row records the activity with everybody; the others say so."""
        first = fit[0][0]
        assert first.held_on is not None
        hours = Counter(row.hours for row, _ in fit if row.hours).most_common(1)[0][0]
        draft = drafts.resolved(
            Draft(
                kind=first.kind,
                title=first.title or catalogue.current().label("activities", first.kind),
                held_on=first.held_on,
                hosts=(host,),
                hours=hours,
                attended=tuple(
                    Attended(pk, row.role or "attendee", None if row.hours == hours else row.hours)
                    for row, pk in fit
                ),
                late_reason=late_reason(first.held_on, self.today, self.file_name),
            )
        )
        wrong = drafts.problems(
            draft, by=self.by, recorded_on=self.today, today=self.today, closed=self.closed,
            known={pk for _, pk in fit},
        )  # fmt: skip
        if wrong:
            fields = {"hosts": "org", "attended": "name"}
            told = [Problem(fields.get(f, f), text.rstrip("。"), "") for f, text in wrong.items()]
            yield from (self._stuck(row, Outcome.PROBLEM, Unfit(*told)) for row, _ in fit)
            return
        for i, (row, person) in enumerate(fit):
            yield Decision(
                row.line, Outcome.NEW, {**_shown(row), "title": draft.title},
                work=None if i else draft, org_ids=frozenset({host.pk}), meant=person,
            )  # fmt: skip

    # Whom the file does not have

    def missing(self) -> Iterator[Decision]:
        """Nothing is done about them."""
        gone = [
            (known, person)
            for known in self.touched.values()
            for person in known.people.keys() - known.meant
        ]
        people = {p.pk: p for p in in_chunks(Person.objects.all(), "pk", {pk for _, pk in gone})}
        for known, pk in sorted(gone, key=lambda one: (one[0].activity.pk, one[1])):
            kept = known.people[pk]
            if people[pk].name in self.unsure:
                continue
            shown = {
                "name": people[pk].name,
                "held_on": str(known.activity.held_on),
                "title": known.activity.title,
                "hours": number(kept.hours),
                "role": _role(kept.role),
            }
            yield Decision(None, Outcome.MISSING, shown, meant=pk)


def _recorded(
    days: Collection[date], hosts: Collection[int]
) -> dict[tuple[int, date], list[_Recorded]]:
    """By host and day."""
    held = Activity.objects.live().filter(hosts__in=hosts).distinct()
    known = {one.pk: _Recorded(one) for one in in_chunks(held, "held_on", days)}
    for host in in_chunks(ActivityHost.objects.all(), "activity", known):
        known[host.activity_id].hosts.add(host.org_id)
    for one in in_chunks(Attendance.objects.all(), "activity", known):
        known[one.activity_id].people[one.person_id] = one
    for absence in in_chunks(Absence.objects.all(), "activity", known):
        known[absence.activity_id].absent.add(absence.person_id)
    for part in in_chunks(Activity.objects.all(), "part_of", known):
        known[part.part_of_id or 0].parts = True
    found: dict[tuple[int, date], list[_Recorded]] = defaultdict(list)
    for recorded in known.values():
        for org in recorded.hosts:
            found[org, recorded.activity.held_on].append(recorded)
    return found


def _role(code: str) -> str:
    return catalogue.current().label("roles", code)


def _shown(row: HoursRow) -> dict[str, str]:
    label = catalogue.current().label
    shown = {
        "name": row.name,
        "org": row.org,
        "number": row.number,
        "held_on": str(row.held_on or ""),
        "title": row.title,
        "kind": label("activities", row.kind) if row.kind else "",
        "hours": number(row.hours) if isinstance(row.hours, Decimal) else "",
        "role": _role(row.role) if row.role else "",
    }
    return {name: text for name, text in shown.items() if text}
