"""Spreadsheets into the records: preview, exclude rows, confirm, undo, discard.

A preview writes nothing but itself. Confirming decides every row anew in its own transaction and
refuses if that comes out otherwise than was shown; then it writes all rows or none, with one
event and one refresh of the ledger. Undoing takes back exactly what confirming wrote, and refuses
if any of it has been changed since.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from guantong.records import access, catalogue, clock
from guantong.records.access import Conflict, Forbidden, Refused
from guantong.records.actions import events, ledger, rows
from guantong.records.actions.imports import traces, writing
from guantong.records.actions.traces import touch_as_json
from guantong.records.imports import activities, roll, stored
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import ACTIVITIES, ROLL, AnyParsed, Outcome
from guantong.records.models import ImportBatch, Org, School, User

PERMISSIONS = {ROLL: roll.PERMISSION, ACTIVITIES: activities.PERMISSION}
STATES = {"preview": "待确认", "confirmed": "已导入", "undone": "已撤回", "discarded": "已放弃"}
OUT_OF_DATE = "预览之后系统中的记录有变动。请点“重新核对”，看过新的结果再确认。"
SHOWN = 10


def decide(*, by: User | None, parsed: AnyParsed, as_of: date | None = None) -> list[Decision]:
    """What the file would do, without keeping anything."""
    _require_any(by, parsed.kind)
    as_of = _day(as_of)
    return _decided(parsed.kind, parsed.rows, by=by, as_of=as_of, file_name=parsed.file_name)


@transaction.atomic
def preview(*, by: User | None, parsed: AnyParsed, as_of: date | None = None) -> ImportBatch:
    """Keep what the file would do until it is confirmed or discarded."""
    decisions = decide(by=by, parsed=parsed, as_of=as_of)
    batch = rows.insert(
        ImportBatch(
            kind=parsed.kind,
            file_name=parsed.file_name,
            sha256=parsed.sha256,
            org=_scope(by, parsed.kind, decisions),
            by=by,
            made_at=clock.now(),
            reading={
                "columns": {field: astuple(place) for field, place in parsed.columns.items()},
                "notes": [*parsed.notes, *_seen_before(by, parsed)],
                "as_of": str(_day(as_of)),
            },
        )
    )
    waiting = [stored.waiting(row, batch_id=batch.pk) for row in parsed.rows]
    _keep(batch, [stored.with_decision(*pair) for pair in zip(waiting, decisions, strict=True)])
    _tell("import.previewed", batch, by)
    return batch


@transaction.atomic
def exclude_rows(*, by: User | None, batch: ImportBatch, lines: Collection[int]) -> ImportBatch:
    """Leave exactly these rows out (none: take all in again), and decide the others anew."""
    batch = _waiting(by, batch)
    lines = set(lines)
    if unknown := lines - {row["line"] for row in batch.rows}:
        raise Refused(f"文件里没有第 {min(unknown)} 行。")
    marked = [{**row, "excluded": row["line"] in lines} for row in batch.rows]
    _decide_again(batch, marked, by)
    _tell("import.rows_excluded", batch, by, lines=sorted(lines))
    return batch


@transaction.atomic
def recheck(*, by: User | None, batch: ImportBatch) -> ImportBatch:
    """Decide every row anew, by the records as they are now."""
    batch = _waiting(by, batch)
    _decide_again(batch, batch.rows, by)
    _tell("import.rechecked", batch, by)
    return batch


def confirm(*, by: User | None, batch: ImportBatch) -> ImportBatch:
    """Write all rows that are not excluded, or none."""
    try:
        with transaction.atomic():
            return _confirm(by, batch)
    except IntegrityError:  # somebody wrote the same person a moment before
        raise Conflict(OUT_OF_DATE) from None


def _confirm(by: User | None, batch: ImportBatch) -> ImportBatch:
    School.objects.select_for_update().get()  # one file at a time: two could hold one person
    batch = _waiting(by, batch)
    decisions = _fresh(batch, batch.rows, by)
    kept = [row for row in batch.rows if not row["excluded"]]
    if any(_differs(decision, row) for decision, row in zip(decisions, kept, strict=True)):
        raise Conflict(OUT_OF_DATE)
    if problems := [d.line for d in decisions if d.outcome == Outcome.PROBLEM]:
        lines = "、".join(str(line) for line in problems[:SHOWN])
        more = " 等" if len(problems) > SHOWN else ""
        raise Refused(
            f"有 {len(problems)} 行有问题（第 {lines}{more} 行）。"
            "请改好文件重新上传，或排除这些行。"
        )
    work = [d for d in decisions if d.work is not None]
    if not work:
        raise Refused("没有要写入的内容：各行都与系统一致。")
    made, touch = writing.write(batch, work, by)
    rows.change(
        batch,
        state="confirmed",
        confirmed_at=clock.now(),
        made=made,
        rows=stored.thinned(batch.rows),
        reading={**batch.reading, "touch": touch_as_json(touch)},
    )
    _tell("import.confirmed", batch, by)
    ledger.refresh(touch)
    return batch


@transaction.atomic
def undo(*, by: User | None, batch: ImportBatch) -> ImportBatch:
    """Take back what the batch wrote, if nothing of it has been changed since."""
    batch = rows.locked(batch)
    _require(by, batch)
    if batch.state != "confirmed":
        raise Conflict(f"这一批{STATES[batch.state]}，没有可撤回的内容。")
    traces.undo(batch)
    rows.change(batch, state="undone", undone_at=clock.now(), made=[])
    _tell("import.undone", batch, by)
    return batch


@transaction.atomic
def discard(*, by: User | None, batch: ImportBatch) -> ImportBatch:
    """Give a preview up; what was in the file goes."""
    batch = _waiting(by, batch)
    rows.change(batch, state="discarded", rows=[])
    _tell("import.discarded", batch, by)
    return batch


# What may not be


def _require_any(by: User | None, kind: str) -> None:
    permission = PERMISSIONS[kind]
    if by is not None and not access.orgs(by, permission).exists():
        title = catalogue.roles().titles[permission]
        raise Forbidden(f"您没有“{title}”的权限。需要时请联系上级党组织或学校党委组织部。")


def _require(by: User | None, batch: ImportBatch) -> None:
    access.require(by, PERMISSIONS[batch.kind], batch.org)


def _waiting(by: User | None, batch: ImportBatch) -> ImportBatch:
    batch = rows.locked(batch)
    _require(by, batch)
    if batch.state != "preview":
        raise Conflict(f"这一批{STATES[batch.state]}，不能再改。")
    return batch


def _day(as_of: date | None) -> date:
    today = clock.today()
    if as_of and as_of > today:
        raise Refused(f"名册日期 {as_of} 在今天（{today}）之后，请改。", {"as_of": "在今天之后。"})
    return as_of or today


# What is decided


def _decided(
    kind: str,
    found: Sequence[Any],
    *,
    by: User | None,
    as_of: date,
    file_name: str,
) -> list[Decision]:
    if kind == ROLL:
        return roll.decide(found, by=by, as_of=as_of)
    return activities.decide(found, by=by, file_name=file_name)


def _fresh(batch: ImportBatch, kept: Sequence[stored.Json], by: User | None) -> list[Decision]:
    """Decisions for the rows that are not excluded."""
    return _decided(
        batch.kind,
        [
            stored.row_of(row, kind=batch.kind, batch_id=batch.pk)
            for row in kept
            if not row["excluded"]
        ],
        by=by,
        as_of=date.fromisoformat(batch.reading["as_of"]),
        file_name=batch.file_name,
    )


def _decide_again(batch: ImportBatch, marked: list[stored.Json], by: User | None) -> None:
    decisions = {decision.line: decision for decision in _fresh(batch, marked, by)}
    _keep(batch, [stored.with_decision(row, decisions.get(row["line"])) for row in marked])


def _differs(decision: Decision, row: stored.Json) -> bool:
    told = stored.told(decision)
    return any(told[name] != row.get(name) for name in told)


def _keep(batch: ImportBatch, found: list[stored.Json]) -> None:
    reading = {**batch.reading, "counts": stored.counts(found)}
    rows.change(batch, rows=found, reading=reading)


def _scope(by: User | None, kind: str, decisions: Sequence[Decision]) -> Org | None:
    """The lowest organisation above all rows: who may import there sees the batch."""
    ids = {pk for decision in decisions for pk in decision.org_ids}
    lineages = [org.lineage() for org in Org.objects.filter(pk__in=ids)]
    shared = [steps[0] for steps in zip(*lineages, strict=False) if len(set(steps)) == 1]
    if shared:
        org = Org.objects.get(pk=shared[-1])
        if access.check(by, PERMISSIONS[kind], org):
            raise Forbidden(
                "表中的党组织分属几个单位，您没有它们共同上级的导入权限。请按单位分成几个文件。"
            )
        return org
    if by is None or access.reach(by, PERMISSIONS[kind]).whole:
        return None
    return access.orgs(by, PERMISSIONS[kind]).order_by("path").first()


def _seen_before(by: User | None, parsed: AnyParsed) -> list[str]:
    same = ImportBatch.objects.filter(kind=parsed.kind, sha256=parsed.sha256)
    if by is not None:
        same = same & access.batches(by)
    earlier = same.filter(state__in=["preview", "confirmed"]).order_by("-made_at").first()
    if earlier is None:
        return []
    day = f"{earlier.made_at:%Y-%m-%d}"
    return [f"同一个文件 {day} 上传过（第 {earlier.pk} 批，{STATES[earlier.state]}）。"]


def _tell(verb: str, batch: ImportBatch, by: User | None, **more: Any) -> None:
    events.leave(
        verb,
        batch,
        by=by,
        org=batch.org,
        kind=batch.kind,
        file_name=batch.file_name,
        sha256=batch.sha256,
        counts=batch.reading["counts"],
        **more,
    )
