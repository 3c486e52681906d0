"""Opening a case, taking its steps, taking the last one back, and talking about it.

What may happen is decided by `processes.engine`; here it is asked with the facts of the records,
under a lock, and what it lets pass is written down together with what it does to the roll.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from guantong.processes import model as m
from guantong.processes.engine import StepRefused, advance
from guantong.processes.facts import Attempt
from guantong.records import (
    access,
    case_facts,
    cases,
    catalogue,
    clock,
    sealing,
)
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import (
    activities,
    case_effects,
    case_rows,
    events,
    rows,
    spans,
    steps,
)
from guantong.records.actions.case_done import Done
from guantong.records.case_actors import Place, Standing
from guantong.records.case_values import stored
from guantong.records.handling import Handling
from guantong.records.models import (
    Activity,
    Call,
    Case,
    CaseStep,
    Membership,
    Org,
    Person,
    User,
)

# ---------------------------------------------------------------- opening


@transaction.atomic
def begin(
    *,
    by: User | None,
    process: str,
    org: Org,
    on: date,
    person: Person | None = None,
    title: str = "",
    call: Call | None = None,
    again_of: Case | None = None,
) -> Case:
    """Open a case of an organisation, about a person where the process is."""
    kept, now = catalogue.handling().of[process], catalogue.process(process)
    require_opener(by, kept, org, person)
    spans.require_come(on=on)
    if person is not None:
        person = rows.locked(person)
    _require_fit(kept, now, org, person, title, on)
    _require_call(kept, org, call, on)
    _require_first_answer(kept, org, person, call, title)
    require_single(kept, org, person)
    case = rows.insert(
        Case(
            process=process, process_version=now.version,
            variants=sorted(cases.chosen_variants(now)), org=org, person=person, call=call,
            title=title.strip(), state=now.initial, state_since=on, opened_on=on, opened_by=by,
            again_of=_again(by, kept, again_of),
        )
    )  # fmt: skip
    case_rows.look_ahead(case)
    case_rows.tell("case.opened", case, by, on=on)
    case_rows.refresh(case)
    return case


def require_opener(
    by: User | None, kept: Handling, org: Org, person: Person | None = None
) -> None:
    place = Place(org, person=person.pk if person else None)
    if not Standing.today(by).actors_at(place) & set(kept.opened_by):
        who = "、".join(catalogue.actors()[code].title for code in kept.opened_by)
        raise Forbidden(f"“{catalogue.process(kept.process).title}”由{who}开办，您没有这个权限。")


def _require_fit(
    kept: Handling, process: m.Process, org: Org, person: Person | None, title: str, on: date
) -> None:
    if org.kind not in kept.orgs or not org.exists_on(on):
        raise Refused(f"“{org.short_name}”不能开办“{process.title}”。", {"org": "请另选党组织。"})
    if process.of_person and person is None and not (kept.newcomer and title.strip()):
        raise Refused("请选择是哪一位。", {"person": "请选择是哪一位。"})
    if not process.of_person and person is not None:
        raise Refused(f"“{process.title}”是党组织的事项，不写个人。")
    if kept.titled and not title.strip():
        raise Refused(f"请写明{kept.titled}。", {"title": f"请写明{kept.titled}。"})
    if person is not None and not kept.newcomer:
        _require_member(kept, process, org, person)


def _require_member(kept: Handling, process: m.Process, org: Org, person: Person) -> None:
    now = Membership.objects.filter(person=person, valid_to=None).first()
    if now is None or now.org_id != org.pk:
        raise Refused(f"{person.name}现在不在“{org.short_name}”。", {"person": "请核对组织关系。"})
    if kept.statuses and now.status not in kept.statuses:
        label = catalogue.current().label
        may = "、".join(label("statuses", one) for one in kept.statuses)
        text = f"{person.name}是{label('statuses', now.status)}，“{process.title}”只办理{may}。"
        raise Refused(text, {"person": text})


def _require_call(kept: Handling, org: Org, call: Call | None, on: date) -> None:
    if not kept.called:
        if call is not None:
            raise Refused("这个流程不用通知。")
        return
    if call is None or call.process != kept.process or not org.path.startswith(call.org.path):
        raise Refused("请选择一份通知。", {"call": "请选择一份通知。"})
    if on < call.opens_on or (call.closes_on is not None and on > call.closes_on):
        until = f"{call.closes_on} 截止" if call.closes_on else "没有截止日"
        text = f"“{call.title}”从 {call.opens_on} 开始，{until}，开办日期不在其中。"
        raise Refused(text, {"call": text})


def _require_first_answer(
    kept: Handling, org: Org, person: Person | None, call: Call | None, title: str
) -> None:
    """A notice is answered once; works and projects, of which there may be several, once each."""
    if call is None:
        return
    rows.locked(org)  # two people opening one at once: the other waits here
    before = Case.objects.filter(call=call, **({"person": person} if person else {"org": org}))
    if kept.titled:
        before = before.filter(title=title.strip())
    if before.exists():
        what = f"“{title.strip()}”" if kept.titled else ""
        text = f"{person or org}已经按“{call.title}”申报过{what}，请在那一件里办理。"
        raise Refused(text, {"title" if kept.titled else "call": text})


def require_single(kept: Handling, org: Org, person: Person | None) -> None:
    if not kept.single:
        return
    rows.locked(org)  # two people opening one at once: the other waits here
    whose = {"person": person} if person else {"org": org, "person": None}
    if Case.objects.open().filter(process=kept.process, **whose).exists():
        title = catalogue.process(kept.process).title
        raise Refused(f"{person or org}已有一件“{title}”正在办理。")


def _again(by: User | None, kept: Handling, earlier: Case | None) -> Case | None:
    if earlier is None:
        return None
    seen = by is None or access.cases(by).filter(pk=earlier.pk).exists()
    if not seen or not kept.recurs or earlier.process != kept.process:
        raise Refused("上一次的事项不对，请重新选择。", {"again_of": "请重新选择。"})
    return earlier


# ---------------------------------------------------------------- steps


@dataclass(frozen=True)
class Entry:
    """A step as somebody fills it in. `asked`: what the records need besides; `reasons`: by rule,
    why it may be passed over."""

    step: str
    on: date
    fields: m.Values = field(default_factory=dict)
    asked: m.Values = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def take_step(*, by: User | None, case: Case, version: int, entry: Entry) -> CaseStep:
    """Take a step, with what it does to the roll. `version`: as the user saw the case."""
    case = case_rows.locked(by, case)
    case_rows.require_version(case, version)
    who, process, before = Standing.today(by), cases.process_of(case), cases.told(case)
    was = case.org_id
    step = process.steps.get(entry.step)
    if step is None:
        raise Refused("没有这一步。")
    filled = {name: value for name, value in entry.fields.items() if value is not None}
    _require_named(case, step, filled, entry.on)
    filled |= case_facts.derived(case, step, entry.on, filled)
    given = case_facts.given(case, entry.on, who)
    _require_begun(case, entry.on)
    attempt = Attempt(
        step=entry.step, on=entry.on, by=cases.hand(by, cases.SYSTEM_NOW),
        actors=who.actors(case), fields=filled, reasons=entry.reasons,
    )  # fmt: skip
    whole = catalogue.process(case.process, case.process_version)
    try:
        after = advance(whole, before, attempt, today=clock.today(), given=given)
    except StepRefused as refused:
        raise _refusal(step, refused) from None
    asked = _asked(case, entry)
    event = after.history[-1]
    row = _write(case, by, event, asked)
    _move(case, process, event)
    done = Done(case, by, event, before, asked, given)
    with events.upon(case, by) as made:
        case_effects.take_effect(done)
    if made:
        rows.change(row, made=made)
    case_rows.look_ahead(case)
    case_rows.tell(
        "case.step_taken", case, by, step=step.title, on=entry.on,
        reason="；".join(why for _, why in event.passed_over),
    )  # fmt: skip
    case_rows.refresh(case, was)
    return row


def _require_begun(case: Case, on: date) -> None:
    if case.call is not None and on < case.call.opens_on:
        text = f"“{case.call.title}”从 {case.call.opens_on} 开始，办理日期不能更早。"
        raise Refused(text, {"on": text})


def _require_named(case: Case, step: m.Step, filled: m.Values, on: date) -> None:
    """Whoever and whatever a step names has to be one of those that it offers."""
    wrong = {}
    for one in step.fields:
        value = filled.get(one.name)
        if one.derived or not isinstance(value, int):
            continue  # of the wrong type: the engine says so
        if one.type is m.FieldType.PERSON:
            if not case_facts.nameable(case, on, step.name).filter(pk=value).exists():
                wrong[one.name] = f"{one.title}：{_why_not_named(case, step, value, on)}"
        elif one.type is m.FieldType.ORG and not (
            case_facts.branches(case, on).filter(pk=value).exists()
        ):
            wrong[one.name] = f"{one.title}：请从列出的党支部中选择。"
    if wrong:
        raise Refused("\n".join(wrong.values()), wrong)


def _why_not_named(case: Case, step: m.Step, pk: int, on: date) -> str:
    """Today's list offers who was not there yet on an earlier day."""
    now = case_facts.nameable(case, clock.today(), step.name).filter(pk=pk).first()
    if now is None:
        return "请从列出的人中选择。"
    return f"{now.name}在 {on} 还不在本单位，请核对人员或日期。"


def _refusal(step: m.Step, refused: StepRefused) -> Refused:
    """With the rules that a written reason would let pass, as fields."""
    text = "\n".join(f"{text}。" for text in refused.reasons)
    if {"who", "self", "same_hand"} & set(refused.rules):
        return Forbidden(text)
    open_to = {rule.id for rule in step.rules if rule.level is m.Level.UNLESS_REASON}
    said = zip(refused.rules, refused.reasons, strict=False)
    return Refused(text, {rule: f"{why}。" for rule, why in said if rule in open_to})


def _asked(case: Case, entry: Entry) -> dict[str, m.Value | None]:
    known = cases.handling_of(case).asked(entry.step)
    missing = {
        name: f"请填写{one.title}。"
        for name, one in known.items()
        if one.required and entry.asked.get(name) in (None, "")
    }
    missing |= {
        name: f"{one.title}：请从列出的人中选择。"
        for name, one in known.items()
        if one.type is m.FieldType.PERSON
        and isinstance(pk := entry.asked.get(name), int)
        and not case_facts.nameable(case, entry.on).filter(pk=pk).exists()
    }
    if missing:
        raise Refused("\n".join(missing.values()), missing)
    return {name: entry.asked.get(name) for name in known}


def _write(
    case: Case, by: User | None, event: m.Event, asked: Mapping[str, m.Value | None]
) -> CaseStep:
    last = case.steps.order_by("-number").values_list("number", flat=True).first() or 0
    closed = cases.handling_of(case).restricted
    fields = stored(event.fields)
    row = rows.insert(
        CaseStep(
            case=case, number=last + 1, step=event.step, source=event.source,
            target=event.target, on_day=event.on, at=clock.now(), by=by,
            fields={} if closed else fields, asked=stored(asked), seen=stored(event.seen),
            passed_over=[list(pair) for pair in event.passed_over],
            reminders=list(event.reminders), documents=list(event.documents),
        )
    )  # fmt: skip
    if closed and fields:
        sealing.seal(row, "sealed", json.dumps(fields, ensure_ascii=False))
        row.save(update_fields=["sealed"])
    return row


def _move(case: Case, process: m.Process, event: m.Event) -> None:
    moved: dict[str, Any] = {"version": case.version + 1}
    if event.target != case.state:
        closed = process.states[event.target].closed
        moved |= {"state": event.target, "state_since": event.on}
        moved["closed_on"] = event.on if closed else None
    receiver = cases.handling_of(case).receiver
    if receiver and isinstance(pk := event.fields.get(receiver), int):
        moved["other_org"] = Org.objects.get(pk=pk)
    rows.change(case, **moved)


@dataclass(frozen=True)
class Outcome:
    """What became of one case of many: the step taken, or why not."""

    case: Case
    row: CaseStep | None
    refused: str = ""


@transaction.atomic
def take_steps(
    *,
    by: User | None,
    entries: Iterable[tuple[Case, int, Entry]],
    all_or_none: bool,
) -> list[Outcome]:
    """Take one step of many cases, as a meeting does. Each is told; with `all_or_none` nothing is
    kept where one is refused."""
    found = [_tried(by, case, version, entry) for case, version, entry in entries]
    if all_or_none and any(one.refused for one in found):
        transaction.set_rollback(True)
        return [Outcome(one.case, None, one.refused or NOT_KEPT) for one in found]
    return found


NOT_KEPT = "没有问题；因为有人没办成，这次都没有保存"


def _tried(by: User | None, case: Case, version: int, entry: Entry) -> Outcome:
    try:
        with transaction.atomic():
            return Outcome(case, take_step(by=by, case=case, version=version, entry=entry))
    except Refused as refused:
        return Outcome(case, None, refused.text)


@transaction.atomic
def take_back(*, by: User | None, case: Case, version: int, reason: str) -> CaseStep:
    """Take the last step back, with what it did to the roll; it stays in the history as such.

    By who took it, or by who acts above or for the school.
    """
    case = case_rows.locked(by, case)
    case_rows.require_version(case, version)
    row = case.steps.standing().order_by("number").last()
    if row is None:
        raise Refused("还没有办理过步骤，没有可以撤回的。")
    if why := why_not_back(by, case, row):
        raise Forbidden(why)
    reason = events.reasoned(reason)
    _undo_effect(case, by, row)
    rows.change(row, undone_at=clock.now(), undone_by=by, undone_reason=reason[:200])
    _step_back(case, row)
    case_rows.look_ahead(case)
    title = cases.process_of(case).steps[row.step].title
    case_rows.tell("case.step_undone", case, by, step=title, reason=reason)
    case_rows.refresh(case)
    return row


def why_not_back(by: User | None, case: Case, row: CaseStep) -> str:
    """Why the user may not take a step back; empty if he may."""
    if by is None or row.by_id == by.pk:
        return ""
    if {"college", "school"} & Standing.today(by).actors(case):
        return "" if not (by.person_id and by.person_id == case.person_id) else case_rows.NOT_YOURS
    return "这一步由别人办理，请由经办人或上级党组织撤回。"


def _undo_effect(case: Case, by: User | None, row: CaseStep) -> None:
    if not row.made:
        return
    if irrevocable(case, row):
        raise Refused(
            "这一步同时改了名册、登记册、届期或开出了介绍信，之后又有变动或不能自动恢复，不能撤回。"
            "请在相应页面更正，或按下一步继续办理。"
        )
    if _activities_alone(row):
        with events.upon(case, by):
            for one in row.made:
                activity = Activity.objects.get(pk=one.partition(":")[2])
                activities.withdraw(
                    by=None, activity=activity, version=activity.version, reason="撤回办理步骤"
                )
        return
    assert case.person is not None
    with events.upon(case, by):
        steps.undo(by=None, person=case.person)


def irrevocable(case: Case, row: CaseStep) -> bool:
    """Whether what a step did to the roll cannot be undone whole, with the step."""
    if not row.made or _activities_alone(row):
        return False
    last = steps.last(case.person) if case.person else None
    return last is None or [last.subject] != row.made


def _activities_alone(row: CaseStep) -> bool:
    return all(one.startswith("activity:") for one in row.made)


def _step_back(case: Case, row: CaseStep) -> None:
    earlier = case.steps.standing().order_by("number")
    entered = [one for one in earlier if one.target == row.source and one.source != one.target]
    since = entered[-1].on_day if entered else case.opened_on
    rows.change(
        case, state=row.source, state_since=since, closed_on=None, version=case.version + 1
    )


def has_effect(process: str, step: str) -> bool:
    """Whether a step changes the roll, a register, a term, a post, a letter or an activity too."""
    return (process, step) in case_effects.EFFECTS.keys() - {("appraisal", "hold")}
