"""How rows and decisions wait in `ImportRow` between preview and confirmation.

`told` holds "row": the cells as read, "sealed": ID number and phone, sealed for their line of
this batch, and of the decision "shown", "problems", "differences". `thinned` stays afterwards.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.db.models import Count

from guantong.records import sealing
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import ROW_TYPES, Named, Outcome, Problem, Row
from guantong.records.models import ImportBatch, ImportRow

type Json = dict[str, Any]

DATES = (
    *("birth_date", "joined_on", "full_member_on", "branch_since", "held_on"),
    *("valid_from", "valid_to", "evidence_on"),
)
PEOPLE = ("lecturer", "chair", "recorder", "attended", "absent")
NAMING = ("name", "title", "org", "hosts", "kind", "parent", "post")
"""What of the cells stays when the rest goes."""
FROM_JSON: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(DATES, date.fromisoformat),
    **dict.fromkeys(PEOPLE, lambda found: tuple(Named(**one) for one in found)),
    "starts_at": time.fromisoformat,
    "hours": Decimal,
    "hosts": tuple,
    "months": frozenset,
    "problems": lambda found: tuple(Problem(**one) for one in found),
}


def waiting(batch: ImportBatch, row: Row, decision: Decision) -> ImportRow:
    """A row of the file as it waits, with what was decided about it."""
    cells = {name: value for name, value in vars(row).items() if value and name != "line"}
    apart = json.dumps({name: cells.pop(name) for name in sealing.ON_ROLL if name in cells})
    told = {
        "row": {name: _plain(value) for name, value in cells.items()},
        "sealed": sealing.seal_text(apart, place=_place(batch.pk, row.line)),
    }
    return with_decision(ImportRow(batch_id=batch.pk, line=row.line, told=told), decision)


def missing(batch: ImportBatch, decision: Decision) -> ImportRow:
    return with_decision(ImportRow(batch=batch, told={"meant": decision.meant}), decision)


def with_decision(row: ImportRow, decision: Decision) -> ImportRow:
    found = told(decision)
    row.outcome = found.pop("outcome")
    row.told = row.told | found
    row.double_of = decision.double_of
    row.named = (decision.shown.get("name") or decision.shown.get("title", ""))[:200]
    kinds = dict.fromkeys(one.field for one in decision.differences if one.field)
    row.differs = f"|{'|'.join(kinds)}|" if kinds else ""
    return row


def told(decision: Decision) -> Json:
    """What of a decision is kept and shown; when it changes, the preview is out of date."""
    return {
        "outcome": str(decision.outcome),
        "shown": dict(decision.shown),
        "problems": [vars(problem) for problem in decision.problems],
        "differences": [vars(one) for one in decision.differences],
    }


def differs(row: ImportRow, decision: Decision) -> bool:
    found = told(decision)
    return row.outcome != found.pop("outcome") or any(row.told[n] != found[n] for n in found)


def row_of(stored: ImportRow, *, kind: str) -> Row:
    """The row as it was read from the file."""
    assert stored.line is not None
    place = _place(stored.batch_id, stored.line)
    sealed: Json = json.loads(sealing.unseal_text(stored.told["sealed"], place=place))
    cells = {n: FROM_JSON.get(n, _same)(value) for n, value in stored.told["row"].items()}
    return ROW_TYPES[kind](line=stored.line, **cells, **sealed)


def counts(batch: ImportBatch) -> dict[str, int]:
    """How many rows come to what; excluded ones apart."""
    found = {str(outcome): 0 for outcome in Outcome} | {"excluded": 0}
    for outcome, excluded, n in batch.rows.values_list("outcome", "excluded").annotate(
        Count("id")
    ):
        found["excluded" if excluded else outcome] += n
    return found


def kinds_of_difference(rows: Iterable[ImportRow]) -> dict[str, str]:
    """Each kind of difference in the rows with its title."""
    found = [one for row in rows for one in row.told["differences"]]
    return {one["field"]: one["title"] for one in found if one["field"]}


def thinned(row: ImportRow) -> ImportRow:
    """Without the cells: what was done stays readable, what was in the file goes."""
    shown = {name: text for name, text in row.told["shown"].items() if name in NAMING}
    row.told = {"shown": shown, "differences": row.told["differences"], "problems": []}
    return row


def _place(batch_id: int, line: int) -> str:
    return f"import:{batch_id}:{line}"


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [vars(one) if isinstance(one, Named | Problem) else one for one in value]
    return value


def _same(value: Any) -> Any:
    return value
