"""The organisation tree of the day that a page is about, and its names: as it was then.

Today's stands in every organisation's `path`; another day's is read from the dated spans. Not
for access: what somebody may see goes by today's tree, and of that a page shows what was below.
"""

from collections import defaultdict
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from django.db.models import Q

from guantong.records import clock
from guantong.records.models import Org, OrgName, OrgParent, OrgSuccession
from guantong.records.models.org import below


def names_on(day: date) -> dict[int, tuple[str, str]]:
    """Name and short name of those that have been called otherwise since."""
    former = OrgName.objects.on(day).values_list("org_id", "name", "short_name")
    return {org: (name, short_name) for org, name, short_name in former}


def heirs_of_all() -> dict[int, int]:
    """Of each organisation that ended, the one that answers for it."""
    rows = OrgSuccession.objects.filter(answers=True)
    return dict(rows.values_list("predecessor", "successor"))


def last_heir(pk: int, heirs: Mapping[int, int]) -> int:
    """The organisation itself, its heir, the heir's heir and so on: the last of them."""
    passed = set[int]()
    while pk in heirs and pk not in passed:
        passed.add(pk)
        pk = heirs[pk]
    return pk


def held_below(org: Org) -> Q:
    """Hosts of activities that hung below an organisation, or were it, on the activity's day."""
    if org.is_top:
        return Q()
    stays = _stays(org)
    lives = Org.objects.in_bulk(stays)
    found, whole = Q(), []
    for pk, spans in stays.items():
        if any(_whole_life(lives[pk], *span) for span in spans):
            whole.append(pk)
            continue
        for since, until in spans:
            days = Q(org=pk, activity__held_on__gte=since)
            found |= days & Q(activity__held_on__lt=until) if until else days
    return found | Q(org__in=whole)


def _stays(org: Org) -> dict[int, list[tuple[date, date | None]]]:
    """What ever hung below an organisation, and itself, with the days on which it did."""
    below = defaultdict[int, list[OrgParent]](list)
    for span in OrgParent.objects.order_by("valid_from"):
        below[span.parent_id].append(span)
    found: dict[int, list[tuple[date, date | None]]] = {org.pk: [(org.valid_from, org.valid_to)]}
    open_ends = [(org.pk, org.valid_from, org.valid_to)]
    while open_ends:
        above, first, last = open_ends.pop()
        for span in below[above]:
            since = max(first, span.valid_from)
            until = min((day for day in (last, span.valid_to) if day), default=None)
            if until is None or since < until:
                found.setdefault(span.org_id, []).append((since, until))
                open_ends.append((span.org_id, since, until))
    return found


def _whole_life(org: Org, since: date, until: date | None) -> bool:
    return since <= org.valid_from and (until is None or until == org.valid_to)


@dataclass(frozen=True)
class Tree:
    """`paths` None: today's. `names`: of those that were called otherwise, name and short name.
    `ended`: those whose place their heirs have.
    """

    paths: Mapping[int, str] | None = None
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    ended: frozenset[int] = frozenset()

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(OrgParent.objects.paths(day), names_on(day))

    @classmethod
    def now(cls) -> Self:
        """Today's, to which another day's figures are added up: what ended counts with who
        answers for it, and nowhere if nobody does.
        """
        paths = dict(Org.objects.on(clock.today()).values_list("pk", "path"))
        heirs = heirs_of_all()
        ends = {pk: last_heir(pk, heirs) for pk in heirs if pk not in paths}
        ended = {pk: paths[heir] for pk, heir in ends.items() if heir in paths}
        return cls(paths | ended, ended=frozenset(ended))

    def called(self, org: Org) -> Org:
        """The organisation by the name of the day: to show, not to save."""
        if org.pk not in self.names:
            return org
        shown = copy(org)
        shown.name, shown.short_name = self.names[org.pk]
        return shown

    def path(self, org: Org) -> str:
        return org.path if self.paths is None else self.paths.get(org.pk, f"{org.pk}/")

    def lineage(self, org: Org) -> list[int]:
        """The ids from the top of the tree down to this organisation."""
        return [int(step) for step in self.path(org).split("/") if step]

    def below(self, org: Org, prefix: str = "") -> Q:
        """The organisation and all below it, for rows that lead to it by `prefix` ("org__")."""
        if self.paths is None:
            return below(org, prefix)
        path = self.path(org)
        if org.pk in self.ended:
            return Q(**{f"{prefix}pk": org.pk})
        there = [pk for pk, other in self.paths.items() if other.startswith(path)]
        return Q(**{f"{prefix}pk__in": [org.pk, *there]})
