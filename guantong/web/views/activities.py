"""The activities in reach: as a list, as a month, as a workbook."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django import forms
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock
from guantong.records.drafts import recorded_late
from guantong.records.models import Activity, Org
from guantong.records.models.activity import ActivityQuerySet
from guantong.sheets.write import Value
from guantong.web import choices, download, scope
from guantong.web.acting import DayField
from guantong.web.as_of import AS, NOW
from guantong.web.filters import Filter, paged_by_id, part_of
from guantong.web.month import Month
from guantong.web.trees import Tree, held_below
from guantong.web.wording import late_words

SORTS: Final = {
    "-held": ("-held_on", "-pk"),
    "held": ("held_on", "pk"),
    "-recorded": ("-recorded_at", "-pk"),
    "recorded": ("recorded_at", "pk"),
}
STATES: Final = {
    "": "全部（不含撤销）",
    "held": "已开展",
    "planned": "计划中",
    "late": "补录",
    "unverified": "未核实",
    "withdrawn": "已撤销",
}
HEADER: Final = (
    *("日期", "类别", "主题", "主办组织", "出席人数", "缺席人数", "学时", "地点"),
    *("状态", "录入时间", "补录", "补录原因", "核实时间"),
)


class ActivityFilter(Filter):
    """The query string. `view` and `month` choose the calendar; days there make no sense."""

    q = forms.CharField(label="主题", required=False, max_length=60)
    org = forms.ChoiceField(label="主办组织", required=False)
    level = forms.ChoiceField(
        label="范围", required=False, choices=[("", "含下级"), ("own", "仅本级")]
    )
    tree = forms.ChoiceField(label="按哪时的隶属", required=False, choices=AS)
    kind = forms.ChoiceField(label="类别", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[*STATES.items()])
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )
    view = forms.ChoiceField(required=False, choices=[("month", "月历")], widget=forms.HiddenInput)
    month = forms.CharField(required=False, max_length=7, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, org: Org | None) -> None:
        super().__init__(request)
        self.data = {**request.GET.dict(), "org": str(org.pk) if org else ""}
        within = access.orgs(request.user, "activity.view").on(clock.today())
        self.fields["org"] = forms.ChoiceField(
            label="主办组织", required=False, choices=choices.orgs(within)
        )
        kinds = choices.kinds("activities", every="全部")
        self.fields["kind"] = forms.ChoiceField(label="类别", required=False, choices=kinds)
        if within.count() < 2:
            del self.fields["org"], self.fields["level"], self.fields["tree"]
        if request.GET.get("view") != "month":
            self.fields["from"] = DayField(label="从", required=False)
            self.fields["to"] = DayField(label="到", required=False)


@dataclass(frozen=True)
class Row:
    """One line of the list. `late`: after how many days it was recorded, 0 if in time."""

    activity: Activity
    kind: str
    hosts: str
    present: int
    late: int


@require_GET
def activity_list(request: HttpRequest) -> HttpResponse:
    scope.require_any(request, "activity.view")
    org = scope.org_in_view(request)
    form = ActivityFilter(request, org)
    found = _found(request, form, org)
    if download.wanted(request):
        return _workbook(request, form, org, found)
    by_month = form.value("view") == "month"
    sittings = found if form.value("kind") else found.whole()
    page = paged_by_id(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/activity_list.html", "list"),
        {
            "title": "活动",
            "form": form,
            "page": page,
            "rows": [] if by_month else _rows(page.object_list, found),
            "month": Month(sittings, form.value("month"), clock.today()) if by_month else None,
            "sort": form.value("sort", "-held"),
            "narrowed": any(form.value(name) for name in ("q", "kind", "state", "from", "to")),
            "may_look_ahead": org is not None,
            "may_record": access.orgs(request.user, "activity.record").exists(),
            "may_verify": access.orgs(request.user, "activity.verify").exists(),
            "may_import": access.orgs(request.user, "import.activities").exists(),
        },
    )


def _found(request: HttpRequest, form: ActivityFilter, org: Org | None) -> ActivityQuerySet:
    found = access.activities(request.user, "activity.view")
    if org is not None:
        below, far = _below(form, org), access.reach(request.user, "activity.view")
        if below or not far.whole:
            found = found.hosted_by(far.orgs(), below)
    asked = {
        "title__contains": form.value("q"),
        "kind": form.value("kind"),
        "held_on__lte": form.value("to"),
    }
    found = found.filter(**{name: value for name, value in asked.items() if value})
    if first := form.value("from"):
        found = found.since(first)
    found = _in_state(found, form.value("state")).prefetch_related("hosts")
    return found.order_by(*SORTS[form.value("sort", "-held")])


def _below(form: ActivityFilter, org: Org) -> Q:
    """The organisation alone, or what hung below it when held, or what hangs below it now."""
    if form.value("level") == "own":
        return Q(org=org)
    return Tree.now().below(org, "org__") if form.value("tree") == NOW else held_below(org)


def _in_state(found: ActivityQuerySet, state: str) -> ActivityQuerySet:
    match state:
        case "held":
            return found.held()
        case "planned":
            return found.live().filter(planned=True)
        case "late":
            limit = catalogue.current().kinds["limits"]["late_entry_days"]["value"]
            delay = ExpressionWrapper(TruncDate("recorded_at") - F("held_on"), DurationField())
            given = found.held().exclude(late_reason="")  # the action asks for one; quickly found
            return given.alias(delay=delay).filter(delay__gt=timedelta(days=limit))
        case "unverified":
            return found.held().filter(verified_at=None)
        case "withdrawn":
            return found.exclude(withdrawn_at=None)
        case _:
            return found.live()


def _rows(shown: Iterable[Activity], found: ActivityQuerySet) -> list[Row]:
    label = catalogue.current().label
    listed = list(shown)
    present = _counted(found, listed, "attendances")
    return [
        Row(
            activity=activity,
            kind=label("activities", activity.kind),
            hosts=activity.host_names,
            present=present[activity.pk],
            late=recorded_late(activity),
        )
        for activity in listed
    ]


def _counted(found: ActivityQuerySet, listed: Iterable[Activity], what: str) -> dict[int, int]:
    """How many rows of people go with each of the activities listed."""
    rows = found.filter(pk__in=[activity.pk for activity in listed]).order_by()
    return dict(rows.values_list("pk").annotate(Count(what)))


def _workbook(
    request: HttpRequest, form: ActivityFilter, org: Org | None, found: ActivityQuerySet
) -> HttpResponse:
    absent = _counted(found, found, "absences")
    return download.workbook(
        request,
        title="活动",
        header=HEADER,
        rows=[_line(row, absent[row.activity.pk]) for row in _rows(found, found)],
        about=" · ".join([*([org.name] if org else []), *form.narrowed()]),
    )


def _line(row: Row, absent: int) -> tuple[Value, ...]:
    activity = row.activity
    state = "已撤销" if activity.withdrawn_at else "计划中" if activity.planned else "已开展"
    return (
        *(activity.held_on, row.kind, activity.title, row.hosts, row.present, absent),
        *(activity.hours, activity.place, state, activity.recorded_at),
        *(late_words(activity), activity.late_reason, activity.verified_at),
    )
