"""Who is expected at an activity, and whom its record may name. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from guantong.obligations.activity_kinds import POSTS, ActivityKind
from guantong.records import access, catalogue
from guantong.records.models import Membership, Org, Person, Post, Relation, User
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.span import on as lasting

BRANCH, GROUP = "branch", "group"


def expected(kind: str, host: Org, on: date) -> PersonQuerySet:
    """Those who should come to an activity of a kind that an organisation holds."""
    entry = catalogue.current().kinds["activities"].get(kind, {})
    return in_posts(host, on) if entry.get("roster") == "posts" else roster(host, on)


def roster(org: Org, on: date) -> PersonQuerySet:
    """The members of a branch on a day (of a group: its branch's); above, those in a post."""
    if org.kind == BRANCH:
        return _members([org.pk], on)
    return _members(org.lineage()[-2:-1], on) if org.kind == GROUP else in_posts(org, on)


def in_posts(org: Org, on: date) -> PersonQuerySet:
    """Those who hold a post in an organisation on a day: its committee."""
    posts = Post.objects.on(on).filter(org=org)
    return Person.objects.filter(pk__in=posts.values("person")).in_order()


def entitled(kind: ActivityKind, hosts: Sequence[Org], on: date) -> set[int]:
    """Those who have a vote when the hosts decide; nobody where the kind decides nothing."""
    if kind.deciding is None:
        return set()
    if kind.deciding.entitled == POSTS:
        posts = Post.objects.on(on).filter(org__in=hosts)
        return set(posts.values_list("person_id", flat=True))
    base = catalogue.current().kinds["bases"][kind.deciding.entitled]
    members = Membership.objects.on(on).filter(org__in=hosts, status__in=base["statuses"])
    return set(members.values_list("person_id", flat=True))


def may_be_named(by: User | None, hosts: Sequence[Org], on: date) -> PersonQuerySet:
    """Those whom the record of an activity held on a day may name as present or absent.

    On that day they belong to the school, and they are members where `by` may record or at the
    hosts, or hold a post at the hosts or above, or a relation links them to a host. Guests from
    elsewhere go into the summary.
    """
    if by is None:
        return Person.objects.filter(_here(on))
    within = Org.objects.below(*hosts) | access.orgs(by, "activity.record")
    members = Membership.objects.on(on).filter(org__in=within)
    return Person.objects.filter(_here(on), Q(_of_whom(members)) | _linked(hosts, on))


def paired(hosts: Sequence[Org], on: date) -> OrgQuerySet:
    """Organisations that a pairing links to one of the hosts, and that are none themselves."""
    links = Relation.objects.on(on).filter(kind="pairing")
    from_here = links.filter(org__in=hosts).values("other_org")
    to_here = links.filter(other_org__in=hosts).values("org")
    linked = Org.objects.on(on).filter(Q(pk__in=from_here) | Q(pk__in=to_here))
    return linked.exclude(pk__in=[host.pk for host in hosts]).in_order()


def outside_partners(hosts: Sequence[Org], on: date) -> list[str]:
    """Those outside the school whom a pairing links to one of the hosts, by name."""
    links = Relation.objects.on(on).filter(kind="pairing", org__in=hosts).exclude(partner="")
    return sorted(set(links.values_list("partner", flat=True)))


def likely_guests(hosts: Sequence[Org], on: date) -> PersonQuerySet:
    """Those in a post at the hosts or above, and those whom a relation links to a host."""
    return Person.objects.filter(_here(on), _linked(hosts, on)).in_order()


@dataclass(frozen=True)
class Described:
    """A person on a day. `office`: posts at the hosts; `above`: those above, with the place."""

    pk: int
    name: str
    status: str | None
    exempt: bool
    branch: str
    office: str
    above: str


def described(ids: Collection[int], hosts: Sequence[Org], on: date) -> list[Described]:
    """Tell what the hosts of an activity want to know about people, in the order of names."""
    here = FilteredRelation("memberships", condition=lasting("memberships__", on))
    people = Person.objects.filter(pk__in=ids).annotate(here=here).in_order()
    rows = people.values_list(
        "pk", "name", F("here__status"), F("here__exempt"), F("here__org__short_name")
    )
    office = _offices(ids, hosts, on)
    return [
        Described(pk, name, status, bool(exempt), branch or "", *office.get(pk, ("", "")))
        for pk, name, status, exempt, branch in rows
    ]


def _offices(ids: Collection[int], hosts: Sequence[Org], on: date) -> dict[int, tuple[str, str]]:
    steps = {step for host in hosts for step in host.lineage()}
    held = Post.objects.on(on).filter(person__in=ids, org__in=steps).select_related("org")
    found: dict[int, tuple[list[str], list[str]]] = {}
    for post in held.order_by("org__path", "id"):
        here, above = found.setdefault(post.person_id, ([], []))
        title = catalogue.current().label("posts", post.post)
        if post.org in hosts:
            here.append(title)
        else:
            above.append(f"{title}（{post.org.short_name}）")
    return {person: ("、".join(here), "、".join(above)) for person, (here, above) in found.items()}


def _here(on: date) -> Q:
    return Q(_of_whom(Membership.objects.on(on))) | Q(_of_whom(Post.objects.on(on)))


def _of_whom(rows: QuerySet[Membership] | QuerySet[Post]) -> Exists:
    """Asked of each person by itself: a list of everybody would grow with the school."""
    return Exists(rows.filter(person=OuterRef("pk")))


def _linked(hosts: Sequence[Org], on: date) -> Q:
    above = {step for host in hosts for step in host.lineage()}
    posts = Post.objects.on(on).filter(org__in=above)
    links = Relation.objects.on(on).filter(Q(org__in=hosts) | Q(other_org__in=hosts))
    return Q(pk__in=posts.values("person")) | Q(pk__in=links.exclude(person=None).values("person"))


def _members(org_ids: Sequence[int], on: date) -> PersonQuerySet:
    members = Membership.objects.on(on).of_members().filter(org__in=org_ids)
    return Person.objects.filter(pk__in=members.values("person")).in_order()
