"""Registers of members who are elsewhere: entering, getting in touch, taking off.

Nothing follows from a register by itself; what the Party decides is recorded by other actions.
"""

from datetime import date

from django.db import transaction

from guantong.records import access
from guantong.records.access import Refused
from guantong.records.actions import codes, events, people, rows, spans
from guantong.records.models import ContactMade, Person, User, Whereabouts
from guantong.records.models.membership import MEMBER_STATUSES

PERMISSION = "member.edit"
TOLD = ("kind", "valid_from", "place", "situation", "last_seen_on")


@transaction.atomic
def enter(
    *,
    by: User | None,
    person: Person,
    kind: str,
    valid_from: date,
    place: str = "",
    situation: str = "",
    last_seen_on: date | None = None,
) -> Whereabouts:
    """Put a member on a register from a day on."""
    access.require_person(by, PERMISSION, person)
    person = rows.locked(person)
    title = codes.kind("whereabouts", kind)["title"]
    spans.require_come(valid_from=valid_from)
    _require_lost(kind, situation, last_seen_on, valid_from)
    there = person.memberships.on(valid_from).first()
    if there is None or not person.memberships.filter(valid_to=None).exists():
        raise Refused(f"{person.name}在 {valid_from} 或现在没有组织关系。")
    if there.status not in (*MEMBER_STATUSES, "suspended"):
        raise Refused(f"{codes.title('statuses', there.status)}不列入党员登记册。")
    if person.whereabouts.filter(kind=kind).meeting(valid_from, None).exists():
        raise Refused(f"{person.name}已在“{title}”登记册上。")
    row = rows.insert(
        Whereabouts(
            person=person, kind=kind, valid_from=valid_from, place=place.strip(),
            situation=situation, last_seen_on=last_seen_on,
        )
    )  # fmt: skip
    told = {name: getattr(row, name) for name in TOLD}
    events.leave(
        "whereabouts.entered", row, by=by, org=people.org_of(person), person=person, after=told
    )
    return row


@transaction.atomic
def get_in_touch(*, by: User | None, person: Person, on_day: date, how: str) -> ContactMade:
    access.require_person(by, PERMISSION, person)
    spans.require_come(on_day=on_day)
    if ContactMade.objects.filter(person=person, on_day=on_day).exists():
        raise Refused(f"{on_day} 已登记过一次联系。", {"on_day": "这一天已登记过。"})
    made = rows.insert(ContactMade(person=person, on_day=on_day, how=how.strip(), by=by))
    told = {"on_day": on_day, "how": made.how}
    events.leave("contact.made", made, by=by, org=people.org_of(person), person=person, after=told)
    return made


@transaction.atomic
def take_off(*, by: User | None, row: Whereabouts, on: date, reason: str) -> Whereabouts:
    """The member is back, has moved on, or was found. From its first day on: the row was a
    mistake and goes; the trail keeps it.
    """
    row = rows.locked(row)
    access.require_person(by, PERMISSION, row.person)
    spans.require_come(on=on)
    if row.valid_to is not None:
        raise Refused(f"已于 {row.valid_to} 结束登记。")
    reason = events.reasoned(reason)
    if on == row.valid_from:
        told = {name: getattr(row, name) for name in TOLD}
        events.leave(
            "whereabouts.struck", row, by=by, org=people.org_of(row.person), person=row.person,
            reason=reason, before=told,
        )  # fmt: skip
        row.delete()
        return row
    change = spans.end(row, on, end_reason=reason)
    events.leave(
        "whereabouts.ended", row, by=by, org=people.org_of(row.person), person=row.person,
        change=change,
    )  # fmt: skip
    return row


def _require_lost(kind: str, situation: str, last_seen_on: date | None, first: date) -> None:
    """How and since when belongs to those out of contact alone."""
    if kind == "lost":
        if not situation:
            raise Refused("请选择失联情形。", {"situation": "请选择失联情形。"})
        codes.kind("situations", situation)
    elif situation or last_seen_on:
        raise Refused("只有失去联系的才登记失联情形和最后日期。")
    if last_seen_on and last_seen_on > first:
        reason = "应不晚于登记的开始日。"
        raise Refused(f"最后参加组织生活或交纳党费的日期{reason}", {"last_seen_on": reason})
