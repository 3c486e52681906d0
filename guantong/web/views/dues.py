"""党费: the register of a year, and who has not paid for some months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.periods import month_of
from guantong.records import access, clock, dues
from guantong.records.actions import dues as actions
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.rosters import BRANCH
from guantong.web import download, month, scope
from guantong.web.acting import acting
from guantong.web.dues_signs import STATES, Cell, cell
from guantong.web.filters import Filter, paged, part_of

VIEW: Final = "dues.view"
CRUMBS: Final = "党费"


def crumbs() -> list[tuple[str, str]]:
    return [("党员", reverse("member-list")), (CRUMBS, reverse("dues"))]


def org_of(request: HttpRequest, permission: str = VIEW) -> Org:
    """The organisation in view, where the user may."""
    org = scope.org_in_view(request)
    if org is None:
        raise Http404
    return get_object_or_404(access.orgs(request.user, permission), pk=org.pk)


def branches(request: HttpRequest, org: Org, permission: str = VIEW) -> OrgQuerySet:
    found = access.orgs(request.user, permission).below(org)
    return found.filter(kind=BRANCH).in_order()


class YearFilter(Filter):
    year = forms.TypedChoiceField(label="年度", required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(
        label="状态", required=False,
        choices=[("", "全部"), ("unpaid", "有未交"), ("unfixed", "有未核定")],
    )  # fmt: skip

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        this = clock.today().year
        self.offer("year", [(year, f"{year} 年") for year in range(this, this - 6, -1)])

    @property
    def asked(self) -> int:
        return int(self.value("year", clock.today().year))


@dataclass(frozen=True)
class Sum:
    """A branch in a year; the people in it are only counted."""

    org: Org
    people: int
    due: Decimal
    paid: Decimal
    unpaid: int
    unfixed: int


@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """Of a branch everyone, month by month; above it the branches, summed."""
    org, form = org_of(request), YearFilter(request)
    listed = [m for m in dues.year_months(form.asked) if m <= clock.today()]
    if org.kind == BRANCH:
        return _of_branch(request, org, form, listed)
    return _of_branches(request, org, form, listed)


def _fits(line: dues.Line, state: str) -> bool:
    return {"unpaid": bool(line.unpaid), "unfixed": line.unfixed}.get(state, True)


def _of_branch(
    request: HttpRequest, org: Org, form: YearFilter, listed: Sequence[date]
) -> HttpResponse:
    lines = [one for one in dues.lines([org.pk], listed) if _fits(one, form.value("state"))]
    if download.wanted(request):
        header = ("姓名", *(f"{m.month}月" for m in listed), "应交合计", "实交合计")
        rows = [
            (one.person.name, *(_paid(one, m) for m in listed), one.due, one.paid) for one in lines
        ]
        about = " · ".join([org.name, f"{form.asked} 年", *form.narrowed()])
        return download.workbook(request, title="党费登记", header=header, rows=rows, about=about)
    page = paged(request, lines)
    context = {
        "rows": [(one, _cells(one, listed)) for one in page],
        "months": [(m, month.code_of(m)) for m in listed],
        "may_record": not access.check(acting(request), actions.RECORD, org),
        "may_fix": not access.check(acting(request), actions.FIX, org),
        "latest": month.code_of(month_of(clock.today()).start),
        "due": sum((one.due for one in lines), Decimal(0)),
        "paid": sum((one.paid for one in lines), Decimal(0)),
    }
    return _page(request, org, form, page, context)


def _paid(line: dues.Line, asked: date) -> Decimal | str | None:
    told_ = line.by_month().get(asked)
    return None if told_ is None else told_.paid or STATES[told_.state][1]


def _cells(line: dues.Line, listed: Sequence[date]) -> list[Cell]:
    by_month = line.by_month()
    return [cell(by_month.get(asked)) for asked in listed]


def _of_branches(
    request: HttpRequest, org: Org, form: YearFilter, listed: Sequence[date]
) -> HttpResponse:
    """The branches are paged before they are summed: a school has tens of thousands of months."""
    there = branches(request, org).meeting(date(form.asked, 1, 1), date(form.asked + 1, 1, 1))
    state = form.value("state")
    whole = bool(state) or download.wanted(request)
    page = paged(request, there)
    sums = [one for one in _sums(list(there if whole else page), listed) if _has(one, state)]
    if download.wanted(request):
        header = ("党支部", "人数", "应交合计", "实交合计", "有未交的人数", "有未核定的人数")
        rows = [(s.org.name, s.people, s.due, s.paid, s.unpaid, s.unfixed) for s in sums]
        about = " · ".join([org.name, f"{form.asked} 年", *form.narrowed()])
        return download.workbook(request, title="党费登记", header=header, rows=rows, about=about)
    shown: Any = page
    if whole:
        shown = paged(request, sums)
        sums = list(shown)
    return _page(request, org, form, shown, {"sums": sums, "year": form.asked})


def _has(one: Sum, state: str) -> bool:
    return {"unpaid": bool(one.unpaid), "unfixed": bool(one.unfixed)}.get(state, True)


def _sums(orgs: Sequence[Org], listed: Sequence[date]) -> list[Sum]:
    by_org: dict[int, list[dues.Line]] = {org.pk: [] for org in orgs}
    for line in dues.lines(by_org.keys(), listed):
        by_org[line.org.pk].append(line)
    return [
        Sum(
            org,
            len(lines),
            sum((one.due for one in lines), Decimal(0)),
            sum((one.paid for one in lines), Decimal(0)),
            sum(bool(one.unpaid) for one in lines),
            sum(one.unfixed for one in lines),
        )
        for org in orgs
        for lines in [by_org[org.pk]]
    ]


def _page(
    request: HttpRequest, org: Org, form: YearFilter, page: Any, context: Mapping[str, Any]
) -> HttpResponse:
    return TemplateResponse(
        request,
        part_of(request, "web/dues.html", "list"),
        {
            "title": "党费",
            "crumbs": crumbs()[:1],
            "org": org,
            "form": form,
            "page": page,
            "signs": [(code, word) for code, word in STATES.values()],
            "narrowed": bool(form.value("state")),
            **context,
        },
    )


# ---------------------------------------------------------------- arrears


class ArrearsFilter(Filter):
    least = forms.TypedChoiceField(
        label="连续未交", required=False, coerce=int, empty_value=None,
        choices=[(n, f"{n} 个月以上") for n in (1, 3, 6)],
    )  # fmt: skip


@require_GET
def arrears(request: HttpRequest) -> HttpResponse:
    """Who has not paid for some months. A list to ask after; nothing follows by itself."""
    org, form = org_of(request), ArrearsFilter(request)
    found = dues.arrears(
        list(branches(request, org).values_list("pk", flat=True)), form.value("least", 1)
    )
    if download.wanted(request):
        header = ("姓名", "党支部", "连续未交月数", "从哪个月起", "应补交")
        rows = [
            (one.name, one.org_name, one.months, month.code_of(one.since), one.owed)
            for one in found
        ]
        about = " · ".join([org.name, f"截至 {clock.today()}", *form.narrowed()])
        return download.workbook(request, title="党费欠缴", header=header, rows=rows, about=about)
    return TemplateResponse(
        request,
        part_of(request, "web/dues_arrears.html", "list"),
        {
            "title": "党费欠缴",
            "crumbs": crumbs(),
            "form": form,
            "org": org,
            "page": (page := paged(request, found)),
            "rows": page.object_list,
            "procedure": dues.rates().arrears_months,
        },
    )
