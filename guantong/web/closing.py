"""The button that closes an entry of the ledger: where the missing record is made.

Only for those who may make it there; the action asks again. What must be done is said by
`obligations.explain`, here is only the door to it.
"""

from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from guantong.conditions import model as c
from guantong.obligations import model as m
from guantong.periods import Period
from guantong.records import access, catalogue
from guantong.records.access import Someone
from guantong.records.models import Entry, Org
from guantong.web.ledger_cells import address

OPEN: Final = frozenset({"due", "short", "unknown"})
PAGES: Final = {
    "posts": "post-appoint",
    "terms": "term-record",
    "documents": "document-record",
    "relations": "relation-record",
}
WORDS: Final = {
    "post-appoint": "登记任职",
    "term-record": "登记换届",
    "document-record": "登记制度",
    "relation-record": "登记联系",
    "figure-record": "登记人数",
    "org": "去登记",
}


@dataclass(frozen=True)
class Act:
    label: str
    url: str


class Closing:
    """The buttons for one user; the roles are looked up once."""

    def __init__(self, user: Someone) -> None:
        self.held = [held for held in access.roles_of(user) if not held.role.own]
        self.rules = catalogue.current()

    def act(self, entry: Entry) -> Act | None:
        """Return the button for an entry that is not closed yet."""
        if entry.verdict not in OPEN:
            return None
        measure = self.rules.obligations[entry.obligation].measure
        match measure:
            case m.CountActivities(where) | m.Attended(where, False, None | m.HostedBy.OWN_ORG):
                return self._record(entry, kinds(where))
            case m.State() | m.NextTerm() | m.Ratio() if self.may("post.edit", entry.org):
                page = "org" if entry.verdict == "unknown" else _page(measure)
                return Act(WORDS[page], reverse(page, args=[entry.org_id]))
            case _:
                return None

    def may(self, permission: str, org: Org) -> bool:
        return any(
            permission in held.role.permissions and org.path.startswith(held.path)
            for held in self.held
        )

    def _record(self, entry: Entry, wanted: tuple[str, ...]) -> Act | None:
        may = entry.verdict != "unknown" and self.may("activity.record", entry.org)
        if len(wanted) != 1 or not may:
            return None
        kind = self.rules.kinds["activities"][wanted[0]]
        query = {"kind": wanted[0]}
        if entry.org.kind in kind["hosts"]:
            query["org"] = str(entry.org_id)
        if entry.verdict == "short":
            period = Period(entry.period_start, entry.period_end)
            query |= {"from": period.start.isoformat(), "to": period.last_day.isoformat()}
        verb = "补录" if entry.verdict == "short" else "记录"
        return Act(f"{verb}{kind['title']}", address("activity-new", query))


def _page(measure: m.State | m.NextTerm | m.Ratio) -> str:
    """The form that records what a state is made of."""
    match measure:
        case m.State(table):
            return PAGES.get(table, "org")
        case m.NextTerm():
            return PAGES["terms"]
        case m.Ratio():
            return "figure-record"


def kinds(where: c.Condition) -> tuple[str, ...]:
    """The kinds of activity that a condition lets pass; empty where it names none."""
    for part in c.conjuncts(where):
        match part:
            case c.Compare("kind", c.Op.EQ, str() as kind):
                return (kind,)
            case c.OneOf("kind", values):
                return tuple(str(value) for value in values)
    return ()


def kinds_counted(measure: m.Measure) -> tuple[str, ...]:
    match measure:
        case m.CountActivities(where) | m.Attended(where):
            return kinds(where)
        case _:
            return ()
