"""还差什么: what would make an organisation whole before the running periods end.

The verdict as it is, beside it the forecast if all that is planned is held, and what would still
be missing then. The forecast is worked out for the page and stored nowhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import explain
from guantong.obligations import model as m
from guantong.records import ahead, clock, ledger
from guantong.records.actions import ledger as upkeep
from guantong.records.models import Entry
from guantong.sheets.write import Value
from guantong.web import download, scope
from guantong.web.closing import Act, Closing
from guantong.web.filters import Filter, paged
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import (
    amount,
    bound_words,
    day_words,
    distance,
    period_of_entry,
    period_words,
)

LEVELS: Final = [("", "仅本级"), ("below", "含下级")]
SHOWN: Final = [("", "全部"), ("left", "计划办完仍不够"), ("enough", "计划办完就够")]
HEADER: Final = (
    *("责任", "组织", "周期", "到期日", "要求", "现在已有", "现在结论"),
    *("计划办完已有", "计划办完", "还要做什么"),
)


class AheadFilter(Filter):
    level = forms.ChoiceField(label="范围", required=False, choices=LEVELS)
    shown = forms.ChoiceField(label="按计划", required=False, choices=SHOWN)


@dataclass(frozen=True)
class Line:
    """`closing`: the smallest act that is still missing once the plans are kept; may be empty."""

    entry: Entry
    title: str
    period: str
    due: str
    required: str
    has: str
    would_have: str
    verdict: str
    enough: bool
    closing: str
    act: Act | None


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    org = scope.org_in_view(request)
    if org is None:
        raise Http404
    form = AheadFilter(request)
    below = form.value("level") == "below"
    seen = scope.visible(request)
    live = upkeep.bring_up_to_date()
    orgs = seen.below(org) if below else seen.filter(pk=org.pk)
    found = [one for one in ahead.ahead(request.user, live, orgs) if _wanted(one, form)]
    if download.wanted(request):
        about = " · ".join([org.name, *form.narrowed(), "预测不进入台账"])
        return download.workbook(
            request, title="还差什么", header=HEADER, rows=_cells(request, found), about=about
        )
    shown = paged(request, found)
    return TemplateResponse(
        request,
        "web/ahead.html",
        {
            "title": "还差什么",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "page": shown,
            "lines": list(_lines(request, list(shown.object_list))),
            "below": below,
            "narrowed": bool(form.value("shown")),
        },
    )


def _wanted(one: ahead.Ahead, form: AheadFilter) -> bool:
    return form.value("shown") in ("", "enough" if one.whole else "left")


def _lines(request: HttpRequest, found: Sequence[ahead.Ahead]) -> Iterator[Line]:
    rules, closing, today = ledger.obligations(), Closing(request.user), clock.today()
    for one in found:
        entry, o = one.entry, rules[one.entry.obligation]
        yield Line(
            entry=entry,
            title=o.title,
            period=period_words(period_of_entry(entry)),
            due=f"{day_words(entry.due_on)}，{distance(entry.due_on, today)}",
            required=required(entry, o),
            has=amount(entry.actual, o) or "未知",
            would_have=_would_have(one, o),
            verdict=entry.verdict,
            enough=one.whole,
            closing=explain.closing(o, one.planned, ()),
            act=None if one.whole else closing.act(entry),
        )


def required(entry: Entry, o: m.Obligation) -> str:
    """A bound from above says so: "1 件 / 0 件" would look like more than enough."""
    at_most = bound_words(o, entry.period_start) == "不超过"
    return f"不超过 {amount(entry.required, o)}" if at_most else amount(entry.required, o)


def _would_have(one: ahead.Ahead, o: m.Obligation) -> str:
    """What there would be; empty where plans make no difference."""
    same = one.planned.actual == one.entry.actual
    return "" if same else amount(one.planned.actual, o) or "未知"


def _cells(request: HttpRequest, found: list[ahead.Ahead]) -> Iterator[list[Value]]:
    for line, one in zip(_lines(request, found), found, strict=True):
        entry = line.entry
        yield [
            *(line.title, entry.org.short_name, line.period, entry.due_on),
            *(entry.required, entry.actual, VERDICTS[line.verdict].word),
            *(one.planned.actual, "够了" if line.enough else "还不够", line.closing),
        ]
