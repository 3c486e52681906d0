"""Importing: the batches, the upload, empty sheets to fill in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.actions import imports, sources
from guantong.records.imports.rows import ROLL, AnyParsed
from guantong.records.models import ImportBatch, ImportSource, User
from guantong.records.rosters import BRANCH
from guantong.sheets.layout import Layout, plain
from guantong.sheets.parse import Unmatched, layouts, parse
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.sheets.write import template
from guantong.web import download
from guantong.web.acting import ActionForm, DayField, acting
from guantong.web.filters import paged
from guantong.web.import_batches import listed


class UploadForm(ActionForm):
    kind = forms.ChoiceField(label="导入什么", widget=forms.RadioSelect)
    file = forms.FileField(
        label="文件",
        help_text=".xlsx、.xls 或 .csv，不超过 20 MB。常见的表头都认得，表头上方的标题不用删。",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    source = forms.CharField(
        label="来源",
        required=False,
        max_length=60,
        help_text="选填，例如“学工系统导出”。写了，这次各列的对应就记在它名下，下次自动套用。",
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
    )
    as_of = DayField(
        label="表格日期",
        required=False,
        help_text="名册、党组织、任职：表上是哪一天的情况，变动从这天算起。不写是今天。",
    )

    def __init__(self, request: HttpRequest, offered: Sequence[Layout]) -> None:
        asked = request.GET.get("kind", offered[0].kind if len(offered) == 1 else "")
        super().__init__(request.POST or None, request.FILES or None, initial={"kind": asked})
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(layout.kind, layout.title) for layout in offered]
        if not any(layout.dated for layout in offered):
            del self.fields["as_of"]


def import_list(request: HttpRequest) -> HttpResponse:
    offered = _offered(request)
    if not offered:
        raise Http404
    form = UploadForm(request, offered)
    batch = form.outcome(_uploaded(acting(request)))
    if batch is not None:
        return redirect(
            "import-columns" if batch.state == imports.COLUMNS else "import-batch", batch.pk
        )
    found = access.batches(request.user).select_related("by", "org").defer("made", "upload")
    found = found.order_by("-made_at", "-pk")
    if download.wanted(request):
        return _workbook(request, found)
    page = paged(request, found)
    return TemplateResponse(
        request,
        "web/import_list.html",
        {
            "title": "导入",
            "form": form,
            "layouts": offered,
            "may_reconcile": bool(access.reach(request.user, "member.reconcile").paths),
            "sources": access.sources(request.user).order_by("name"),
            "page": page,
            "rows": [listed(batch) for batch in page],
        },
        status=form.status,
    )


def _workbook(request: HttpRequest, found: Iterable[ImportBatch]) -> HttpResponse:
    header = ["批", "文件", "内容", "范围", "结果", "状态", "上传人", "上传时间"]
    rows = [
        (one.batch.pk, one.batch.file_name, one.kind, one.scope,
         "，".join(f"{title} {n}" for title, n in one.counts), one.state,
         one.batch.by.called if one.batch.by else "系统", one.batch.made_at)
        for one in map(listed, found)
    ]  # fmt: skip
    return download.workbook(request, title="导入过的文件", header=header, rows=rows)


@require_GET
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty sheet to fill in, with the user's own organisations to choose from."""
    layout = next((one for one in _offered(request) if one.kind == kind), None)
    if layout is None:
        raise Http404
    orgs = access.orgs(request.user, layout.permission).on(clock.today()).in_order()
    if kind == ROLL:
        orgs = orgs.filter(kind=BRANCH)
    content = template(layout, orgs=list(orgs.values_list("name", flat=True)))
    return download.attached(content, f"{layout.file_name}.xlsx")


# Uploading


def _uploaded(by: User) -> Callable[..., ImportBatch]:
    def preview(
        *, kind: str, file: "UploadedFile[Any]", source: str, as_of: Any = None
    ) -> ImportBatch:
        known = _source(by, kind, source)
        chosen = known.columns if known else None
        day = as_of if layouts()[kind].dated else None
        try:
            check_size(file.size or 0)
            upload = imports.Upload(file.read(), known)
            parsed = parse(kind, file.name or "", upload.content, chosen)
        except Unmatched as unmatched:  # the user says which column holds what
            return imports.receive(
                by=by, kind=kind, file_name=file.name or "", upload=upload, as_of=day,
                why=unmatched.text, source_name=source,
            )  # fmt: skip
        except Refusal as refusal:
            raise Refused(refusal.text, {"file": refusal.text}) from None
        if source:
            upload = replace(upload, source=_remembered(by, kind, source, parsed))
        return imports.preview(by=by, parsed=parsed, as_of=day, upload=upload, wait=False)

    return preview


def _source(by: User, kind: str, name: str) -> ImportSource | None:
    """The user's own before the school's."""
    found = access.sources(by).filter(kind=kind, name=" ".join(name.split()))
    return found.order_by(F("org").asc(nulls_last=True)).first()


def _remembered(by: User, kind: str, name: str, parsed: AnyParsed) -> ImportSource:
    """The source, with what the columns of this file were read as."""
    columns = {plain(place.header): field for field, place in parsed.columns.items()}
    return sources.remember(by=by, kind=kind, name=name, columns=columns)


# What is shown


def _offered(request: HttpRequest) -> list[Layout]:
    """What this user may import somewhere."""
    return [
        layout
        for layout in layouts().values()
        if access.orgs(request.user, layout.permission).exists()
    ]
