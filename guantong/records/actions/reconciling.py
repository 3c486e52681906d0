"""Comparing with another system's list, deciding who is right, and handing out what it takes.

A difference stays decided as long as neither side changes; only then is it open again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import batched
from typing import Any

from django.db import transaction

from guantong.records import access, clock, sealing
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, jobs, memberships, people, rows
from guantong.records.actions.imports import FEW, working
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import RollRow
from guantong.records.models import Discrepancy, Org, Person, Reconciliation, User
from guantong.records.reconciling import (
    PERMISSION,
    PLAIN,
    PRESENCE,
    TITLES,
    Comparing,
    Found,
)

DECISIONS = {"ours": "我方为准", "theirs": "对方为准", "later": "以后再定"}
STATES = {"open": "待处理", **DECISIONS, "gone": "已一致"}
AGAIN = "上次定为“{}”，之后有变动"


@dataclass(frozen=True)
class Export:
    """A list of another system: which, the file's name, the day that it shows, the rows."""

    system: str
    file_name: str
    exported_on: date
    rows: Sequence[RollRow]


def compare(*, by: User | None, export: Export, wait: bool = True) -> None:
    """Keep where their list and ours differ now.

    `wait` False: where there are many rows, they are compared beside the request.
    """
    if by is not None and not access.orgs(by, PERMISSION).exists():
        access.require(by, PERMISSION, None)
    require_day(export.exported_on)
    if jobs.running(job(by)):
        raise Conflict("上一份文件还在比对，请等它完成再载入。")
    if not wait and len(export.rows) > FEW:
        jobs.start(job(by), lambda: _steps(by, export))
        return
    with transaction.atomic():
        for step in _steps(by, export):
            step()


def require_day(exported_on: date) -> None:
    """Refuse a day that no list of our members can show."""
    first = Org.objects.order_by("valid_from").values_list("valid_from", flat=True).first()
    if exported_on > clock.today():
        raise Refused("导出日期在今天之后，请改。", {"exported_on": "在今天之后。"})
    if first and exported_on < first:
        why = f"导出日期早于学校党组织成立的 {first}，请核对年份。"
        raise Refused(why, {"exported_on": why})


def job(by: User | None) -> str:
    """The kind of the work that compares a user's file."""
    return f"reconcile:{by.pk if by else 0}"


def _steps(by: User | None, export: Export) -> jobs.Steps:
    """So many rows each, then what they came to is kept."""
    comparing = Comparing(export.rows, by=by, on=export.exported_on)
    some = batched(export.rows, working.AT_ONCE, strict=False)
    return [*(partial(comparing.take, one) for one in some), lambda: _end(by, export, comparing)]


@transaction.atomic
def _end(by: User | None, export: Export, comparing: Comparing) -> None:
    compared, system = comparing.compared(), export.system
    run = rows.insert(
        Reconciliation(
            system=system, file_name=export.file_name[-200:], exported_on=export.exported_on,
            org=working.highest_with(by, PERMISSION), by=by, loaded_at=clock.now(),
            rows=len(export.rows), unread=[list(one) for one in compared.unread],
        )
    )  # fmt: skip
    _keep(run, compared.found)
    standing = Discrepancy.objects.filter(system=system).exclude(seen=run).exclude(state="gone")
    gone = list(in_chunks(standing, "org", compared.branches))
    for row in gone:
        row.state = "gone"
    rows.put(gone, ["state"])
    events.leave(
        "reconciled", run, by=by, org=run.org, system=system, file_name=export.file_name,
        exported_on=export.exported_on, differences=len(compared.found), gone=len(gone),
    )  # fmt: skip


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
