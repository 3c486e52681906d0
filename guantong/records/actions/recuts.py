"""The prepared rearrangement of branches: drawn up, left and taken up again, carried out at once
as of a day, taken back as a whole.

What it would come to is worked out in `records.recutting`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from guantong.records import access, clock, days, recutting
from guantong.records.access import Conflict, Refused
from guantong.records.actions import (
    changes,
    codes,
    events,
    ledger,
    memberships,
    orgs,
    restoring,
    rows,
    spans,
    successions,
    traces,
)
from guantong.records.models import Org, Recut, User
from guantong.records.recutting import NOWHERE, NewBranch, Plan, Preview, SheetRow
from guantong.records.rosters import BRANCH

SHOWN = 10


@transaction.atomic
def prepare(*, by: User | None, org: Org, title: str, category: str, on_day: date) -> Recut:
    """Begin to draw one up; `category` empty: the branches of all categories."""
    _require(by, org)
    if category:
        codes.kind("categories", category)
    spans.require_near(days.AGREED, on_day=on_day)
    draft = Recut(
        org=org, title=title.strip(), category=category, on_day=on_day, by=by,
        prepared_at=clock.now(),
    )  # fmt: skip
    if not recutting.concerned(draft).exists():
        raise Refused(f"“{org.short_name}”下面那一天没有这类党支部。")
    rows.insert(draft)
    events.leave("recut.prepared", draft, by=by, org=org, title=draft.title, on=on_day)
    return draft


@transaction.atomic
def set_day(*, by: User | None, recut: Recut, on_day: date) -> Recut:
    recut = _draft(by, recut)
    spans.require_near(days.AGREED, on_day=on_day)
    change = rows.change(recut, on_day=on_day)
    if change.after:
        events.leave("recut.planned", recut, by=by, org=recut.org, change=change)
    return recut


@transaction.atomic
def add_branch(
    *, by: User | None, recut: Recut, name: str, short_name: str = "", category: str = ""
) -> Recut:
    """Plan a new branch below the organisation."""
    recut = _draft(by, recut)
    plan = _with_branch(recut, Plan.of(recut), name, short_name, category)
    return _keep(by, recut, plan, added=name.strip())


@transaction.atomic
def drop_branch(*, by: User | None, recut: Recut, key: str) -> Recut:
    """Plan a new branch no more; who was to go there stays where he is."""
    recut = _draft(by, recut)
    plan = Plan.of(recut)
    left = tuple(one for one in plan.branches if one.key != key)
    moves = {pk: to for pk, to in plan.moves.items() if to != key}
    return _keep(by, recut, replace(plan, branches=left, moves=moves), dropped=key)


@transaction.atomic
def close(*, by: User | None, recut: Recut, org: Org, closing: bool) -> Recut:
    """Plan that a branch ends, or goes on after all."""
    recut = _draft(by, recut)
    if not recutting.concerned(recut).filter(pk=org.pk).exists():
        raise Refused("只能撤销这次调整范围内的党支部。")
    plan = Plan.of(recut)
    closes = plan.closes | {org.pk} if closing else plan.closes - {org.pk}
    return _keep(by, recut, replace(plan, closes=closes), closing=closing, branch=org.pk)


@transaction.atomic
def move(*, by: User | None, recut: Recut, people: Collection[int], to: str) -> Recut:
    """Plan that some members go to a place: a branch's id, a new branch's key, "" nowhere yet."""
    recut = _draft(by, recut)
    preview = Preview(recut)
    if not people:
        raise Refused("还没有选人。")
    if set(people) - {mover.pk for mover in preview.movers}:
        raise Refused("有人已不在要调整的党支部里，请刷新后再分。")
    if to != NOWHERE and to not in dict(recutting.targets(preview)):
        raise Refused("没有这个去处，请刷新后再选。")
    plan = preview.plan.with_moves(dict.fromkeys(people, to))
    return _keep(by, recut, plan, people=sorted(people), to=to)


@transaction.atomic
def fill_in(*, by: User | None, recut: Recut, filled: Sequence[SheetRow]) -> Recut:
    """Take over a sheet that was filled in; a branch that it names and nobody knows is new."""
    recut = _draft(by, recut)
    preview = Preview(recut)
    moves, new, wrong = recutting.assigned(preview, filled)
    if not moves and not wrong:
        wrong = ["没有读到人员"]
    if wrong:
        more = f"\n……共 {len(wrong)} 处。" if len(wrong) > SHOWN else ""
        raise Refused("这张表有问题，没有采用：\n" + "\n".join(wrong[:SHOWN]) + more)
    plan, keys = preview.plan, {}
    for name in new:
        plan = _with_branch(recut, plan, name)
        keys[name] = plan.branches[-1].key
    plan = plan.with_moves({pk: keys.get(to, to) for pk, to in moves.items()})
    return _keep(by, recut, plan, rows=len(moves), added="、".join(new))


@transaction.atomic
def discard(*, by: User | None, recut: Recut) -> Recut:
    recut = _draft(by, recut)
    rows.change(recut, state="discarded", plan={})
    events.leave("recut.discarded", recut, by=by, org=recut.org, title=recut.title)
    return recut


@transaction.atomic
def carry_out(*, by: User | None, recut: Recut, reason: str = "") -> Recut:
    """Found, move and dissolve as planned, as of the day, all or nothing."""
    recut = _draft(by, recut)
    preview = Preview(recut)
    _require_ready(preview, reason)
    before = _concerned_rows(preview)
    reached = successions.Reached()
    at = _found(preview)
    moves = {pk: at[to] for pk, to in preview.moves.items()}
    if moves:
        memberships.relocate_all(moves, recut.on_day)
    heirs = {org.pk: [at[key] for key in preview.heirs(org)] for org in preview.closing}
    for org in preview.closing:
        successions.close(rows.locked(org), recut.on_day, heirs[org.pk], reached)
    homes = {mover.home for mover in preview.movers if mover.pk in moves}
    reached.orgs |= homes | {org.pk for org in at.values()}
    reached.people |= moves.keys()
    touch = reached.touch(recut.on_day)
    new = [at[one.key] for one in preview.plan.branches]
    made = traces.between(before, _concerned_rows(preview, new))
    rows.change(
        recut, state="carried_out", reason=reason.strip(), carried_out_at=clock.now(),
        made=made, touch=traces.touch_as_json(touch),
    )  # fmt: skip
    events.leave(
        "recut.carried_out", recut, by=by, org=recut.org, title=recut.title, on=recut.on_day,
        reason=reason.strip(), moved=len(moves),
        founded=[org.pk for org in new],
        dissolved=[org.pk for org in preview.closing],
    )  # fmt: skip
    ledger.refresh(touch)
    return recut


@transaction.atomic
def undo(*, by: User | None, recut: Recut) -> Recut:
    """Take all of it back; refuse, saying what, if anything was built on it since."""
    recut = rows.locked(recut)
    _require(by, recut.org)
    if recut.state != "carried_out":
        raise Refused("这次调整没有执行，或已经撤回。")
    made = traces.sorted_by_model(recut.made)
    restoring.require_untouched(made, recut.on_day)
    touch = restoring.take_back(made, recut.touch)
    rows.change(recut, state="undone", undone_at=clock.now(), made=[], touch={})
    events.leave("recut.undone", recut, by=by, org=recut.org, title=recut.title, on=recut.on_day)
    assert touch is not None
    ledger.refresh(touch)
    return recut


# Steps


def _require(by: User | None, org: Org) -> None:
    access.require(by, "org.edit", org)
    access.require(by, "member.edit", org)


def _draft(by: User | None, recut: Recut) -> Recut:
    recut = rows.locked(recut)
    _require(by, recut.org)
    if recut.state != "draft":
        raise Conflict("这次调整已经执行、撤回或放弃，不能再改。请新拟一份。")
    return recut


def _keep(by: User | None, recut: Recut, plan: Plan, **told: Any) -> Recut:
    rows.change(recut, plan=plan.as_json())
    events.leave("recut.planned", recut, by=by, org=recut.org, title=recut.title, **told)
    return recut


def _with_branch(
    recut: Recut, plan: Plan, name: str, short_name: str = "", category: str = ""
) -> Plan:
    name, category = name.strip(), category or recut.category
    if not name:
        raise Refused("请写新党支部的名称。", {"name": "请写新党支部的名称。"})
    rows.check(Org(name=name, short_name=short_name or name, kind=BRANCH, valid_from=recut.on_day))
    if not category:
        raise Refused("请选新党支部的类别。", {"category": "请选新党支部的类别。"})
    codes.kind("categories", category)
    taken = {one.name for one in plan.branches}
    taken |= set(recutting.concerned(recut).values_list("name", flat=True))
    beside = orgs.namesakes(name, recut.org_id).exists()
    if name in taken or beside:
        outside = "" if name in taken else "，不在这次调整的范围里"
        text = f"已有“{name}”{outside}，请换个名称。"
        raise Refused(text, {"name": text})
    used = [int(one.key.removeprefix("n")) for one in plan.branches]
    made = NewBranch(f"n{max(used, default=0) + 1}", name, short_name.strip() or name, category)
    return replace(plan, branches=(*plan.branches, made))


def _require_ready(preview: Preview, reason: str) -> None:
    spans.require_come(on_day=preview.recut.on_day)
    if problems := list(preview.problems()):
        raise Refused("现在还不能执行：\n" + "\n".join(map(str, problems)))
    if preview.breaches and not reason.strip():
        told = "；".join(f"{place.name}：{finding.text}" for place, finding in preview.breaches)
        text = f"有不合规定的地方（{told}）。仍要执行的，请写明原因。"
        raise Refused(text, {"reason": text})


def _found(preview: Preview) -> dict[str, Org]:
    """The organisations by the keys of their places, the new ones founded."""
    at = {str(pk): org for pk, org in preview.orgs.items()}
    parent = rows.locked(preview.recut.org)
    for one in preview.plan.branches:
        at[one.key] = orgs.plant(
            name=one.name, short_name=one.short_name, kind=BRANCH, category=one.category,
            parent=parent, valid_from=preview.recut.on_day,
        )  # fmt: skip
    return at


def _concerned_rows(preview: Preview, new: Iterable[Org] = ()) -> traces.Snapshot:
    """Every row that carrying out may make or change, as it is now."""
    ids = {*(org.pk for org in preview.closing), *(org.pk for org in new)}
    return changes.rows_of(preview.moves.keys(), ids)
