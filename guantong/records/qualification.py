"""Whether somebody fits a post, with reasons that cite their rule. Reads only; saves nothing.

What a rule demands (`must`) the action refuses; what it says of the general case is told and left
to those who decide.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from guantong.periods import add_months
from guantong.records import catalogue, clock, org_rules
from guantong.records.access import Refused
from guantong.records.models import Org, Person, Post
from guantong.records.org_rules import Finding
from guantong.records.rosters import BRANCH

DOUBLE_LEADER: Final = "double_leader"
IN_COMMITTEE: Final = frozenset({"secretary", "deputy_secretary", "committee_member"})


@dataclass(frozen=True)
class Candidate:
    """Somebody for a post from a day on; `qualified_as` a code of kinds.yaml or empty. `status`:
    of the membership on that day, empty where it is still to be looked up.
    """

    person: Person
    org: Org
    post: str
    on: date
    qualified_as: str = ""
    status: str = ""


@dataclass(frozen=True)
class Evidence:
    """As what a secretary fits the kind of branch, and the document that shows it."""

    qualified_as: str = ""
    document: str = ""
    on: date | None = None

    def leads(self, stated: bool | None) -> bool | None:
        """Whoever qualifies as a double leader is one."""
        return True if self.qualified_as == DOUBLE_LEADER else stated

    def checked(self, org: Org, day: date) -> dict[str, Any]:
        """The fields of a post; refuses what does not go together."""
        if self.qualified_as and self.qualified_as not in fitting(org.category):
            text = "这一任职条件不适用于这类支部。"
            raise Refused(text, {"qualified_as": text})
        if self.on is not None and not self.document.strip():
            text = "写了认定日期，请写明认定文件。"
            raise Refused(text, {"evidence": text})
        if self.on is not None and self.on > max(day, clock.today()):
            text = "认定日期还没到。"
            raise Refused(text, {"evidence_on": text})
        return {
            "qualified_as": self.qualified_as,
            "evidence": self.document.strip(),
            "evidence_on": self.on,
        }


def findings(candidate: Candidate) -> list[Finding]:
    return [*_status(candidate), *_party_age(candidate), *_fits_branch(candidate)]


def excluded(candidate: Candidate) -> str:
    """Why a rule excludes somebody, with the rule; empty where none does."""
    wrong = [one for one in findings(candidate) if one.must]
    return "；".join(f"{one.text}（{one.rule.demand}，{one.rule.cited}）" for one in wrong)


def misplaced(post: str, org: Org, on: date) -> str:
    """Why an organisation has no such post on a day; empty where it may have it."""
    told = catalogue.current().kinds["posts"][post]
    in_kind = org.kind in told.get("in", [org.kind])
    if in_kind and "below" in told:
        in_kind = org.parents.on(on).filter(parent__kind__in=told["below"]).exists()
    return "" if in_kind else f"“{org.short_name}”没有{told['title']}这一职务"


def taken(person_id: int, held: Iterable[Post], *, acting: bool = False) -> str:
    """Why somebody cannot be given a post that is `held` meanwhile: he holds it, or anybody does
    if it has one holder at a time; who acts in it and who holds it may be two.
    """
    posts = catalogue.current().kinds["posts"]
    for one in held:
        single = posts[one.post].get("single", False) and one.acting == acting
        if not single and one.person_id != person_id:
            continue
        until = f"至 {one.valid_to}" if one.valid_to else "至今"
        return (
            f"{one.person.name}自 {one.valid_from} {until}已任“{one.org.short_name}”"
            f"{posts[one.post]['title']}，请先登记免职或改日期。"
        )
    return ""


def fitting(category: str | None) -> dict[str, str]:
    """As what the secretary of a branch of a category may qualify: code and title."""
    known = catalogue.current().kinds["qualifications"]
    return {code: q["title"] for code, q in known.items() if category in q["categories"]}


def of_holder(post: Post) -> list[Finding]:
    """What does not fit about a post that is held, by its kind of branch."""
    held_as = post.qualified_as or ("double_leader" if post.double_leader else "")
    candidate = Candidate(post.person, post.org, post.post, post.valid_from, held_as)
    return list(_fits_branch(candidate))


def belongs_elsewhere(candidate: Candidate) -> Org | None:
    """The branch of which somebody for a post in another branch is a member."""
    there = candidate.person.memberships.on(candidate.on).select_related("org").first()
    return (
        there.org
        if there and candidate.org.kind == BRANCH and there.org != candidate.org
        else None
    )


def concurrent(candidate: Candidate) -> list[Post]:
    """The posts that the person holds elsewhere on the day."""
    held = candidate.person.posts.on(candidate.on).exclude(org=candidate.org)
    return list(held.select_related("org").order_by("valid_from"))


def _status(candidate: Candidate) -> Iterator[Finding]:
    if candidate.post not in IN_COMMITTEE:
        return
    span = None if candidate.status else candidate.person.memberships.on(candidate.on).first()
    status = span.status if span else candidate.status
    if status and status != "full":
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
