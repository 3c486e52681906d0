"""Which rule on quorum and majority holds for a kind of meeting on a day. Reads only.

The catalogue's own; where that is only local practice, what the school has decided instead, kept
like a reading (口径) of the name that `name` gives.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from guantong.obligations.activity_kinds import QUORUM, ActivityKind, Deciding
from guantong.records import catalogue, facts, ledger
from guantong.records.models import ReadingChoice

PREFIX = "quorum."


@dataclass(frozen=True)
class Rule:
    """`deciding` None: nothing is judged. `choice` None: nobody has decided otherwise."""

    deciding: Deciding | None
    choice: ReadingChoice | None


def name(kind: str) -> str:
    return f"{PREFIX}{kind}"


def options(reading: str) -> Mapping[str, str]:
    """What may be decided, by code; empty where the name is of no rule that may be switched."""
    kind = catalogue.activity_kinds().get(reading.removeprefix(PREFIX))
    if not reading.startswith(PREFIX) or kind is None or kind.deciding is None:
        return {}
    rules = catalogue.quorums() if kind.deciding.switchable else {}
    return {code: rule.title for code, rule in rules.items()}


def rule(kind: ActivityKind | None, on: date) -> Rule:
    deciding = kind.deciding if kind else None
    if kind is None or deciding is None or not deciding.switchable:
        return Rule(deciding, None)
    choice = ledger.choices(on).get(name(kind.code))
    other = catalogue.quorums().get(choice.option) if choice else None
    if other is None:
        return Rule(deciding, choice)
    if other.share is None:
        return Rule(None, choice)
    return Rule(replace(deciding, quorum=other.share, exactly=True), choice)


def reached(activities: Collection[int]) -> dict[int, bool]:
    """Whether enough of the entitled came, of those of which it is a fact, and known."""
    if not activities:
        return {}
    listed = ", ".join(str(int(pk)) for pk in activities)
    query = f"SELECT activity_id, code FROM ({facts.select('details')}) AS told"
    with connection.cursor() as cursor:
        cursor.execute(f"{query} WHERE field = '{QUORUM}' AND activity_id IN ({listed})")
        return {pk: code == "yes" for pk, code in cursor.fetchall()}
