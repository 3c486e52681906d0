"""Opening a case: for which organisation, about whom, in answer to which notice."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from guantong.processes import model as m
from guantong.records import access, catalogue, clock
from guantong.records.actions import cases as actions
from guantong.records.case_actors import Place, Standing
from guantong.records.handling import Handling
from guantong.records.models import Call, Case, Membership, Org, Person
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.web import choices, ids, scope
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.case_words import state_title
from guantong.web.forms.steps import People, PersonField
from guantong.web.views.cases import process_or_404, require_cases, to_cases


class EarlierField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A case that is over, told by its organisation, its words and its end."""

    def label_from_instance(self, obj: Case) -> str:
        return f"{obj.org.short_name}：{obj}（{obj.closed_on} {state_title(obj)}）"


class CallField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A notice that has begun, told with its days."""

    def label_from_instance(self, obj: Call) -> str:
        return f"{obj.title}（{obj.opens_on} 至 {obj.closes_on or '不限'}）"


class OpenForm(ActionForm):
    """Only what the process needs: an organisation where there is a choice, a person, a notice."""

    on = DayField(label="开办日期", help_text="以前已经开始办的，写当时的日期。")

    def __init__(
        self, *args: Any, request: HttpRequest, process: m.Process, kept: Handling, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.kept, self.process, self.user = kept, process, acting(request)
        places = openable(request, kept)
        if kept.newcomer or not process.of_person:
            self._org(places, scope.org_in_view(request))
        if process.of_person:
            self._person(places)
        if kept.newcomer:
            self.fields["title"] = forms.CharField(
                label="姓名（名册上没有的写这里）", max_length=60, required=False
            )
        elif kept.titled:
            self.fields["title"] = forms.CharField(label=kept.titled, max_length=120)
        if kept.called:
            self._call(request)
        if kept.recurs:
            self._again(request)
        self.order_fields([n for n in self.fields if n != "on"] + ["on"])

    def _org(self, places: OrgQuerySet, usual: Org | None) -> None:
        self.fields["org"] = choices.org_field(places, label="党组织")
        if usual is not None and places.filter(pk=usual.pk).exists():
            self.initial.setdefault("org", usual.pk)

    def _person(self, places: OrgQuerySet) -> None:
        people = self._people(places)
        if people.count() == 1:
            self.initial.setdefault("person", people.get().pk)
        self.fields["person"] = PersonField(
            People(people, clock.today()), label="本人", required=not self.kept.newcomer,
            help_text="输入姓名，从列出的里面选。",
        )  # fmt: skip

    def _people(self, places: OrgQuerySet) -> PersonQuerySet:
        """Those of branches where the user may open one, and oneself where that is possible."""
        now = Membership.objects.on(clock.today()).filter(org__in=places)
        if self.kept.statuses:
            now = now.filter(status__in=self.kept.statuses)
        mine = Q(pk=self.user.person_id) if "self" in self.kept.opened_by else Q(pk__in=())
        others = Q(pk__in=now.values("person"))
        return Person.objects.filter(others | mine).in_order()

    def _call(self, request: HttpRequest) -> None:
        today = clock.today()
        begun = access.calls(request.user).filter(process=self.process.name, opens_on__lte=today)
        some = list(begun.exclude(closes_on__lt=today).order_by("-opens_on")[:2])
        if len(some) == 1:
            self.initial.setdefault("call", some[0].pk)
        self.fields["call"] = CallField(
            begun.order_by("-opens_on"), label="通知", empty_label="请选择",
            help_text="已截止的只用于补录：开办日期写当时的。"
            if some
            else "现在没有收着申报的通知。上级发出通知后，在这里选择。",
        )  # fmt: skip

    def _again(self, request: HttpRequest) -> None:
        seen = access.cases(request.user).filter(process=self.process.name)
        field = EarlierField(
            seen.exclude(closed_on=None).select_related("org", "person").order_by("-closed_on"),
            label="是哪一次的反复", required=False, empty_label="不是反复，第一次发现",
        )  # fmt: skip
        self.fields["again_of"] = field

    def begin(self, **cleaned: Any) -> Case:
        person = Person.objects.get(pk=pk) if (pk := cleaned.pop("person", None)) else None
        org = cleaned.pop("org", None) or (_branch_of(person) if person else None)
        if org is None:
            raise access.Refused("请选择是哪一位。", {"person": "请选择是哪一位。"})
        return actions.begin(
            by=self.user, process=self.process.name, org=org, person=person, **cleaned
        )


def _branch_of(person: Person) -> Org | None:
    now = person.memberships.filter(valid_to=None).select_related("org").first()
    return now.org if now else None


def openable(request: HttpRequest, kept: Handling) -> OrgQuerySet:
    """The organisations in reach where the user may open such a case."""
    user, today = acting(request), clock.today()
    within = access.orgs(user, "case.view").on(today).filter(kind__in=kept.orgs)
    who = Standing.today(user)
    mine = [org.pk for org in within if who.actors_at(Place(org)) & set(kept.opened_by) - {"self"}]
    return within.filter(pk__in=mine)


def begin(request: HttpRequest, name: str) -> HttpResponse:
    require_cases(request)
    process, kept = process_or_404(name), catalogue.handling().of[name]
    own = "self" in kept.opened_by and acting(request).person_id is not None
    if not own and not openable(request, kept).exists():
        raise Http404
    form = OpenForm(
        request.POST or None, request=request, process=process, kept=kept,
        initial={"on": clock.today(), **_asked(request, kept)},
    )  # fmt: skip
    if row := form.outcome(partial(form.begin)):
        messages.success(request, f"已开办“{process.title}”。下一步见下面。")
        return redirect("case", row.pk)
    about = f"{process.about}。" + ("先要有通知才能申报。" if kept.called else "")
    return form_page(
        request, form, title=f"开办：{process.title}", crumbs=to_cases(process), submit="开办",
        about=about,
    )  # fmt: skip


def _asked(request: HttpRequest, kept: Handling) -> dict[str, int]:
    """Whom the page that led here was about."""
    found = {}
    for name in ("person", "org", "call"):
        if pk := ids.read(request.GET.get(name)):
            found[name] = pk
    if "person" in found:
        seen = access.people(request.user, "member.view").filter(pk=found["person"])
        if not seen.exists():
            del found["person"]
    return found


def processes_for(request: HttpRequest, person: Person) -> list[tuple[str, str]]:
    """What may be opened about a person, with the address."""
    now = person.memberships.filter(valid_to=None).select_related("org").first()
    if now is None:
        return []
    place = Place(now.org, person=person.pk)
    mine = Standing.today(acting(request)).actors_at(place)
    found = []
    for name, kept in catalogue.handling().of.items():
        process = catalogue.process(name)
        fits = not kept.statuses or now.status in kept.statuses
        if process.of_person and not kept.newcomer and fits and mine & set(kept.opened_by):
            found.append((process.title, f"{reverse('case-new', args=[name])}?person={person.pk}"))
    return found
