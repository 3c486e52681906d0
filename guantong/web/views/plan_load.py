"""What a school decides about its plan: the official wording, and the optional obligations.

A document is read and shown, and saved only when confirmed. Between the two steps the clauses
travel in the form, signed, so that nothing is kept of a document that nobody confirmed.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.obligations.model import Plan
from guantong.plans.attach import Attachment, attach
from guantong.plans.model import Document, DocumentRefused
from guantong.plans.read import read_document
from guantong.records import access, catalogue, ledger
from guantong.records.access import Refused
from guantong.records.actions import plans, school
from guantong.records.actions.plans import Wording
from guantong.records.models import School
from guantong.web import bases
from guantong.web.acting import INVALID, ActionForm, acting, form_page, status_of
from guantong.web.ledger_tables import clause_words
from guantong.web.views.plan import LOAD, SWITCH

SALT = "guantong.plan-load"


class UploadForm(forms.Form):
    document = forms.FileField(
        label="计划文件",
        help_text=".docx 或 .txt。扫描件和 .doc 请先另存为 .docx。",
        widget=forms.ClearableFileInput(attrs={"accept": ".docx,.txt"}),
    )


def load(request: HttpRequest) -> HttpResponse:
    if access.check(request.user, LOAD, None):
        raise Http404
    if "confirmed" in request.POST:
        return _save(request)
    plan = ledger.plan()
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            document = _read(form.cleaned_data["document"])
        except DocumentRefused as refused:
            form.add_error("document", f"{refused}。")
        else:
            return _preview(request, plan, form.cleaned_data["document"].name, document)
    return _page(request, form, status=INVALID if form.is_bound else 200)


def _page(
    request: HttpRequest, form: forms.Form, *, refused: str = "", status: int = 200
) -> TemplateResponse:
    return TemplateResponse(
        request,
        "web/plan_load.html",
        {
            "title": "载入计划原文",
            "crumbs": [("计划", reverse("plan"))],
            "form": form,
            "refused": refused,
        },
        status=status,
    )


def _read(upload: "UploadedFile[Any]") -> Document:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"document{Path(upload.name or '').suffix.lower()}"
        path.write_bytes(upload.read())
        return read_document(path)


def _preview(
    request: HttpRequest, plan: Plan, source_name: str, document: Document
) -> TemplateResponse:
    found = attach(document.clauses, [clause.path for clause in plan.clauses])
    clauses = {clause.path: clause for clause in plan.clauses}
    carried = {
        "plan": plan.name,
        "source_name": source_name,
        "wordings": [(c.path, c.title, c.text) for c in found.attached],
    }
    return TemplateResponse(
        request,
        "web/plan_preview.html",
        {
            "title": "核对计划原文",
            "crumbs": [("计划", reverse("plan")), ("载入计划原文", reverse("plan-load"))],
            "plan": plan,
            "source_name": source_name,
            "document": document,
            "other": _other(plan, document),
            "attached": [
                (clause_words(clauses[c.path]), bases.whole(c.title, c.text))
                for c in found.attached
            ],
            "found": found,
            "missing": [clauses[path] for path in found.without_wording],
            "clean": _clean(found, document),
            "carried": signing.dumps(carried, salt=SALT, compress=True),
        },
    )


def _other(plan: Plan, document: Document) -> str:
    """The number of the document, where it is not the plan's own."""
    number = document.head.number
    return number if number and number != plan.number else ""


def _clean(found: Attachment, document: Document) -> bool:
    return not (found.unknown or found.repeated or found.without_wording or document.problems)


def _save(request: HttpRequest) -> HttpResponse:
    try:
        carried = signing.loads(request.POST["confirmed"], salt=SALT)
    except signing.BadSignature:
        torn = "核对页的内容不完整，请重新上传文件。"
        return _page(request, UploadForm(), refused=torn, status=INVALID)
    try:
        loaded = plans.load_wording(
            by=acting(request),
            plan=carried["plan"],
            source_name=carried["source_name"],
            wordings=[Wording(*wording) for wording in carried["wordings"]],
        )
    except Refused as refused:
        return _page(request, UploadForm(), refused=refused.text, status=status_of(refused))
    messages.success(request, f"已载入 {len(loaded)} 条原文，显示在各条款旁边。")
    return redirect("plan")


class SwitchForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200, help_text="写明学校的决定或文号。")


def switch(request: HttpRequest, name: str) -> HttpResponse:
    """Use an obligation that has no firm basis, or stop using it."""
    if access.check(request.user, SWITCH, None) or name not in ledger.plan().obligation_names():
        raise Http404
    obligation = catalogue.current().obligations[name]
    used = name not in School.objects.get().switched_off
    form = SwitchForm(request.POST or None)
    act = partial(school.switch, by=acting(request), obligation=name, on=not used)
    if form.outcome(act):
        messages.success(
            request, f"已{'关闭' if used else '启用'}“{obligation.title}”，台账已重算。"
        )
        return redirect("obligation", name)
    return form_page(
        request, form, title=f"{'关闭' if used else '启用'}：{obligation.title}",
        crumbs=[("计划", reverse("plan")), (obligation.title, reverse("obligation", args=[name]))],
        submit="关闭" if used else "启用",
        about="关闭后台账不再列这一项，以后可以再启用；要重算全校台账，需要几秒。",
    )  # fmt: skip
