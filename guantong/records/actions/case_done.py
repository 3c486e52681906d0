"""A step of a case that has just been taken, as what it does to the records looks at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from guantong.processes import model as m
from guantong.records.models import Case, Person, User


@dataclass(frozen=True)
class Done:
    """A step just taken. `before`: the case's history without it; `given`: what was known."""

    case: Case
    by: User | None
    event: m.Event
    before: m.Case
    asked: Mapping[str, m.Value | None]
    given: Mapping[str, m.Value | None]

    @property
    def on(self) -> date:
        return self.event.on

    @property
    def person(self) -> Person:
        assert self.case.person is not None
        return self.case.person

    def told(self, name: str) -> Any:
        """What this step wrote down."""
        return self.event.fields.get(name)

    def earlier(self, step: str, name: str) -> Any:
        """What an earlier step wrote down, the last time that it was taken."""
        found = [e.fields.get(name) for e in self.before.history if e.step == step]
        return found[-1] if found else None

    def day_of(self, step: str) -> date:
        return self.before.days_of(step)[-1]


type Effect = Callable[[Done], object]
