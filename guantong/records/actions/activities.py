"""Recording what was held, correcting it, confirming it, taking it back.

What people state is a `Draft`. When it was recorded, by whom, and which version it is, only the
server says: `recorded_at` is the moment of recording it as held (or as planned).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from guantong.records import access, catalogue, clock, closed_months, meetings, reviewing
from guantong.records.access import Conflict, Forbidden, Refused
from guantong.records.actions import events, ledger, minutes, rows, sittings
from guantong.records.drafts import LABELS, Draft, draft_of, problems, resolved
from guantong.records.models import Activity, Event, JointSide, Org, User
from guantong.records.telling import content, told

TABLES = frozenset({"activities", "hosts", "attendances", "details"})
MARKED = {
    "activity.verified": "核实了这条记录",
    "activity.withdrawn": "撤销了这条记录",
    "activity.restored": "恢复了这条记录",
}


@transaction.atomic
def record(*, by: User | None, draft: Draft, side: JointSide | None = None) -> Activity:
    """`side`: the joint activity of which this tells the host's part."""
    _require(by, "activity.record", draft.hosts)
    _hold(draft.hosts)
    draft, now = resolved(draft), clock.now()
    _refuse(problems(draft, by=by, recorded_on=_day(now)))
    columns = {**content(draft), **sittings.own_part(draft)}
    activity = Activity(**columns, recorded_at=now, recorded_by=by, version=1)
    rows.check(activity)  # before a query carries its texts to the database
    _require_new(draft)
    rows.insert(activity)
    _write(activity, None, draft)
    if side is not None:
        minutes.answer(side, activity, draft)
    _tell("activity.recorded", activity, by, draft, _difference(None, draft))
    return activity


@transaction.atomic
def correct(
    *,
    by: User | None,
    activity: Activity,
    version: int,
    draft: Draft,
    known: Collection[int] = (),
) -> Activity:
    """Make the record say what the draft says; a confirmation given before falls away, and the
    event says so. `known`: who may be named beside those on record and in reach.
    """
    activity = rows.locked(activity)
    before = draft_of(activity)
    _require(by, "activity.record", [*before.hosts, *draft.hosts])
    _require_standing(activity, version)
    _hold([*before.hosts, *draft.hosts])
    require_open(before)
    sittings.require_whole(activity)
    if draft.planned and not before.planned:
        raise Refused("已记录为已开展，不能改回计划。记错了请撤销这条记录。")
    draft = resolved(draft)
    recorded_at = _recorded_at(activity, draft)
    named = _named(before).union(known)
    _refuse(problems(draft, by=by, recorded_on=_day(recorded_at), known=named))
    difference = _difference(before, draft)
    if not difference.after and not difference.before:
        return activity
    verified = {"unverified": activity.verified_at} if activity.verified_at else {}
    rows.change(
        activity,
        **{**content(draft), **sittings.own_part(draft)},
        recorded_at=recorded_at,
        verified_at=None,
        verified_by=None,
        version=activity.version + 1,
    )
    _write(activity, before, draft)
    _tell("activity.corrected", activity, by, draft, difference, before, **verified)
    return activity


@transaction.atomic
def verify(*, by: User, activity: Activity, version: int) -> Activity:
    """Confirm what a version says. Nobody confirms what he has written himself."""
    activity = rows.locked(activity)
    draft = draft_of(activity)
    _require(by, "activity.verify", draft.hosts)
    sittings.require_whole(activity)
    _require_standing(activity, version)
    if activity.planned:
        raise Refused("活动还没开展，开展并记录后才能核实。")
    if activity.verified_at:
        raise Refused("这条记录已核实过。")
    if reviewing.written_by(by, [activity]):
        raise Forbidden("自己录入或更正过的活动要由别人核实。")
    change = rows.change(
        activity, verified_at=clock.now(), verified_by=by, version=activity.version + 1
    )
    sittings.follow(activity)
    _tell("activity.verified", activity, by, draft, change)
    return activity


@transaction.atomic
def withdraw(*, by: User | None, activity: Activity, version: int, reason: str) -> Activity:
    """Count it no more. The row stays, and `restore` brings it back."""
    activity = rows.locked(activity)
    draft = draft_of(activity)
    _require(by, "activity.record", draft.hosts)
    sittings.require_whole(activity)
    _require_standing(activity, version)
    reason = events.reasoned(reason, "请写明撤销原因。")
    _hold(draft.hosts)
    require_open(draft)
    change = rows.change(
        activity,
        withdrawn_at=clock.now(),
        withdrawn_by=by,
        withdrawn_reason=reason,
        version=activity.version + 1,
    )
    sittings.follow(activity)
    _tell("activity.withdrawn", activity, by, draft, change)
    return activity


@transaction.atomic
def restore(*, by: User | None, activity: Activity) -> Activity:
    activity = rows.locked(activity)
    draft = draft_of(activity)
    _require(by, "activity.record", draft.hosts)
    sittings.require_whole(activity)
    if activity.withdrawn_at is None:
        raise Refused("这条记录没有撤销，不用恢复。")
    _hold(draft.hosts)
    require_open(draft)
    _require_new(draft)
    change = rows.change(
        activity,
        withdrawn_at=None,
        withdrawn_by=None,
        withdrawn_reason="",
        version=activity.version + 1,
    )
    sittings.follow(activity)
    _tell("activity.restored", activity, by, draft, change)
    return activity


# What may not be


def _require(by: User | None, permission: str, hosts: Iterable[Org]) -> None:
    for host in dict.fromkeys(hosts):
        access.require(by, permission, host)


def _hold(hosts: Iterable[Org]) -> None:
    """Of two who write about the same host, or close its month, one waits for the other."""
    pks = [host.pk for host in hosts]
    list(Org.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))


def require_open(draft: Draft) -> None:
    if reason := closed_months.locked(draft.hosts, draft.held_on, draft.last_on):
        raise Refused(reason)


def _require_new(draft: Draft) -> None:
    """Refuse what is on record word for word: a form sent twice counts once."""
    same = {name: getattr(draft, name) for name in ("kind", "title", "held_on", "starts_at")}
    for other in Activity.objects.live().whole().filter(**same, hosts=draft.hosts[0]):
        if told(draft_of(other)) == told(draft):
            at = timezone.localtime(other.recorded_at).strftime("%Y-%m-%d %H:%M")
            raise Refused(f"完全相同的活动已在 {at} 录入，不用重复录入。")


def _require_standing(activity: Activity, version: int) -> None:
    if activity.version != version:
        raise Conflict(_changed_since(activity, version))
    if activity.withdrawn_at:
        raise Refused("这条记录已撤销，请先恢复。")


def _changed_since(activity: Activity, version: int) -> str:
    later = Event.objects.about(events.subject(activity)).select_related("by")
    for event in later:
        if event.detail.get("version", 0) > version:
            who = event.by.called if event.by else "系统"
            at = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M")
            what = "、".join(LABELS[n] for n in event.detail.get("after", ()) if n in LABELS)
            did = MARKED.get(event.verb) or f"改过{what or '这条记录'}"
            return f"您打开之后，{who}于 {at} {did}。请核对后再改。"
    return "这条记录已有更新的版本。请核对后再改。"


def _refuse(found: Mapping[str, str]) -> None:
    if found:
        raise Refused.about(found, LABELS)


def _named(draft: Draft) -> set[int]:
    """Everybody whom a draft names."""
    own = meetings.people_of(draft.own, catalogue.activity_kinds()[draft.kind])
    owners = {task.owner for task in draft.follow_ups if task.owner is not None}
    there = {one.person_id for one in draft.attended or ()}
    return there | draft.absent.keys() | owners | set().union(*own.values())


# What is written


def _recorded_at(activity: Activity, draft: Draft) -> datetime:
    """Holding what was planned is recorded now, and nothing is recorded before it was held."""
    held_now = activity.planned and not draft.planned
    early = not draft.planned and draft.held_on > _day(activity.recorded_at)
    return clock.now() if held_now or early else activity.recorded_at


def _write(activity: Activity, before: Draft | None, draft: Draft) -> None:
    sittings.write(activity, before, draft)
    minutes.write(activity, before, draft)


# What is told


def _difference(before: Draft | None, after: Draft) -> rows.Change:
    """What differs between two drafts; of the people only those for whom something does."""
    old, new = (told(before) if before else {}), told(after)
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for name, value in new.items():
        earlier = old.get(name)
        if earlier == value:
            continue
        if isinstance(value, dict):
            earlier = earlier or {}
            now[name] = {k: v for k, v in value.items() if earlier.get(k) != v}
            was[name] = {k: v for k, v in earlier.items() if value.get(k) != v}
        else:
            now[name], was[name] = value, earlier
    return rows.Change(was if before else {}, now)


def _tell(
    verb: str,
    activity: Activity,
    by: User | None,
    draft: Draft,
    change: rows.Change,
    before: Draft | None = None,
    **more: Any,
) -> None:
    """Leave the event and bring the ledger up to date, for the content after and before."""
    org = draft.hosts[0]
    events.leave(verb, activity, by=by, org=org, change=change, version=activity.version, **more)
    drafts = [draft, before] if before else [draft]
    ledger.refresh(
        ledger.Touch(
            org_ids=frozenset(host.pk for d in drafts for host in d.hosts),
            person_ids=frozenset(one.person_id for d in drafts for one in d.attended or ()),
            first_day=min(d.held_on for d in drafts),
            last_day=max(d.last_on or d.held_on for d in drafts),
            tables=TABLES,
            kinds=frozenset(kind for d in drafts for kind in (d.kind, *d.also)),
        )
    )


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()
