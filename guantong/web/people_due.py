"""What is due for people, for the branch that answers for them: probation that ends, exemptions to
look at again, members elsewhere to get in touch with.

Reminders from days on record; no demand of the ledger, and nothing happens when a day has passed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from guantong.periods import add_months
from guantong.records import access, lifecycle, registers
from guantong.records.models import Membership, Whereabouts
from guantong.records.models.membership import MembershipQuerySet
from guantong.web.wording import distance

AHEAD: Final = timedelta(days=60)  # the papers of a full membership take weeks
SOON: Final = timedelta(days=14)
MOST: Final = 50


@dataclass(frozen=True)
class PersonDue:
    """One reminder: whom it is about, what, by when."""

    person: int
    name: str
    title: str
    says: str
    on: date


def people_due(user: access.Someone, orgs: Collection[int], today: date) -> list[PersonDue]:
    """The most urgent first; three queries, however many people there are."""
    if not orgs:
        return []
    now = Membership.objects.on(today).filter(org__in=orgs).select_related("person")
    within = access.people(user, "member.edit").values("pk")
    now = now.filter(person__in=within)
    found = [*_probation(now, today), *_exemptions(now, today), *_contacts(now, today)]
    return sorted(found, key=lambda one: (one.on, one.name))[:MOST]


def _probation(now: MembershipQuerySet, today: date) -> Iterator[PersonDue]:
    latest = add_months(today + AHEAD, -lifecycle.PROBATION)
    for row in now.filter(status="probationary", person__joined_on__lte=latest):
        ends = lifecycle.probation_ends(row.person, row)
        if ends and ends <= today + AHEAD:
            says = f"{ends} 预备期满，{distance(ends, today)}；由支部党员大会讨论"
            yield PersonDue(row.person_id, row.person.name, "预备期满", says, ends)


def _exemptions(now: MembershipQuerySet, today: date) -> Iterator[PersonDue]:
    for row in now.filter(exempt=True, exempt_until__lte=today + SOON):
        if row.exempt_until:
            says = f"{row.exempt_until} 复核是否继续豁免（{row.exempt_reason}）"
            yield PersonDue(row.person_id, row.person.name, "复核豁免", says, row.exempt_until)


def _contacts(now: MembershipQuerySet, today: date) -> Iterator[PersonDue]:
    rows = Whereabouts.objects.filter(valid_to=None, person__in=now.values("person"))
    for one in registers.dues(rows.select_related("person"), today):
        if one.next_on and one.next_on <= today + SOON:
            says = f"{one.next_on} 前联系一次，{distance(one.next_on, today)}"
            yield PersonDue(
                one.row.person_id, one.row.person.name, "联系在外党员", says, one.next_on
            )
        if one.ends_on and one.ends_on <= today + AHEAD:
            says = f"一般保留到 {one.ends_on}，{distance(one.ends_on, today)}；联系本人转出"
            yield PersonDue(
                one.row.person_id, one.row.person.name, "毕业生组织关系", says, one.ends_on
            )
