"""The people part of the record form: whom it offers, and what was ticked.

Those expected are shown as present, and who did not come is ticked; where few came it is the other
way round. Everybody else who may be named is offered below, as a guest. Not for deciding who may
be named: that is `records.rosters`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

from django.db.models import Q
from django.http import QueryDict

from guantong.records import access, catalogue, meetings, rosters
from guantong.records.drafts import Attended, Draft
from guantong.records.models import Org, User
from guantong.web import ids

SEPARATORS: Final = re.compile(r"[\s\0、，,;；]+")
FEW: Final = 8  # people who answer to one word
ROLES: Final = ("lecturer", "chair", "recorder")


class Tick(StrEnum):
    """What a tick beside an expected person means."""

    ABSENT = "absent"
    PRESENT = "present"


@dataclass(frozen=True)
class Said:
    """What the browser (or a record) says about people. `shown` None: nothing has been shown.
    `away`: who is known not to have come, where it is ticked who came."""

    tick: Tick = Tick.ABSENT
    shown: frozenset[int] | None = None
    ticked: frozenset[int] = frozenset()
    guests: frozenset[int] = frozenset()
    reasons: Mapping[int, str] = field(default_factory=dict)
    away: frozenset[int] = frozenset()


def said_by(typed: QueryDict, occasion: "Occasion") -> Said:
    """Ticks of another sort of roster, which was shown before, mean nothing in this one."""
    if typed.get("roster", occasion.roster) != occasion.roster:
        return Said(tick=occasion.usual_tick, guests=_ids(typed.getlist("guest")))
    word = typed.get("tick", "")
    tick = Tick(word) if word in set(Tick) else occasion.usual_tick
    said = Said(
        tick=tick,
        shown=_ids(typed.get("shown", "").split(",")) if "shown" in typed else None,
        ticked=_ids(typed.getlist(tick)),
        guests=_ids(typed.getlist("guest")),
        away=_ids(typed.getlist("absent")) if tick is Tick.PRESENT else frozenset(),
        reasons={pk: typed.get(f"reason-{pk}", "") for pk in _ids(typed.getlist("absent"))},
    )
    return _switched(said) if "switch" in typed else said


def _switched(said: Said) -> Said:
    """The same people the other way round; where few came, all but the absent start unticked."""
    if said.tick is Tick.ABSENT:
        return replace(said, tick=Tick.PRESENT, ticked=frozenset(), away=said.ticked)
    rest = (said.shown or frozenset()) - said.ticked if said.ticked else frozenset()
    return replace(said, tick=Tick.ABSENT, ticked=rest | said.away - said.ticked, away=frozenset())


def said_on_record(draft: Draft, expected: Collection[int]) -> Said:
    """How a record looks in the form: the absent are ticked, if all others expected came."""
    attended, here = {one.person_id for one in draft.attended or ()}, frozenset(expected)
    complete = here <= attended | draft.absent.keys()
    return Said(
        tick=Tick.ABSENT if complete else Tick.PRESENT,
        shown=here,
        ticked=here & (draft.absent.keys() if complete else attended),
        guests=frozenset(attended - here),
        reasons=draft.absent,
        away=frozenset() if complete else here & draft.absent.keys(),
    )


@dataclass(frozen=True)
class Row:
    """One person as offered. `tag` tells what is special, or where a guest belongs."""

    pk: int
    name: str
    tag: str
    ticked: bool
    reason: str = ""


@dataclass(frozen=True)
class People:
    """`notes`: what became of words typed to find somebody. `changed`: others are expected than
    the browser has shown. `strange`: how many were named whom the form does not offer. `away`:
    who is known to be absent, where it is ticked who came."""

    tick: Tick
    expected: tuple[Row, ...]
    guests: tuple[Row, ...]
    notes: tuple[str, ...]
    changed: bool
    strange: int
    away: tuple[Row, ...] = ()

    @property
    def shown(self) -> str:
        return ",".join(str(row.pk) for row in self.expected)

    @property
    def ticked(self) -> list[Row]:
        return [row for row in self.expected if row.ticked]

    @property
    def present(self) -> list[Row]:
        came = [row for row in self.expected if row.ticked is (self.tick is Tick.PRESENT)]
        return came + [row for row in self.guests if row.ticked]

    @property
    def absent(self) -> list[Row]:
        if self.tick is Tick.ABSENT:
            return self.ticked
        return [row for row in self.away if not row.ticked]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Everyone who can lead, chair or take notes."""
        return [(str(row.pk), row.name) for row in (*self.expected, *self.guests)]


@dataclass(frozen=True)
class Occasion:
    """What decides who is expected and who may be named; what is on record already."""

    by: User
    kind: str
    hosts: tuple[Org, ...]
    held_on: date
    on_record: Draft | None = None

    def expected(self) -> set[int]:
        found = (rosters.expected(self.kind, host, self.held_on) for host in self.hosts)
        return {pk for people in found for pk in people.values_list("pk", flat=True)}

    def may_be_named(self, asked: Collection[int]) -> set[int]:
        if not asked:
            return set()
        may = rosters.may_be_named(self.by, self.hosts, self.held_on)
        return set(may.filter(pk__in=asked).values_list("pk", flat=True))

    @property
    def usual_tick(self) -> Tick:
        """Few of the roster come to what is held in pairs."""
        return Tick.PRESENT if self.roster == "pairs" else Tick.ABSENT

    @property
    def roster(self) -> str:
        return catalogue.activity_kinds()[self.kind].roster

    @property
    def named(self) -> set[int]:
        """Whom the record names in fields of its kind, and as owners of what follows."""
        if self.on_record is None:
            return set()
        kind = catalogue.activity_kinds()[self.on_record.kind]
        own = meetings.people_of(self.on_record.own, kind).values()
        return set().union(*own, (t.owner for t in self.on_record.follow_ups if t.owner))

    @property
    def attended(self) -> Sequence[Attended]:
        return (self.on_record.attended or ()) if self.on_record else ()


def offered(occasion: Occasion, said: Said | None, words: str = "") -> People:
    """Whom the form offers. `said` None: what is on record, or everyone present."""
    expected = occasion.expected()
    if said is None:
        record = occasion.on_record
        said = said_on_record(record, expected) if record and not record.planned else None
        said = said or Said(tick=occasion.usual_tick)
    found = _found(occasion, words, expected)
    guests = (said.guests | found.sure) - expected
    likely = rosters.likely_guests(occasion.hosts, occasion.held_on)
    others = {*likely.values_list("pk", flat=True), *found.sure, *found.maybe}
    others |= {one.person_id for one in occasion.attended} | occasion.named
    others |= occasion.may_be_named(guests - others)
    rows = rosters.described(expected | others, occasion.hosts, occasion.held_on)
    strangers = [
        Row(one.pk, one.name, one.office or one.above or one.branch, one.pk in guests)
        for one in rows
        if one.pk not in expected
    ]
    asked = tuple(_expected(one, said) for one in rows if one.pk in expected)
    return People(
        tick=said.tick,
        expected=asked,
        away=tuple(row for row in asked if row.pk in said.away),
        guests=tuple(sorted(strangers, key=lambda row: not row.ticked)),
        notes=found.notes,
        changed=said.shown != frozenset(expected),
        strange=len((said.ticked - expected) | (said.guests - expected - others)),
    )


def _expected(one: rosters.Described, said: Said) -> Row:
    asked = said.shown is not None and one.pk in said.shown
    released = catalogue.current().label("absences", "exempt") if one.exempt else ""
    tags = (one.office, "预备" if one.status == "probationary" else "", "可免" * one.exempt)
    return Row(
        pk=one.pk,
        name=one.name,
        tag=" ".join(filter(None, tags)),
        ticked=one.pk in said.ticked if asked else one.exempt and said.tick is Tick.ABSENT,
        reason=said.reasons.get(one.pk, "") if one.pk in said.ticked | said.away else released,
    )


# From what was ticked to what is recorded


def attended(people: People, roles: Mapping[str, str], occasion: Occasion) -> tuple[Attended, ...]:
    """Those who were there, with their part; hours of their own that are on record are kept."""
    hours = {one.person_id: one.hours for one in occasion.attended}
    parts = list(_parts(roles, occasion.attended))
    leading = {pk for pk, _ in parts}
    parts += [(row.pk, "attendee") for row in people.present if row.pk not in leading]
    return tuple(Attended(pk, role, hours.get(pk)) for pk, role in parts)


def absent(people: People, occasion: Occasion, there: Iterable[Attended]) -> dict[int, str]:
    """Those ticked as absent; an absence on record stays where the form did not ask."""
    answered = {one.person_id for one in there}
    if people.tick is Tick.ABSENT:
        answered |= {row.pk for row in people.expected}
    record = occasion.on_record.absent if occasion.on_record else {}
    kept = {pk: why for pk, why in record.items() if pk not in answered}
    return kept | {row.pk: row.reason for row in people.absent}


def holder(record: Iterable[Attended], role: str) -> str:
    """The first who had a part, as the value of its select."""
    return next((str(one.person_id) for one in record if one.role == role), "")


def _parts(roles: Mapping[str, str], record: Sequence[Attended]) -> Iterator[tuple[int, str]]:
    """Who leads, chairs, takes notes: several on record stay as long as the select does."""
    for role in ROLES:
        chosen = roles.get(role, "")
        if chosen and chosen == holder(record, role):
            yield from ((one.person_id, role) for one in record if one.role == role)
        elif chosen:
            yield int(chosen), role


# Finding somebody


@dataclass(frozen=True)
class _Found:
    sure: frozenset[int]
    maybe: frozenset[int]
    notes: tuple[str, ...]


def _found(occasion: Occasion, words: str, expected: Collection[int]) -> _Found:
    """Look up names, numbers and names of branches among those who may be named."""
    sure, maybe, notes = set[int](), set[int](), list[str]()
    for word in filter(None, SEPARATORS.split(words)):
        branch = _branch(occasion, word)
        answer = set(branch) or _named(occasion, word)
        if answer and answer <= set(expected):
            notes.append(f"“{word}”已在应到名单中。")
        elif branch or len(answer) == 1:
            sure |= answer
        elif answer:
            maybe |= answer
            notes.append(f"“{word}”不止一人，请在下面点选。")
        else:
            notes.append(f"没有找到“{word}”：请写姓名、学工号或党支部简称；校外来宾写入摘要。")
    return _Found(frozenset(sure), frozenset(maybe), tuple(notes))


def _branch(occasion: Occasion, word: str) -> list[int]:
    """The members of a branch of that name, if the user records for it."""
    there = access.orgs(occasion.by, "activity.record").on(occasion.held_on)
    branch = there.filter(Q(name=word) | Q(short_name=word), kind=rosters.BRANCH).first()
    if branch is None:
        return []
    return list(rosters.roster(branch, occasion.held_on).values_list("pk", flat=True))


def _named(occasion: Occasion, word: str) -> set[int]:
    """Those whom a word names exactly, else the first whom it nearly names."""
    may = rosters.may_be_named(occasion.by, occasion.hosts, occasion.held_on)
    near = may.search(word).in_order().values_list("pk", "name", "number")[:FEW]
    exact = {pk for pk, name, number in near if word in (name, number)}
    return exact or {pk for pk, _, _ in near}


def _ids(values: Iterable[str]) -> frozenset[int]:
    """The ids named; nonsense names nobody."""
    return frozenset(ids.read(value) for value in values if value)
