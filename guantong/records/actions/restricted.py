"""What few may know of a person: kept by those who need it, opened with a reason."""

from decimal import Decimal, InvalidOperation

from django.db import transaction

from guantong.records import access, sealing
from guantong.records.access import Refused
from guantong.records.actions import events, people, rows
from guantong.records.models import Person, Restricted, User

PERMISSION = "member.restricted"
LONGEST = 500
LABELS = {field.name: str(field.verbose_name) for field in Restricted._meta.concrete_fields}


@transaction.atomic
def record(*, by: User | None, person: Person, **given: str | None) -> Restricted:
    """Set some fields (wage, hardship, political_review); None or nothing empties one."""
    access.require_person(by, PERMISSION, person)
    access.require_other(by, person.pk, "本人的这些信息要由别人登记。")
    assert given.keys() <= set(sealing.RESTRICTED), given.keys()
    person = rows.locked(person)
    tidy = {name: (text or "").strip() for name, text in given.items()}
    _refuse(tidy)
    row = Restricted.objects.select_for_update().filter(person=person).first()
    row = row or rows.insert(Restricted(person=person))
    changed = [name for name, text in tidy.items() if text != sealing.unseal(row, name)]
    for name in changed:
        sealing.seal(row, name, tidy[name])
    if changed:
        row.save(update_fields=changed)
        told = {name: "已加密保存" if tidy[name] else "已清空" for name in changed}
        events.leave(
            "restricted.recorded", row, by=by, org=people.org_of(person), person=person, after=told
        )
    return row


def _refuse(given: dict[str, str]) -> None:
    found = {
        name: f"最多 {LONGEST} 个字，请删短。"
        for name, text in given.items()
        if len(text) > LONGEST
    }
    if given.get("wage") and (wrong := odd_wage(given["wage"])):
        found["wage"] = wrong
    if found:
        raise Refused.about(found, LABELS)


def odd_wage(text: str) -> str:
    try:
        wage = Decimal(text)
    except InvalidOperation:
        return "请填数字，如 5200 或 5200.50。"
    right = (
        wage.is_finite()
        and 0 <= wage < 10**7
        and wage == round(wage, 2)
        and "E" not in text.upper()
    )
    return "" if right else "请填每月的元数，最多两位小数。"
