"""Somebody else's tables of the yearly statistics beside ours: the differences alone, each of our
numbers a link to its list. Nothing is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.records import clock, statistics
from guantong.records.statistics import TITLES, Table
from guantong.sheets import figures
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.web import download, scope
from guantong.web.acting import INVALID, DayField
from guantong.web.views.statistics import list_address, require_reach

HEADER = ("表", "组", "项目", "列", "对方", "我方", "相差", "对方的单元格")


@dataclass(frozen=True)
class Difference:
    table: str
    group: str
    row: str
    column: str
    theirs: int
    ours: int
    cell: str
    url: str

    @property
    def apart(self) -> str:
        return f"{self.theirs - self.ours:+d}"


class CheckForm(forms.Form):
    on = DayField(label="截至", help_text="对方的表是哪一天的。")
    file = forms.FileField(
        label="对方的统计表",
        help_text="其他系统导出的，或别人填好的；按表名、行名和列名认，认不出的会说明。",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day > clock.today():
            raise ValidationError("这一天还没到。")
        return day

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        try:
            check_size(file.size or 0)
        except Refusal as refusal:
            raise ValidationError(refusal.text) from None
        content: bytes = file.read()
        return content


def check(request: HttpRequest) -> HttpResponse:
    require_reach(request)
    form = CheckForm(request.POST or None, request.FILES or None, initial={"on": clock.today()})
    tables: list[Table] = []
    read = None
    if form.is_valid():
        tables = _tables(request, form.cleaned_data["on"])
        read = _read(form, tables)
    found = list(_differences(request, read.figures, tables, form)) if read else []
    if read and request.POST.get("as") == "xlsx":
        return _workbook(request, found, form.cleaned_data["on"])
    return TemplateResponse(
        request,
        "web/statistics_check.html",
        {
            "title": "与别的统计表核对",
            "crumbs": [("党内统计", reverse("statistics"))],
            "form": form,
            "read": read,
            "found": found,
            "same": len(read.figures) - len(found) if read else 0,
            "of": sorted({TITLES[one.table] for one in read.figures}) if read else (),
        },
        status=INVALID if form.errors else 200,
    )


def _tables(request: HttpRequest, day: date) -> list[Table]:
    org = scope.org_in_view(request)
    return [statistics.table(request.user, name, day, org) for name in TITLES]


def _read(form: CheckForm, tables: Sequence[Table]) -> figures.Found | None:
    try:
        return figures.read(form.cleaned_data["file"], tables, statistics.layout().spelt)
    except Refusal as refusal:
        form.add_error("file", refusal.text)
        return None


def _differences(
    request: HttpRequest,
    theirs: Sequence[figures.Figure],
    tables: Sequence[Table],
    form: CheckForm,
) -> Iterator[Difference]:
    """In the order of our tables."""
    told: Mapping[Any, figures.Figure] = {(one.table, one.row, one.column): one for one in theirs}
    day, org = form.cleaned_data["on"], scope.org_in_view(request)
    for table in tables:
        for row in table.rows:
            for column in table.columns:
                one = told.get((table.name, row.code, column.code))
                ours = table.numbers[row.code, column.code]
                if one is not None and one.number != ours:
                    url = list_address(table.name, row.code, column.code, day, org)
                    yield Difference(table.title, row.group, row.title, column.title,
                                     one.number, ours, one.cell, url)  # fmt: skip


def _workbook(request: HttpRequest, found: Sequence[Difference], day: date) -> HttpResponse:
    lines = [
        (one.table, one.group, one.row, one.column, one.theirs, one.ours, one.theirs - one.ours,
         one.cell)
        for one in found
    ]  # fmt: skip
    return download.workbook(
        request, title="统计表差异", header=HEADER, rows=lines, about=f"截至 {day}"
    )
