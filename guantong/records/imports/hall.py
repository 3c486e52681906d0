"""Who was at an activity, from names in a list: the rules of `rosters`, for many rows at once.

Reads the database in a few strokes; a test holds its answers against those of `rosters`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from guantong.records import access, catalogue
from guantong.records.imports.decisions import unfit
from guantong.records.imports.people import in_chunks
from guantong.records.imports.rows import Named
from guantong.records.models import Membership, Org, Person, Post, Relation, User
from guantong.records.models.span import SpanQuerySet
from guantong.records.rosters import BRANCH, GROUP


@dataclass(frozen=True)
class _Stay:
    """A person at an organisation for a span: as a member, in a post, or linked to it."""

    person_id: int
    org_id: int
    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class Hall:
    """All who could be meant by the names, and where they belonged when."""

    def __init__(self, names: Collection[str], hosts: Collection[Org], by: User | None) -> None:
        self.named: dict[str, list[Person]] = defaultdict(list)
        self._numbers: dict[int, str] = {}
        for person in in_chunks(Person.objects.only("name", "number"), "name", names):
            self.named[person.name].append(person)
            self._numbers[person.pk] = person.number or ""
        ids = {person.pk for people in self.named.values() for person in people}
        orgs = {pk for host in hosts for pk in host.lineage()}
        members, posts = Membership.objects.all(), Post.objects.all()
        self.members = _Stays(members, ids, members.of_members(), orgs)
        self.posts = _Stays(posts, ids, posts, orgs)
        self.links: dict[int, list[_Stay]] = defaultdict(list)
        linked = Relation.objects.filter(Q(org__in=orgs) | Q(other_org__in=orgs))
        for row in linked.exclude(person=None).values_list(
            "person_id", "org_id", "other_org_id", "valid_from", "valid_to"
        ):
            self.links[row[0]] += [_Stay(row[0], org, *row[3:]) for org in row[1:3] if org]
        self.paths = dict(Org.objects.values_list("pk", "path"))
        self.whole = by is None
        recorded = Org.objects.none() if by is None else access.orgs(by, "activity.record")
        self.recorded = frozenset(recorded.values_list("pk", flat=True))

    def number_of(self, person_id: int) -> str:
        return self._numbers.get(person_id, "")

    def room(self, kind: str, hosts: Sequence[Org], on: date) -> "Room":
        return Room(self, kind, hosts, on)


class Room:
    """One activity in the hall."""

    def __init__(self, hall: Hall, kind: str, hosts: Sequence[Org], on: date) -> None:
        entry = catalogue.current().kinds["activities"].get(kind, {})
        in_posts = entry.get("roster") == "posts"
        self.hall, self.on = hall, on
        self.hosts = frozenset(host.pk for host in hosts)
        self.lineages = frozenset(pk for host in hosts for pk in host.lineage())
        self.paths = tuple(host.path for host in hosts)
        members = {stay.person_id for host in hosts for stay in self._roster(host)}
        posts = {stay.person_id for pk in self.hosts for stay in self._there(hall.posts.at[pk])}
        self.expected = posts if in_posts else members
        """See `rosters.expected`, for all hosts together."""
        self.own = posts | members

    def find(self, one: Named, *, field: str) -> int:
        """Return whom a name means: first among the hosts' own people; raise Unfit."""
        may_be = [p for p in self.hall.named[one.name] if self._may_be_named(p.pk)]
        if one.note:
            may_be = [p for p in may_be if p.number == one.note] or may_be
        likely = [p for p in may_be if p.pk in self.own] or may_be
        if len(likely) == 1:
            return likely[0].pk
        if likely:
            what = f"当天的名册中有 {len(likely)} 名“{one.name}”"
            raise unfit(field, what, f"请写成 {one.name}（学工号）")
        what = f"“{one.name}”当天不在您可登记的名册中"
        raise unfit(field, what, "请核对姓名；校外来宾写入内容摘要")

    def _roster(self, host: Org) -> Iterable[_Stay]:
        """See `rosters.roster`."""
        if host.kind == BRANCH:
            return self._there(self.hall.members.at[host.pk])
        if host.kind == GROUP:
            return self._there(self.hall.members.at[host.lineage()[-2]])
        return self._there(self.hall.posts.at[host.pk])

    def _may_be_named(self, person_id: int) -> bool:
        """See `rosters.may_be_named`."""
        members = self._there(self.hall.members.of[person_id])
        posts = self._there(self.hall.posts.of[person_id])
        if not members and not posts:
            return False
        return (
            self.hall.whole
            or any(self._is_ours(stay.org_id) for stay in members)
            or any(stay.org_id in self.lineages for stay in posts)
            or any(link.org_id in self.hosts for link in self._there(self.hall.links[person_id]))
        )

    def _is_ours(self, org_id: int) -> bool:
        return org_id in self.hall.recorded or self.hall.paths[org_id].startswith(self.paths)

    def _there(self, stays: Iterable[_Stay]) -> list[_Stay]:
        return [stay for stay in stays if stay.covers(self.on)]


class _Stays:
    """The spans of some people and those expected in some organisations, by either."""

    def __init__(
        self,
        rows: SpanQuerySet[Any],
        people: Collection[int],
        expected: SpanQuerySet[Any],
        orgs: Collection[int],
    ) -> None:
        self.of: dict[int, list[_Stay]] = defaultdict(list)
        self.at: dict[int, list[_Stay]] = defaultdict(list)
        for row in in_chunks(rows, "person", people):
            self.of[row.person_id].append(_stay(row))
        for row in in_chunks(expected, "org", orgs):
            self.at[row.org_id].append(_stay(row))


def _stay(row: Membership | Post) -> _Stay:
    return _Stay(row.person_id, row.org_id, row.valid_from, row.valid_to)
