"""The grammar of conditions: what a rule may say about one row.

Everything that asks "does this apply here?" (whom an obligation binds, which records count
towards it, when a step of a process is open) is one of the nodes below. There are two
interpreters, `evaluate` for a row in memory and `compile` for a whole table, and
`tests/spec/test_conditions.py` holds them to the same answers.

Adding a node means: a class here, a case in each interpreter and in `check`, a key in `parse`,
and a spec test. Nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

type Scalar = str | int | bool | date | Decimal


class Op(StrEnum):
    EQ = "is"
    NE = "is_not"
    GE = "at_least"
    LE = "at_most"


@dataclass(frozen=True)
class Compare:
    field: str
    op: Op
    value: Scalar


@dataclass(frozen=True)
class OneOf:
    field: str
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        # SQL and Python disagree about "null is one of nothing", and no rule needs it.
        if not self.values:
            raise ValueError(f"one_of on {self.field!r} needs at least one value")


@dataclass(frozen=True)
class Missing:
    field: str


@dataclass(frozen=True)
class All:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    part: "Condition"


type Condition = Compare | OneOf | Missing | All | Any | Not

ALWAYS = All(())


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The parts that must all hold: what an explanation names one by one."""
    return condition.parts if isinstance(condition, All) else (condition,)


def about(condition: Condition, fields: Collection[str]) -> Condition:
    """What a condition says of these fields alone; the rest is taken to be fulfilled.

    It is false for a row only where the whole condition is, so it can rule rows out beforehand.
    """
    match condition:
        case Compare(field) | OneOf(field) | Missing(field):
            return condition if field in fields else ALWAYS
        case All(parts):
            return All(tuple(about(part, fields) for part in parts))
        case Any(parts):
            return Any(tuple(about(part, fields) for part in parts))
        case Not(part):
            return condition if fields_of(part) <= set(fields) else ALWAYS
        case _:
            assert_never(condition)


def codes_of(condition: Condition, field: str) -> frozenset[str]:
    """The codes with which a condition compares a field."""
    match condition:
        case Compare(name, _, str() as code) if name == field:
            return frozenset({code})
        case OneOf(name, values) if name == field:
            return frozenset(map(str, values))
        case All(parts) | Any(parts):
            return frozenset().union(*(codes_of(part, field) for part in parts))
        case Not(part):
            return codes_of(part, field)
        case _:
            return frozenset()


def fields_of(condition: Condition) -> frozenset[str]:
    match condition:
        case Compare(field) | OneOf(field) | Missing(field):
            return frozenset({field})
        case All(parts) | Any(parts):
            return frozenset().union(*map(fields_of, parts))
        case Not(part):
            return fields_of(part)
        case _:
            assert_never(condition)
