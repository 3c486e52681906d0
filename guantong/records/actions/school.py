"""Setting up the installation. Done at the command line, before there is anyone to ask."""

from datetime import date

from django.db import transaction

from guantong.records import catalogue
from guantong.records.access import Refused
from guantong.records.actions import events, rows
from guantong.records.models import School


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
