"""试算: what the ledger would say under another reading, standard or tree, or if plans are kept.

Nothing is stored. Shown are only the organisations within the reader's reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import model as m
from guantong.obligations.differences import Difference, summary
from guantong.records import access, catalogue, clock, ledger, what_if
from guantong.records.models import Org, Person
from guantong.web import download
from guantong.web.acting import NumberField
from guantong.web.filters import paged
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import amount, period_words

HEADER: Final = (
    *("责任", "组织", "人员", "周期"),
    *("现在要求", "现在已有", "现在结论", "试算要求", "试算已有", "试算结论"),
)


class WhatIfForm(forms.Form):
    reading = forms.ChoiceField(label="换一种口径", required=False)
    obligation = forms.ChoiceField(label="换一个标准：责任", required=False)
    value = NumberField(
        label="标准值", required=False, min_value=Decimal(0), max_value=Decimal(100_000)
    )
    forecast = forms.BooleanField(label="计划中的活动都如期开展", required=False)
    tree_now = forms.BooleanField(label="各周期都按今天的组织隶属汇总", required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET or None)
        rules, asked = catalogue.current(), ledger.question()
        names = {o.reading.id for o in asked.obligations if o.reading}
        offered = [
            (f"{name}={option}", f"{name} {says}")
            for name in rules.readings()
            if name in names
            for option, says in {"": "规则目录的读法", **rules.options(name)}.items()
            if rules.options(name)
        ]
        self._offer("reading", [("", "不换"), *offered])
        titles = [(o.name, o.title) for o in asked.obligations]
        self._offer("obligation", [("", "不换"), *titles])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> None:
        named = self.cleaned_data.get("obligation")
        if named and self.cleaned_data.get("value") is None and "value" not in self.errors:
            self.add_error("value", "写上要试的标准值")

    def change(self) -> what_if.Change | None:
        """What to suppose; None where nothing is changed or something is wrong."""
        if not self.is_bound or not self.is_valid():
            return None
        given = self.cleaned_data
        reading, _, option = given["reading"].partition("=")
        change = what_if.Change(
            readings={reading: option} if reading else {},
            standards={given["obligation"]: given["value"]} if given["obligation"] else {},
            tree_on=clock.today() if given["tree_now"] else None,
            forecast=given["forecast"],
        )
        return None if change == what_if.Change() else change


@dataclass(frozen=True)
class Line:
    """One difference as it is listed."""

    title: str
    org: str
    person: str
    period: str
    before: m.Entry | None
    after: m.Entry | None
    was: str
    would: str


@dataclass(frozen=True)
class Turn:
    """How many entries of an obligation go from one verdict to another."""

    title: str
    was: str
    would: str
    count: int


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    far = access.reach(request.user, "ledger.view")
    if not far.paths:
        raise Http404
    form = WhatIfForm(request)
    change = form.change()
    found = _within_reach(request, what_if.answer(change)) if change else []
    if download.wanted(request):
        return _workbook(request, found)
    shown = paged(request, found)
    return TemplateResponse(
        request,
        "web/what_if.html",
        {
            "title": "试算",
            "crumbs": [("计划", reverse("plan"))],
            "form": form,
            "asked": change is not None,
            "total": len(found),
            "turns": list(_turns(found)),
            "page": shown,
            "lines": list(_lines(list(shown.object_list))),
        },
    )


def _within_reach(request: HttpRequest, found: list[Difference]) -> list[Difference]:
    there = set(access.orgs(request.user, "ledger.view").values_list("pk", flat=True))
    return [d for d in found if d.entry.org_id in there]


def _turns(found: list[Difference]) -> Iterator[Turn]:
    rules = catalogue.current().obligations
    for name, counts in summary(found).items():
        for (was, would), count in counts.most_common():
            yield Turn(rules[name].title, was, would, count)


def _lines(found: list[Difference]) -> Iterator[Line]:
    rules = catalogue.current().obligations
    orgs = Org.objects.in_bulk({d.entry.org_id for d in found})
    people = Person.objects.in_bulk({d.entry.person_id for d in found if d.entry.person_id})
    for d in found:
        entry, rule = d.entry, rules[d.entry.obligation]
        was, would = (_figures(e, rule) for e in (d.before, d.after))
        person = people[entry.person_id].name if entry.person_id else ""
        org = orgs[entry.org_id].short_name
        words = period_words(entry.period)
        yield Line(rule.title, org, person, words, d.before, d.after, was, would)


def _figures(entry: m.Entry | None, rule: m.Obligation) -> str:
    if entry is None:
        return ""
    return f"{amount(entry.actual, rule) or '未知'} / {amount(entry.required, rule)}"


def _workbook(request: HttpRequest, found: list[Difference]) -> HttpResponse:
    return download.workbook(
        request, title="试算", header=HEADER, about="试算结果，未改动任何数据",
        rows=(
            [d.title, d.org, d.person, d.period, *_cells(d.before), *_cells(d.after)]
            for d in _lines(found)
        ),
    )  # fmt: skip


def _cells(entry: m.Entry | None) -> list[Decimal | str | None]:
    if entry is None:
        return [None, None, "不作要求"]
    return [entry.required, entry.actual, VERDICTS[entry.verdict].word]
