"""会议记录文件: an existing record in Word or Excel, read by rule, beside the record form.

What was read is filled in as if it had been typed; what is in doubt stays empty and is named.
Nothing is kept of the file: its lines travel in the form, signed, until the record is saved.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.records import catalogue, clock, rosters
from guantong.records.meetings import MOST_ITEMS
from guantong.records.models import Org
from guantong.sheets import read
from guantong.sheets.minutes import KINDS, Minutes, Named, read_minutes
from guantong.sheets.preflight import Refusal
from guantong.web import scope
from guantong.web.acting import INVALID, require
from guantong.web.forms import own_fields
from guantong.web.views import recording

SALT: Final = "guantong.minutes-file"
TITLES: Final = {
    "kind": "类别", "held_on": "日期", "starts_at": "开始时间", "ends_at": "结束时间",
    "place": "地点", "title": "主题",
    "chair": "主持", "recorder": "记录", "lecturer": "主讲", "present": "出席", "absent": "缺席",
    "guests": "列席", "agenda": "议题", "decided": "决议",
}  # fmt: skip
SELDOM: Final = frozenset(
    {"ends_at", "lecturer", "guests", "agenda", "decided", "absent", "title"}
)
ROLES: Final = ("chair", "recorder", "lecturer")


class UploadForm(forms.Form):
    minutes = forms.FileField(
        label="会议记录",
        help_text=".docx 或 Excel，一次会议一个文件。扫描件和 .doc 请先另存为 .docx。",
        widget=forms.ClearableFileInput(attrs={"accept": ".docx,.xlsx,.xls"}),
    )


@dataclass(frozen=True)
class Mark:
    """What became of one field: where it stands (a line from 1, 0 nowhere), or why it is empty."""

    title: str
    line: int
    doubt: str


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    titles: tuple[str, ...]


def page(request: HttpRequest) -> HttpResponse:
    host = scope.org_in_view(request)
    if host is None:
        raise Http404
    require(request, "activity.record", host)
    if "document" in request.POST:
        return _beside(request, recording.new(request), host)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            lines = _lines(form.cleaned_data["minutes"])
        except Refusal as refusal:
            form.add_error("minutes", refusal.text)
        else:
            request.POST = QueryDict(_typed(lines, host))
            return _beside(request, recording.new(request), host, lines)
    return TemplateResponse(
        request,
        "web/minutes_upload.html",
        {
            "title": "读会议记录文件",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "host": host,
        },
        status=INVALID if form.is_bound else 200,
    )


def _lines(upload: "UploadedFile[Any]") -> list[str]:
    read.check_size(upload.size or 0)
    return read.lines(upload.read())


def _beside(
    request: HttpRequest, response: HttpResponse, host: Org, lines: list[str] | None = None
) -> HttpResponse:
    """The answer of the record form, with the document beside it."""
    if not isinstance(response, TemplateResponse):
        return response  # saved
    if lines is None:
        try:
            lines = signing.loads(request.POST["document"], salt=SALT)
        except signing.BadSignature:
            return response
    reader = Reader(lines, host)
    response.template_name = "web/minutes_file.html"
    response.context_data = (response.context_data or {}) | {
        "document": signing.dumps(lines, salt=SALT, compress=True),
        "lines": reader.lines(),
        "marks": reader.marks(),
        "notes": reader.notes,
    }
    return response


def _typed(lines: Sequence[str], host: Org) -> str:
    """What was read, as the record form's own fields, to be shown and not saved."""
    return urlencode([("refresh", "1"), *Reader(lines, host).fields()])


class Reader:
    """Minutes of one host: read, and the people in them looked up in its roster."""

    def __init__(self, lines: Sequence[str], host: Org) -> None:
        self.text, self.host = lines, host
        kinds = catalogue.current().kinds["activities"]
        known = {str(entry["title"]): code for code, entry in kinds.items()}
        self.found = read_minutes(lines, {**KINDS, **known})
        if self.found.kind and host.kind not in kinds[self.found.kind]["hosts"]:
            title = kinds[self.found.kind]["title"]
            self._doubt("kind", f"“{title}”不由{host.short_name}这样的组织主办")
        self.notes: list[str] = []
        self._look_up()

    def fields(self) -> Iterator[tuple[str, str]]:
        """Name and value of every input that is filled; the day also where it is not known."""
        found = self.found
        if found.kind:
            yield "kind", found.kind
        yield "held_on", found.held_on.isoformat() if found.held_on else ""
        times = (("starts_at", found.starts_at), ("ends_at", found.ends_at))
        yield from ((name, f"{at:%H:%M}") for name, at in times if at)
        yield from ((name, text) for name in ("place", "title") if (text := getattr(found, name)))
        yield from self._roster()
        if self._sat_in:
            guests = self._ids(found.guests)
            yield from ((f"{own_fields.PREFIX}{self._sat_in}", str(pk)) for pk in guests)
        for role in ROLES:
            if pk := self.persons.get(getattr(found, role)):
                yield role, str(pk)
        yield from self._decided()

    def _decided(self) -> Iterator[tuple[str, str]]:
        """The agenda of a meeting that decides; what was decided beside it, if it can only be
        about the one item. The rest goes into the summary."""
        kind = catalogue.activity_kinds().get(self.found.kind)
        places = MOST_ITEMS if kind and kind.deciding else 0
        agenda = self.found.agenda[:places]
        decided = [*self.found.agenda[places:], *self.found.decided]
        yield from ((f"agenda-{n}-title", item) for n, item in enumerate(agenda))
        if len(agenda) == 1 and decided:
            yield "agenda-0-resolution", "\n".join(decided)
        elif decided:
            yield "summary", "\n".join(decided)

    def _roster(self) -> Iterator[tuple[str, str]]:
        """Absences where everybody is accounted for, else those who came; nobody where the
        document does not tell."""
        present, absent = self._ids(self.found.present), self._ids(self.found.absent)
        if self.found.everybody and not absent and not self._unknown:
            return
        whole = not self._rest() and not self._unknown
        yield "shown", ",".join(map(str, sorted(self.expected)))
        yield "tick", "absent" if whole else "present"
        for pk in sorted(self.expected & absent.keys()):
            yield "absent", str(pk)
            yield f"reason-{pk}", absent[pk]
        if not whole:
            yield from (("present", str(pk)) for pk in sorted(self.expected & present.keys()))
        for pk in sorted(present.keys() - self.expected):
            yield "guest", str(pk)

    @property
    def _sat_in(self) -> str:
        """The field of the kind for who sat in; empty where it has none."""
        kind = catalogue.activity_kinds().get(self.found.kind)
        own = kind.own.values() if kind else ()
        return next((one.code for one in own if one.title.startswith(TITLES["guests"])), "")

    @property
    def _unknown(self) -> bool:
        """Whether the document does not tell who came."""
        found = self.found
        doubtful = ("absent" if found.everybody else "present") in found.doubts
        return doubtful or not (found.present or found.absent or found.everybody)

    def _rest(self) -> bool:
        """Whether those who came are named, and others of the roster are not named at all."""
        present, absent = self._ids(self.found.present), self._ids(self.found.absent)
        return bool(present) and not self.expected <= present.keys() | absent.keys()

    def _ids(self, people: Iterable[Named]) -> dict[int, str]:
        """Those whom the roster knows, with what stood in brackets behind the name."""
        return {self.persons[one.name]: one.aside for one in people if one.name in self.persons}

    def marks(self) -> list[Mark]:
        places, doubts = self.found.places, self.found.doubts
        return [
            Mark(title, places[name] + 1 if name in places else 0, doubts.get(name, ""))
            for name, title in TITLES.items()
            if name in places or name in doubts or name not in SELDOM
        ]

    def lines(self) -> list[Line]:
        told: dict[int, list[str]] = {}
        for name, place in self.found.places.items():
            told.setdefault(place, []).append(TITLES[name])
        return [Line(n + 1, text, tuple(told.get(n, ()))) for n, text in enumerate(self.text)]

    # ------------------------------------------------------------ people

    def _look_up(self) -> None:
        """Names to persons of the roster and likely guests; one that two bear is in doubt."""
        on = self.found.held_on or clock.today()
        kind = self.found.kind or "branch_assembly"
        expected = rosters.expected(kind, self.host, on).values_list("name", "pk")
        guests = rosters.likely_guests([self.host], on).values_list("name", "pk")
        borne: dict[str, set[int]] = {}
        for name, pk in (*expected, *guests):
            borne.setdefault(name, set()).add(pk)
        self.expected = {pk for _, pk in expected}
        self.persons = {name: next(iter(ids)) for name, ids in borne.items() if len(ids) == 1}
        self._complain(borne)

    def _complain(self, borne: dict[str, set[int]]) -> None:
        for role in ROLES:
            name = getattr(self.found, role)
            if name and name not in self.persons:
                self._doubt(role, f"“{name}”{_why(borne, name)}")
        if self.found.guests and not self._sat_in:
            self._doubt("guests", "这一类没有列席一栏，要留下的请写入内容摘要")
        for what in ("present", "absent", "guests"):
            people: Iterable[Named] = getattr(self.found, what)
            for person in people:
                if person.name not in self.persons:
                    self.notes.append(f"{TITLES[what]}的“{person.name}”{_why(borne, person.name)}")
        if self._ids(self.found.present).keys() & self._ids(self.found.absent).keys():
            self._doubt("present", "有人既在出席又在缺席里")
            self._doubt("absent", "有人既在出席又在缺席里")
        if self._unknown:
            self.notes.append("看不出谁来了，表里都没有点；点来了的，或改点没有来的")
        elif self._rest() and self.found.absent:
            self.notes.append("名册里还有人没有写到，表里只点了来了的；写明缺席的也已记下")
        elif self.found.absent and not self.found.present:
            self.notes.append("文件没有写出出席的姓名：没有写缺席的，表里都按出席，请核对")

    def _doubt(self, name: str, why: str) -> None:
        """Leave empty what was read, and say why."""
        self.found.doubts[name] = why
        self.found.places.pop(name, None)
        setattr(self.found, name, getattr(Minutes(), name))


def _why(borne: dict[str, set[int]], name: str) -> str:
    return "在名册里有同名的人" if name in borne else "不在名册里"
