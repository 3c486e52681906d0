"""What members pay: fixed for a year for a whole branch, and relief from it."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.dues import above_cap
from guantong.periods import add_months, month_of
from guantong.records import access, clock, dues
from guantong.records.access import Refused
from guantong.records.actions import dues as actions
from guantong.records.actions.months import told
from guantong.records.models import DuesRate, DuesRelief, Org, Restricted
from guantong.records.rosters import BRANCH
from guantong.web import download, month
from guantong.web.acting import (
    INVALID,
    ActionForm,
    DayField,
    NumberField,
    acting,
    form_page,
    status_of,
)
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.dues import VIEW, crumbs, org_of
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import crumbs_to_member


class FixForm(forms.Form):
    """One row: only those that are ticked are fixed."""

    fix = forms.BooleanField(label="核定", required=False)
    payer = forms.ChoiceField(label="交纳类别")
    wage = forms.CharField(
        label="基数（元/月）", required=False, max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    amount = NumberField(
        label="另行核定（元/月）", required=False, min_value=0, max_digits=9, decimal_places=2
    )
    reason = forms.CharField(label="说明", required=False, max_length=200)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["payer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (p.code, p.title.partition("（")[0]) for p in dues.rates().payers.values()
        ]


USUAL: Final = {"student": "student", "retired": "retired"}  # by the branch's category


def fix(request: HttpRequest) -> HttpResponse:
    """What everyone of a branch pays from a month on; the bases are typed here and never shown."""
    org = org_of(request, actions.FIX)
    if org.kind != BRANCH:
        raise Http404
    asked = month.first(request.GET.get("month", "")) or date(clock.today().year, 1, 1)
    lines = [
        one for one in dues.lines([org.pk], [asked])
        if one.person.pk != acting(request).person_id
    ]  # fmt: skip
    kept = _rates(lines, asked)
    forms_ = [_fix_form(request, org, line, kept.get(line.person.pk), asked) for line in lines]
    refused, status = "", 200
    if request.method == "POST":
        valid = [form.is_valid() for form in forms_]  # of every row, not up to the first wrong one
        if not all(valid):
            status = INVALID
        else:
            refused, status = _fixed(request, asked, lines, forms_)
            if not refused:
                return redirect(f"{reverse('dues')}?org={org.pk}&year={asked.year}")
    return TemplateResponse(
        request,
        "web/dues_fix.html",
        {
            "title": f"核定党费：{org.short_name}",
            "crumbs": crumbs(),
            "org": org,
            "month": month.code_of(asked),
            "month_told": told(asked),
            "rows": list(
                zip(lines, forms_, [kept.get(one.person.pk) for one in lines], strict=True)
            ),
            "based": _based(lines),
            "refused": refused,
            "cap": dues.rates().month_cap,
        },
        status=status,
    )


def _rates(lines: Sequence[dues.Line], asked: date) -> dict[int, DuesRate]:
    rows = DuesRate.objects.filter(
        person__in=[one.person.pk for one in lines], valid_from__lte=asked
    )
    return {row.person_id: row for row in rows.order_by("valid_from")}


def _based(lines: Sequence[dues.Line]) -> set[int]:
    """Of whom a base is kept: that there is one, not what it is."""
    rows = Restricted.objects.filter(person__in=[one.person.pk for one in lines])
    return set(rows.exclude(wage=None).values_list("person", flat=True))


def _fix_form(
    request: HttpRequest, org: Org, line: dues.Line, kept: DuesRate | None, asked: date
) -> FixForm:
    usual = USUAL.get(org.category or "", "salaried")
    start = {
        "payer": kept.payer if kept else usual,
        "fix": kept is None or kept.valid_from.year < asked.year,
    }
    data = request.POST if request.method == "POST" else None
    return FixForm(data, prefix=str(line.person.pk), initial=start)


def _fixed(
    request: HttpRequest, asked: date, lines: Sequence[dues.Line], forms_: Sequence[FixForm]
) -> tuple[str, int]:
    entries = []
    for line, form in zip(lines, forms_, strict=True):
        given = dict(form.cleaned_data)
        if given.pop("fix"):
            entries.append({"person": line.person, "month": asked, **given})
    try:
        rows = actions.fix_all(by=acting(request), entries=entries)
    except Refused as refused:
        return refused.text, status_of(refused)
    above = [row.person.name for row in rows if above_cap(dues.rates(), row.amount)]
    messages.success(request, f"已核定 {len(rows)} 人。")
    if above:
        cap = dues.rates().month_cap
        messages.warning(request, f"{'、'.join(above)}每月超过 {cap} 元，一般以此为限，请核对。")
    return "", 200


# Relief


class ReliefForm(ActionForm):
    first = DayField(label="从哪个月起", help_text="写这个月里任意一天。")
    last = DayField(label="到哪个月为止", help_text="含这个月，一次最长一年。")
    pays = NumberField(
        label="减免后每月交纳（元）", min_value=0, max_digits=9, decimal_places=2,
        help_text="免交写 0。",
    )  # fmt: skip
    reason = forms.CharField(
        label="减免原因", max_length=200, help_text="如：生活困难。不写病情。"
    )
    approval = forms.CharField(label="批准文件", max_length=200, help_text="名称或文号。")


def relieve(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, actions.RELIEVE)
    first = month_of(clock.today()).start
    start = {"first": first, "last": add_months(first, 6)}
    form = ReliefForm(request.POST or None, initial=start)
    if form.outcome(partial(actions.relieve, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 的党费减免。")
        return redirect("dues-reliefs")
    due = dues.due_per_month(person, clock.today())
    return form_page(
        request, form, title=f"登记党费减免：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记减免",
        about=f"先由支部研究、上级党委批准，再在这里登记。现在每月应交 {due} 元。"
        if due is not None
        else "先由支部研究、上级党委批准，再在这里登记。",
    )  # fmt: skip


class ReliefFilter(Filter):
    state = forms.ChoiceField(
        label="状态", required=False,
        choices=[("", "现有"), ("soon", "两个月内到期"), ("ended", "已结束"), ("all", "全部")],
    )  # fmt: skip


@require_GET
def reliefs(request: HttpRequest) -> HttpResponse:
    org, form, today = org_of(request), ReliefFilter(request), clock.today()
    people = access.people(request.user, VIEW)
    found = DuesRelief.objects.filter(
        person__in=people, person__memberships__valid_to=None,
        person__memberships__org__path__startswith=org.path,
    )  # fmt: skip
    match form.value("state"):
        case "ended":
            found = found.filter(valid_to__lte=today)
        case "soon":
            found = found.filter(valid_to__gt=today, valid_to__lte=add_months(today, 2))
        case "all":
            pass
        case _:
            found = found.filter(valid_to__gt=today)
    found = found.select_related("person").order_by("valid_to", "person__pinyin", "pk")
    if download.wanted(request):
        header = ("姓名", "从哪个月起", "从哪个月恢复", "减免后每月", "原因", "批准文件")
        rows = [
            (r.person.name, r.valid_from, r.valid_to, r.pays, r.reason, r.approval) for r in found
        ]
        about = " · ".join([org.name, *form.narrowed()])
        return download.workbook(request, title="党费减免", header=header, rows=rows, about=about)
    return TemplateResponse(
        request,
        part_of(request, "web/dues_reliefs.html", "list"),
        {
            "title": "党费减免",
            "crumbs": crumbs(),
            "form": form,
            "page": (page := paged(request, found)),
            "rows": page.object_list,
            "today": today,
            "may": set(
                access.people(request.user, actions.RELIEVE)
                .filter(pk__in=[row.person_id for row in page.object_list])
                .values_list("pk", flat=True)
            ),
        },
    )


class EndReliefForm(ActionForm):
    month = DayField(label="从哪个月起恢复", help_text="写开始的那个月，表示登记有误，整条去掉。")


def end_relief(request: HttpRequest, pk: int) -> HttpResponse:
    within = access.people(request.user, actions.RELIEVE)
    found = DuesRelief.objects.select_related("person")
    relief = get_object_or_404(found, pk=pk, person__in=within)
    form = EndReliefForm(request.POST or None, initial={"month": clock.today()})
    if form.outcome(partial(actions.end_relief, by=acting(request), relief=relief)):
        messages.success(request, "已登记恢复正常交纳。")
        return redirect("dues-reliefs")
    return form_page(
        request, form, title=f"恢复正常交纳：{relief.person.name}",
        crumbs=[*crumbs(), ("党费减免", reverse("dues-reliefs"))], submit="登记",
    )  # fmt: skip
