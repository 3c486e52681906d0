"""Which organisations make the rows of the ledger, and whose entries each row adds up.

By the tree of the page's day: a branch that moved counts where it hung then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from guantong.records import catalogue
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.web.ledger_cells import ALL, Links
from guantong.web.ledger_periods import Choices
from guantong.web.ledger_tables import Line
from guantong.web.trees import Tree

BRANCH: Final = "branch"
DIRECT: Final = "direct"  # stands for the branches that hang from the school itself
SECOND: Final = 2  # steps from the top down to a second-level organisation
TODAY: Final = Tree()


def levels(org: Org) -> Choices:
    """What the rows may be, of all that can hang below an organisation, the highest first."""
    kinds = catalogue.current().kinds["orgs"]
    found: Choices = [("", "下一级")]
    for code in kinds:
        if code == BRANCH and not kinds[org.kind]["below"]:
            found.append((DIRECT, "直属党支部"))
        if _may_hang(code, org.kind, kinds):
            title = str(kinds[code]["title"])
            found.append((code, f"所有{title}" if code == BRANCH else title))
    return found


def _may_hang(code: str, above: str, kinds: Mapping[str, Any]) -> bool:
    """Directly or further down."""
    parents = kinds[code]["below"]
    return above in parents or any(_may_hang(parent, above, kinds) for parent in parents)


@dataclass(frozen=True)
class Rows:
    """The organisation itself, and those directly below it, or (`level`) all of one kind."""

    org: Org
    visible: OrgQuerySet
    level: str = ""
    tree: Tree = TODAY

    @cached_property
    def orgs(self) -> dict[int, Org]:
        fields = ("path", "short_name", "kind", "valid_to")
        found = self.visible.filter(self.tree.below(self.org)).in_order().only(*fields)
        return {org.pk: org for org in found}

    @cached_property
    def row_of(self) -> dict[int, int | None]:
        """The row that the entries of an organisation count in; None: only in the total."""
        return {pk: self._row(org) for pk, org in self.orgs.items()}

    def _row(self, org: Org) -> int | None:
        if org.pk == self.org.pk:
            return org.pk
        above = len(self.tree.lineage(self.org))
        within = [pk for pk in self.tree.lineage(org)[above:] if pk in self.orgs]
        return next((pk for pk in within if self._wanted(self.orgs[pk])), None)

    def _wanted(self, org: Org) -> bool:
        if self.level == DIRECT:
            return org.kind == BRANCH and len(self.tree.lineage(org)) == SECOND
        return self.level in ("", org.kind)

    def lines(self, links: Links, on: date, **query: str) -> dict[int, Line]:
        """All possible rows, the total first; `query` goes into the rows' own addresses."""
        total = {"org": str(self.org.pk)}
        lines = {ALL: Line("合计", "", total, total=True)}
        own = {**total, "own": "1"}
        lines[self.org.pk] = Line("本级", links.entries(**own), own)
        for pk in dict.fromkeys(row for row in self.row_of.values() if row):
            org = self.orgs[pk]
            if pk != self.org.pk:
                gone = org.valid_to is not None and org.valid_to <= on
                here = {"org": str(pk)}
                url = links.ledger(**query, **here)
                lines[pk] = Line(
                    self.tree.called(org).short_name, url, here, note="已撤销" if gone else ""
                )
        return lines
