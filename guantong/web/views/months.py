"""按月结账: which organisation has closed which month; closing one, and unlocking it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.periods import Period, add_months, month_of
from guantong.records import access, clock, closed_months, reviewing
from guantong.records.actions import months as actions
from guantong.records.models import Activity, ClosedMonth, Org
from guantong.sheets.write import Value
from guantong.web import download, ids, month, scope
from guantong.web.acting import ActionForm, acting, done, form_page
from guantong.web.filters import Filter, paged, part_of

BACK: Final = 12  # months to choose from
STATES: Final = [
    ("", "全部"),
    ("open", "未结账"),
    ("closed", "已结账"),
    ("unverified", "有未核实"),
]
HEADER: Final = (
    "组织",
    "月份",
    "活动",
    "未核实",
    "结账时间",
    "结账人",
    "解锁次数",
    "上次解锁原因",
)


class MonthFilter(Filter):
    month = forms.ChoiceField(label="月份", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)

    def __init__(self, request: HttpRequest, *, single: bool) -> None:
        super().__init__(request)
        whole = [("", f"近 {BACK} 个月")] if single else []
        named = [(month.code_of(day), actions.told(day)) for day in past_months()]
        self.offer("month", [*whole, *named])


def past_months() -> list[date]:
    """The first days of the months that are over, the newest first."""
    this = month_of(clock.today()).start
    return [add_months(this, -back) for back in range(1, BACK + 1)]


@dataclass(frozen=True)
class Row:
    """One organisation and month. `closed` null: open; `earlier`: closed and unlocked again;
    `seal`: what is shown of it, in one word."""

    org: Org
    month: date
    held: int
    unverified: int
    seal: str
    closed: ClosedMonth | None
    earlier: tuple[ClosedMonth, ...]

    @property
    def says(self) -> str:
        return actions.told(self.month)

    @property
    def code(self) -> str:
        return month.code_of(self.month)


@require_GET
def month_list(request: HttpRequest) -> HttpResponse:
    """One month of all organisations in view; of a single one, the last twelve months."""
    org = scope.org_in_view(request)
    if org is None:
        raise Http404
    within = list(access.orgs(request.user, "activity.view").below(org).in_order())
    form = MonthFilter(request, single=len(within) == 1)
    rows = _narrowed(_rows(within, _asked(within, form)), form.value("state"))
    if download.wanted(request):
        about = " · ".join([org.name, *form.narrowed()])
        return download.workbook(
            request, title="按月结账", header=HEADER, rows=map(_line, rows), about=about
        )
    return TemplateResponse(
        request,
        part_of(request, "web/months.html", "list"),
        {
            "title": "按月结账",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "page": (page := paged(request, rows)),
            "rows": page.object_list,
            "closes": _may(request, actions.CLOSES, page.object_list),
            "unlocks": _may(request, actions.UNLOCKS, page.object_list),
            "narrowed": bool(form.narrowed()),
        },
    )


def _asked(within: list[Org], form: MonthFilter) -> list[date]:
    chosen = form.value("month")
    if not chosen and len(within) == 1:
        return past_months()
    return [date.fromisoformat(f"{chosen}-01") if chosen else past_months()[0]]


def _rows(orgs: list[Org], asked: list[date]) -> list[Row]:
    """Two queries, however many organisations and months there are."""
    span = Period(min(asked), month_of(max(asked)).end)
    held: defaultdict[tuple[int, date], list[Activity]] = defaultdict(list)
    needed = ("org", "activity__held_on", "activity__verified_at", "activity__version")
    for row in closed_months.held(orgs, span).select_related("activity").only(*needed):
        held[row.org_id, month_of(row.activity.held_on).start].append(row.activity)
    closings: defaultdict[tuple[int, date], list[ClosedMonth]] = defaultdict(list)
    kept = ClosedMonth.objects.filter(org__in=orgs, month__in=asked).order_by("pk")
    for closing in kept.select_related("closed_by", "unlocked_by"):
        closings[closing.org_id, closing.month].append(closing)
    return [
        Row(
            org=org,
            month=first,
            held=len(held[org.pk, first]),
            unverified=sum(one.verified_at is None for one in held[org.pk, first]),
            seal=reviewing.seal((one.pk, one.version) for one in held[org.pk, first]),
            closed=next((r for r in closings[org.pk, first] if r.unlocked_at is None), None),
            earlier=tuple(r for r in closings[org.pk, first] if r.unlocked_at),
        )
        for first in asked
        for org in orgs
        if org.exists_on(first) or org.exists_on(month_of(first).last_day)
    ]


def _narrowed(rows: list[Row], state: str) -> list[Row]:
    match state:
        case "open":
            return [row for row in rows if row.closed is None]
        case "closed":
            return [row for row in rows if row.closed]
        case "unverified":
            return [row for row in rows if row.unverified]
        case _:
            return rows


def _may(request: HttpRequest, permission: str, rows: Iterable[Row]) -> set[int]:
    """The organisations at which to offer a button; the action asks again."""
    there = access.orgs(request.user, permission).filter(pk__in={row.org.pk for row in rows})
    return set(there.values_list("pk", flat=True))


def _line(row: Row) -> tuple[Value, ...]:
    last = row.earlier[-1] if row.earlier else None
    return (
        *(row.org.name, row.says, row.held, row.unverified),
        row.closed.closed_at if row.closed else None,
        row.closed.closed_by.called if row.closed and row.closed.closed_by else "",
        len(row.earlier),
        last.unlocked_reason if last else "",
    )


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    asked = ids.read(request.POST.get("org", ""))
    org = get_object_or_404(access.orgs(request.user, "activity.view"), pk=asked)
    chosen = {month.code_of(day): day for day in past_months()}
    day = chosen.get(request.POST.get("month", ""))
    if day is None:
        raise Http404
    said = f"{org.short_name} {actions.told(day)}已结账，可由上级党组织解锁。"
    shown = request.POST.get("shown", "")
    act = partial(actions.close, by=acting(request), org=org, month=day, shown=shown)
    done(request, act, said)
    return redirect("month-list")


class UnlockForm(ActionForm):
    reason = forms.CharField(
        label="解锁原因", max_length=200, help_text="例如：漏记一次主题党日，需要补录。"
    )


def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    within = access.orgs(request.user, actions.UNLOCKS)
    row = get_object_or_404(ClosedMonth.objects.select_related("org"), pk=pk, org__in=within)
    form = UnlockForm(request.POST or None)
    if form.outcome(partial(actions.unlock, by=acting(request), row=row)):
        messages.success(request, "已解锁，这个月可以再录入和改动；改好后请支部重新结账。")
        return redirect("month-list")
    return form_page(
        request,
        form,
        title=f"解锁 {row.org.short_name} {actions.told(row.month)}",
        crumbs=[("活动", reverse("activity-list")), ("按月结账", reverse("month-list"))],
        submit="解锁",
        about="解锁留有记录，原因所有能看到这个组织的人都看得到。",
        danger=True,
    )
