"""How rows and decisions wait in `ImportBatch.rows` between preview and confirmation.

A row there: {"line", "excluded", "row": the cells as read, "sealed": ID number and phone, sealed
for their place in this batch, and the decision: "outcome", "shown", "problems", "differences"}.
`thinned` is what stays afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, time
from decimal import Decimal
from typing import Any

from guantong.records import sealing
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import (
    ROLL,
    ActivityRow,
    Named,
    Outcome,
    Problem,
    RollRow,
    Row,
)

type Json = dict[str, Any]

DATES = ("birth_date", "joined_on", "full_member_on", "branch_since", "held_on")
PEOPLE = ("lecturer", "chair", "recorder", "attended", "absent")
FROM_JSON: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(DATES, date.fromisoformat),
    **dict.fromkeys(PEOPLE, lambda found: tuple(Named(**one) for one in found)),
    "starts_at": time.fromisoformat,
    "hours": Decimal,
    "hosts": tuple,
    "months": frozenset,
    "problems": lambda found: tuple(Problem(**one) for one in found),
}


def waiting(row: Row, *, batch_id: int, excluded: bool = False) -> Json:
    cells = {name: value for name, value in asdict(row).items() if value}
    sealed = {
        name: sealing.seal_text(cells.pop(name), place=_place(batch_id, row.line, name))
        for name in sealing.ON_ROLL
        if name in cells
    }
    cells = {name: _plain(value) for name, value in cells.items()}
    return {"line": row.line, "excluded": excluded, "row": cells, "sealed": sealed}


def with_decision(stored: Json, decision: Decision | None) -> Json:
    """An excluded row has none."""
    kept = {name: stored[name] for name in ("line", "excluded", "row", "sealed")}
    return (
        {**kept, **told(decision)}
        if decision
        else {**kept, "outcome": "", "shown": _known(stored)}
    )


def told(decision: Decision) -> Json:
    """What of a decision is kept and shown; when it changes, the preview is out of date."""
    return {
        "outcome": str(decision.outcome),
        "shown": dict(decision.shown),
        "problems": [asdict(problem) for problem in decision.problems],
        "differences": [asdict(one) for one in decision.differences],
    }


def row_of(stored: Json, *, kind: str, batch_id: int) -> Row:
    sealed: Json = {
        name: sealing.unseal_text(text, place=_place(batch_id, stored["line"], name))
        for name, text in stored["sealed"].items()
    }
    cells = {name: FROM_JSON.get(name, _same)(value) for name, value in stored["row"].items()}
    return (RollRow if kind == ROLL else ActivityRow)(**cells, **sealed)


def counts(stored: Sequence[Json]) -> dict[str, int]:
    """How many rows come to what; excluded ones apart."""
    found = {str(outcome): 0 for outcome in Outcome} | {"excluded": 0}
    for row in stored:
        found["excluded" if row["excluded"] else row["outcome"]] += 1
    return found


def thinned(stored: Sequence[Json]) -> list[Json]:
    """Without the cells: what was done stays readable, what was in the file goes."""
    return [
        {
            "line": row["line"],
            "excluded": row["excluded"],
            "outcome": row["outcome"],
            "shown": {
                n: t for n, t in row["shown"].items() if n in ("name", "org", "title", "hosts")
            },
            "differences": row.get("differences", []),
            "problems": [],
        }
        for row in stored
    ]


def _known(stored: Json) -> dict[str, str]:
    shown: dict[str, str] = stored.get("shown", {})
    return shown


def _place(batch_id: int, line: int, field: str) -> str:
    return f"import:{batch_id}:{line}:{field}"


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _same(value: Any) -> Any:
    return value
