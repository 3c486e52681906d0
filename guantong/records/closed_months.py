"""Which months are closed, and what that keeps from being written. Reads only."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import QuerySet

from guantong.periods import Period, month_of
from guantong.records.models import ActivityHost, ClosedMonth, Org

type Closed = frozenset[tuple[int, date]]  # organisation and first day of the month


def closed(orgs: Iterable[Org], held_on: Collection[date]) -> Closed:
    """Those months of these days that are closed for any of the organisations."""
    months = {month_of(day).start for day in held_on}
    found = ClosedMonth.objects.filter(org__in=[org.pk for org in orgs], month__in=months)
    return frozenset(found.filter(unlocked_at=None).values_list("org_id", "month"))


def held(orgs: Iterable[Org], period: Period) -> QuerySet[ActivityHost]:
    """What was held in a period, once per host, always in one order."""
    return ActivityHost.objects.filter(
        org__in=[org.pk for org in orgs], activity__planned=False, activity__withdrawn_at=None,
        activity__held_on__gte=period.start, activity__held_on__lt=period.end,
    ).order_by("activity__held_on", "activity")  # fmt: skip


def locked(orgs: Iterable[Org], held_on: date, known: Closed | None = None) -> str:
    """Why nothing may be written about a day; empty if it may. `known`: looked up before."""
    hosts, month = list(orgs), month_of(held_on).start
    shut = closed(hosts, [held_on]) if known is None else known
    for host in hosts:
        if (host.pk, month) in shut:
            return (
                f"“{host.short_name}”{month.year} 年 {month.month} 月已经结账，这个月的活动不能再"
                "录入或改动。确需改动的，请上级党组织在“按月结账”里写明原因后解锁。"
            )
    return ""
