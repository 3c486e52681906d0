"""What goes into a record beside people: the fields of its kind, the agenda, what is to follow;
and the closing of what was to follow. The record's own verbs are in `actions.activities`.
"""

from dataclasses import asdict
from datetime import date

from django.db import transaction

from guantong.records import access, catalogue, clock, meetings
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, rows
from guantong.records.drafts import Draft
from guantong.records.models import Activity, AgendaItem, Detail, FollowUp, JointSide, User


def write(activity: Activity, before: Draft | None, draft: Draft) -> None:
    """Bring what goes with a record up to what a draft says; called in its transaction."""
    kind = catalogue.activity_kinds()[draft.kind]
    if before is None or (before.own, before.kind) != (draft.own, draft.kind):
        activity.details.all().delete()
        found = meetings.rows_of(draft.own, kind)
        Detail.objects.bulk_create(Detail(activity=activity, **row) for row in found)
    if before is None or before.agenda != draft.agenda:
        activity.agenda.all().delete()
        for place, item in enumerate(draft.agenda):
            votes = asdict(item.votes) if item.votes else {}
            rows.insert(
                AgendaItem(
                    activity=activity, place=place, title=item.title.strip(), major=item.major,
                    resolution=item.resolution.strip(), **votes,
                )
            )  # fmt: skip
    if before is None or before.follow_ups != draft.follow_ups:
        _write_tasks(activity, draft)
    if before is None or before.sides != draft.sides:
        _write_sides(activity, draft)


def _write_tasks(activity: Activity, draft: Draft) -> None:
    """Those on record keep what became of them; one that was done is not dropped."""
    there = {row.pk: row for row in activity.follow_ups.all()}
    for task in draft.follow_ups:
        values = {"what": task.what.strip(), "owner_id": task.owner, "due_on": task.due_on}
        row = there.pop(task.pk, None) if task.pk else None
        if row is None:
            rows.insert(FollowUp(activity=activity, **values))
        else:
            rows.change(row, **values)
    if any(row.done_on for row in there.values()):
        raise Refused("已办结的落实事项不能删去；办结记错了的，请先恢复为未办结。")
    FollowUp.objects.filter(pk__in=there).delete()


def _write_sides(activity: Activity, draft: Draft) -> None:
    there = {row.org_id: row for row in activity.sides.select_related("record")}
    for org in draft.sides:
        if there.pop(org.pk, None) is None:
            rows.insert(JointSide(activity=activity, org=org))
    if any(row.answered for row in there.values()):
        raise Refused("对方已记录本支部的参加情况，不能再去掉。")
    JointSide.objects.filter(pk__in=[row.pk for row in there.values()]).delete()


def answer(side: JointSide, activity: Activity, draft: Draft) -> None:
    """Let a record be that of the other side of a joint activity."""
    side = rows.locked(side)
    if side.answered:
        raise Conflict("本支部已登记过这次共建活动。")
    if side.org not in draft.hosts:
        raise Refused(f"这次共建要由{side.org.short_name}登记。")
    rows.change(side, record=activity)


@transaction.atomic
def close(*, by: User | None, follow_up: FollowUp, on: date, result: str) -> FollowUp:
    """Say that it is done. By who records for the host, or its owner."""
    follow_up = rows.locked(follow_up)
    _require(by, follow_up)
    if follow_up.done_on is not None:
        raise Conflict("这一项已经办结。")
    held_on = follow_up.activity.held_on
    if not held_on <= on <= clock.today():
        why = f"办结日期应在会议当天（{held_on}）和今天之间。"
        raise Refused(why, {"on": why})
    if not result.strip():
        raise Refused("请写一句办理结果。", {"result": "请写一句办理结果。"})
    change = rows.change(follow_up, done_on=on, done_by=by, result=result.strip())
    _tell("follow_up.closed", by, follow_up, change)
    return follow_up


@transaction.atomic
def reopen(*, by: User | None, follow_up: FollowUp) -> FollowUp:
    follow_up = rows.locked(follow_up)
    _require(by, follow_up)
    if follow_up.done_on is None:
        raise Conflict("这一项还没有办结，不用恢复。")
    change = rows.change(follow_up, done_on=None, done_by=None, result="")
    _tell("follow_up.reopened", by, follow_up, change)
    return follow_up


def _require(by: User | None, follow_up: FollowUp) -> None:
    asking = by.person_id if by is not None and by.is_active else None
    if asking is not None and asking == follow_up.owner_id:
        return
    for host in follow_up.activity.hosts.all():
        access.require(by, "activity.record", host)


def _tell(verb: str, by: User | None, follow_up: FollowUp, change: rows.Change) -> None:
    org = follow_up.activity.hosts.order_by("host_rows__id").first()
    events.leave(verb, follow_up.activity, by=by, org=org, change=change, what=follow_up.what)
