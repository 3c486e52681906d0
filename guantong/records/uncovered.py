"""Who and what lacks a link of some kind on a day: lists to work from, in reach of the user.

Which links are wanted, and by whom, stands in kinds.yaml. Nothing here is a demand or a figure of
the ledger; whoever is listed has done nothing wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from guantong.periods import add_months
from guantong.records import access, catalogue
from guantong.records.models import Membership, Org, Person, Relation
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet


@dataclass(frozen=True)
class Uncovered:
    """What lacks a kind of link. `unknown`: people who may, their birth date is not known."""

    kind: str
    title: str
    orgs: OrgQuerySet
    people: PersonQuerySet
    unknown: int


def uncovered(user: access.Someone, day: date) -> Iterator[Uncovered]:
    """One for each kind of link that something is looked for."""
    for kind, entry in catalogue.current().kinds["relations"].items():
        wanted = entry.get("uncovered")
        if wanted:
            yield _uncovered(user, kind, wanted, day)


def _uncovered(user: access.Someone, kind: str, wanted: dict[str, Any], day: date) -> Uncovered:
    links = Relation.objects.on(day).filter(kind=kind)
    orgs, people, unknown = Org.objects.none(), Person.objects.none(), 0
    if "orgs" in wanted:
        there = access.orgs(user, "org.view").on(day).filter(kind__in=wanted["orgs"])
        linked = {pk for pair in links.values_list("org", "other_org") for pk in pair if pk}
        if wanted.get("below"):
            linked = {pk for org in Org.objects.filter(pk__in=linked) for pk in org.lineage()}
        orgs = there.exclude(pk__in=linked).in_order()
    else:
        lacking = _people(user, wanted, day).exclude(
            pk__in=links.exclude(other_person=None).values("other_person")
        )
        people = lacking.filter(birth_date__gt=_born_after(day)) if wanted["young"] else lacking
        unknown = lacking.filter(birth_date=None).count() if wanted["young"] else 0
    return Uncovered(kind, str(wanted["title"]), orgs, people.in_order(), unknown)


def _people(user: access.Someone, wanted: dict[str, Any], day: date) -> PersonQuerySet:
    now = Membership.objects.on(day).filter(
        status__in=wanted["statuses"], org__category=wanted["category"]
    )
    return access.people(user, "member.view").filter(pk__in=now.values("person"))


def _born_after(day: date) -> date:
    """Who was born later is not yet older than the age set."""
    years: int = catalogue.current().kinds["limits"]["young_teacher_age"]["value"]
    return add_months(day, -12 * (years + 1))
