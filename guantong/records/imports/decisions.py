"""What is decided about one row: its outcome, and what writing it takes. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.records.drafts import Draft
from guantong.records.imports.rows import Outcome, Problem

type Work = ForMember | Draft | ForOrg | ForPost | ForAttendance


class Unfit(Exception):
    """A row cannot be used as it is. Raised and caught within `imports`."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__()


def unfit(where: str, what: str, remedy: str) -> Unfit:
    return Unfit(Problem(where, what, remedy))


@dataclass(frozen=True)
class Difference:
    """One thing that would change, as shown: a title, the words before and after.

    `field` is the kind of difference; empty for a doubt that changes nothing.
    """

    title: str
    before: str
    after: str
    field: str = ""


@dataclass(frozen=True)
class Step:
    """From a day on the person is in that branch with that status."""

    on: date
    org_id: int
    status: str


@dataclass(frozen=True)
class ForMember:
    """`person_id` None: a new person. `fields` and `sealed` only what differs."""

    person_id: int | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class ForOrg:
    """`org_id` None: a new one. `fields` only what differs. From `on` it hangs below `above`, or
    below what the row of `above_line` founds; neither: where it hangs.
    """

    org_id: int | None
    on: date
    fields: Mapping[str, Any] = field(default_factory=dict)
    above: int | None = None
    above_line: int | None = None


@dataclass(frozen=True)
class ForPost:
    """`post_id` None: a new one. `fields` only what differs."""

    post_id: int | None
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class ForAttendance:
    """Somebody at an activity on record; `attendance_id` None: not there until now."""

    activity_id: int
    attendance_id: int | None
    person_id: int
    role: str
    hours: Decimal


@dataclass(frozen=True)
class Decision:
    """`work` is None where nothing is to be written; `org_ids` are those the row names.

    `line` is None for somebody whom the file does not have. `meant` is who or what on record the
    row is about, `home` where it stands there. `double_of`: an earlier row may mean the same.
    """

    line: int | None
    outcome: Outcome
    shown: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    differences: tuple[Difference, ...] = ()
    work: Work | None = None
    org_ids: frozenset[int] = frozenset()
    meant: int | None = None
    home: int | None = None
    double_of: int | None = None
