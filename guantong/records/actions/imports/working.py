"""Working a batch out, step by step: every row decided, whom the file lacks, whose batch it is.

Each step commits by itself where the work is done beside a request. Who may is asked before.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import batched
from typing import Any

from django.db import transaction

from guantong.records import access
from guantong.records.access import Forbidden
from guantong.records.actions import events, rows
from guantong.records.imports import activities, hours, offices, roll, stored, tree
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import HOURS, ORGS, POSTS, ROLL, Row
from guantong.records.models import ImportBatch, Org, User
from guantong.records.models.batch import permission as permission_for

AT_ONCE = 1000  # rows of one step
DATED: dict[str, Callable[..., Iterator[Decision]]] = {
    ROLL: roll.decide,
    ORGS: tree.decide,
    POSTS: offices.decide,
}
"""What shows how things were on a day."""

type Steps = Sequence[Callable[[], None]]


def first(pk: int, found: Sequence[Any], by: User | None) -> Steps:
    """The steps of a new batch: so many rows each, then whom the file lacks and whose it is."""
    batch = ImportBatch.objects.get(pk=pk)
    decisions = decided(batch, found, by)
    org_ids = set[int]()

    def keep(some: Sequence[Row]) -> None:
        made = [next(decisions) for _ in some]
        org_ids.update(pk for decision in made for pk in decision.org_ids)
        rows.pour(stored.waiting(batch, *pair) for pair in zip(some, made, strict=True))

    @transaction.atomic
    def end() -> None:
        rows.change(batch, org=_scope(by, batch.kind, org_ids))
        _end(batch, decisions)
        tell("import.previewed", batch, by)

    return [*(partial(keep, some) for some in batched(found, AT_ONCE, strict=False)), end]


def anew(pk: int, by: User | None) -> Steps:
    """The steps that decide every row anew that is not excluded."""
    batch = ImportBatch.objects.get(pk=pk)
    decisions = fresh(batch, by)
    kept = batch.rows.exclude(line=None).filter(excluded=False).order_by("line")

    def put(some: Sequence[int]) -> None:
        found = [stored.with_decision(row, next(decisions)) for row in kept.filter(pk__in=some)]
        rows.put(found, ["told", "outcome", "differs", "named", "double_of"])

    @transaction.atomic
    def end() -> None:
        batch.rows.filter(line=None).delete()
        _end(batch, decisions)

    ids = kept.values_list("pk", flat=True)
    return [*(partial(put, some) for some in batched(ids, AT_ONCE, strict=False)), end]


def _end(batch: ImportBatch, missing: Iterator[Decision]) -> None:
    """The last of the decisions are about whom the file lacks; the batch waits for its user."""
    rows.pour(stored.missing(batch, one) for one in missing)
    rows.change(batch, state="preview")
    recount(batch)


def recount(batch: ImportBatch) -> None:
    """How many rows come to what, and what kinds of difference there are."""
    told = batch.rows.exclude(differs="").order_by().values_list("differs", flat=True).distinct()
    first = [batch.rows.filter(differs=one)[0] for one in told]
    kinds = dict(batch.reading["kinds"]) | stored.kinds_of_difference(first)
    counts = stored.counts(batch)
    rows.change(batch, reading={**batch.reading, "counts": counts, "kinds": sorted(kinds.items())})


def decided(batch: ImportBatch, found: Sequence[Any], by: User | None) -> Iterator[Decision]:
    left_out = batch.reading["left_out"]
    if batch.kind in DATED:
        as_of = date.fromisoformat(batch.reading["as_of"])
        return DATED[batch.kind](found, by=by, as_of=as_of, left_out=left_out)
    if batch.kind == HOURS:
        return hours.decide(found, by=by, file_name=batch.file_name, left_out=left_out)
    return activities.decide(found, by=by, file_name=batch.file_name)


def fresh(batch: ImportBatch, by: User | None) -> Iterator[Decision]:
    """Decisions for the rows that are not excluded."""
    kept = batch.rows.filter(excluded=False).exclude(line=None).order_by("line")
    found = [stored.row_of(row, kind=batch.kind) for row in kept.iterator(AT_ONCE)]
    yield from decided(batch, found, by)


def _scope(by: User | None, kind: str, ids: Collection[int]) -> Org | None:
    """The lowest organisation above all rows: who may import there sees the batch."""
    lineages = [org.lineage() for org in Org.objects.filter(pk__in=ids)]
    shared = [steps[0] for steps in zip(*lineages, strict=False) if len(set(steps)) == 1]
    if shared:
        org = Org.objects.get(pk=shared[-1])
        if access.check(by, permission_for(kind), org):
            raise Forbidden(
                "表中的党组织分属几个单位，您没有它们共同上级的导入权限。请按单位分成几个文件。"
            )
        return org
    return highest(by, kind)


def highest(by: User | None, kind: str) -> Org | None:
    return highest_with(by, permission_for(kind))


def highest_with(by: User | None, permission: str) -> Org | None:
    """The highest organisation where the user has a permission; None for the whole school."""
    if by is None or access.reach(by, permission).whole:
        return None
    return access.orgs(by, permission).order_by("path").first()


def tell(verb: str, batch: ImportBatch, by: User | None, **more: Any) -> None:
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
