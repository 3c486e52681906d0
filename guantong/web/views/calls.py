"""Notices that cases answer, and the numbers handed down: places of a call, a year's quota."""

from collections import Counter
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import calls as actions
from guantong.records.actions.calls import PERMISSION
from guantong.records.models import Call, Case, CaseStep, Org, OrgParent, Quota
from guantong.records.models.org import OrgQuerySet
from guantong.web import case_lines, choices, download, scope
from guantong.web.acting import ActionForm, DayField, acting, form_page, require
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.cases import to_cases

YEARLY = ("recruitment",)  # processes with a number for the year


def to_calls() -> list[tuple[str, str]]:
    return [*to_cases(), ("通知和名额", reverse("call-list"))]


class CallFilter(Filter):
    process = forms.ChoiceField(label="流程", required=False)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "没有截止的"), ("closed", "已截止"), ("all", "全部")],
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("process", [("", "全部"), *called()])


def called() -> list[tuple[str, str]]:
    names = catalogue.handling().names("called")
    return [(name, catalogue.process(name).title) for name in names]


@require_GET
def call_list(request: HttpRequest) -> HttpResponse:
    if not access.reach(request.user, "case.view").paths:
        raise Http404
    form, today = CallFilter(request), clock.today()
    found = access.calls(request.user).select_related("org").order_by("-opens_on", "-pk")
    if name := form.value("process"):
        found = found.filter(process=name)
    over = Q(closes_on__lt=today)
    match form.value("state"):
        case "":
            found = found.exclude(over)
        case "closed":
            found = found.filter(over)
    page = paged(request, found)
    export = download.wanted(request)
    seen = access.cases(request.user).filter(call__in=[c.pk for c in (found if export else page)])
    answered = Counter(seen.values_list("call", flat=True))
    if export:
        header = ["通知", "流程", "发出单位", "开始", "截止", "已申报"]
        rows = [
            (one.title, catalogue.process(one.process).title, one.org.short_name, one.opens_on,
             one.closes_on, answered[one.pk])
            for one in found
        ]  # fmt: skip
        about = " · ".join(form.narrowed())
        return download.workbook(request, title="通知", header=header, rows=rows, about=about)
    return TemplateResponse(
        request,
        part_of(request, "web/calls.html", "list"),
        {
            "title": "通知和名额",
            "crumbs": to_cases(),
            "form": form,
            "page": page,
            "rows": [
                (one, catalogue.process(one.process).title, answered[one.pk]) for one in page
            ],
            "may_call": access.orgs(request.user, PERMISSION).exists(),
            "today": today,
        },
    )


class CallForm(ActionForm):
    process = forms.ChoiceField(label="流程")
    title = forms.CharField(label="名称", max_length=120, help_text="如：2023 年样板支部申报。")
    about = forms.CharField(
        label="要求", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="只写必须交的；没有依据的材料不要加。",
    )  # fmt: skip
    opens_on = DayField(label="开始日")
    closes_on = DayField(label="截止日", required=False)

    def __init__(self, *args: Any, orgs: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["org"] = choices.org_field(
            orgs.exclude(kind__in=("branch", "group")), label="发出单位"
        )
        field = self.fields["process"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *called()]
        self.order_fields(["process", "org", "title", "about", "opens_on", "closes_on"])


def issue(request: HttpRequest) -> HttpResponse:
    orgs = access.orgs(request.user, PERMISSION).on(clock.today())
    if not orgs.exists():
        raise Http404
    usual = scope.org_in_view(request)
    form = CallForm(
        request.POST or None, orgs=orgs,
        initial={"opens_on": clock.today(), "org": usual.pk if usual else None},
    )  # fmt: skip
    if made := form.outcome(partial(actions.issue, by=acting(request))):
        messages.success(request, "已发出通知。有名额的，在下面逐个写上。")
        return redirect("call", made.pk)
    return form_page(
        request, form, title="发出通知", crumbs=to_calls(), submit="发出",
        about="本组织和下级都能看到并据此申报。发出后不能收回，可以让它到期截止。",
    )  # fmt: skip


@require_GET
def call(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(access.calls(request.user).select_related("org"), pk=pk)
    answers = access.cases(request.user).filter(call=row)
    answers = answers.select_related("org", "person", "other_org").order_by("org__sort_key", "pk")
    if download.wanted(request):
        return download.workbook(
            request, title=row.title, header=("事项", "党组织", "状态", "开办", "办结"),
            rows=[(a.about, a.org, a.state, a.case.opened_on, a.case.closed_on)
                  for a in case_lines.lines(answers)],
        )  # fmt: skip
    used = Counter[int]()
    for path in (
        CaseStep.objects.standing()
        .filter(step="nominate", case__call=row)
        .values_list("case__org__path", flat=True)
    ):
        used.update(int(step) for step in path.split("/") if step)
    return TemplateResponse(
        request,
        "web/call.html",
        {
            "title": row.title,
            "crumbs": to_calls(),
            "call": row,
            "process": catalogue.process(row.process),
            "page": paged(request, answers),
            "rows": case_lines.lines(paged(request, answers)),
            "places": _own_places(request, row, used)
            if "places_left" in catalogue.process(row.process).given
            else [],
            "may_call": not access.check(acting(request), PERMISSION, row.org),
            "published": _published(row),
            "ahead": row.opens_on > clock.today(),
            "over": row.closes_on is not None and row.closes_on < clock.today(),
        },
    )


def _published(row: Call) -> list[Case]:
    """The works that are public, for all who see the notice: their authors have agreed."""
    found = Case.objects.filter(call=row, state="published", process="submission")
    return list(found.select_related("org").order_by("org__sort_key", "pk"))


def _below(org: Org) -> list[Org]:
    children = OrgParent.objects.on(clock.today()).filter(parent=org).values("org")
    return list(Org.objects.on(clock.today()).filter(pk__in=children).in_order())


def _own_places(request: HttpRequest, row: Call, used: Counter[int]) -> list[Any]:
    """Of a notice: what concerns the user, who need not know what others were given."""
    paths = access.reach(request.user, "case.view").paths
    return [
        (org, *numbers)
        for org, *numbers in _places(row.org, Quota.objects.filter(call=row), used)
        if any(org.path.startswith(path) or path.startswith(org.path) for path in paths)
    ]


def _places(org: Org, quotas: "Any", used: Counter[int]) -> list[tuple[Org, int | None, int]]:
    numbers = dict(quotas.values_list("org", "number"))
    return [(one, numbers.get(one.pk), used[one.pk]) for one in _below(org)]


# ---------------------------------------------------------------- a year's numbers


class YearFilter(Filter):
    year = forms.IntegerField(label="年度", required=False, min_value=2000, max_value=2099)


def quotas(request: HttpRequest) -> HttpResponse:
    """How many each organisation directly below may take in this year, and how many it has."""
    org = scope.org_in_view(request)
    if org is None or access.check(acting(request), "case.view", org):
        raise Http404
    form = YearFilter(request)
    year = form.value("year", clock.today().year)
    form.fields["year"].widget.attrs["placeholder"] = str(year)
    name = YEARLY[0]
    may = not access.check(acting(request), PERMISSION, org)
    if request.method == "POST":
        require(request, PERMISSION, org)
        _set(request, org, process=name, year=year)
        _warn_of_too_many(request, org, name, year)
        return redirect(f"{reverse('quotas')}?year={year}")
    used = Counter[int]()
    cleared = CaseStep.objects.standing().filter(
        step="clear", on_day__year=year, case__process=name, case__org__path__startswith=org.path
    )
    for path in cleared.values_list("case__org__path", flat=True):
        used.update(int(step) for step in path.split("/") if step)
    numbers = Quota.objects.filter(process=name, year=year, call=None)
    rows = _places(org, numbers, used)
    own = numbers.filter(org=org).first()
    if download.wanted(request):
        return download.workbook(
            request, title=f"{year} 年发展党员计划", header=("党组织", "计划数", "已预审", "剩余"),
            rows=[(o.name, n, u, n - u if n is not None else None) for o, n, u in rows],
        )  # fmt: skip
    return TemplateResponse(
        request,
        "web/quotas.html",
        {
            "title": f"{year} 年发展党员计划",
            "crumbs": to_calls(),
            "form": form,
            "org": org,
            "own": own,
            "rows": rows,
            "total": sum(number or 0 for _, number, _ in rows),
            "used": used[org.pk],
            "may": may,
        },
    )


def _warn_of_too_many(request: HttpRequest, org: Org, name: str, year: int) -> None:
    numbers = dict(
        Quota.objects.filter(process=name, year=year, call=None).values_list("org", "number")
    )
    total, own = sum(numbers.get(one.pk, 0) for one in _below(org)), numbers.get(org.pk)
    if own is not None and total > own:
        says = f"下达合计 {total} 人，比上级下达的 {own} 人多 {total - own} 人，请核对。"
        messages.warning(request, says)


def places(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(access.calls(request.user).select_related("org"), pk=pk)
    if request.method == "POST":
        require(request, PERMISSION, row.org)
        _set(request, row.org, process=row.process, call=row)
    return redirect("call", pk)


def _set(request: HttpRequest, org: Org, **of: Any) -> None:
    """Every number that was typed; each that is refused is told."""
    kept, refused = 0, []
    for one in _below(org):
        text, was = (request.POST.get(f"{key}-{one.pk}", "").strip() for key in ("n", "was"))
        if text in ("", was):
            continue
        try:
            if not text.isdecimal() or len(text) > 4:
                raise Refused("请填 0 至 9999 的整数，如 5。")
            seen = int(was) if was.isdecimal() and len(was) <= 4 else None
            actions.set_quota(by=acting(request), org=one, number=int(text), was=seen, **of)
            kept += 1
        except Refused as why:
            refused.append(f"{one.short_name}：{why.text}")
    for text in refused:
        messages.error(request, text)
    if kept:
        messages.success(request, f"已保存 {kept} 个单位的名额。")
