"""Signing in by a code on the organiser's screen: an option for large events, never demanded.

The screen changes its code every quarter of a minute; scanning leads to a page with one button.
The organiser looks at the list before it becomes attendance, and may add whoever has no phone.
"""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any, Final

import segno
from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.records import access, clock, enrolments, rosters, sign_ins
from guantong.records.access import Refused
from guantong.records.actions import sign_ins as actions
from guantong.records.models import Activity, Places, SignIn, SignInSheet
from guantong.records.models.activity import MOST_HOURS
from guantong.trust import rotating
from guantong.web import ids
from guantong.web.acting import NumberField, acting, done, require, status_of

PRESSED: Final = 120  # seconds between scanning and pressing the button
SALT: Final = "sign-in"


# The organiser's screen


def _held_or_404(request: HttpRequest, pk: int) -> Activity:
    found = get_object_or_404(
        access.activities(request.user, "activity.view").live(), pk=pk, planned=True
    )
    require(request, actions.OPENS, *found.hosts.all())
    return found


@require_GET
def screen(request: HttpRequest, pk: int) -> HttpResponse:
    """The code, and how many have signed in. It renews itself, without any script."""
    activity = _held_or_404(request, pk)
    sheet = SignInSheet.objects.filter(activity=activity).first()
    signed = SignIn.objects.filter(activity=activity)
    response = TemplateResponse(
        request,
        "web/sign_in_screen.html",
        {
            "title": f"签到：{activity.title}",
            "crumbs": _crumbs(activity),
            "activity": activity,
            "sheet": sheet,
            "open": sheet is not None and sheet.closed_at is None,
            "count": signed.count(),
            "late": signed.filter(late=True).count(),
            "step": rotating.step_of(clock.now()),
            "is_today": activity.held_on == clock.today(),
        },
    )
    if sheet is not None and sheet.closed_at is None:
        response["Refresh"] = str(rotating.STEP // 2)
    return response


@require_GET
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code of this moment as a picture."""
    activity = _held_or_404(request, pk)
    sheet = get_object_or_404(SignInSheet, activity=activity, closed_at=None)
    address = reverse("sign-in", args=[pk, sign_ins.code(sheet)])
    file = BytesIO()
    segno.make(request.build_absolute_uri(address), error="m", micro=False).save(
        file, kind="svg", scale=10, border=2, xmldecl=False, svgclass=None, lineclass=None
    )
    return HttpResponse(file.getvalue(), content_type="image/svg+xml")


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Open or close the sheet."""
    activity = _held_or_404(request, pk)
    act = actions.open_sheet if request.POST.get("open") else actions.close_sheet
    done(request, partial(act, by=acting(request), activity=activity))
    return redirect("sign-in-screen", pk)


def _crumbs(activity: Activity) -> list[tuple[str, str]]:
    page = reverse("activity", args=[activity.pk])
    return [("活动", reverse("activity-list")), (activity.title, page)]


# Whoever scans it


def sign(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One button. Any code that does not hold gets the same answer, whatever the event."""
    user = acting(request)
    if request.method == "POST":
        return _signed(request, pk)
    if not sign_ins.holds(pk, code):
        return _answer(request, status=404)
    activity = get_object_or_404(Activity, pk=pk)
    token = signing.dumps([pk, user.pk], salt=SALT)
    return _answer(request, activity=activity, token=token)


def _signed(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting(request)
    try:
        asked = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=PRESSED)
    except signing.BadSignature:
        return _answer(request, status=404)
    if asked != [pk, user.pk]:
        return _answer(request, status=404)
    activity = get_object_or_404(Activity, pk=pk)
    try:
        row, first = actions.sign(by=user, activity=activity)
    except Refused as refused:
        return _answer(request, status=status_of(refused), refused=refused.text)
    return _answer(request, activity=activity, row=row, first=first)


def _answer(request: HttpRequest, *, status: int = 200, **more: Any) -> TemplateResponse:
    told = {"activity": None, "token": "", "row": None, "first": False, "refused": "", **more}
    return TemplateResponse(request, "web/sign_in.html", {"title": "签到", **told}, status=status)


# Confirming the list


class ConfirmForm(forms.Form):
    hours = NumberField(
        label="学时",
        required=False,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=Decimal(MOST_HOURS),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody who signed in, enrolled or is expected; ticked is present."""
    activity = _held_or_404(request, pk)
    ticked = {ids.read(text) for text in request.POST.getlist("present")}
    form = ConfirmForm(
        request.POST or None, initial={"hours": activity.hours, "version": activity.version}
    )
    refused = None
    if form.is_valid():
        try:
            actions.confirm(by=acting(request), activity=activity, present=ticked,
                            **form.cleaned_data)  # fmt: skip
        except Refused as error:
            refused = error
        else:
            messages.success(request, "已按确认的名单记录。")
            return redirect("activity", pk)
    signed = {row.person_id: row for row in SignIn.objects.filter(activity=activity)}
    listed, others = _listed(activity, signed)
    return TemplateResponse(
        request,
        "web/sign_in_confirm.html",
        {
            "title": f"确认名单：{activity.title}",
            "crumbs": [*_crumbs(activity), ("签到", reverse("sign-in-screen", args=[pk]))],
            "activity": activity,
            "form": form,
            "rows": [(one, signed.get(one.pk), one.pk in (ticked or signed)) for one in listed],
            "others": [(one, None, one.pk in ticked) for one in others],
            "others_open": any(one.pk in ticked for one in others),
            "signed": len(signed),
            "refused": refused.text if refused else "",
        },
        status=status_of(refused) if refused else 422 if form.errors else 200,
    )


def _listed(
    activity: Activity, signed: Collection[int]
) -> tuple[list[rosters.Described], list[rosters.Described]]:
    """Those who signed in, or enrolled where there are places; then the others expected."""
    hosts = list(activity.hosts.all())
    expected, first = set[int](), set(signed)
    for host in hosts:
        people = rosters.expected(activity.kind, host, activity.held_on)
        expected |= set(people.values_list("pk", flat=True))
    if places := Places.objects.filter(activity=activity).first():
        first |= {row.person_id for row in enrolments.standing(places).placed}
    else:  # nobody had to enrol
        first |= expected
    rows = rosters.described(first | expected, hosts, activity.held_on)
    listed = [replace(one, branch=one.branch * (one.pk not in expected)) for one in rows]
    return (
        [one for one in listed if one.pk in first],
        [one for one in listed if one.pk not in first],
    )
