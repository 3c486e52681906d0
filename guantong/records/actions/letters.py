"""Letters that take a membership elsewhere: issued, received, returned.

The sender stays responsible until the receipt; only then the membership ends.
"""

from datetime import date

from django.db import transaction

from guantong.records import access, registers
from guantong.records.access import Refused
from guantong.records.actions import events, memberships, people, rows, spans
from guantong.records.models import Person, TransferLetter, User

PERMISSION = "member.edit"


@transaction.atomic
def issue(
    *,
    by: User | None,
    person: Person,
    number: str,
    heading: str,
    to_unit: str,
    issued_on: date,
    valid_days: int,
    dues_until: date,
) -> TransferLetter:
    """Issue a letter that would not bounce."""
    access.require_person(by, PERMISSION, person)
    person = rows.locked(person)
    spans.require_come(issued_on=issued_on)
    if TransferLetter.objects.filter(number=number.strip()).exists():
        raise Refused("这个编号已经用过。", {"number": "这个编号已经用过。"})
    if person.transfer_letters.filter(received_on=None, returned_on=None).exists():
        raise Refused(f"{person.name}有一份介绍信还没有回执，不能再开。")
    found = registers.bounces(
        person, heading=heading, valid_days=valid_days, dues_until=dues_until, on=issued_on
    )
    if found:
        raise Refused("这样开出去会被退回：\n" + "\n".join(f"{text}。" for text in found))
    letter = rows.insert(
        TransferLetter(
            person=person, number=number.strip(), heading=heading.strip(),
            to_unit=to_unit.strip(), issued_on=issued_on, valid_days=valid_days,
            dues_until=dues_until.replace(day=1),
        )
    )  # fmt: skip
    names = ("number", "heading", "to_unit", "issued_on", "valid_days", "dues_until")
    told = {name: getattr(letter, name) for name in names}
    events.leave(
        "letter.issued", letter, by=by, org=people.org_of(person), person=person, after=told
    )
    return letter


@transaction.atomic
def receive(*, by: User | None, letter: TransferLetter, on: date) -> TransferLetter:
    """The receipt has come: from its day on the member belongs elsewhere."""
    letter = _under_way(by, letter)
    if on < letter.issued_on:
        reason = f"回执应不早于开具日期 {letter.issued_on}。"
        raise Refused(reason, {"on": reason})
    memberships.leave(
        by=by, person=letter.person, on=on, departure="transferred_out", letter=letter,
        reason=f"介绍信 {letter.number}，{letter.to_unit}",
    )  # fmt: skip
    return letter


@transaction.atomic
def send_back(*, by: User | None, letter: TransferLetter, on: date, reason: str) -> TransferLetter:
    """The letter came back; the member stays here until another one is received."""
    letter = _under_way(by, letter)
    spans.require_come(on=on)
    if not reason.strip():
        raise Refused("请写明退回原因。", {"reason": "请写明退回原因。"})
    change = rows.change(letter, returned_on=on, returned_reason=reason.strip())
    events.leave(
        "letter.returned", letter, by=by, org=people.org_of(letter.person), person=letter.person,
        change=change,
    )  # fmt: skip
    return letter


@transaction.atomic
def drop(*, by: User | None, letter: TransferLetter, on: date, reason: str) -> TransferLetter:
    """The member stays after all: one under way is taken back, none is issued anew."""
    letter = rows.locked(letter)
    access.require_person(by, PERMISSION, letter.person)
    if letter.received_on or letter.stays:
        raise Refused("这份介绍信已经办结。")
    spans.require_come(on=on)
    reason = events.reasoned(reason)
    back = {} if letter.returned_on else {"returned_on": on, "returned_reason": reason}
    change = rows.change(letter, stays=True, **back)
    events.leave(
        "letter.dropped", letter, by=by, org=people.org_of(letter.person), person=letter.person,
        reason=reason, change=change,
    )  # fmt: skip
    return letter


def _under_way(by: User | None, letter: TransferLetter) -> TransferLetter:
    letter = rows.locked(letter)
    access.require_person(by, PERMISSION, letter.person)
    if letter.received_on or letter.returned_on:
        raise Refused("这份介绍信已经办结。")
    return letter
