"""The facts as they are known on the day a question is asked, and what their spans say.

In memory, for the naive interpreter. Facts that begin after the day are not there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from guantong.obligations.model import Question
from guantong.obligations.tables import TABLES
from guantong.periods import Period

type Row = Mapping[str, Any]
type Facts = Mapping[str, Sequence[Row]]

DEEPEST = 8  # levels of the tree below an organisation that are followed
BEGINS = {
    **{t: "valid_from" for t in TABLES if "valid_from" in TABLES[t].columns},
    "activities": "held_on",
    "figures": "as_of",
    "terms": "elected_on",
    "cases": "opened_on",
}


class Known:
    """The facts that begin no later than the as-of day, looked up by key."""

    def __init__(self, question: Question, facts: Facts) -> None:
        self.question = question
        self.rows: dict[str, list[Row]] = {
            table: [
                row
                for row in facts.get(table, ())
                if table not in BEGINS
                or row[BEGINS[table]] <= question.on
                or (question.forecast and row.get("planned") is True)
            ]
            for table in TABLES
        }
        self.orgs = {row["org_id"]: row for row in self.rows["orgs"]}
        self.activities = {row["activity_id"]: row for row in self.rows["activities"]}
        self.details = defaultdict[tuple[int, str], list[Row]](list)
        for row in self.rows["details"]:
            self.details[row["activity_id"], row["field"]].append(row)
        self.hosts = defaultdict[int, set[int]](set)
        for row in self.rows["hosts"]:
            self.hosts[row["activity_id"]].add(row["org_id"])

    def below(self, org_id: int, day: date) -> list[Row]:
        """Organisations under `org_id` in the tree of that day that exist on it."""
        children = defaultdict[int, set[int]](set)
        for link in self.rows["org_parents"]:
            if covers(link, self.question.tree_on or day):
                children[link["parent_id"]].add(link["org_id"])
        level, found = {org_id}, set[int]()
        for _ in range(DEEPEST):
            level = {child for parent in level for child in children[parent]}
            found |= level
        return [
            self.orgs[i] for i in sorted(found) if i in self.orgs and covers(self.orgs[i], day)
        ]

    def linked_orgs(self, person_id: int, kind: str, day: date) -> set[int | None]:
        return {
            linked_org(row)
            for row in self.rows["relations"]
            if row["kind"] == kind and row["person_id"] == person_id and covers(row, day)
        }


def covers(row: Row, day: date) -> bool:
    """Whether the row's span includes the day."""
    return row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])


def linked_org(relation: Row) -> int | None:
    """Where a relation leads: the other organisation if named, else the organisation."""
    other: int | None = relation["other_org_id"]
    own: int | None = relation["org_id"]
    return own if other is None else other


def runs_out(term: Row) -> date:
    """The last day of a term, as extended."""
    day: date = term["extended_to"] or term["expires_on"]
    return day


def meeting(rows: list[Row], period: Period) -> list[Row]:
    """The rows whose span shares a day with the period."""
    return [
        row
        for row in rows
        if row["valid_from"] < period.end
        and (row["valid_to"] is None or row["valid_to"] > period.start)
    ]


def merged(rows: Iterable[Row]) -> Iterator[tuple[date, date | None]]:
    """Spans that touch or overlap, as one."""
    start: date | None = None
    end: date | None = None
    for row in sorted(rows, key=lambda r: r["valid_from"]):
        if start is not None and (end is None or row["valid_from"] <= end):
            end = None if end is None or row["valid_to"] is None else max(end, row["valid_to"])
            continue
        if start is not None:
            yield start, end
        start, end = row["valid_from"], row["valid_to"]
    if start is not None:
        yield start, end
