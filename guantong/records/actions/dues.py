"""Dues: fixing what is owed, registering what was paid, relief. Nothing here acts on arrears."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from guantong import dues as rules
from guantong.periods import add_months, month_of
from guantong.records import access, clock, dues, sealing
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, people, restricted, rows, spans
from guantong.records.models import (
    DuesPayment,
    DuesRate,
    DuesRelief,
    Membership,
    Org,
    Person,
    Restricted,
    User,
)

FIX, RECORD, RELIEVE = restricted.PERMISSION, "dues.record", "dues.relieve"
AHEAD = 3  # months; a quarter may be paid at once
MOST = Decimal(100_000)


# ---------------------------------------------------------------- what is owed


@transaction.atomic
def fix(
    *,
    by: User | None,
    person: Person,
    month: date,
    payer: str,
    wage: str = "",
    amount: Decimal | None = None,
    reason: str = "",
) -> DuesRate:
    """Settle what somebody pays from a month on. `wage` empty: the base that is kept sealed.

    `amount` None: what the rates give. Fixed once a year; anew, or otherwise than computed, with
    a reason.
    """
    access.require_person(by, FIX, person)
    access.require_other(by, person.pk, "本人的党费由别人核定。")
    person, month = rows.locked(person), month.replace(day=1)
    rates = dues.rates()
    if payer not in rates.payers:
        raise Refused("请选择交纳类别。", {"payer": "请选择交纳类别。"})
    spans.require_near(1, month=month)
    sealed = _keep_base(person, wage.strip())
    computed = rules.monthly(rates, payer, _base(person, rates.payers[payer]))
    settled = computed if amount is None else _yuan(amount, "amount")
    earlier = DuesRate.objects.filter(person=person, valid_from__year=month.year)
    again = (
        earlier.filter(valid_from__lte=month).exclude(valid_from=month, amount=settled).exists()
    )
    if (again or settled != computed) and not reason.strip():
        why = "年内重新核定的，请写明原因。" if again else "与按比例算出的不同，请写明原因。"
        raise Refused(f"{person.name}：{why}", {"reason": why})
    told = {"payer": payer, "computed": computed, "amount": settled, "reason": reason.strip()}
    row = DuesRate.objects.filter(person=person, valid_from=month).first()
    if row is None:
        row = rows.insert(DuesRate(person=person, valid_from=month, by=by, at=clock.now(), **told))
        change = rows.Change({}, told)
    else:
        change = rows.change(row, **told)
    events.leave(
        "dues.fixed", row, by=by, org=people.org_of(person), person=person, month=month,
        base="已加密保存" if sealed else "", change=change,
    )  # fmt: skip
    return row


@transaction.atomic
def fix_all(*, by: User | None, entries: Iterable[Mapping[str, Any]]) -> list[DuesRate]:
    """Several people at once, all or none; each leaves its own event."""
    return [fix(by=by, **entry) for entry in entries]


def _keep_base(person: Person, wage: str) -> bool:
    if not wage:
        return False
    if wrong := restricted.odd_wage(wage):
        raise Refused(f"{person.name}的基数：{wrong}", {"wage": wrong})
    row = Restricted.objects.select_for_update().filter(person=person).first()
    row = row or rows.insert(Restricted(person=person))
    sealing.seal(row, "wage", wage)
    row.save(update_fields=["wage"])
    return True


def _base(person: Person, payer: rules.Payer) -> Decimal:
    if payer.fixed is not None:
        return Decimal(0)
    row = Restricted.objects.filter(person=person).first()
    kept = sealing.unseal(row, "wage") if row else ""
    if not kept:
        raise Refused(
            f"{person.name}还没有党费计算基数，请填写基数。", {"wage": "还没有登记基数，请填写。"}
        )
    return Decimal(kept)


def _yuan(amount: Decimal, field: str) -> Decimal:
    right = amount.is_finite() and 0 <= amount <= MOST and amount == round(amount, 2)
    if not right:
        raise Refused(
            f"{amount} 不是合适的金额，请写元数，最多两位小数。",
            {field: "请写元数，最多两位小数。"},
        )
    return round(amount, 2)


# ---------------------------------------------------------------- what was paid


@dataclass(frozen=True)
class Paid:
    """What somebody paid for a month. `was`: as the user saw it; `now` None: nothing."""

    person: int
    was: Decimal | None
    now: Decimal | None


@transaction.atomic
def register(
    *, by: User | None, org: Org, month: date, paid_on: date, entries: Iterable[Paid]
) -> int:
    """Register a month of a branch in one go; return how many entries changed. One event."""
    access.require(by, RECORD, org)
    month = month.replace(day=1)
    spans.require_come(paid_on=paid_on)
    if month >= add_months(month_of(clock.today()).start, AHEAD):
        raise Refused(f"{month:%Y-%m} 太早，最多预交一个季度。", {"month": "最多预交一个季度。"})
    rows.locked(org)
    members = {line.person.pk: line.person for line in dues.lines([org.pk], [month])}
    kept = {row.person_id: row for row in _payments(members, month)}
    changed = [one for one in entries if one.was != one.now]
    if strange := [one for one in changed if one.person not in members]:
        raise Refused(f"名单里有 {len(strange)} 人这个月不在“{org.short_name}”，请刷新后重填。")
    told = [
        _put(by, members[one.person], org, month, paid_on, one, kept.get(one.person))
        for one in changed
    ]
    if told:
        events.leave("dues.registered", org, by=by, org=org, month=month, on=paid_on, entries=told)
    return len(told)


def _payments(people_: Iterable[int], month: date) -> list[DuesPayment]:
    found = DuesPayment.objects.select_for_update().filter(person__in=list(people_), month=month)
    return list(found)


def _put(
    by: User | None, person: Person, org: Org, month: date, paid_on: date, one: Paid,
    row: DuesPayment | None,
) -> list[object]:  # fmt: skip
    before = row.amount if row else None
    if before != one.was:
        raise Conflict(f"{person.name}这个月的党费刚刚有人登记过，请刷新后核对。")
    now = _yuan(one.now, "amount") if one.now is not None else None
    if not now:
        if row:
            row.delete()
    elif row:
        rows.change(row, amount=now, paid_on=paid_on, org=org)
    else:
        rows.insert(
            DuesPayment(
                person=person, org=org, month=month, amount=now, paid_on=paid_on,
                recorded_at=clock.now(), by=by,
            )
        )  # fmt: skip
    return [person.pk, before, now]


# ---------------------------------------------------------------- relief


@transaction.atomic
def relieve(
    *,
    by: User | None,
    person: Person,
    first: date,
    last: date,
    pays: Decimal,
    reason: str,
    approval: str,
) -> DuesRelief:
    """Note that less is paid from a month to a month, both included, as was decided."""
    access.require_person(by, RELIEVE, person)
    access.require_other(by, person.pk, "本人的减免由别人登记。")
    person = rows.locked(person)
    first, end = first.replace(day=1), month_of(last).end
    if end <= first:
        raise Refused("减免到的月份应不早于开始的月份。", {"last": "应不早于开始的月份。"})
    if end > add_months(first, 12):
        raise Refused("减免一次最长一年，到期重新研究。", {"last": "一次最长一年。"})
    if not Membership.objects.on(clock.today()).of_members().filter(person=person).exists():
        raise Refused(f"{person.name}现在不是党员，不用减免。")
    pays = _yuan(pays, "pays")
    due = dues.due_per_month(person, first)
    if due is not None and pays >= due:
        raise Refused(f"现在每月交 {due} 元，减免后应更少。", {"pays": "应少于核定的金额。"})
    if person.dues_reliefs.meeting(first, end).exists():
        raise Refused("这段时间已有减免，请先结束原来的。", {"first": "与已有的减免重叠。"})
    row = rows.insert(
        DuesRelief(
            person=person, valid_from=first, valid_to=end, pays=pays,
            reason=events.reasoned(reason), approval=approval.strip(),
        )
    )  # fmt: skip
    told = {name: getattr(row, name) for name in ("valid_from", "valid_to", "pays", "approval")}
    events.leave("dues.relieved", row, by=by, org=people.org_of(person), person=person, after=told)
    return row


@transaction.atomic
def end_relief(*, by: User | None, relief: DuesRelief, month: date) -> DuesRelief:
    """From a month on the full sum is owed again. From its first month on: it was a mistake."""
    relief = rows.locked(relief)
    access.require_person(by, RELIEVE, relief.person)
    access.require_other(by, relief.person_id, "本人的减免由别人登记。")
    month = month.replace(day=1)
    if relief.valid_to is not None and relief.valid_to <= month:
        raise Refused(f"减免已于 {relief.valid_to} 结束。")
    if month <= relief.valid_from:
        told = {"valid_from": relief.valid_from, "pays": relief.pays, "approval": relief.approval}
        events.leave(
            "dues.relief_struck", relief, by=by, org=people.org_of(relief.person),
            person=relief.person, before=told,
        )  # fmt: skip
        relief.delete()
        return relief
    change = spans.end(relief, month)
    events.leave(
        "dues.relief_ended", relief, by=by, org=people.org_of(relief.person),
        person=relief.person, change=change,
    )  # fmt: skip
    return relief
