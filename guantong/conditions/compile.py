"""Compile a condition to an SQL expression (SQLGlot), the same in meaning on every engine."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import assert_never

from sqlglot import exp

from guantong.conditions import model as m

type Column = Callable[[str], exp.Expr]

COMPARISONS: dict[m.Op, type[exp.Binary]] = {
    m.Op.EQ: exp.EQ,
    m.Op.NE: exp.NEQ,
    m.Op.GE: exp.GTE,
    m.Op.LE: exp.LTE,
}


def compile_condition(condition: m.Condition, column: Column) -> exp.Expr:
    """Return a boolean expression, null where a missing value leaves it unknown.

    `column` gives the expression that stands for a field's name.
    """
    match condition:
        case m.Compare(field, op, value):
            return COMPARISONS[op](this=column(field), expression=literal(value))
        case m.OneOf(field, values):
            return exp.In(this=column(field), expressions=[literal(v) for v in values])
        case m.Missing(field):
            return exp.Is(this=column(field), expression=exp.null())
        case m.All(parts):
            return _joined(exp.and_, [compile_condition(p, column) for p in parts], empty=True)
        case m.Any(parts):
            return _joined(exp.or_, [compile_condition(p, column) for p in parts], empty=False)
        case m.Not(part):
            return exp.Not(this=exp.paren(compile_condition(part, column)))
        case _:
            assert_never(condition)


def literal(value: m.Scalar) -> exp.Expr:
    """A value as SQL; strings are quoted by SQLGlot, never pasted."""
    match value:
        case bool():
            return exp.true() if value else exp.false()
        case int() | Decimal():
            return exp.Literal.number(str(value))
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), exp.DataType.Type.DATE)
        case str():
            return exp.Literal.string(value)
        case _:
            assert_never(value)


def _joined(join: Callable[..., exp.Expr], parts: list[exp.Expr], *, empty: bool) -> exp.Expr:
    if not parts:
        return literal(empty)
    return exp.paren(join(*parts)) if len(parts) > 1 else parts[0]
