"""Ending organisations and letting others continue them: dissolve, merge, split.

Who continues: `OrgSuccession`. The rule for what was left undone stands in
docs/decisions/0010-successions.md: a period that was over stays with the predecessor and the heir
answers for it; a period that the day cuts is asked of the predecessor no more; the heir owes what
it owes of its own, and no record of the predecessor counts for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from guantong.records import access, recutting
from guantong.records.access import Refused
from guantong.records.actions import changes, events, ledger, memberships, orgs, rows, spans
from guantong.records.models import (
    Document,
    Membership,
    Org,
    OrgParent,
    OrgSuccession,
    Post,
    Relation,
    User,
)
from guantong.records.models.span import Span
from guantong.records.rosters import BRANCH

TABLES = orgs.TABLES | {"posts", "memberships", "relations", "documents"}


@dataclass(frozen=True)
class Part:
    """What is split off: a new organisation of the same kind, and who and what goes there."""

    name: str
    short_name: str = ""
    people: frozenset[int] = frozenset()
    below: frozenset[int] = frozenset()


@dataclass
class Reached:
    """What a change has touched so far."""

    orgs: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)

    def touch(self, first: date) -> ledger.Touch:
        return ledger.Touch(frozenset(self.orgs), frozenset(self.people), first, None, TABLES)


@transaction.atomic
def dissolve(
    *,
    by: User | None,
    org: Org,
    on: date,
    reason: str,
    successors: Sequence[Org] = (),
    heir: Org | None = None,
) -> Org:
    """End an organisation, and with it its posts, links and institutions.

    The heir takes in the members and what hangs below, and answers for what was left undone; a
    single successor is the heir of the latter in any case. Without heir it must be empty.
    """
    org = rows.locked(org)
    if org.is_top:
        raise Refused("最上级党组织不能撤销：其他组织都隶属于它。可以更名。")
    _require(by, [org, *successors, *([heir] if heir else [])])
    named = list(dict.fromkeys([*([heir] if heir else []), *successors]))
    if heir is None and len(named) > 1:
        text = "由几个党组织接续的，要指明由哪一个承接未完成的责任。"
        raise Refused(text, {"heir": text})
    _require_there(named, on)
    if org in named:
        raise Refused("不能由自己承接自己。")
    people, concerned = changes.within([org])
    before, reached = changes.rows_of(people, concerned), Reached()
    if heir is not None:
        take_in(org, rows.locked(heir), on, reached)
    ended = close(org, on, named, reached)
    changes.keep(
        org, "org.dissolved", by=by, on=on, before=before, asked=[org, *named],
        after=changes.rows_of(people, concerned), touch=reached.touch(on),
    )  # fmt: skip
    events.leave(
        "org.dissolved", org, by=by, org=org, on=on, reason=reason,
        successors=[s.pk for s in named], people=sorted(reached.people), ended=ended,
    )  # fmt: skip
    ledger.refresh(reached.touch(on))
    return org


@transaction.atomic
def merge(
    *,
    by: User | None,
    merging: Sequence[Org],
    into: Org | None,
    on: date,
    reason: str,
    name: str = "",
    short_name: str = "",
) -> Org:
    """End some organisations of one kind; another, or (`into` None) a new one, continues them."""
    merged = [rows.locked(org) for org in dict.fromkeys(merging)]
    _require(by, [*merged, *([into] if into else [])])
    _require_mergeable(merged, into, name)
    spans.require_come(on=on)
    _require_there([into] if into else [], on)
    people, concerned = changes.within(merged)
    concerned |= {into.pk} if into else set()
    before, reached = changes.rows_of(people, concerned), Reached()
    heir = rows.locked(into) if into else _beside(merged[0], Part(name, short_name), on)
    for org in merged:
        take_in(org, heir, on, reached)
        close(org, on, [heir], reached)
    changes.keep(
        merged[0], "org.merged", by=by, on=on, before=before,
        asked=[*merged, *([into] if into else [])],
        after=changes.rows_of(people, {*concerned, heir.pk}), touch=reached.touch(on),
    )  # fmt: skip
    events.leave(
        "org.merged", heir, by=by, org=merged[0], on=on, reason=reason.strip(),
        merged=[org.pk for org in merged], people=sorted(reached.people),
    )  # fmt: skip
    ledger.refresh(reached.touch(on))
    return heir


@transaction.atomic
def split(
    *, by: User | None, org: Org, parts: Sequence[Part], on: date, reason: str, ends: bool = False
) -> list[Org]:
    """Found new organisations from parts of one. It goes on, or (`ends`) the first part answers
    for it and nothing may be left in it.
    """
    org = rows.locked(org)
    _require(by, [org])
    if not parts:
        raise Refused("请写明分出的党组织。")
    spans.require_come(on=on)
    people, concerned = changes.within([org])
    before, reached = changes.rows_of(people, concerned), Reached()
    made = [_beside(org, part, on) for part in parts]
    for new, part in zip(made, parts, strict=True):
        _hand_over(org, new, part, on, reached)
    if ends:
        close(org, on, made, reached)
    else:
        _continue(org, made, on, heir=None)
    changes.keep(
        org, "org.split", by=by, on=on, before=before, asked=[org],
        after=changes.rows_of(people, {*concerned, *(new.pk for new in made)}),
        touch=reached.touch(on),
    )  # fmt: skip
    events.leave(
        "org.split", org, by=by, org=org, on=on, reason=reason.strip(), ended=ends,
        made=[new.pk for new in made], people=sorted(reached.people),
    )  # fmt: skip
    ledger.refresh(reached.touch(on))
    return made


# For the other actions: no access, no event


def close(org: Org, on: date, successors: Sequence[Org], reached: Reached) -> dict[str, list[int]]:
    """End an empty organisation; the first successor answers. Return the ids of what ended."""
    if org.valid_to is not None:
        raise Refused(f"“{org.short_name}”已于 {org.valid_to} 撤销。")
    if on <= org.valid_from:
        raise Refused(f"撤销日应在成立日 {org.valid_from} 之后。")
    spans.require_come(on=on)
    _require_empty(org, on)
    lasting = Post.objects.meeting(on, None).filter(org=org).select_for_update(of=["self"])
    posts = list(lasting)
    links = list(Relation.objects.meeting(on, None).filter(Q(org=org) | Q(other_org=org)))
    papers = list(Document.objects.meeting(on, None).filter(org=org))
    hung = OrgParent.objects.meeting(on, None).filter(org=org)
    for span in (*_begun(org, on, posts, links, papers), *hung):
        spans.end(span, on)
    rows.change(org, valid_to=on)
    _continue(org, successors, on, heir=successors[0] if successors else None)
    reached.orgs |= {org.pk, *(s.pk for s in successors), *_at(links)}
    reached.people |= {post.person_id for post in posts}
    reached.people |= {link.person_id for link in links if link.person_id}
    return {
        "posts_ended": [post.pk for post in posts],
        "relations_ended": [link.pk for link in links],
        "documents_ended": [paper.pk for paper in papers],
    }


def take_in(org: Org, heir: Org, on: date, reached: Reached) -> None:
    """Members and what hangs below go over to the heir."""
    if heir.pk == org.pk:
        raise Refused("不能由自己承接自己。")
    spans.require_come(on=on)
    members = Membership.objects.filter(org=org, valid_to=None)
    below = OrgParent.objects.filter(parent=org, valid_to=None)
    whole = Part(
        "",
        people=frozenset(members.values_list("person", flat=True)),
        below=frozenset(below.values_list("org", flat=True)),
    )
    _hand_over(org, heir, whole, on, reached)


# What may not be


def _require(by: User | None, concerned: Iterable[Org]) -> None:
    for org in concerned:
        access.require(by, "org.edit", org)
        access.require(by, "member.edit", org)


def _require_there(continuing: Iterable[Org], on: date) -> None:
    for org in continuing:
        if not org.exists_on(on):
            raise Refused(f"“{org.short_name}”在 {on} 不存在，不能由它接续。")


def _require_mergeable(merged: Sequence[Org], into: Org | None, name: str) -> None:
    if not merged or (into is None and len(merged) < 2):
        raise Refused("请至少选两个要合并的党组织。")
    if into is None and not name.strip():
        text = "请选并入哪个党组织，或写新党组织的名称。"
        raise Refused(text, {"name": text})
    if into is not None and into in merged:
        raise Refused("并入的党组织不能同时被合并掉。")
    if len({org.kind for org in (*merged, *([into] if into else []))}) > 1:
        raise Refused("只有同一类党组织才能合并。")


def _require_empty(org: Org, on: date) -> None:
    children = OrgParent.objects.meeting(on, None).filter(parent=org)
    if count := children.count():
        raise Refused(f"下面还有 {count} 个党组织，请先调整或撤销，或选由谁承接。")
    members = Membership.objects.meeting(on, None).filter(org=org)
    if count := members.count():
        raise Refused(f"还有 {count} 名党员，请先转到其他党支部，或选由谁承接。")
    for told in recutting.still_to_hold([org], on):
        raise Refused(str(told))


def _begun(org: Org, on: date, *groups: Sequence[Span]) -> list[Span]:
    """All the rows, if each of them began before the day."""
    found = [span for group in groups for span in group]
    if late := [span for span in found if span.valid_from >= on]:
        first = max(span.valid_from for span in late) + timedelta(days=1)
        raise Refused(
            f"“{org.short_name}”有 {len(late)} 项任职、联系或制度在 {on} 当天或之后才开始。"
            f"请按 {first} 或以后的日期办理，或先在本组织页面结束它们。"
        )
    return found


# Steps


def _beside(org: Org, part: Part, on: date) -> Org:
    """A new organisation like another, below the same one."""
    above = OrgParent.objects.filter(org=org, valid_to=None).select_related("parent").first()
    if above is None:
        raise Refused("最上级组织或已撤销的组织不能合并或分设。")
    return orgs.plant(
        name=part.name, short_name=part.short_name, kind=org.kind, category=org.category,
        parent=above.parent, valid_from=on,
    )  # fmt: skip


def _hand_over(org: Org, to: Org, part: Part, on: date, reached: Reached) -> None:
    here = Membership.objects.filter(org=org, valid_to=None, person__in=part.people)
    below = OrgParent.objects.filter(parent=org, valid_to=None, org__in=part.below)
    moving = list(below.select_related("org").select_for_update(of=["self"]))
    if here.count() < len(part.people) or len(moving) < len(part.below):
        raise Refused(f"有人或下级组织已不在“{org.short_name}”，请刷新后再办。")
    if part.people and to.kind != BRANCH:
        raise Refused(f"“{to.short_name}”不是党支部。党员要编入党支部。")
    if part.people:
        memberships.relocate_all(dict.fromkeys(part.people, to), on)
    for span in moving:
        orgs.hang(span.org, span, to, on)
        reached.orgs.add(span.org_id)
    reached.orgs |= {org.pk, to.pk}
    reached.people |= part.people


def _continue(org: Org, successors: Sequence[Org], on: date, heir: Org | None) -> None:
    OrgSuccession.objects.bulk_create(
        OrgSuccession(predecessor=org, successor=one, on_day=on, answers=one == heir)
        for one in successors
    )


def _at(links: Iterable[Relation]) -> set[int]:
    return {pk for link in links for pk in (link.org_id, link.other_org_id) if pk}
