"""Taking over a case that was begun on paper: whom it is about, and the days told by the file."""

from datetime import date
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from guantong.processes import model as m
from guantong.records import catalogue, clock
from guantong.records.actions import case_taking_over as actions
from guantong.records.handling import Handling
from guantong.records.models import Case, Membership, Person
from guantong.records.models.org import OrgQuerySet
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.forms.steps import People, PersonField
from guantong.web.views.cases import places_above, process_or_404, require_cases, to_cases

ABOUT: Final = (
    "名册上已经是积极分子、发展对象、预备党员的，从现在的阶段接着办，以前的步骤只登记日期，不改名册。"
    "按本人现在的类别填写：{told}。"
)


class UnderWayForm(ActionForm):
    """The days of every status; which of them are needed, the roll decides."""

    def __init__(
        self, *args: Any, process: m.Process, kept: Handling, places: OrgQuerySet
    ) -> None:
        super().__init__(*args)
        self.process = process
        now = Membership.objects.on(clock.today()).filter(
            org__in=places, status__in=kept.under_way
        )
        people = Person.objects.filter(pk__in=now.values("person")).in_order()
        self.fields["person"] = PersonField(
            People(people, clock.today()), label="本人", help_text="输入姓名，从列出的里面选。"
        )
        for step in dict.fromkeys(s for steps in kept.under_way.values() for s in steps):
            self.fields[step] = DayField(label=f"{process.steps[step].title}日期", required=False)
        self.fields["reason"] = forms.CharField(
            label="依据", max_length=200, help_text="如：发展党员材料，存学院组织员处。"
        )

    def act(self, request: HttpRequest, person: int, reason: str, **days: date | None) -> Case:
        return actions.take_over(
            by=acting(request), process=self.process.name, person=Person.objects.get(pk=person),
            days={step: on for step, on in days.items() if on is not None}, reason=reason,
        )  # fmt: skip


def take_over(request: HttpRequest, name: str) -> HttpResponse:
    require_cases(request)
    process, kept = process_or_404(name), catalogue.handling().of[name]
    places = places_above(request, kept)
    if not places.exists():
        raise Http404
    form = UnderWayForm(request.POST or None, process=process, kept=kept, places=places)
    if row := form.outcome(partial(form.act, request)):
        messages.success(
            request, "已接续。以后每一步照常办理；日期有没有矛盾，可用“材料日期体检”核对。"
        )
        return redirect("case", row.pk)
    label = catalogue.current().label
    told = "；".join(
        f"{label('statuses', status)}填{'、'.join(process.steps[s].title for s in steps)}"
        for status, steps in kept.under_way.items()
    )
    return form_page(
        request, form, title=f"接续在办的：{process.title}", crumbs=to_cases(process),
        submit="接续", about=ABOUT.format(told=told),
    )  # fmt: skip
