"""The button that closes an entry of the ledger: where the missing record is made.

Only for those who may make it there; the action asks again. Others are told whose it is. What
must be done is said by `obligations.explain`, here is only the door to it.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.urls import reverse

from guantong.obligations import model as m
from guantong.periods import Period
from guantong.records import access, catalogue, clock, crediting, ledger
from guantong.records.access import Someone
from guantong.records.models import Entry, Membership, Org, Relation
from guantong.web.addresses import address

OPEN: Final = frozenset({"due", "short", "unknown"})
PAGES: Final = {
    "posts": "post-appoint",
    "terms": "term-record",
    "documents": "document-record",
    "relations": "relation-record",
    "budgets": "budget-plan",
}
MAY: Final = {"budget-plan": "budget.edit"}  # else post.edit
WORDS: Final = {
    "post-appoint": "登记任职",
    "term-record": "登记换届",
    "document-record": "登记制度",
    "relation-record": "登记联系",
    "figure-record": "登记人数",
    "budget-plan": "登记预算",
    "org": "去登记",
}
PARTS: Final = {
    "post-appoint": "#posts",
    "term-record": "#term",
    "document-record": "#documents",
    "relation-record": "#relations",
    "figure-record": "#figures",
    "org": "#members",
}


@dataclass(frozen=True)
class Act:
    """`quiet`: closes nothing by itself, but says who does it or shows what is missing."""

    label: str
    url: str
    quiet: bool = False


class Closing:
    """The buttons for one user; the roles are looked up once."""

    def __init__(self, user: Someone) -> None:
        self.held = [held for held in access.roles_of(user) if not held.role.own]
        self.rules, self.obligations = catalogue.current(), ledger.obligations()
        self.names: dict[int, str] = {}

    def act(self, entry: Entry) -> Act | None:
        """Return the button for an entry that is not closed yet."""
        if entry.verdict not in OPEN:
            return None
        measure = self.obligations[entry.obligation].measure
        match measure:
            case m.CountActivities() | m.Attended() | m.Reached():
                return self._record(entry, measure)
            case m.State() | m.NextTerm() | m.Ratio():
                page = "org" if entry.verdict == "unknown" else _page(measure)
                if not self.may(MAY.get(page, "post.edit"), entry.org):
                    return None
                return Act(WORDS[page], reverse(page, args=[entry.org_id]))
            case _:
                return None

    def elsewhere(self, entry: Entry) -> Act:
        """Where there is no button: whose it is, and where the gap is seen."""
        cell = f"{address('ledger-entries', {})}{entry.pk}/"
        measure = self.obligations[entry.obligation].measure
        match measure:
            case m.State() | m.NextTerm() | m.Ratio():
                seen = self.may("org.view", entry.org)
                part = PARTS.get(_page(measure), "")
                url = f"{reverse('org', args=[entry.org_id])}{part}" if seen else cell
                return Act(f"由{self._above(entry.org)}登记", url, quiet=True)
            case m.CountActivities() | m.Attended() | m.Reached() if entry.verdict != "unknown":
                host = _host(entry, measure) or entry.org
                mine = self.may("activity.record", host)
                label = "看差什么" if mine else f"由{host.short_name}记录"
                return Act(label, cell, quiet=True)
            case _:
                return Act("看缺哪些", cell, quiet=True)

    def _above(self, org: Org) -> str:
        """Who registers an organisation's posts, terms and links: the next one up, or the top."""
        pk = (org.lineage()[-2:-1] or org.lineage())[0]
        if pk not in self.names:
            self.names[pk] = Org.objects.get(pk=pk).short_name
        return self.names[pk]

    def may(self, permission: str, org: Org) -> bool:
        return any(
            permission in held.role.permissions and org.path.startswith(held.path)
            for held in self.held
        )

    def _record(
        self, entry: Entry, measure: m.CountActivities | m.Attended | m.Reached
    ) -> Act | None:
        """The form with the kind that counts; of several, the first that the host may hold."""
        host = _host(entry, measure)
        if entry.verdict == "unknown" or host is None or not self.may("activity.record", host):
            return None
        rules = self.rules.kinds["activities"]
        may_hold = [k for k in crediting.kinds(measure.where) if host.kind in rules[k]["hosts"]]
        if not may_hold:
            return None
        query = {"kind": may_hold[0], "org": str(host.pk)}
        if entry.verdict == "short":
            period = Period(entry.period_start, entry.period_end)
            query |= {"from": period.start.isoformat(), "to": period.last_day.isoformat()}
        verb = "补录" if entry.verdict == "short" else "记录"
        sums = isinstance(measure, m.Attended) and measure.sum_hours
        what = "学习" if sums else rules[may_hold[0]]["title"]
        return Act(f"{verb}{what}", address("activity-new", query))


def _host(entry: Entry, measure: m.Measure) -> Org | None:
    """Where the record is made that counts: by one's branch, at one's contact point, or here."""
    today = clock.today()
    match measure:
        case m.Attended(hosted_by=m.HostedBy.OWN_BRANCH):
            here = Membership.objects.on(today).filter(person=entry.person_id)
            return Org.objects.filter(pk__in=here.values("org")).first()
        case m.Attended(hosted_by=m.HostedBy.CONTACT_POINT):
            links = Relation.objects.on(today).filter(kind="contact_point", person=entry.person_id)
            named = Q(pk__in=links.values("org")) | Q(pk__in=links.values("other_org"))
            return Org.objects.filter(named).in_order().first()
        case _:
            return entry.org


def _page(measure: m.State | m.NextTerm | m.Ratio) -> str:
    """The form that records what a state is made of."""
    match measure:
        case m.State(table):
            return PAGES.get(table, "org")
        case m.NextTerm():
            return PAGES["terms"]
        case m.Ratio():
            return "figure-record"
