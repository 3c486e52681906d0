"""How many hours of study an activity is proposed to have; what is typed always holds. Pure but
for the catalogue: the length of a 学时 is a dated value there, with its confidence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Final

from guantong.obligations.activity_kinds import value_on
from guantong.obligations.describe import CONFIDENCE
from guantong.obligations.run import plain
from guantong.records import catalogue

HALF: Final = Decimal("0.5")


@dataclass(frozen=True)
class Proposal:
    """`says`: by what rule, and how sure it is. `hours` empty: the kind is no study."""

    hours: str = ""
    says: str = ""


def proposed(
    kinds: Iterable[str],
    held_on: date,
    *,
    last_on: date | None = None,
    starts_at: time | None = None,
    ends_at: time | None = None,
) -> Proposal:
    """By the unit of the first kind that is study; half hours are the smallest step."""
    known = catalogue.activity_kinds()
    unit = next((known[kind].hours for kind in kinds if kind in known and known[kind].study), "")
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
