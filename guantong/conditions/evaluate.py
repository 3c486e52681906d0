"""Evaluate a condition against one row held in memory.

Used for the guards of processes, where there is one case and no table, and as the reference
that the compiled form must agree with.
"""

import operator
from collections.abc import Iterable, Mapping
from typing import assert_never

from guantong.conditions import model as m

type Row = Mapping[str, m.Scalar | None]

OPERATORS = {
    m.Op.EQ: operator.eq,
    m.Op.NE: operator.ne,
    m.Op.GE: operator.ge,
    m.Op.LE: operator.le,
}


def evaluate(condition: m.Condition, row: Row) -> bool | None:
    """Return True, False, or None where a missing value leaves it unknown.

    The three values follow SQL: unknown spreads unless the other parts settle it.
    """
    match condition:
        case m.Compare(field, op, value):
            found = row[field]
            return None if found is None else bool(OPERATORS[op](found, value))
        case m.OneOf(field, values):
            found = row[field]
            return None if found is None else found in values
        case m.Missing(field):
            return row[field] is None
        case m.All(parts):
            return every(evaluate(part, row) for part in parts)
        case m.Any(parts):
            return some(evaluate(part, row) for part in parts)
        case m.Not(part):
            answer = evaluate(part, row)
            return None if answer is None else not answer
        case _:
            assert_never(condition)


def every(answers: Iterable[bool | None]) -> bool | None:
    """All of them: False settles it, then None, else True."""
    seen = list(answers)
    return False if False in seen else None if None in seen else True


def some(answers: Iterable[bool | None]) -> bool | None:
    """Any of them: True settles it, then None, else False."""
    seen = list(answers)
    return True if True in seen else None if None in seen else False
