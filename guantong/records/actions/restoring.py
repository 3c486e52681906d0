"""Taking back a change of the organisations, a single one (`OrgChange`) or a `Recut`.

Only as a whole, and only while nothing was built on it; `obstacles` says what was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import ForeignObjectRel, Model

from guantong.records import access, clock
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, ledger, orgs, posts, rows, traces
from guantong.records.actions.traces import Made
from guantong.records.imports.people import in_chunks
from guantong.records.models import (
    Absence,
    Activity,
    Attendance,
    Document,
    Entry,
    Membership,
    Org,
    OrgChange,
    OrgName,
    OrgParent,
    OrgSuccession,
    Post,
    Relation,
    User,
)

# What a change writes, in an order in which rows can be deleted.
IN_ORDER: dict[str, type[Model]] = {
    model.__name__: model
    for model in (OrgSuccession, Document, Relation, Post, Membership, OrgParent, OrgName, Org)
}
CALLED = {
    "OrgSuccession": "接续关系",
    "Document": "制度",
    "Relation": "联系或结对",
    "Post": "任职",
    "Membership": "组织关系",
    "OrgParent": "隶属关系",
    "OrgName": "名称",
    "Org": "组织信息",
    "Event": "操作记录",
    "ActivityHost": "活动",
    "Term": "届期",
    "Figure": "人数",
    "Grant": "授权",
    "ImportBatch": "导入的文件",
}
SHOWN = 10
LEADING = (
    ("Membership", "org_id"), ("OrgParent", "parent_id"), ("Post", "org_id"),
    ("Document", "org_id"), ("Relation", "org_id"), ("Relation", "other_org_id"),
)  # fmt: skip


@transaction.atomic
def undo(*, by: User | None, change: OrgChange) -> OrgChange:
    """Take back one change; refuse, saying what, if anything was built on it since."""
    change = rows.locked(change)
    access.require(by, "org.edit", change.org)
    if by is not None and not undoable(by, [change]):
        raise access.Forbidden("这次变动还涉及您无权调整的党组织，请由上级党组织撤回。")
    if change.undone_at is not None:
        raise Refused("这次变动已经撤回。")
    made = traces.sorted_by_model(change.made)
    require_untouched(made, change.on_day)
    touch = take_back(made, change.touch)
    rows.change(change, undone_at=clock.now(), made=[], touch={})
    events.leave(
        "org.change_undone", change.org, by=by, org=change.org, undone=change.kind,
        on=change.on_day,
    )  # fmt: skip
    if touch:
        ledger.refresh(touch)
    return change


def undoable(by: User, changes: Iterable[OrgChange]) -> list[OrgChange]:
    """Those that somebody may take back: who has the say on all that they were about."""
    found = list(changes)
    named = {pk for change in found for pk in change.asked}
    reach = {
        needed: set(access.orgs(by, needed).filter(pk__in=named).values_list("pk", flat=True))
        for needed in ("org.edit", "member.edit")
    }
    return [
        change
        for change in found
        if all(reach[needed].issuperset(change.asked) for needed in _needed(change))
    ]


def _needed(change: OrgChange) -> list[str]:
    return ["org.edit", *(["member.edit"] if change.touch.get("person_ids") else [])]


# For the other actions: no access, no event


def take_back(made: Made, kept_touch: dict[str, Any]) -> ledger.Touch | None:
    """Delete what was made and put back what was changed; return what the ledger has to do."""
    new = traces.new(made, "Org")
    for name, model in IN_ORDER.items():
        if model is not Org:
            traces.delete(model, traces.new(made, name))
    for name, model in IN_ORDER.items():
        traces.restore(model, made.get(name, {}))
    hung = in_chunks(OrgParent.objects.filter(valid_to=None), "pk", made.get("OrgParent", {}))
    for span in hung:
        orgs.rehang(span.org, span.parent)
    ledger.forget_orgs(new)
    traces.delete(
        OrgChange, list(OrgChange.objects.filter(org__in=new).values_list("pk", flat=True))
    )
    traces.delete(Org, new)
    if not kept_touch:
        return None
    touch = traces.touch_from_json(kept_touch)
    return replace(touch, org_ids=touch.org_ids - set(new))


def require_untouched(made: Made, on: date) -> None:
    if found := obstacles(made, on):
        more = f"\n……共 {len(found)} 处。" if len(found) > SHOWN else ""
        raise Conflict(
            "办理之后有人改过或用到了这次变动，不能撤回：\n" + "\n".join(found[:SHOWN]) + more
            + "\n登记错了的任职、联系或结对，办理结束时填开始的那一天就整条去掉，不再妨碍撤回。"
        )  # fmt: skip


def obstacles(made: Made, on: date) -> list[str]:
    """What stands in the way of taking a change back. Empty: nothing."""
    found = {*_changed_since(made), *_in_use(made), *_built_on(made, on)}
    return sorted(found or {*_taken(made), *_filled(made, on)})


def _changed_since(made: Made) -> Iterator[str]:
    for row in traces.changed_since(made, IN_ORDER):
        name = row if isinstance(row, str) else type(row).__name__
        whose = "" if isinstance(row, str) else f"“{_whose(row)}”的"
        yield f"{whose}{CALLED[name]}后来改过"


def _whose(row: Model) -> str:
    return str(getattr(row, "person", None) or getattr(row, "org", None) or row)


def _in_use(made: Made) -> Iterator[str]:
    """Rows by others that lead to an organisation which was founded."""
    new = traces.new(made, "Org")
    for relation in Org._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.field.many_to_many:
            continue
        model, column = relation.related_model, relation.field.name
        assert not isinstance(model, str)
        if not new or model is OrgChange:
            continue
        rows = model._default_manager.filter(**{f"{column}__in": new})
        if model is Entry:
            rows = rows.filter(assessment__kept=True)
        for row in rows.select_related(column)[:SHOWN]:
            if row.pk not in made.get(model.__name__, {}):
                called = CALLED.get(model.__name__, "其他记录")
                yield f"“{getattr(row, column)}”已有{called}"


def _built_on(made: Made, on: date) -> Iterator[str]:
    """Posts given and activities attended since in the branches where people went."""
    spans_made = in_chunks(Membership.objects.all(), "pk", traces.new(made, "Membership"))
    to = {row.person_id: row.org_id for row in spans_made}
    given = Post.objects.filter(valid_from__gte=on).select_related("person", "org")
    for post in in_chunks(given, "person", to):
        if post.org_id == to[post.person_id] and post.pk not in made.get("Post", {}):
            yield f"“{post.person}”在“{post.org}”又有了任职"
    held = Activity.objects.live().filter(held_on__gte=on, host_rows__org__in=set(to.values()))
    there = Attendance.objects.filter(activity__in=held).select_related("activity")
    missing = Absence.objects.filter(activity__in=held).select_related("activity")
    titles = [row.activity.title for row in in_chunks(there, "person", to)]
    for title in (*titles, *(row.activity.title for row in in_chunks(missing, "person", to))):
        yield f"活动“{title}”已记录调整后的人员"
    gone = Org.objects.exclude(valid_to=None).exclude(pk__in=made.get("Org", {}))
    for org in in_chunks(gone, "pk", set(_led_to(made))):
        yield f"“{org.short_name}”后来撤销了"


def _olds(made: Made, name: str) -> dict[int, dict[str, Any]]:
    """The rows of a model that the change altered, as they were."""
    return {pk: old for pk, (_, _, old, _) in made.get(name, {}).items() if old}


def _led_to(made: Made) -> Iterator[int]:
    """The organisations to which what is put back would lead again for good."""
    for name, column in LEADING:
        for old in _olds(made, name).values():
            if old["valid_to"] is None and old[column] is not None:
                yield old[column]


def _taken(made: Made) -> Iterator[str]:
    """Names that others bear by now, beside the organisations that would bear them again."""
    above = {old["org_id"]: old["parent_id"] for old in _olds(made, "OrgParent").values()}
    for pk, old in _olds(made, "Org").items():
        now = OrgParent.objects.filter(org=pk, valid_to=None).first()
        parent = above.get(pk) or (now.parent_id if now else None)
        if old["valid_to"] is None and orgs.namesakes(old["name"], parent).exclude(pk=pk).exists():
            yield f"现在另有组织叫“{old['name']}”"
    for pk, parent in above.items():
        org = Org.objects.get(pk=pk)
        if (
            pk not in made.get("Org", {})
            and orgs.namesakes(org.name, parent).exclude(pk=pk).exists()
        ):
            yield f"现在另有组织叫“{org.name}”"


def _filled(made: Made, on: date) -> Iterator[str]:
    """Posts that somebody else holds by now, or whose holder has left."""
    olds = _olds(made, "Post")
    for post in in_chunks(Post.objects.select_related("person", "org"), "pk", olds):
        if not post.person.memberships.on(clock.today()).exists():
            yield f"“{post.person}”已离开，原来的任职不能恢复"
        until = olds[post.pk]["valid_to"]
        end = date.fromisoformat(until) if until else None
        try:
            posts.require_vacant(
                post.person, post.org, post.post, on, end, acting=post.acting, but=[*made["Post"]]
            )
        except Refused as refused:
            yield refused.text
