"""Sealed fields on pages: the look in clear, with a reason; writing the restricted ones."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from guantong.records.actions import people, restricted
from guantong.records.models import Person, Restricted
from guantong.web.acting import ActionForm, acting, form_page
from guantong.web.filters import part_of
from guantong.web.views.member import RESTRICTED, SEALED, person_or_404
from guantong.web.views.member_changes import crumbs_to_member, kept_for

ALL = (*SEALED, *RESTRICTED)


class RevealForm(ActionForm):
    field = forms.ChoiceField(choices=ALL, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="查看理由",
        max_length=200,
        required=False,
        help_text="会和您的姓名一起留在操作记录里。",
    )


def reveal(request: HttpRequest, pk: int) -> TemplateResponse:
    """Ask for a reason, then show one sealed value once; nothing of it is in the address."""
    field = _field(request)
    person = person_or_404(
        request, pk, restricted.PERMISSION if field in dict(RESTRICTED) else "member.sealed"
    )
    start = {"field": field}
    form = RevealForm(request.POST or None, initial=start)
    value = form.outcome(partial(people.reveal, by=acting(request), person=person))
    label = dict(ALL)[field]
    return TemplateResponse(
        request,
        part_of(request, "web/member_reveal.html", "value"),
        {
            "title": f"查看{label}：{person.name}",
            "crumbs": crumbs_to_member(person),
            "person": person,
            "own": acting(request).person_id == person.pk,
            "form": form,
            "label": label,
            "field": field,
            "value": value,
        },
        status=form.status,
    )


def _field(request: HttpRequest) -> str:
    asked = request.POST.get("field") or request.GET.get("field") or "id_number"
    if asked not in dict(ALL):
        raise Http404
    return asked


class RestrictedForm(ActionForm):
    """Written here and never shown; what stays empty stays as it is, unless it is to go."""

    wage = forms.CharField(
        label="党费计算基数（元/月）", max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
    )  # fmt: skip
    hardship = forms.CharField(
        label="困难情况", max_length=500, required=False,
        help_text="只写需要什么帮助，不写病情。",
    )  # fmt: skip
    political_review = forms.CharField(
        label="政治审查结论", max_length=500, required=False,
        help_text="只写结论和日期，材料不录入。",
    )  # fmt: skip
    emptied = forms.MultipleChoiceField(
        label="清空", choices=RESTRICTED, required=False, widget=forms.CheckboxSelectMultiple
    )

    @property
    def bases(self) -> dict[str, str]:
        return {name: kept_for(f"restricted.{name}") for name, _ in RESTRICTED}


def record(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, restricted.PERMISSION)
    if acting(request).person_id == pk:
        raise Http404
    form = RestrictedForm(request.POST or None)
    if form.outcome(partial(_record, request, person)):
        messages.success(request, "已加密保存。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记限知信息：{person.name}", crumbs=crumbs_to_member(person),
        submit="保存", about="不改请留空。加密保存，二级党组织以上说明理由后才能查看。",
    )  # fmt: skip


def _record(request: HttpRequest, person: Person, emptied: list[str], **given: Any) -> Restricted:
    changed = {name: text for name, text in given.items() if text or name in emptied}
    return restricted.record(by=acting(request), person=person, **changed)
