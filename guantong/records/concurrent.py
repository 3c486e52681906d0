"""Two people change one record: what the second meant, put together with what the first has saved.

Field by field, and person by person: what only one of them changed holds; where both changed the
same, the second's words stay in the form and both are shown. Decides only.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from guantong.obligations.run import plain
from guantong.records import catalogue
from guantong.records.drafts import Draft
from guantong.records.models import Event
from guantong.records.telling import told

PEOPLE: Final = ("attended", "absent")
ATTRIBUTES: Final = frozenset(Draft.__dataclass_fields__) - {"own", *PEOPLE}
NUMBER: Final = re.compile(r"\d+\.\d+", re.ASCII)

type Told = Mapping[str, Any]
type State = tuple[Any, Any]  # how somebody stands on a record: as present, as absent


@dataclass(frozen=True)
class Clash:
    """What both have changed: a field, or how one person (by id) was there."""

    field: str
    theirs: Any
    mine: Any
    person: int | None = None


@dataclass(frozen=True)
class Merged:
    """`taken`: the fields in which the first one's change was taken over."""

    draft: Draft
    clashes: tuple[Clash, ...]
    taken: tuple[str, ...]


def merged(mine: Draft, theirs: Draft, later: Iterable[Event]) -> Merged:
    """`later`: what was saved since the second one opened the record, the earliest first."""
    events = [_Event(*map(_same, _sides(event))) for event in later]
    ours, others = _same(told(mine)), _same(told(theirs))
    draft, clashes, taken = mine, list[Clash](), list[str]()
    for name, was in _base(events).items():
        if ours.get(name) == others.get(name):
            continue
        if ours.get(name) == was:
            draft = _with(draft, theirs, name)
            taken.append(name)
        else:
            clashes.append(Clash(name, others.get(name), ours.get(name)))
    for person, was in _people(events).items():
        mine_now, theirs_now = _state(ours, person), _state(others, person)
        if mine_now == theirs_now:
            continue
        if mine_now == was:
            draft = _with_person(draft, theirs, int(person))
            taken.append("attended")
        else:
            clashes.append(Clash("attended", theirs_now, mine_now, int(person)))
    return Merged(draft, tuple(clashes), tuple(dict.fromkeys(taken)))


def sides(clash: Clash) -> tuple[dict[str, Any], dict[str, Any]]:
    """Theirs and mine, in the form in which an event has before and after."""
    if clash.person is None:
        return {clash.field: clash.theirs}, {clash.field: clash.mine}
    return _as_told(clash.person, clash.theirs), _as_told(clash.person, clash.mine)


def _as_told(person: int, state: State) -> dict[str, Any]:
    both = zip(PEOPLE, state, strict=True)
    return {name: {str(person): how} for name, how in both if how is not None}


@dataclass(frozen=True)
class _Event:
    before: Told
    after: Told


def _sides(event: Event) -> Iterator[Told]:
    yield event.detail.get("before") or {}
    yield event.detail.get("after") or {}


def _base(events: Iterable[_Event]) -> dict[str, Any]:
    """What stood on record when the second one opened it, of the fields changed since."""
    found: dict[str, Any] = {}
    for event in events:
        for name in event.after:
            if name not in PEOPLE:
                found.setdefault(name, event.before.get(name))
    return found


def _people(events: Iterable[_Event]) -> dict[str, State]:
    """How those stood then who were changed since; ids are texts, as JSON makes them."""
    found: dict[str, State] = {}
    for event in events:
        sides = [side.get(name) or {} for side in (event.before, event.after) for name in PEOPLE]
        for person in {pk for side in sides for pk in side}:
            found.setdefault(person, _state(event.before, person))
    return found


def _state(side: Told, person: str) -> State:
    there, absent = (side.get(name) or {} for name in PEOPLE)
    return there.get(person), absent.get(person)


def _with(draft: Draft, theirs: Draft, name: str) -> Draft:
    """A field taken over; one of the kind's own is told by its title."""
    if name in ATTRIBUTES:
        return replace(draft, **{name: getattr(theirs, name)})
    own = dict(draft.own)
    for code, field in catalogue.activity_kinds()[theirs.kind].own.items():
        if field.title == name:
            own.pop(code, None)
            own |= {code: theirs.own[code]} if code in theirs.own else {}
    return replace(draft, own=own)


def _with_person(draft: Draft, theirs: Draft, person: int) -> Draft:
    rest = [one for one in draft.attended or () if one.person_id != person]
    rest += [one for one in theirs.attended or () if one.person_id == person]
    absent = {pk: why for pk, why in draft.absent.items() if pk != person}
    absent |= {pk: why for pk, why in theirs.absent.items() if pk == person}
    return replace(draft, attended=tuple(rest), absent=absent)


def _same(side: Told) -> dict[str, Any]:
    """As JSON, numbers written one way, so that what means the same is equal."""
    plainly: dict[str, Any] = _numbers(json.loads(json.dumps(side, cls=DjangoJSONEncoder)))
    return plainly


def _numbers(value: Any) -> Any:
    match value:
        case dict():
            return {name: _numbers(part) for name, part in value.items()}
        case list():
            return [_numbers(part) for part in value]
        case str() if NUMBER.fullmatch(value):
            return plain(Decimal(value))
        case _:
            return value
