"""What an import leaves behind so that it can be taken back: rows before it, and a digest after.

A trace is [model, id, before, digest]: `before` is null for a row that the import made, else the
row as it was. The digest is of the row as the import left it; another one now means that somebody
has changed it since.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import batched
from typing import Any

from django.db.models import Model

from guantong.records.access import Conflict
from guantong.records.actions import ledger, rows, snapshots
from guantong.records.imports.people import CHUNK, in_chunks
from guantong.records.models import Activity, Entry, ImportBatch, Membership, Person, Post

type Snapshot = Mapping[tuple[str, int], dict[str, Any]]
type Trace = list[Any]

# What an import writes, in an order in which rows can be deleted. Of an activity only the record
# itself: its hosts and people go with it, and every change of them raises its version.
IN_ORDER: dict[str, type[Model]] = {
    model.__name__: model for model in (Activity, Post, Membership, Person)
}
CALLED = {
    "Activity": "活动记录",
    "Attendance": "出席记录",
    "Absence": "缺席记录",
    "Membership": "组织关系",
    "Person": "党员信息",
    "Post": "任职",
    "Relation": "联系或结对",
    "User": "登录账号",
}
SHOWN = 10


def of_people(ids: Collection[int]) -> Snapshot:
    """The rows of some people, as plain values."""
    rows = [
        *in_chunks(Person.objects.all(), "pk", ids),
        *in_chunks(Membership.objects.all(), "person", ids),
        *in_chunks(Post.objects.all(), "person", ids),
    ]
    return _snapshot(rows)


def of_activities(ids: Collection[int]) -> Snapshot:
    return _snapshot(in_chunks(Activity.objects.all(), "pk", ids))


def between(before: Snapshot, after: Snapshot) -> list[Trace]:
    """The traces of what was made and changed; an import deletes nothing."""
    return [
        [model, pk, before.get((model, pk)), snapshots.digest(row)]
        for (model, pk), row in after.items()
        if before.get((model, pk)) != row
    ]


def undo(batch: ImportBatch) -> None:
    """Delete what the batch made and put back what it changed; refuse if anything moved on."""
    made: dict[str, dict[int, Trace]] = defaultdict(dict)
    for trace in batch.made:
        made[trace[0]][trace[1]] = trace
    if reasons := sorted({*_changed_since(made), *_in_use(made)}):
        more = f"\n……共 {len(reasons)} 处。" if len(reasons) > SHOWN else ""
        raise Conflict(
            "导入之后有人改过或用到了这些内容，不能整批撤回：\n"
            + "\n".join(reasons[:SHOWN])
            + f"{more}\n请在各自的页面逐条更正。"
        )
    people = _new(made, "Person")
    for name, model in IN_ORDER.items():
        if model is not Person:
            _delete(model, _new(made, name))
    for name, model in IN_ORDER.items():
        _restore(model, made[name])
    ledger.refresh(touch_from_json(batch.reading["touch"]))
    if people:  # of whom the live ledger now says nothing
        ledger.forget_other_days()
        _delete(Person, people)


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


# Why not


def _changed_since(made: Mapping[str, Mapping[int, Trace]]) -> Iterator[str]:
    for name, traces in made.items():
        there = set()
        for row in in_chunks(IN_ORDER[name]._default_manager.all(), "pk", traces):
            there.add(row.pk)
            if snapshots.digest(snapshots.plain(row)) != traces[row.pk][3]:
                yield f"{_whose(row)}的{CALLED[name]}在导入后改过"
        if gone := len(traces.keys() - there):
            yield f"有 {gone} 条{CALLED[name]}在导入后已不在"


def _in_use(made: Mapping[str, Mapping[int, Trace]]) -> Iterator[str]:
    """Rows by others that refer to a person whom the import made."""
    people = _new(made, "Person")
    for relation in Person._meta.related_objects:
        model, column = relation.related_model, relation.field.name
        assert not isinstance(model, str)
        if model is Entry or not people:
            continue
        for row in in_chunks(model._default_manager.all(), column, people):
            if row.pk not in made.get(model.__name__, {}):
                called = CALLED.get(model.__name__, "其他记录")
                yield f"“{getattr(row, column)}”在导入后有了{called}"


def _whose(row: Model) -> str:
    return f"“{getattr(row, 'person', row)}”"


# How rows are kept


def _new(made: Mapping[str, Mapping[int, Trace]], name: str) -> list[int]:
    return [pk for pk, trace in made.get(name, {}).items() if trace[2] is None]


def _delete(model: type[Model], ids: Collection[int]) -> None:
    for some in batched(ids, CHUNK, strict=False):
        model._default_manager.filter(pk__in=some).delete()


def _restore(model: type[Model], traces: Mapping[int, Trace]) -> None:
    olds = {pk: trace[2] for pk, trace in traces.items() if trace[2] is not None}
    found = list(in_chunks(model._default_manager.all(), "pk", olds))
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    for row in found:
        snapshots.put_back(row, olds[row.pk])
    rows.put(found, [field.name for field in fields])


def _snapshot(rows: Iterable[Model]) -> Snapshot:
    return {(type(row).__name__, row.pk): snapshots.plain(row) for row in rows}
