"""Founding, renaming, moving and dissolving organisations; cutting branches anew.

This module alone derives `Org.path` and `Org.sort_key`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr

from guantong.records import access, names
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, memberships, rows, spans
from guantong.records.models import (
    Activity,
    Membership,
    Org,
    OrgName,
    OrgParent,
    OrgSuccession,
    Person,
    Post,
    User,
)

TABLES = frozenset({"orgs", "org_parents", "posts"})


@transaction.atomic
def found(
    *,
    by: User | None,
    name: str,
    kind: str,
    parent: Org | None,
    valid_from: date,
    short_name: str = "",
    category: str | None = None,
    external_code: str | None = None,
) -> Org:
    access.require(by, "org.edit", parent)
    spans.require_come(valid_from=valid_from)
    _require_place(kind, parent, valid_from)
    if category is not None:
        codes.kind("categories", category)
    _require_free(name, parent, external_code)
    org = rows.insert(
        Org(
            name=name.strip(),
            short_name=short_name.strip() or name.strip(),
            kind=kind,
            category=category,
            external_code=external_code or None,
            valid_from=valid_from,
            sort_key=names.sort_key(name),
        )
    )
    org.path = f"{parent.path if parent else ''}{org.pk}/"
    org.save(update_fields=["path"])
    if parent:
        rows.insert(OrgParent(org=org, parent=parent, valid_from=valid_from))
    events.leave(
        "org.founded", org, by=by, org=org, name=org.name, kind=kind, parent=parent, on=valid_from
    )
    _refresh([org], valid_from)
    return org


@transaction.atomic
def rename(*, by: User | None, org: Org, name: str, on: date, short_name: str = "") -> Org:
    """Call an organisation otherwise from a day on; from the day on which its name began, that
    name was wrong and is corrected.
    """
    org = rows.locked(org)
    access.require(by, "org.edit", org)
    spans.require_come(on=on)
    last = org.former_names.order_by("valid_to").last()
    first = last.valid_to if last and last.valid_to else org.valid_from
    if on < first:
        text = f"现在的名称从 {first} 起使用，更名的日期应不早于这一天。"
        raise Refused(text, {"on": text})
    former = OrgName(
        org=org, name=org.name, short_name=org.short_name, valid_from=first, valid_to=on
    )
    change = rows.change(
        org,
        name=name.strip(),
        short_name=short_name.strip() or name.strip(),
        sort_key=names.sort_key(name),
    )
    if change.after and on > first:
        rows.insert(former)
    events.leave("org.renamed", org, by=by, org=org, change=change, on=on)
    return org


@transaction.atomic
def move(*, by: User | None, org: Org, parent: Org, on: date) -> Org:
    """Hang the organisation, with all below it, under another from a day on."""
    org, parent = rows.locked(org), rows.locked(parent)
    span = OrgParent.objects.filter(org=org, valid_to=None).select_related("parent").first()
    access.require(by, "org.edit", span.parent if span else None)
    access.require(by, "org.edit", parent)
    if span is None:
        raise Refused("最上级组织或已撤销的组织不能调整隶属关系。")
    spans.require_come(on=on)
    if parent.path.startswith(org.path):
        raise Refused("不能隶属于自己或自己的下级。")
    if parent.pk == span.parent_id:
        raise Refused(f"现在就隶属于“{parent.short_name}”。")
    _require_place(org.kind, parent, on)
    spans.succeed(span, on, parent=parent)
    _rehang(org, parent)
    events.leave(
        "org.moved", org, by=by, org=org, on=on, before={"parent": span.parent_id},
        after={"parent": parent.pk},
    )  # fmt: skip
    _refresh([org, span.parent, parent], on)
    return org


@transaction.atomic
def dissolve(
    *, by: User | None, org: Org, on: date, reason: str, successors: Sequence[Org] = ()
) -> Org:
    """End an organisation that nobody belongs to any more; the posts in it end with it."""
    org = rows.locked(org)
    access.require(by, "org.edit", org)
    for successor in successors:
        access.require(by, "org.edit", successor)
    if org.valid_to is not None:
        raise Refused(f"“{org.short_name}”已于 {org.valid_to} 撤销。")
    if on <= org.valid_from:
        raise Refused(f"撤销日应在成立日 {org.valid_from} 之后。")
    spans.require_come(on=on)
    _require_empty(org, on)
    posts = list(Post.objects.meeting(on, None).filter(org=org).select_for_update())
    for span in (*posts, *OrgParent.objects.meeting(on, None).filter(org=org)):
        spans.end(span, on)
    change = rows.change(org, valid_to=on)
    OrgSuccession.objects.bulk_create(
        OrgSuccession(predecessor=org, successor=successor, on_day=on) for successor in successors
    )
    events.leave(
        "org.dissolved", org, by=by, org=org, change=change, reason=reason,
        successors=[s.pk for s in successors], posts_ended=[p.pk for p in posts],
    )  # fmt: skip
    _refresh([org], on, people=[post.person_id for post in posts])
    return org


@transaction.atomic
def recut(*, by: User | None, parent: Org, moves: Mapping[int, Org], on: date) -> list[Membership]:
    """Move many members (person id to branch) between branches below one organisation."""
    access.require(by, "member.edit", parent)
    people = list(Person.objects.filter(pk__in=moves).order_by("pk").select_for_update())
    if not people or len(people) < len(moves):
        raise Refused("有人不在名册中，请刷新后再分。" if moves else "还没有选人。")
    spans.require_come(on=on)
    current = {person: memberships.lasting(person) for person in people}
    touched = {m.org_id for m in current.values()} | {to.pk for to in moves.values()}
    if Org.objects.below(parent).filter(pk__in=touched).count() < len(touched):
        raise Refused(f"只能在“{parent.short_name}”下属的党支部之间调整。")
    for person in people:
        memberships.relocate(current[person], moves[person.pk], on)
    told = [[person.pk, current[person].org_id, moves[person.pk].pk] for person in people]
    events.leave("org.recut", parent, by=by, org=parent, on=on, moves=told)
    memberships.refresh(touched, moves, on)
    return [memberships.lasting(person) for person in people]


# What may not be


def _require_place(kind: str, parent: Org | None, on: date) -> None:
    entry = codes.kind("orgs", kind)
    if parent is None:
        if entry["below"]:
            raise Refused(f"{entry['title']}要有上级党组织，请选择。")
        if Org.objects.filter(valid_to=None, kind=kind).exists():
            raise Refused(f"已有{entry['title']}，不能再建一个。")
        return
    if not parent.exists_on(on):
        raise Refused(f"上级“{parent.short_name}”在 {on} 不存在。")
    if parent.kind not in entry["below"]:
        above = "、".join(codes.title("orgs", code) for code in entry["below"])
        raise Refused(f"{entry['title']}的上级应是{above or '无'}。")


def _require_free(name: str, parent: Org | None, external_code: str | None) -> None:
    siblings = Org.objects.filter(name=name.strip(), valid_to=None)
    if parent and siblings.filter(parents__parent=parent, parents__valid_to=None).exists():
        raise Refused(f"“{parent.short_name}”下已有“{name.strip()}”，请换个名称。")
    if external_code and Org.objects.filter(external_code=external_code).exists():
        raise Refused(f"组织代码 {external_code} 已被使用，请核对。")


def _require_empty(org: Org, on: date) -> None:
    children = OrgParent.objects.meeting(on, None).filter(parent=org)
    if count := children.count():
        raise Refused(f"下面还有 {count} 个党组织，请先调整或撤销。")
    members = Membership.objects.meeting(on, None).filter(org=org)
    if count := members.count():
        raise Refused(f"还有 {count} 名党员，请先转到其他党支部。")
    later = Activity.objects.live().filter(hosts=org, held_on__gte=on)
    if count := later.count():
        raise Refused(f"在 {on} 当天或之后还有 {count} 项活动，请先更正或撤销。")


# The tree


def _rehang(org: Org, parent: Org) -> None:
    """Give the organisation and all below it their path under another parent."""
    old, new = org.path, f"{parent.path}{org.pk}/"
    Org.objects.filter(path__startswith=old).update(
        path=Concat(Value(new), Substr("path", len(old) + 1))
    )
    org.path = new


def _refresh(orgs: Iterable[Org], first: date, people: Iterable[int] = ()) -> None:
    ledger.refresh(
        ledger.Touch(frozenset(org.pk for org in orgs), frozenset(people), first, None, TABLES)
    )
