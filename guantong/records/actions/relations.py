"""Dated links: contact points, pairings, mentors, teams."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from guantong.records import access, catalogue, days
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Org, Person, Relation, User

TABLES = frozenset({"relations"})
TOLD = (
    "person", "org", "other_org", "other_person", "valid_from", "valid_to", "partner", "note",
)  # fmt: skip


@transaction.atomic
def record(
    *,
    by: User | None,
    kind: str,
    valid_from: date,
    person: Person | None = None,
    org: Org | None = None,
    other_org: Org | None = None,
    other_person: Person | None = None,
    valid_to: date | None = None,
    partner: str = "",
    note: str = "",
) -> Relation:
    """Everybody and everything that the link names must be in the user's scope."""
    relation = Relation(
        kind=kind, person=person, org=org, other_org=other_org, other_person=other_person,
        valid_from=valid_from, valid_to=valid_to, partner=partner.strip(), note=note.strip(),
    )  # fmt: skip
    _require_all(by, relation)
    entry = codes.kind("relations", kind)
    _require_sense(relation)
    _require_shape(relation, entry)
    rows.insert(relation)
    events.leave(
        "relation.recorded", relation, by=by, org=_at(relation), kind=kind, after=_told(relation)
    )
    _refresh(relation)
    return relation


@transaction.atomic
def end(*, by: User | None, relation: Relation, on: date) -> Relation:
    relation = rows.locked(relation)
    _require_all(by, relation)
    if relation.valid_to is not None and relation.valid_to <= on:
        raise Refused(f"这一关系已于 {relation.valid_to} 结束。")
    spans.require_near(days.LASTING, on=on)
    change = spans.end(relation, on)
    events.leave("relation.ended", relation, by=by, org=_at(relation), change=change)
    _refresh(relation)
    return relation


@transaction.atomic
def strike(*, by: User | None, relation: Relation) -> Relation:
    """The row was a mistake and goes; the trail keeps it."""
    relation = rows.locked(relation)
    _require_all(by, relation)
    events.leave(
        "relation.struck", relation, by=by, org=_at(relation), kind=relation.kind,
        before=_told(relation),
    )  # fmt: skip
    relation.delete()
    _refresh(relation)
    return relation


def _told(relation: Relation) -> dict[str, object]:
    return {name: getattr(relation, name) for name in TOLD}


def permission(kind: str) -> str:
    """What recording a kind of link takes."""
    entry = catalogue.current().kinds["relations"].get(kind, {})
    return str(entry.get("permission", "post.edit"))


def fits(entry: Mapping[str, Any], org: Org) -> bool:
    """Whether a kind of link may have this organisation on a side."""
    return bool(org.kind == entry.get("only", org.kind))


def _require_all(by: User | None, relation: Relation) -> None:
    needed = permission(relation.kind)
    for org in (relation.org, relation.other_org):
        if org is not None:
            access.require(by, needed, org)
    for person in (relation.person, relation.other_person):
        if person is not None:
            access.require_person(by, needed, person)


def _require_sense(relation: Relation) -> None:
    if relation.person is None and relation.org is None:
        raise Refused("请选择人员或党组织。")
    ends = (relation.person, relation.org, relation.other_org, relation.other_person)
    if sum(end is not None for end in ends) + bool(relation.partner) < 2:
        raise Refused("关系要有两方，请选择对方。")
    if relation.org_id is not None and relation.org_id == relation.other_org_id:
        raise Refused("双方是同一个党组织，请核对。")
    if relation.person_id is not None and relation.person_id == relation.other_person_id:
        raise Refused("双方是同一个人，请核对。")
    if relation.valid_to is not None and relation.valid_to <= relation.valid_from:
        raise Refused("结束日应在开始日之后。")
    _require_there(relation)
    spans.require_near(days.AGREED, valid_from=relation.valid_from)
    spans.require_near(days.LASTING, valid_to=relation.valid_to)
    sides = Q(org=relation.org, other_org=relation.other_org)
    if relation.org and relation.other_org:  # whichever of them was named first
        sides |= Q(org=relation.other_org, other_org=relation.org)
    same = Relation.objects.meeting(relation.valid_from, relation.valid_to).filter(
        sides,
        kind=relation.kind,
        person=relation.person,
        other_person=relation.other_person,
        partner=relation.partner,
    )
    if same.exists():
        raise Refused("这一关系在这段时间已登记。")


def _require_shape(relation: Relation, entry: Mapping[str, Any]) -> None:
    """The two sides are what the kind says: a person or an organisation each."""
    people, orgs = (relation.person, relation.other_person), (relation.org, relation.other_org)
    first_lacks = (relation.person if entry["from"] == "person" else relation.org) is None
    if first_lacks or (entry["from"] == "org" and any(people)):
        raise Refused(f"“{entry['title']}”要从{entry['from_title']}开始登记，请核对。")
    if entry["to"] == "person":
        lacks = relation.other_person is None or any(orgs)
    else:
        lacks = relation.other_person is not None or (
            relation.other_org is None
            and not (entry["from"] == "person" and relation.org)
            and not (entry.get("outside") and relation.partner)
        )
    if lacks:
        raise Refused(f"“{entry['title']}”的另一方是{entry['to_title']}，请核对。")
    if misfits := [org.short_name for org in orgs if org and not fits(entry, org)]:
        title = catalogue.current().label("orgs", entry["only"])
        text = f"“{entry['title']}”只在{title}之间登记，“{'、'.join(misfits)}”不是{title}。"
        raise Refused(text, {"other_org": text})
    if relation.partner and not entry.get("outside"):
        raise Refused(f"“{entry['title']}”不登记校外单位。", {"partner": "这一类不登记校外单位。"})


def _require_there(relation: Relation) -> None:
    """Both ends are there when it begins, a person as a member somewhere."""
    first = relation.valid_from
    for org in (relation.org, relation.other_org):
        if org is not None and not org.exists_on(first):
            raise Refused(f"“{org.short_name}”在 {first} 不存在。")
    for person in (relation.person, relation.other_person):
        if person is not None and not person.memberships.on(first).exists():
            raise Refused(f"{person.name}在 {first} 没有组织关系，不能登记。")


def _at(relation: Relation) -> Org | None:
    return relation.org or relation.other_org


def _refresh(relation: Relation) -> None:
    orgs = {pk for pk in (relation.org_id, relation.other_org_id) if pk}
    people = {pk for pk in (relation.person_id, relation.other_person_id) if pk}
    ledger.refresh(
        ledger.Touch(frozenset(orgs), frozenset(people), relation.valid_from, None, TABLES)
    )
