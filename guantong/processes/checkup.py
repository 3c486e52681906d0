"""Check a file that exists already: do its dates and entries agree with the rules of a process?

A file tells on which days steps were taken and some of what they wrote down; no case is opened.
Whatever it does not tell is not held against it, but for steps that cannot have been left out.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from guantong.conditions.basis import Basis
from guantong.processes import model as m
from guantong.processes.facts import OF_A_STEP, columns, field_of, title_of
from guantong.processes.paths import earlier, needed
from guantong.processes.rules import Look, lack, said


@dataclass(frozen=True)
class Record:
    """What a file tells. `days`: by step, each day it was taken, in any order.

    `fields`: by `step.field`, and the given facts by their names; of a step taken more than once
    they are not looked at, for they do not say which time is meant. `told`: the steps that the
    file has a place for; only of these it is held against it that one is missing.
    """

    days: Mapping[str, tuple[date, ...]]
    fields: m.Values = field(default_factory=dict)
    told: Collection[str] = ()


@dataclass(frozen=True)
class Contradiction:
    """`rule`: its id, or `future`, `order` or `missing`. `steps`: what to look at again."""

    rule: str
    steps: tuple[str, ...]
    says: str
    level: m.Level
    basis: tuple[Basis, ...]


def check_up(
    process: m.Process, record: Record, *, today: date, variants: Collection[str] | None = None
) -> list[Contradiction]:
    """Return every contradiction, in the order of the steps; empty when there is none."""
    chosen = process.usual() if variants is None else frozenset(variants)
    process = process.with_variants(chosen)
    days = {n: tuple(sorted(record.days[n])) for n in process.steps if record.days.get(n)}
    found = [
        *_future(process, days, today),
        *_order(process, days),
        *_missing(process, days, record.told),
        *_broken(process, days, record),
    ]
    place = {name: i for i, name in enumerate(process.steps)}
    return sorted(found, key=lambda c: place[c.steps[-1]])


type Days = Mapping[str, tuple[date, ...]]


def _future(process: m.Process, days: Days, today: date) -> Iterator[Contradiction]:
    for name, on in days.items():
        if on[-1] > today:
            says = f"“{process.steps[name].title}”的日期 {said(on[-1])} 还没有到"
            yield _found("future", process, (name,), says)


def _order(process: m.Process, days: Days) -> Iterator[Contradiction]:
    """Each step against the latest of those that can only have come before it."""
    place = earlier(process)
    for name, on in days.items():
        step = process.steps[name]
        before = [
            (days[other][0], other)
            for other in place[name] & days.keys()
            if days[other][0] > on[-1]
        ]
        if before:
            latest, other = max(before)
            says = (
                f"“{step.title}”（{said(on[-1])}）应在“{process.steps[other].title}”"
                f"（{said(latest)}）之后"
            )
            yield _found("order", process, (other, name), says)


def _missing(process: m.Process, days: Days, told: Collection[str]) -> Iterator[Contradiction]:
    lacking: dict[str, str] = {}
    before = needed(process)
    for name in days:
        for other in before[name]:
            if other in told and other not in days:
                lacking.setdefault(other, name)
    for other, name in lacking.items():
        says = f"有“{process.steps[name].title}”，却没有在它之前的“{process.steps[other].title}”"
        yield _found("missing", process, (name, other), says)


def _found(rule: str, process: m.Process, steps: tuple[str, ...], says: str) -> Contradiction:
    return Contradiction(rule, steps, says, m.Level.MUST, process.steps[steps[-1]].basis)


# ---------------------------------------------------------------- the rules of the steps


def _broken(process: m.Process, days: Days, record: Record) -> Iterator[Contradiction]:
    row = _row(process, days, record)
    for name, on in days.items():
        step = process.steps[name]
        own = {f.name: row.get(f"{name}.{f.name}") for f in step.fields}
        look = Look(
            {**row, **own, "on": on[-1], "by": row.get(f"{name}.by")},
            lambda other: days.get(other, ()),
            lambda column, step=step: title_of(process, step, column),  # type: ignore[misc]
            lambda column, step=step: field_of(process, step, column),  # type: ignore[misc]
        )
        for rule in step.rules:
            told = _is_told(rule, look) and not _told_twice(rule, step, days)
            if told and (why := lack(rule, look)):
                says = f"“{step.title}”：{rule.says}（{why}）"
                yield Contradiction(rule.id, _steps(rule, name), says, rule.level, rule.basis)


def _row(process: m.Process, days: Days, record: Record) -> dict[str, m.Value | None]:
    row: dict[str, m.Value | None] = dict.fromkeys(columns(process))
    row.update(record.fields)
    for name, on in days.items():
        row.update({f"{name}.on": on[-1], f"{name}.first": on[0], f"{name}.count": len(on)})
    return row


def _is_told(rule: m.Rule, look: Look) -> bool:
    """Whether the file tells enough to say that the rule is broken."""
    match rule.test:
        case m.Span(day, _, anchor):
            names: tuple[str, ...] = (day, anchor)
        case m.Different():
            names = ()
        case m.Paced(step, since):
            names = (f"{step}.on", since)
        case _:
            names = rule.names
    return all(look.row.get(name) is not None for name in names)


def _told_twice(rule: m.Rule, step: m.Step, days: Days) -> bool:
    """Whether it looks at what a step wrote down that was taken more than once: which time?"""
    own = {f.name: f"{step.name}.{f.name}" for f in step.fields}
    parts = (own.get(name, name).partition(".") for name in rule.names)
    return any(part not in OF_A_STEP and len(days.get(taken, ())) > 1 for taken, _, part in parts)


def _steps(rule: m.Rule, step: str) -> tuple[str, ...]:
    others = (name.partition(".")[0] for name in rule.names if "." in name)
    return (*dict.fromkeys(other for other in others if other != step), step)
