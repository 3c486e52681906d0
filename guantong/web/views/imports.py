"""Importing: the batches and the upload, what a file would do, confirming and undoing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.actions import imports
from guantong.records.imports.rows import OUTCOME_TITLES, ROLL, Heading, Outcome, Problem
from guantong.records.models import ImportBatch, User
from guantong.records.rosters import BRANCH
from guantong.sheets.layout import Layout
from guantong.sheets.parse import layouts, parse
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.sheets.write import template
from guantong.web import download
from guantong.web.acting import ActionForm, DayField, acting, status_of
from guantong.web.filters import ON_A_PAGE, paged

EXCLUDED: Final = "excluded"
# What a table of a preview shows of a row, beside its number.
SHOWN: Final = {
    "roll": {
        "name": "姓名", "org": "党支部", "status": "类别", "id_number": "身份证号",
        "gender": "性别", "birth_date": "出生日期", "joined_on": "入党时间",
        "full_member_on": "转正时间", "branch_since": "进入本支部", "number": "学工号",
        "phone": "联系电话",
    },
    "activities": {
        "title": "主题", "held_on": "日期", "kind": "类型", "hosts": "主办", "hours": "学时",
        "attended": "参加", "place": "地点",
    },
}  # fmt: skip
BRIEFLY: Final = 2  # so many of these where the row's problems or changes take the room


class UploadForm(ActionForm):
    kind = forms.ChoiceField(label="导入什么", widget=forms.RadioSelect)
    file = forms.FileField(
        label="文件",
        help_text=".xlsx、.xls 或 .csv，不超过 20 MB。常见的表头都认得，表头上方的标题不用删。",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    as_of = DayField(
        label="名册日期",
        required=False,
        help_text="只用于名册：表上是哪一天的情况。不写是今天；新党员的组织关系从这天算起。",
    )

    def __init__(self, request: HttpRequest, offered: Sequence[Layout]) -> None:
        asked = request.GET.get("kind", offered[0].kind if len(offered) == 1 else "")
        super().__init__(request.POST or None, request.FILES or None, initial={"kind": asked})
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(layout.kind, layout.title) for layout in offered]
        if all(layout.kind != ROLL for layout in offered):
            del self.fields["as_of"]


def import_list(request: HttpRequest) -> HttpResponse:
    offered = _offered(request)
    if not offered:
        raise Http404
    form = UploadForm(request, offered)
    batch = form.outcome(_uploaded(acting(request)))
    if batch is not None:
        return redirect("import-batch", batch.pk)
    found = access.batches(request.user).select_related("by", "org").defer("rows", "made")
    page = paged(request, found.order_by("-made_at", "-pk"))
    return TemplateResponse(
        request,
        "web/import_list.html",
        {
            "title": "导入",
            "form": form,
            "layouts": offered,
            "page": page,
            "rows": [_listed(batch) for batch in page],
        },
        status=form.status,
    )


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


def import_batch(request: HttpRequest, pk: int) -> HttpResponse:
    found = access.batches(request.user).select_related("by", "org").defer("made")
    batch = get_object_or_404(found, pk=pk)
    refused = None
    if request.method == "POST":
        try:
            return _done(request, batch)
        except Refused as reason:
            refused = reason
            batch.refresh_from_db()
    return TemplateResponse(
        request,
        "web/import_batch.html",
        {
            "title": batch.file_name,
            "crumbs": [("导入", reverse("import"))],
            "batch": batch,
            "about": _listed(batch),
            "notes": batch.reading["notes"],
            "refused": refused.text if refused else "",
            **_table(request, batch),
        },
        status=status_of(refused) if refused else 200,
    )


# What is done with a batch


def _uploaded(by: User) -> Callable[..., ImportBatch]:
    def preview(*, kind: str, file: "UploadedFile[Any]", as_of: Any = None) -> ImportBatch:
        try:
            check_size(file.size or 0)
            parsed = parse(kind, file.name or "", file.read())
        except Refusal as refusal:
            raise Refused(refusal.text, {"file": refusal.text}) from None
        return imports.preview(by=by, parsed=parsed, as_of=as_of if kind == ROLL else None)

    return preview


def _done(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    by, do = acting(request), request.POST.get("do")
    match do:
        case "confirm":
            imports.confirm(by=by, batch=batch)
            messages.success(request, "已写入，台账已更新。")
        case "undo":
            imports.undo(by=by, batch=batch)
            messages.success(request, "整批已撤回，台账已更新。")
        case "discard":
            imports.discard(by=by, batch=batch)
            messages.success(request, f"已放弃“{batch.file_name}”，没有写入任何内容。")
            return redirect("import")
        case "recheck":
            imports.recheck(by=by, batch=batch)
            messages.success(request, "已按现在的记录重新核对。")
        case "exclude" | "exclude-problems" | "include":
            lines = _excluded(do, batch.rows, request.POST.getlist("line"))
            imports.exclude_rows(by=by, batch=batch, lines=lines)
        case _:
            raise Http404
    return redirect("import-batch", batch.pk)


def _excluded(do: str, rows: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> set[int]:
    """The rows that are to be left out from now on."""
    lines = {int(line) for line in chosen if line.isascii() and line.isdigit()}
    out = {row["line"] for row in rows if row["excluded"]}
    if do == "include":
        return out - lines
    if do == "exclude-problems":
        lines = {row["line"] for row in rows if row.get("outcome") == Outcome.PROBLEM}
    return out | lines


# What is shown


def _offered(request: HttpRequest) -> list[Layout]:
    """What this user may import somewhere."""
    return [
        layout
        for layout in layouts().values()
        if access.orgs(request.user, layout.permission).exists()
    ]


@dataclass(frozen=True)
class Listed:
    """A batch in words."""

    batch: ImportBatch
    kind: str
    state: str
    scope: str
    counts: list[tuple[str, int]]


def _listed(batch: ImportBatch) -> Listed:
    return Listed(
        batch=batch,
        kind=layouts()[batch.kind].title,
        state=imports.STATES[batch.state],
        scope=batch.org.short_name if batch.org else "全校",
        counts=[(title, n) for _, title, n in _counts(batch) if n],
    )


def _counts(batch: ImportBatch) -> Iterator[tuple[str, str, int]]:
    counts = batch.reading["counts"]
    for outcome in (Outcome.PROBLEM, Outcome.CHANGED, Outcome.NEW, Outcome.SAME):
        yield outcome, OUTCOME_TITLES[outcome], counts[outcome]
    yield EXCLUDED, "已排除", counts[EXCLUDED]


@dataclass(frozen=True)
class Row:
    """One row of the file. `problems` are (where, what, remedy)."""

    line: int
    cells: list[tuple[str, str]]
    problems: list[tuple[str, str, str]]
    differences: list[Mapping[str, str]]


def _table(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """One page of the rows of one outcome: the one asked for, else the first there is."""
    tabs = [(name, title, n) for name, title, n in _counts(batch) if n and batch.rows]
    names = [name for name, *_ in tabs]
    asked = request.GET.get("show", "")
    show = asked if asked in names else next(iter(names), "")
    found = [row for row in batch.rows if _outcome(row) == show]
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    columns = _columns(batch, show, found)
    return {
        "tabs": tabs,
        "show": show,
        "page": page,
        "header": [title for _, title in columns],
        "rows": [_row(row, columns, batch) for row in page],
        "waiting": batch.state == "preview",
        "problems": batch.reading["counts"][Outcome.PROBLEM],
        "work": sum(batch.reading["counts"][o] for o in (Outcome.NEW, Outcome.CHANGED)),
    }


def _outcome(row: Mapping[str, Any]) -> str:
    return EXCLUDED if row["excluded"] else row["outcome"]


def _columns(
    batch: ImportBatch, show: str, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """The fields that any of the rows has; only what names a row beside its problems."""
    columns = list(SHOWN[batch.kind].items())
    if show in (Outcome.PROBLEM, Outcome.CHANGED):
        columns = columns[:BRIEFLY]
    used = {name for row in rows for name in row["shown"]}
    return [(name, title) for name, title in columns if name in used]


def _row(row: Mapping[str, Any], columns: Sequence[tuple[str, str]], batch: ImportBatch) -> Row:
    places = {field: Heading(*at) for field, at in batch.reading["columns"].items()}
    problems = [Problem(**found) for found in row.get("problems", [])]
    return Row(
        line=row["line"],
        cells=[(title, row["shown"].get(name, "")) for name, title in columns],
        problems=[(str(places.get(p.field) or "整行"), p.what, p.remedy) for p in problems],
        differences=row.get("differences", []),
    )
