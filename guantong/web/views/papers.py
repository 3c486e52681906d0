"""文书: templates, what they may name, making documents for cases, and what was filed."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.processes import model as m
from guantong.records import access, catalogue, clock, papers
from guantong.records.access import Refused
from guantong.records.actions import papers as actions
from guantong.records.models import Case, Paper, PaperTemplate
from guantong.records.papers import Template
from guantong.sheets import papers as word
from guantong.sheets.paper_child import MAX_TEMPLATE
from guantong.sheets.preflight import MEBI, Refusal
from guantong.web import choices, download, ids, paper_values
from guantong.web.acting import INVALID, ActionForm, acting, form_page, status_of
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.case import case_or_404, crumbs_to_case
from guantong.web.views.cases import require_cases

MOST: Final = 200  # cases in one go


def crumbs() -> list[tuple[str, str]]:
    return [("流程", reverse("cases")), ("文书模板", reverse("papers"))]


def processes() -> dict[str, m.Process]:
    """Those whose cases may be written into documents."""
    restricted = set(catalogue.handling().names("restricted"))
    return {n: catalogue.process(n) for n in catalogue.handling().of if n not in restricted}


class TemplateFilter(Filter):
    process = forms.ChoiceField(label="流程", required=False)
    q = forms.CharField(label="查找", required=False, max_length=60)

    def __init__(self, request: HttpRequest, *, every: bool = True) -> None:
        super().__init__(request)
        titles = [(name, process.title) for name, process in processes().items()]
        self.offer("process", [("", "全部"), *titles] if every else titles)


@require_GET
def template_list(request: HttpRequest) -> HttpResponse:
    require_cases(request)
    form, titles = TemplateFilter(request), processes()
    process, q = form.value("process"), form.value("q")
    found = [
        one for one in papers.offered(acting(request))
        if one.process in titles and process in ("", one.process) and q in one.title
    ]  # fmt: skip
    if download.wanted(request):
        rows = [
            (t.title, titles[t.process].title, t.org.name if t.org else "系统自带") for t in found
        ]
        return download.workbook(
            request, title="文书模板", header=("名称", "流程", "来自"), rows=rows,
            about=" · ".join(form.narrowed()),
        )  # fmt: skip
    uploads = access.orgs(request.user, actions.UPLOAD)
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/papers.html", "list"),
        {
            "title": "文书模板",
            "crumbs": crumbs()[:1],
            "form": form,
            "page": page,
            "rows": [(one, titles[one.process]) for one in page],
            "may_upload": uploads.exists(),
            "may_make": access.orgs(request.user, actions.FILE).exists(),
            "own": set(
                uploads.filter(pk__in=[t.org.pk for t in found if t.org]).values_list(
                    "pk", flat=True
                )
            ),
        },
    )


@require_GET
def names(request: HttpRequest) -> HttpResponse:
    """What a template for a process may name: to copy into Word."""
    require_cases(request)
    form = TemplateFilter(request, every=False)
    del form.fields["q"]
    told = paper_values.names(processes()[form.value("process", next(iter(processes())))])
    single = [(name, said) for name, said in told.items() if "/" not in name]
    if download.wanted(request):
        rows = [(f"{{{{{name}}}}}", said) for name, said in told.items()]
        return download.workbook(
            request, title="可用名称", header=("写法", "填什么"), rows=rows,
            about=" · ".join(form.narrowed()),
        )  # fmt: skip
    return TemplateResponse(
        request,
        part_of(request, "web/paper_names.html", "list"),
        {"title": "模板可用的名称", "crumbs": crumbs(), "form": form, "rows": single},
    )


# ---------------------------------------------------------------- uploading


class UploadForm(ActionForm):
    process = forms.ChoiceField(label="用于哪个流程")
    title = forms.CharField(label="名称", max_length=120)
    content = forms.FileField(
        label="模板文件（.docx）",
        help_text="在要填的地方写 {{名称}}；只认“可用的名称”里列出的，别的会指出来。",
    )

    def __init__(self, *args: Any, request: HttpRequest, **more: Any) -> None:
        super().__init__(*args, **more)
        within = access.orgs(request.user, actions.UPLOAD).on(clock.today())
        self.fields["org"] = choices.org_field(within, label="给哪个组织和下级用")
        field = self.fields["process"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, one.title) for name, one in processes().items()]
        self.order_fields(["org", "process", "title", "content"])

    def clean_content(self) -> bytes:
        file = self.cleaned_data["content"]
        if file.size > MAX_TEMPLATE:
            raise ValidationError(f"模板超过 {MAX_TEMPLATE // MEBI} MB，请删去图片再上传。")
        content: bytes = file.read()
        return content

    def clean(self) -> None:
        given = self.cleaned_data
        if "content" in given and "process" in given:
            try:
                found = word.check(
                    given["content"], paper_values.names(processes()[given["process"]])
                )
            except Refusal as refusal:
                self.add_error("content", refusal.text)
                return
            for told in found.told():
                self.add_error("content", told)


def upload(request: HttpRequest) -> HttpResponse:
    if not access.orgs(request.user, actions.UPLOAD).exists():
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None, request=request)
    if row := form.outcome(partial(actions.add_template, by=acting(request))):
        messages.success(request, f"已上传“{row.title}”，名称都认得。")
        return redirect("papers")
    return TemplateResponse(
        request,
        "web/paper_upload.html",
        {"title": "上传模板", "crumbs": crumbs(), "form": form, "back": reverse("papers")},
        status=form.status,
    )


def retire(request: HttpRequest, pk: int) -> HttpResponse:
    within = access.orgs(request.user, actions.UPLOAD)
    found = PaperTemplate.objects.filter(retired_at=None, org__in=within)
    row = get_object_or_404(found.select_related("org"), pk=pk)
    form = ActionForm(request.POST if request.method == "POST" else None)
    if form.outcome(partial(actions.retire_template, by=acting(request), template=row)):
        messages.success(request, "已停用，用它生成并归档的文书保留。")
        return redirect("papers")
    return form_page(
        request, form, title=f"停用模板：{row.title}", crumbs=crumbs(), submit="停用",
        danger=True, about="停用后不再列出，不能恢复，需要时重新上传。",
    )  # fmt: skip


def template_or_404(request: HttpRequest, code: str) -> Template:
    require_cases(request)
    found = papers.find(acting(request), code)
    if found is None or found.process not in processes():
        raise Http404
    return found


@require_GET
def template_file(request: HttpRequest, code: str) -> HttpResponse:
    found = template_or_404(request, code)
    return download.attached(found.content, f"{found.title}（模板）.docx", word.MIME)


# ---------------------------------------------------------------- making


class MakeFilter(Filter):
    state = forms.ChoiceField(label="状态", required=False)
    q = forms.CharField(label="找人或事项", required=False, max_length=60)


def make(request: HttpRequest, code: str) -> HttpResponse:
    """Choose cases; one document each, or one about all where the template has a list."""
    template = template_or_404(request, code)
    process = processes()[template.process]
    form = MakeFilter(request)
    form.offer("state", [("", "全部"), *((s.code, s.title) for s in process.states.values())])
    found = _cases(request, template, form)
    refused, gaps, status = "", False, 200
    if request.method == "POST":
        chosen = [ids.read(pk) for pk in request.POST.getlist("case")]
        rows = [row for row in found if row.pk in set(chosen)]
        try:
            return _made(request, template, process, rows)
        except Refused as reason:
            refused, status = reason.text, status_of(reason)
            gaps = isinstance(reason, Unfinished)
        except Refusal as refusal:
            refused, status = refusal.text, INVALID
    return TemplateResponse(
        request,
        "web/paper_make.html",
        {
            "title": f"生成文书：{template.title}",
            "crumbs": crumbs(),
            "template": template,
            "form": form,
            "rows": [(row, process.states[row.state].title) for row in found[:MOST]],
            "ticked": request.POST.getlist("case") or request.GET.getlist("case"),
            "most": MOST,
            "refused": refused,
            "gaps": gaps,
        },
        status=status,
    )


def _cases(request: HttpRequest, template: Template, form: MakeFilter) -> list[Case]:
    handled = access.orgs(request.user, actions.FILE)
    seen = access.cases(request.user).filter(process=template.process, org__in=handled)
    if template.org:
        seen = seen.filter(org__path__startswith=template.org.path)
    if state := form.value("state"):
        seen = seen.filter(state=state)
    if asked := [pk for text in request.GET.getlist("case") if (pk := ids.read(text))]:
        seen = seen.filter(pk__in=asked[:MOST])
    rows = seen.select_related("org", "other_org", "person").order_by(
        "closed_on", "org__sort_key", "pk"
    )
    q = form.value("q")
    return [row for row in rows[: MOST * 10] if q in str(row)]


def _made(
    request: HttpRequest, template: Template, process: m.Process, rows: Sequence[Case]
) -> HttpResponse:
    if not 0 < len(rows) <= MOST:
        raise Refused(f"请选择要生成的事项，一次最多 {MOST} 件。")
    known = paper_values.names(process)
    found = word.check(template.content, known)
    if not found.fit:
        raise Refused("\n".join(["模板要先改好：", *found.told()]))
    if "blank" not in request.POST:
        _require_done(paper_values.not_done(process, found.found, rows))
    if paper_values.uses_roll(found.found):
        content = word.filled(template.content, known, [paper_values.together(rows)])[0]
        files = [(template.title, content)]
        made = [(row, content) for row in rows]
    else:
        contents = word.filled(template.content, known, paper_values.one_by_one(rows))
        made = list(zip(rows, contents, strict=True))
        files = [(f"{template.title} {row}", content) for row, content in made]
    if request.POST.get("do") == "file":
        return _filed(request, template, made)
    if len(files) == 1:
        return download.attached(files[0][1], f"{files[0][0]}.docx", word.MIME)
    return download.attached(word.together(files), f"{template.title}.zip", "application/zip")


class Unfinished(Refused):
    """The document would be left with gaps."""


def _require_done(lacking: Mapping[str, Sequence[Case]]) -> None:
    if not lacking:
        return
    lines = [
        f"还没有办理“{title}”：{'、'.join(map(str, rows[:5]))}"
        f"{f'等 {len(rows)} 件' if len(rows) > 5 else ''}。"
        for title, rows in lacking.items()
    ]
    raise Unfinished(
        "\n".join([*lines, "写到这些步骤的地方会空着。要打印出来手填的，勾选“没有的留空”再生成。"])
    )


def _filed(
    request: HttpRequest, template: Template, made: Sequence[tuple[Case, bytes]]
) -> HttpResponse:
    actions.file(
        by=acting(request),
        made=[actions.Made(row, template.title, template.digest, one) for row, one in made],
    )
    messages.success(request, f"已生成并归档 {len(made)} 件，归档的文书不再改变。")
    if len(made) == 1:
        return redirect("case-papers", made[0][0].pk)
    return redirect(request.get_full_path())


# ---------------------------------------------------------------- one case


@require_GET
def of_case(request: HttpRequest, pk: int) -> HttpResponse:
    row = case_or_404(request, pk)
    if row.process not in processes():
        raise Http404
    may = not access.check(acting(request), actions.FILE, row.org)
    taken = set(row.steps.standing().values_list("step", flat=True))
    offered = [
        one for one in papers.offered(acting(request))
        if one.process == row.process and one.fits(row.org) and one.fits_steps(taken)
    ]  # fmt: skip
    return TemplateResponse(
        request,
        "web/case_papers.html",
        {
            "title": f"文书：{row}",
            "crumbs": crumbs_to_case(row),
            "case": row,
            "templates": offered if may else [],
            "papers": row.papers.select_related("by").order_by("-pk"),
        },
    )


@require_GET
def filed(request: HttpRequest, pk: int, paper_pk: int) -> HttpResponse:
    """The very bytes that were filed."""
    row = case_or_404(request, pk)
    paper = get_object_or_404(Paper.objects.select_related("file"), pk=paper_pk, case=row)
    return download.attached(bytes(paper.file.content), f"{paper.title} {row}.docx", word.MIME)
