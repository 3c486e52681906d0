"""What a process is: states, the steps between them, and the rules that a step has to keep.

A case is what runs through a process: its state and the events so far. Nothing here decides;
`rules` tells whether a rule is kept, `engine` what may happen next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import assert_never

from guantong.conditions.basis import UNCERTAIN, Basis
from guantong.conditions.check import Type
from guantong.conditions.model import Condition, Scalar, fields_of

# ---------------------------------------------------------------- what a step writes down


NAME = 60  # letters of a name on a tally sheet


@dataclass(frozen=True)
class CandidateVotes:
    """One line of a tally sheet. A name written in by voters has no votes against. `again`: the
    votes for it in a second ballot, None where it was not in one."""

    name: str
    yes: int
    no: int = 0
    abstain: int = 0
    elected: bool = False
    written_in: bool = False
    again: int | None = None


type Value = Scalar | tuple[CandidateVotes, ...]
type Values = Mapping[str, Value | None]


class FieldType(StrEnum):
    DAY = "day"
    NUMBER = "number"
    TEXT = "text"
    CODE = "code"
    FLAG = "flag"
    PERSON = "person"
    ORG = "org"
    VOTES = "votes"


COLUMN: Mapping[FieldType, Type] = {
    FieldType.DAY: Type.DAY,
    FieldType.NUMBER: Type.NUMBER,
    FieldType.TEXT: Type.CODE,
    FieldType.CODE: Type.CODE,
    FieldType.FLAG: Type.FLAG,
    FieldType.PERSON: Type.ID,
    FieldType.ORG: Type.ID,
}


@dataclass(frozen=True)
class Field:
    """`derived`: where the records take it from; empty where it is written down by hand."""

    name: str
    title: str
    type: FieldType
    required: bool = True
    derived: str = ""
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    variant: str = ""

    @property
    def whole(self) -> bool:
        """People, votes and papers are counted whole; of money and time there are parts."""
        return not any(unit in self.title for unit in ("元", "学时", "小时", "天数"))


@dataclass(frozen=True)
class Document:
    title: str
    variant: str = ""


# ---------------------------------------------------------------- what a step has to keep


class Unit(StrEnum):
    MONTHS = "months"
    DAYS = "days"
    WEEKDAYS = "weekdays"  # Monday to Friday; the public holidays are not known here


class Way(StrEnum):
    """On which side of the limit the day has to lie."""

    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"


@dataclass(frozen=True)
class Span:
    """`day` lies not before, or not after, `anchor` plus an amount (which may be negative).

    `later`: a second anchor, which counts where it is known and later (a deadline put off).
    `if_known`: the rule says nothing where the anchor is not known.
    """

    day: str
    way: Way
    anchor: str
    amount: int
    unit: Unit
    later: str = ""
    if_known: bool = False


@dataclass(frozen=True)
class Holds:
    when: Condition


class Relation(StrEnum):
    IS = "is"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    NOT_MORE_THAN = "not_more_than"


@dataclass(frozen=True)
class Amount:
    """The sum of some numbers against a share of the sum of others (and `more`), or a number."""

    parts: tuple[str, ...]
    relation: Relation
    share: Fraction
    of: tuple[str, ...]  # none: `share` is the number itself
    if_known: bool = False  # says nothing where one of them is not known
    more: int = 0


@dataclass(frozen=True)
class Different:
    """No two of these are the same person or organisation; what is not known is left out."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Paced:
    """Between `since`, each time that `step` was taken, and the day: never more than `months`."""

    step: str
    since: str
    months: int


@dataclass(frozen=True)
class Ballots:
    """The tally sheet adds up, and those elected are those with the most votes."""

    votes: str
    valid: str
    seats: str


@dataclass(frozen=True)
class Listed:
    """As many names on the tally sheet as were candidates, those written in apart; nothing is
    said where their number is not known."""

    votes: str
    candidates: str


@dataclass(frozen=True)
class Majority:
    """Each person elected has the votes of more than half of `of`."""

    votes: str
    of: str


type Test = Span | Holds | Amount | Different | Paced | Ballots | Listed | Majority


def named_in(test: Test) -> tuple[str, ...]:
    match test:
        case Span(day, _, anchor):
            return (day, anchor, *([test.later] if test.later else []))
        case Holds(when):
            return tuple(sorted(fields_of(when)))
        case Amount(parts, of=of):
            return (*parts, *of)
        case Different(names):
            return names
        case Paced(step, since):
            return (f"{step}.on", since, "on")
        case Ballots(votes, valid, seats):
            return (votes, valid, seats)
        case Listed(votes, candidates):
            return (votes, candidates)
        case Majority(votes, of):
            return (votes, of)
        case _:
            assert_never(test)


class Level(StrEnum):
    MUST = "must"  # closes the step
    UNLESS_REASON = "unless_reason"  # closes it until a reason is written down
    GENERALLY = "generally"  # reminds


@dataclass(frozen=True)
class Rule:
    id: str
    says: str
    test: Test
    level: Level
    basis: tuple[Basis, ...]
    variant: str = ""
    where: Condition | None = None  # asked only where this holds

    @property
    def uncertain(self) -> bool:
        return all(b.confidence in UNCERTAIN for b in self.basis)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        where = fields_of(self.where) if self.where is not None else ()
        return (*named_in(self.test), *sorted(where))


# ---------------------------------------------------------------- the process


@dataclass(frozen=True)
class State:
    code: str
    title: str
    closed: bool = False


@dataclass(frozen=True)
class Actor:
    """Who may take a step, in words; which post in which organisation that is, as codes."""

    code: str
    title: str
    posts: tuple[str, ...] = ()
    at: str = ""  # own, above, school; empty for `self` and for people outside


@dataclass(frozen=True)
class Variant:
    """Rules, fields, documents and steps that a school switches on or off together."""

    id: str
    title: str
    basis: tuple[Basis, ...]
    on: bool  # unless the school decides otherwise
    instead_of: str = ""  # the variant that it replaces


@dataclass(frozen=True)
class Step:
    """`target` is empty where the case stays in its state; `not_by`: steps by other hands."""

    name: str
    title: str
    sources: tuple[str, ...]
    target: str
    who: tuple[str, ...]
    basis: tuple[Basis, ...]
    number: int | None = None
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    documents: tuple[Document, ...] = ()
    not_by: tuple[str, ...] = ()
    variant: str = ""

    def lands(self, source: str) -> str:
        return self.target or source


@dataclass(frozen=True, eq=False)  # one is loaded once: caches need not compare all its steps
class Process:
    name: str
    title: str
    version: int
    about: str
    serves: tuple[Basis, ...]  # clauses of a plan
    of_person: bool
    initial: str
    states: Mapping[str, State]
    actors: Mapping[str, Actor]
    steps: Mapping[str, Step]
    given: Mapping[str, Field] = field(default_factory=dict)
    variants: Mapping[str, Variant] = field(default_factory=dict)

    def usual(self) -> frozenset[str]:
        """The variants that are on where the school has decided nothing."""
        return frozenset(v.id for v in self.variants.values() if v.on)

    def with_variants(self, chosen: frozenset[str]) -> "Process":
        """The process as a school has it: what belongs to no variant, and the chosen ones."""
        return _as_chosen(self, chosen)

    def out_of(self, state: str) -> tuple[Step, ...]:
        return tuple(s for s in self.steps.values() if state in s.sources)


@lru_cache(maxsize=1000)
def _as_chosen(process: Process, chosen: frozenset[str]) -> Process:
    variants = process.variants.values()
    replaced = {v.instead_of for v in variants if v.id in chosen}
    # Where what is usual is switched off, what it replaced holds: one of the two does.
    back = {v.instead_of for v in variants if v.on and v.id not in chosen}
    on = {"", *chosen, *back} - (replaced - {""})
    steps = {
        name: replace(
            step,
            fields=tuple(f for f in step.fields if f.variant in on),
            rules=tuple(r for r in step.rules if r.variant in on),
            documents=tuple(d for d in step.documents if d.variant in on),
        )
        for name, step in process.steps.items()
        if step.variant in on
    }
    return replace(process, steps=steps)


# ---------------------------------------------------------------- the case


@dataclass(frozen=True)
class Event:
    """One step taken. `seen`: what of the records its rules looked at, as it was then.

    `passed_over`: rules not kept, with the reason written down. `reminders`: rules that are only
    general and were not kept.
    """

    step: str
    source: str
    target: str
    on: date
    by: int
    fields: Values = field(default_factory=dict, hash=False)
    seen: Values = field(default_factory=dict, hash=False)
    documents: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
    reminders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A case keeps the version and the variants it was opened under."""

    process: str
    version: int
    variants: frozenset[str]
    state: str
    person_id: int | None = None
    history: tuple[Event, ...] = ()

    @property
    def last_on(self) -> date | None:
        return max((e.on for e in self.history), default=None)

    def days_of(self, step: str) -> tuple[date, ...]:
        return tuple(e.on for e in self.history if e.step == step)


def open_case(
    process: Process, *, person_id: int | None = None, variants: frozenset[str] | None = None
) -> Case:
    chosen = process.usual() if variants is None else variants
    return Case(process.name, process.version, chosen, process.initial, person_id)
