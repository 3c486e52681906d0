"""Check a condition against the columns it will be asked about, before anything runs."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from guantong.conditions import model as m
from guantong.conditions.parse import Problem


class Type(StrEnum):
    """The types that a column of a fact table can have."""

    ID = "id"
    CODE = "code"
    FLAG = "flag"
    NUMBER = "number"
    DAY = "day"


PYTHON: dict[Type, tuple[type, ...]] = {
    Type.ID: (int,),
    Type.CODE: (str,),
    Type.FLAG: (bool,),
    Type.NUMBER: (int, Decimal),
    Type.DAY: (date,),
}
ORDERED = {Type.NUMBER, Type.DAY}


def problems(condition: m.Condition, columns: Mapping[str, Type], at: str) -> Iterator[Problem]:
    """Yield what is wrong: unknown columns, values of another type, codes put in order."""
    match condition:
        case m.Compare(field, op, value):
            yield from _field(field, (value,), columns, at)
            if op in {m.Op.GE, m.Op.LE} and columns.get(field, Type.NUMBER) not in ORDERED:
                yield Problem(f"{at}.{field}", f"“{field}”没有大小之分", "改用 is 或 one_of")
        case m.OneOf(field, values):
            yield from _field(field, values, columns, at)
        case m.Missing(field):
            yield from _field(field, (), columns, at)
        case m.All(parts) | m.Any(parts):
            for part in parts:
                yield from problems(part, columns, at)
        case m.Not(part):
            yield from problems(part, columns, at)
        case _:
            assert_never(condition)


def _field(
    field: str, values: tuple[m.Scalar, ...], columns: Mapping[str, Type], at: str
) -> Iterator[Problem]:
    if field not in columns:
        yield Problem(f"{at}.{field}", f"没有“{field}”这一列", f"可用：{'、'.join(columns)}")
        return
    for value in values:
        # bool is an int in Python, but a flag is not a number.
        if not isinstance(value, PYTHON[columns[field]]) or (
            isinstance(value, bool) and columns[field] is not Type.FLAG
        ):
            yield Problem(f"{at}.{field}", f"{value!r} 不是“{field}”列的值（{columns[field]}）")
