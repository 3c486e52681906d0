"""What a step wrote down, between JSON in the rows and the values that the engine asks for."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guantong.processes import model as m
from guantong.records import sealing
from guantong.records.models import CaseNote, CaseStep

VOTE: Final = ("name", "yes", "no", "abstain", "elected", "written_in")


def written(row: CaseStep) -> dict[str, Any]:
    """The fields of a step as stored, unsealed where they are sealed."""
    if row.sealed is None:
        return dict(row.fields)
    found: dict[str, Any] = json.loads(sealing.unseal(row, "sealed"))
    return found


def says(note: CaseNote) -> str:
    return note.says or sealing.unseal(note, "sealed")


def values(fields: Iterable[m.Field], stored: Mapping[str, Any]) -> dict[str, m.Value | None]:
    """As the engine wants them: days, exact numbers, tally sheets."""
    kinds = {field.name: field.type for field in fields}
    return {name: _value(kinds[name], value) for name, value in stored.items() if name in kinds}


def _value(kind: m.FieldType, value: Any) -> m.Value | None:
    match kind:
        case _ if value is None:
            return None
        case m.FieldType.DAY:
            return date.fromisoformat(value)
        case m.FieldType.NUMBER:
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case m.FieldType.VOTES:
            return tuple(m.CandidateVotes(**line) for line in value)
        case _:
            plain: m.Value = value
            return plain


def stored(fields: Mapping[str, m.Value | None]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def _plain(value: m.Value) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple():
            return [{name: getattr(line, name) for name in VOTE} for line in value]
        case _:
            return value
