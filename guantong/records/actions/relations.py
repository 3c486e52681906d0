"""Dated links: contact points, pairings, mentors, teams."""

from datetime import date

from django.db import transaction

from guantong.records import access, days
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Org, Person, Relation, User

TABLES = frozenset({"relations"})


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
    note: str = "",
) -> Relation:
    """Everybody and everything that the link names must be in the user's scope."""
    relation = Relation(
        kind=kind, person=person, org=org, other_org=other_org, other_person=other_person,
        valid_from=valid_from, valid_to=valid_to, note=note.strip(),
    )  # fmt: skip
    _require_all(by, relation)
    codes.kind("relations", kind)
    _require_sense(relation)
    rows.insert(relation)
    names = ("person", "org", "other_org", "other_person", "valid_from", "valid_to", "note")
    told = {name: getattr(relation, name) for name in names}
    events.leave("relation.recorded", relation, by=by, org=_at(relation), kind=kind, after=told)
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


def _require_all(by: User | None, relation: Relation) -> None:
    for org in (relation.org, relation.other_org):
        if org is not None:
            access.require(by, "post.edit", org)
    for person in (relation.person, relation.other_person):
        if person is not None:
            access.require_person(by, "post.edit", person)


def _require_sense(relation: Relation) -> None:
    if relation.person is None and relation.org is None:
        raise Refused("请选择人员或党组织。")
    ends = (relation.person, relation.org, relation.other_org, relation.other_person)
    if sum(end is not None for end in ends) < 2:
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
    same = Relation.objects.meeting(relation.valid_from, relation.valid_to).filter(
        kind=relation.kind,
        person=relation.person,
        org=relation.org,
        other_org=relation.other_org,
        other_person=relation.other_person,
    )
    if same.exists():
        raise Refused("这一关系在这段时间已登记。")


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
