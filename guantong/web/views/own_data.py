"""What a member may ask of the system: everything held, who looked, a file of it, a correction."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.actions import cases, corrections, people
from guantong.records.models import CaseStep, CorrectionRequest, Person, User
from guantong.sheets.write import Sheet
from guantong.sheets.write import workbook as write
from guantong.web import download, held
from guantong.web.acting import ActionForm, acting, form_page
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.member import RESTRICTED, SEALED, person_or_404
from guantong.web.views.member_changes import crumbs_to_member

CRUMBS: Final = (("我的信息", "me"), ("关于我的全部内容", "held"))


def _own(request: HttpRequest) -> Person:
    person = acting(request).person
    if person is None:
        raise Http404
    return person


def _crumbs(*, upto: int) -> list[tuple[str, str]]:
    return [(label, reverse(name)) for label, name in CRUMBS[:upto]]


def _cases_of(page: Iterable[CorrectionRequest]) -> dict[int, int]:
    """By request, the case that it was made in."""
    people = [one.person_id for one in page]
    asked = CaseStep.objects.standing().filter(case__process="correction", case__person__in=people)
    return {
        int(subject.partition(":")[2]): step.case_id
        for step in asked
        for subject in step.made
        if subject.startswith("correctionrequest:")
    }


@require_GET
def everything(request: HttpRequest) -> TemplateResponse:
    person = _own(request)
    looks = access.looks(request.user, person).select_related("by").order_by("-id")
    return TemplateResponse(
        request,
        "web/held.html",
        {
            "title": "关于我的全部内容",
            "crumbs": _crumbs(upto=1),
            "person": person,
            "tables": held.about(person),
            "looks": paged(request, looks),
            "labels": dict([*SEALED, *RESTRICTED]),
        },
    )


@require_POST
def file(request: HttpRequest) -> HttpResponse:
    """All of it, sealed values in clear, as JSON or as a workbook."""
    person = _own(request)
    sealed = people.hand_out(by=acting(request), person=person)
    tables = held.about(person, sealed)
    name = f"{person.name} 本人信息 {clock.today()}"
    if request.POST.get("as") == "xlsx":
        note = f"{clock.now():%Y-%m-%d %H:%M} 由本人下载，含加密字段的明文，请妥善保管"
        sheets = [Sheet(one.title, one.header, one.rows, note) for one in tables if one.rows]
        return download.attached(write(*sheets), f"{name}.xlsx")
    content = {
        one.title: [dict(zip(one.header, row, strict=True)) for row in one.rows] for one in tables
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return download.attached(text.encode(), f"{name}.json", mime="application/json")


# Corrections


class AskForm(ActionForm):
    record = forms.CharField(
        label="哪一项有误", max_length=100, help_text="如：入党时间、某次出席。"
    )
    now = forms.CharField(label="现在的内容", max_length=200)
    should_be = forms.CharField(
        label="应为", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不要在这里写身份证号和手机号，需要更正的请当面告诉支部。",
    )  # fmt: skip


def ask(request: HttpRequest) -> HttpResponse:
    """Opens a case: it is answered, and may be appealed, step by step."""
    person = _own(request)
    form = AskForm(request.POST or None)
    if row := form.outcome(partial(_asked, acting(request), person)):
        messages.success(request, "已提出，支部和二级党组织会在“我的一周”里看到。")
        return redirect("case", row.case_id)
    return form_page(
        request, form, title="申请更正", crumbs=_crumbs(upto=2), submit="提出申请",
        about="由所在支部或二级党组织核对后答复；不更正的会说明理由，您可以请上级复核。",
    )  # fmt: skip


@transaction.atomic
def _asked(by: User, person: Person, **told: str) -> CaseStep:
    today = clock.today()
    now = person.memberships.filter(valid_to=None).select_related("org").first()
    if now is None:
        raise Refused("您现在没有组织关系，请联系原来的党组织。")
    says = f"{told['now']} → {told['should_be']}"
    if person.correction_requests.filter(accepted=None, about=told["record"], says=says).exists():
        raise Refused("同样的申请您已经提出，正在等待答复。")
    case = cases.begin(by=by, process="correction", org=now.org, person=person, on=today)
    entry = cases.Entry("ask", today, told)
    return cases.take_step(by=by, case=case, version=case.version, entry=entry)


RESULTS: Final = {None: "", True: "采纳", False: "不采纳"}
STATES: Final = [("", "待答复"), ("answered", "已答复")]


class RequestFilter(Filter):
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """What people in reach have asked for."""
    get_object_or_404(access.orgs(request.user, corrections.PERMISSION)[:1])
    form = RequestFilter(request)
    answered = form.value("state") == "answered"
    found = access.corrections(request.user).filter(accepted__isnull=not answered)
    order = "-answered_at" if answered else "asked_at"
    found = found.select_related("person", "answered_by").order_by(order)
    if download.wanted(request):
        header = ["姓名", "项目", "提出", "内容", "结果", "答复", "答复人", "答复时间"]
        rows = [
            (one.person.name, one.about, one.asked_at, one.says, RESULTS[one.accepted],
             one.answer, one.answered_by.called if one.answered_by else "", one.answered_at)
            for one in found
        ]  # fmt: skip
        about = " · ".join(form.narrowed())
        return download.workbook(request, title="更正申请", header=header, rows=rows, about=about)
    page = paged(request, found)
    at = _cases_of(page)
    return TemplateResponse(
        request,
        part_of(request, "web/requests.html", "list"),
        {
            "title": "更正申请",
            "crumbs": [("党员", reverse("member-list"))],
            "form": form,
            "answered": answered,
            "page": page,
            "rows": [(one, at.get(one.pk)) for one in page],
        },
    )


class AnswerForm(ActionForm):
    accepted = forms.TypedChoiceField(
        label="结果", choices=[("", "请选择"), ("yes", "采纳，已更正"), ("no", "不采纳")],
        coerce=lambda value: value == "yes",
    )  # fmt: skip
    answer = forms.CharField(
        label="答复", max_length=500, required=False, help_text="不采纳要写明理由。"
    )


def answer(request: HttpRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(access.corrections(request.user).select_related("person"), pk=pk)
    if asked.accepted is None and (case := _cases_of([asked]).get(asked.pk)):
        return redirect("case", case)
    person = person_or_404(request, asked.person_id, "member.view")
    form = AnswerForm(request.POST or None)
    if form.outcome(partial(corrections.answer, by=acting(request), request=asked)):
        messages.success(request, "已答复，本人可以看到。")
        return redirect("requests")
    crumbs = [*crumbs_to_member(person), ("更正申请", reverse("requests"))]
    return form_page(
        request, form, title=f"答复更正申请：{person.name}", crumbs=crumbs, submit="答复",
        about=f"{asked.about}：{asked.says}（{timezone.localdate(asked.asked_at)} 提出）。"
        "要更正的内容请先在党员页改好，再来答复。",
    )  # fmt: skip
