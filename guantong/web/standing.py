"""Where things stand: how many entries have which verdict, per obligation, period or clause.

Not for deciding verdicts; exempt entries are shown and never counted as owed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from guantong.records.models import Entry


@dataclass(frozen=True)
class Tally:
    """How many entries have which verdict."""

    counts: Mapping[str, int]

    @property
    def done(self) -> int:
        return self.counts.get("met", 0) + self.counts.get("late", 0)

    @property
    def of(self) -> int:
        return sum(self.counts.values()) - self.counts.get("exempt", 0)

    @property
    def short(self) -> int:
        return self.counts.get("short", 0)

    @property
    def due(self) -> int:
        return self.counts.get("due", 0)

    @property
    def unknown(self) -> int:
        return self.counts.get("unknown", 0)

    @property
    def exempt(self) -> int:
        return self.counts.get("exempt", 0)


NOTHING = Tally({})


def by_obligation(entries: QuerySet[Entry]) -> dict[str, Tally]:
    # True of all: it leads SQLite to the index that has everything counted here in it.
    counted = entries.filter(org__gte=0).order_by().values_list("obligation", "verdict")
    return _tallied(counted.annotate(Count("pk")))


def by_period(entries: QuerySet[Entry]) -> dict[tuple[date, date], Tally]:
    """Of one obligation: first day and first day after, earliest first."""
    kept = entries.order_by().values_list("period_start", "period_end", "verdict")
    rows = kept.annotate(Count("pk"))
    found = _tallied(((start, end), verdict, count) for start, end, verdict, count in rows)
    return dict(sorted(found.items()))


def together(tallies: Iterable[Tally]) -> Tally:
    counts = Counter[str]()
    for tally in tallies:
        counts.update(tally.counts)
    return Tally(counts)


def _tallied[Key](rows: Iterable[tuple[Key, str, int]]) -> dict[Key, Tally]:
    counts = defaultdict[Key, dict[str, int]](dict)
    for key, verdict, count in rows:
        counts[key][verdict] = count
    return {key: Tally(found) for key, found in counts.items()}
