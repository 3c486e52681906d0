"""Verifying by exception: what shows nothing odd is verified together, the rest one by one."""

from datetime import date

from django.db import transaction

from guantong.records import access, clock, reviewing
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, rows, sittings
from guantong.records.models import Activity, Org, User


@transaction.atomic
def verify_rest(
    *, by: User, org: Org, month: date, shown: str, alone: bool = False
) -> tuple[Activity, ...]:
    """Verify all that wait in a month and show nothing odd, if they are still those `shown`.

    Each record gets its own event, so that its page tells who verified it.
    """
    access.require(by, reviewing.PERMISSION, org)
    waiting = reviewing.waiting(by, org, month, alone=alone).values_list("pk", flat=True)
    held = Activity.objects.filter(pk__in=list(waiting)).order_by("pk")
    list(held.select_for_update())  # from here on nobody changes them
    rest = reviewing.review(by, org, month, alone=alone)
    if rest.seal != shown:
        raise Conflict("您打开之后有记录变动过。请核对下面的清单后再核实。")
    if not rest.rest:
        raise Refused("没有可以一起核实的记录。")
    now = clock.now()
    for activity in rest.rest:
        activity.verified_at, activity.verified_by = now, by
        activity.version += 1
    rows.put(rest.rest, ["verified_at", "verified_by", "version"])
    sittings.follow(*rest.rest)
    events.leave_each("activity.verified", rest.rest, by=by, org_of=lambda one: one.hosts.all()[0])
    return rest.rest
