"""Decides what each row of an activity sheet would do: a new record, nothing, or a problem.

A spreadsheet never changes an activity that is on record: people correct it on its page.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from guantong.records import catalogue, clock, closed_months, drafts
from guantong.records.drafts import WEIGHTIEST_FIRST, Attended, Draft
from guantong.records.imports.decisions import Decision, Unfit, unfit
from guantong.records.imports.hall import Hall, Room
from guantong.records.imports.orgs import OrgBook
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import (
    ACTIVITIES,
    EVERYONE,
    ActivityRow,
    Outcome,
    Problem,
)
from guantong.records.models import Activity, ActivityHost, Attendance, Org, User
from guantong.records.models.batch import PERMISSIONS

PERMISSION = PERMISSIONS[ACTIVITIES]
LISTS = ("lecturer", "chair", "recorder", "attended", "absent")
COLUMN_OF_ROLE = {
    "lecturer": "lecturer",
    "chair": "chair",
    "recorder": "recorder",
    "attendee": "attended",
}

type Key = tuple[str, date, frozenset[int]]


def decide(rows: Sequence[ActivityRow], *, by: User | None, file_name: str) -> Iterator[Decision]:
    """One decision a row, in order."""
    orgs = OrgBook(by, PERMISSION)
    hosts = [_hosts(row, orgs) for row in rows]
    found = {host.pk: host for one in hosts if isinstance(one, tuple) for host in one}
    desk = _Desk(
        hall=Hall(_names(rows), found.values(), by),
        recorded=_recorded(rows, found),
        by=by,
        today=clock.today(),
        closed=closed_months.closed(found.values(), {r.held_on for r in rows if r.held_on}),
        file_name=file_name,
    )
    for row, one in zip(rows, hosts, strict=True):
        yield _decide(row, one, desk)


def _names(rows: Collection[ActivityRow]) -> set[str]:
    return {one.name for row in rows for name in LISTS for one in getattr(row, name)}


@dataclass(frozen=True)
class _Desk:
    """What a decision needs to know. `recorded` grows with the rows that are decided."""

    hall: Hall
    recorded: dict[Key, list["_Recorded"]]
    by: User | None
    today: date
    closed: closed_months.Closed
    file_name: str


@dataclass(frozen=True)
class _Recorded:
    """An activity on record, or (`line` not 0) one that an earlier row would record."""

    title: str
    hours: Decimal | None
    attended: frozenset[tuple[int, str]]
    line: int = 0


def _hosts(row: ActivityRow, orgs: OrgBook) -> tuple[Org, ...] | Unfit:
    if row.held_on is None:
        return Unfit()
    try:
        found = [orgs.find(name, row.held_on, field="hosts") for name in row.hosts]
    except Unfit as problem:
        return problem
    return tuple(dict.fromkeys(found))


def _decide(row: ActivityRow, hosts: tuple[Org, ...] | Unfit, desk: _Desk) -> Decision:
    shown = _shown(row)
    try:
        if isinstance(hosts, Unfit) or row.problems:
            raise Unfit(*row.problems, *(hosts.problems if isinstance(hosts, Unfit) else ()))
        draft = _draft(row, hosts, desk)
        shown |= {"attended": f"{len(draft.attended or ())} 人", "title": draft.title}
    except Unfit as found:
        return Decision(row.line, Outcome.PROBLEM, shown, found.problems)
    return _compared(row, draft, shown, desk)


def _draft(row: ActivityRow, hosts: tuple[Org, ...], desk: _Desk) -> Draft:
    """The resolved content; raise Unfit for what may not be recorded."""
    assert row.held_on is not None, "a row without problems has a day"
    room = desk.hall.room(row.kind, hosts, row.held_on)
    absent = {room.find(one, field="absent"): one.note for one in row.absent}
    draft = drafts.resolved(
        Draft(
            kind=row.kind,
            title=row.title or catalogue.current().label("activities", row.kind),
            held_on=row.held_on,
            starts_at=row.starts_at,
            hosts=hosts,
            place=row.place,
            hours=row.hours,
            attended=_attended(row, room, absent),
            absent=absent,
            summary=row.summary,
            late_reason=row.late_reason or late_reason(row.held_on, desk.today, desk.file_name),
        )
    )
    named = {one.person_id for one in draft.attended or ()} | absent.keys()
    wrong = drafts.problems(
        draft,
        by=desk.by,
        recorded_on=desk.today,
        today=desk.today,
        known=named,
        closed=desk.closed,
    )
    if wrong:
        raise Unfit(*(Problem(field, text.rstrip("。"), "") for field, text in wrong.items()))
    return draft


def _attended(row: ActivityRow, room: Room, absent: Mapping[int, str]) -> tuple[Attended, ...]:
    found = [
        Attended(room.find(one, field=column), role)
        for role in WEIGHTIEST_FIRST
        if (column := COLUMN_OF_ROLE[role]) and getattr(row, column) != EVERYONE
        for one in getattr(row, column)
    ]
    if row.attended == EVERYONE or (row.absent and not row.attended):
        found += [Attended(person) for person in sorted(room.expected - absent.keys())]
    elif not row.attended:
        raise unfit("attended", "没有写参加人员", "请写姓名，或写“全体党员”")
    return tuple(found)


def late_reason(held_on: date, today: date, file_name: str) -> str:
    """Why an activity is recorded late: it came from a file."""
    return f"从文件“{file_name}”导入"[:200] if drafts.late_by(held_on, today) else ""


# Against what is on record


def _compared(row: ActivityRow, draft: Draft, shown: dict[str, str], desk: _Desk) -> Decision:
    here = _Recorded(draft.title, draft.hours, _people(draft), row.line)
    others = desk.recorded[_key(draft)]
    twin = next((one for one in others if one.title == draft.title), None)
    org_ids = frozenset(host.pk for host in draft.hosts)
    if twin is not None and replace(twin, line=row.line) == here and not twin.line:
        return Decision(row.line, Outcome.SAME, shown, org_ids=org_ids)
    if stuck := _contradiction(draft, here, twin, others):
        outcome = Outcome.PROBLEM if twin and twin.line else Outcome.CONFLICT
        return Decision(
            row.line, outcome, shown, (stuck,), double_of=(twin or others[0]).line or None
        )
    others.append(here)
    return Decision(row.line, Outcome.NEW, shown, work=draft, org_ids=org_ids)


def _contradiction(
    draft: Draft, here: _Recorded, twin: _Recorded | None, others: Sequence[_Recorded]
) -> Problem | None:
    """With what is on record or stands in an earlier row; None where there is none."""
    if twin and twin.line:
        return Problem("", f"与第 {twin.line} 行是同一次活动", "请删去或排除其中一行")
    if twin:
        what = f"已有这次活动的记录，内容不同（{'；'.join(_differences(twin, here))}）"
        return Problem("title", what, "请在活动页更正，并排除这一行")
    if others and catalogue.current().kinds["activities"][draft.kind]["study"]:
        # the same hours under two titles would count twice
        where = f"第 {others[0].line} 行" if others[0].line else "系统中"
        what = f"{where}当天已有同类活动“{others[0].title}”，学时会重复计算"
        return Problem("title", what, "是同一次的请排除这一行；确是两次的请在活动页录入")
    return None


def _differences(before: _Recorded, after: _Recorded) -> Iterator[str]:
    if before.hours != after.hours:
        yield f"学时 {number(before.hours)} → {number(after.hours)}"
    if before.attended != after.attended:
        yield f"参加 {len(before.attended)} 人 → {len(after.attended)} 人"


def number(hours: Decimal | None) -> str:
    """Hours as shown."""
    return "（空）" if hours is None else f"{hours.normalize():f}"


def _people(draft: Draft) -> frozenset[tuple[int, str]]:
    return frozenset((one.person_id, one.role) for one in draft.attended or ())


def _key(draft: Draft) -> Key:
    return draft.kind, draft.held_on, frozenset(host.pk for host in draft.hosts)


def _recorded(rows: Sequence[ActivityRow], hosts: Mapping[int, Org]) -> dict[Key, list[_Recorded]]:
    """The activities of these hosts on the days of the rows."""
    found: dict[Key, list[_Recorded]] = defaultdict(list)
    days = {row.held_on for row in rows if row.held_on}
    held = Activity.objects.live().filter(hosts__in=hosts)
    activities = {one.pk: one for one in in_chunks(held, "held_on", days)}
    org_ids: dict[int, set[int]] = defaultdict(set)
    for host in in_chunks(ActivityHost.objects.all(), "activity", activities):
        org_ids[host.activity_id].add(host.org_id)
    people: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for one in in_chunks(Attendance.objects.all(), "activity", activities):
        people[one.activity_id].add((one.person_id, one.role))
    for pk, activity in activities.items():
        key = activity.kind, activity.held_on, frozenset(org_ids[pk])
        found[key].append(_Recorded(activity.title, activity.hours, frozenset(people[pk])))
    return found


def _shown(row: ActivityRow) -> dict[str, str]:
    shown = {
        "hosts": "、".join(row.hosts),
        "kind": catalogue.current().label("activities", row.kind),
        "title": row.title,
        "held_on": str(row.held_on or ""),
        "hours": number(row.hours) if row.hours else "",
        "place": row.place,
    }
    return {name: text for name, text in shown.items() if text}
