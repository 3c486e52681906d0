"""Which organisations make the rows of the ledger, and whose entries each row adds up.

By today's tree: a branch that moved counts where it hangs now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from guantong.periods import Period
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.web.ledger_cells import ALL, Links, Place
from guantong.web.ledger_tables import Line

BRANCH: Final = "branch"


@dataclass(frozen=True)
class Rows:
    """The organisation itself, and those directly below it, or (`level`) all of one kind."""

    org: Org
    visible: OrgQuerySet
    level: str = ""

    @cached_property
    def orgs(self) -> dict[int, Org]:
        fields = ("path", "short_name", "kind", "valid_to")
        found = self.visible.below(self.org).in_order().only(*fields)
        return {org.pk: org for org in found}

    @cached_property
    def _row_of(self) -> dict[int, int | None]:
        return {pk: self._row(org) for pk, org in self.orgs.items()}

    def _row(self, org: Org) -> int | None:
        if org.pk == self.org.pk:
            return org.pk
        within = org.lineage()[len(self.org.lineage()) :]
        if not self.level:
            return within[0]
        return next((pk for pk in within if self.orgs[pk].kind == self.level), None)

    def places(self, org: int, name: str, period: Period | None = None) -> Iterable[Place]:
        """Where the entries of an organisation are counted: in all, and in its row."""
        row = self._row_of[org]
        return [Place(key, name, period) for key in (ALL, row) if key is not None]

    def lines(self, links: Links, on: date, **query: str) -> dict[int, Line]:
        """All possible rows, the total first; `query` goes into the rows' own addresses."""
        total = {"org": str(self.org.pk)}
        lines = {ALL: Line("合计", "", total, total=True)}
        own = {**total, "own": "1"}
        lines[self.org.pk] = Line("本级", links.entries(**own), own)
        for pk in dict.fromkeys(row for row in self._row_of.values() if row):
            org = self.orgs[pk]
            if pk != self.org.pk:
                gone = org.valid_to is not None and org.valid_to <= on
                here = {"org": str(pk)}
                url = links.ledger(**query, **here)
                lines[pk] = Line(org.short_name, url, here, note="已撤销" if gone else "")
        return lines
