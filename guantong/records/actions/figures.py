"""Numbers that organisations report for a day, such as how many staff they have."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows
from guantong.records.models import Figure, Org, User

# People of one organisation. The ledger multiplies it by whole ten-thousandths twice and must
# stay within 64 bits on every engine.
LARGEST = Decimal(10) ** 7
TABLES = frozenset({"figures"})


@transaction.atomic
def record(
    *, by: User | None, org: Org, name: str, as_of: date, value: Decimal, source: str = ""
) -> Figure:
    """Enter the figure of a day, or correct it where that day has one."""
    access.require(by, "post.edit", org)
    codes.kind("figures", name)
    if as_of > clock.today():
        raise Refused("统计日期在今天之后，请核对。")
    if not (value.is_finite() and 0 <= value < LARGEST and value == round(value)):
        why = f"人数应是不小于 0、小于 {LARGEST:,} 的整数。"
        raise Refused(why, {"value": why})
    org = rows.locked(org)
    figure = org.figures.filter(name=name, as_of=as_of).first()
    if figure is None:
        figure = rows.insert(
            Figure(org=org, name=name, as_of=as_of, value=value, source=source.strip())
        )
        told = {"name": name, "as_of": as_of, "value": value, "source": source.strip()}
        events.leave("figure.recorded", figure, by=by, org=org, after=told)
    else:
        change = rows.change(figure, value=value, source=source.strip())
        if not change.after:
            return figure
        events.leave("figure.corrected", figure, by=by, org=org, change=change)
    ledger.refresh(ledger.Touch(frozenset([org.pk]), frozenset(), as_of, None, TABLES))
    return figure
