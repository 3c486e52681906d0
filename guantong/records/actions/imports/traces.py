"""What an import wrote, so that the batch can be taken back; what stands in the way of that."""

from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Model

from guantong.records import closed_months
from guantong.records.access import Conflict
from guantong.records.actions import ledger, restoring, traces
from guantong.records.actions.traces import Made, Snapshot
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import ORGS, POSTS
from guantong.records.models import (
    Activity,
    Attachment,
    Attendance,
    Entry,
    ImportBatch,
    Membership,
    Person,
    Post,
)

# What an import writes, in an order in which rows can be deleted. Of a new activity only the
# record itself: its hosts and people go with it, and every change of them raises its version.
# What a sheet of organisations or posts wrote is taken back by `restoring`.
IN_ORDER: dict[str, type[Model]] = {
    model.__name__: model for model in (Attendance, Activity, Post, Membership, Person)
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
    return traces.snapshot(rows)


def of_activities(ids: Collection[int]) -> Snapshot:
    return traces.snapshot(in_chunks(Activity.objects.all(), "pk", ids))


def undo(batch: ImportBatch) -> None:
    """Delete what the batch made and put back what it changed; refuse if anything moved on."""
    made = traces.sorted_by_model(batch.made)
    if batch.kind in (ORGS, POSTS):
        first = date.fromisoformat(batch.reading["touch"]["first_day"])
        restoring.require_untouched(made, first)
        if touch := restoring.take_back(made, batch.reading["touch"]):
            ledger.refresh(touch)
        return
    if reasons := sorted({*_changed_since(made), *_in_use(made), *_closed_since(made)}):
        more = f"\n……共 {len(reasons)} 处。" if len(reasons) > SHOWN else ""
        raise Conflict(
            "导入之后有人改过或用到了这些内容，不能整批撤回：\n"
            + "\n".join(reasons[:SHOWN])
            + f"{more}\n请在各自的页面逐条更正。"
        )
    people = traces.new(made, "Person")
    for name, model in IN_ORDER.items():
        if model is not Person:
            traces.delete(model, traces.new(made, name))
    for name, model in IN_ORDER.items():
        traces.restore(model, made[name])
    ledger.refresh(traces.touch_from_json(batch.reading["touch"]))
    if people:  # of whom the live ledger now says nothing
        ledger.forget_other_days()
        traces.delete(Person, people)


# Why not


def _changed_since(made: Made) -> Iterator[str]:
    gone = dict.fromkeys(CALLED, 0)
    for row in traces.changed_since(made, IN_ORDER):
        if isinstance(row, str):
            gone[row] += 1
        else:
            yield f"{_whose(row)}的{CALLED[type(row).__name__]}在导入后改过"
    yield from (f"有 {n} 条{CALLED[name]}在导入后已不在" for name, n in gone.items() if n)


def _in_use(made: Made) -> Iterator[str]:
    """Rows by others that refer to a person whom the import made."""
    people = traces.new(made, "Person")
    for relation in Person._meta.related_objects:
        model, column = relation.related_model, relation.field.name
        assert not isinstance(model, str)
        if model is Entry or not people:
            continue
        for row in in_chunks(model._default_manager.all(), column, people):
            if row.pk not in made.get(model.__name__, {}):
                called = CALLED.get(model.__name__, "其他记录")
                yield f"“{getattr(row, column)}”在导入后有了{called}"


def _closed_since(made: Made) -> Iterator[str]:
    """Months of activities that have been closed, and files that were attached."""
    new = traces.new(made, "Activity")
    if new and Attachment.objects.filter(activity__in=new).exists():
        yield "有活动在导入后加了附件"
    written = made.get("Activity", {})
    held = in_chunks(Activity.objects.prefetch_related("hosts"), "pk", written)
    for activity in held:
        if reason := _closed(activity):
            yield reason.partition("，")[0]


def _closed(activity: Activity) -> str:
    return closed_months.locked(activity.hosts.all(), activity.held_on, activity.last_on)


def _whose(row: Model) -> str:
    return f"“{getattr(row, 'person', row)}”"
