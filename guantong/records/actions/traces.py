"""What a big change leaves behind so that it can be taken back: rows before, a digest after.

A trace is [model, id, before, digest]: `before` is null for a row that the change made, else the
row as it was. The digest is of the row as the change left it; another one now means that somebody
has changed it since. Not for deciding what else stands in the way: each undo knows its own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import batched
from typing import Any

from django.db.models import Model

from guantong.records.actions import ledger, rows, snapshots
from guantong.records.imports.people import CHUNK, in_chunks

type Snapshot = Mapping[tuple[str, int], dict[str, Any]]
type Trace = list[Any]
type Made = Mapping[str, Mapping[int, Trace]]
"""Traces by model and id."""
DERIVED = {"Org": {"path"}}  # follows from other rows, and other changes may have moved it


def snapshot(rows: Iterable[Model]) -> Snapshot:
    return {(type(row).__name__, row.pk): _plain(row) for row in rows}


def _plain(row: Model) -> dict[str, Any]:
    derived = DERIVED.get(type(row).__name__, ())
    return {name: value for name, value in snapshots.plain(row).items() if name not in derived}


def between(before: Snapshot, after: Snapshot) -> list[Trace]:
    """The traces of what was made and changed; nothing may have been deleted."""
    return [
        [model, pk, before.get((model, pk)), snapshots.digest(row)]
        for (model, pk), row in after.items()
        if before.get((model, pk)) != row
    ]


def sorted_by_model(traces: Iterable[Trace]) -> Made:
    made: dict[str, dict[int, Trace]] = defaultdict(dict)
    for trace in traces:
        made[trace[0]][trace[1]] = trace
    return made


def changed_since(made: Made, models: Mapping[str, type[Model]]) -> Iterator[Model | str]:
    """The rows that are no longer as the change left them, and the model's name for each gone."""
    for name, traces in made.items():
        there = set()
        for row in in_chunks(models[name]._default_manager.all(), "pk", traces):
            there.add(row.pk)
            if snapshots.digest(_plain(row)) != traces[row.pk][3]:
                yield row
        yield from [name] * len(traces.keys() - there)


def new(made: Made, name: str) -> list[int]:
    return [pk for pk, trace in made.get(name, {}).items() if trace[2] is None]


def delete(model: type[Model], ids: Collection[int]) -> None:
    for some in batched(ids, CHUNK, strict=False):
        model._default_manager.filter(pk__in=some).delete()


def restore(model: type[Model], traces: Mapping[int, Trace]) -> None:
    olds = {pk: trace[2] for pk, trace in traces.items() if trace[2] is not None}
    found = list(in_chunks(model._default_manager.all(), "pk", olds))
    kept = DERIVED.get(model.__name__, set()) | {model._meta.pk.name}
    for row in found:
        snapshots.put_back(row, olds[row.pk])
    rows.put(found, [f.name for f in model._meta.concrete_fields if f.name not in kept])


def touch_as_json(touch: ledger.Touch) -> dict[str, Any]:
    return {
        "org_ids": sorted(touch.org_ids),
        "person_ids": sorted(touch.person_ids),
        "first_day": str(touch.first_day),
        "last_day": str(touch.last_day) if touch.last_day else None,
        "tables": sorted(touch.tables),
    }


def touch_from_json(kept: Mapping[str, Any]) -> ledger.Touch:
    return ledger.Touch(
        org_ids=frozenset(kept["org_ids"]),
        person_ids=frozenset(kept["person_ids"]),
        first_day=date.fromisoformat(kept["first_day"]),
        last_day=date.fromisoformat(kept["last_day"]) if kept["last_day"] else None,
        tables=frozenset(kept["tables"]),
    )
