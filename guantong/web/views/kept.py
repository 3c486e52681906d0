"""存档: ledgers stored for good, each as it was when it was stored."""

import io
from datetime import date
from functools import partial

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import run
from guantong.records import access, clock, ledger
from guantong.records.actions import ledger as actions
from guantong.records.models import Assessment
from guantong.web.acting import ActionForm, DayField, acting, require

KEEP = "ledger.keep"


class KeepForm(ActionForm):
    name = forms.CharField(label="名称", max_length=100, help_text="例如：2022 年终。")
    on = DayField(label="截至", help_text="默认是今天；可以是过去的一天。")


def kept(request: HttpRequest) -> HttpResponse:
    """The list, and storing one more. For those who see the whole school."""
    _require_whole(request)
    if request.method == "POST":
        require(request, KEEP, None)
    form = KeepForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(_keep, request)):
        messages.success(request, "台账已存档，以后可以原样再取。")
        return redirect("ledger-kept")
    stored = Assessment.objects.filter(kept=True).annotate(size=Count("entries"))
    return TemplateResponse(
        request,
        "web/kept.html",
        {
            "title": "台账存档",
            "crumbs": [("台账", reverse("ledger"))],
            "form": form,
            "stored": stored.select_related("by").order_by("-pk"),
            "may_keep": not access.check(request.user, KEEP, None),
        },
        status=form.status,
    )


def _keep(request: HttpRequest, *, name: str, on: date) -> Assessment:
    return actions.keep_day(by=acting(request), name=name, day=on)


@require_GET
def kept_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """One stored ledger, byte for byte as it was."""
    _require_whole(request)
    found = get_object_or_404(Assessment, pk=pk, kept=True)
    file = io.StringIO()
    run.write_csv(ledger.entries_of(found), file)
    response = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ledger-{pk}-{found.on_day}.csv"'
    return response


def _require_whole(request: HttpRequest) -> None:
    if not access.reach(request.user, "ledger.view").whole:
        raise Http404
