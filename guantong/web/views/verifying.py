"""核实: only what shows something odd is listed to be looked at; the rest is verified at once."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.periods import month_of
from guantong.records import access, anomalies, catalogue, clock, reviewing
from guantong.records.access import Refused
from guantong.records.actions import months, verifying
from guantong.records.models import Activity, Org
from guantong.records.reviewing import Review
from guantong.sheets.write import Value
from guantong.web import download, month, scope
from guantong.web.acting import acting, status_of
from guantong.web.addresses import address
from guantong.web.filters import Filter, paged, part_of
from guantong.web.ledger_rows import Rows
from guantong.web.views.months import past_months
from guantong.web.wording import late_words

HEADER: Final = ("日期", "类别", "主题", "主办组织", "学时", "录入时间", "补录", "为什么要看")


class ReviewFilter(Filter):
    narrow_nothing = Filter.narrow_nothing | {"month"}

    own = forms.BooleanField(label="只看本级", required=False, widget=forms.HiddenInput)
    month = forms.ChoiceField(label="月份", required=False)
    kind = forms.ChoiceField(
        label="为什么要看", required=False, choices=[("", "全部"), *anomalies.KINDS.items()]
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.data = {"month": month.code_of(past_months()[0]), **request.GET.dict()}
        days = [month_of(clock.today()).start, *past_months()]
        self.offer("month", [(month.code_of(day), months.told(day)) for day in days])

    @property
    def alone(self) -> bool:
        return bool(self.value("own"))

    @property
    def first(self) -> date:
        """The month asked for, the last one that is over where none is."""
        chosen = self.value("month")
        return date.fromisoformat(f"{chosen}-01") if chosen else past_months()[0]


def review(request: HttpRequest) -> HttpResponse:
    """The page; sent, it verifies the rest."""
    org = scope.org_in_view(request)
    if org is None or not access.orgs(request.user, reviewing.PERMISSION).filter(pk=org.pk):
        raise Http404
    form = ReviewFilter(request)
    refused = _verified(request, org, form) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect(_address(form, org.pk, own=form.alone))
    if not download.wanted(request) and (lines := _lines(request, org, form)):
        return _answer(request, form, org, lines=lines, most=reviewing.MOST)
    found = reviewing.review(acting(request), org, form.first, alone=form.alone)
    odd = [
        (activity, why)
        for activity, why in found.odd
        if form.value("kind") in ("", *(one.kind for one in why))
    ]
    if download.wanted(request):
        about = " · ".join([org.name, months.told(form.first), *form.narrowed()])
        rows = [_line(activity, "；".join(one.says for one in why)) for activity, why in odd]
        return download.workbook(request, title="核实清单", header=HEADER, rows=rows, about=about)
    return _page(request, form, org, found, odd, refused)


def _page(
    request: HttpRequest,
    form: ReviewFilter,
    org: Org,
    found: Review,
    odd: list[tuple[Activity, tuple[anomalies.Anomaly, ...]]],
    refused: Refused | None,
) -> TemplateResponse:
    label = catalogue.current().label
    page = paged(request, odd)
    return _answer(
        request, form, org, review=found, page=page, own=form.alone,
        rows=[(one, label("activities", one.kind), why) for one, why in page],
        rest=[(one, label("activities", one.kind)) for one in found.rest],
        refused=refused.text if refused else "", status=status_of(refused) if refused else 200,
    )  # fmt: skip


def _answer(
    request: HttpRequest, form: ReviewFilter, org: Org, *, status: int = 200, **more: Any
) -> TemplateResponse:
    return TemplateResponse(
        request,
        part_of(request, "web/review.html", "list"),
        {
            "title": "核实",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "org": org,
            "month": months.told(form.first),
            **more,
        },
        status=status,
    )


@dataclass(frozen=True)
class Line:
    """An organisation of which records wait, with their page."""

    name: str
    url: str
    count: int


def _lines(request: HttpRequest, org: Org, form: ReviewFilter) -> list[Line]:
    """Where there is too much to look at together: who has how much."""
    if form.alone:
        return []
    found = Counter[int]()
    waiting = reviewing.by_host(acting(request), org, form.first)
    if sum(waiting.values()) <= reviewing.MOST:
        return []
    rows = Rows(org, access.orgs(request.user, reviewing.PERMISSION))
    for host, count in waiting.items():
        if row := rows.row_of[host]:
            found[row] += count
    return [
        Line(
            "本级" if pk == org.pk else one.short_name,
            _address(form, pk, own=pk == org.pk),
            found[pk],
        )
        for pk, one in sorted(rows.orgs.items(), key=lambda pair: pair[0] != org.pk)  # own first
        if found[pk]
    ]


def _address(form: ReviewFilter, org: int, *, own: bool) -> str:
    query = {"org": str(org), "month": month.code_of(form.first), "own": "1" if own else ""}
    return address("activity-review", query)


def _verified(request: HttpRequest, org: Org, form: ReviewFilter) -> Refused | None:
    """Why the rest was not verified; None where it was."""
    shown = request.POST.get("shown", "")
    try:
        done = verifying.verify_rest(
            by=acting(request), org=org, month=form.first, shown=shown, alone=form.alone
        )
    except Refused as refused:
        return refused
    messages.success(request, f"已核实 {len(done)} 条没有异常的记录。")
    return None


def _line(activity: Activity, why: str) -> tuple[Value, ...]:
    hosts = activity.host_names
    kind = catalogue.current().label("activities", activity.kind)
    return (
        *(activity.held_on, kind, activity.title, hosts),
        *(activity.hours, activity.recorded_at, late_words(activity), why),
    )
