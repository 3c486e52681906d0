"""The yearly statistics' tables as of a day, each number a link; another day beside."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.periods import add_months
from guantong.records import access, catalogue, clock, statistics
from guantong.records.models import Case, Membership, Org
from guantong.records.statistics import HONOURS, ORGS, TITLES, Table
from guantong.sheets.write import Sheet
from guantong.web import download, scope
from guantong.web.acting import DayField
from guantong.web.addresses import page_url
from guantong.web.filters import Filter, paged

HEADERS: Final = {
    ORGS: ["党组织", "类别"],
    HONOURS: ["受表彰的", "党组织", "评选", "表彰日期"],
}


class DayFilter(Filter):
    on = DayField(label="截至", required=False)
    than = DayField(label="与哪天比", required=False)
    changed = forms.BooleanField(label="只看有变化的", required=False)


@require_GET
def tables(request: HttpRequest) -> HttpResponse:
    require_reach(request)
    form, org = DayFilter(request), scope.org_in_view(request)
    day = min(form.value("on", clock.today()), clock.today())
    than = form.value("than", None)
    found = [statistics.table(request.user, name, day, org) for name in TITLES]
    before = {name: statistics.table(request.user, name, than, org) if than else None
              for name in TITLES}  # fmt: skip
    told = [(one, list(_rows(one, before[one.name], day, org, bool(form.value("changed")))))
            for one in found]  # fmt: skip
    if download.wanted(request):
        return _workbook(request, told, day, than, org)
    return TemplateResponse(
        request,
        "web/statistics.html",
        {
            "title": "党内统计",
            "form": form,
            "day": day,
            "than": than,
            "tables": told,
            "last_year": add_months(day, -12),
            "unsure": {one.confidence for one in statistics.layout().bands.values()}
            - {"A", "PLAN"},
        },
    )


def require_reach(request: HttpRequest) -> None:
    if not access.reach(request.user, "member.view").paths:
        raise Http404


def _rows(
    table: Table, before: Table | None, day: date, org: Org | None, changed: bool
) -> Iterator[Mapping[str, Any]]:
    """Each row with its cells: number, address of the list, the number of the other day."""
    group = ""
    for row in table.rows:
        cells = []
        for column in table.columns:
            key = row.code, column.code
            then = before.numbers[key] if before else None
            number = table.numbers[key]
            url = list_address(table.name, *key, day, org)
            other = then if then != number else None
            cells.append({"number": number, "url": url, "then": other, "title": column.title})
        if changed and before and all(cell["then"] is None for cell in cells):
            continue
        yield {
            "title": row.title,
            "group": row.group if row.group != group else "",
            "cells": cells,
        }
        group = row.group


def list_address(table: str, row: str, column: str, day: date, org: Org | None) -> str:
    """Where the list behind a number stands."""
    place = f"&org={org.pk}" if org else ""
    asked = f"table={table}&row={row}&column={column}&on={day}{place}"
    return f"{page_url('statistics-list')}?{asked}"


@require_GET
def behind(request: HttpRequest) -> HttpResponse:
    """Whom or what one number counts."""
    require_reach(request)
    form, org = DayFilter(request), scope.org_in_view(request)
    day = min(form.value("on", clock.today()), clock.today())
    name = request.GET.get("table", "")
    row, column = request.GET.get("row", ""), request.GET.get("column", "")
    known = name in TITLES
    found = statistics.behind(request.user, name, day, row, column, org) if known else None
    if found is None:
        raise Http404
    order = ("sort_key", "pk") if name == ORGS else ("org__sort_key", "person__pinyin", "pk")
    rows = found.order_by(*order)
    header = HEADERS.get(name, ["姓名", "党支部", "类别"])
    title = f"{TITLES[name]}：{_title(name, day, row, column)}"
    if download.wanted(request):
        lines = [_told(one)[1:] for one in rows]
        about = f"截至 {day}"
        return download.workbook(request, title=title, header=header, rows=lines, about=about)
    page = paged(request, rows)
    return TemplateResponse(
        request,
        "web/statistics_list.html",
        {
            "title": title,
            "crumbs": [("党内统计", f"{reverse('statistics')}?on={day}")],
            "day": day,
            "header": header,
            "page": page,
            "rows": [_told(one) for one in page],
        },
    )


def _title(name: str, day: date, *asked: str) -> str:
    row, column = (
        next(line.title for line in lines if line.code == code)
        for lines, code in zip(statistics.lines(name, day), asked, strict=True)
    )
    return f"{row}，{column}"


def _told(row: Any) -> tuple[str, ...]:
    """The address of one row, and what is told of it."""
    label = catalogue.current().label
    if isinstance(row, Membership):
        return (reverse("member", args=[row.person_id]), row.person.name, row.org.short_name,
                label("statuses", row.status))  # fmt: skip
    if isinstance(row, Case):
        title = catalogue.process(row.process).title
        return (reverse("case", args=[row.pk]), row.person.name if row.person else row.org.name,
                row.org.short_name, title, str(row.closed_on))  # fmt: skip
    return (reverse("org", args=[row.pk]), row.name, label("orgs", row.kind))


def _workbook(
    request: HttpRequest, told: Any, day: date, than: date | None, org: Org | None
) -> HttpResponse:
    sheets = []
    for table, rows in told:
        header = ["组", "项目", *(column.title for column in table.columns)]
        if than:
            header += [f"{column.title}（{than}）" for column in table.columns]
        lines = []
        for row in rows:
            now = [cell["number"] for cell in row["cells"]]
            then = [c["number"] if c["then"] is None else c["then"] for c in row["cells"]]
            lines.append([row["group"], row["title"], *now, *(then if than else [])])
        sheets.append(Sheet(table.title, header, lines))
    about = " · ".join([*([org.name] if org else []), f"截至 {day}"])
    first, *beside = sheets
    return download.workbook(
        request, title=first.title, header=first.header, rows=first.rows, about=about,
        beside=beside,
    )  # fmt: skip
