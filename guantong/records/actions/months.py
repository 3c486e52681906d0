"""Closing a month of activities, and unlocking it again with a reason."""

from datetime import date

from django.db import transaction

from guantong.periods import month_of
from guantong.records import access, clock, closed_months, reviewing
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, rows
from guantong.records.models import Activity, ClosedMonth, Org, School, User

CLOSES, UNLOCKS = "activity.record", "activity.verify"


@transaction.atomic
def close(*, by: User | None, org: Org, month: date, shown: str | None = None) -> ClosedMonth:
    """From now on nothing held in the month is recorded, corrected or withdrawn.

    `shown`: the seal of what the user saw of the month; closed is only what was seen.
    """
    access.require(by, CLOSES, org)
    School.objects.select_for_update().get()  # an import is under way, or waits
    org = Org.objects.select_for_update(no_key=True).get(pk=org.pk)  # so does a single record
    period = month_of(month)
    if clock.today() < period.end:
        raise Refused(f"{told(period.start)}还没有过完，{period.end} 起可以结账。")
    if not org.exists_on(period.start) and not org.exists_on(period.last_day):
        raise Refused(f"“{org.short_name}”在 {told(period.start)}不存在，请核对月份。")
    if closed_months.closed([org], [period.start]):
        raise Conflict(f"{told(period.start)}已经结账。")
    held = list(closed_months.held([org], period).values_list("activity", "activity__version"))
    if shown is not None and reviewing.seal(held) != shown:
        raise Conflict(
            f"您打开这一页之后，{told(period.start)}的记录变动过，现在有 {len(held)} 次活动。"
            "请核对后再结账。"
        )
    open_plans = Activity.objects.live().filter(planned=True, hosts=org)
    if count := open_plans.between(period.start, period.end).count():
        raise Refused(
            f"{told(period.start)}还有 {count} 个计划没有结果："
            "已开展的请记录，没有开展的请撤销或改期。"
        )
    row = rows.insert(
        ClosedMonth(org=org, month=period.start, closed_at=clock.now(), closed_by=by)
    )
    events.leave("month.closed", row, by=by, org=org, month=period.start)
    return row


@transaction.atomic
def unlock(*, by: User | None, row: ClosedMonth, reason: str) -> ClosedMonth:
    """Let the month be changed again; the branch closes it anew when it is done."""
    row = rows.locked(row)
    access.require(by, UNLOCKS, row.org)
    reason = events.reasoned(reason, "请写明解锁原因。")
    if row.unlocked_at:
        raise Refused(f"{told(row.month)}已经解锁。")
    change = rows.change(row, unlocked_at=clock.now(), unlocked_by=by, unlocked_reason=reason)
    events.leave(
        "month.unlocked", row, by=by, org=row.org, month=row.month, reason=reason, change=change
    )
    return row


def told(month: date) -> str:
    return f"{month.year} 年 {month.month} 月"
