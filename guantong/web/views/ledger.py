"""台账: what is owed and what is done, by organisation or by month, every figure a link."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.obligations.model import Obligation, Plan, Question
from guantong.periods import Period
from guantong.records import access, catalogue
from guantong.records.actions import jobs
from guantong.records.actions.ledger import RECOMPUTE
from guantong.records.models import Org
from guantong.web import download, scope
from guantong.web.addresses import address
from guantong.web.filters import ON_A_PAGE, part_of
from guantong.web.ledger_cells import ALL, Cell, Links, Place, Tallies, tallies
from guantong.web.ledger_filters import LedgerFilter, Seen, seen
from guantong.web.ledger_periods import NOW, RUN_OUT, stretch, years
from guantong.web.ledger_rows import BRANCH, Rows, levels
from guantong.web.ledger_tables import (
    Line,
    Table,
    across_obligations,
    by_clause,
    groups,
    header,
    obligations_by_month,
    orgs_by_month,
    own_sheet,
    written,
)
from guantong.web.verdicts import VERDICTS

ALONE: Final = frozenset({BRANCH, "group"})  # shown month by month unless asked otherwise
BY_ORG, BY_MONTH = "org", "period"


class TableFilter(LedgerFilter):
    level = forms.ChoiceField(label="组织层级", required=False)
    by = forms.ChoiceField(
        required=False, choices=[(BY_ORG, ""), (BY_MONTH, "")], widget=forms.HiddenInput
    )
    field_order = ["period", "clause", "level", "verdict", "on", "tree"]
    default_period = NOW

    def __init__(self, request: HttpRequest, asked: Question, plan: Plan, org: Org | None) -> None:
        super().__init__(request, asked, plan, org)
        alone = org is not None and org.kind in ALONE
        self.query["by"] = self.query.get("by") or (BY_MONTH if alone else BY_ORG)
        by_month = self.query["by"] == BY_MONTH
        if by_month:
            self._ask_for_year(asked, plan)
        if org is None or alone or (by_month and not self.query.get("obligation")):
            del self.fields["level"]
        else:
            self._offer("level", levels(org))

    def _ask_for_year(self, asked: Question, plan: Plan) -> None:
        named = stretch(self.query["period"], asked)
        self.query["period"] = str((named.period.start if named else asked.on).year)
        self._offer("period", years(asked, plan))
        self.fields["period"].label = "年（年度主题）"


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    part = seen(request, TableFilter)
    if part.org is None:
        return redirect("ledger-entries")
    whole = download.wanted(request)
    page = LedgerPage(part, part.org, whole=whole)
    laid = page.laid()
    if whole:
        return download.workbook(
            request,
            title=page.title,
            header=header(laid.table),
            rows=written(laid.table),
            about=part.about,
            groups=groups(laid.table),
            beside=[own_sheet(laid.own)] if laid.own else [],
        )
    return TemplateResponse(
        request,
        part_of(request, "web/ledger.html", "ledger"),
        {
            "title": page.title,
            "crumbs": page.crumbs(),
            "org_in_view": part.called,
            "form": part.form,
            "plan": part.plan,
            "theme": page.theme,
            "clear_url": address("ledger", {"org": str(part.org.pk), "by": page.by}),
            "only": page.only,
            "on": part.on,
            "looks_back": part.looks_back,
            "as_now": part.as_now,
            "tabs": page.tabs(),
            "summary": page.summary(laid.found),
            "before": page.before(laid.found),
            "table": laid.table,
            "page": laid.page,
            "own": laid.own,
            "may_see_kept": access.reach(request.user, "ledger.view").whole,
            "recomputing": jobs.to_tell(RECOMPUTE),
        },
    )


@require_GET
def progress(request: HttpRequest) -> TemplateResponse:
    """How far the recomputation after a change of rules is; asked again while it runs."""
    if not access.reach(request.user, "ledger.view").paths:
        raise Http404
    job = jobs.to_tell(RECOMPUTE)
    return TemplateResponse(request, "web/ledger.html#progress", {"job": job})


@dataclass(frozen=True)
class Laid:
    """What the page shows: the table, what the organisation alone owes, and all the figures."""

    found: Tallies
    table: Table
    page: Page[int] | None = None
    own: tuple[tuple[Obligation, Cell], ...] = ()


class LedgerPage:
    """The ledger of one organisation, as the address asks for it."""

    def __init__(self, part: Seen, org: Org, *, whole: bool) -> None:
        self.part, self.org, self.whole = part, org, whole
        self.rules = catalogue.current()
        self.only = self.rules.obligations.get(part.obligation)
        self.by = part.form.value("by")
        named = stretch(part.period, part.asked)
        self.year = (named.period.start if named else part.on).year
        self.links = Links(part.query, part.verdict)

    @property
    def title(self) -> str:
        return f"台账：{self.only.title}" if self.only else "台账"

    @property
    def theme(self) -> str:
        theme = self.part.plan.themes.get(self.year)
        return f"{self.year}年主题：{theme}" if theme else ""

    def crumbs(self) -> list[tuple[str, str]]:
        query = self.part.query | {"obligation": self.part.obligation}
        trail = [
            (o.short_name, address("ledger", query | {"org": str(o.pk)}))
            for o in self.part.above()
        ]
        if self.only:
            trail.append(
                (self.part.tree.called(self.org).short_name, address("ledger", self.part.query))
            )
        return trail

    def tabs(self) -> list[tuple[str, str, bool]]:
        part = self.part
        query = part.query | {"clause": part.clause, "verdict": part.verdict}
        query["obligation"] = part.obligation
        words = ((BY_ORG, "按组织"), (BY_MONTH, "按月份"))
        return [(word, address("ledger", query | {"by": by}), by == self.by) for by, word in words]

    def summary(self, found: Tallies) -> list[tuple[str, int, str]]:
        """How many entries have which verdict, each with the address of their list."""
        narrowed = {"clause": self.part.clause, "obligation": self.part.obligation}
        totals = [tally.counts for place, tally in found.items() if place.org == ALL]
        return [
            (code, count, self.links.entries(verdict=code, **narrowed))
            for code in VERDICTS
            if (count := sum(counts[code] for counts in totals))
        ]

    def before(self, found: Tallies) -> tuple[int, str]:
        """What is short in all periods of the year, where the table shows the current ones."""
        if self.part.period != NOW:
            return 0, ""
        shown = sum(t.counts["short"] for place, t in found.items() if place.org == ALL)
        year = str(self.part.on.year)
        count = self.part.entries(year).filter(verdict="short").count()
        query = self.part.query | {"period": year, "verdict": "short", "clause": self.part.clause}
        return (count, address("ledger", query)) if count > shown else (0, "")

    def laid(self) -> Laid:
        if self.by == BY_ORG:
            return self._orgs()
        return self._orgs_by_month(self.only) if self.only else self._obligations_by_month()

    def _orgs(self) -> Laid:
        rows = self._rows()
        found = tallies(self.part.entries(), rows.row_of)
        asked = self._asked(found)
        every = {place.obligation for place in asked}
        below = {place.obligation for place in asked if place.org not in (ALL, self.org.pk)}
        lines, page = self._lines(rows, asked)
        across = below or every
        grouped = by_clause(self.part.plan, self.rules, across)
        table = across_obligations(asked, lines, grouped, self.links)
        return Laid(found, table, page, tuple(self._own(asked, every - across)))

    def _own(self, asked: Tallies, names: set[str]) -> Iterable[tuple[Obligation, Cell]]:
        for _, obligations in by_clause(self.part.plan, self.rules, names):
            for o in obligations:
                query = {"own": "1", "obligation": o.name}
                if cell := self.links.cell(asked.get(Place(self.org.pk, o.name)), query):
                    yield o, cell

    def _orgs_by_month(self, only: Obligation) -> Laid:
        rows = self._rows()
        found = self._monthly(rows.row_of)
        asked = self._asked(found)
        lines, page = self._lines(rows, asked, by=BY_MONTH, obligation=only.name)
        return Laid(found, orgs_by_month(asked, lines, only.name, self.year, self.links), page)

    def _obligations_by_month(self) -> Laid:
        found = self._monthly({})
        asked = self._asked(found)
        grouped = by_clause(self.part.plan, self.rules, {place.obligation for place in asked})
        return Laid(found, obligations_by_month(asked, ALL, grouped, self.year, self.links))

    def _asked(self, found: Tallies) -> Tallies:
        """Only the places with the verdict that is asked for."""
        if not self.part.verdict:
            return found
        return {place: t for place, t in found.items() if t.counts[self.part.verdict]}

    def _rows(self) -> Rows:
        level = str(self.part.form.value("level"))
        return Rows(self.org, scope.visible(self.part.request), level, self.part.tree)

    def _lines(
        self, rows: Rows, asked: Tallies, **query: str
    ) -> tuple[dict[int, Line], Page[int]]:
        """The total, and one page of the organisations that have anything; all for a workbook."""
        lines = rows.lines(self.links, self.part.on, clause=self.part.clause, **query)
        present = {place.org for place in asked}
        keys = [key for key in lines if key in present and key != ALL]
        on_a_page = max(len(keys), 1) if self.whole else ON_A_PAGE
        page = Paginator(keys, on_a_page).get_page(self.part.request.GET.get("page"))
        return {key: lines[key] for key in (ALL, *page.object_list)}, page

    def _monthly(self, row_of: Mapping[int, int | None]) -> Tallies:
        """Figures of the year by row, obligation and period; a term of office fills the year."""
        year = Period(date(self.year, 1, 1), date(self.year + 1, 1, 1))
        terms = {o.name for o in self.part.asked.obligations if o.every in RUN_OUT}
        return tallies(
            self.part.entries(str(self.year)),
            row_of,
            lambda name, start, end: year if name in terms else Period(start, end),
        )
