"""One step for many cases: a meeting that deals with twenty people, told one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.processes import model as m
from guantong.records import access, case_facts, catalogue, clock, papers
from guantong.records import cases as reading
from guantong.records.actions import cases as actions
from guantong.records.actions.cases import Entry, Outcome
from guantong.records.actions.papers import FILE
from guantong.records.case_actors import Standing
from guantong.records.models import Case
from guantong.web.acting import INVALID, DayField, NumberField, acting
from guantong.web.case_words import cited
from guantong.web.forms.steps import People, entered, form_field, named_as
from guantong.web.views.cases import process_or_404, require_cases, to_cases

MOST: Final = 200
EACH: Final = (m.FieldType.NUMBER, m.FieldType.TEXT)  # may differ from one to the next
MODES: Final = [("all", "全部办成才保存"), ("chosen", "能办的先办，办不成的说明原因")]


class BulkForm(forms.Form):
    """What holds for everybody; a person's own numbers and words stand in the table."""

    on = DayField(label="办理日期")
    mode = forms.ChoiceField(label="有人办不成时", choices=MODES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, step: m.Step, first: Case, **more: Any) -> None:
        super().__init__(*args, **more)
        self.step, day = step, clock.today()
        people = People(case_facts.nameable(first, day), day)
        for one in step.fields:
            if not one.derived:
                field = form_field(one, lambda: people, partial(case_facts.branches, first, day))
                field.required = False
                field.help_text = "各人不同的，在下面的表里写。" if one.type in EACH else ""
                self.fields[named_as("f", one.name)] = field
        if any(rule.level is m.Level.UNLESS_REASON for rule in step.rules):
            self.fields["why"] = forms.CharField(
                label="不合要求的原因", required=False, max_length=300,
                help_text="按要求晚了等情况，写明原因才能办理；对选中的人都适用。",
            )  # fmt: skip
        self.order_fields(["on", *(n for n in self.fields if n not in ("on", "mode")), "mode"])


@dataclass(frozen=True)
class Row:
    """One case in the table. `closed`: why the step is not open to it before anything is said."""

    case: Case
    ticked: bool
    closed: str
    own: tuple[tuple[str, str, str, bool], ...]  # name, label, value, whether a number
    outcome: Outcome | None


def bulk(request: HttpRequest, name: str, step: str) -> TemplateResponse:
    require_cases(request)
    process = process_or_404(name)
    if step not in process.steps:
        raise Http404
    found = list(_eligible(request, process, step))
    if not found:
        raise Http404
    chosen = reading.process_of(found[0])
    told = chosen.steps.get(step) or process.steps[step]
    form = BulkForm(
        request.POST or None, step=told, first=found[0],
        initial={"on": clock.today(), "mode": "all"},
    )  # fmt: skip
    outcomes, status = _act(request, form, found, told)
    done = bool(outcomes) and all(one.row for one in outcomes.values())
    return TemplateResponse(
        request,
        "web/case_bulk.html",
        {
            "title": f"{told.title}：批量办理",
            "crumbs": to_cases(process),
            "process": process,
            "step": told,
            "basis": cited(told),
            "form": form,
            "rows": [_row(request, one, told, outcomes.get(one.pk)) for one in found],
            "columns": [one.title for one in _each(told)],
            "told": bool(outcomes),
            "done": done,
            "kept": sum(1 for one in outcomes.values() if one.row),
            "refused": sum(1 for one in outcomes.values() if not one.row),
            "papers": _papers(request, process, step, outcomes) if done else [],
            "back": reverse("case-board", args=[name]),
        },
        status=status,
    )


def _papers(
    request: HttpRequest, process: m.Process, step: str, outcomes: Mapping[int, Outcome]
) -> list[tuple[str, str]]:
    """Title and address of each template for what the step yields, for all of them at once."""
    if catalogue.handling().of[process.name].restricted:
        return []
    (first, *_) = (one.case for one in outcomes.values())
    if access.check(acting(request), FILE, first.org):
        return []
    chosen = [("case", pk) for pk in outcomes]
    return [
        (one.title, f"{reverse('paper-make', args=[one.code])}?{urlencode(chosen)}")
        for one in papers.by_step(acting(request), process, first.org).get(step, [])
    ]


def _eligible(request: HttpRequest, process: m.Process, step: str) -> Iterator[Case]:
    """Those in reach that stand where the step begins, and whose step it is the user's to take."""
    states = process.steps[step].sources
    seen = access.cases(request.user).open().filter(process=process.name, state__in=states)
    who = Standing.today(acting(request))
    rows = seen.select_related("org", "person", "call").order_by("org__sort_key", "pk")
    for row in rows[:MOST]:
        now = reading.process_of(row).steps.get(step)
        if now is not None and who.actors(row) & set(now.who):
            yield row


def _each(step: m.Step) -> list[m.Field]:
    return [one for one in step.fields if one.type in EACH and not one.derived]


def _act(
    request: HttpRequest, form: BulkForm, found: Sequence[Case], step: m.Step
) -> tuple[dict[int, Outcome], int]:
    if request.method != "POST":
        return {}, 200
    ticked = set(request.POST.getlist("case"))
    rows = [one for one in found if str(one.pk) in ticked]
    if not form.is_valid():
        return {}, INVALID
    if gone := len(ticked) - len(rows):
        why = f"选中的有 {gone} 件现在不在这一步，可能刚刚有人办过；这次都没有保存。"
        form.add_error(None, f"{why}请看过下面的再办。")
        return {}, INVALID
    if not rows:
        form.add_error(None, "请至少选一人。")
        return {}, INVALID
    entries = [(one, _version(request, one), _entry(request, form, one, step)) for one in rows]
    done = actions.take_steps(
        by=acting(request), entries=entries, all_or_none=form.cleaned_data["mode"] == "all"
    )
    status = 200 if any(one.row for one in done) else INVALID
    return {one.case.pk: one for one in done}, status


def _version(request: HttpRequest, row: Case) -> int:
    text = request.POST.get(f"v-{row.pk}", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _entry(request: HttpRequest, form: BulkForm, row: Case, step: m.Step) -> Entry:
    """What holds for all, with a person's own words and numbers before it."""
    fields = {
        one.name: entered(form.cleaned_data.get(named_as("f", one.name)))
        for one in step.fields
        if not one.derived
    }
    for one in _each(step):
        text = request.POST.get(f"{one.name}-{row.pk}", "").strip()
        if text:
            fields[one.name] = _own(one, text)
    why = form.cleaned_data.get("why") or ""
    explained = {r.id: why for r in step.rules if r.level is m.Level.UNLESS_REASON and why}
    return Entry(step=step.name, on=form.cleaned_data["on"], fields=fields, reasons=explained)


def _own(one: m.Field, text: str) -> m.Value:
    """A number that is none stays a text: the engine says what is wrong with it."""
    if one.type is m.FieldType.TEXT:
        return text[:1000]  # what no database keeps, the engine refuses
    field = NumberField(min_value=0, max_digits=10, decimal_places=2)
    try:
        value = entered(field.clean(text))
    except forms.ValidationError:
        return text[:20]
    assert value is not None
    return value


def _row(request: HttpRequest, row: Case, step: m.Step, outcome: Outcome | None) -> Row:
    posted = request.method == "POST"
    return Row(
        case=row,
        ticked=str(row.pk) in request.POST.getlist("case") if posted else True,
        closed="" if posted else _closed(request, row, step),
        own=tuple(
            (name, one.title, request.POST.get(name, ""), one.type is m.FieldType.NUMBER)
            for one in _each(step)
            for name in [f"{one.name}-{row.pk}"]
        ),
        outcome=outcome,
    )


def _closed(request: HttpRequest, row: Case, step: m.Step) -> str:
    who = Standing.today(acting(request))
    for option in reading.options(row, who, clock.today()):
        if option.step.name == step.name:
            return "；".join(option.reasons)
    return ""
