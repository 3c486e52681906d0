"""As whom somebody may act in a case: of which actors of actors.yaml he is one.

A post makes an actor, or a dated grant of a role that handles cases; where neither can, somebody
is named in the case. Whether an actor may take a step is the engine's to say.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from guantong.processes.model import Actor
from guantong.records import access, catalogue, clock
from guantong.records.models import Case, CaseHand, Grant, Org, Post, User
from guantong.records.once import kept

HANDLE, INSPECT = "case.handle", "case.inspect"
BY_NAME: Final = ("inspector", "reviewer", "served", "receiver")
"""Actors as whom an account can be named in a case."""
NOT_APPROVING: Final = "general_branch"


@dataclass(frozen=True)
class Place:
    """Where a case lies: its organisation, those directly above it, the other side."""

    own: Org
    other: int | None = None
    person: int | None = None
    case: int | None = None

    @classmethod
    def of(cls, case: Case) -> "Place":
        return cls(case.org, case.other_org_id, case.person_id, case.pk)


@dataclass(frozen=True)
class Standing:
    """What a user holds on a day; None is the system, which may act as anybody."""

    user: User | None
    day: date

    @classmethod
    def today(cls, user: User | None) -> "Standing":
        return kept(("standing", user and user.pk), lambda: cls(user, clock.today()))

    @cached_property
    def _posts(self) -> frozenset[tuple[int, str]]:
        if self.user is None or self.user.person_id is None or not self.user.is_active:
            return frozenset()
        held = Post.objects.on(self.day).filter(person=self.user.person_id)
        return frozenset(held.values_list("org_id", "post"))

    @cached_property
    def _granted(self) -> frozenset[int | None]:
        """Where a role that handles cases is granted; None: for the whole school."""
        if self.user is None or not self.user.is_active:
            return frozenset()
        roles = catalogue.roles().allowing(HANDLE)
        held = Grant.objects.on(self.day).filter(user=self.user, role__in=roles)
        return frozenset(held.values_list("org_id", flat=True))

    @cached_property
    def _school(self) -> bool:
        return self.user is not None and access.reach(self.user, HANDLE, self.day).whole

    @cached_property
    def _inspects(self) -> access.Reach:
        assert self.user is not None
        return access.reach(self.user, INSPECT, self.day)

    @cached_property
    def _named(self) -> frozenset[tuple[int, str]]:
        if self.user is None:
            return frozenset()
        rows = CaseHand.objects.filter(user=self.user, ended_at=None)
        return frozenset(rows.values_list("case_id", "actor"))

    @cached_property
    def _kinds(self) -> Mapping[int, str]:
        """Of every organisation above branches: they are few."""
        above = Org.objects.exclude(kind__in=("branch", "group"))
        return dict(above.values_list("pk", "kind"))

    def above(self, place: Place) -> tuple[int, ...]:
        """From the one directly above up to the first that is a committee with that power."""
        found: list[int] = []
        for pk in reversed(place.own.lineage()[:-1]):
            found.append(pk)
            if self._kinds[pk] != NOT_APPROVING:
                break
        return tuple(found)

    def approves(self, place: Place) -> bool | None:
        """Whether the organisation above that has to approve may: as whom the user acts there."""
        above = self.above(place)
        if not above:
            return None
        (actor,) = (a for a in catalogue.actors().values() if a.at == "above")
        acting = next((org for org in above if self._acts_for(actor, (org,))), above[-1])
        return self._kinds[acting] != NOT_APPROVING

    def actors(self, case: Case) -> frozenset[str]:
        return self.actors_at(Place.of(case))

    def actors_at(self, place: Place, among: Collection[str] | None = None) -> frozenset[str]:
        """All that he is there, or those `among` the given ones."""
        every = catalogue.actors()
        asked = every.keys() if among is None else every.keys() & set(among)
        if self.user is None:
            return frozenset(asked)
        if not self.user.is_active:  # not even about himself, nor where he was named
            return frozenset()
        return frozenset(code for code in asked if self._is(every[code], place))

    def takes(self, case: Case) -> bool:
        """Is the step that is due next his?"""
        step = catalogue.process(case.process, case.process_version).steps.get(case.due_step)
        return step is not None and bool(self.actors_at(Place.of(case), step.who))

    def is_anywhere(self, among: Collection[str]) -> bool:
        """Is he one of the given actors wherever a case lies?"""
        if self.user is None:
            return bool(among)
        return self._school and any(catalogue.actors()[code].at == "school" for code in among)

    def _is(self, actor: Actor, place: Place) -> bool:
        if place.case is not None and (place.case, actor.code) in self._named:
            return True
        match actor.code, actor.at:
            case "self", _:
                return place.person is not None and self.user.person_id == place.person  # type: ignore[union-attr]
            case "inspector", _:
                path, far = place.own.path, self._inspects
                return any(path.startswith(held) for held in far.paths)
            case _, "school":
                return self._school
            case _, "own":
                return self._acts_for(actor, (place.own.pk,))
            case _, "above":
                return self._acts_for(actor, self.above(place))
            case "receiver", _:
                return place.other is not None and self._acts_for(actor, (place.other,))
            case _:
                return False

    def _acts_for(self, actor: Actor, orgs: tuple[int, ...]) -> bool:
        if any((org, post) in self._posts for org in orgs for post in actor.posts):
            return True
        top = None if self._at_top(orgs) else -1
        return bool(self._granted & {*orgs, top})

    def _at_top(self, orgs: tuple[int, ...]) -> bool:
        """A grant for the whole school is one for the organisation at its top."""
        return any(self._kinds.get(org) == "school_committee" for org in orgs)
