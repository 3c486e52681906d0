"""Setting up the installation. Done at the command line, before there is anyone to ask."""

from datetime import date

from django.db import transaction

from guantong.records import catalogue
from guantong.records.access import Refused, require
from guantong.records.actions import events, ledger, rows
from guantong.records.models import School, User


@transaction.atomic
def set_up(*, name: str, records_since: date, plan: str, today: date | None = None) -> School:
    """Write the school's one row. `today` fixes the day and is for demonstrations alone."""
    if School.objects.exists():
        raise Refused("学校已经设置过。")
    plans = catalogue.current().plans
    if plan not in plans:
        raise Refused(f"目录里没有计划“{plan}”，可用：{'、'.join(plans)}。")
    row = School(pk=1, name=name, records_since=records_since, plan=plan, today=today)
    school = rows.insert(row)
    events.leave("school.set_up", school, by=None, name=name, records_since=records_since)
    return school


@transaction.atomic
def use_plan(*, by: User | None, plan: str) -> School:
    """Carry out another plan of the catalogue from now on; the ledger asks what that one asks."""
    require(by, "plan.switch", None)
    plans = catalogue.current().plans
    if plan not in plans:
        raise Refused(f"目录里没有计划“{plan}”，可用：{'、'.join(plans)}。")
    school = rows.locked(School.objects.get())
    change = rows.change(school, plan=plan)
    if change.after:
        events.leave("school.plan_changed", school, by=by, change=change)
        ledger.rebuild()
    return school


@transaction.atomic
def switch(*, by: User | None, obligation: str, on: bool, reason: str) -> School:
    """Use or do not use an obligation that the catalogue marks as switchable."""
    require(by, "plan.switch", None)
    known = catalogue.current().obligations.get(obligation)
    if known is None or not known.switchable:
        raise Refused("这项责任有明确依据，不能关闭；需要改动请修改规则目录。")
    reason = events.reasoned(reason)
    school = rows.locked(School.objects.get())
    off = set(school.switched_off) - {obligation} if on else {*school.switched_off, obligation}
    rows.change(school, switched_off=sorted(off))
    verb = "obligation.switched_on" if on else "obligation.switched_off"
    events.leave(verb, school, by=by, obligation=obligation, reason=reason)
    ledger.follow_rules()
    return school
