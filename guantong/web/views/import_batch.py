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
from guantong.records.imports.rows import STUCK, Heading, Outcome, Problem
from guantong.records.models import ImportBatch, ImportRow
from guantong.web import download
from guantong.web.acting import acting, status_of
from guantong.web.filters import Filter, paged
from guantong.web.import_batches import EXCLUDED, counts, listed

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
    reading = batch.state == imports.READING
    return TemplateResponse(
        request,
        "web/import_batch.html#progress" if "HX-Request" in request.headers else
        "web/import_batch.html",
        {
            "title": batch.file_name,
            "crumbs": [("导入", reverse("import"))],
            "batch": batch,
            "about": listed(batch),
            "notes": batch.reading["notes"],
            "refused": refused.text if refused else batch.reading.get("refused", ""),
            "reading": reading,
            "job": jobs.to_tell(imports.job(batch)) if reading else None,
            "form": form,
            "tabs": tabs,
            "show": show,
            "page": page,
            "sort": form.value("sort"),
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
    """One row of the file. `problems` are (where, what, remedy); `person` is who is missing."""

    line: int | None
    person: int | None
    cells: list[tuple[str, str]]
    problems: list[tuple[str, str, str]]
    differences: list[Mapping[str, str]]


def _columns(batch: ImportBatch, show: str, rows: Iterable[ImportRow]) -> list[tuple[str, str]]:
    """The fields that any of the rows has; only what names a row beside its problems."""
    columns = list(SHOWN[batch.kind].items())
    if show in (*STUCK, Outcome.CHANGED):
        columns = columns[:BRIEFLY]
    used = {name for row in rows for name in row.told["shown"]}
    return [(name, title) for name, title in columns if name in used]


def _row(row: ImportRow, columns: Sequence[tuple[str, str]], batch: ImportBatch) -> Row:
    places = {field: Heading(*at) for field, at in batch.reading["columns"].items()}
    problems = [Problem(**found) for found in row.told["problems"]]
    return Row(
        line=row.line,
        person=row.told.get("meant"),
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
    columns = list(SHOWN[batch.kind].items())
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
