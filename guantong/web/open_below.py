"""What is open in the organisations further down, counted: a line each, every number a link.

In the order of the organisations, never by the numbers: it is for helping, not for ranking.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet

from guantong.records.models import Entry
from guantong.records.models.org import below
from guantong.web.addresses import address
from guantong.web.ledger_cells import ALL
from guantong.web.ledger_rows import Rows


@dataclass(frozen=True)
class Line:
    """Figures: short since a day, due up to a day, unknown; each with its list."""

    name: str
    url: str
    figures: tuple[tuple[int, str], ...]
    total: bool


def open_below(entries: QuerySet[Entry], rows: Rows, since: date, until: date) -> list[Line]:
    """The lines that have anything open, the total first; none where nobody is below."""
    found = _counted(entries, rows, since, until)
    if not found.keys() - {ALL, rows.org.pk}:
        return []
    narrowed = (
        {"verdict": "short", "due_from": since.isoformat()},
        {"verdict": "due", "due_to": until.isoformat()},
        {"verdict": "unknown"},
    )
    return [
        Line(
            name=_name(key, rows),
            url="" if key in (ALL, rows.org.pk) else address("ledger", {"org": str(key)}),
            figures=tuple(
                (found[key][place], address("ledger-entries", _where(key, rows) | query))
                for place, query in enumerate(narrowed)
            ),
            total=key == ALL,
        )
        for key in dict.fromkeys((ALL, rows.org.pk, *rows.orgs))
        if key in found
    ]


def _counted(
    entries: QuerySet[Entry], rows: Rows, since: date, until: date
) -> dict[int, Counter[int]]:
    wanted = (
        Q(verdict="short", due_on__gte=since),
        Q(verdict="due", due_on__lte=until),
        Q(verdict="unknown"),
    )
    there = entries.filter(below(rows.org, "org__"), reduce(or_, wanted)).order_by()
    figures = {f"n{place}": Count("id", filter=which) for place, which in enumerate(wanted)}
    found = defaultdict[int, Counter[int]](Counter)
    for org, *counts in there.values_list("org_id").annotate(**figures):
        for key in (ALL, rows.row_of[org]):
            if key is not None:
                found[key].update(dict(enumerate(counts)))
    return found


def _name(key: int, rows: Rows) -> str:
    return {ALL: "合计", rows.org.pk: "本级"}.get(key) or rows.orgs[key].short_name


def _where(key: int, rows: Rows) -> dict[str, str]:
    own = "1" if key == rows.org.pk else ""
    return {"org": str(key or rows.org.pk), "own": own}
