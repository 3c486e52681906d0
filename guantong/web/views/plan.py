"""The plan: its clauses with how far they are, one clause, and one obligation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import describe
from guantong.obligations import model as m
from guantong.periods import Every, Period
from guantong.records import access, catalogue, ledger
from guantong.records.actions import ledger as actions
from guantong.records.models import Entry, Org, PlanWording, School
from guantong.web import bases, ledger_periods, scope, standing
from guantong.web.addresses import address
from guantong.web.as_of import AsOf, AsOfFilter
from guantong.web.ledger_tables import clause_number, clause_url, clause_words
from guantong.web.standing import NOTHING, Tally
from guantong.web.views.orgs import Crumbs
from guantong.web.wording import amount, period_words

SWITCH, LOAD = "plan.switch", "plan.load"


# How far things are: for the organisation in view, in the year chosen


@dataclass(frozen=True)
class Seen:
    """What the figures of a page are about; `org` None: the reader's own."""

    org: Org | None
    period: str
    entries: QuerySet[Entry]
    as_of: AsOf

    def link(self, **narrowed: str) -> str:
        """The address of the entries behind a figure."""
        org = str(self.org.pk) if self.org else ""
        about = {"org": org, "period": self.period, **self.as_of.query}
        return address("ledger-entries", about | narrowed)

    def shown(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the plan says about the day."""
        return {
            "form": PlanFilter(request), "past": self.as_of.past, "as_on": self.as_of.says_ledger,
            "org": self.as_of.tree.called(self.org) if self.org else None,
        }  # fmt: skip


class PlanFilter(AsOfFilter):
    period = forms.CharField(required=False, widget=forms.HiddenInput)


def require_view(request: HttpRequest) -> None:
    """404 for who may not see the plan."""
    scope.require_any(request, "plan.view")


def _seen(request: HttpRequest, plan: m.Plan) -> Seen:
    require_view(request)
    org = scope.org_in_view(request)
    as_of = AsOf.of(request, since=ledger.question().span.start)
    then = actions.as_of(as_of.day) if as_of.past else None
    entries = access.entries(request.user, then)
    if org is not None:
        entries = entries.filter(as_of.tree.below(org, "org__"))
    period = _period(request, plan, as_of.day)
    chosen = ledger_periods.chosen(period, ledger.question(on=as_of.day))
    return Seen(org, period, entries.filter(chosen), as_of)


def _period(request: HttpRequest, plan: m.Plan, today: date) -> str:
    """A year of the plan or all of them; this year while the plan runs."""
    asked = request.GET.get("period", "")
    years = {str(year) for year in plan.themes}
    if asked in years or asked == ledger_periods.ALL:
        return asked
    return str(today.year) if str(today.year) in years else ledger_periods.ALL


@dataclass(frozen=True)
class Demand:
    """An obligation with its standing; `off`: the school does not use it."""

    obligation: m.Obligation
    tally: Tally
    link: str
    off: bool


@dataclass(frozen=True)
class Part:
    """A clause with what serves it and what hangs below it.

    It has no figure of its own: meetings, hours and posts do not add up.
    """

    clause: m.Clause
    number: str
    demands: tuple[Demand, ...]
    wording: str
    below: tuple["Part", ...] = ()


class Outline:
    """The plan's clauses joined with the figures: three queries for the whole plan."""

    def __init__(self, plan: m.Plan, seen: Seen) -> None:
        self.plan, self.seen = plan, seen
        self.rules = catalogue.current().obligations
        self.tallies = standing.by_obligation(seen.entries)
        self.wordings = bases.wordings(plan)
        self.off = frozenset(School.objects.get().switched_off)

    def parts(self, above: str = "") -> tuple[Part, ...]:
        return tuple(self.part(clause) for clause in self.plan.clauses if _above(clause) == above)

    def part(self, clause: m.Clause) -> Part:
        return Part(
            clause=clause,
            number=clause.path.rpartition("/")[2],
            demands=tuple(map(self.demand, clause.obligations)),
            wording=self.wordings.get(clause.path, ""),
            below=self.parts(clause.path),
        )

    def demand(self, name: str) -> Demand:
        link = self.seen.link(obligation=name)
        return Demand(self.rules[name], self.tallies.get(name, NOTHING), link, name in self.off)


def _above(clause: m.Clause) -> str:
    return clause.path.rpartition("/")[0]


# The pages


@require_GET
def plan(request: HttpRequest) -> TemplateResponse:
    known = ledger.plan()
    seen = _seen(request, known)
    outline = Outline(known, seen)
    return TemplateResponse(
        request,
        "web/plan.html",
        {
            "title": "计划",
            "plan": known,
            "parts": outline.parts(),
            "years": _years(known, seen.period, themes=True),
            **seen.shown(request),
            "loaded": PlanWording.objects.filter(plan=known.name).order_by("-loaded_at").first(),
            "may_load": not access.check(request.user, LOAD, None),
            "may_suppose": bool(access.reach(request.user, "ledger.view").paths),
        },
    )


def _years(plan: m.Plan, period: str, *, themes: bool = False) -> list[tuple[str, str, bool]]:
    """The tabs: word, code, whether it is the one shown."""
    words = [
        (str(year), f"{year} {theme}" if themes else f"{year} 年")
        for year, theme in plan.themes.items()
    ]
    found = [*reversed(words), (ledger_periods.ALL, "全部年度")]
    return [(word, code, code == period) for code, word in found]


@require_GET
def clause(request: HttpRequest, path: str) -> TemplateResponse:
    known = ledger.plan()
    seen = _seen(request, known)
    place = next((i for i, c in enumerate(known.clauses) if c.path == path), None)
    if place is None:
        raise Http404
    found = known.clauses[place]
    return TemplateResponse(
        request,
        "web/plan_clause.html",
        {
            "title": clause_words(found),
            "crumbs": _crumbs(known, found),
            "plan": known,
            "part": Outline(known, seen).part(found),
            "years": _years(known, seen.period),
            **seen.shown(request),
            "before": known.clauses[place - 1] if place else None,
            "after": known.clauses[place + 1] if place + 1 < len(known.clauses) else None,
            "may_load": not access.check(request.user, LOAD, None),
        },
    )


def _crumbs(plan: m.Plan, clause: m.Clause) -> Crumbs:
    above = [c for c in plan.clauses if clause.path.startswith(f"{c.path}/")]
    trail = [(f"{c.path.rpartition('/')[2]} {c.title}", clause_url(c)) for c in above]
    return [("计划", reverse("plan")), *trail]


# One obligation


@dataclass(frozen=True)
class Past:
    """How it stood in one period."""

    words: str
    tally: Tally
    link: str


@require_GET
def obligation(request: HttpRequest, name: str) -> TemplateResponse:
    known, rules = ledger.plan(), catalogue.current()
    if name not in known.obligation_names():
        raise Http404
    seen = _seen(request, known)
    found = ledger.obligation(name)
    served = known.clause_of(name)
    entries = seen.entries.filter(obligation=name)
    off = name in School.objects.get().switched_off
    return TemplateResponse(
        request,
        "web/obligation.html",
        {
            "title": found.title,
            "crumbs": [
                *_crumbs(known, served),
                (clause_number(served), clause_url(served)),
            ],
            "obligation": found,
            "facts": list(_facts(found, rules)),
            "level": describe.LEVEL[found.level],
            "bases": list(bases.bases(found, rules, known)),
            "years": _years(known, seen.period),
            **seen.shown(request),
            "tally": standing.by_obligation(entries).get(name, NOTHING),
            "link": seen.link(obligation=name),
            "by_org": address(
                "ledger",
                {"obligation": name, "period": seen.period, "by": "org", **seen.as_of.query},
            ),
            "periods": _periods(seen, entries, found),
            "off": off,
            "may_switch": found.switchable and not access.check(request.user, SWITCH, None),
        },
    )


def _facts(o: m.Obligation, rules: m.Catalogue) -> Iterator[tuple[str, str]]:
    yield "对象", describe.bearer(o, rules)
    yield "周期", describe.rhythm(o)
    for standard in o.standards:
        value = amount(standard.value, o)
        yield f"标准（{standard.since} 起）", f"{describe.BOUND[standard.bound]} {value}"
    yield "怎样算", describe.measured(o.measure, rules)
    if o.pro_rata:
        yield "不满一年", "按月折算，向上取到一位小数"
    if o.exempt is not None:
        yield "豁免", o.exempt_reason
    yield "怎样补上", o.remedy


def _periods(seen: Seen, entries: QuerySet[Entry], obligation: m.Obligation) -> list[Past]:
    """The newest first; terms of office differ from one organisation to the next."""
    if obligation.every is Every.TERM:
        return []
    found = []
    for span, tally in reversed(standing.by_period(entries).items()):
        period = Period(*span)
        then = replace(seen, period=ledger_periods.code_of(period))
        found.append(Past(period_words(period), tally, then.link(obligation=obligation.name)))
    return found
