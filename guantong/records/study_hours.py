"""How many hours of study an activity is proposed to have, and with which of its kinds they
count. What is typed always holds. Pure but for the catalogue: the length of a 学时 is a dated
value there, with its confidence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Final

from guantong.conditions.evaluate import evaluate
from guantong.conditions.model import about
from guantong.obligations.activity_kinds import value_on
from guantong.obligations.describe import CONFIDENCE
from guantong.obligations.model import Attended
from guantong.obligations.run import plain
from guantong.records import catalogue

HALF: Final = Decimal("0.5")


@dataclass(frozen=True)
class Proposal:
    """`says`: by what rule, and how sure it is. `hours` empty: the kind is no study."""

    hours: str = ""
    says: str = ""


def weights() -> dict[str, int]:
    """How widely the hours of each kind are read as study: under how many of the readings.

    The hours of one sitting count once, with the kind of most weight. Readings that differ in how
    far study reaches lie in one another, so they count wherever one of the kinds does.
    """
    owed = catalogue.current().obligations.values()
    read = [m for o in owed for m in (o, *(o.reading.options.values() if o.reading else ()))]
    summed = [r.measure for r in read if isinstance(r.measure, Attended) and r.measure.sum_hours]
    asked = [about(measure.where, {"kind"}) for measure in summed]
    return {
        kind: sum(evaluate(one, {"kind": kind}) is True for one in asked)
        for kind in catalogue.activity_kinds()
    }


def counting(kinds: Sequence[str]) -> str:
    """Of the kinds of one sitting the one with which its hours count; the first among equals."""
    by_kind = weights()
    return max(kinds, key=lambda kind: by_kind.get(kind, 0))


def proposed(
    kinds: Iterable[str],
    held_on: date,
    *,
    last_on: date | None = None,
    starts_at: time | None = None,
    ends_at: time | None = None,
) -> Proposal:
    """By the unit of the kind that counts, if it is study; half hours are the smallest step."""
    known = catalogue.activity_kinds()
    study = [kind for kind in kinds if kind in known and known[kind].study]
    unit = known[counting(study)].hours if study else ""
    if not unit:
        return Proposal()
    rules = catalogue.current().kinds
    entry = rules["study_units"][unit]
    worth, sure = value_on(entry, held_on), CONFIDENCE[entry["confidence"]]
    days = (last_on - held_on).days + 1 if last_on and last_on > held_on else 1
    if unit == "day" or days > 1:
        worth = value_on(rules["study_units"]["day"], held_on)
        return Proposal(plain(worth * days), f"{days} 天，每天 {plain(worth)} 学时（{sure}）")
    if unit == "half_day":
        return Proposal(plain(worth), f"半天 {plain(worth)} 学时（{sure}）")
    if starts_at and ends_at and ends_at > starts_at:
        minutes = _minutes(ends_at) - _minutes(starts_at)
        hours = max(HALF, minutes / worth // HALF * HALF)
        return Proposal(
            plain(hours), f"{minutes} 分钟，每 {plain(worth)} 分钟 1 学时，按半学时取整（{sure}）"
        )
    return Proposal(str(rules["limits"]["study_hours"]["value"]), "学校预填的学时，可改")


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
