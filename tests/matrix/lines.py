"""What a line of `pages` is, and how its addresses and forms are filled in for a place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import reverse

from guantong.records.models import User
from tests.matrix.oracle import Reader, may
from tests.matrix.world import At, World

SLOT: Final = re.compile(r"\{([^{}]+)\}")
ABSENT: Final = 987654321


@dataclass(frozen=True)
class Page:
    """One page: how its address is made, who sees it, who may send what to it.

    `about` names the kinds of things in the address, in its order, as `world` furnishes a place
    ("org post": the organisation, then one of its posts). "?org" stands in the query; ">org": the
    place shows only in what is sent. Empty: the page is about no place. `args` stand in the
    address where no id does, `asks` in its query.

    Permissions are told as in `oracle.may`: without `sees` the page is not found (404), without
    `does` it is refused (403); `writes` is what sending takes beyond that, and `also` permissions
    at other places, which what is sent names (whoever lacks them: 403, 404 or 422).

    `sends` is what a browser sends, `leaves` the events that this leaves (none: no record; "+":
    one or more such), and `answers` the status; a page that sends nothing refuses POST, one that
    only takes refuses GET. `works`: where those who may can do it; empty, anywhere. `shows`: what
    the answer may tell beyond what pages do; `tells`: as much, when it is only read. What is sent
    and what stands in the address may be worked out, for a place and an account.
    """

    name: str
    about: str = ""
    sees: str = ""
    leaves: str = ""
    sends: Mapping[str, Any] | Callable[[Any, User], dict[str, Any]] | None = None
    does: str = ""
    writes: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    args: tuple[Any, ...] = ()
    asks: str = ""
    works: tuple[str, ...] = ()
    only_takes: bool = False
    shows: str = ""
    tells: str = ""
    answers: int = 302

    def __str__(self) -> str:
        args = (one for one in self.args if isinstance(one, str))
        parts = (self.name, *args, self.about, self.asks, self.leaves, *self.also)
        return " ".join(filter(None, parts))

    @property
    def kinds(self) -> str:
        return self.about.lstrip("?>")

    @property
    def in_path(self) -> bool:
        return bool(self.about) and self.about[0] not in "?>"

    @property
    def read_as(self) -> tuple[Any, ...]:
        """Lines of the same address are read once."""
        return self.name, self.about, self.args, self.asks

    def address(self, w: World, at: At | None, reader: Reader) -> str:
        ids = at.ids(self.kinds) if at and self.in_path else []
        asks = [f"org={{{self.kinds}}}"] if self.about.startswith("?") else []
        query = "&".join([*asks, *filter(None, [self.asks])])
        return self._address(ids, w, at, reader, filled(query, w, at) if at else "")

    def address_of_nothing(self, w: World, at: At, reader: Reader) -> str:
        """The same address with an id that nothing has."""
        if self.in_path:
            ids = [ABSENT for _ in self.kinds.split()]
            return self._address(ids, w, at, reader, filled(self.asks, w, at))
        return self._address([], w, at, reader, f"org={ABSENT}")

    def _address(self, ids: list[int], w: World, at: At | None, reader: Reader, query: str) -> str:
        args = [filled(one, w, at, reader) for one in self.args]
        path = reverse(self.name, args=[*ids, *args])
        return f"{path}?{query}" if query else path

    def form(self, w: World, at: At | None, reader: Reader) -> dict[str, Any]:
        if self.sends is None or (self.about and at is None):
            return {}
        sends = filled(self.sends, w, at, reader) if callable(self.sends) else self.sends
        return {filled(k, w, at): filled(v, w, at, reader) for k, v in sends.items()}

    def expected(self, reader: Reader, place: str, *, sent: bool) -> set[int]:
        """The statuses that are right."""
        if reader.closed:
            return {302}
        if (self.sends is None) if sent else self.only_takes:
            return {405}
        if not may(reader, self.sees, "" if self.about.startswith(">") else place):
            return {404}
        if self.does and not may(reader, self.does, place):
            return {403}
        if not sent:
            return {200, 302}
        return {self.answers} if self.allows(reader, place) else {403, 404, 422}

    def allows(self, reader: Reader, place: str) -> bool:
        """Whether the reader may see it and send what it takes."""
        needed = [(place, one) for one in (self.sees, self.does, self.writes)]
        needed += [(there, one) for there, one in self.also.items()]
        return not reader.closed and all(may(reader, one, there) for there, one in needed)


def filled(value: Any, w: World, at: At | None, reader: Reader | None = None) -> Any:
    """A text with its slots filled: {new}, {kind}, {kind:field}, {place/kind}."""
    if callable(value):
        return value(at, w.users.get(reader.name if reader else "") or w.users["office"])
    return SLOT.sub(lambda slot: _slot(slot[1], w, at), value) if isinstance(value, str) else value


def _slot(name: str, w: World, at: At | None) -> str:
    if name == "new":
        w.number += 1
        return str(w.number)
    place, _, kind = name.rpartition("/")
    kind, _, column = kind.partition(":")
    return str(getattr(getattr(w.at[place] if place else at, kind), column or "pk"))
