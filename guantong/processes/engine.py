"""What may happen next to a case, and what a step changes. It decides and never saves.

A step is open when nothing stands against it: no reasons means yes. Rules that look at what the
step itself writes down are asked only once that is filled in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from guantong.periods import add_months
from guantong.processes import model as m
from guantong.processes import rules
from guantong.processes.facts import Attempt, field_of, row_of, title_of
from guantong.processes.paths import reached
from guantong.processes.rules import Look, asked, lack, limit

PYTHON: dict[m.FieldType, type | tuple[type, ...]] = {
    m.FieldType.DAY: date,
    m.FieldType.NUMBER: (int, Decimal),
    m.FieldType.TEXT: str,
    m.FieldType.CODE: str,
    m.FieldType.FLAG: bool,
    m.FieldType.PERSON: int,
    m.FieldType.ORG: int,
    m.FieldType.VOTES: tuple,
}
MOST = 99_999_999  # of anything that is counted or paid


@dataclass(frozen=True)
class Finding:
    """A rule that is not kept, and the sentence that says so."""

    rule: m.Rule
    says: str


@dataclass(frozen=True)
class Option:
    """A step that leads on from here. Open when there are no `reasons`.

    `rules`: what the reasons rest on, in the same order; `who`, `self` and `same_hand` where it
    is the person.
    `to_explain`: may be passed over with a written reason, by rule. `opens_on`: the first day
    that its time limits allow, where they alone close it.
    """

    step: m.Step
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    to_explain: tuple[Finding, ...] = ()
    reminders: tuple[Finding, ...] = ()
    opens_on: date | None = None


@dataclass(frozen=True)
class Due:
    """A day by which a step is to be taken, and the rule that says so."""

    step: m.Step
    rule: m.Rule
    on: date


class StepRefused(Exception):
    """The step may not be taken; the text says why, in the words of the catalogue."""

    def __init__(self, *reasons: str, rules: tuple[str, ...] = ()) -> None:
        self.reasons, self.rules = reasons, rules
        super().__init__("；".join(reasons))


def options(
    process: m.Process, case: m.Case, *, on: date, by: int, actors: frozenset[str], given: m.Values
) -> list[Option]:
    """List the steps out of the case's state in the order of the catalogue, open or not."""
    process = process.with_variants(case.variants)
    return [
        _option(process, case, given, Attempt(step.name, on, by, actors))
        for step in process.out_of(case.state)
    ]


def advance(
    process: m.Process, case: m.Case, attempt: Attempt, *, today: date, given: m.Values
) -> m.Case:
    """Return the case with one event more, or raise StepRefused with every reason."""
    assert (case.process, case.version) == (process.name, process.version), "another process file"
    process = process.with_variants(case.variants)
    attempt = replace(attempt, fields=attempt.fields or {})
    step = process.steps.get(attempt.step)
    if step is None or case.state not in step.sources:
        title = step.title if step else attempt.step
        raise StepRefused(f"现在是“{process.states[case.state].title}”，不能办理“{title}”")
    wrong = (*_unfit(process, step, attempt), *_out_of_time(case, attempt, today))
    if wrong:
        raise StepRefused(*wrong)
    option = _option(process, case, given, attempt)
    reasons = attempt.reasons or {}
    unexplained = [f for f in option.to_explain if not reasons.get(f.rule.id, "").strip()]
    if option.reasons or unexplained:
        raise StepRefused(
            *option.reasons,
            *(f"{f.says}。如确有原因，请写明" for f in unexplained),
            rules=(*option.rules, *(f.rule.id for f in unexplained)),
        )
    event = _event(step, case, attempt, option, _seen(process, step, given))
    return replace(case, state=event.target, history=(*case.history, event))


def due(process: m.Process, case: m.Case, *, on: date, given: m.Values) -> list[Due]:
    """The days that the rules set for this step and for those to come, the earliest first."""
    process = process.with_variants(case.variants)
    found = []
    for step in process.steps.values():
        if running := [rule for rule in step.rules if _runs(process, case, step, rule)]:
            row = row_of(process, case, given, Attempt(step.name, on, 0, frozenset()))
            days = ((rule, _last_day(case, step, rule, row)) for rule in running)
            found += [Due(step, rule, day) for rule, day in days if day is not None]
    return sorted(found, key=lambda d: d.on)


def opening(process: m.Process, case: m.Case, *, on: date, given: m.Values) -> list[Due]:
    """The first days that the time limits leave for steps out of the present state, the earliest
    first; without those that were open already when the case came here."""
    process = process.with_variants(case.variants)
    came = [event.on for event in case.history if event.source != event.target]
    since, found = came[-1] if came else on, []
    for step in process.out_of(case.state):
        row = row_of(process, case, given, Attempt(step.name, on, 0, frozenset()))
        edges = [
            Due(step, rule, edge)
            for rule in step.rules
            if rule.level is m.Level.MUST and asked(rule, row)
            and isinstance(rule.test, m.Span)
            and (rule.test.day, rule.test.way) == ("on", m.Way.NOT_BEFORE)
            and (edge := limit(rule.test, row)) is not None and edge > since
        ]  # fmt: skip
        found += [max(edges, key=lambda d: d.on)] if edges else []
    return sorted(found, key=lambda d: d.on)


def _runs(process: m.Process, case: m.Case, step: m.Step, rule: m.Rule) -> bool:
    """Whether a limit runs already: it leads out of the present state, or it is still to come
    and what it counts from is not to be done again before."""
    if case.state in step.sources:
        return True
    match rule.test:
        case m.Span("on", m.Way.NOT_AFTER, anchor):
            again = ""
        case m.Paced(again, anchor):
            pass
        case _:
            return False
    if not step.target or case.days_of(step.name):
        return False  # a reminder has its time; what was done once is known to be in time or not
    if again and again not in {one.name for one in process.out_of(case.state)}:
        return False
    coming = reached(process, case.state, without=anchor.partition(".")[0])
    return not coming.isdisjoint(step.sources)


def _last_day(case: m.Case, step: m.Step, rule: m.Rule, row: m.Values) -> date | None:
    if not asked(rule, row):
        return None
    match rule.test:
        case m.Span("on", m.Way.NOT_AFTER) as span:
            over = not step.target and case.days_of(step.name)  # a reminder is given once
            return None if over else limit(span, row)
        case m.Paced(of, since, months):
            days = [d for d in (row.get(since), *case.days_of(of)) if isinstance(d, date)]
            return add_months(max(days), months) if days else None
        case _:
            return None


# ---------------------------------------------------------------- one step


def _option(process: m.Process, case: m.Case, given: m.Values, attempt: Attempt) -> Option:
    step = process.steps[attempt.step]
    found = list(_findings(process, case, given, attempt))
    hands = tuple(_wrong_hands(process, case, step, attempt))
    closing = [f for f in found if _closes(f)]
    return Option(
        step,
        reasons=(*(says for _, says in hands), *(f.says for f in closing)),
        rules=(*(code for code, _ in hands), *(f.rule.id for f in closing)),
        to_explain=tuple(f for f in found if f.rule.level is m.Level.UNLESS_REASON),
        reminders=tuple(f for f in found if f.rule.level is m.Level.GENERALLY),
        opens_on=_opens_on(process, case, given, attempt, closing) if not hands else None,
    )


def _closes(finding: Finding) -> bool:
    return finding.rule.level is m.Level.MUST


def _findings(
    process: m.Process, case: m.Case, given: m.Values, attempt: Attempt
) -> Iterator[Finding]:
    step = process.steps[attempt.step]
    look = look_at(process, case, given, attempt)
    own = {f.name for f in step.fields} if attempt.fields is None else set()
    for rule in step.rules:
        if own.isdisjoint(rule.names) and (found := lack(rule, look)):
            yield Finding(rule, f"{rule.says}（{found}）")


def look_at(process: m.Process, case: m.Case, given: m.Values, attempt: Attempt) -> Look:
    step = process.steps[attempt.step]
    return Look(
        row_of(process, case, given, attempt),
        case.days_of,
        lambda name: title_of(process, step, name),
        lambda name: field_of(process, step, name),
    )


def _opens_on(
    process: m.Process, case: m.Case, given: m.Values, attempt: Attempt, closing: list[Finding]
) -> date | None:
    if not closing:
        return None
    row = row_of(process, case, given, attempt)
    days = []
    for finding in closing:
        match finding.rule.test:
            case m.Span("on", m.Way.NOT_BEFORE) as span if (edge := limit(span, row)) is not None:
                days.append(edge)
            case _:
                return None
    return max(days)


def _wrong_hands(
    process: m.Process, case: m.Case, step: m.Step, attempt: Attempt
) -> Iterator[tuple[str, str]]:
    """Who may not: others than the step names, the person concerned, and the same hand twice."""
    if not attempt.actors & set(step.who):
        who = "、".join(process.actors[code].title for code in step.who)
        yield "who", f"“{step.title}”由{who}办理"
    elif attempt.by == case.person_id and "self" not in step.who:
        yield "self", "本人不能办理自己的事项，请由他人办理"
    own = {e.step for e in case.history if e.by == attempt.by}
    if same := "".join(f"“{process.steps[s].title}”" for s in step.not_by if s in own):
        yield "same_hand", f"不能与{same}由同一人办理"


def _unfit(process: m.Process, step: m.Step, attempt: Attempt) -> Iterator[str]:
    """What is filled in that the step does not ask, not filled in that it does, or ill-typed."""
    filled = attempt.fields or {}
    known = {f.name: f for f in step.fields}
    yield from (f"“{step.title}”没有“{name}”这一项" for name in filled if name not in known)
    for field in known.values():
        value = filled.get(field.name)
        if value is None:
            if field.required:
                first = f"，它来自{field.derived}，请先登记" if field.derived else ""
                yield f"未填：{field.title}{first}"
        elif not fits(field, value):
            yield f"{field.title}的值 {value} 不对"


def fits(field: m.Field, value: object) -> bool:
    if isinstance(value, bool) is not (field.type is m.FieldType.FLAG):
        return False
    if not isinstance(value, PYTHON[field.type]):
        return False
    if field.type is m.FieldType.NUMBER:
        assert isinstance(value, int | Decimal)
        return 0 <= value <= MOST and not (field.whole and value != int(value))
    match value:
        case str() if field.type is m.FieldType.CODE:
            return value in field.options
        case str():
            return _readable(value)
        case tuple():
            return all(_readable(v.name) and len(v.name) <= m.NAME for v in value)
        case _:
            return True


def _readable(text: str) -> bool:
    """No database keeps a NUL in a text."""
    return "\0" not in text


def _out_of_time(case: m.Case, attempt: Attempt, today: date) -> Iterator[str]:
    if attempt.on > today:
        yield f"办理日期 {rules.said(attempt.on)} 还没有到"
    if case.last_on and attempt.on < case.last_on:
        yield f"办理日期不能早于上一步的 {rules.said(case.last_on)}"


def _seen(process: m.Process, step: m.Step, given: m.Values) -> m.Values:
    names = {n for rule in step.rules for n in rule.names}
    return {n: given.get(n) for n in process.given if n in names}


def _event(
    step: m.Step, case: m.Case, attempt: Attempt, option: Option, seen: m.Values
) -> m.Event:
    reasons = attempt.reasons or {}
    return m.Event(
        step=step.name,
        source=case.state,
        target=step.lands(case.state),
        on=attempt.on,
        by=attempt.by,
        fields=dict(attempt.fields or {}),
        seen=seen,
        documents=tuple(d.title for d in step.documents),
        passed_over=tuple((f.rule.id, reasons[f.rule.id].strip()) for f in option.to_explain),
        reminders=tuple(f.rule.id for f in option.reminders),
    )
