"""任期台账: the term of every committee in reach, and which are due for re-election."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.periods import add_months
from guantong.records import access, catalogue, clock, org_rules
from guantong.records.models import Org, Term
from guantong.web import choices, download
from guantong.web.acting import DayField
from guantong.web.filters import Filter, paged, part_of
from guantong.web.trees import Tree
from guantong.web.wording import distance

MONTHS: Final = (1, 3, 6)  # ahead; the first warning is a rule, the later ones are practice
WITHOUT: Final = frozenset({"group"})  # elects no committee
STATES: Final = [
    ("", "全部"), ("overdue", "已过期"), ("1", "1 个月内届满"), ("3", "3 个月内届满"),
    ("6", "6 个月内届满"), ("extended", "已批准延期"), ("none", "没有登记届期"),
]  # fmt: skip
SORTS: Final = {"ends": ("ends_on", "sort_key", "pk"), "org": ("sort_key", "pk")}


class TermFilter(Filter):
    q = forms.CharField(label="名称或代码", required=False, max_length=60)
    kind = forms.ChoiceField(label="类别", required=False)
    state = forms.ChoiceField(label="届期", required=False, choices=STATES)
    sort = forms.ChoiceField(
        label="排序", required=False, choices=[("ends", "届满日期"), ("org", "组织")]
    )
    on = DayField(label="哪一天", required=False)
    narrow_nothing = Filter.narrow_nothing | {"on"}

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        kinds = [code for code in catalogue.current().kinds["orgs"] if code not in WITHOUT]
        self.offer("kind", choices.kinds("orgs", kinds, every="全部"))


@dataclass(frozen=True)
class Row:
    """An organisation with its latest term; `ends_on` None: none is on record."""

    org: Org
    elected_on: date | None
    ends_on: date | None
    extended: bool
    approval: str
    years: int
    own_years: bool
    state: str
    says: str


@require_GET
def term_list(request: HttpRequest) -> HttpResponse:
    orgs = access.orgs(request.user, "org.view")
    if not orgs.exists():
        raise Http404
    form = TermFilter(request)
    day = form.value("on", clock.today())
    found = _narrowed(_with_terms(orgs.on(day), day), form, day)
    names = Tree.of(day) if day != clock.today() else Tree()
    if download.wanted(request):
        return _workbook(request, form, [_row(org, day, names) for org in found], day)
    page = paged(request, found)
    rule = org_rules.rule("term_reminder_months")
    return TemplateResponse(
        request,
        part_of(request, "web/term_list.html", "terms"),
        {
            "title": "任期台账",
            "crumbs": [("组织", reverse("org-list"))],
            "form": form,
            "page": page,
            "rows": [_row(org, day, names) for org in page],
            "day": day,
            "past": day != clock.today(),
            "rule": rule,
            "counts": _counts(_with_terms(orgs.on(day), day), day),
            "searched": bool(form.narrowed()),
        },
    )


def _with_terms(orgs: QuerySet[Org], day: date) -> QuerySet[Org]:
    """Each with its latest election up to the day."""
    latest = Term.objects.filter(org=OuterRef("pk"), elected_on__lte=day).order_by("-elected_on")
    fields = ("elected_on", "expires_on", "extended_to", "approval")
    told = {f"term_{name}": Subquery(latest.values(name)[:1]) for name in fields}
    electing = orgs.exclude(kind__in=WITHOUT).annotate(**told)
    return electing.annotate(ends_on=Coalesce("term_extended_to", "term_expires_on"))


def _is(state: str, day: date) -> Q:
    match state:
        case "overdue":
            return Q(ends_on__lt=day)
        case "extended":
            return Q(term_extended_to__isnull=False)
        case "none":
            return Q(ends_on=None)
        case _:
            return Q(ends_on__gte=day, ends_on__lte=add_months(day, int(state)))


def _narrowed(orgs: QuerySet[Org], form: TermFilter, day: date) -> QuerySet[Org]:
    if text := form.value("q").strip():
        named = Q(name__contains=text) | Q(short_name__contains=text)
        orgs = orgs.filter(named | Q(external_code__startswith=text))
    if kind := form.value("kind"):
        orgs = orgs.filter(kind=kind)
    if state := form.value("state"):
        orgs = orgs.filter(_is(state, day))
    first, *more = SORTS[form.value("sort", "ends")]
    return orgs.order_by(F(first).asc(nulls_last=True), *more)


def _counts(orgs: QuerySet[Org], day: date) -> list[tuple[str, str, int]]:
    """The due list in figures: each with its state and word. One query."""
    states = [(state, word) for state, word in STATES if state]
    found = orgs.aggregate(**{f"in_{state}": _number(_is(state, day)) for state, _ in states})
    return [(state, word, found[f"in_{state}"]) for state, word in states]


def _number(condition: Q) -> Count:
    return Count("pk", filter=condition)


def _row(org: Org, day: date, names: Tree) -> Row:
    told = vars(org)
    ends_on: date | None = told["ends_on"]
    return Row(
        org=names.called(org),
        elected_on=told["term_elected_on"],
        ends_on=ends_on,
        extended=told["term_extended_to"] is not None,
        approval=told["term_approval"] or "",
        years=org_rules.term_years(org.kind, org.term_years, day),
        own_years=org.term_years is not None,
        state=_state(ends_on, day),
        says=distance(ends_on, day) if ends_on else "没有登记",
    )


def _state(ends_on: date | None, day: date) -> str:
    """The look of a verdict: short once it is over, late while it is near."""
    if ends_on is None:
        return "unknown"
    if ends_on < day:
        return "short"
    return "late" if ends_on <= add_months(day, MONTHS[-1]) else "due"


def _workbook(request: HttpRequest, form: TermFilter, rows: list[Row], day: date) -> HttpResponse:
    header = ("组织", "类别", "当选", "届满（含延期）", "延期批准文件", "每届年数", "离届满")
    lines = [
        (row.org.name, catalogue.current().label("orgs", row.org.kind), row.elected_on,
         row.ends_on, row.approval, row.years, row.says)
        for row in rows
    ]  # fmt: skip
    about = " · ".join([f"截至 {day}", *form.narrowed()])
    return download.workbook(request, title="任期台账", header=header, rows=lines, about=about)
