"""What the database itself refuses, whatever the code above it does."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction

from guantong.records import clock
from guantong.records.models import (
    Activity,
    Attendance,
    Figure,
    Membership,
    Org,
    OrgParent,
    Person,
    Post,
    Relation,
    School,
    Term,
)
from tests.factories import SINCE, TODAY, Cast, make_activity, owner

LATER = date(2024, 1, 1)


def activity(**more: object) -> Activity:
    content = {"kind": "talk", "title": "t", "held_on": TODAY, "recorded_at": clock.now(), **more}
    return Activity(**content)


BAD: dict[str, Callable[[Cast, Person], models.Model]] = {
    "a second school": lambda c, p: School(pk=2, name="x", records_since=SINCE, plan="x"),
    "a span that ends before it begins": lambda c, p: Post(
        person=p, org=c.branch, post="dean", valid_from=TODAY, valid_to=SINCE
    ),
    "an empty span": lambda c, p: Org(
        name="x", short_name="x", kind="branch", path="", valid_from=TODAY, valid_to=TODAY
    ),
    "two open memberships": lambda c, p: Membership(
        person=p, org=c.sibling, status="full", valid_from=LATER
    ),
    "an organisation above itself": lambda c, p: OrgParent(
        org=c.branch, parent=c.branch, valid_from=LATER
    ),
    "the same post twice": lambda c, p: Post(
        person=owner(c.secretary), org=c.branch, post="secretary", valid_from=SINCE
    ),
    "a term that is over at once": lambda c, p: Term(
        org=c.branch, elected_on=TODAY, expires_on=TODAY
    ),
    "an extension that shortens": lambda c, p: Term(
        org=c.branch, elected_on=SINCE, expires_on=LATER, extended_to=TODAY
    ),
    "hours below nothing": lambda c, p: activity(hours=Decimal(-1)),
    "more hours than any training has": lambda c, p: activity(hours=Decimal(201)),
    "no moment of recording": lambda c, p: activity(recorded_at=None),
    "attending twice": lambda c, p: Attendance(
        activity=Activity.objects.get(), person=p, role="lecturer"
    ),
    "a relation from nowhere": lambda c, p: Relation(
        kind="pairing", other_org=c.branch, valid_from=TODAY
    ),
    "a relation to nowhere": lambda c, p: Relation(kind="pairing", org=c.branch, valid_from=TODAY),
    "two figures of a day": lambda c, p: Figure(
        org=c.branch, name="staff", as_of=TODAY, value=Decimal(2)
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_the_database_refuses(cast: Cast, case: str) -> None:
    make_activity(cast.branch)
    Figure.objects.create(org=cast.branch, name="staff", as_of=TODAY, value=Decimal(1))
    row = BAD[case](cast, owner(cast.member))
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
