"""流程: what there is, the board of one process, the list of cases, and how many below."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import Count, F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.processes import model as m
from guantong.records import access, catalogue, clock
from guantong.records import cases as reading
from guantong.records.actions.calls import PERMISSION as CALL
from guantong.records.actions.case_taking_over import ABOVE
from guantong.records.case_actors import Place, Standing
from guantong.records.handling import Handling
from guantong.records.models import Case, Org
from guantong.records.models.case import CaseQuerySet
from guantong.records.models.org import OrgQuerySet, below
from guantong.web import case_lines, choices, download, scope
from guantong.web.acting import acting
from guantong.web.case_lines import STATES, Line
from guantong.web.due_items import SOON
from guantong.web.filters import Filter, paged, part_of

FEW: Final = 10  # cards in a column of the board
SORTS: Final[Mapping[str, tuple[Any, ...]]] = {
    "due": (F("due_on").asc(nulls_last=True), F("opens_on").asc(nulls_last=True), "pk"),
    "-opened": ("-opened_on", "-pk"),
    "opened": ("opened_on", "pk"),
    "since": ("state_since", "pk"),
    "org": ("org__sort_key", "pk"),
}
TO_CASES: Final = "流程"


def process_or_404(name: str) -> m.Process:
    if name not in catalogue.handling().of:
        raise Http404
    return catalogue.process(name)


def require_cases(request: HttpRequest) -> None:
    """404 for who neither handles nor has cases at all."""
    far = access.reach(request.user, "case.view")
    if not far.paths and not far.own_persons and not access.cases(request.user).exists():
        raise Http404


def to_cases(process: m.Process | None = None) -> list[tuple[str, str]]:
    crumbs = [(TO_CASES, reverse("cases"))]
    if process is not None:
        crumbs.append((process.title, reverse("case-board", args=[process.name])))
    return crumbs


# ---------------------------------------------------------------- all processes


@dataclass(frozen=True)
class Row:
    """One process with its figures; `may_open` for some organisation in reach."""

    process: m.Process
    open: int
    overdue: int
    soon: int
    closed: int
    may_open: bool
    called: bool
    hidden: int  # restricted ones in reach that are only counted


@require_GET
def home(request: HttpRequest) -> TemplateResponse:
    require_cases(request)
    rows = _rows(request)
    groups = catalogue.handling().groups
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[catalogue.handling().of[row.process.name].group].append(row)
    mine = case_lines.waiting(_in_view(request).order_by(), acting(request))
    return TemplateResponse(
        request,
        "web/cases.html",
        {
            "title": TO_CASES,
            "groups": [(title, found[code]) for code, title in groups.items() if found[code]],
            "waiting": sum(1 for _ in mine),
            "may_call": access.orgs(request.user, CALL).exists(),
            "year": clock.today().year,
        },
    )


def _in_view(request: HttpRequest) -> CaseQuerySet:
    """Those in reach, of the organisation in view and below; all where none is in view."""
    found, org = access.cases(request.user), scope.org_in_view(request)
    return found.filter(_below(org)) if org else found


def _below(org: Org) -> Q:
    return Q() if org.is_top else below(org, "org__") | below(org, "other_org__")


def _rows(request: HttpRequest) -> list[Row]:
    """Two queries, however many cases there are."""
    today = clock.today()
    opened = Q(closed_on=None)
    counts = {
        "open": Count("pk", filter=opened),
        "overdue": Count("pk", filter=opened & Q(due_on__lt=today)),
        "soon": Count("pk", filter=opened & Q(due_on__gte=today, due_on__lte=today + SOON)),
        "closed": Count("pk", filter=Q(closed_on__year=today.year)),
    }
    found = _in_view(request).values("process").annotate(**counts)
    seen: dict[str, dict[str, int]] = {
        r["process"]: {key: r[key] for key in counts}  # type: ignore[literal-required]
        for r in found
    }
    none = dict.fromkeys(counts, 0)
    handlings = catalogue.handling()
    closed = access.counted_cases(request.user).filter(process__in=handlings.names("restricted"))
    org = scope.org_in_view(request)
    if org is not None:
        closed = closed.filter(org__path__startswith=org.path)
    hidden = Counter(closed.open().values_list("process", flat=True))
    places = _places(request)
    who = Standing.today(acting(request))
    return [
        Row(
            process=catalogue.process(name),
            may_open=any(
                place.own.kind in kept.orgs and who.actors_at(place) & set(kept.opened_by)
                for place in places
            ),
            called=kept.called,
            hidden=hidden[name] - seen.get(name, none)["open"] if kept.restricted else 0,
            **seen.get(name, none),
        )
        for name, kept in handlings.of.items()
    ]


def _places(request: HttpRequest) -> list[Place]:
    """Where the user could open something: one organisation of each kind in reach is enough, and
    the own branch."""
    user, today = acting(request), clock.today()
    within = access.orgs(user, "case.view").on(today)
    org = scope.org_in_view(request)
    if org is not None:
        within = within.filter(path__startswith=org.path)
    first: dict[str, Org] = {}
    for one in within.in_order()[:400]:
        first.setdefault(one.kind, one)
    places = [Place(one) for one in first.values()]
    if user.person is not None:
        now = user.person.memberships.on(today).select_related("org").first()
        places += [Place(now.org, person=user.person_id)] if now else []
    return places


# ---------------------------------------------------------------- the board of a process


@dataclass(frozen=True)
class Column:
    """One state: how many, the first few, and the steps that may be taken for many at once."""

    state: m.State
    count: int
    overdue: int
    lines: tuple[Line, ...]
    bulk: tuple[m.Step, ...]
    url: str


@require_GET
def board(request: HttpRequest, name: str) -> TemplateResponse:
    require_cases(request)
    process = process_or_404(name)
    found = _in_view(request).filter(process=name)
    columns = list(_columns(request, process, found))
    kept = catalogue.handling().of[name]
    return TemplateResponse(
        request,
        "web/case_board.html",
        {
            "title": process.title,
            "crumbs": to_cases(),
            "process": process,
            "kept": kept,
            "columns": columns,
            "total": sum(column.count for column in columns),
            "closed": found.exclude(closed_on=None).count(),
            "row": next(row for row in _rows(request) if row.process.name == name),
            "checks_days": process.of_person,
            "may_take_over": places_above(request, kept).exists(),
            "may_decide": not access.check(acting(request), "reading.decide", None),
        },
    )


def places_above(request: HttpRequest, kept: Handling) -> OrgQuerySet:
    """The organisations whose cases the user may take over: those that he acts above."""
    user = acting(request)
    within = access.orgs(user, "case.view").on(clock.today()).filter(kind__in=kept.orgs)
    if not kept.under_way:
        return within.none()
    who = Standing.today(user)
    mine = [org.pk for org in within if who.actors_at(Place(org), ABOVE)]
    return within.filter(pk__in=mine)


def _columns(request: HttpRequest, process: m.Process, found: CaseQuerySet) -> Iterator[Column]:
    today = clock.today()
    counts = dict(found.open().values_list("state").annotate(Count("pk")))
    late = found.open().filter(due_on__lt=today).values_list("state")
    overdue = dict(late.annotate(Count("pk")))
    who = Standing.today(acting(request))
    for code, state in process.states.items():
        if state.closed or code not in counts:
            continue
        some = found.open().filter(state=code).order_by(*SORTS["due"])
        shown = list(some.select_related("org", "person", "other_org")[:FEW])
        yield Column(
            state=state,
            count=counts[code],
            overdue=overdue.get(code, 0),
            lines=tuple(case_lines.lines(shown)),
            bulk=tuple(_bulk(process, shown, who)) if counts[code] > 1 else (),
            url=f"{reverse('case-list')}?process={process.name}&step={code}",
        )


def _bulk(process: m.Process, shown: Sequence[Case], who: Standing) -> Iterator[m.Step]:
    """Steps that lead on and that the user takes; tally sheets are filled in one by one."""
    if not shown:
        return
    mine = who.actors(shown[0])
    for step in reading.process_of(shown[0]).out_of(shown[0].state):
        sheet = any(one.type is m.FieldType.VOTES for one in step.fields)
        asks = catalogue.handling().of[process.name].asked(step.name)
        if mine & set(step.who) and not sheet and not asks:
            yield step


# ---------------------------------------------------------------- the list


class CaseFilter(Filter):
    q = forms.CharField(
        label="找事项", required=False, max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "姓名、拼音、学工号、事项、组织"}),
    )  # fmt: skip
    process = forms.ChoiceField(label="流程", required=False)
    step = forms.ChoiceField(label="状态", required=False)
    state = forms.ChoiceField(label="进度", required=False, choices=[*STATES.items()])
    org = forms.ChoiceField(label="党组织", required=False)
    sort = forms.ChoiceField(
        label="排序", required=False,
        choices=[("due", "应办日期"), ("-opened", "新开办的在前"), ("opened", "早开办的在前"),
                 ("since", "停留最久的在前"), ("org", "组织")],
    )  # fmt: skip

    def __init__(self, request: HttpRequest, org: Org | None) -> None:
        super().__init__(request)
        self.data = {**request.GET.dict(), "org": str(org.pk) if org else ""}
        names = catalogue.handling().of
        titles = [(name, catalogue.process(name).title) for name in names]
        self.offer("process", [("", "全部"), *titles])
        within = access.orgs(request.user, "case.view").on(clock.today())
        self.offer("org", choices.orgs(within))
        if within.count() < 2:
            del self.fields["org"]
        chosen = self.data.get("process", "")
        if chosen in names:
            states = catalogue.process(chosen).states.values()
            self.offer("step", [("", "全部"), *((s.code, s.title) for s in states)])
        else:
            del self.fields["step"]


HEADER: Final = (
    "流程", "事项", "党组织", "状态", "进入本状态", "开办", "应办日期", "应办步骤", "可办日期",
    "可办步骤", "办结",
)  # fmt: skip


@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    require_cases(request)
    org = scope.org_in_view(request)
    form = CaseFilter(request, org)
    found = _found(request, form)
    if download.wanted(request):
        return _workbook(request, form, found)
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/case_list.html", "list"),
        {
            "title": "办理事项",
            "crumbs": to_cases(),
            "form": form,
            "page": page,
            "rows": case_lines.lines(page.object_list),
            "narrowed": bool(form.narrowed()),
        },
    )


def _found(request: HttpRequest, form: CaseFilter) -> CaseQuerySet:
    found = case_lines.matching(_in_view(request), form.value("q"))
    state = form.value("state")
    if code := form.value("step"):
        found = found.filter(state=code)
        closed = catalogue.process(form.value("process")).states[code].closed
        state = state or ("closed" if closed else "")
    if name := form.value("process"):
        found = found.filter(process=name)
    found = case_lines.in_state(found, state, request.user)
    found = found.select_related("org", "person", "other_org")
    return found.order_by(*SORTS[form.value("sort", "due")])


def _workbook(request: HttpRequest, form: CaseFilter, found: CaseQuerySet) -> HttpResponse:
    rows = [
        (one.process, one.about, one.org, one.state, one.case.state_since, one.case.opened_on,
         one.case.due_on, one.due_step, one.case.opens_on, one.opens_step, one.case.closed_on)
        for one in case_lines.lines(found)
    ]  # fmt: skip
    about = " · ".join(form.narrowed())
    return download.workbook(request, title="办理事项", header=HEADER, rows=rows, about=about)


# ---------------------------------------------------------------- how many below


@require_GET
def by_org(request: HttpRequest, name: str) -> HttpResponse:
    """How many cases each organisation below has in which state; all that upper levels see of a
    restricted process."""
    require_cases(request)
    process, org = process_or_404(name), scope.org_in_view(request)
    if org is None or not access.reach(request.user, "case.view").paths:
        raise Http404
    found = access.counted_cases(request.user).filter(process=name, org__path__startswith=org.path)
    table = _table(org, process, found)
    if download.wanted(request):
        return download.workbook(
            request, title=f"{process.title}各单位件数", header=("党组织", *table.header),
            rows=[(title, *counts) for title, counts in table.rows], about=org.name,
        )  # fmt: skip
    return TemplateResponse(
        request,
        "web/case_orgs.html",
        {
            "title": f"{process.title}：各单位",
            "crumbs": to_cases(process),
            "process": process,
            "org": org,
            "table": table,
            "restricted": catalogue.handling().of[name].restricted,
            "analysed": name == "recruitment",
        },
    )


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    totals: tuple[int, ...]


def _table(org: Org, process: m.Process, found: CaseQuerySet) -> Table:
    """A row for the organisation itself and for each directly below, with all that hangs there."""
    counts: dict[tuple[int, str], int] = Counter()
    depth = len(org.lineage())
    children: dict[int, str] = {org.pk: f"{org.short_name}（本级）"}
    below = Org.objects.below(org).on(clock.today()).in_order()
    children |= {o.pk: o.short_name for o in below if len(o.lineage()) == depth + 1}
    for path, state, number in (
        found.open().values_list("org__path", "state").annotate(Count("pk"))
    ):
        steps = [int(step) for step in path.split("/") if step]
        at = steps[depth] if len(steps) > depth else org.pk
        counts[at if at in children else org.pk, state] += number
    states = [s for s in process.states.values() if any(k[1] == s.code for k in counts)]
    rows = tuple(
        (title, (*(counts[pk, s.code] for s in states), sum(counts[pk, s.code] for s in states)))
        for pk, title in children.items()
    )
    totals = tuple(sum(row[1][i] for row in rows) for i in range(len(states) + 1))
    return Table((*(s.title for s in states), "合计"), rows, totals)
