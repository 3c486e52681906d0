"""What a prepared rearrangement of branches would come to. Reads only; decides nothing.

A plan names for each person who moves the place where he goes: the id of a branch, the key of a
new one, or nothing yet. Everyone else stays where he is.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Self

from django.db.models import F

from guantong.records import catalogue, org_rules
from guantong.records.models import Activity, ActivityHost, Membership, Org, Post, Recut
from guantong.records.models.org import OrgQuerySet
from guantong.records.org_rules import Finding
from guantong.records.rosters import BRANCH

NOWHERE = ""
NAMED = 3


@dataclass(frozen=True)
class NewBranch:
    key: str
    name: str
    short_name: str
    category: str | None


@dataclass(frozen=True)
class SheetRow:
    """A row of the sheet that was filled in; `person_id` None: told by number and name alone."""

    line: int
    person_id: int | None
    number: str
    name: str
    target: str


@dataclass(frozen=True)
class Problem:
    """Why something cannot be carried out, and the activities that stand in the way."""

    text: str
    activities: Sequence[Activity] = ()

    def __str__(self) -> str:
        named = "、".join(f"{one.held_on} {one.title}" for one in self.activities[:NAMED])
        more = "等" if len(self.activities) > NAMED else ""
        return f"{self.text}：{named}{more}。" if named else self.text


@dataclass(frozen=True)
class Plan:
    """`moves`: person to place; `closes`: branches that end because nobody is left in them."""

    branches: tuple[NewBranch, ...] = ()
    moves: Mapping[int, str] = field(default_factory=dict)
    closes: frozenset[int] = frozenset()

    @classmethod
    def of(cls, recut: Recut) -> Self:
        kept = recut.plan
        return cls(
            tuple(NewBranch(**one) for one in kept.get("branches", [])),
            {int(pk): to for pk, to in kept.get("moves", {}).items()},
            frozenset(kept.get("closes", [])),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "branches": [vars(one) for one in self.branches],
            "moves": {str(pk): to for pk, to in self.moves.items()},
            "closes": sorted(self.closes),
        }

    def with_moves(self, moves: Mapping[int, str]) -> "Plan":
        return replace(self, moves={**self.moves, **moves})


@dataclass(frozen=True)
class Mover:
    """A member of a branch concerned. `to`: the key of a place, empty while nowhere."""

    pk: int
    name: str
    number: str
    status: str
    home: int
    to: str


@dataclass(frozen=True)
class Place:
    """A branch as it would be. `org` None: a new one. `full`: full members alone."""

    key: str
    name: str
    org: Org | None
    category: str | None
    closing: bool
    before: int
    total: int
    full: int
    arrivals: int
    departures: int
    secretary: str
    loses_secretary: bool
    findings: tuple[Finding, ...]

    @property
    def new(self) -> bool:
        return self.org is None


def concerned(recut: Recut) -> OrgQuerySet:
    """The branches below the organisation that the rearrangement is about."""
    found = Org.objects.below(recut.org).on(recut.on_day).filter(kind=BRANCH)
    return found.filter(category=recut.category) if recut.category else found


class Preview:
    """The members concerned and their places, as the plan would have it. Three queries."""

    def __init__(self, recut: Recut, plan: Plan | None = None) -> None:
        self.recut, self.plan = recut, plan or Plan.of(recut)
        self.orgs = {org.pk: org for org in concerned(recut).in_order()}
        self.new = {one.key: one for one in self.plan.branches}

    @cached_property
    def movers(self) -> tuple[Mover, ...]:
        here = Membership.objects.filter(org__in=list(self.orgs), valid_to=None)
        rows = here.order_by("person__pinyin", "person_id").values_list(
            "person_id", F("person__name"), F("person__number"), "status", "org_id"
        )
        return tuple(
            Mover(pk, name, number or "", status, home, self._to(pk, home))
            for pk, name, number, status, home in rows
        )

    def _to(self, pk: int, home: int) -> str:
        to = self.plan.moves.get(pk, str(home))
        if to in self.new:
            return to
        org = int(to) if to.isdecimal() else 0
        return to if org in self.orgs and org not in self.plan.closes else NOWHERE

    @cached_property
    def at(self) -> Mapping[str, Sequence[Mover]]:
        """Members by the place where they would be."""
        found = defaultdict[str, list[Mover]](list)
        for mover in self.movers:
            found[mover.to].append(mover)
        return found

    @property
    def nowhere(self) -> Sequence[Mover]:
        return self.at.get(NOWHERE, ())

    @cached_property
    def moves(self) -> dict[int, str]:
        """Those who really go elsewhere, and where."""
        return {m.pk: m.to for m in self.movers if m.to not in (NOWHERE, str(m.home))}

    @cached_property
    def closing(self) -> tuple[Org, ...]:
        return tuple(org for pk, org in self.orgs.items() if pk in self.plan.closes)

    def heirs(self, org: Org) -> list[str]:
        """Where the members of a branch that ends go, most of them first: that place answers."""
        went = Counter(m.to for m in self.movers if m.home == org.pk and m.to)
        order = [place.key for place in self.places]
        return sorted(went, key=lambda key: (-went[key], order.index(key)))

    @cached_property
    def secretaries(self) -> Mapping[int, Sequence[Post]]:
        held = Post.objects.on(self.recut.on_day).filter(org__in=self.orgs, post="secretary")
        found = defaultdict[int, list[Post]](list)
        for post in held.select_related("person").order_by("valid_from"):
            found[post.org_id].append(post)
        return found

    @cached_property
    def places(self) -> tuple[Place, ...]:
        before = Counter(mover.home for mover in self.movers)
        old = [self._place(str(pk), org, None, before[pk]) for pk, org in self.orgs.items()]
        return (*old, *(self._place(one.key, None, one, 0) for one in self.plan.branches))

    def _place(self, key: str, org: Org | None, made: NewBranch | None, before: int) -> Place:
        here = self.at.get(key, ())
        full = sum(mover.status == "full" for mover in here)
        arrivals = sum(str(mover.home) != key for mover in here)
        closing = org is not None and org.pk in self.plan.closes
        held = self.secretaries.get(org.pk, ()) if org else ()
        gone = [p for p in held if self.plan.moves.get(p.person_id, key) != key] if held else []
        sizes = org_rules.sizes(full, len(here), self.recut.on_day)
        return Place(
            key=key,
            name=org.short_name if org else made.short_name if made else "",
            org=org,
            category=org.category if org else made.category if made else None,
            closing=closing,
            before=before,
            total=len(here),
            full=full,
            arrivals=arrivals,
            departures=before - (len(here) - arrivals),
            secretary="、".join(post.person.name for post in held),
            loses_secretary=bool(gone) or (closing and bool(held)),
            findings=() if closing else tuple(sizes),
        )

    @property
    def breaches(self) -> list[tuple[Place, Finding]]:
        """What would break a rule that must be kept."""
        return [(p, f) for p in self.places for f in p.findings if f.must]

    def problems(self) -> Iterator[Problem]:
        """Why it cannot be carried out."""
        if self.nowhere:
            yield Problem(f"还有 {len(self.nowhere)} 人没有分到支部。")
        if empty := [p.name for p in self.places if p.new and not p.total]:
            yield Problem(f"新支部“{'、'.join(empty)}”还没有党员，请分人或去掉。")
        if not self.moves and not self.plan.closes:
            yield Problem("还没有任何调整。")
        yield from still_to_hold(self.closing, self.recut.on_day)

    def cautions(self) -> Iterator[str]:
        """What is to be thought of before it is carried out; nothing of it stands in the way."""
        for place in self.places:
            yield from (f"{place.name}：{one.text}" for one in place.findings if not one.must)
            if place.loses_secretary:
                yield f"{place.name}：书记{place.secretary}任职结束"


def still_to_hold(ending: Collection[Org], on: date) -> Iterator[Problem]:
    """For each that ends while it has activities on the day or later: which, and what to do."""
    live = Activity.objects.live().filter(held_on__gte=on)
    hosting = ActivityHost.objects.filter(org__in=[org.pk for org in ending], activity__in=live)
    found = defaultdict[int, list[Activity]](list)
    for row in hosting.select_related("activity").order_by("activity__held_on", "activity"):
        found[row.org_id].append(row.activity)
    for org in ending:
        if there := found.get(org.pk):
            yield Problem(
                f"“{org.short_name}”在 {on} 当天或之后还有 {len(there)} 项活动，请先更正或撤销",
                there,
            )


def targets(preview: Preview) -> list[tuple[str, str]]:
    """The places where somebody may go, by key and name."""
    return [(place.key, place.name) for place in preview.places if not place.closing]


def assigned(
    preview: Preview, rows: Collection[SheetRow]
) -> tuple[dict[int, str], list[str], list[str]]:
    """Read a filled-in sheet: moves by person (a place's key, or a new branch's name), the names
    of new branches in the sheet's order, and what is wrong with which line.
    """
    people = {mover.pk: mover for mover in preview.movers}
    by_number = {(m.number, m.name): m.pk for m in preview.movers if m.number}
    places = {name: key for key, name in targets(preview)}
    places |= {o.name: str(o.pk) for o in preview.orgs.values() if str(o.pk) in places.values()}
    moves: dict[int, str] = {}
    new: list[str] = []
    wrong: list[str] = []
    for row in rows:
        pk = row.person_id or by_number.get((row.number, row.name))
        mover = people.get(pk) if pk else None
        if mover is None or (row.name and row.name != mover.name):
            wrong.append(
                f"第 {row.line} 行：{row.name or '（未写姓名）'}不在要调整的党支部里，请核对姓名"
            )
        elif mover.pk in moves:
            wrong.append(f"第 {row.line} 行：{mover.name}写了两次")
        else:
            moves[mover.pk] = places.get(row.target, row.target)
            if row.target and row.target not in places and row.target not in new:
                new.append(row.target)
    return moves, new, wrong


def category_title(code: str | None) -> str:
    return catalogue.current().label("categories", code) if code else ""
