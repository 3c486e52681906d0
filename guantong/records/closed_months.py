"""Which months are closed, and what that keeps from being written. Reads only."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from django.db.models import QuerySet

from guantong.periods import Period, add_months, month_of
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


def locked(
    orgs: Iterable[Org], held_on: date, last_on: date | None, known: Closed | None = None
) -> str:
    """Why nothing may be written about these days; empty if it may. `known`: looked up before."""
    hosts, months = list(orgs), list(_months(held_on, last_on or held_on))
    shut = closed(hosts, months) if known is None else known
    for month in months:
        for host in hosts:
            if (host.pk, month) in shut:
                return (
                    f"“{host.short_name}”{month.year} 年 {month.month} 月已经结账，这个月的活动"
                    "不能再录入或改动。确需改动的，请上级党组织在“按月结账”里写明原因后解锁。"
                )
    return ""


def _months(first: date, last: date) -> Iterator[date]:
    month = month_of(first).start
    while month <= last:
        yield month
        month = add_months(month, 1)
