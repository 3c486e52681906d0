"""Merging two rows of one person, and taking that back. What becomes of a row: `records.merging`.

Nothing is lost: the rows of the absorbed person move or, where two stand against each other, one
stays in the merge's own trace. The absorbed row itself stays and leads to the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model

from guantong.records import access, clock, merging, sealing
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, ledger, people, rows, snapshots
from guantong.records.merging import Edit, Plan
from guantong.records.models import Merge, Org, Person, User

PERMISSION = "member.merge"
type Trace = list[Any]


@transaction.atomic
def merge(*, by: User | None, kept: Person, absorbed: Person, reason: str) -> Merge:
    """Let everything of `absorbed` belong to `kept`."""
    for person in (kept, absorbed):
        access.require_person(by, PERMISSION, person)
        access.require_other(by, person.pk, "本人的记录要由别人合并。")
    kept, absorbed = _locked(kept), _locked(absorbed)
    if why := merging.why_not(kept, absorbed):
        raise Refused(why)
    reason = events.reasoned(reason, "请写明凭什么确认是同一人。")
    plan, newest = merging.planned(kept, absorbed), merging.newest()
    made = [*_edited(plan.edits), *_joined(kept, absorbed, plan)]
    done = rows.insert(
        Merge(
            kept=kept, absorbed=absorbed, by=by, at=clock.now(), reason=reason, made=made,
            newest=newest,
        )
    )  # fmt: skip
    events.leave(
        "person.merged", kept, by=by, org=people.org_of(kept), absorbed=absorbed,
        reason=reason, moved=dict(plan.counts), conflicts=plan.conflicts,
    )  # fmt: skip
    _refresh(done)
    return done


@transaction.atomic
def undo(*, by: User | None, merge: Merge) -> Merge:
    """Give back to the absorbed person what was hers, if nothing of it was changed since.

    What was entered about the kept person since stays with her (`merging.since`).
    """
    access.require_person(by, PERMISSION, merge.kept)
    merge = rows.locked(merge)
    if merge.undone_at is not None:
        raise Conflict("这次合并已经撤回。")
    _require_unchanged(merge)
    try:
        with transaction.atomic():
            for trace in reversed(merge.made):
                _take_back(trace)
    except IntegrityError:  # what the absorbed row gave up for good is somebody else's by now
        raise Conflict(
            "合并时放开的内容（如学工号、身份证号）后来登记在了别人名下，不能撤回。请先更正那一份。"
        ) from None
    rows.change(merge, undone_at=clock.now())
    kept = Person.objects.get(pk=merge.kept_id)
    events.leave(
        "person.unmerged", kept, by=by, org=people.org_of(kept), absorbed=merge.absorbed_id
    )
    _refresh(merge)
    return merge


# Doing


def _locked(person: Person) -> Person:
    found = Person.objects.select_for_update().filter(pk=person.pk).first()
    if found is None:
        raise Conflict(f"{person.name}的记录刚刚已并入另一份，请刷新后核对。")
    return found


def _edited(edits: Iterable[Edit]) -> Iterator[Trace]:
    """First what goes, so that what moves finds its place free."""
    for edit in sorted(edits, key=lambda edit: edit.values is not None):
        row, name = edit.row, type(edit.row).__name__
        if edit.values is None:
            yield [name, row.pk, snapshots.plain(row), None]
            row.delete()
            continue
        before = snapshots.plain(row) if row.pk else None
        if isinstance(row, User) and before:  # signing in changes an account, too
            before = {field: before[field] for field in edit.values}
        for field, value in edit.values.items():
            setattr(row, field, value)
        row.save()
        yield [name, row.pk, before, _digest(row, before)]


def _joined(kept: Person, absorbed: Person, plan: Plan) -> Iterator[Trace]:
    """The two rows themselves; what may stand only once is let go before it is taken."""
    texts = {name: sealing.unseal(absorbed, name) for name in plan.sealed}
    earlier = Person.everyone.filter(merged_into=absorbed)
    for person in (*earlier, absorbed, kept):
        before = snapshots.plain(person)
        if person is absorbed:
            person.merged_into = kept
            person.number = person.id_number = person.id_index = None
        elif person is not kept:
            person.merged_into = kept
        else:
            for name, value in plan.fields.items():
                setattr(person, name, value)
            for name, text in texts.items():
                sealing.seal(person, name, text)
        person.save()
        yield ["Person", person.pk, before, _digest(person, before)]


def _digest(row: Model, before: Mapping[str, Any] | None) -> str:
    """Of those fields that were kept of the row before; of all where it is new."""
    now = snapshots.plain(row)
    return snapshots.digest({name: now[name] for name in before or now})


# Taking back


def _model(name: str) -> type[Model]:
    found: type[Model] = apps.get_model("records", name)
    return found


def _now(trace: Trace) -> Model | None:
    return _model(trace[0])._base_manager.filter(pk=trace[1]).first()


def _require_unchanged(merge: Merge) -> None:
    changed = {}
    for trace in merge.made:
        row = _now(trace)
        left = _digest(row, trace[2]) if row else None
        if left != trace[3]:
            changed[_model(trace[0])] = True
    if changed:
        what = "、".join(merging.TITLES.get(model, "基本信息") for model in changed)
        raise Conflict(
            f"合并之后有人改过{what}，不能整个撤回。"
            "请先撤回后来的改动（见本人页面的操作记录），或按现在的情况逐项更正。"
        )


def _take_back(trace: Trace) -> None:
    name, _, before, _ = trace
    row = _now(trace)
    if before is None:
        assert row is not None
        row.delete()
    elif row is None:
        snapshots.made_again(_model(name), before).save(force_insert=True)
    else:
        snapshots.put_back(row, before)
        row.save()


def _refresh(merge: Merge) -> None:
    """Both people, wherever they are or were; and what those organisations have of them."""
    spans = [trace[2] or {} for trace in merge.made if trace[0] in ("Membership", "Post")]
    orgs = {span["org_id"] for span in spans if span}
    both = frozenset({merge.kept_id, merge.absorbed_id})
    for table in (merge.kept.memberships, merge.kept.posts):
        orgs |= set(table.values_list("org_id", flat=True))
    orgs |= _hosts(merge) | _linked(merge)
    ledger.refresh(ledger.Touch(frozenset(orgs), both))


def _hosts(merge: Merge) -> set[int]:
    held = [
        trace[2]["activity_id"] for trace in merge.made if trace[0] in ("Attendance", "Absence")
    ]
    return set(Org.objects.filter(activities__in=held).values_list("pk", flat=True))


def _linked(merge: Merge) -> set[int]:
    links = [trace[2] for trace in merge.made if trace[0] == "Relation" and trace[2]]
    return {link[end] for link in links for end in ("org_id", "other_org_id") if link[end]}
