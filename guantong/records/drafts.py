"""The content of an activity's record, as a form or a spreadsheet row states it, and what is
wrong with it. Decides nothing about access to the hosts and saves nothing: `actions.activities`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from guantong.records import catalogue, clock, closed_months, days, rosters
from guantong.records.models import Activity, Org, User
from guantong.records.models.activity import MOST_HOURS

WEIGHTIEST_FIRST = ("lecturer", "chair", "recorder", "attendee")
TEXTS = ("title", "place", "summary", "late_reason")
LABELS = {
    **{field.name: str(field.verbose_name) for field in Activity._meta.concrete_fields},
    "hosts": "主办组织",
    "attended": "参加人员",
    "absent": "缺席人员",
}


@dataclass(frozen=True)
class Attended:
    """`hours` None: those of the activity."""

    person_id: int
    role: str = "attendee"
    hours: Decimal | None = None


@dataclass(frozen=True)
class Draft:
    """`attended` None: everyone expected, but for those in `absent` (person id to reason)."""

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


def draft_of(activity: Activity) -> Draft:
    """The content that is on record, to change with `dataclasses.replace` and correct."""
    attended = activity.attendances.order_by("id").values_list("person_id", "role", "hours")
    return Draft(
        kind=activity.kind,
        title=activity.title,
        held_on=activity.held_on,
        hosts=tuple(activity.hosts.order_by("host_rows__id")),
        hours=activity.hours,
        attended=tuple(
            Attended(person, role, None if hours == activity.hours else hours)
            for person, role, hours in attended
        ),
        absent=dict(activity.absences.order_by("id").values_list("person_id", "reason")),
        starts_at=activity.starts_at,
        place=activity.place,
        summary=activity.summary,
        planned=activity.planned,
        late_reason=activity.late_reason,
    )


def resolved(draft: Draft) -> Draft:
    """With texts trimmed and everyone named who attended, once each, in the weightiest role."""
    texts = {name: getattr(draft, name).strip() for name in TEXTS}
    return replace(draft, **texts, attended=_everyone(draft))


def _everyone(draft: Draft) -> tuple[Attended, ...]:
    if draft.planned:
        return draft.attended or ()
    if draft.attended is None:
        expected = {
            pk
            for host in draft.hosts
            for pk in rosters.expected(draft.kind, host, draft.held_on).values_list(
                "pk", flat=True
            )
        }
        return tuple(Attended(person) for person in sorted(expected - draft.absent.keys()))
    once: dict[int, Attended] = {}
    for one in sorted(draft.attended, key=lambda a: _weight(a.role)):
        once.setdefault(one.person_id, one)
    return tuple(once.values())


def problems(
    draft: Draft,
    *,
    by: User | None,
    recorded_on: date,
    known: Collection[int] = (),
    today: date | None = None,
    closed: closed_months.Closed | None = None,
) -> dict[str, str]:
    """What is wrong with a resolved draft, by field. `known`: persons already on the record.

    Who checks many drafts hands `today` and the `closed` months over, and as `known` whom he has
    looked up himself.
    """
    kind = catalogue.current().kinds["activities"].get(draft.kind)
    if kind is None:
        return {"kind": f"没有“{draft.kind}”这一类活动，请从列表中选。"}
    found = {
        "hosts": _hosts(draft, kind),
        "held_on": _day(draft, today or clock.today())
        or closed_months.locked(draft.hosts, draft.held_on, closed),
        "hours": _hours(draft, kind),
        "attended": _attended(draft),
        "late_reason": _late(draft, recorded_on),
    }
    if not any(found.values()):
        found |= _people(draft, by, known)
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


def _hosts(draft: Draft, kind: Mapping[str, Any]) -> str:
    if not draft.hosts:
        return "请选择主办组织。"
    if len({host.pk for host in draft.hosts}) < len(draft.hosts):
        return "同一个主办组织选了两次。"
    for host in draft.hosts:
        if not host.exists_on(draft.held_on):
            return f"“{host.short_name}”在 {draft.held_on} 不存在，请核对活动日期或主办组织。"
        if host.kind not in kind["hosts"]:
            label = catalogue.current().label
            may = "、".join(label("orgs", code) for code in kind["hosts"])
            return f"“{kind['title']}”应由{may}主办，“{host.short_name}”不是。"
    return ""


def _day(draft: Draft, today: date) -> str:
    if draft.held_on > today and not draft.planned:
        return f"活动日期在今天（{today}）之后。还没开展的请作为计划保存。"
    if draft.held_on < today and draft.planned:
        return f"计划的日期已过（今天 {today}）。已开展的请去掉“计划”，否则改日期。"
    return days.odd(draft.held_on) or days.too_far(draft.held_on, days.PLANNED, today)


def _hours(draft: Draft, kind: Mapping[str, Any]) -> str:
    for hours in (draft.hours, *(one.hours for one in draft.attended or ())):
        if hours is None:
            continue
        if not (hours.is_finite() and 0 < hours <= MOST_HOURS):
            return f"学时应大于 0，不超过 {MOST_HOURS}。"
        if hours != round(hours, 2):
            return "学时最多两位小数。"
    if kind["study"] and draft.hours is None and not draft.planned:
        return f"“{kind['title']}”计入学时，请填写学时。"
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


def _people(draft: Draft, by: User | None, known: Collection[int]) -> dict[str, str]:
    """Reasons against persons whom the record may not name; they are not named here either."""
    attended = {one.person_id for one in draft.attended or ()}
    asked = (attended | draft.absent.keys()) - set(known)
    if not asked:
        return {}
    allowed = rosters.may_be_named(by, draft.hosts, draft.held_on).filter(pk__in=asked)
    strangers = asked - set(allowed.values_list("pk", flat=True))
    reason = "有 {} 人当天不在您可登记的名册中。校外来宾请写入内容摘要。"
    return {
        name: reason.format(len(strangers & chosen))
        for name, chosen in (("attended", attended), ("absent", draft.absent.keys()))
        if strangers & chosen
    }
