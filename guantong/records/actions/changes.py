"""What a change of the organisations leaves behind so that it can be taken back.

Taking back, and what stands in the way of it, is in `restoring`.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Model

from guantong.records import clock
from guantong.records.actions import ledger, rows, traces
from guantong.records.imports.people import in_chunks
from guantong.records.models import (
    Document,
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


def rows_of(people: Collection[int], orgs: Collection[int]) -> traces.Snapshot:
    """Every row about these people and organisations that a change may make or alter."""
    asked: list[tuple[type[Model], str, Collection[int]]] = [
        (Membership, "person", people), (Post, "person", people), (Org, "pk", orgs),
        (OrgParent, "org", orgs), (OrgName, "org", orgs), (OrgSuccession, "predecessor", orgs),
        (Post, "org", orgs), (Relation, "org", orgs), (Relation, "other_org", orgs),
        (Document, "org", orgs),
    ]  # fmt: skip
    return traces.snapshot(
        row
        for model, column, values in asked
        for row in in_chunks(model._default_manager.all(), column, values)
    )


def within(orgs: Iterable[Org]) -> tuple[set[int], set[int]]:
    """Whom and what a change of these reaches: their people, and they with those just below."""
    ids = {org.pk for org in orgs}
    people = Membership.objects.filter(org__in=ids, valid_to=None)
    below = OrgParent.objects.filter(parent__in=ids, valid_to=None)
    return (
        set(people.values_list("person", flat=True)),
        ids | set(below.values_list("org", flat=True)),
    )


def keep(
    org: Org,
    kind: str,
    *,
    by: User | None,
    on: date,
    before: traces.Snapshot,
    after: traces.Snapshot,
    asked: Iterable[Org],
    touch: ledger.Touch | None = None,
) -> OrgChange:
    return rows.insert(
        OrgChange(
            org=org, kind=kind, on_day=on, by=by, at=clock.now(),
            asked=sorted({one.pk for one in asked}), made=traces.between(before, after),
            touch=traces.touch_as_json(touch) if touch else {},
        )
    )  # fmt: skip
