"""Forms on the way into the Party: the next step, full membership, suspension and its end."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from guantong.periods import add_months
from guantong.records import catalogue, clock
from guantong.records import lifecycle as way
from guantong.records.actions import lifecycle, memberships
from guantong.web import choices
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import EDIT, crumbs_to_member

UNDO = "办错了可以在本人页面撤回。"


class StepForm(ActionForm):
    on = DayField(
        label="从哪一天起", help_text="接收预备党员写支部党员大会通过的日期，预备期从这天算起。"
    )

    def __init__(self, *args: Any, now: str, **more: Any) -> None:
        super().__init__(*args, **more)
        known = catalogue.current().kinds["statuses"]
        steps = [code for code in lifecycle.ON_THE_WAY if now in known[code]["from"]]
        self.fields["status"] = forms.ChoiceField(
            label="成为", choices=choices.kinds("statuses", steps or ["-"])
        )
        self.order_fields(["status", "on"])


def advance(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    now = person.memberships.filter(valid_to=None).first()
    form = StepForm(
        request.POST or None, now=now.status if now else "", initial={"on": clock.today()}
    )
    if form.outcome(partial(lifecycle.advance, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 的发展进程。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记发展进程：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记", about=f"材料、表决和审批在发展党员流程中办理，这里只登记结果。{UNDO}",
    )  # fmt: skip


class FullForm(ActionForm):
    on = DayField(label="转正时间", help_text="支部党员大会通过、上级批准的转正日期。")


def become_full(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = FullForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(memberships.become_full, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 转正。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记转正：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记转正", about=f"党龄从转正这一天算起。{UNDO}",
    )  # fmt: skip


class ExtendForm(ActionForm):
    on = DayField(label="支部党员大会的日期")
    until = DayField(label="延长至", help_text="从预备期满之日算起，不少于半年、不超过一年。")
    reason = forms.CharField(label="原因", max_length=200, help_text="写决议和审批的文号。")


def extend(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    ends = way.probation_ends(person)
    start = {"on": clock.today(), "until": add_months(ends, way.EXTENSION[0]) if ends else None}
    form = ExtendForm(request.POST or None, initial=start)
    if form.outcome(partial(lifecycle.extend_probation, by=acting(request), person=person)):
        messages.success(request, f"已登记延长 {person.name} 的预备期。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"延长预备期：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记延长", about=f"只登记党组织已经作出的决定。预备期只能延长一次。{UNDO}",
    )  # fmt: skip


class ReasonForm(ActionForm):
    on = DayField(label="从哪一天起")
    reason = forms.CharField(label="原因", max_length=200, help_text="写明决定的组织和依据。")


def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = ReasonForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(lifecycle.suspend, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 停止党籍。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记停止党籍：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记停止党籍", danger=True,
        about=f"只登记党组织已经作出的决定，系统不会自行停止任何人的党籍。任职随之结束。{UNDO}",
    )  # fmt: skip


def resume(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = ReasonForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(lifecycle.resume, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 恢复党籍。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记恢复党籍：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记恢复党籍", about=f"恢复为停止前的类别；任职要重新登记。{UNDO}",
    )  # fmt: skip
