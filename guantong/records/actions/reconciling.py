"""Comparing with another system's list, deciding who is right, and handing out what it takes.

A difference stays decided as long as neither side changes; only then is it open again.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from guantong.records import access, clock, reconciling, sealing
from guantong.records.access import Refused
from guantong.records.actions import events, memberships, people, rows
from guantong.records.actions.imports import working
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import RollRow
from guantong.records.models import Discrepancy, Org, Person, Reconciliation, User
from guantong.records.reconciling import PERMISSION, PLAIN, PRESENCE, TITLES, Found

DECISIONS = {"ours": "我方为准", "theirs": "对方为准", "later": "以后再定"}
STATES = {"open": "待处理", **DECISIONS, "gone": "已一致"}
AGAIN = "上次定为“{}”，之后有变动"


@transaction.atomic
def compare(
    *,
    by: User | None,
    system: str,
    file_name: str,
    found: Sequence[RollRow],
    exported_on: date,
) -> Reconciliation:
    """Keep where their list and ours differ now."""
    if by is not None and not access.orgs(by, PERMISSION).exists():
        access.require(by, PERMISSION, None)
    if exported_on > clock.today():
        raise Refused("导出日期在今天之后，请改。", {"exported_on": "在今天之后。"})
    compared = reconciling.compare(found, by=by, on=exported_on)
    run = rows.insert(
        Reconciliation(
            system=system, file_name=file_name[-200:], exported_on=exported_on,
            org=working.highest_with(by, PERMISSION), by=by, loaded_at=clock.now(),
            rows=len(found), unread=[list(one) for one in compared.unread],
        )
    )  # fmt: skip
    _keep(run, compared.found)
    standing = Discrepancy.objects.filter(system=system).exclude(seen=run).exclude(state="gone")
    gone = list(in_chunks(standing, "org", compared.branches))
    for row in gone:
        row.state = "gone"
    rows.put(gone, ["state"])
    events.leave(
        "reconciled", run, by=by, org=run.org, system=system, file_name=file_name,
        exported_on=exported_on, differences=len(compared.found), gone=len(gone),
    )  # fmt: skip
    return run


def _keep(run: Reconciliation, found: Sequence[Found]) -> None:
    keys = {one.key for one in found}
    known = {
        (row.key, row.field): row
        for row in in_chunks(Discrepancy.objects.filter(system=run.system), "key", keys)
    }
    kept = [_kept(run, one, known.get((one.key, one.field))) for one in found]
    new = [row for row in kept if row.pk is None]
    Discrepancy.objects.bulk_create(new, batch_size=rows.AT_ONCE)
    for row, one in zip(kept, found, strict=True):
        row.value = _sealed(row, one.value)
    rows.put(kept, [f.name for f in Discrepancy._meta.concrete_fields if not f.primary_key])


def _kept(run: Reconciliation, one: Found, known: Discrepancy | None) -> Discrepancy:
    row = known or Discrepancy(system=run.system, key=one.key, field=one.field)
    changed = row.digest != one.digest or row.state == "gone"
    cause = one.cause
    if known and changed and row.state in DECISIONS:
        cause = "；".join(filter(None, [AGAIN.format(DECISIONS[row.state]), cause]))
    row.person_id, row.named, row.org_id = one.person_id, one.named, one.org_id
    row.theirs, row.ours, row.digest, row.since = one.theirs, one.ours, one.digest, one.since
    row.seen = run
    if changed or known is None:
        row.cause, row.state, row.note = cause[:300], "open", ""
        row.decided_by = row.decided_at = None
    return row


def _sealed(row: Discrepancy, value: str) -> str:
    if row.field not in sealing.ON_ROLL:
        return value
    return sealing.seal_text(value, place=f"discrepancy:{row.pk}")


@transaction.atomic
def decide(
    *,
    by: User,
    differences: Collection[Discrepancy],
    decision: str,
    note: str = "",
    on: date | None = None,
) -> int:
    """Decide some differences alike; return how many. Theirs is written by the usual actions.

    `on`: from which day, where theirs is another branch or status.
    """
    if decision not in DECISIONS:
        raise Refused("请选我方为准、对方为准或以后再定。")
    if decision == "later" and not note.strip():
        raise Refused("以后再定的请写明等什么。", {"note": "请写明等什么。"})
    if not differences:
        raise Refused("没有选中要处理的差异。请先勾选。")
    for one in differences:
        row = rows.locked(one)
        access.require(by, PERMISSION, row.org)
        if row.state == "gone":
            raise Refused(f"{row.named}：{TITLES[row.field]}已经一致，不用再定。")
        if decision == "theirs":
            _follow(by, row, on or clock.today())
        change = rows.change(
            row, state=decision, note=note.strip(), decided_by=by, decided_at=clock.now()
        )
        events.leave(
            "discrepancy.decided", row, by=by, org=row.org, person=row.person, field=row.field,
            decision=decision, note=note.strip(), before={"state": change.before.get("state")},
        )  # fmt: skip
    return len(differences)


def _follow(by: User, row: Discrepancy, on: date) -> None:
    """Write what they have, as if it had been typed on the member's page."""
    if row.field == PRESENCE or row.person is None:
        raise Refused(
            f"{row.named}：登记或离开要在党员页办理（名册可以导入），办好后再比对一次就会一致。"
        )
    person = row.person
    match row.field:
        case "org":
            to = Org.objects.get(pk=int(row.value))
            memberships.transfer_within(by=by, person=person, to=to, on=on)
        case "status" if row.value == "full":
            memberships.become_full(by=by, person=person, on=on)
        case "status":
            raise Refused(f"{row.named}：这种类别变动请在党员页办理。")
        case _:
            people.correct(by=by, person=person, **{row.field: _value(row)})


def _value(row: Discrepancy) -> Any:
    if row.field in sealing.ON_ROLL:
        return sealing.unseal_text(row.value, place=f"discrepancy:{row.pk}")
    return date.fromisoformat(row.value) if row.field in PLAIN[2:] else row.value


@transaction.atomic
def hand_out(
    *, by: User, differences: Collection[Discrepancy], reason: str
) -> list[tuple[Person, dict[str, str], list[str]]]:
    """Whom the other system has to put right: the person, what is sealed in clear, which items.

    Only those decided as ours; the file leaves the house, so it takes a reason and an event.
    """
    reason = events.reasoned(reason)
    named: dict[int, list[str]] = {}
    for one in differences:
        if one.person_id and one.state == "ours":
            named.setdefault(one.person_id, []).append(TITLES[one.field])
    found = list(in_chunks(access.people(by, "member.sealed"), "pk", named))
    if not found:
        raise Refused("还没有定为“我方为准”的差异，没有要对方更正的。")
    told = [
        (p, {name: sealing.unseal(p, name) for name in sealing.ON_ROLL}, named[p.pk])
        for p in sorted(found, key=lambda p: (p.pinyin, p.pk))
    ]
    for person, *_ in told:
        events.leave(
            "person.revealed", person, by=by, org=people.org_of(person), field="id_number",
            reason=f"导出更正表：{reason}",
        )  # fmt: skip
    return told
