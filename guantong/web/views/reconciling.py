"""Our roll beside another system's list: differences only, who is right, the sheet it takes."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import imports, jobs, reconciling
from guantong.records.actions.reconciling import DECISIONS, STATES
from guantong.records.imports.roll import GENDERS
from guantong.records.models import Discrepancy, Person, Reconciliation, User
from guantong.records.reconciling import PERMISSION, TITLES
from guantong.sheets.parse import Unmatched, exchanges, parse
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.web import download
from guantong.web.acting import ActionForm, DayField, acting, form_page, status_of
from guantong.web.filters import Filter, paged

NAMED: Final = Coalesce("person__pinyin", "named")  # who is not on the roll comes last
SORTS: Final = {
    "": ("org__sort_key", NAMED, "key", "field", "pk"),
    "field": ("field", "org__sort_key", NAMED, "pk"),
    "named": (NAMED, "key", "field", "pk"),
}


NO_NUMBER: Final = "（我方没有身份证号：请先在党员页补登记再导出，或在对方系统按姓名和支部找）"


class DifferenceFilter(Filter):
    q = forms.CharField(label="姓名", required=False, max_length=60)
    system = forms.ChoiceField(label="系统", required=False)
    field = forms.ChoiceField(label="项目", required=False)
    state = forms.ChoiceField(label="处理", required=False)
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("system", [("", "全部"), *_systems()])
        self.offer("field", [("", "全部"), *TITLES.items()])
        decided = [pair for pair in STATES.items() if pair[0] != "open"]
        self.offer("state", [("", STATES["open"]), *decided, ("all", "全部")])


def _systems() -> list[tuple[str, str]]:
    return [(layout.kind, layout.title) for layout in exchanges().values()]


def differences(request: HttpRequest) -> HttpResponse:
    _require_reach(request)
    form = DifferenceFilter(request)
    found = _filtered(request, form)
    refused = None
    if request.method == "POST":
        try:
            return _decided(request, found)
        except Refused as reason:
            refused = reason
    if download.wanted(request):
        return _workbook(request, form, found)
    page, kind = paged(request, found), reconciling.job(acting(request))
    part = "#progress" if "HX-Request" in request.headers else ""
    return TemplateResponse(
        request,
        f"web/reconcile.html{part}",
        {
            "title": "与党员系统比对",
            "crumbs": [("导入", reverse("import"))],
            "form": form,
            "page": page,
            "rows": [(one, TITLES[one.field], STATES[one.state]) for one in page],
            "sort": form.value("sort"),
            "decisions": DECISIONS.items(),
            "last": _runs(request).first(),
            "job": jobs.to_tell(kind),
            "refused": refused.text if refused else "",
            "note": request.POST.get("note", ""),
            "today": clock.today(),
        },
        status=status_of(refused) if refused else 200,
    )


def _require_reach(request: HttpRequest) -> None:
    if not access.reach(request.user, PERMISSION).paths:
        raise Http404


def _runs(request: HttpRequest) -> QuerySet[Reconciliation]:
    """Comparisons of what the user answers for, the last first."""
    far = access.reach(request.user, PERMISSION)
    runs = Reconciliation.objects.select_related("by", "org").order_by("-loaded_at", "-pk")
    return runs if far.whole else runs.filter(org__in=far.orgs())


def _filtered(request: HttpRequest, form: DifferenceFilter) -> QuerySet[Discrepancy]:
    found = access.discrepancies(request.user).select_related(
        "person", "org", "decided_by", "seen"
    )
    state = form.value("state", "open")
    if state != "all":
        found = found.filter(state=state)
    for name in ("system", "field"):
        if value := form.value(name):
            found = found.filter(**{name: value})
    if text := form.value("q"):
        found = found.filter(named__contains=text)
    return found.order_by(*SORTS[form.value("sort")])


def _decided(request: HttpRequest, found: QuerySet[Discrepancy]) -> HttpResponse:
    """What was ticked on the page, or all that the filter leaves."""
    asked = [int(one) for one in request.POST.getlist("one") if one.isascii() and one.isdigit()]
    listed = request.POST.get("which") == "listed"
    chosen = list(found if listed else found.filter(pk__in=asked))
    day = DayField(required=False)
    try:
        on: date | None = day.clean(request.POST.get("on", ""))
    except forms.ValidationError as wrong:
        raise Refused("；".join(wrong.messages)) from None
    done = reconciling.decide(
        by=acting(request), differences=chosen, decision=request.POST.get("do", ""),
        note=request.POST.get("note", ""), on=on,
    )  # fmt: skip
    messages.success(request, f"已处理 {done} 处差异。")
    return redirect(request.get_full_path())


# Loading their list


class LoadForm(ActionForm):
    system = forms.ChoiceField(label="哪个系统", widget=forms.RadioSelect)
    file = forms.FileField(
        label="导出的党员信息",
        help_text="只读姓名、身份证号、支部等列，比对完文件不保留。",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    exported_on = DayField(label="导出日期", help_text="表上是哪一天的情况。")
    choose = forms.BooleanField(
        label="自己选各列是什么",
        required=False,
        help_text="表头认不出时会自动问；选过的下次照办。",
    )

    def __init__(self, request: HttpRequest) -> None:
        first = next(iter(exchanges()))
        start = {"system": first, "exported_on": clock.today()}
        super().__init__(request.POST or None, request.FILES or None, initial=start)
        system = self.fields["system"]
        assert isinstance(system, forms.ChoiceField)
        system.choices = _systems()


def load(request: HttpRequest) -> HttpResponse:
    _require_reach(request)
    form = LoadForm(request)
    where = form.outcome(_compared(acting(request)))
    if where is not None:
        return redirect(where)
    page = form_page(
        request, form, title="载入党员系统的导出表", submit="比对",
        crumbs=[("导入", reverse("import")), ("与党员系统比对", reverse("reconcile"))],
        about="只记下不一致的地方。比对本身不改任何一方；以谁为准，逐处决定。",
    )  # fmt: skip
    page.template_name = "web/reconcile_load.html"
    return page


def _compared(by: User) -> Callable[..., str]:
    """Compare as the columns were chosen the last time; return where to go on."""

    def compare(*, system: str, file: "UploadedFile[Any]", exported_on: date, choose: bool) -> str:
        reconciling.require_day(exported_on)
        source = access.sources(by).filter(kind=system).order_by("-changed_at").first()
        name = file.name or ""
        try:
            check_size(file.size or 0)
            content = file.read()
            parsed = parse(system, name, content, source.columns if source else None)
            why = ""
        except Unmatched as unmatched:  # the user says which column holds what
            choose, why = True, unmatched.text
        except Refusal as refusal:
            raise Refused(refusal.text, {"file": refusal.text}) from None
        if choose:
            batch = imports.receive(
                by=by, kind=system, file_name=name, upload=imports.Upload(content, source),
                as_of=exported_on, why=why, source_name=exchanges()[system].title,
            )  # fmt: skip
            return reverse("import-columns", args=[batch.pk])
        export = reconciling.Export(system, parsed.file_name, exported_on, parsed.rows)
        reconciling.compare(by=by, export=export, wait=False)
        return reverse("reconcile")

    return compare


# What goes out


class SheetForm(ActionForm):
    system = forms.ChoiceField(label="哪个系统", widget=forms.RadioSelect)
    reason = forms.CharField(label="理由", max_length=200, help_text="会记入各人的查看记录。")


def sheet(request: HttpRequest) -> HttpResponse:
    _require_reach(request)
    form = SheetForm(request.POST or None, initial={"system": next(iter(exchanges()))})
    system = form.fields["system"]
    assert isinstance(system, forms.ChoiceField)
    system.choices = _systems()
    answer = form.outcome(lambda system, reason: _sheet(request, system, reason))
    if answer is not None:
        return answer
    return form_page(
        request, form, title="导出给对方系统的更正表", submit="导出",
        crumbs=[("导入", reverse("import")), ("与党员系统比对", reverse("reconcile"))],
        about="只含定为“我方为准”的人，身份证号和手机号是完整的：请用完即删。",
    )  # fmt: skip


def _sheet(request: HttpRequest, system: str, reason: str) -> HttpResponse:
    by, layout = acting(request), exchanges()[system]
    found = access.discrepancies(by).filter(system=system, state="ours")
    told = reconciling.hand_out(by=by, differences=list(found), reason=reason)
    header = [*(column.title for column in layout.columns), "更正项"]
    lines = [
        (
            *(_cell(column.field, person, clear) for column in layout.columns),
            "、".join(items) + ("" if clear["id_number"] else NO_NUMBER),
        )
        for person, clear, items in told
    ]
    return download.workbook(request, title=layout.file_name, header=header, rows=lines)


def _cell(field: str, person: Person, clear: dict[str, str]) -> str:
    """As the other system writes it."""
    last = person.memberships.select_related("org").order_by("valid_from").last()
    match field:
        case "id_number" | "phone":
            return clear[field]
        case "org":
            return last.org.name if last else ""
        case "status":
            return catalogue.current().label("statuses", last.status) if last else ""
        case "gender":
            return GENDERS.get(person.gender or "", "")
        case _:
            return str(getattr(person, field) or "")


def _workbook(
    request: HttpRequest, form: DifferenceFilter, found: QuerySet[Discrepancy]
) -> HttpResponse:
    header = [
        *("姓名", "党支部", "项目", "对方", "对方导出日"),
        *("我方", "我方起自", "可能的原因", "处理", "说明"),
    ]  # fmt: skip
    lines = [
        (one.named, one.org.short_name, TITLES[one.field], one.theirs,
         one.seen.exported_on, one.ours, one.since,
         one.cause, STATES[one.state], one.note)
        for one in found
    ]  # fmt: skip
    about = " · ".join(form.narrowed())
    return download.workbook(request, title="比对差异", header=header, rows=lines, about=about)
