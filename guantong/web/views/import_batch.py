"""One file on its way in: what it would do, which rows to take, confirming and undoing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.records import access
from guantong.records.access import Refused
from guantong.records.actions import imports, jobs
from guantong.records.imports.rows import ORGS, STUCK, Heading, Outcome, Problem
from guantong.records.imports.stored import NAMING
from guantong.records.models import ImportBatch, ImportRow
from guantong.sheets.parse import layout
from guantong.web import download
from guantong.web.acting import acting, status_of
from guantong.web.filters import Filter, paged
from guantong.web.import_batches import EXCLUDED, counts, listed

MISSING: Final = {
    "roll": "系统里属于这些支部、表中没有写的党员。确已离开的，请在党员页办理。",
    "orgs": "系统里隶属于同样的上级、表中没有写的党组织。确已撤销的，请在组织页办理。",
    "posts": "系统里在这些党组织任职、表中没有写的人。确已免职的，请在组织页办理。",
    "hours": "系统里参加了这些活动、表中没有写的人。确实没参加的，请在活动页更正。",
}
SORTS: Final = {"": ("line", "pk"), "named": ("named", "pk")}


class RowFilter(Filter):
    """`show` is the tab, said beside the form."""

    narrow_nothing = frozenset({"sort", "show"})
    q = forms.CharField(label="找", required=False, max_length=60)
    differs = forms.ChoiceField(label="差异", required=False)
    show = forms.CharField(required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest, kinds: Sequence[Sequence[str]]) -> None:
        super().__init__(request)
        if kinds:
            self.offer("differs", [("", "全部差异"), *kinds])
        else:
            del self.fields["differs"]

    def condition(self, show: str) -> Q:
        """The rows of one tab that fit the filter."""
        found = Q(excluded=True) if show == EXCLUDED else Q(excluded=False, outcome=show)
        if text := self.value("q"):
            found &= Q(named__icontains=text)
        if "differs" in self.fields and (kind := self.value("differs")):
            found &= Q(differs__contains=f"|{kind}|")
        return found


def import_batch(request: HttpRequest, pk: int) -> HttpResponse:
    found = access.batches(request.user).select_related("by", "org", "source")
    batch = get_object_or_404(found.defer("made", "upload"), pk=pk)
    form = RowFilter(request, batch.reading["kinds"])
    tabs = [(name, title, n) for name, title, n in counts(batch) if n and batch.rows.exists()]
    names = [name for name, *_ in tabs]
    show = form.value("show") if form.value("show") in names else next(iter(names), "")
    rows = batch.rows.filter(form.condition(show)).order_by(*SORTS[form.value("sort")])
    refused = None
    if request.method == "POST":
        try:
            return _done(request, batch, form.condition(show))
        except Refused as reason:
            refused = reason
            batch.refresh_from_db(fields=["state", "reading"])
    if download.wanted(request):
        return _workbook(request, batch, rows, dict(t[:2] for t in tabs).get(show, ""), form)
    page = paged(request, rows)
    columns = _columns(batch, show, page)
    reading = batch.state in (imports.READING, imports.WRITING, imports.UNDOING)
    return TemplateResponse(
        request,
        "web/import_batch.html#progress" if "HX-Request" in request.headers else
        "web/import_batch.html",
        {
            "title": batch.file_name,
            "crumbs": [("导入", reverse("import"))],
            "batch": batch,
            "dated": layout(batch.kind).dated,
            "about": listed(batch),
            "notes": batch.reading["notes"],
            "refused": refused.text if refused else batch.reading.get("refused", ""),
            "reading": reading,
            "job": jobs.to_tell(imports.job(batch)) if reading else None,
            "told": jobs.told(imports.job(batch)) if reading else "",
            "form": form,
            "tabs": tabs,
            "show": show,
            "page": page,
            "sort": form.value("sort"),
            "missing_is": MISSING.get(batch.kind, ""),
            "has_upload": ImportBatch.objects.filter(pk=pk).exclude(upload=None).exists(),
            "header": [title for _, title in columns],
            "rows": [_row(row, columns, batch) for row in page],
            "kinds": _kinds(batch) if batch.state == "preview" else [],
            "waiting": batch.state == "preview",
            "stuck": sum(batch.reading["counts"].get(one, 0) for one in STUCK),
            "work": sum(
                batch.reading["counts"].get(one, 0) for one in (Outcome.NEW, Outcome.CHANGED)
            ),
        },
        status=status_of(refused) if refused else 200,
    )  # fmt: skip


# What is done with a batch


def _done(request: HttpRequest, batch: ImportBatch, listed_rows: Q) -> HttpResponse:
    by, do = acting(request), request.POST.get("do")
    match do:
        case "confirm":
            if imports.confirm(by=by, batch=batch, wait=False).state == "confirmed":
                messages.success(request, "已写入，台账已更新。")
        case "undo":
            if imports.undo(by=by, batch=batch, wait=False).state == "undone":
                messages.success(request, "整批已撤回，台账已更新。")
        case "discard":
            imports.discard(by=by, batch=batch)
            messages.success(request, f"已放弃“{batch.file_name}”，没有写入任何内容。")
            return redirect("import")
        case "recheck":
            imports.recheck(by=by, batch=batch, wait=False)
            messages.success(request, "已按现在的记录重新核对。")
        case "leave-out":
            taken = set(request.POST.getlist("kind"))
            kinds = [field for field, _ in batch.reading["kinds"] if field not in taken]
            imports.leave_out(by=by, batch=batch, kinds=kinds, wait=False)
        case _ if do in CHOICES:
            which, excluded = CHOICES[do]
            rows = {
                "chosen": Q(line__in=_lines(request)),
                "listed": listed_rows,
                "stuck": Q(outcome__in=STUCK),
                "all": Q(),
            }[which]
            imports.exclude_rows(by=by, batch=batch, rows=rows, excluded=excluded, wait=False)
        case _:
            raise Http404
    return redirect(request.get_full_path() if do in CHOICES else request.path)


CHOICES: Final = {
    "exclude": ("chosen", True),
    "exclude-listed": ("listed", True),
    "exclude-problems": ("stuck", True),
    "exclude-all": ("all", True),
    "include": ("chosen", False),
    "include-listed": ("listed", False),
    "include-all": ("all", False),
}


def _lines(request: HttpRequest) -> list[int]:
    chosen = request.POST.getlist("line")
    return [int(line) for line in chosen if line.isascii() and line.isdigit() and len(line) < 7]


# What is shown


@dataclass(frozen=True)
class Row:
    """One row of the file. `problems` are (where, what, remedy); `address` of what is missing."""

    line: int | None
    address: str
    cells: list[tuple[str, str]]
    problems: list[tuple[str, str, str]]
    differences: list[Mapping[str, str]]


def _fields(batch: ImportBatch) -> list[tuple[str, str]]:
    """What a row may hold: field and title, those that name it first."""
    columns = [(column.field, column.title) for column in layout(batch.kind).columns]
    return sorted(columns, key=lambda pair: NAMING.index(pair[0]) if pair[0] in NAMING else 99)


def _columns(batch: ImportBatch, show: str, rows: Iterable[ImportRow]) -> list[tuple[str, str]]:
    """The fields that any of the rows has; only what names a row beside its problems."""
    brief = show in (*STUCK, Outcome.CHANGED)
    columns = [pair for pair in _fields(batch) if not brief or pair[0] in NAMING]
    used = {name for row in rows for name in row.told["shown"]}
    return [(name, title) for name, title in columns if name in used]


def _row(row: ImportRow, columns: Sequence[tuple[str, str]], batch: ImportBatch) -> Row:
    places = {field: Heading(*at) for field, at in batch.reading["columns"].items()}
    problems = [Problem(**found) for found in row.told["problems"]]
    meant = row.told.get("meant")
    return Row(
        line=row.line,
        address=reverse("org" if batch.kind == ORGS else "member", args=[meant]) if meant else "",
        cells=[(title, row.told["shown"].get(name, "")) for name, title in columns],
        problems=[(str(places.get(p.field) or "整行"), p.what, p.remedy) for p in problems],
        differences=row.told["differences"],
    )


def _kinds(batch: ImportBatch) -> list[tuple[str, str, int, bool]]:
    """The kinds of difference: field, title, how many rows, whether they are taken."""
    left_out = batch.reading["left_out"]
    changed = batch.rows.filter(excluded=False, outcome=Outcome.CHANGED)
    return [
        (field, title, changed.filter(differs__contains=f"|{field}|").count(),
         field not in left_out)
        for field, title in batch.reading["kinds"]
    ]  # fmt: skip


def _workbook(
    request: HttpRequest,
    batch: ImportBatch,
    rows: QuerySet[ImportRow],
    tab: str,
    form: RowFilter,
) -> HttpResponse:
    """The rows of one tab as they are shown: ID and phone numbers stay masked."""
    columns = _fields(batch)
    lines = [
        (
            row.line,
            *(row.told["shown"].get(name, "") for name, _ in columns),
            "；".join(f"{one['what']}。{one['remedy']}" for one in row.told["problems"]),
            "；".join(
                f"{one['title']}：{one['before']} → {one['after']}"
                for one in row.told["differences"]
            ),
        )
        for row in rows.iterator(1000)
    ]
    header = ["行", *(title for _, title in columns), "问题和处理", "差异"]
    about = " · ".join([batch.file_name, *([tab] if tab else []), *form.narrowed()])
    return download.workbook(request, title="导入核对", header=header, rows=lines, about=about)
