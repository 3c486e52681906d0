"""The organisation tree of the day that a page is about: as it was then.

Today's stands in every organisation's `path`; another day's is read from the dated spans. Not
for access: what somebody may see goes by today's tree, and of that a page shows what was below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.db.models import Q

from guantong.records.models import Org, OrgParent


@dataclass(frozen=True)
class Tree:
    """`paths` None: today's."""

    paths: Mapping[int, str] | None = None

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(OrgParent.objects.paths(day))

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
