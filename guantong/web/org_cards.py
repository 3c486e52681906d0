"""The cards of an organisation's page: posts, term, papers, links, history, warnings, staffing.

As they are on a day. Not for access: the view shows only what the user may see.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, QuerySet

from guantong.obligations import describe
from guantong.records import catalogue, ledger, org_rules, qualification
from guantong.records.headcounts import Heads
from guantong.records.models import (
    Document,
    Entry,
    Figure,
    Org,
    OrgSuccession,
    Post,
    Relation,
    Term,
)
from guantong.records.models.org import OrgQuerySet
from guantong.records.org_rules import Finding
from guantong.records.qualification import IN_COMMITTEE
from guantong.records.rosters import BRANCH
from guantong.web import wording


@dataclass(frozen=True)
class Called[Row]:
    """A row with the catalogue's word for its code."""

    title: str
    row: Row


def called[Row](group: str, code: str, rows: Iterable[Row]) -> list[Called[Row]]:
    """In the catalogue's order of the codes; `code` names the field that holds one."""
    titles = {
        name: str(entry["title"]) for name, entry in catalogue.current().kinds[group].items()
    }
    order = list(titles)
    found = sorted(rows, key=lambda row: order.index(getattr(row, code)))
    return [Called(titles[getattr(row, code)], row) for row in found]


def posts(org: Org, today: date) -> list[Called[Post]]:
    held = org.posts.on(today).select_related("person").order_by("valid_from", "person__pinyin")
    return called("posts", "post", held)


def posts_to_come(org: Org, today: date) -> list[Called[Post]]:
    coming = org.posts.filter(valid_from__gt=today).select_related("person")
    return called("posts", "post", coming.order_by("valid_from", "person__pinyin"))


@dataclass(frozen=True)
class CurrentTerm:
    row: Term
    ends_on: date
    days_left: int

    @property
    def overdue(self) -> int:
        return -self.days_left


def term(org: Org, today: date) -> CurrentTerm | None:
    row = org.terms.filter(elected_on__lte=today).order_by("-elected_on").first()
    if row is None:
        return None
    ends_on = row.extended_to or row.expires_on
    return CurrentTerm(row, ends_on, (ends_on - today).days)


def documents(org: Org, today: date) -> list[Called[Document]]:
    return called("documents", "doc_class", org.documents.on(today).order_by("valid_from"))


def figures(org: Org, today: date) -> list[Called[Figure]]:
    return called("figures", "name", org.figures.latest_by(today))


@dataclass(frozen=True)
class Link:
    """A relation as seen from one organisation: its kind, and whom or what it leads to."""

    title: str
    row: Relation
    others: str


def relations(org: Org, today: date) -> list[Link]:
    ends = ("person", "org", "other_org", "other_person")
    sides = (org.relations, org.relations_in)
    found = {row for side in sides for row in side.on(today).select_related(*ends)}
    return [
        Link(one.title, one.row, "、".join(_others(one.row, org)))
        for one in called("relations", "kind", sorted(found, key=lambda r: (r.valid_from, r.pk)))
    ]


def _others(relation: Relation, org: Org) -> Iterator[str]:
    for end in (relation.person, relation.org, relation.other_org, relation.other_person):
        if end is not None and end != org:
            yield str(end)


@dataclass(frozen=True)
class Past:
    """One line of an organisation's history."""

    on: date
    says: str
    org: Org | None = None
    within: bool = False  # reach: its name is a link
    more: str = ""


def history(org: Org, orgs: OrgQuerySet, day: date) -> list[Past]:
    """Everything that the tree, the terms and the posts up to a day tell, the earliest first."""
    spans = org.parents.select_related("parent")
    origins = org.origins.select_related("predecessor")
    successions = org.successions.select_related("successor")
    named = [
        *((span.valid_from, "隶属于", span.parent, "") for span in spans),
        *((row.on_day, "前身", row.predecessor, _answers(row)) for row in origins),
        *((row.on_day, "后继", row.successor, _answers(row)) for row in successions),
    ]
    within = set(
        orgs.filter(pk__in=[other.pk for _, _, other, _ in named]).values_list("pk", flat=True)
    )
    lines = [Past(day, says, other, other.pk in within, more) for day, says, other, more in named]
    lines += [
        Past(row.valid_to, f"更名，此前称“{row.name}”")
        for row in org.former_names.all()
        if row.valid_to
    ]
    lines += [*_elections(org), *_held(org, day)]
    lines += [Past(org.valid_from, "成立")] + (
        [Past(org.valid_to, "撤销")] if org.valid_to else []
    )
    return sorted(lines, key=lambda line: (line.on, line.says != "成立"))


def _answers(row: OrgSuccession) -> str:
    return "承接未完成的责任" if row.answers else ""


def _elections(org: Org) -> Iterator[Past]:
    for row in org.terms.order_by("elected_on"):
        until = row.extended_to or row.expires_on
        yield Past(row.elected_on, "换届选举", more=f"任期至 {until}")
        if row.approved_on:
            yield Past(row.approved_on, f"批准延期至 {row.extended_to}", more=row.approval)


def _held(org: Org, day: date) -> Iterator[Past]:
    """Those who have left a post: who holds one today stands beside."""
    former = org.posts.filter(valid_to__lte=day).select_related("person")
    for one in called("posts", "post", former.order_by("valid_to")):
        row = one.row
        assert row.valid_to is not None
        acting = "代理" if row.acting else ""
        says = f"{row.person.name} 卸任{acting}{one.title}"
        yield Past(row.valid_to, says, more=f"{row.valid_from} 起")


@dataclass(frozen=True)
class Staffed:
    """A demand of clause 16 (staffing) on the organisation, as the ledger says."""

    title: str
    entry: Entry
    has: str
    cited: str


STAFFING: Final = ("college-deputy-secretary", "college-organisers", "full-time-staff-ratio")


def staffing(org: Org, entries: QuerySet[Entry], today: date) -> list[Staffed]:
    """This year's entries about full-time staff; none where nothing is demanded."""
    year = entries.filter(org=org, person=None, obligation__in=STAFFING)
    rules = ledger.obligations()
    found = year.filter(period_start__lte=today, period_end__gt=today).order_by("obligation")
    return [
        Staffed(
            title=rules[entry.obligation].title,
            entry=entry,
            has=wording.has_got(entry, rules[entry.obligation]),
            cited=describe.cited(rules[entry.obligation].basis[0], catalogue.current()),
        )
        for entry in found
    ]


def warnings(org: Org, heads: Heads, held: Sequence[Called[Post]], day: date) -> list[Finding]:
    """What does not fit a rule about branches; each finding cites it."""
    if org.kind != BRANCH or not org.exists_on(day):
        return []
    full = heads.of("full_members")
    rows = [one.row for one in held]
    there = org_rules.Committee(
        size=len({row.person_id for row in rows if row.post in IN_COMMITTEE}),
        members=sum(row.post == "committee_member" for row in rows),
        in_office=_in_office(org, day),
    )
    found = [
        *org_rules.sizes(full, heads.of("all_members"), day),
        *org_rules.committee(full, there, day),
        *org_rules.joint(org.unit_names(), day),
    ]
    for row in rows:
        if row.post == "secretary":
            row.org = org
            found += qualification.of_holder(row)
    return sorted(found, key=lambda one: not one.must)


def _in_office(org: Org, day: date) -> bool:
    current = term(org, day)
    return current is not None and current.days_left >= 0


def undone(org: Org, entries: QuerySet[Entry]) -> list[tuple[Org, int]]:
    """The predecessors for which it answers, and how many of their demands were left short."""
    rows = org.origins.filter(answers=True).select_related("predecessor")
    heirs = {row.predecessor_id: row.predecessor for row in rows}
    short = entries.filter(org__in=heirs, verdict="short").order_by()
    return [(heirs[pk], count) for pk, count in short.values_list("org").annotate(Count("pk"))]


def elsewhere(held: Iterable[Called[Post]], day: date) -> dict[int, str]:
    """The posts that the holders have in other organisations: by person, in words."""
    rows = [one.row for one in held]
    own = {row.pk for row in rows}
    others = Post.objects.on(day).filter(person__in={row.person_id for row in rows})
    found: dict[int, list[str]] = {}
    for post in others.exclude(pk__in=own).select_related("org").order_by("valid_from"):
        title = catalogue.current().label("posts", post.post)
        found.setdefault(post.person_id, []).append(f"{post.org.short_name}{title}")
    return {pk: "、".join(titles) for pk, titles in found.items()}
