"""Which column of a file holds what: said once for a file, remembered for where it comes from."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, sealing
from guantong.records.access import Refused
from guantong.records.actions import imports, reconciling, sources
from guantong.records.models import ImportBatch, ImportSource, User
from guantong.sheets.columns import Heard
from guantong.sheets.parse import Refusal, exchanges, headers, layout, layouts, parse
from guantong.web import download
from guantong.web.acting import ActionForm, acting
from guantong.web.filters import paged

NOT_READ = ("", "（不读）")
LONG = 7  # digits in a row that may be an ID or phone number


def _fields(kind: str) -> list[tuple[str, str]]:
    """What a column may hold; a star where the sheet cannot do without."""
    columns = layout(kind).columns
    return [NOT_READ, *((c.field, f"{c.title} *" if c.required else c.title) for c in columns)]


class ColumnsForm(ActionForm):
    """One select for each header, and how the source is called."""

    def __init__(
        self, request: HttpRequest, kind: str, known: Sequence[tuple[str, str, str]], **more: Any
    ) -> None:
        """`known`: each header made plain, as written, and the field it is taken for."""
        super().__init__(request.POST or None, **more)
        self.headers = [key for key, *_ in known]
        for i, (_, header, field) in enumerate(known):
            self.fields[f"column{i}"] = forms.ChoiceField(
                label=header, choices=_fields(kind), initial=field, required=False
            )

    def clean(self) -> dict[str, Any]:
        """`columns`: what each header holds, instead of the selects."""
        given = super().clean() or self.cleaned_data
        columns = {key: given.pop(f"column{i}", "") for i, key in enumerate(self.headers)}
        taken = [field for field in columns.values() if field]
        if doubled := next((field for field in taken if taken.count(field) > 1), ""):
            first, *_ = (i for i, key in enumerate(self.headers) if columns[key] == doubled)
            self.add_error(f"column{first}", "两列选了同一项，请只留一列。")
        return {**given, "columns": columns}

    def selects(self) -> list[forms.BoundField]:
        return [self[f"column{i}"] for i in range(len(self.headers))]


class ChoosingForm(ColumnsForm):
    source = forms.CharField(
        label="记住为来源",
        required=False,
        max_length=60,
        help_text="选填，例如“学工系统导出”。下次同一来源的表自动这样读，随时可以改。",
    )


class SourceForm(ColumnsForm):
    name = forms.CharField(label="来源", max_length=60)


def choose(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(access.batches(request.user).select_related("source"), pk=pk)
    by = acting(request)
    try:
        content = imports.uploaded(by=by, batch=batch)
    except Refused as refused:
        messages.error(request, refused.text)
        return redirect("import-batch", batch.pk)
    number, heard = headers(batch.kind, content, batch.source.columns if batch.source else None)
    called = batch.source.name if batch.source else batch.reading.get("source_name", "")
    known = [(one.key, one.place.header, one.field) for one in heard]
    form = ChoosingForm(request, batch.kind, known, initial={"source": called})
    if form.outcome(_reading(by, batch, content)):
        compared = batch.kind in exchanges()
        return redirect("reconcile") if compared else redirect("import-batch", batch.pk)
    return TemplateResponse(
        request,
        "web/import_columns.html",
        {
            "title": "各列是什么",
            "crumbs": [("导入", reverse("import")), (batch.file_name, _address(batch))],
            "batch": batch,
            "form": form,
            "number": number,
            "rows": list(zip(heard, form.selects(), map(_samples, heard), strict=True)),
            "why": "" if form.errors else batch.reading.get("why", ""),
        },
        status=form.status,
    )


def _address(batch: ImportBatch) -> str:
    return reverse("import-batch", args=[batch.pk])


def _reading(by: User, batch: ImportBatch, content: bytes) -> Any:
    def read(*, source: str, columns: dict[str, str]) -> object:
        try:
            parsed = parse(batch.kind, batch.file_name, content, columns)
        except Refusal as refusal:
            raise Refused(refusal.text) from None
        kept = None
        if source.strip():
            kept = sources.remember(by=by, kind=batch.kind, name=source, columns=columns)
        if batch.kind in exchanges():
            day = date.fromisoformat(batch.reading["as_of"])
            export = reconciling.Export(batch.kind, batch.file_name, day, parsed.rows)
            reconciling.compare(by=by, export=export, wait=False)
            return imports.discard(by=by, batch=batch)
        return imports.read_again(by=by, batch=batch, parsed=parsed, source=kept)

    return read


def _samples(heard: Heard) -> str:
    """The first few cells, without what could be an ID or a phone number."""
    whole = (int(c) if isinstance(c, float) and c.is_integer() else c for c in heard.samples)
    shown = [str(cell)[:20] for cell in whole]
    return "、".join(_masked(text) for text in shown)


def _masked(text: str) -> str:
    digits = sum(c.isdigit() for c in text)
    if digits < LONG or "-" in text or (text.startswith(("19", "20")) and digits <= 8):
        return text
    return sealing.mask("phone", text)


# What is remembered


@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    found = access.sources(request.user).select_related("org", "by").order_by("kind", "name", "pk")
    if not _may_import(request):
        raise Http404
    if download.wanted(request):
        header = ["来源", "种类", "范围", "表头", "读作"]
        rows = [
            (one.name, layout(one.kind).title, one.org.name if one.org else "全校", key,
             layout(one.kind).column(field).title if field else "不读")
            for one in found
            for key, field in sorted(one.columns.items())
        ]  # fmt: skip
        return download.workbook(request, title="记住的来源", header=header, rows=rows)
    page = paged(request, found)
    return TemplateResponse(
        request,
        "web/import_sources.html",
        {
            "title": "记住的来源",
            "crumbs": [("导入", reverse("import"))],
            "page": page,
            "rows": [(one, layout(one.kind).title, _read(one)) for one in page],
        },
    )


def _may_import(request: HttpRequest) -> bool:
    kinds = {one.permission for one in layouts().values()}
    return any(access.orgs(request.user, permission).exists() for permission in kinds)


def _read(source: ImportSource) -> int:
    return sum(bool(field) for field in source.columns.values())


def source(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(access.sources(request.user), pk=pk)
    by = acting(request)
    may = not access.check(by, layout(found.kind).permission, found.org)
    if request.method == "POST" and not may:
        raise PermissionDenied("这是全校共用的来源，只能由学校党委组织部修改。")
    if request.POST.get("do") == "forget":
        sources.forget(by=by, source=found)
        messages.success(request, f"已删除来源“{found.name}”，导入过的内容不受影响。")
        return redirect("import-sources")
    known = [(key, key, field) for key, field in sorted(found.columns.items())]
    form = SourceForm(request, found.kind, known, initial={"name": found.name})

    def change(*, name: str, columns: dict[str, str]) -> ImportSource:
        return sources.change(by=by, source=found, name=name, columns=columns)

    if form.outcome(change):
        messages.success(request, "已保存，下次导入时按这样读。")
        return redirect("import-sources")
    return TemplateResponse(
        request,
        "web/import_source.html",
        {
            "title": found.name,
            "crumbs": [("导入", reverse("import")), ("记住的来源", reverse("import-sources"))],
            "source": found,
            "kind": layout(found.kind).title,
            "form": form,
            "rows": form.selects(),
            "may": may,
        },
        status=form.status,
    )
