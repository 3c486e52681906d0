"""The page of one record, beside its people: the fields of its kind, what was decided and by what
majority, what is to follow, what was held at once or together. Worked out, not typed.

Only for those who work with the host's records; a member sees what is his to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final

from guantong.obligations.activity_kinds import ActivityKind, Deciding
from guantong.obligations.describe import CONFIDENCE, UNSURE, cited
from guantong.obligations.model import Reading
from guantong.records import (
    access,
    catalogue,
    clock,
    crediting,
    meetings,
    quorums,
    rosters,
    study_hours,
)
from guantong.records.meetings import Votes
from guantong.records.models import Activity, AgendaItem, FollowUp, JointSide, Org, Person, User

ANSWERED: Final = "已登记本支部人员"


@dataclass(frozen=True)
class Quorum:
    """Who has a vote and how many of them came. `reached` None: none is known to have one."""

    entitled: int
    there: int
    reached: bool | None
    rule: str
    sure: str
    reading: Reading | None = None
    """How the school reads that too few came, where it bears on what counts."""

    @property
    def tag(self) -> str:
        return UNSURE.get(self.reading.confidence, "") if self.reading else ""


@dataclass(frozen=True)
class Decided:
    """A matter, its counts in words; `carried` None: no vote, or no base to measure it by."""

    row: AgendaItem
    major: str
    counts: str
    says: str
    carried: bool | None


@dataclass(frozen=True)
class Todo:
    """Something to follow. `may`: this user may say that it is done."""

    row: FollowUp
    late: bool
    may: bool


class Minutes:
    """Of one record for one user. `whole`: he works with the host's records."""

    def __init__(
        self, user: User, shown: Activity, hosts: Sequence[Org], *, whole: bool, records: bool
    ) -> None:
        self.user, self.shown, self.hosts = user, shown, hosts
        self.whole, self.records = whole, records
        self.kind: ActivityKind | None = catalogue.activity_kinds().get(shown.kind)

    @cached_property
    def facts(self) -> list[tuple[str, object]]:
        """The fields of its kind that are filled."""
        values = meetings.own_of(self.shown) if self.kind and self.whole else {}
        if self.kind is None or not values:
            return []
        named = set[int]().union(*meetings.people_of(values, self.kind).values())
        names = dict(Person.objects.filter(pk__in=named).values_list("pk", "name"))
        seen = access.orgs(self.user, "org.view").filter(pk__in=self.shown.details.values("org"))
        orgs = dict(seen.values_list("pk", "short_name"))
        return [
            (own.title, meetings.shown(own, values[code], names, orgs))
            for code, own in self.kind.own.items()
            if code in values
        ]

    # What was decided

    @cached_property
    def deciding(self) -> quorums.Rule:
        return quorums.rule(self.kind, self.shown.held_on)

    @cached_property
    def quorum(self) -> Quorum | None:
        deciding = self.deciding.deciding
        if self.kind is None or deciding is None or self.shown.planned or not self.whole:
            return None
        entitled = rosters.entitled(self.kind, self.hosts, self.shown.held_on)
        came = self.shown.attendances.filter(person__in=entitled).count()
        return Quorum(
            entitled=len(entitled),
            there=came,
            reached=deciding.quorate(came, len(entitled)),
            rule=f"{says(deciding)}：{rests_on(self.deciding)}",
            sure=CONFIDENCE[deciding.basis.confidence],
            reading=self._reading if deciding.fact else None,
        )

    @property
    def _reading(self) -> Reading | None:
        return crediting.reading_of_quorum(self.shown.kind, clock.today())

    @cached_property
    def agenda(self) -> list[Decided]:
        if not self.whole:
            return []
        return [self._decided(row) for row in self.shown.agenda.all()]

    def _decided(self, row: AgendaItem) -> Decided:
        major = catalogue.current().label("major_matters", row.major) if row.major else ""
        votes = meetings.votes_of(row)
        deciding, base = self.deciding.deciding, self.quorum.entitled if self.quorum else 0
        if votes is None or deciding is None:
            counts = meetings.counted(votes) if votes else ""
            return Decided(row, major, counts, "学校决定不判断是否通过" if votes else "", None)
        carried = deciding.passed(votes.in_favour, base)
        return Decided(
            row=row,
            major=major,
            counts=meetings.counted(votes),
            says="；".join(_says(votes, deciding, base, carried)),
            carried=carried,
        )

    # What is to follow

    @cached_property
    def todos(self) -> list[Todo]:
        rows = meetings.follow_ups_of(self.shown)
        mine = [row for row in rows if self.whole or row.owner_id == self.user.person_id]
        return todos(mine, clock.today(), self.user, records=self.records)

    # With what, with whom

    @property
    def parts(self) -> list[tuple[Activity, str]]:
        """The other rows of the sitting, each with the name of its kind."""
        whole = self.shown.part_of or self.shown
        rows = [whole, *whole.parts.order_by("held_on", "id")]
        label = catalogue.current().label
        return [(row, label("activities", row.kind)) for row in rows if row != self.shown]

    @property
    def hours_with(self) -> str:
        """The kind of the sitting with which its hours count; empty where it has none."""
        whole = self.shown.part_of or self.shown
        if whole.hours is None:
            return ""
        kinds = [whole.kind, *whole.parts.order_by("id").values_list("kind", flat=True)]
        return catalogue.current().label("activities", study_hours.counting(kinds))

    @cached_property
    def sides(self) -> list[tuple[Org, str]]:
        """All with whom it was held, each with what stands of its own part."""
        mine: JointSide | None = getattr(self.shown, "side_of", None)
        first = mine.activity if mine else self.shown
        rows = first.sides.select_related("org", "record").order_by("id")
        sides = [(row.org, _stands(row)) for row in rows if row != mine]
        if mine is None:
            return sides
        told = "撤销了记录" if first.withdrawn_at else ANSWERED
        return [*((host, told) for host in first.hosts.all()), *sides]


def _stands(side: JointSide) -> str:
    if side.answered:
        return ANSWERED
    return "撤销了登记，未计入对方" if side.record else "还没有登记本支部人员，未计入对方"


def todos(rows: Iterable[FollowUp], today: date, user: User, *, records: bool) -> list[Todo]:
    return [
        Todo(
            row=row,
            late=bool(row.done_on is None and row.due_on and row.due_on < today),
            may=records or (user.person_id is not None and row.owner_id == user.person_id),
        )
        for row in rows
    ]


def says(deciding: Deciding) -> str:
    """Who must be there, in words."""
    word = "达到" if deciding.exactly else "超过"
    return f"{_base(deciding)}到会须{word}{_share(deciding.quorum)}"


def rests_on(rule: quorums.Rule) -> str:
    """What the school decided, else what the catalogue cites."""
    if rule.choice and rule.choice.option:
        return f"{rule.choice.decided_by} {rule.choice.decided_on} 决定，{rule.choice.why}"
    return cited(rule.deciding.basis, catalogue.current()) if rule.deciding else ""


def _base(deciding: Deciding) -> str:
    if deciding.entitled == "posts":
        return "委员会成员"
    return catalogue.current().label("bases", deciding.entitled)


def _share(part: Fraction) -> str:
    if part == Fraction(1, 2):
        return "半数"
    return f"{part.denominator}分之{part.numerator}"


def _says(votes: Votes, deciding: Deciding, base: int, carried: bool | None) -> list[str]:
    """How the vote stands against the rule and against the roster."""
    if carried is None:
        return ["名册上查不到有表决权的人，不能判断是否通过"]
    word = "超过" if carried else "没有超过"
    said = [f"赞成 {votes.in_favour}，{word}应到会有表决权 {base} 人的{_share(deciding.carried)}"]
    if votes.voting > base:
        said.append(f"有表决权 {votes.voting} 多于名册上的 {base} 人，请核对")
    return said
