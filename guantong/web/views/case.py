"""The page of one case: where it stands, what may happen next and why not, what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guantong.processes import model as m
from guantong.processes.engine import Option
from guantong.records import access, case_facts, catalogue, clock, criteria, papers
from guantong.records import cases as reading
from guantong.records.actions import case_beside, case_rows
from guantong.records.actions import cases as actions
from guantong.records.actions.papers import FILE
from guantong.records.case_actors import Standing
from guantong.records.case_values import says
from guantong.records.drafts import late_by
from guantong.records.models import Case, CaseStep, User
from guantong.records.papers import Template
from guantong.web import case_lines, case_words, route_chart
from guantong.web.acting import ActionForm, DayField, acting, done, form_page
from guantong.web.case_words import Names, cited, value_words
from guantong.web.forms.steps import StepForm, entered, form_field, named_as
from guantong.web.views.cases import to_cases

HANDS: Final = frozenset({"who", "self", "same_hand"})


def case_or_404(request: HttpRequest, pk: int) -> Case:
    found = access.cases(request.user).select_related("org", "other_org", "person", "call")
    return get_object_or_404(found, pk=pk)


@dataclass(frozen=True)
class Next:
    """A step out of the present state. `url` empty: not now, for the reasons given."""

    step: m.Step
    url: str
    reasons: tuple[tuple[str, str], ...]  # what stands against it, and what that rests on
    explain: tuple[str, ...]
    reminders: tuple[str, ...]
    opens_on: date | None
    who: str
    basis: str
    leads: str


@require_GET
def case(request: HttpRequest, pk: int) -> TemplateResponse:
    user, row = acting(request), case_or_404(request, pk)
    process, today = reading.process_of(row), clock.today()
    steps = list(row.steps.select_related("by", "undone_by").order_by("number"))
    standing = [step for step in steps if step.undone_at is None]
    history = reading.told(row, standing)
    who = Standing.today(user)
    nexts = [_next(row, process, one) for one in reading.options(row, who, today, history)]
    last = standing[-1] if standing else None
    kept = reading.handling_of(row)
    return TemplateResponse(
        request,
        "web/case.html",
        {
            "title": f"{process.title}：{row}",
            "crumbs": to_cases(catalogue.process(row.process)),
            "case": row,
            "line": case_lines.line(row, today),
            "process": process,
            "kept": kept,
            "closed": process.states[row.state].closed,
            "mine": [one for one in nexts if one.url or not _others(one)],
            "others": [one for one in nexts if not one.url and _others(one)],
            "steps": [(one, _late(one.row)) for one in case_words.timeline(process, steps)],
            "facts": _facts(row, process, today, who),
            "documents": _documents(user, row, process, standing),
            "notes": [(n, says(n)) for n in row.notes.select_related("by").order_by("pk")],
            "hands": _hands(row, names := _nameable(user, row)),
            "names": names,
            "undo": _undo(user, row, last, process),
            "route": route_chart.drawn(
                process, row.state, frozenset(s for one in standing for s in (one.source,))
            ),
            "earlier": _earlier(request, row),
            "ballot": row.process == "election",
            "hours": row.process == "transfer-out",
            "own": user.person_id is not None and user.person_id == row.person_id,
            "variants": [v.title for v in process.variants.values() if v.id in row.variants],
            "member_url": _member_url(request, row),
        },
    )


def _next(row: Case, process: m.Process, option: Option) -> Next:
    hands = HANDS & set(option.rules)
    rules = {rule.id: rule for rule in option.step.rules}
    return Next(
        step=option.step,
        url=reverse("case-step", args=[row.pk, option.step.name])
        if not option.reasons or _too_late(option, rules)
        else "",
        reasons=tuple(
            (why, cited(rules[code]) if code in rules else "")
            for why, code in zip(option.reasons, option.rules, strict=True)
        )
        if not hands
        else tuple((why, "") for why in option.reasons[: len(hands)]),
        explain=tuple(one.says for one in option.to_explain),
        reminders=tuple(one.says for one in option.reminders),
        opens_on=option.opens_on,
        who="、".join(process.actors[code].title for code in option.step.who),
        basis=cited(option.step),
        leads=process.states[option.step.target].title if option.step.target else "",
    )


def _too_late(option: Option, rules: Mapping[str, m.Rule]) -> bool:
    """Whether only today is too late: what was done in time may still be recorded with its day."""
    tests = [rules[code].test if code in rules else None for code in option.rules]
    return all(isinstance(t, m.Span) and (t.day, t.way) == ("on", m.Way.NOT_AFTER) for t in tests)


def _others(one: Next) -> bool:
    """Whether the step is for others to take."""
    return any("办理" in why and not basis for why, basis in one.reasons)


def _late(row: CaseStep) -> int:
    return late_by(row.on_day, timezone.localdate(row.at))


@dataclass(frozen=True)
class Fact:
    """A given fact: what is known, from where; `url` leads to stating it where nobody knows."""

    title: str
    value: str
    source: str
    url: str


def _facts(row: Case, process: m.Process, today: date, who: Standing) -> list[Fact]:
    found = []
    for name, one in process.given.items():
        known = case_facts.from_records(row, name, today, who)
        stated = known is None
        value = case_facts.stated(row, name) if stated else known
        found.append(
            Fact(
                title=one.title,
                value=value_words(one, value, Names({}, {})),
                source=f"来自{one.derived}"
                if not stated
                else "另行写明"
                if name in row.stated
                else "",
                url=reverse("case-fact", args=[row.pk, name])
                if stated and not row.closed_on and case_rows.handles_as(who, row)
                else "",
            )
        )
    return found


def _documents(
    user: User, case: Case, process: m.Process, standing: Sequence[CaseStep]
) -> list[tuple[str, list[str], list[Template]]]:
    """What papers each step yields, as far as the case has come, and the templates for them."""
    may = not reading.handling_of(case).restricted and not access.check(user, FILE, case.org)
    made = papers.by_step(user, process, case.org) if may else {}
    taken = {row.step for row in standing}
    last = {row.step: row.pk for row in standing}  # a paper tells of the last time of its step
    fit = {
        last[step]: [t for t in found if t.fits_steps(taken)]
        for step, found in made.items()
        if step in last
    }
    return [
        (f"{process.steps[row.step].title}（{row.on_day}）", row.documents, fit.get(row.pk, []))
        for row in standing
        if row.documents or fit.get(row.pk)
    ]


def _hands(row: Case, names: Sequence[str]) -> list[tuple[Any, str, bool]]:
    """Who is named as whom, and whether the user may end that."""
    named = row.hands.filter(ended_at=None).select_related("user").order_by("pk")
    return [(one, catalogue.actors()[one.actor].title, one.actor in names) for one in named]


def _nameable(user: User, row: Case) -> list[str]:
    """As whom the user may name somebody here."""
    may = not row.closed_on and case_rows.handles(user, row)
    return case_beside.nameable(user, row) if may else []


def _undo(user: Any, row: Case, last: CaseStep | None, process: m.Process) -> str:
    if last is None or actions.why_not_back(user, row, last) or actions.irrevocable(row, last):
        return ""
    return process.steps[last.step].title


def _earlier(request: HttpRequest, row: Case) -> list[tuple[Case, str]]:
    """The same problem before and after, the first time first."""
    seen = access.cases(request.user)
    chain: list[Case] = []
    now = row.again_of_id
    while now is not None and len(chain) < MOST:
        one = seen.filter(pk=now).select_related("org", "person").first()
        if one is None:
            break
        chain.insert(0, one)
        now = one.again_of_id
    later = list(seen.filter(again_of=row).select_related("org", "person"))
    return [(one, case_words.state_title(one)) for one in (*chain, *later)]


MOST: Final = 20


def _member_url(request: HttpRequest, row: Case) -> str:
    seen = row.person_id and access.people(request.user, "member.view").filter(pk=row.person_id)
    return reverse("member", args=[row.person_id]) if seen and seen.exists() else ""


def crumbs_to_case(row: Case) -> list[tuple[str, str]]:
    process = catalogue.process(row.process)
    return [*to_cases(process), (str(row), reverse("case", args=[row.pk]))]


# ---------------------------------------------------------------- a step


def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    row = case_or_404(request, pk)
    process = reading.process_of(row)
    if name not in process.steps:
        raise Http404
    # As of the day that was typed: what stands against today would contradict what is refused.
    who, day = Standing.today(acting(request)), _typed_day(request)
    option = {o.step.name: o for o in reading.options(row, who, day)}.get(name)
    if request.method != "POST" and (option is None or HANDS & set(option.rules)):
        return redirect("case", pk)
    form = StepForm(
        request.POST or None,
        case=row,
        step=process.steps[name],
        kept=reading.handling_of(row),
        to_explain=[one.rule for one in option.to_explain] if option else (),
        last=row.steps.standing().filter(step=name).order_by("number").last(),
        on=day,
        initial={"on": clock.today(), **_suggested(row, name)},
    )
    if taken := form.outcome(partial(_take, request, row, form)):
        return _after(request, process, taken)
    return TemplateResponse(
        request,
        "web/case_step.html",
        {
            "title": process.steps[name].title,
            "crumbs": crumbs_to_case(row),
            "case": row,
            "process": process,
            "form": form,
            "known": _known(form),
            "step": process.steps[name],
            "basis": cited(process.steps[name]),
            "rules": [(rule, cited(rule)) for rule in process.steps[name].rules],
            "reasons": option.reasons if option and not form.is_bound else (),
            "reminders": option.reminders if option else (),
            "effects": actions.has_effect(row.process, name),
            "first": _first(row, process.steps[name], form),
            "back": reverse("case", args=[pk]),
        },
        status=form.status,
    )


def _typed_day(request: HttpRequest) -> date:
    try:
        return DayField().clean(request.POST.get("on")) or clock.today()
    except forms.ValidationError:
        return clock.today()


def _first(row: Case, step: m.Step, form: StepForm) -> tuple[str, str] | None:
    """What has to be on record before the step, in words, and the page to record it on."""
    counted_from = reading.handling_of(row).counted_from
    for field in step.fields:
        kind = counted_from.get(field.name)
        if kind and field.name not in form.known:
            called = catalogue.current().label("activities", kind)
            said = f"先记录这次{called}活动，{field.title}从记录得出。"
            return said, f"{reverse('activity-new')}?kind={kind}"
    return None


def _suggested(row: Case, step: str) -> dict[str, int | str]:
    """Numbers that the self-check knows, the seats as filed, the committee that the tally names;
    can be changed."""
    if (row.process, step) == ("election", "hand_over"):
        return {named_as("a", "members"): case_facts.elected(row)}
    if (row.process, step) == ("election", "hold"):
        seats = case_facts.last_written(row, "file_candidates").get("seats")
        return {named_as("f", "seats"): int(seats)} if seats else {}
    found = criteria.suggested(row, clock.today())
    return {named_as("f", name): number for name, number in found.items()}


def _take(request: HttpRequest, row: Case, form: StepForm, **cleaned: Any) -> CaseStep:
    version: int = cleaned.pop("version")
    entry = form.entry(**cleaned)
    return actions.take_step(by=acting(request), case=row, version=version, entry=entry)


def _after(request: HttpRequest, process: m.Process, taken: CaseStep) -> HttpResponse:
    told = process.steps[taken.step]
    messages.success(request, f"已办理“{told.title}”。")
    rules = {rule.id: rule.says for rule in told.rules}
    for rule in taken.reminders:
        messages.warning(request, f"提醒：{rules[rule]}。这一条一般应做到，请留意。")
    return _back_to(request, taken.case)


def _back_to(request: HttpRequest, row: Case) -> HttpResponse:
    """A step may take the case, or the user's post, out of his sight."""
    if access.cases(acting(request)).filter(pk=row.pk).exists():
        return redirect("case", row.pk)
    messages.info(request, f"“{row}”现在由别的党组织办理，不在您的范围内了。")
    return redirect("week")


def _known(form: StepForm) -> list[tuple[str, str]]:
    """What the records have filled in already."""
    titles = {one.name: one for one in form.step.fields}
    names = case_words.named(reading.process_of(form.case), [(form.step, form.known)])
    return [
        (
            f"{titles[name].title}（来自{titles[name].derived}）",
            value_words(titles[name], value, names),
        )
        for name, value in form.known.items()
    ]


class BackForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def undo(request: HttpRequest, pk: int) -> HttpResponse:
    row = case_or_404(request, pk)
    process = reading.process_of(row)
    last = row.steps.standing().order_by("number").last()
    if last is None or (request.method != "POST" and not _undo(request.user, row, last, process)):
        return redirect("case", pk)
    form = BackForm(request.POST or None, initial={"version": row.version})
    title = process.steps[last.step].title
    if form.outcome(partial(actions.take_back, by=acting(request), case=row)):
        messages.success(request, f"已撤回“{title}”，记录仍留在办理过程里。")
        return _back_to(request, row)
    before = process.states[last.source].title
    return form_page(
        request, form, title=f"撤回“{title}”", crumbs=crumbs_to_case(row), submit="撤回",
        danger=True,
        about=f"撤回后回到“{before}”，这一步在名册里的改动一起恢复；不能恢复的会告诉您。",
    )  # fmt: skip


# ---------------------------------------------------------------- beside the steps


class NoteForm(ActionForm):
    says = forms.CharField(label="留言", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    row, form = case_or_404(request, pk), NoteForm(request.POST)
    if form.outcome(partial(case_beside.note, by=acting(request), case=row)):
        return redirect(f"{reverse('case', args=[pk])}#notes")
    return form_page(
        request, form, title="留言", crumbs=crumbs_to_case(row), submit="留言",
    )  # fmt: skip


class HandForm(ActionForm):
    actor = forms.ChoiceField(label="身份")
    username = forms.CharField(
        label="账号", max_length=150, help_text="写对方的登录账号名。对方只能看到这一件事项。"
    )


def hand(request: HttpRequest, pk: int) -> HttpResponse:
    row = case_or_404(request, pk)
    codes = _nameable(acting(request), row)
    if not codes:
        raise Http404
    form = HandForm(request.POST or None)
    field = form.fields["actor"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(code, catalogue.actors()[code].title) for code in codes]
    if form.outcome(partial(case_beside.name_hand, by=acting(request), case=row)):
        messages.success(request, "已指定。对方登录后在“流程”里能看到这件事项。")
        return redirect("case", pk)
    return form_page(
        request, form, title="指定办理人", crumbs=crumbs_to_case(row), submit="指定",
    )  # fmt: skip


@require_POST
def hand_end(request: HttpRequest, pk: int, hand_pk: int) -> HttpResponse:
    row = case_or_404(request, pk)
    named = get_object_or_404(row.hands, pk=hand_pk)
    done(request, partial(case_beside.end_hand, by=acting(request), hand=named), "已取消指定。")
    return redirect("case", pk)


class FactForm(ActionForm):
    reason = forms.CharField(
        label="依据", max_length=200, help_text="如：2023 年党费台账第 3 页。"
    )


def fact(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    row = case_or_404(request, pk)
    given = catalogue.process(row.process, row.process_version).given
    if name not in given or not case_rows.handles(acting(request), row):
        raise Http404
    form = FactForm(request.POST or None)
    form.fields["value"] = form_field(given[name], _nobody, _nobody)
    form.order_fields(["value", "reason"])

    def act(value: Any, reason: str) -> Case:
        told = entered(value)
        assert told is not None
        return case_beside.state_fact(
            by=acting(request), case=row, version=row.version, name=name, value=told,
            reason=reason,
        )  # fmt: skip

    if form.outcome(act):
        messages.success(request, f"已写明“{given[name].title}”。")
        return redirect("case", pk)
    return form_page(
        request, form, title=given[name].title, crumbs=crumbs_to_case(row), submit="写明",
        about=f"系统里还没有{given[name].derived}，先在这里写明；有了记录以后以记录为准。",
    )  # fmt: skip


def _nobody() -> Any:
    raise AssertionError("no given fact names a person or a branch")
