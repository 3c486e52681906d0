"""材料日期体检: a sheet of dates, or one file typed in, against the rules. Nothing is kept.

What was found in a sheet travels in the form below the list, signed, so that it can be paged,
narrowed, sorted and downloaded without sending the sheet again.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.processes import model as m
from guantong.processes.checkup import Contradiction, Record
from guantong.records import access, catalogue, days
from guantong.sheets import case_dates
from guantong.sheets.case_dates import Checked, Told
from guantong.sheets.layout import As
from guantong.sheets.preflight import Refusal
from guantong.sheets.values import Wrong, day
from guantong.web import case_words, download
from guantong.web.acting import INVALID, DayField
from guantong.web.filters import ON_A_PAGE
from guantong.web.views.cases import to_cases

PROCESS: Final = "recruitment"
SALT: Final = "guantong.checkup"
CARRIED: Final = 2_400_000  # characters; a form of more than 2.5 MB is refused
LEVELS: Final = {
    m.Level.MUST: "矛盾",
    m.Level.UNLESS_REASON: "要有原因",
    m.Level.GENERALLY: "提醒",
}


@dataclass(frozen=True)
class Found:
    """One contradiction in words."""

    says: str
    level: str
    look: str
    basis: str
    steps: str


@dataclass(frozen=True)
class Person:
    line: int
    name: str
    number: str
    problems: tuple[str, ...]
    found: tuple[Found, ...]

    @property
    def must(self) -> int:
        return sum(one.level == LEVELS[m.Level.MUST] for one in self.found)


SHOW: Final[dict[str, tuple[str, Callable[[Person], bool]]]] = {
    "": ("有问题的", lambda person: bool(person.found or person.problems)),
    "must": ("有矛盾的", lambda person: person.must > 0),
    "unread": ("有日期没核对的", lambda person: bool(person.problems)),
    "clean": ("没有问题的", lambda person: not (person.found or person.problems)),
}
SORTS: Final[dict[str, tuple[str, Callable[[Person], Any]]]] = {
    "": ("表中的先后", lambda person: person.line),
    "must": ("矛盾多的在前", lambda person: (-person.must, -len(person.found), person.line)),
    "name": ("姓名", lambda person: (person.name, person.line)),
}


class ListForm(forms.Form):
    """Which of the files, in which order."""

    show = forms.ChoiceField(
        label="看哪些", required=False, choices=[(k, title) for k, (title, _) in SHOW.items()]
    )
    q = forms.CharField(label="姓名、学号或工号", required=False, max_length=60)
    sort = forms.ChoiceField(
        label="排序", required=False, choices=[(k, title) for k, (title, _) in SORTS.items()]
    )

    def of(self, people: Sequence[Person]) -> list[Person]:
        self.is_valid()
        show, sort, q = (self.cleaned_data.get(name, "") for name in ("show", "sort", "q"))
        found = filter(SHOW[show][1], people)
        return sorted((p for p in found if q in p.name or q in p.number), key=SORTS[sort][1])


class SheetForm(forms.Form):
    sheet = forms.FileField(label="Excel 表", help_text="一人一行，一列一个日期；列名对得上就行。")


class DaysField(forms.CharField):
    """Several days of a step that is taken again and again."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return tuple(
                sorted(
                    self._day(part)
                    for part in text.replace("，", "、").split("、")
                    if part.strip()
                )
            )
        except Wrong as wrong:
            raise ValidationError(f"{wrong.what}。{wrong.remedy}。") from None

    def _day(self, text: str) -> Any:
        found = day(text.strip())
        if found.month_only or days.odd(found.on):
            raise Wrong(f"“{text}”没有写到日", "请写成 2023-05-12，几次的用顿号隔开")
        return found.on


class FileForm(forms.Form):
    """One file: every date that the sheet would have."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for column in case_dates.layouts()[PROCESS].columns:
            common: dict[str, Any] = {"label": column.title, "required": False}
            match column.read_as:
                case As.DATE:
                    self.fields[column.field] = DayField(**common)
                case As.DAYS:
                    self.fields[column.field] = DaysField(help_text=column.hint, **common)
                case _ if column.field not in case_dates.WHO:
                    self.fields[column.field] = forms.CharField(max_length=60, **common)

    def record(self) -> Record:
        told = {name: value for name, value in self.cleaned_data.items() if value}
        return case_dates.record_of(told, [])


def _require(request: HttpRequest) -> None:
    if not access.reach(request.user, "case.view").paths:
        raise Http404


def checkup(request: HttpRequest) -> HttpResponse:
    _require(request)
    sheet, one = SheetForm(), FileForm()
    people: list[Person] = []
    notes: Sequence[str] = ()
    do, carried, status = request.POST.get("do"), "", 200
    if do == "file":
        one = FileForm(request.POST)
        if one.is_valid() and not one.record().days:
            one.add_error(None, "请至少填一个步骤的日期。")
        status = 200 if one.is_valid() else INVALID
        if one.is_valid():
            people = [_one(one.record())]
    elif do == "list":
        carried = request.POST.get("found", "")
        people = _carried(carried)
        if not people:
            notes, status = ("这份清单已经失效，请重新上传表格核对。",), INVALID
    elif request.method == "POST":
        sheet = SheetForm(request.POST, request.FILES)
        people, notes = _whole(sheet)
        carried = signing.dumps([asdict(p) for p in people], salt=SALT, compress=True)
        status = 200 if people else INVALID
    form = ListForm(request.POST if do == "list" else {})
    listed = form.of(people)
    if people and request.POST.get("as") == "xlsx":
        return _workbook(request, listed if do == "list" else people)
    page = Paginator(listed, ON_A_PAGE).get_page(request.POST.get("page"))
    return TemplateResponse(
        request,
        "web/case_checkup.html",
        {
            "title": "材料日期体检",
            "crumbs": to_cases(catalogue.process(PROCESS)),
            "sheet": sheet,
            "form": one,
            "list_form": form,
            "found": carried if people and len(carried) <= CARRIED else "",
            "typed": do == "file",
            "notes": notes,
            "page": page,
            "checked": len(people),
            "clean": sum(map(SHOW["clean"][1], people)),
            "total": sum(len(person.found) for person in people),
            "unread": sum(map(SHOW["unread"][1], people)),
        },
        status=status,
    )


def _carried(found: str) -> list[Person]:
    """What the form brought back; nothing where it was not made here."""
    try:
        people = signing.loads(found, salt=SALT)
    except signing.BadSignature:
        return []
    return [
        Person(**(one | {"found": tuple(Found(**told) for told in one["found"])}))
        for one in people
    ]


def _whole(form: SheetForm) -> tuple[list[Person], Sequence[str]]:
    if not form.is_valid():
        return [], ()
    try:
        rows, notes = case_dates.checked(PROCESS, form.cleaned_data["sheet"].read())
    except Refusal as refusal:
        form.add_error("sheet", str(refusal))
        return [], ()
    return [_person(row) for row in rows], notes


def _one(record: Record) -> Person:
    process = catalogue.process(PROCESS)
    told = Told(1, "这份材料", "", record, ())
    [found] = case_dates.contradictions(process, [record])
    return _person(Checked(told, found))


def _person(row: Checked) -> Person:
    return Person(
        line=row.told.line,
        name=row.told.name,
        number=row.told.number,
        problems=row.told.problems,
        found=tuple(_found(one) for one in row.found),
    )


def _found(one: Contradiction) -> Found:
    steps = catalogue.process(PROCESS).steps
    return Found(
        says=one.says,
        level=LEVELS[one.level],
        look="short"
        if one.level is m.Level.MUST
        else "late"
        if one.level is m.Level.UNLESS_REASON
        else "due",
        basis=case_words.bases(one.basis),
        steps="、".join(dict.fromkeys(steps[name].title for name in one.steps)),
    )


def _workbook(request: HttpRequest, people: Sequence[Person]) -> HttpResponse:
    lines = [
        (person.line, person.name, person.number, one.level, one.says, one.steps, one.basis, "")
        for person in people
        for one in person.found
    ]
    lines += [
        (person.line, person.name, person.number, "没有核对", text, "", "", "")
        for person in people
        for text in person.problems
    ]
    header = ("行", "姓名", "学号或工号", "性质", "问题", "核对哪几步的材料", "依据", "更正情况")
    return download.workbook(
        request, title="发展党员材料更正清单", header=header, rows=sorted(lines)
    )


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    _require(request)
    layout = case_dates.layouts()[PROCESS]
    return download.attached(case_dates.template(PROCESS), f"{layout.file_name}.xlsx")
