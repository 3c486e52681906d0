"""The content of an activity's record, as a form or a spreadsheet row states it, and what is
wrong with it. Decides nothing about access to the hosts and saves nothing: `actions.activities`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from guantong.obligations.activity_kinds import ActivityKind
from guantong.records import catalogue, clock, days, meetings, rosters
from guantong.records.closed_months import Closed, locked
from guantong.records.meetings import Item, Task, Value
from guantong.records.models import Activity, Attendance, Org, User
from guantong.records.models.activity import LONGEST, MOST_HOURS

WEIGHTIEST_FIRST = ("lecturer", "chair", "recorder", "attendee")
TEXTS = ("title", "place", "outside", "summary", "late_reason")
LABELS = {
    **{field.name: str(field.verbose_name) for field in Activity._meta.concrete_fields},
    "hosts": "主办组织",
    "attended": "参加人员",
    "absent": "缺席人员",
    "also": "同时也是",
    "agenda": "议题",
    "follow_ups": "落实事项",
    "sides": "共建的党支部",
}


@dataclass(frozen=True)
class Attended:
    """`hours` None: those of the activity."""

    person_id: int
    role: str = "attendee"
    hours: Decimal | None = None


@dataclass(frozen=True)
class Draft:
    """`attended` None: everyone expected, but for those in `absent` (person id to reason).

    `also`: what else it is at the same time. `own`: the fields of its kind. `sides`: organisations
    that held it too and record their own people.
    """

    kind: str
    title: str
    held_on: date
    hosts: tuple[Org, ...]
    hours: Decimal | None = None
    attended: tuple[Attended, ...] | None = None
    absent: Mapping[int, str] = field(default_factory=dict)
    starts_at: time | None = None
    place: str = ""
    summary: str = ""
    planned: bool = False
    late_reason: str = ""
    ends_at: time | None = None
    last_on: date | None = None
    outside: str = ""
    also: tuple[str, ...] = ()
    own: Mapping[str, Value] = field(default_factory=dict)
    agenda: tuple[Item, ...] = ()
    follow_ups: tuple[Task, ...] = ()
    sides: tuple[Org, ...] = ()


def draft_of(activity: Activity) -> Draft:
    """The content that is on record, to change with `dataclasses.replace` and correct."""
    attended = activity.attendances.order_by("id").values_list("person_id", "role", "hours")
    parts = list(activity.parts.order_by("id").values_list("kind", "held_on", "last_on"))
    own_days = [part for part in parts if part[0] == activity.kind]
    hours, personal = _whole_hours(activity) if parts else (activity.hours, {})
    return Draft(
        kind=activity.kind,
        title=activity.title,
        held_on=activity.held_on,
        hosts=tuple(activity.hosts.order_by("host_rows__id")),
        hours=hours,
        attended=tuple(
            Attended(person, role, None if own == hours else own)
            for person, role, own in (
                (person, role, personal.get(person, here)) for person, role, here in attended
            )
        ),
        absent=dict(activity.absences.order_by("id").values_list("person_id", "reason")),
        starts_at=activity.starts_at,
        place=activity.place,
        summary=activity.summary,
        planned=activity.planned,
        late_reason=activity.late_reason,
        ends_at=activity.ends_at,
        last_on=max((last or first for _, first, last in own_days), default=activity.last_on),
        outside=activity.outside,
        also=tuple(dict.fromkeys(kind for kind, *_ in parts if kind != activity.kind)),
        own=meetings.own_of(activity),
        agenda=meetings.agenda_of(activity),
        follow_ups=meetings.tasks_of(activity),
        sides=tuple(Org.objects.filter(sides__activity=activity).order_by("sides__id")),
    )


def _whole_hours(activity: Activity) -> tuple[Decimal | None, dict[int, Decimal]]:
    """The hours of all its years together, and each person's, with whichever kind they stand."""
    rows = Activity.objects.filter(Q(pk=activity.pk) | Q(part_of=activity))
    there = Attendance.objects.filter(activity__in=rows, hours__isnull=False)
    sums = there.values_list("person_id", "activity__kind").annotate(sum=Sum("hours"))
    personal: dict[int, Decimal] = {}
    for person, _, hours in sums.order_by():
        personal[person] = max(hours, personal.get(person, hours))
    whole: Decimal | None = rows.filter(kind=activity.kind).aggregate(sum=Sum("hours"))["sum"]
    return whole, personal


def resolved(draft: Draft) -> Draft:
    """With texts trimmed and everyone named who attended, once each, in the weightiest role."""
    texts = {name: getattr(draft, name).strip() for name in TEXTS}
    also = tuple(kind for kind in dict.fromkeys(draft.also) if kind != draft.kind)
    last_on = draft.last_on if draft.last_on != draft.held_on else None
    draft = replace(draft, own=meetings.cleaned(draft.own), also=also, last_on=last_on)
    return replace(draft, **texts, attended=_everyone(draft))


def _everyone(draft: Draft) -> tuple[Attended, ...]:
    if draft.planned:
        return draft.attended or ()
    kind = catalogue.activity_kinds().get(draft.kind)
    paired = tuple(Attended(pk) for pk in meetings.paired(draft.own, kind)) if kind else ()
    if draft.attended is None and not paired:
        expected = {
            pk
            for host in draft.hosts
            for pk in rosters.expected(draft.kind, host, draft.held_on).values_list(
                "pk", flat=True
            )
        }
        return tuple(Attended(person) for person in sorted(expected - draft.absent.keys()))
    once: dict[int, Attended] = {}
    for one in sorted((*(draft.attended or ()), *paired), key=lambda a: _weight(a.role)):
        once.setdefault(one.person_id, one)
    return tuple(once.values())


def problems(
    draft: Draft,
    *,
    by: User | None,
    recorded_on: date,
    known: Collection[int] = (),
    today: date | None = None,
    closed: Closed | None = None,
) -> dict[str, str]:
    """What is wrong with a resolved draft, by field. `known`: persons already on the record.

    Who checks many drafts hands `today` and the `closed` months over, and as `known` whom he has
    looked up himself.
    """
    kinds = catalogue.activity_kinds()
    kind = kinds.get(draft.kind)
    if kind is None:
        return {"kind": f"没有“{draft.kind}”这一类活动，请从列表中选。"}
    day = today or clock.today()
    last_day = _last_day(draft, day)
    found = {
        "hosts": _hosts(draft, kind),
        "also": _also(draft, kinds),
        "sides": _sides(draft),
        "last_on": last_day,
        "ends_at": _ends(draft),
        "held_on": _day(draft, day)
        or ("" if last_day else locked(draft.hosts, draft.held_on, draft.last_on, closed)),
        "hours": _hours(draft, kind),
        "attended": _attended(draft),
        "late_reason": _late(draft, recorded_on),
        **meetings.problems(draft.own, draft.agenda, draft.follow_ups, kind, draft.held_on),
    }
    if not any(found.values()):
        found |= _people(draft, by, known, kind)
    return {name: reason for name, reason in found.items() if reason}


def late_by(held_on: date, recorded_on: date) -> int:
    """How many days past the time for recording it; 0 if in time."""
    limit: int = catalogue.current().kinds["limits"]["late_entry_days"]["value"]
    return max(0, (recorded_on - held_on).days - limit)


def recorded_late(activity: Activity) -> int:
    """After how many days it was recorded, where that is late; 0 in time or only planned."""
    recorded_on = timezone.localdate(activity.recorded_at)
    if activity.planned or not late_by(activity.held_on, recorded_on):
        return 0
    return (recorded_on - activity.held_on).days


def late_days(activities: Collection[int]) -> dict[int, int]:
    """After how many days those that were recorded late were; the others are left out."""
    rows = Activity.objects.filter(pk__in=activities).only("held_on", "recorded_at", "planned")
    found = {row.pk: recorded_late(row) for row in rows}
    return {pk: late for pk, late in found.items() if late}


def _weight(role: str) -> int:
    return WEIGHTIEST_FIRST.index(role) if role in WEIGHTIEST_FIRST else len(WEIGHTIEST_FIRST)


def _hosts(draft: Draft, kind: ActivityKind) -> str:
    if not draft.hosts:
        return "请选择主办组织。"
    if len({host.pk for host in draft.hosts}) < len(draft.hosts):
        return "同一个主办组织选了两次。"
    for host in draft.hosts:
        if not host.exists_on(draft.held_on):
            return f"“{host.short_name}”在 {draft.held_on} 不存在，请核对活动日期或主办组织。"
        if host.kind not in kind.hosts:
            label = catalogue.current().label
            may = "、".join(label("orgs", code) for code in kind.hosts)
            return f"“{kind.title}”应由{may}主办，“{host.short_name}”不是。"
    return ""


def _also(draft: Draft, kinds: Mapping[str, ActivityKind]) -> str:
    """A kind that another organisation holds is no part of this one's sitting."""
    for code in draft.also:
        if code not in kinds or any(host.kind not in kinds[code].hosts for host in draft.hosts):
            return f"“{catalogue.current().label('activities', code)}”不能由主办组织同时开展。"
    return ""


def _sides(draft: Draft) -> str:
    """Only who is paired with a host on that day is asked to tell its own part."""
    if not draft.sides:
        return ""
    paired = set(rosters.paired(draft.hosts, draft.held_on).values_list("pk", flat=True))
    if odd := [org for org in draft.sides if org.pk not in paired]:
        return f"“{odd[0].short_name}”当天与主办的党支部没有结对。"
    return ""


def _last_day(draft: Draft, today: date) -> str:
    if draft.last_on is None:
        return ""
    if draft.last_on < draft.held_on:
        return f"最后一天 {draft.last_on} 早于活动日期 {draft.held_on}。"
    if draft.last_on - draft.held_on > LONGEST:
        return f"一次活动最多 {LONGEST.days} 天，更长的请分次记录。"
    if draft.last_on > today and not draft.planned:
        return f"最后一天在今天（{today}）之后，结束后再记录。"
    return days.odd(draft.last_on)


def _ends(draft: Draft) -> str:
    if draft.ends_at is None or draft.last_on is not None:
        return ""
    if draft.starts_at is None:
        return "填了结束时间，也请填开始时间。"
    return "结束时间应晚于开始时间。" if draft.ends_at <= draft.starts_at else ""


def _day(draft: Draft, today: date) -> str:
    if draft.held_on > today and not draft.planned:
        return f"活动日期在今天（{today}）之后。还没开展的请作为计划保存。"
    if draft.held_on < today and draft.planned:
        return f"计划的日期已过（今天 {today}）。已开展的请去掉“计划”，否则改日期。"
    return days.odd(draft.held_on) or days.too_far(draft.held_on, days.PLANNED, today)


def _hours(draft: Draft, kind: ActivityKind) -> str:
    for hours in (draft.hours, *(one.hours for one in draft.attended or ())):
        if hours is None:
            continue
        if not (hours.is_finite() and 0 < hours <= MOST_HOURS):
            return f"学时应大于 0，不超过 {MOST_HOURS}。"
        if hours != round(hours, 2):
            return "学时最多两位小数。"
    kinds = catalogue.activity_kinds()
    studies = [kind, *(kinds[code] for code in draft.also if code in kinds)]
    study = next((one for one in studies if one.study), None)
    if study and draft.hours is None and not draft.planned:
        return f"“{study.title}”计入学时，请填写学时。"
    return ""


def _attended(draft: Draft) -> str:
    attended = draft.attended or ()
    if draft.planned and (attended or draft.absent):
        return "计划中的活动还没有参加和缺席人员，请在开展后填写。"
    roles = catalogue.current().kinds["roles"]
    if unknown := {one.role for one in attended} - roles.keys():
        titles = "、".join(str(entry["title"]) for entry in roles.values())
        return f"没有身份“{'、'.join(sorted(unknown))}”，可用：{titles}。"
    if {one.person_id for one in attended} & draft.absent.keys():
        return "有人既列为参加又列为缺席，请核对。"
    if not draft.planned and not attended:
        return "没有参加人员。请至少选一人。"
    return ""


def _late(draft: Draft, recorded_on: date) -> str:
    if draft.planned or draft.late_reason.strip() or not late_by(draft.held_on, recorded_on):
        return ""
    days = (recorded_on - draft.held_on).days
    return f"录入距活动已 {days} 天，属于补录，请写明补录原因。"


def _people(
    draft: Draft, by: User | None, known: Collection[int], kind: ActivityKind
) -> dict[str, str]:
    """Reasons against persons whom the record may not name; they are not named here either."""
    named = {
        "attended": {one.person_id for one in draft.attended or ()},
        "absent": set(draft.absent),
        "follow_ups": {task.owner for task in draft.follow_ups if task.owner is not None},
    }
    named |= {f"own-{name}": pks for name, pks in meetings.people_of(draft.own, kind).items()}
    asked = set[int]().union(*named.values()) - set(known)
    if not asked:
        return {}
    allowed = rosters.may_be_named(by, draft.hosts, draft.held_on).filter(pk__in=asked)
    strangers = asked - set(allowed.values_list("pk", flat=True))
    reason = "有 {} 人当天不在您可登记的名册中。校外来宾请写入内容摘要。"
    return {
        name: reason.format(len(strangers & chosen))
        for name, chosen in named.items()
        if strangers & chosen
    }
