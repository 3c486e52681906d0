"""Keeping the ledger's entries in step with the records."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Touch:
    """What a change can reach: bearers (before and after it) and the days it concerns.

    `last_day` None means "and all days after".
    """

    org_ids: frozenset[int] = frozenset()
    person_ids: frozenset[int] = frozenset()
    first_day: date = date(1900, 1, 1)
    last_day: date | None = None


def refresh(touch: Touch) -> None:
    """Recompute the entries that `touch` can reach, in the caller's transaction."""
