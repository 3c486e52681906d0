"""The organisations in somebody's reach as the tree they formed on a day.

Not for access: the caller hands in what the user may see. Four or five queries, whatever the size.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, FilteredRelation

from guantong.records import catalogue, clock
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.span import on
from guantong.records.rosters import BRANCH
from guantong.web.addresses import page_url
from guantong.web.trees import heirs_of_all, last_heir, names_on

FIELDS = ("pk", "name", "short_name", "kind", "category", "external_code", "valid_from", "hung_on")


@dataclass(frozen=True)
class Node:
    """One organisation; `members` (of the Party) and `branches` count all below it as well."""

    pk: int
    name: str
    short_name: str
    kind: str
    category: str | None
    external_code: str | None
    valid_from: date
    on: date  # the day of the figures
    secretaries: tuple[str, ...]
    members: int
    branches: int
    below: tuple["Node", ...]
    hit: bool
    open: bool

    @property
    def url(self) -> str:
        return f"{page_url('org-list')}{self.pk}/"

    @property
    def kind_title(self) -> str:
        label = catalogue.current().label
        if self.category:
            return f"{label('categories', self.category)}{label('orgs', self.kind)}"
        return label("orgs", self.kind)

    @property
    def wants_secretary(self) -> bool:
        """Unless it was founded only after the day."""
        return self.kind == BRANCH and not self.secretaries and self.valid_from <= self.on

    def flat(self) -> Iterator["Node"]:
        yield self
        for node in self.below:
            yield from node.flat()

    def flat_with_depth(self, depth: int = 0) -> Iterator[tuple[int, "Node"]]:
        """Each organisation with how far below this one it hangs."""
        yield depth, self
        for node in self.below:
            yield from node.flat_with_depth(depth + 1)


@dataclass(frozen=True)
class Wanted:
    """What the tree is searched for: part of a name or a code, a kind, a branch category."""

    text: str = ""
    kind: str = ""
    category: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.kind or self.category)

    def fits(self, row: Mapping[str, Any]) -> bool:
        named = f"{row['name']} {row['short_name']} {row['external_code'] or ''}"
        return (
            self.text in named
            and self.kind in ("", row["kind"])
            and self.category in ("", row["category"])
        )


class Forest:
    """The tree of a day, its highest organisations first.

    `as_now`: the figures of the day by the organisations and the tree of today; the members of one
    that ended since count with who answers for it.
    """

    def __init__(
        self, orgs: OrgQuerySet, day: date, wanted: Wanted, *, as_now: bool = False
    ) -> None:
        tree_day = clock.today() if as_now else day
        there = orgs.on(tree_day)
        hung = FilteredRelation("parents", condition=on("parents__", tree_day))
        rows = there.annotate(hung=hung, hung_on=F("hung__parent")).in_order().values(*FIELDS)
        self.wanted, self.day = wanted, day
        self.rows = {row["pk"]: row for row in rows}
        for pk, (name, short_name) in names_on(tree_day).items():
            if pk in self.rows:
                self.rows[pk] |= {"name": name, "short_name": short_name}
        self.members = self._counted(orgs if as_now else there, day, as_now=as_now)
        self.secretaries = defaultdict[int, list[str]](list)
        held = there.filter(on("posts__", day), posts__post="secretary")
        for pk, name in held.values_list("pk", "posts__person__name"):
            self.secretaries[pk].append(name)
        self.below = defaultdict[int | None, list[int]](list)
        for pk, row in self.rows.items():
            self.below[row["hung_on"] if row["hung_on"] in self.rows else None].append(pk)

    def _counted(self, orgs: OrgQuerySet, day: date, *, as_now: bool) -> Mapping[int, int]:
        there = orgs.filter(on("memberships__", day), memberships__status__in=MEMBER_STATUSES)
        counted = there.annotate(count=Count("memberships"))
        if not as_now:
            return dict(counted.values_list("pk", "count"))
        found, heirs = Counter[int](), heirs_of_all()
        for pk, count in counted.values_list("pk", "count"):
            found[last_heir(pk, heirs)] += count
        return found

    def nodes(self) -> tuple[Node, ...]:
        return _shown(self._node(pk, depth=0) for pk in self.below[None])

    def _node(self, pk: int, depth: int) -> Node:
        row = self.rows[pk]
        below = [self._node(child, depth + 1) for child in self.below[pk]]
        return Node(
            pk=pk,
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            category=row["category"],
            external_code=row["external_code"],
            valid_from=row["valid_from"],
            on=self.day,
            secretaries=tuple(self.secretaries[pk]),
            members=self.members.get(pk, 0) + sum(node.members for node in below),
            branches=sum(node.branches + (node.kind == BRANCH) for node in below),
            below=_shown(below),
            hit=self.wanted.fits(row),
            open=bool(self.wanted) or depth == 0,
        )


def _shown(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Those that fit or have something below that fits."""
    return tuple(node for node in nodes if node.hit or node.below)
