"""A cell of the ledger: how many entries have which verdict, and the address of their list.

Entries are counted in the database and only added up here. Not for access or choosing: the
caller hands in the entries.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from django.db.models import Count, Min, QuerySet

from guantong.periods import Period
from guantong.records.models import Entry
from guantong.web.addresses import address, page_url

DONE: Final = ("met", "late")
ALL: Final = 0  # stands for the id of an organisation in the row of totals


class Place(NamedTuple):
    """Where a figure stands: the row's organisation (or ALL), the obligation, and the period.

    `period` None: those chosen for the whole page.
    """

    org: int
    obligation: str
    period: Period | None = None


@dataclass
class Tally:
    """How many entries have which verdict; `sample` is one of them."""

    counts: Counter[str] = field(default_factory=Counter)
    sample: int = 0

    def add(self, verdict: str, count: int, sample: int) -> None:
        self.counts[verdict] = self.counts.get(verdict, 0) + count
        self.sample = sample

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def done(self) -> int:
        return sum(self.counts[code] for code in DONE)

    @property
    def owed(self) -> int:
        return self.total - self.counts["exempt"]


type Tallies = Mapping[Place, Tally]


def tallies(
    entries: QuerySet[Entry],
    row_of: Mapping[int, int | None],
    period_of: Callable[[str, date, date], Period] | None = None,
) -> Tallies:
    """Count entries in all, and in the row of their organisation, if it has one.

    `period_of` an obligation, a first day and the first day after: counted by period, too.
    """
    fields = ["org_id", "verdict", "obligation"]
    if period_of:
        fields += ["period_start", "period_end"]
    counted = entries.order_by().values_list(*fields).annotate(Count("id"), Min("id"))
    sums: dict[tuple[Any, ...], tuple[int, int]] = {}
    for org, *about, count, sample in counted:  # tens of thousands, of a few thousand places
        key = (row_of.get(org), *about)
        sums[key] = (sums[key][0] + count, sample) if key in sums else (count, sample)
    found: dict[Place, Tally] = defaultdict(Tally)
    for (row, verdict, name, *days), (count, sample) in sums.items():
        period = period_of(name, *days) if period_of else None
        found[Place(ALL, name, period)].add(verdict, count, sample)
        if row is not None:
            found[Place(row, name, period)].add(verdict, count, sample)
    return dict(found)


@dataclass(frozen=True)
class Cell:
    """Done of owed; a single entry, or none that is owed, shows its verdict's sign.

    `focus`: only this verdict is asked for, and its number shown. `width` in columns.
    """

    tally: Tally
    url: str
    focus: str = ""
    width: int = 1
    words: str = ""

    @property
    def code(self) -> str:
        if self.focus or (self.tally.total > 1 and self.tally.owed):
            return ""
        return next(iter(+self.tally.counts))

    @property
    def state(self) -> str:
        if self.tally.done == self.tally.owed:
            return "full"
        return "gap" if self.tally.counts["short"] else ""


@dataclass(frozen=True)
class Links:
    """Addresses of what cells count. `common` holds for all: organisation, as-of day, period."""

    common: Mapping[str, str]
    focus: str = ""

    def cell(
        self, tally: Tally | None, query: Mapping[str, str], width: int = 1, words: str = ""
    ) -> Cell | None:
        """Nothing where nothing is owed, or nothing of what is asked for."""
        if tally is None or (self.focus and not tally.counts[self.focus]):
            return None
        focused = {**query, "verdict": self.focus}
        url = self.entry(tally.sample) if tally.total == 1 else self.entries(**focused)
        return Cell(tally, url, self.focus, width, words)

    def entry(self, pk: int) -> str:
        return f"{page_url('ledger-entries')}{pk}/"

    def entries(self, **more: str) -> str:
        return address("ledger-entries", {**self.common, **more})

    def ledger(self, **more: str) -> str:
        return address("ledger", {**self.common, **more})
