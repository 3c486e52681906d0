"""Spreadsheets into the records: preview, choose rows, confirm, undo, discard.

A preview writes nothing but itself. Confirming decides every row anew in its own transaction and
refuses if that comes out otherwise than was shown; then it writes all chosen rows or none, with
one event and one refresh of the ledger. Undoing takes back exactly what confirming wrote, and
refuses if any of it has been changed since. A file of many rows is worked out, and written, beside
the request (`wait=False`), as work that can be watched and left.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass
from datetime import date
from functools import partial
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from guantong.records import access, catalogue, clock, sealing
from guantong.records.access import Conflict, Forbidden, Refused
from guantong.records.actions import jobs, ledger, rows
from guantong.records.actions.imports import traces, working, writing
from guantong.records.actions.traces import touch_as_json
from guantong.records.imports import stored
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import STUCK, AnyParsed, Parsed
from guantong.records.models import ImportBatch, ImportSource, School, User
from guantong.records.models.batch import permission as permission_for

COLUMNS, READING, WRITING, UNDOING = "columns", "reading", "writing", "undoing"
STATES = {
    COLUMNS: "待选列",
    READING: "正在核对",
    "preview": "待确认",
    WRITING: "正在写入",
    "confirmed": "已导入",
    UNDOING: "正在撤回",
    "undone": "已撤回",
    "discarded": "已放弃",
}
OUT_OF_DATE = "预览之后系统中的记录有变动。请点“重新核对”，看过新的结果再确认。"
SHOWN = 10
FEW = 2000  # so many are worked out while one waits


@dataclass(frozen=True)
class Upload:
    """The file itself, and where it comes from."""

    content: bytes
    source: ImportSource | None = None


def decide(*, by: User | None, parsed: AnyParsed, as_of: date | None = None) -> list[Decision]:
    """What the file would do, without keeping anything."""
    _require_any(by, parsed.kind)
    return list(working.decided(_described(by, parsed, _day(as_of)), parsed.rows, by))


def preview(
    *,
    by: User | None,
    parsed: AnyParsed,
    as_of: date | None = None,
    upload: Upload | None = None,
    wait: bool = True,
) -> ImportBatch:
    """Keep what the file would do until it is confirmed or discarded.

    `wait` False: where there are many rows, they are worked out beside the request.
    """
    _require_any(by, parsed.kind)
    with transaction.atomic():
        batch = rows.insert(_described(by, parsed, _day(as_of)))
        if upload:
            _keep_upload(batch, upload)
        steps = partial(working.first, batch.pk, parsed.rows, by)
        wait = wait or len(parsed.rows) <= FEW
        if wait:
            _take(steps)
    return _watched(batch, None if wait else steps)


@transaction.atomic
def receive(
    *,
    by: User | None,
    kind: str,
    file_name: str,
    upload: Upload,
    as_of: date | None = None,
    why: str = "",
    source_name: str = "",
) -> ImportBatch:
    """Keep a file, sealed, of which somebody has yet to say which column holds what.

    `why` it cannot be read by itself; `source_name`: how its source is to be called.
    """
    _require_any(by, kind)
    digest = hashlib.sha256(upload.content).hexdigest()
    parsed: AnyParsed = Parsed(kind, file_name[-200:], digest, {}, (), ())
    batch = _described(by, parsed, _day(as_of))
    batch.state = COLUMNS
    batch.reading |= {"why": why, "source_name": source_name}
    batch = rows.insert(batch)
    _keep_upload(batch, upload)
    working.tell("import.received", batch, by)
    return batch


def uploaded(*, by: User | None, batch: ImportBatch) -> bytes:
    """The file of a batch that is not decided yet; refuses where it is gone."""
    _require(by, batch)
    if batch.state not in (COLUMNS, "preview") or batch.upload is None:
        raise Conflict("这个文件没有保留，请重新上传。")
    return sealing.unseal_file(bytes(batch.upload), place=job(batch))


def read_again(
    *, by: User | None, batch: ImportBatch, parsed: AnyParsed, source: ImportSource | None
) -> ImportBatch:
    """Preview the file of a batch anew, read by other columns."""
    with transaction.atomic():
        batch = _waiting(by, batch, COLUMNS)
        assert parsed.sha256 == batch.sha256, "the same file"
        batch.rows.all().delete()
        as_of = date.fromisoformat(batch.reading["as_of"])
        reading = _reading(by, parsed, as_of, batch)
        rows.change(batch, state=READING, source=source, reading=reading)
        steps = partial(working.first, batch.pk, parsed.rows, by)
        wait = len(parsed.rows) <= FEW
        if wait:
            _take(steps)
    return _watched(batch, None if wait else steps)


def _keep_upload(batch: ImportBatch, upload: Upload) -> None:
    sealed = sealing.seal_file(upload.content, place=job(batch))
    rows.change(batch, upload=sealed, source=upload.source)


def exclude_rows(
    *, by: User | None, batch: ImportBatch, rows: Q, excluded: bool = True, wait: bool = True
) -> ImportBatch:
    """Leave out the rows of the file that meet a condition, or take them in again.

    The others are decided anew where that can make a difference to them.
    """

    def change(batch: ImportBatch) -> bool:
        meant = batch.rows.filter(rows, excluded=not excluded).exclude(line=None)
        chosen = dict(meant.order_by("line").values_list("line", "pk"))
        if not chosen:
            raise Refused("没有选中要改的行。请先勾选。")
        doubles = batch.rows.exclude(double_of=None).values_list("double_of", flat=True)
        for some in batched(chosen.values(), working.AT_ONCE, strict=False):
            batch.rows.filter(pk__in=some).update(excluded=excluded)
        working.recount(batch)
        verb = "import.rows_excluded" if excluded else "import.rows_included"
        working.tell(verb, batch, by, lines=list(chosen))
        return not excluded or bool(chosen.keys() & set(doubles))

    return _changed(by, batch, change, wait=wait)


def leave_out(
    *, by: User | None, batch: ImportBatch, kinds: Collection[str], wait: bool = True
) -> ImportBatch:
    """Change nothing of these kinds (none: change everything) of what is on record."""

    def change(batch: ImportBatch) -> bool:
        known = {field for field, _ in batch.reading["kinds"]}
        if unknown := sorted(set(kinds) - known):
            raise Refused(f"这份文件里没有“{unknown[0]}”这种差异。")
        rows.change(batch, reading={**batch.reading, "left_out": sorted(kinds)})
        working.tell("import.differences_left_out", batch, by, left_out=sorted(kinds))
        return True

    return _changed(by, batch, change, wait=wait)


def recheck(*, by: User | None, batch: ImportBatch, wait: bool = True) -> ImportBatch:
    """Decide every row anew, by the records as they are now."""

    def change(batch: ImportBatch) -> bool:
        working.tell("import.rechecked", batch, by)
        return True

    return _changed(by, batch, change, wait=wait)


def _changed(
    by: User | None, batch: ImportBatch, change: Callable[[ImportBatch], bool], *, wait: bool
) -> ImportBatch:
    """Change a batch that waits; where it says so, decide its rows anew."""
    with transaction.atomic():
        batch = _read(by, batch)
        anew = change(batch)
        steps = partial(working.anew, batch.pk, by)
        wait = wait or batch.rows.count() <= FEW
        if anew:
            rows.change(batch, state=READING)
        if anew and wait:
            _take(steps)
    return _watched(batch, steps if anew and not wait else None)


def confirm(*, by: User | None, batch: ImportBatch, wait: bool = True) -> ImportBatch:
    """Write all rows that are not excluded, or none.

    `wait` False: where there are many rows, they are written beside the request; what is refused
    there stands in the batch, which waits again.
    """
    if wait or batch.rows.count() <= FEW:
        return _written(by, batch)
    with transaction.atomic():
        batch = _read(by, batch)
        rows.change(batch, state=WRITING)
    return _beside(by, batch, _written, "preview")


type Act = Callable[..., ImportBatch]  # by whom, the batch, the state while it is being done


def _beside(by: User | None, batch: ImportBatch, act: Act, waits_in: str) -> ImportBatch:
    """Do it in a job, which the batch's state names; refused, it waits as it did before."""
    doing = batch.state

    def do() -> None:
        found = ImportBatch.objects.get(pk=batch.pk)
        try:
            act(by, found, doing)
        except Refused as refused:
            told = {**found.reading, "refused": refused.text}
            rows.change(found, state=waits_in, reading=told)

    jobs.start(job(batch), lambda: [do])
    batch.refresh_from_db()
    return batch


def _written(by: User | None, batch: ImportBatch, *states: str) -> ImportBatch:
    try:
        with transaction.atomic():
            return _confirm(by, batch, *states)
    except IntegrityError:  # somebody wrote the same person a moment before
        raise Conflict(OUT_OF_DATE) from None


def _confirm(by: User | None, batch: ImportBatch, *states: str) -> ImportBatch:
    School.objects.select_for_update().get()  # one file at a time: two could hold one person
    batch = _read(by, batch, *states)
    work = _work(batch, by)
    made, touch = writing.write(batch, work, by, job(batch))
    for some in batched(
        batch.rows.order_by("pk").iterator(working.AT_ONCE), working.AT_ONCE, strict=False
    ):
        rows.put([stored.thinned(row) for row in some], ["told"])
    rows.change(
        batch,
        state="confirmed",
        confirmed_at=clock.now(),
        made=made,
        upload=None,
        reading={**batch.reading, "touch": touch_as_json(touch)},
    )
    working.tell("import.confirmed", batch, by)
    jobs.tell(job(batch), "更新台账")
    ledger.refresh(touch)
    return batch


def _work(batch: ImportBatch, by: User | None) -> list[Decision]:
    """What is to be written, decided anew; refuses where it is not what was shown."""
    kept = batch.rows.filter(excluded=False).exclude(line=None).order_by("line")
    shown = kept.iterator(working.AT_ONCE)
    fresh = (d for d in working.fresh(batch, by) if d.line is not None)
    decisions = list(jobs.counted(job(batch), "再核对一遍", kept.count(), fresh))
    pairs = zip(shown, decisions, strict=True)
    if sum(stored.differs(row, decision) for row, decision in pairs):  # reads them to the end
        raise Conflict(OUT_OF_DATE)
    if stuck := [d.line for d in decisions if d.outcome in STUCK]:
        lines = "、".join(str(line) for line in stuck[:SHOWN])
        more = " 等" if len(stuck) > SHOWN else ""
        raise Refused(
            f"有 {len(stuck)} 行有问题（第 {lines}{more} 行）。请改好文件重新上传，或排除这些行。"
        )
    work = [d for d in decisions if d.work is not None]
    if not work:
        raise Refused("没有要写入的内容：各行都与系统一致。")
    return work


def undo(*, by: User | None, batch: ImportBatch, wait: bool = True) -> ImportBatch:
    """Take back what the batch wrote, if nothing of it has been changed since; `wait` as above."""
    if wait or batch.rows.count() <= FEW:
        return _undone(by, batch)
    with transaction.atomic():
        batch = _written_before(by, batch)
        rows.change(batch, state=UNDOING)
    return _beside(by, batch, _undone, "confirmed")


@transaction.atomic
def _undone(by: User | None, batch: ImportBatch, *states: str) -> ImportBatch:
    batch = _written_before(by, batch, *states)
    traces.undo(batch)
    rows.change(batch, state="undone", undone_at=clock.now(), made=[])
    working.tell("import.undone", batch, by)
    return batch


@transaction.atomic
def discard(*, by: User | None, batch: ImportBatch) -> ImportBatch:
    """Give a preview up; what was in the file goes."""
    batch = _waiting(by, batch, COLUMNS)
    _drop(batch)
    working.tell("import.discarded", batch, by)
    return batch


def _drop(batch: ImportBatch, **reading: str) -> None:
    batch.rows.all().delete()
    rows.change(batch, state="discarded", upload=None, reading={**batch.reading, **reading})


def job(batch: ImportBatch) -> str:
    """The kind of the work that works a batch out."""
    return f"import:{batch.pk}"


# What may not be


def _require_any(by: User | None, kind: str) -> None:
    permission = permission_for(kind)
    if by is not None and not access.orgs(by, permission).exists():
        title = catalogue.roles().titles[permission]
        raise Forbidden(f"您没有“{title}”的权限。需要时请联系上级党组织或学校党委组织部。")


def _require(by: User | None, batch: ImportBatch) -> None:
    access.require(by, permission_for(batch.kind), batch.org)


def _taken_up(by: User | None, batch: ImportBatch) -> ImportBatch:
    batch = rows.locked(batch)
    _require(by, batch)
    if "refused" in batch.reading:  # of a try before this one
        kept = {name: told for name, told in batch.reading.items() if name != "refused"}
        rows.change(batch, reading=kept)
    return batch


def _written_before(by: User | None, batch: ImportBatch, *more: str) -> ImportBatch:
    batch = _taken_up(by, batch)
    broken_off = batch.state == UNDOING and jobs.running(job(batch)) is None
    if batch.state not in ("confirmed", *more) and not broken_off:
        raise Conflict(f"这一批{STATES[batch.state]}，没有可撤回的内容。")
    return batch


def _waiting(by: User | None, batch: ImportBatch, *more: str) -> ImportBatch:
    batch = _taken_up(by, batch)
    at_work = batch.state in (READING, WRITING)
    if at_work and jobs.running(job(batch)) is None:  # its work was broken off
        return batch
    if batch.state not in ("preview", *more):
        raise Conflict(f"这一批{STATES[batch.state]}，不能再改。")
    return batch


def _read(by: User | None, batch: ImportBatch, *more: str) -> ImportBatch:
    """One that was read to its end: of a reading that was broken off only some rows are there."""
    batch = _waiting(by, batch, *more)
    if not batch.reading["counts"]:
        raise Conflict("文件没有读完。请放弃后重新上传。")
    return batch


def _day(as_of: date | None) -> date:
    today = clock.today()
    if as_of and as_of > today:
        raise Refused(f"表格日期 {as_of} 在今天（{today}）之后，请改。", {"as_of": "在今天之后。"})
    return as_of or today


# What is kept of it


def _described(by: User | None, parsed: AnyParsed, as_of: date) -> ImportBatch:
    return ImportBatch(
        kind=parsed.kind,
        file_name=parsed.file_name,
        sha256=parsed.sha256,
        org=working.highest(by, parsed.kind),
        by=by,
        made_at=clock.now(),
        reading=_reading(by, parsed, as_of),
    )


def _reading(
    by: User | None, parsed: AnyParsed, as_of: date, batch: ImportBatch | None = None
) -> dict[str, Any]:
    return {
        "columns": {field: astuple(place) for field, place in parsed.columns.items()},
        "notes": [*parsed.notes, *_seen_before(by, parsed, batch)],
        "as_of": str(as_of),
        "left_out": [],
        "kinds": [],
        "counts": {},
    }


def _take(steps: Callable[[], working.Steps]) -> None:
    for step in steps():
        step()


def _watched(batch: ImportBatch, steps: Callable[[], working.Steps] | None) -> ImportBatch:
    """The batch as it is now, while the steps (if any) are taken beside the request."""
    if steps is not None:
        jobs.start(job(batch), lambda: [partial(_or_drop, batch.pk, step) for step in steps()])
    batch.refresh_from_db()
    return batch


def _or_drop(pk: int, step: Callable[[], None]) -> None:
    """Nobody waits for a refusal here: the batch is given up, and says why."""
    try:
        step()
    except Refused as refused:
        _drop(ImportBatch.objects.get(pk=pk), refused=refused.text)


def _seen_before(by: User | None, parsed: AnyParsed, batch: ImportBatch | None) -> list[str]:
    same = ImportBatch.objects.filter(kind=parsed.kind, sha256=parsed.sha256)
    if batch is not None:
        same = same.exclude(pk=batch.pk)
    if by is not None:
        same = same & access.batches(by)
    earlier = same.filter(state__in=["preview", "confirmed"]).order_by("-made_at").first()
    if earlier is None:
        return []
    day = timezone.localdate(earlier.made_at)
    return [f"同一个文件 {day} 上传过（第 {earlier.pk} 批，{STATES[earlier.state]}）。"]
