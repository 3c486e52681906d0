"""The rows that an explanation looked at, as lines with names and links.

What counted and why not is decided in `obligations.explain`; here rows get the names that the
user may see. One query, whatever the number of rows.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.urls import reverse

from guantong.obligations.explain import Candidate
from guantong.obligations.run import plain
from guantong.records import access, catalogue, quorums
from guantong.records.access import Someone
from guantong.records.drafts import late_days
from guantong.records.ledger import Explanation
from guantong.records.models import BudgetLine

DAYS: Final = ("held_on", "valid_from", "as_of", "state_since")
HIDDEN: Final = "（不在您可以查看的范围内）"


@dataclass(frozen=True)
class Found:
    """One row. `counted` None: not known. `near`: of a kind that could count at all."""

    title: str
    url: str
    day: date | None
    detail: str
    counted: bool | None
    lacks: tuple[str, ...]
    near: bool
    unquorate: bool = False  # too few of those entitled came
    late: int = 0  # after how many days it was recorded, where that is late


def told(user: Someone, why: Explanation, kinds: Collection[str]) -> list[Found]:
    """Name the candidates of an explanation; `kinds` are those of activities that count."""
    return list(_Telling(user, why, kinds).lines())


class _Telling:
    def __init__(self, user: Someone, why: Explanation, kinds: Collection[str]) -> None:
        self.why, self.kinds = why, kinds
        self.label = catalogue.current().label
        self.names = dict(self._names(user))
        held = {c.row["activity_id"] for c in why.candidates if "activity_id" in c.row}
        self.late = late_days(held) if held else {}
        self.reached = quorums.reached(held) if why.table == "activities" else {}

    def _names(self, user: Someone) -> Iterator[tuple[int, str]]:
        """What the rows are called, as far as the user may see them."""
        found: QuerySet[Any] | None = None
        match self.why.table:
            case "activities" | "attendances":
                found = access.activities(user, "activity.view")
            case "posts" | "memberships" | "relations":
                found = access.people(user, "member.view")
            case "orgs":
                found = access.orgs(user, "org.view")
            case "cases":
                found = access.cases(user).select_related("person", "org")
            case "budgets":
                within = access.orgs(user, "budget.view")
                found = BudgetLine.objects.filter(org__in=within)
        if found is not None:
            ids = {self._id(candidate.row) for candidate in self.why.candidates}
            yield from ((row.pk, self._called(row)) for row in found.filter(pk__in=ids - {None}))

    def _id(self, row: Mapping[str, Any]) -> int | None:
        keys = ("activity_id", "case_id", "budget_id", "person_id", "org_id")
        return next((row[key] for key in keys if key in row), None)

    def _called(self, row: Model) -> str:
        return str(getattr(row, "title", "") or row)

    def lines(self) -> Iterator[Found]:
        for candidate in self.why.candidates:
            row = candidate.row
            yield Found(
                title=self._title(row),
                url=self._url(row),
                day=next((row[key] for key in DAYS if row.get(key)), None),
                detail=self._detail(row),
                counted=candidate.counted,
                lacks=candidate.lacks,
                near=self._near(candidate),
                unquorate=self.reached.get(row.get("activity_id", 0)) is False,
                late=self.late.get(row.get("activity_id", 0), 0),
            )

    def _near(self, candidate: Candidate) -> bool:
        kind = candidate.row.get("kind")
        return self.why.table == "orgs" or not self.kinds or kind in self.kinds

    def _title(self, row: Mapping[str, Any]) -> str:
        match self.why.table:
            case "terms":
                return f"{row['elected_on']:%Y-%m-%d} 当选的一届"
            case "figures":
                return self.label("figures", row["name"])
            case "documents":
                return self.label("documents", row["class"])
            case _:
                pk = self._id(row)
                return self.names.get(pk, HIDDEN) if pk else "（未填）"

    def _url(self, row: Mapping[str, Any]) -> str:
        pk = self._id(row)
        page = {
            "activity_id": "activity", "person_id": "member", "org_id": "org", "case_id": "case",
        }  # fmt: skip
        name = next((page[key] for key in page if key in row), None)
        return reverse(name, args=[pk]) if name and pk in self.names else ""

    def _detail(self, row: Mapping[str, Any]) -> str:
        match self.why.table:
            case "activities":
                return self._parts(self.label("activities", row["kind"]), _hours(row))
            case "attendances":
                kind = self.label("activities", row["kind"])
                return self._parts(kind, self.label("roles", row["role"]), _hours(row))
            case "posts":
                return self._parts(self.label("posts", row["post"]), _span(row))
            case "memberships":
                exempt = "免于硬性参加要求" if row["exempt"] else ""
                return self._parts(self.label("statuses", row["status"]), exempt)
            case "terms":
                until = row["extended_to"] or row["expires_on"]
                return f"{until:%Y-%m-%d} 届满{'（已批准延期）' if row['extended_to'] else ''}"
            case "relations":
                return self._parts(self.label("relations", row["kind"]), _span(row))
            case "documents":
                due = row["review_due"]
                return self._parts(_span(row), f"{due:%Y-%m-%d} 前应复核" if due else "")
            case "figures":
                return plain(row["value"])
            case "budgets":
                return f"{plain(row['amount'])} 元"
            case "cases":
                process, state = row["process"], f"{row['process']}/{row['state']}"
                return self._parts(self.label("processes", process), self.label("states", state))
            case _:
                category = row["category"]
                return self.label("categories", category) if category else ""

    def _parts(self, *parts: str) -> str:
        return " · ".join(part for part in parts if part)


def _hours(row: Mapping[str, Any]) -> str:
    return f"{plain(row['hours'])} 学时" if row["hours"] is not None else ""


def _span(row: Mapping[str, Any]) -> str:
    end = row["valid_to"]
    return f"至 {end:%Y-%m-%d} 止" if end else ""
