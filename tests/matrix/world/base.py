"""What a world is made of: its places, and what there is in each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from django.test import Client

from guantong.records.models import Person, User
from tests.factories import TODAY
from tests.matrix.canaries import Aviary

YESTERDAY: Final = TODAY - timedelta(days=1)


class At(SimpleNamespace):
    """What there is in one place, by kind."""

    place: str

    def ids(self, kinds: str) -> list[int]:
        return [getattr(self, kind).pk for kind in kinds.split()]


@dataclass
class World:
    birds: Aviary = field(default_factory=Aviary)
    at: dict[str, At] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    number: int = 0
    fingerprint: str = ""

    def places(self, kinds: str) -> list[At]:
        """Where there is one of every kind named."""
        return [at for at in self.at.values() if all(hasattr(at, kind) for kind in kinds.split())]

    def text(self, at: At) -> Callable[..., str]:
        """Canaries of one place."""
        return lambda about, word="": self.birds.text(about, at.place, word=word)

    def someone(self, at: At) -> Person:
        """A member of the branch itself, or of one below."""
        below = {"school": "branch", "college": "branch", "general": "leaf", "group": "branch"}
        branch = at.place if hasattr(at, "double") else below.get(at.place, "other branch")
        found: Any = self.at[branch].double
        assert isinstance(found, Person)
        return found
