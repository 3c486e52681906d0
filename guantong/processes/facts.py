"""The facts that rules are asked about: one row per case and day, made from its history.

Columns: `<step>.on` the day a step was last taken, `<step>.first` the first time, `<step>.count`
how often, `<step>.by` the person who took it, `<step>.<field>` what it wrote down; the `given`
names of the process; `subject`, the person whom the case is about; and bare names for the step
being taken: `on`, `by` and its own fields. What is not known is null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from guantong.conditions.check import Type
from guantong.processes.model import COLUMN, Case, Field, FieldType, Process, Step, Values

OF_A_STEP = {"on": Type.DAY, "first": Type.DAY, "count": Type.NUMBER, "by": Type.ID}
OF_NOW = {"on": Type.DAY, "by": Type.ID}


@dataclass(frozen=True)
class Attempt:
    """A step as somebody means to take it. `reasons`: by rule, why it may be passed over.

    `fields` is None while nothing has been filled in yet.
    """

    step: str
    on: date
    by: int
    actors: frozenset[str]
    fields: Values | None = None
    reasons: Mapping[str, str] | None = None


def row_of(process: Process, case: Case, given: Values, attempt: Attempt) -> Values:
    row: dict[str, object] = dict.fromkeys(columns(process))
    row.update({f"{name}.count": 0 for name in process.steps})
    for event in case.history:
        row.update(_told(event.step, event.on, event.by, event.fields, row))
    row.update({name: value for name, value in given.items() if name in process.given})
    row.update({"subject": case.person_id, "on": attempt.on, "by": attempt.by})
    own = process.steps[attempt.step].fields
    filled = attempt.fields or {}
    row.update({f.name: filled.get(f.name) for f in own})
    return row  # type: ignore[return-value]


def _told(
    step: str, on: date, by: int, fields: Values, before: Mapping[str, object]
) -> dict[str, object]:
    """What an event adds to the row; a step that was taken again counts as of the last time."""
    count = before.get(f"{step}.count") or 0
    assert isinstance(count, int)
    told: dict[str, object] = {f"{step}.{name}": value for name, value in fields.items()}
    told |= {f"{step}.on": on, f"{step}.by": by, f"{step}.count": count + 1}
    return told if count else {**told, f"{step}.first": on}


@lru_cache(maxsize=1000)
def columns(process: Process) -> Mapping[str, Type]:
    """Every column that a rule of any step may name, bare names apart."""
    found: dict[str, Type] = {"subject": Type.ID}
    for step in process.steps.values():
        found |= {f"{step.name}.{part}": kind for part, kind in OF_A_STEP.items()}
        found |= {f"{step.name}.{f.name}": COLUMN[f.type] for f in comparable(step.fields)}
    found |= {f.name: COLUMN[f.type] for f in comparable(tuple(process.given.values()))}
    return found


def columns_for(process: Process, step: Step) -> dict[str, Type]:
    own = {f.name: COLUMN[f.type] for f in comparable(step.fields)}
    return {**columns(process), **OF_NOW, **own}


def comparable(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(f for f in fields if f.type is not FieldType.VOTES)


def field_of(process: Process, step: Step | None, name: str) -> Field | None:
    """The field that a column holds; None of a day, a count or a hand."""
    taken, _, part = name.rpartition(".")
    of = process.steps.get(taken) if taken else step
    own = {f.name: f for f in of.fields} if of else {}
    return own.get(part) or (None if taken else process.given.get(name))


def title_of(process: Process, step: Step | None, name: str) -> str:
    """What a column is called, such as 递交入党申请书的日期."""
    own = {f.name: f.title for f in step.fields} if step else {}
    if name in own or name in process.given:
        return own.get(name) or process.given[name].title
    fixed = {"on": "办理日期", "by": "经办人", "subject": "本人"}
    if name in fixed:
        return fixed[name]
    taken, _, part = name.partition(".")
    step = process.steps.get(taken)
    if step is None:
        return name
    parts = {"on": "的日期", "first": "首次的日期", "count": "的次数", "by": "的经办人"}
    fields = {f.name: f"时的{f.title}" for f in step.fields}
    return f"“{step.title}”{parts.get(part) or fields.get(part, part)}"
