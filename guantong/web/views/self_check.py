"""The self-check of an application: each item with what the records show and what is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from guantong.records import cases as reading
from guantong.records import clock, criteria
from guantong.records.actions import case_beside, case_rows, ledger
from guantong.records.criteria import Item, Shown
from guantong.records.models import Case, CriterionCheck
from guantong.web import case_words, download
from guantong.web.acting import acting, done
from guantong.web.views.case import case_or_404, crumbs_to_case

LISTS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "obligations": ("ledger-entries", "obligation", {"period": "all"}),
    "activities": ("activity-list", "kind", {}),
    "cases": ("case-list", "process", {"state": "closed"}),
}


@dataclass(frozen=True)
class Line:
    """One item: what the records show, each with its list, and what the organisation says."""

    item: Item
    basis: str
    shown: tuple[tuple[Shown, str], ...]
    check: CriterionCheck | None


def self_check(request: HttpRequest, pk: int) -> HttpResponse:
    row = case_or_404(request, pk)
    name = reading.handling_of(row).criteria
    if not name:
        raise Http404
    found, today = criteria.criteria(name), clock.today()
    may = row.closed_on is None and case_rows.handles(acting(request), row)
    if request.method == "POST":
        return _save(request, row)
    ledger.bring_up_to_date()
    since = criteria.since(found, today)
    said = {check.item: check for check in row.checks.select_related("by")}
    items = [_line(row, item, said.get(item.code), since) for item in found.items.values()]
    if download.wanted(request):
        return _workbook(request, f"{found.title} {row.org.short_name}", items)
    return TemplateResponse(
        request,
        "web/self_check.html",
        {
            "title": found.title,
            "crumbs": crumbs_to_case(row),
            "case": row,
            "items": items,
            "since": since,
            "until": today,
            "may": may,
            "checked": len(said),
        },
    )


def _line(row: Case, item: Item, check: CriterionCheck | None, since: date) -> Line:
    today = clock.today()
    found = criteria.shown(item, row.org, since, today)
    shown = tuple((one, _url(row, one, since, today)) for one in found)
    return Line(item, case_words.bases(item.basis), shown, check)


def _workbook(request: HttpRequest, title: str, items: Sequence[Line]) -> HttpResponse:
    rows = [
        (
            one.item.title,
            one.item.asks,
            "；".join(_figure(shown) for shown, _ in one.shown),
            one.check.says if one.check else "",
            one.basis,
        )
        for one in items
    ]
    header = ("条目", "要说明什么", "记录显示", "自查情况", "依据")
    return download.workbook(request, title=title, header=header, rows=rows)


def _figure(one: Shown) -> str:
    return f"{one.title} {one.count}" + ("" if one.of is None else f"/{one.of}")


def _url(row: Case, one: Shown, since: date, today: date) -> str:
    if one.source not in LISTS or (not one.count and not one.of):
        return ""
    page, key, more = LISTS[one.source]
    query = {"org": str(row.org_id), key: one.code, **more}
    if one.source == "activities":
        query |= {"from": since.isoformat(), "to": today.isoformat()}
    return f"{reverse(page)}?{urlencode(query)}"


def _save(request: HttpRequest, row: Case) -> HttpResponse:
    item, says = request.POST.get("item", ""), request.POST.get("says", "")
    act = partial(case_beside.check_item, by=acting(request), case=row, item=item, says=says)
    done(request, act, "已保存这一条。")
    return redirect("case-selfcheck", row.pk)
