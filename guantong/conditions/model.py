"""The grammar of conditions: what a rule may say about one row.

Everything that asks "does this apply here?" (whom an obligation binds, which records count
towards it, when a step of a process is open) is one of the nodes below. There are two
interpreters, `evaluate` for a row in memory and `compile` for a whole table, and
`tests/spec/test_conditions.py` holds them to the same answers.

Adding a node means: a class here, a case in each interpreter and in `check`, a key in `parse`,
and a spec test. Nothing else.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

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
