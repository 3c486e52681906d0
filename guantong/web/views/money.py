"""The use of dues and the Party-building budget: an organisation's year on one page each."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, clock, dues, money
from guantong.records.actions import money as actions
from guantong.records.models import Activity, BudgetLine, Org, OrgParent, Spending
from guantong.sheets.write import Sheet, Value
from guantong.web import download
from guantong.web.acting import ActionForm, DayField, NumberField, acting, form_page
from guantong.web.correcting import CorrectingForm
from guantong.web.views.dues import VIEW, YearFilter, crumbs, org_of
from guantong.web.views.orgs import org_or_404

BUDGET: Final = "budget.view"
LATELY: Final = 40  # activities to choose from
SPENT: Final = ("支出日期", "项目", "用途", "金额（元）", "集体研究", "关联活动", "撤销原因")


class YearOnly(YearFilter):
    """The year alone."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        del self.fields["state"]


@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """The year of the dues: collected, used under each heading, and every sum used."""
    org, form = org_of(request, VIEW), YearOnly(request)
    year = money.dues_year(org, form.asked)
    rows = [row for row in money.spent(org, form.asked) if row.line_id is None]
    if download.wanted(request):
        header, about = ("项目", "金额（元）"), f"{org.name} · {form.asked} 年"
        lines: list[tuple[Value, ...]] = [
            ("收缴党费", year.collected), *((title, amount) for _, title, amount in year.used),
            ("使用合计", year.spent), ("收缴减使用", year.left),
        ]  # fmt: skip
        return download.workbook(
            request, title="党费年度收支", header=header, rows=lines, about=about,
            beside=[Sheet("使用明细", SPENT, map(_line, rows))],
        )  # fmt: skip
    return TemplateResponse(
        request,
        "web/dues_statement.html",
        {
            "title": "党费年度收支",
            "crumbs": crumbs(),
            "org": org,
            "form": form,
            "year": year,
            "asked": form.asked,
            "rows": [(row, dues.rates().headings[row.heading]) for row in rows],
            "may": not access.check(acting(request), actions.DUES, org),
        },
    )


def _line(row: Spending) -> tuple[Value, ...]:
    where = row.line.title if row.line else dues.rates().headings[row.heading]
    activity = row.activity.title if row.activity else ""
    return (
        row.spent_on, where, row.what, row.amount, row.decided_on, activity, row.withdrawn_reason
    )  # fmt: skip


class SpendForm(ActionForm):
    spent_on = DayField(label="支出日期")
    amount = NumberField(
        label="金额（元）", min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    what = forms.CharField(label="用途", max_length=200)
    decided_on = DayField(label="集体研究日期", required=False)

    def __init__(self, *args: Any, near: Iterable[Activity], heading: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        listed = [
            ("", "没有对应的活动"),
            *((a.pk, f"{a.held_on} {a.title}（{a.host_names}）") for a in near),
        ]
        self.fields["activity"] = field = forms.ModelChoiceField(
            Activity.objects.filter(pk__in=[a.pk for a in near]), label="关联活动", required=False
        )
        field.widget.choices = listed
        if heading:
            options = list(dues.rates().headings.items())
            self.fields["heading"] = forms.ChoiceField(label="使用项目", choices=options)
            self.fields["decided_on"].required = True
        self.order_fields(["heading", "spent_on", "amount", "what", "decided_on", "activity"])


def _spend_form(request: HttpRequest, org: Org, *, heading: bool) -> SpendForm:
    seen = access.activities(request.user, "activity.view").live().filter(planned=False)
    near = seen.hosted_below(org).order_by("-held_on", "-pk").prefetch_related("hosts")[:LATELY]
    start = {"spent_on": clock.today()}
    return SpendForm(request.POST or None, near=list(near), heading=heading, initial=start)


def use(request: HttpRequest) -> HttpResponse:
    org = org_of(request, actions.DUES)
    form = _spend_form(request, org, heading=True)
    back = f"{reverse('dues-statement')}?org={org.pk}"
    if form.outcome(partial(actions.spend, by=acting(request), org=org)):
        messages.success(request, "已登记党费使用，登记错了可以撤销。")
        return redirect(back)
    return form_page(
        request, form, title=f"登记党费使用：{org.short_name}",
        crumbs=[*crumbs(), ("党费年度收支", back)], submit="登记",
        about="党费只用于下面的项目，使用要集体研究决定。",
    )  # fmt: skip


# The budget


@require_GET
def budget(request: HttpRequest) -> HttpResponse:
    """The lines of a year, what was spent from each, and what is overspent."""
    org, form = org_of(request, BUDGET), YearOnly(request)
    rows = money.budget(org, form.asked)
    spent = [row for row in money.spent(org, form.asked) if row.line_id]
    below = money.budgets(_directly_below(request, org), form.asked)
    if download.wanted(request):
        header = ("预算项目", "批准文件", "预算（元）", "支出（元）", "结余（元）")
        lines = [(r.line.title, r.line.basis, r.line.amount, r.spent, r.left) for r in rows]
        return download.workbook(
            request, title="党建经费", header=header, rows=lines,
            about=f"{org.name} · {form.asked} 年",
            beside=[
                Sheet("支出明细", SPENT, map(_line, spent)),
                Sheet("下级合计", ("党组织", *header[2:]),
                      [(one.org.name, one.planned, one.spent, one.left) for one in below]),
            ],
        )  # fmt: skip
    return TemplateResponse(
        request,
        "web/budget.html",
        {
            "title": "党建经费",
            "crumbs": [("组织", reverse("org-list"))],
            "org": org,
            "form": form,
            "asked": form.asked,
            "lines": rows,
            "rows": spent,
            "below": below,
            "planned": sum((r.line.amount for r in rows), Decimal(0)),
            "spent": sum((r.spent for r in rows), Decimal(0)),
            "left": sum((r.left for r in rows), Decimal(0)),
            "may": not access.check(acting(request), actions.BUDGET, org),
        },
    )


def _directly_below(request: HttpRequest, org: Org) -> list[Org]:
    children = OrgParent.objects.on(clock.today()).filter(parent=org).values("org")
    seen = access.orgs(request.user, BUDGET).on(clock.today())
    return list(seen.filter(pk__in=children).exclude(kind="branch").in_order())


class PlanForm(CorrectingForm):
    title = forms.CharField(
        label="预算项目",
        max_length=80,
        help_text="和已有的同名就是更正它，会先告诉原来的数。",
    )
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2099)
    amount = NumberField(label="预算（元）", min_value=0, max_digits=10, decimal_places=2)
    basis = forms.CharField(label="批准文件", max_length=200, required=False)

    def __init__(self, *args: Any, org: Org, **more: Any) -> None:
        super().__init__(*args, of=None, reads=_planned, **more)
        self.org = org

    def row(self) -> BudgetLine | None:
        """The line of that title, where the year has one."""
        title, year = self.cleaned_data["title"], self.cleaned_data["year"]
        return self.org.budget_lines.filter(title=title, year=year).first()


def _planned(line: BudgetLine) -> dict[str, object]:
    return {"amount": line.amount, "basis": line.basis}


def crumbs_to_budget(request: HttpRequest, org: Org) -> list[tuple[str, str]]:
    return [("组织", reverse("org-list")), ("党建经费", f"{reverse('budget')}?org={org.pk}")]


def plan_line(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, actions.BUDGET)
    form = PlanForm(request.POST or None, org=org, initial={"year": clock.today().year})
    if line := form.outcome(partial(actions.plan, by=acting(request), org=org)):
        messages.success(request, f"已登记预算“{line.title}”。")
        return redirect(f"{reverse('budget')}?org={org.pk}&year={line.year}")
    return form_page(
        request, form, title=f"登记预算：{org.short_name}", crumbs=crumbs_to_budget(request, org),
        submit="登记",
    )  # fmt: skip


def line_or_404(request: HttpRequest, pk: int) -> BudgetLine:
    within = access.orgs(request.user, actions.BUDGET)
    return get_object_or_404(BudgetLine.objects.select_related("org"), pk=pk, org__in=within)


def spend(request: HttpRequest, pk: int) -> HttpResponse:
    line = line_or_404(request, pk)
    form = _spend_form(request, line.org, heading=False)
    if row := form.outcome(partial(actions.spend, by=acting(request), org=line.org, line=line)):
        _told_overspent(request, line)
        return redirect(f"{reverse('budget')}?org={line.org_id}&year={row.spent_on.year}")
    return form_page(
        request, form, title=f"登记支出：{line.title}", crumbs=crumbs_to_budget(request, line.org),
        submit="登记",
    )  # fmt: skip


def _told_overspent(request: HttpRequest, line: BudgetLine) -> None:
    (row,) = [one for one in money.budget(line.org, line.year) if one.line == line]
    if row.left < 0:
        messages.warning(
            request, f"已登记。“{line.title}”已超支 {-row.left} 元，请核对或调整预算。"
        )
    else:
        messages.success(request, f"已登记。“{line.title}”还有 {row.left} 元。")


class ReasonForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200)


def strike(request: HttpRequest, pk: int) -> HttpResponse:
    line = line_or_404(request, pk)
    org, form = line.org, ReasonForm(request.POST or None)

    def struck(**given: Any) -> bool:
        actions.strike(by=acting(request), line=line, **given)
        return True

    if form.outcome(struck):
        messages.success(request, "已去掉。")
        return redirect(f"{reverse('budget')}?org={org.pk}&year={line.year}")
    return form_page(
        request, form, title=f"去掉预算：{line.title}", crumbs=crumbs_to_budget(request, org),
        submit="去掉", danger=True, about="只能去掉还没有支出的项目；去掉后可以重新登记。",
    )  # fmt: skip


def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    reach = {name: access.orgs(request.user, name) for name in (actions.BUDGET, actions.DUES)}
    spending = get_object_or_404(Spending.objects.select_related("org"), pk=pk)
    of_budget = spending.line_id is not None
    within = reach[actions.BUDGET if of_budget else actions.DUES]
    get_object_or_404(within, pk=spending.org_id)
    back = f"{reverse('budget' if of_budget else 'dues-statement')}?org={spending.org_id}"
    form = ReasonForm(request.POST or None)
    if form.outcome(partial(actions.withdraw, by=acting(request), spending=spending)):
        messages.success(request, "已撤销，原来的登记保留可查。")
        return redirect(back)
    return form_page(
        request, form, title=f"撤销支出：{spending.what}",
        crumbs=[("党建经费" if of_budget else "党费年度收支", back)], submit="撤销",
        danger=True, about="撤销后不再计入支出，不能恢复；登记错了请重新登记。",
    )  # fmt: skip
