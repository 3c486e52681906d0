"""The rows of a spreadsheet as `sheets` hands them over: typed, tidy, with what is wrong in them.

Names of organisations and people are still names here. Knows no file format and no database.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

ROLL, ACTIVITIES, ORGS, POSTS, HOURS = "roll", "activities", "orgs", "posts", "hours"


class Outcome(StrEnum):
    """What confirming would do with a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    PROBLEM = "problem"  # the row cannot be read or understood
    CONFLICT = "conflict"  # the row contradicts what is on record
    MISSING = "missing"  # on record, not in the file: shown, nothing is done


STUCK = (Outcome.PROBLEM, Outcome.CONFLICT)
"""Nothing can be written while such a row is not left out."""


OUTCOME_TITLES = {
    Outcome.NEW: "新增",
    Outcome.CHANGED: "变更",
    Outcome.SAME: "不变",
    Outcome.MISSING: "表中没有",
    Outcome.PROBLEM: "有问题",
    Outcome.CONFLICT: "与记录矛盾",
}


@dataclass(frozen=True)
class Heading:
    """A column as the user sees it: "C" and the header as written. `title` is its proper name."""

    letters: str
    header: str
    title: str

    def __str__(self) -> str:
        return f"{self.letters} 列“{self.header}”"


@dataclass(frozen=True)
class Problem:
    """`field` is empty where the whole row is meant. Chinese texts, without a full stop."""

    field: str
    what: str
    remedy: str

    def told(self, columns: Mapping[str, Heading]) -> str:
        """Where, what, and how to mend it."""
        where = columns.get(self.field)
        remedy = f"{self.remedy}。" if self.remedy else ""
        return f"{where or '整行'}：{self.what}。{remedy}"


@dataclass(frozen=True)
class Named:
    """A person's name in a list, with what stands behind it in brackets."""

    name: str
    note: str = ""


EVERYONE = (Named("*"),)
"""The whole roster instead of names; no name has a star."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """`line` is the row number that Excel shows. A blank cell is "" or None."""

    line: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RollRow(Row):
    """A member. `months` names the dates of which only the month is known (first day given)."""

    name: str = ""
    org: str = ""
    status: str = ""
    id_number: str = ""
    gender: str = ""
    birth_date: date | None = None
    joined_on: date | None = None
    full_member_on: date | None = None
    branch_since: date | None = None
    schooling: str = ""
    number: str = ""
    phone: str = ""
    months: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ActivityRow(Row):
    """An activity that was held. People are empty where the sheet names none."""

    hosts: tuple[str, ...] = ()
    kind: str = ""
    title: str = ""
    held_on: date | None = None
    starts_at: time | None = None
    place: str = ""
    hours: Decimal | None = None
    lecturer: tuple[Named, ...] = ()
    chair: tuple[Named, ...] = ()
    recorder: tuple[Named, ...] = ()
    attended: tuple[Named, ...] = ()
    absent: tuple[Named, ...] = ()
    summary: str = ""
    late_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class OrgRow(Row):
    """An organisation."""

    name: str = ""
    kind: str = ""
    parent: str = ""
    category: str = ""
    short_name: str = ""
    external_code: str = ""
    valid_from: date | None = None
    units: str = ""


@dataclass(frozen=True, kw_only=True)
class PostRow(Row):
    """Somebody in a post. `acting`, `full_time`, `double_leader`: "yes", "no" or not said."""

    name: str = ""
    org: str = ""
    post: str = ""
    number: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    acting: str = ""
    full_time: str = ""
    double_leader: str = ""
    qualified_as: str = ""
    evidence: str = ""
    evidence_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class HoursRow(Row):
    """What one person's part in one activity counts."""

    name: str = ""
    org: str = ""
    number: str = ""
    held_on: date | None = None
    title: str = ""
    kind: str = ""
    hours: Decimal | None = None
    role: str = ""


ROW_TYPES: dict[str, type[Row]] = {
    ROLL: RollRow,
    ACTIVITIES: ActivityRow,
    ORGS: OrgRow,
    POSTS: PostRow,
    HOURS: HoursRow,
}


@dataclass(frozen=True)
class Parsed[R: Row]:
    """A whole file, read. `columns` maps fields to where they stood; `notes` are for the user."""

    kind: str
    file_name: str
    sha256: str
    columns: dict[str, Heading]
    rows: tuple[R, ...]
    notes: tuple[str, ...] = ()

    def without(self, lines: Collection[int]) -> "Parsed[R]":
        return replace(self, rows=tuple(row for row in self.rows if row.line not in lines))


type AnyParsed = Parsed[Any]
