"""The registers of members elsewhere: the list, its forms, and what is due."""

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import F, FilteredRelation, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock, registers
from guantong.records.actions import registers as actions
from guantong.records.models import Whereabouts
from guantong.records.models.span import on
from guantong.web import choices, download
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import crumbs_to_member

EDIT: Final = actions.PERMISSION


def _to_registers() -> list[tuple[str, str]]:
    return [("登记册", reverse("registers"))]


DUE: Final = [("overdue", "已过期限"), *((str(n), f"{n} 个月内到期") for n in registers.AHEAD)]


class RegisterFilter(Filter):
    q = forms.CharField(label="姓名", required=False, max_length=60)
    kind = forms.ChoiceField(label="登记册", required=False)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "现有"), *DUE, ("ended", "已结束"), ("all", "全部")],
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("kind", choices.kinds("whereabouts", every="全部"))


@require_GET
def register_list(request: HttpRequest) -> HttpResponse:
    if not access.reach(request.user, "member.view").paths:
        raise Http404
    form, today = RegisterFilter(request), clock.today()
    there = registers.dues(_entered(request, form), today)
    found = [one for one in there if _is(one, form.value("state"), today)]
    if download.wanted(request):
        return _workbook(request, form, found)
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/registers.html", "list"),
        {
            "title": "登记册",
            "crumbs": [("党员", reverse("member-list"))],
            "form": form,
            "page": page,
            "rows": [(one, *_words(one.row)) for one in page],
            "counts": [
                (state, word, sum(_is(one, state, today) for one in there)) for state, word in DUE
            ],
            "today": today,
            "may_edit": access.orgs(request.user, EDIT).exists(),
        },
    )


def _entered(request: HttpRequest, form: RegisterFilter) -> QuerySet[Whereabouts]:
    people = access.people(request.user, "member.view")
    if text := form.value("q"):
        people = people.search(text)
    found = Whereabouts.objects.filter(person__in=people)
    if kind := form.value("kind"):
        found = found.filter(kind=kind)
    match form.value("state"):
        case "ended":
            found = found.exclude(valid_to=None)
        case "all":
            pass
        case _:
            found = found.filter(valid_to=None)
    now = FilteredRelation(
        "person__memberships", condition=on("person__memberships__", clock.today())
    )
    found = found.annotate(now=now, branch=F("now__org__short_name"))
    return found.select_related("person").order_by("valid_from", "pk")


def _is(one: registers.Due, state: str, today: date) -> bool:
    """Whether a row is due as the filter asks; the states that ask nothing about it fit."""
    match state:
        case "overdue":
            return one.overdue(today)
        case _ if state.isdecimal():
            return one.within(int(state), today)
        case _:
            return True


def _words(row: Whereabouts) -> tuple[str, str]:
    label = catalogue.current().label
    return (
        label("whereabouts", row.kind),
        label("situations", row.situation) if row.situation else "",
    )


def _workbook(
    request: HttpRequest, form: RegisterFilter, found: Iterable[registers.Due]
) -> HttpResponse:
    header = (
        "姓名", "党支部", "登记册", "所在地", "失联情形", "开始日", "结束日", "最近联系",
        "下次联系不晚于", "一般留存到", "提示",
    )  # fmt: skip
    lines = [
        (
            one.row.person.name, getattr(one.row, "branch", ""), _words(one.row)[0],
            one.row.place, _words(one.row)[1], one.row.valid_from, one.row.valid_to,
            one.contact, one.next_on, one.ends_on, one.says,
        )
        for one in found
    ]  # fmt: skip
    about = " · ".join(form.narrowed())
    return download.workbook(request, title="登记册", header=header, rows=lines, about=about)


class EnterForm(ActionForm):
    valid_from = DayField(label="从哪一天起")
    place = forms.CharField(label="所在地或流入地党组织", max_length=200, required=False)
    last_seen_on = DayField(
        label="最后参加组织生活或交纳党费", required=False, help_text="只有失去联系的填写。"
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"] = forms.ChoiceField(
            label="登记册", choices=choices.kinds("whereabouts", every="请选择")
        )
        self.fields["situation"] = forms.ChoiceField(
            label="失联情形", choices=choices.kinds("situations", every="不是失联"), required=False
        )
        self.order_fields(["kind", "valid_from", "place", "situation", "last_seen_on"])


def enter(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = EnterForm(request.POST or None, initial={"valid_from": clock.today()})
    if form.outcome(partial(actions.enter, by=acting(request), person=person)):
        messages.success(request, f"已把 {person.name} 列入登记册。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"列入登记册：{person.name}", crumbs=crumbs_to_member(person),
        submit="列入", about="登记册只用来提醒联系，不会改变党籍、组织关系和任职。",
    )  # fmt: skip


class ContactForm(ActionForm):
    on_day = DayField(label="联系日期")
    how = forms.CharField(label="联系方式和情况", max_length=200, help_text="如：电话，近况正常。")


def contact(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = ContactForm(request.POST or None, initial={"on_day": clock.today()})
    if form.outcome(partial(actions.get_in_touch, by=acting(request), person=person)):
        messages.success(request, f"已登记与 {person.name} 的联系。")
        return redirect("registers")
    return form_page(
        request, form, title=f"登记联系：{person.name}", crumbs=_to_registers(),
        submit="登记",
    )  # fmt: skip


class OffForm(ActionForm):
    on = DayField(
        label="从哪一天起",
        help_text="填登记的开始日，表示登记有误：整条去掉，操作记录里留有原文。",
    )
    reason = forms.CharField(label="原因", max_length=200, help_text="如：已返校、已取得联系。")


def take_off(request: HttpRequest, pk: int) -> HttpResponse:
    people = access.people(request.user, EDIT)
    row = get_object_or_404(Whereabouts.objects.select_related("person"), pk=pk, person__in=people)
    form = OffForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(actions.take_off, by=acting(request), row=row)):
        messages.success(request, "已结束登记，以前的记录保留。")
        return redirect("registers")
    return form_page(
        request, form, title=f"结束登记：{row.person.name}", crumbs=_to_registers(),
        submit="结束登记",
    )  # fmt: skip
