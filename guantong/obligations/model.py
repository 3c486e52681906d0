"""What an obligation is: who owes what, how often, on whose authority, and what counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any

from guantong.conditions.basis import Basis as Basis
from guantong.conditions.model import Compare, Condition, Op, conjuncts
from guantong.periods import Calendar, Every, Period, Rhythm, periods_from

# ---------------------------------------------------------------- who owes it


@dataclass(frozen=True)
class OrgBearer:
    """Each organisation for whose row of `orgs` the condition holds."""

    when: Condition


@dataclass(frozen=True)
class MemberBearer:
    """Each person with a membership for which `when` holds, and with no such post on the day."""

    when: Condition
    without_post: Condition | None = None


@dataclass(frozen=True)
class PostBearer:
    """Each person in such a post, once per organisation.

    `on_day`: the post must be held on the day; else any whole month of the period will do.
    `linked`: and the person must have a relation of this kind on the day.
    """

    when: Condition
    on_day: bool
    linked: str | None = None


type Bearer = OrgBearer | MemberBearer | PostBearer

# ---------------------------------------------------------------- what is measured


class HostedBy(StrEnum):
    OWN_BRANCH = "own_branch"  # a branch in which the person is a member on that day
    CONTACT_POINT = "contact_point"  # an organisation linked to the person on the day
    OWN_ORG = "own_org"  # the organisation of the post


class Different(StrEnum):
    """What is counted once however often it occurs."""

    KIND = "kind"
    DAY = "held_on"


@dataclass(frozen=True)
class Own:
    """A field of an activity's own kind, of which one value at least fulfils `where`. Where none
    is on record it is not known."""

    field: str
    where: Condition


@dataclass(frozen=True)
class CountActivities:
    """Activities that the organisation hosts in the period, or their different kinds or days.

    `apart_from`: what counts for one of these does not count here as well (double counting).
    `own`: what a field of the kind must say beside.
    """

    where: Condition
    different: Different | None = None
    apart_from: tuple[CountActivities, ...] = ()
    own: Own | None = None


@dataclass(frozen=True)
class Attended:
    """Attendances of the person in the period: their number, the sum of their hours, or the
    different kinds or days of what was attended. `apart_from` as above.
    """

    where: Condition
    sum_hours: bool = False
    hosted_by: HostedBy | None = None
    different: Different | None = None
    apart_from: tuple[Attended, ...] = ()


@dataclass(frozen=True)
class Reached:
    """Different persons who attended activities that the organisation hosts in the period."""

    where: Condition


@dataclass(frozen=True)
class State:
    """How many hold on the day for the organisation.

    Distinct persons in `posts` and `memberships`; relations naming it as the linked
    organisation; in `orgs` the organisations below it.
    """

    table: str
    where: Condition


# Amounts are compared without dividing, in whole ten-thousandths and 64 bits: a standard may be
# this large, that of a ratio only that large, since it is multiplied by a figure.
MOST_REQUIRED, MOST_SHARE = 100_000, 1_000


@dataclass(frozen=True)
class Ratio:
    """Sum of the latest figures `of`, divided by that of the figures `to`."""

    of: tuple[str, ...]
    to: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """Share of the organisations below the bearer for which `by` gives at least one."""

    of: Condition
    by: State | CountActivities


@dataclass(frozen=True)
class NextTerm:
    """A later term of the same organisation begins by the day this one runs out."""


@dataclass(frozen=True)
class CaseTime:
    """Cases of the organisation that on the day have been in such a state for more than `days`.

    A case keeps only the state it is in now: of a day before that began, the state is not known.
    """

    where: Condition
    days: int

    @property
    def process(self) -> str:
        """The process whose cases they are, where the condition names one."""
        for part in conjuncts(self.where):
            match part:
                case Compare("process", Op.EQ, str() as name):
                    return name
        return ""


HELD = Compare("planned", Op.EQ, value=False)
LASTING = frozenset({"process", "org_id", "person_id"})  # what does not change in a case's life

type Measure = (
    CountActivities | Attended | Reached | State | Ratio | Coverage | NextTerm | CaseTime
)
ON_THE_DAY = (State, Ratio, Coverage, CaseTime)  # asked only of organisations there on the day

# ---------------------------------------------------------------- what is enough


class Bound(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True)
class Standard:
    """The value in force from a day on, and which basis it rests on."""

    since: date
    bound: Bound
    value: Decimal
    basis: int


@dataclass(frozen=True)
class Having:
    """A further requirement on an organisation that is bound: a state it is in on the day."""

    state: State
    at_least: int


@dataclass(frozen=True)
class Option:
    """Another way to read the text. With an `id` it can be chosen: `changes` are the keys of the
    file that it states otherwise, `obligation` is what then is owed.
    """

    says: str
    id: str = ""
    changes: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)
    obligation: Obligation | None = None


@dataclass(frozen=True)
class Reading:
    """How an ambiguous text is read (口径), and why."""

    id: str
    question: str
    chosen: str
    others: tuple[Option, ...]
    why: str
    confidence: str = ""  # of the reading itself, where its ground is unsure

    @property
    def options(self) -> dict[str, Obligation]:
        """The other readings that can be chosen, by id."""
        return {o.id: o.obligation for o in self.others if o.obligation is not None}


@dataclass(frozen=True)
class Obligation:
    name: str
    title: str
    demand: str
    basis: tuple[Basis, ...]
    level: str
    confidence: str
    switchable: bool
    since: date
    until: date | None
    bearer: Bearer
    rhythm: Rhythm
    measure: Measure
    standards: tuple[Standard, ...]
    unit: str
    remedy: str
    apart_from: tuple[str, ...] = ()
    having: tuple[Having, ...] = ()
    exempt: Condition | None = None
    exempt_reason: str = ""
    pro_rata: bool = False
    reading: Reading | None = None
    examples: tuple[dict[str, Any], ...] = field(default=(), compare=False, hash=False)

    @property
    def every(self) -> Every:
        return self.rhythm.every

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that the obligation says, its examples apart."""
        return sha256(repr(replace(self, examples=())).encode()).hexdigest()

    def read_as(self, option: str) -> Obligation:
        """The obligation under another reading, if it has one of that id."""
        for other in self.reading.others if self.reading else ():
            if self.reading and other.id == option and other.obligation is not None:
                taken = replace(self.reading, chosen=other.says, others=())
                return replace(other.obligation, reading=taken)
        return self

    def standard_on(self, day: date) -> Standard:
        """The standard for a period that begins on `day`: the latest in force, else the first."""
        in_force = [s for s in self.standards if s.since <= day]
        return in_force[-1] if in_force else self.standards[0]

    def binds(self, period: Period) -> bool:
        """Whether the obligation is in force on the last day of the period."""
        last = period.last_day
        return self.since <= last and (self.until is None or last < self.until)


def prorated(value: Decimal, months: int) -> Decimal:
    """Twelfths of a yearly standard, rounded up to one decimal."""
    return (value * months / 12).quantize(Decimal("0.1"), ROUND_CEILING)


def share(numerator: Decimal, denominator: Decimal) -> Decimal:
    """A ratio as it is shown: rounded to four places."""
    return (numerator / denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)


# ---------------------------------------------------------------- the plan they serve


class ClauseKind(StrEnum):
    HEADING = "heading"
    COUNTED = "counted"
    NARRATIVE = "narrative"


@dataclass(frozen=True)
class Clause:
    path: str  # such as "二/(二)/6"
    title: str
    summary: str
    kind: ClauseKind
    obligations: tuple[str, ...] = ()
    serves: str = ""


@dataclass(frozen=True)
class Plan:
    name: str
    title: str
    number: str
    issuer: str
    issued: date
    instrument: str
    span: Period
    themes: dict[int, str]
    clauses: tuple[Clause, ...]

    def obligation_names(self) -> tuple[str, ...]:
        """Those that serve a clause, in the plan's order, each once."""
        return tuple(dict.fromkeys(n for c in self.clauses for n in c.obligations))

    def clause_of(self, obligation: str) -> Clause:
        return next(c for c in self.clauses if obligation in c.obligations)


@dataclass(frozen=True)
class Catalogue:
    """A whole folder of the catalogue, loaded and checked."""

    plans: dict[str, Plan]
    obligations: dict[str, Obligation]
    regulations: dict[str, dict[str, Any]]
    kinds: dict[str, dict[str, dict[str, Any]]]
    calendar: Calendar

    def of_plan(self, name: str) -> tuple[Obligation, ...]:
        return tuple(self.obligations[n] for n in self.plans[name].obligation_names())

    def readings(self) -> dict[str, tuple[Obligation, ...]]:
        """The obligations that rest on a reading, by its id."""
        found: dict[str, tuple[Obligation, ...]] = {}
        for o in self.obligations.values():
            if o.reading is not None:
                found[o.reading.id] = (*found.get(o.reading.id, ()), o)
        return dict(sorted(found.items()))

    def options(self, reading: str) -> dict[str, str]:
        """The other ways to read it that can be chosen: what each says, by id."""
        return {
            other.id: other.says
            for o in self.readings().get(reading, ())
            for other in (o.reading.others if o.reading else ())
            if other.id
        }

    def calendar_of(self, plan: Plan) -> Calendar:
        """The school's calendar, with years of the plan from the day on which it began."""
        return replace(self.calendar, plan_year=(plan.span.start.month, plan.span.start.day))

    def label(self, group: str, code: str) -> str:
        """The Chinese word for a code, or the code itself where the catalogue has none."""
        entry = self.kinds.get(group, {}).get(code)
        return str(entry["title"] if isinstance(entry, dict) else entry) if entry else code


# ---------------------------------------------------------------- what is asked


@dataclass(frozen=True)
class Scope:
    """Only these bearers: organisations and persons, by id."""

    org_ids: frozenset[int] = frozenset()
    person_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Question:
    """Which obligations, as seen on which day, for which stretch of time.

    Periods count that begin in `span` and not after `on`; a term of office, and what is owed once
    by a day, count when they run out in `span` or later. Facts that begin after `on` are not known
    yet, but with `forecast` activities that are planned count as if they had been held.
    `tree_on`: the tree of that day, whatever the period ("as now" instead of "as it was then").
    `within` narrows to the calendar periods that it meets, `scope` to some bearers.
    """

    obligations: tuple[Obligation, ...]
    on: date
    span: Period
    calendar: Calendar
    scope: Scope | None = None
    within: Period | None = None
    forecast: bool = False
    tree_on: date | None = None

    def periods(self, rhythm: Rhythm) -> tuple[Period, ...]:
        """The periods that all bearers share; none where each has its own."""
        last = min(self.on, self.span.last_day)
        match rhythm.every:
            case Every.TERM | Every.WITHIN:
                return ()
            case Every.ONCE:
                once = rhythm.once
                listed = once and once.start <= self.on and self.span.start < once.end
                return (once,) if once and listed else ()
            case Every.ROLLING:
                return tuple(periods_from(Every.MONTH, self.span.start, last, self.calendar))
            case every:
                found = periods_from(every, self.span.start, last, self.calendar)
                return tuple(p for p in found if self._is_asked(p))

    def _is_asked(self, period: Period) -> bool:
        within = self.within
        return within is None or (period.start < within.end and within.start < period.end)

    def day(self, period: Period) -> date:
        """Return the day that counts in a period: its last, or the as-of day if earlier."""
        return min(period.last_day, self.on)


# ---------------------------------------------------------------- the answer


class Verdict(StrEnum):
    MET = "met"
    DUE = "due"
    SHORT = "short"
    LATE = "late"
    EXEMPT = "exempt"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger (台账条目): obligation x bearer x period.

    `required` and `actual` are in the obligation's unit; null where not known. A ratio's
    `actual` is rounded to four places; `numerator` and `denominator` hold it exactly.
    """

    obligation: str
    bearer_kind: str
    org_id: int
    person_id: int | None
    period: Period
    required: Decimal | None
    actual: Decimal | None
    verdict: Verdict
    numerator: Decimal | None = None
    denominator: Decimal | None = None

    @property
    def due_on(self) -> date:
        return self.period.last_day

    @property
    def sort_key(self) -> tuple[str, str, int, int, date]:
        return (
            self.obligation,
            self.bearer_kind,
            self.org_id,
            -1 if self.person_id is None else self.person_id,
            self.period.start,
        )


BEARER_KINDS: dict[type[OrgBearer] | type[MemberBearer] | type[PostBearer], str] = {
    OrgBearer: "org",
    MemberBearer: "person",
    PostBearer: "post",
}
