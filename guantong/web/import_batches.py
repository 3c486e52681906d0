"""A batch of an import in words, for the list of batches and for its own page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guantong.records.actions import imports
from guantong.records.imports.rows import OUTCOME_TITLES, Outcome
from guantong.records.models import ImportBatch
from guantong.sheets.parse import layout

EXCLUDED: Final = "excluded"
IN_ORDER: Final = (
    Outcome.PROBLEM,
    Outcome.CONFLICT,
    Outcome.CHANGED,
    Outcome.NEW,
    Outcome.SAME,
    Outcome.MISSING,
)


@dataclass(frozen=True)
class Listed:
    """A batch in words."""

    batch: ImportBatch
    kind: str
    state: str
    scope: str
    counts: list[tuple[str, int]]


def listed(batch: ImportBatch) -> Listed:
    return Listed(
        batch=batch,
        kind=layout(batch.kind).title,
        state=imports.STATES[batch.state],
        scope=batch.org.short_name if batch.org else "全校",
        counts=[(title, n) for _, title, n in counts(batch) if n],
    )


def counts(batch: ImportBatch) -> Iterator[tuple[str, str, int]]:
    found = batch.reading["counts"]
    for outcome in IN_ORDER:
        yield outcome, OUTCOME_TITLES[outcome], found.get(outcome, 0)
    yield EXCLUDED, "已排除", found.get(EXCLUDED, 0)
