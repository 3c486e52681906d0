"""The training plan of a year, and enrolling for what is planned in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.records import access, clock, enrolments
from guantong.records.actions import enrolments as actions
from guantong.records.enrolments import Standing
from guantong.records.models import Activity, Enrolment, Person, Places
from guantong.records.models.enrolment import MOST_PLACES
from guantong.sheets.write import Value
from guantong.web import choices, download, ids, scope
from guantong.web.acting import ActionForm, DayField, acting, done, form_page, require
from guantong.web.filters import Filter, paged, part_of
from guantong.web.wording import late_words

KIND: Final = "central_training"
HEADER: Final = (
    *("日期", "主题", "主办组织", "学时", "名额", "报名", "候补", "参加人数", "状态"),
    "补录",
)
PEOPLE: Final = ("序号", "姓名", "报名时间", "报名人", "结果")


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    plan = ("培训计划", reverse("training"))
    return [("活动", reverse("activity-list")), plan, *more]


class PlanFilter(Filter):
    year = forms.ChoiceField(label="年度", required=False)
    state = forms.ChoiceField(
        label="状态", required=False,
        choices=[("", "全部"), ("planned", "计划中"), ("open", "可以报名"), ("held", "已开展")],
    )  # fmt: skip

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        this = clock.today().year
        offered = [
            ("", f"{this} 年"),
            *((str(y), f"{y} 年") for y in (this + 1, this - 1, this - 2)),
        ]
        self.offer("year", offered)

    @property
    def asked(self) -> int:
        return int(self.value("year", clock.today().year))


@dataclass(frozen=True)
class Row:
    """One training. `standing` None: nobody enrols for it. `mine`: where the user stands."""

    activity: Activity
    hosts: str
    attended: int
    standing: Standing | None
    closes_on: object
    mine: str
    opens: bool
    seen: bool

    @property
    def state(self) -> str:
        return "计划中" if self.activity.planned else "已开展"


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """Trainings in reach, and those that a member may enrol for."""
    far = access.reach(request.user, "activity.view")
    if not far.paths and not far.own_persons:
        raise Http404
    form = PlanFilter(request)
    found = _found(request, form)
    if download.wanted(request):
        rows = [_line(row) for row in _rows(request, found)]
        about = " · ".join([f"{form.asked} 年", *form.narrowed()])
        return download.workbook(request, title="培训计划", header=HEADER, rows=rows, about=about)
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/training.html", "list"),
        {
            "title": "培训计划",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "year": form.asked,
            "page": page,
            "rows": _rows(request, page.object_list),
            "may_record": access.orgs(request.user, "activity.record").exists(),
            "new_url": f"{reverse('activity-new')}?kind={KIND}&held_on=",  # a day to come
        },
    )


def _found(request: HttpRequest, form: PlanFilter) -> QuerySet[Activity]:
    user, org = acting(request), scope.org_in_view(request)
    seen = access.activities(user, "activity.view")
    if org is not None:
        seen = seen.hosted_by(access.orgs(user, "activity.view").below(org))
    offered = enrolments.open_to(user.person) if user.person else Places.objects.none()
    near = Q(pk__in=seen.values("pk")) | Q(pk__in=offered.values("activity"))
    found = Activity.objects.live().filter(near, kind=KIND, held_on__year=form.asked)
    match form.value("state"):
        case "planned":
            found = found.filter(planned=True)
        case "open":
            found = found.filter(planned=True, places_row__closes_on__gte=clock.today())
        case "held":
            found = found.filter(planned=False)
    return found.select_related("places_row").prefetch_related("hosts").order_by("held_on", "pk")


def _rows(request: HttpRequest, found: Iterable[Activity]) -> list[Row]:
    """Three queries more, however many trainings there are."""
    listed, user = list(found), acting(request)
    there = Activity.objects.filter(pk__in=[one.pk for one in listed])
    attended = dict(there.annotate(n=Count("attendances")).values_list("pk", "n"))
    places = {row.activity_id: row for row in Places.objects.filter(activity__in=listed)}
    standings = enrolments.standings(list(places.values()))
    today = clock.today()
    seen = set(
        access.activities(user, "activity.view")
        .filter(pk__in=attended)
        .values_list("pk", flat=True)
    )
    return [
        Row(
            activity=one,
            hosts=one.host_names,
            attended=attended[one.pk],
            standing=standings.get(one.pk),
            closes_on=places[one.pk].closes_on if one.pk in places else None,
            mine=standings[one.pk].says(user.person)
            if user.person and one.pk in standings
            else "",
            seen=one.pk in seen,
            opens=one.planned and one.pk in places and places[one.pk].closes_on >= today,
        )
        for one in listed
    ]


def _line(row: Row) -> tuple[Value, ...]:
    at, standing = row.activity, row.standing
    return (
        *(at.held_on, at.title, row.hosts, at.hours),
        standing.places if standing else None,
        len(standing.placed) if standing else None,
        len(standing.waiting) if standing else None,
        None if at.planned else row.attended,
        row.state,
        late_words(at),
    )


# Places, for those who hold the training


class PlacesForm(ActionForm):
    places = forms.IntegerField(label="名额", min_value=1, max_value=MOST_PLACES)
    closes_on = DayField(label="报名截止", help_text="这一天还可以报名。")


def _hosted_or_404(request: HttpRequest, pk: int) -> Activity:
    """One that the user holds: its enrolments name people of all branches below."""
    found = get_object_or_404(access.activities(request.user, "activity.view"), pk=pk)
    near = access.orgs(request.user, "activity.view").filter(pk__in=found.hosts.values("pk"))
    if not near.exists():
        raise Http404
    return found


def places(request: HttpRequest, pk: int) -> HttpResponse:
    activity = _hosted_or_404(request, pk)
    require(request, actions.OFFERS, *activity.hosts.all())
    row = Places.objects.filter(activity=activity).first()
    start = {"places": row.places, "closes_on": row.closes_on} if row else {
        "closes_on": activity.held_on
    }  # fmt: skip
    form = PlacesForm(request.POST or None, initial=start)
    if form.outcome(partial(actions.offer, by=acting(request), activity=activity)):
        messages.success(request, "已开放报名。" if row is None else "已修改名额。")
        return redirect("enrolments", pk)
    return form_page(
        request, form, title=f"报名名额：{activity.title}",
        crumbs=_crumbs((activity.title, reverse("activity", args=[pk]))), submit="保存",
        about="主办组织和下级的党员可以自己报名，也可以由支部代报；名额满了排候补，有人取消时依次补上。",
    )  # fmt: skip


@require_GET
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has a place and who waits."""
    activity = _hosted_or_404(request, pk)
    row = get_object_or_404(Places, activity=activity)
    standing = enrolments.standing(row)
    rows = [(one, standing.says(one.person)) for one in standing.rows]
    if download.wanted(request):
        lines = [
            (n, one.person.name, one.at, one.by.called if one.by else "", says)
            for n, (one, says) in enumerate(rows, 1)
        ]
        return download.workbook(
            request, title=f"报名 {activity.title}"[:28], header=PEOPLE, rows=lines,
            about=f"{activity.held_on}，名额 {row.places}",
        )  # fmt: skip
    reach = access.people(request.user, "member.view")
    seen = set(reach.filter(enrolments__activity=activity).values_list("pk", flat=True))
    return TemplateResponse(
        request,
        "web/enrolments.html",
        {
            "title": f"报名：{activity.title}",
            "crumbs": _crumbs((activity.title, reverse("activity", args=[pk]))),
            "activity": activity,
            "row": row,
            "standing": standing,
            "page": (page := paged(request, rows)),
            "rows": page.object_list,
            "seen": seen,
            "may": _may_offer(request, activity),
        },
    )


def _may_offer(request: HttpRequest, activity: Activity) -> bool:
    hosts = activity.hosts.all()
    return not any(access.check(acting(request), actions.OFFERS, host) for host in hosts)


# Enrolling


def _offered_or_404(request: HttpRequest, pk: int) -> Activity:
    """A training that the user sees, or may enrol for."""
    user = acting(request)
    seen = Q(pk__in=access.activities(user, "activity.view").values("pk"))
    if user.person:
        seen |= Q(pk__in=enrolments.open_to(user.person).values("activity"))
    return get_object_or_404(Activity.objects.filter(seen, places_row__isnull=False), pk=pk)


class OthersForm(ActionForm):
    def __init__(self, *args: object, request: HttpRequest, activity: Activity) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.found = enrolments.for_whom(acting(request), activity).in_order()
        offered = choices.people(self.found, clock.today())
        self.fields["person"] = forms.ChoiceField(label="报名的人", choices=offered)
        self.fields["wait"] = forms.BooleanField(label="名额满了就排候补", required=False)

    def clean_person(self) -> Person:
        return self.found.get(pk=self.cleaned_data["person"])


def others(request: HttpRequest, pk: int) -> HttpResponse:
    """A branch enrols its members, one at a time."""
    activity = _offered_or_404(request, pk)
    form = OthersForm(request.POST or None, request=request, activity=activity)
    if not form.found.exists():
        raise Http404
    if form.outcome(partial(actions.enrol, by=acting(request), activity=activity)):
        messages.success(request, "已报名。")
        return redirect("training")
    return form_page(
        request, form, title=f"代报名：{activity.title}", crumbs=_crumbs(), submit="报名"
    )


@require_POST
def enrol(request: HttpRequest, pk: int) -> HttpResponse:
    """Oneself; `wait` where one is content with waiting."""
    activity, me = _offered_or_404(request, pk), acting(request).person
    if me is None:
        raise Http404
    wait = bool(request.POST.get("wait"))
    act = partial(actions.enrol, by=acting(request), activity=activity, person=me, wait=wait)
    if done(request, act):
        said = enrolments.standing(Places.objects.get(activity=activity)).says(me)
        messages.success(request, f"{activity.title}：{said}。")
    return redirect("training")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up one's own place, or (by `enrolment`) that of somebody whom one may enrol."""
    activity, user = _offered_or_404(request, pk), acting(request)
    rows = Enrolment.objects.filter(activity=activity, cancelled_at=None)
    asked = ids.read(request.POST.get("enrolment", ""))
    own = Q(person=user.person) if user.person else Q(pk=None)
    whom = enrolments.for_whom(user, activity).values("pk")
    row = get_object_or_404(rows.filter(Q(pk=asked, person__in=whom) if asked else own))
    done(request, partial(actions.cancel, by=user, row=row), "已取消报名。")
    return redirect("enrolments", pk) if asked else redirect("training")
