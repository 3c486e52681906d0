"""What would make organisations whole before the running periods end: the open entries of their
own, each with the entry as it would be if all that is planned is held.

A forecast stands beside a verdict and is never stored. Hours of persons are not foretold: nobody
knows yet who will come.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from guantong.obligations import model as m
from guantong.periods import Every
from guantong.records import access, ledger
from guantong.records.models import Assessment, Entry, Org

OPEN: Final = ("due", "short", "unknown")
TERM_SEEN: Final = timedelta(days=183)  # an election further off is nobody's next step
CLOSED: Final = frozenset({m.Verdict.MET, m.Verdict.LATE, m.Verdict.EXEMPT})


@dataclass(frozen=True)
class Ahead:
    """`planned`: the same entry, with what is planned counted as held."""

    entry: Entry
    planned: m.Entry

    @property
    def whole(self) -> bool:
        """Whether keeping the plans is enough."""
        return self.planned.verdict in CLOSED


def ahead(user: access.Someone, live: Assessment, orgs: Iterable[Org]) -> list[Ahead]:
    """The open entries whose period runs on the ledger's day, the most urgent first."""
    today, asked = live.on_day, ledger.question(on=live.on_day)
    open_now = access.entries(user, live).filter(
        org__in=[org.pk for org in orgs], person=None, verdict__in=OPEN,
        period_start__lte=today, period_end__gt=today,
    )  # fmt: skip
    far = [o.name for o in asked.obligations if o.every is Every.TERM]
    open_now = open_now.exclude(obligation__in=far, due_on__gt=today + TERM_SEEN)
    found = list(open_now.select_related("org").order_by("due_on", "org__sort_key", "pk"))
    names = {row.obligation for row in found}
    scope = m.Scope(frozenset(row.org_id for row in found), frozenset())
    narrowed = ledger.narrowed(
        replace(asked, forecast=True),
        obligations=[o for o in asked.obligations if o.name in names and counts_plans(o)],
        scope=scope,
        first_day=today,
        last_day=today,
    )
    told = {_key(entry): entry for entry in ledger.answer(narrowed)} if found else {}
    return [Ahead(row, told.get(_key(value := ledger.value_of(row)), value)) for row in found]


def counts_plans(o: m.Obligation) -> bool:
    """Whether planned activities can make a difference."""
    return isinstance(o.measure, m.CountActivities | m.Coverage)


def _key(entry: m.Entry) -> tuple[str, int, date]:
    return entry.obligation, entry.org_id, entry.period.start
