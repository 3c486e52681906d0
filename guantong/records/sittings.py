"""One record, several rows: what was held at once under several kinds, or over the end of a year.

Enter once: people, day and place are stated once, and each part is a row of its own, so that every
obligation finds its kind and every year its days. Hours count once: with the kind that most widely
is read as study. Decides only; `actions.sittings` saves, and `facts` holds older rows to the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from guantong.records import catalogue
from guantong.records.drafts import Draft
from guantong.records.study_hours import counting


@dataclass(frozen=True)
class Part:
    """One kind in one year. `begin` and `end`: which share of the days, from 0 to 1. `counts`:
    whether the hours count here; None where the kind has none."""

    kind: str
    held_on: date
    last_on: date | None
    begin: Fraction
    end: Fraction
    counts: bool | None

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.held_on.year

    def hours(self, whole: Decimal | None) -> Decimal | None:
        """What somebody has of them here; all parts add up to the whole."""
        if whole is None or self.counts is None:
            return None
        return self.share(whole) if self.counts else Decimal(0)

    def share(self, whole: Decimal | None) -> Decimal | None:
        """Its days' share of hours, whether they count here or with another kind."""
        if whole is None:
            return None
        alone = (self.begin, self.end) == (Fraction(0), Fraction(1))
        return whole if alone else _cut(whole, self.end) - _cut(whole, self.begin)


def parts(draft: Draft) -> tuple[Part, ...]:
    """The first is the record itself; the others follow it."""
    kinds = catalogue.activity_kinds()
    spans = list(_years(draft.held_on, draft.last_on or draft.held_on))
    found: list[Part] = []
    counted = counting([draft.kind, *draft.also])
    for kind in dict.fromkeys((draft.kind, *draft.also)):
        study = kind in kinds and kinds[kind].study
        counts = True if kind == counted else None if found and not study else False
        found += [Part(kind, *span, counts) for span in spans]
    return tuple(found)


def _years(first: date, last: date) -> Iterator[tuple[date, date | None, Fraction, Fraction]]:
    """Each calendar year's days, with their share of all days."""
    whole, day = (last - first).days + 1, first
    while day <= last:
        end = min(last, date(day.year, 12, 31))
        yield (
            day,
            end if end > day else None,
            Fraction((day - first).days, whole),
            Fraction((end - first).days + 1, whole),
        )
        day = end + timedelta(days=1)


def _cut(whole: Decimal, share: Fraction) -> Decimal:
    return round(whole * share.numerator / share.denominator, 2)
