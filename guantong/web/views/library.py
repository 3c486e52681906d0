"""制度库: the documents of the organisations in view, what is lacking, checks and follow-ups."""

from datetime import date
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock, library
from guantong.records.actions import documents as actions
from guantong.records.models import Document, DocumentCheck, Org
from guantong.records.models.relation import DocumentQuerySet
from guantong.sheets.write import Value
from guantong.web import choices, download, scope
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.filters import Filter, paged, part_of

EDIT: Final = "post.edit"
SORTS: Final = {
    "org": ("org__path", "doc_class", "-valid_from", "pk"),
    "title": ("title", "pk"),
    "from": ("-valid_from", "pk"),
    "review": ("review_due", "pk"),
}
HEADER: Final = (
    "类别", "名称", "文号", "党组织", "施行日期", "停止执行", "应复核", "被哪份代替", "检查次数",
    "待整改问题",
)  # fmt: skip


class LibraryFilter(Filter):
    q = forms.CharField(
        label="查找", required=False, max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "名称、文号"}),
    )  # fmt: skip
    doc_class = forms.ChoiceField(label="类别", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=list(library.STATES.items()))
    own = forms.BooleanField(label="只看本级", required=False)
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("doc_class", choices.kinds("documents", every="全部"))


def _org(request: HttpRequest) -> Org:
    org = scope.org_in_view(request)
    if org is None:
        raise Http404
    return get_object_or_404(access.orgs(request.user, "org.view"), pk=org.pk)


@require_GET
def documents(request: HttpRequest) -> HttpResponse:
    org, form, today = _org(request), LibraryFilter(request), clock.today()
    found = _found(request, org, form, today)
    if download.wanted(request):
        about = " · ".join([org.name, *form.narrowed()])
        rows = [_line(row) for row in found.prefetch_related("checks")]
        return download.workbook(request, title="制度库", header=HEADER, rows=rows, about=about)
    page = paged(request, found.prefetch_related("checks"))
    return TemplateResponse(
        request,
        part_of(request, "web/library.html", "list"),
        {
            "title": "制度库",
            "crumbs": [("组织", reverse("org-list"))],
            "org": org,
            "form": form,
            "page": page,
            "rows": [(row, _class(row), _open(row)) for row in page],
            "sort": form.value("sort", "org"),
            "today": today,
            "searched": bool(form.narrowed()),
            "above": [] if form.value("own") else _above(org, today),
            "may": not access.check(acting(request), EDIT, org),
        },
    )


def _above(org: Org, today: date) -> list[tuple[Document, str]]:
    """What the organisations above have in force: it binds those below, who carry it out."""
    higher = Document.objects.on(today).filter(
        org__in=org.lineage()[:-1], doc_class__in=library.classes()
    )
    rows = higher.select_related("org").order_by(*SORTS["org"])
    return [(row, _class(row)) for row in rows]


def _found(request: HttpRequest, org: Org, form: LibraryFilter, today: date) -> DocumentQuerySet:
    within = access.orgs(request.user, "org.view").below(org)
    found = Document.objects.filter(org=org) if form.value("own") else Document.objects.filter(
        org__in=within
    )  # fmt: skip
    found = library.narrowed(found, form.value("state"), today)
    if doc_class := form.value("doc_class"):
        found = found.filter(doc_class=doc_class)
    if q := form.value("q").strip() if form.value("q") else "":
        found = found.filter(Q(title__icontains=q) | Q(number__icontains=q))
    found = found.select_related("org", "replaced_by")
    return found.order_by(*SORTS[form.value("sort", "org")])


def _class(row: Document) -> str:
    return catalogue.current().label("documents", row.doc_class)


def _open(row: Document) -> int:
    return sum(one.problem and one.closed_on is None for one in row.checks.all())


def _line(row: Document) -> tuple[Value, ...]:
    after = row.replaced_by.title if row.replaced_by else ""
    return (
        _class(row), row.title, row.number, row.org.name, row.valid_from, row.valid_to,
        row.review_due, after, len(row.checks.all()), _open(row),
    )  # fmt: skip


class CoverageFilter(Filter):
    lacking = forms.BooleanField(label="只看有缺的", required=False)


@require_GET
def coverage(request: HttpRequest) -> HttpResponse:
    """Class by organisation: how many documents are in force, and who lacks one."""
    org, form, today = _org(request), CoverageFilter(request), clock.today()
    classes = library.classes()
    there = library.second_level(access.orgs(request.user, "org.view").below(org), today)
    rows = library.coverage(there, today)
    if form.value("lacking"):
        rows = [row for row in rows if row.lacks]
    if download.wanted(request):
        lines: list[tuple[Value, ...]] = [
            (row.org.name, *(row.counts.get(code, 0) for code in classes), "、".join(row.lacks))
            for row in rows
        ]
        header = ("党组织", *classes.values(), "缺少")
        about = " · ".join([org.name, f"截至 {today}", *form.narrowed()])
        return download.workbook(request, title="制度覆盖", header=header, rows=lines, about=about)
    page = paged(request, rows)
    return TemplateResponse(
        request,
        part_of(request, "web/library_coverage.html", "list"),
        {
            "title": "制度覆盖",
            "crumbs": [("组织", reverse("org-list")), ("制度库", reverse("library"))],
            "form": form,
            "page": page,
            "classes": classes.values(),
            "rows": [
                (row, [(code, title, row.counts.get(code, 0)) for code, title in classes.items()])
                for row in page
            ],
            "edits": set(
                access.orgs(request.user, EDIT)
                .filter(pk__in=[row.org.pk for row in page])
                .values_list("pk", flat=True)
            ),
        },
    )


# ---------------------------------------------------------------- one document


def _document(request: HttpRequest, pk: int, permission: str) -> Document:
    within = access.orgs(request.user, permission)
    return get_object_or_404(
        Document.objects.select_related("org", "replaced_by"), pk=pk, org__in=within
    )


@require_GET
def document(request: HttpRequest, pk: int) -> HttpResponse:
    found = _document(request, pk, "org.view")
    return TemplateResponse(
        request,
        "web/institution.html",
        {
            "title": found.title,
            "crumbs": _crumbs(),
            "document": found,
            "doc_class": _class(found),
            "replaces": found.replaces.order_by("valid_from"),
            "checks": found.checks.select_related("by").order_by("-on_day", "-pk"),
            "today": clock.today(),
            "may": not access.check(acting(request), EDIT, found.org),
        },
    )


def _crumbs() -> list[tuple[str, str]]:
    return [("组织", reverse("org-list")), ("制度库", reverse("library"))]


def _to(found: Document) -> list[tuple[str, str]]:
    return [*_crumbs(), (found.title, reverse("institution", args=[found.pk]))]


class ReplaceForm(ActionForm):
    title = forms.CharField(label="新制度名称", max_length=200)
    number = forms.CharField(label="文号", max_length=80, required=False)
    on = DayField(label="新制度施行日期", help_text="原制度从这一天起停止执行。")
    review_due = DayField(label="应复核日期", required=False)


def replace(request: HttpRequest, pk: int) -> HttpResponse:
    found = _document(request, pk, EDIT)
    start = {"title": found.title, "on": clock.today()}
    form = ReplaceForm(request.POST or None, initial=start)
    if new := form.outcome(partial(actions.replace, by=acting(request), document=found)):
        messages.success(request, f"已登记“{new.title}”，原制度标明被它代替。")
        return redirect("institution", new.pk)
    return form_page(
        request, form, title=f"用新制度代替：{found.title}", crumbs=_to(found), submit="登记",
        about="不能撤回；登记错了，把新制度停用后重新登记。",
    )  # fmt: skip


class CheckForm(ActionForm):
    on_day = DayField(label="检查日期")
    found = forms.CharField(
        label="检查情况", max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )
    problem = forms.BooleanField(label="发现问题，需要整改", required=False)


def check(request: HttpRequest, pk: int) -> HttpResponse:
    found = _document(request, pk, EDIT)
    form = CheckForm(request.POST or None, initial={"on_day": clock.today()})
    if form.outcome(partial(actions.check, by=acting(request), document=found)):
        messages.success(request, "已登记检查。")
        return redirect("institution", pk)
    return form_page(
        request, form, title=f"登记检查：{found.title}", crumbs=_to(found), submit="登记",
        about="写制度执行得怎样、问题在哪里，不给任何人打分。登记后不能改，写错了再登记一次。",
    )  # fmt: skip


class CloseForm(ActionForm):
    closed_on = DayField(label="整改完成日期")
    closed_how = forms.CharField(
        label="整改情况", max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )


def close_problem(request: HttpRequest, pk: int, check_pk: int) -> HttpResponse:
    found = _document(request, pk, EDIT)
    row = get_object_or_404(
        DocumentCheck.objects.select_related("document__org"), pk=check_pk, document=found
    )
    form = CloseForm(request.POST or None, initial={"closed_on": clock.today()})
    if form.outcome(partial(actions.close_problem, by=acting(request), check=row)):
        messages.success(request, "已登记整改完成。")
        return redirect("institution", pk)
    return form_page(
        request, form, title=f"整改完成：{found.title}", crumbs=_to(found), submit="登记",
        about=f"{row.on_day} 检查：{row.found}",
    )  # fmt: skip
