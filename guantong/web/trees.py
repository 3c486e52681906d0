"""The organisation tree of the day that a page is about, and its names: as it was then.

Today's stands in every organisation's `path`; another day's is read from the dated spans. Not
for access: what somebody may see goes by today's tree, and of that a page shows what was below.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from django.db.models import Q

from guantong.records.models import Org, OrgName, OrgParent, OrgSuccession


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


@dataclass(frozen=True)
class Tree:
    """`paths` None: today's. `names`: of those that were called otherwise, name and short name."""

    paths: Mapping[int, str] | None = None
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(OrgParent.objects.paths(day), names_on(day))

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
        path = self.path(org)
        if self.paths is None:
            return Q(**{f"{prefix}path__startswith": path})
        below = [pk for pk, other in self.paths.items() if other.startswith(path)]
        return Q(**{f"{prefix}pk__in": [org.pk, *below]})
