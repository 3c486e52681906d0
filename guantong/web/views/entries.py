"""The single entries behind a figure of the ledger, what is not done first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from django import forms
from django.db.models import Case, Count, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations.model import Plan, Question
from guantong.records import access, catalogue
from guantong.records.models import Entry, Org
from guantong.web import download, ids
from guantong.web.addresses import address
from guantong.web.filters import paged_by_id, part_of
from guantong.web.ledger_filters import LedgerFilter, Seen, seen
from guantong.web.ledger_tables import clause_number
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import has_got, period_of_entry, period_words

URGENCY: Final = Case(
    *(
        When(verdict=code, then=Value(place))
        for place, code in enumerate(("short", "unknown", "due", "late", "met", "exempt"))
    )
)
LATEST_SHORT: Final = Case(When(verdict="short", then="due_on")).desc(nulls_last=True)
SORTS: Final = {
    "": (URGENCY, LATEST_SHORT, "due_on", "org__sort_key", "obligation", "id"),
    "due": ("due_on", "org__sort_key", "obligation", "id"),
    "-due": ("-due_on", "org__sort_key", "obligation", "id"),
    "org": ("org__sort_key", "obligation", "due_on", "id"),
    "person": ("person__pinyin", "obligation", "due_on", "id"),
}


class EntryFilter(LedgerFilter):
    q = forms.CharField(label="党员", required=False, max_length=60)
    sort = forms.ChoiceField(
        label="排序",
        required=False,
        choices=[
            ("", "未完成的在前"),
            ("due", "先到期的在前"),
            ("-due", "后到期的在前"),
            ("org", "按组织"),
            ("person", "按姓名"),
        ],
    )
    obligation = forms.ChoiceField(label="责任", required=False)
    own = forms.BooleanField(label="只看本级", required=False, widget=forms.HiddenInput)
    person = forms.CharField(required=False, widget=forms.HiddenInput)
    due_from = forms.DateField(label="到期日自", required=False, widget=forms.HiddenInput)
    due_to = forms.DateField(label="到期日至", required=False, widget=forms.HiddenInput)
    field_order = ["period", "clause", "obligation", "verdict", "q", "sort"]

    def __init__(self, request: HttpRequest, asked: Question, plan: Plan, org: Org | None) -> None:
        super().__init__(request, asked, plan, org)
        self.fields["on"].widget = self.fields["tree"].widget = forms.HiddenInput()


@dataclass(frozen=True)
class Line:
    """An entry as it is listed."""

    entry: Entry
    title: str
    got: str
    org_url: str  # empty where the user may not open it


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    part = seen(request, EntryFilter)
    found = _narrowed(part)
    shown = found.filter(verdict=part.verdict) if part.verdict else found
    listed = _sorted(part, shown)
    if download.wanted(request):
        return _workbook(part, listed)
    page = paged_by_id(request, listed)
    return TemplateResponse(
        request,
        part_of(request, "web/entries.html", "entries"),
        {
            "title": "台账条目" if part.org else "我的台账",
            "crumbs": _crumbs(part),
            "org_in_view": part.called,
            "form": part.form,
            "on": part.on,
            "looks_back": part.looks_back,
            "as_now": part.as_now,
            "own": part.form.value("own"),
            "due_from": part.form.value("due_from"),
            "due_to": part.form.value("due_to"),
            "clear_url": address("ledger-entries", {"org": part.query["org"]}),
            "counts": _counts(found),
            "page": page,
            "lines": list(_lines(part, page.object_list)),
        },
    )


def _narrowed(part: Seen) -> QuerySet[Entry]:
    found = part.entries()
    if part.form.value("own") and part.org:
        found = found.filter(org=part.org)
    if due_from := part.form.value("due_from"):
        found = found.filter(due_on__gte=due_from)
    if due_to := part.form.value("due_to"):
        found = found.filter(due_on__lte=due_to)
    if person := part.form.value("person"):
        found = found.filter(person=ids.read(person))
    if name := part.form.value("q"):
        people = access.people(part.request.user, "member.view").search(name)
        found = found.filter(person__in=people)
    return found


def _sorted(part: Seen, found: QuerySet[Entry]) -> QuerySet[Entry]:
    return found.select_related("org", "person").order_by(*SORTS[part.form.value("sort")])


def _counts(found: QuerySet[Entry]) -> list[tuple[str, int]]:
    counted = found.order_by().values_list("verdict").annotate(Count("id"))
    counts: dict[str, int] = dict(counted)
    return [(code, counts[code]) for code in VERDICTS if code in counts]


def _lines(part: Seen, found: Iterable[Entry]) -> Iterator[Line]:
    obligations = catalogue.current().obligations
    orgs = access.orgs(part.request.user, "org.view").filter(pk__in={e.org_id for e in found})
    open_to_user = set(orgs.values_list("pk", flat=True))
    for entry in found:
        entry.org = part.tree.called(entry.org)
        obligation = obligations[entry.obligation]
        url = reverse("org", args=[entry.org_id]) if entry.org_id in open_to_user else ""
        yield Line(entry, obligation.title, has_got(entry, obligation), url)


HEADER: Final = (
    *("条款", "责任", "组织", "人员", "周期", "要求", "已有", "单位", "到期日", "结论"),
)


def _workbook(part: Seen, listed: QuerySet[Entry]) -> HttpResponse:
    obligations = catalogue.current().obligations
    plan, words = part.plan, cache(period_words)  # few periods, many entries
    clauses = {name: clause_number(plan.clause_of(name)) for name in plan.obligation_names()}
    return download.workbook(
        part.request,
        title="台账条目" if part.org else "我的台账",
        header=HEADER,
        about=part.about,
        rows=(
            [
                clauses[entry.obligation],
                obligations[entry.obligation].title,
                part.tree.called(entry.org).name,
                entry.person.name if entry.person else "",
                words(period_of_entry(entry)),
                entry.required,
                entry.actual,
                obligations[entry.obligation].unit,
                entry.due_on,
                VERDICTS[entry.verdict].word,
            ]
            for entry in listed
        ),
    )


def _crumbs(part: Seen) -> list[tuple[str, str]]:
    if part.called is None:
        return []
    above = [*part.above(), part.called]
    query = part.query | {"clause": part.clause}
    return [(o.short_name, address("ledger", query | {"org": str(o.pk)})) for o in above]
