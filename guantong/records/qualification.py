"""Whether somebody fits a post, with reasons that cite their rule. Reads only; saves nothing.

What a rule demands (`must`) the action refuses; what it says of the general case is told and left
to those who decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from guantong.periods import add_months
from guantong.records import catalogue, org_rules
from guantong.records.models import Org, Person, Post
from guantong.records.org_rules import Finding
from guantong.records.rosters import BRANCH

IN_COMMITTEE: Final = frozenset({"secretary", "deputy_secretary", "committee_member"})


@dataclass(frozen=True)
class Candidate:
    """Somebody for a post from a day on; `qualified_as` a code of kinds.yaml or empty."""

    person: Person
    org: Org
    post: str
    on: date
    qualified_as: str = ""


def findings(candidate: Candidate) -> list[Finding]:
    return [*_status(candidate), *_party_age(candidate), *_fits_branch(candidate)]


def fitting(category: str | None) -> dict[str, str]:
    """As what the secretary of a branch of a category may qualify: code and title."""
    known = catalogue.current().kinds["qualifications"]
    return {code: q["title"] for code, q in known.items() if category in q["categories"]}


def of_holder(post: Post) -> list[Finding]:
    """What does not fit about a post that is held, by its kind of branch."""
    held_as = post.qualified_as or ("double_leader" if post.double_leader else "")
    candidate = Candidate(post.person, post.org, post.post, post.valid_from, held_as)
    return list(_fits_branch(candidate))


def concurrent(candidate: Candidate) -> list[Post]:
    """The posts that the person holds elsewhere on the day."""
    held = candidate.person.posts.on(candidate.on).exclude(org=candidate.org)
    return list(held.select_related("org").order_by("valid_from"))


def _status(candidate: Candidate) -> Iterator[Finding]:
    if candidate.post not in IN_COMMITTEE:
        return
    span = candidate.person.memberships.on(candidate.on).first()
    if span is not None and span.status != "full":
        rule = org_rules.rule("committee_full_members")
        yield Finding(f"{candidate.person.name}在 {candidate.on} 还不是正式党员", rule)


def _party_age(candidate: Candidate) -> Iterator[Finding]:
    if candidate.post != "secretary" or candidate.org.kind != BRANCH:
        return
    rule = org_rules.rule("secretary_party_years")
    years, since = rule.on(candidate.on), candidate.person.full_member_on
    if since is not None and add_months(since, 12 * years) > candidate.on:
        yield Finding(f"{since} 转正，党龄不满 {years} 年", rule)


def _fits_branch(candidate: Candidate) -> Iterator[Finding]:
    wanted = fitting(candidate.org.category)
    if candidate.post != "secretary" or candidate.org.kind != BRANCH or not wanted:
        return
    if candidate.qualified_as not in wanted:
        category = catalogue.current().label("categories", candidate.org.category or "")
        yield Finding(
            f"{category}支部书记没有登记是{'、'.join(wanted.values())}",
            org_rules.rule("secretary_fits_branch"),
        )
