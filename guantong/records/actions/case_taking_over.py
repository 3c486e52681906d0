"""Taking over a case that was begun on paper, before the school carried out cases here.

The roll says how far somebody has come; who acts above the branch tells the days of the steps
that led there, and from what file. Nothing is approved by it and the roll is not changed. Not for
a case that begins now: `actions.cases`.
"""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from django.db import transaction

from guantong.processes import model as m
from guantong.records import cases, catalogue, clock
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import case_rows, events, rows, spans
from guantong.records.actions.cases import require_single
from guantong.records.case_actors import Place, Standing
from guantong.records.case_values import stored
from guantong.records.models import Case, CaseStep, Membership, Person, User

ABOVE = frozenset({"college", "school"})
ON_PAPER = "under_way"  # stands beside its reason where a rule would, in `passed_over`


@transaction.atomic
def take_over(
    *, by: User | None, process: str, person: Person, days: Mapping[str, date], reason: str
) -> Case:
    """Open a case where the roll says that it stands. `days`: by step; `reason`: their source."""
    kept, now = catalogue.handling().of[process], catalogue.process(process)
    person = rows.locked(person)
    current = Membership.objects.filter(person=person, valid_to=None).select_related("org").first()
    if current is None:
        raise Refused(f"{person.name}现在没有组织关系。", {"person": "请核对组织关系。"})
    _require_above(by, current)
    steps = kept.under_way.get(current.status)
    if not steps:
        label = catalogue.current().label("statuses", current.status)
        text = f"{person.name}是{label}，“{now.title}”从头开办，不用接续。"
        raise Refused(text, {"person": text})
    require_single(kept, current.org, person)
    told = _in_order(now, steps, {**days, **_on_the_roll(current)})
    case = rows.insert(
        Case(
            process=process, process_version=now.version,
            variants=sorted(cases.chosen_variants(now)), org=current.org, person=person,
            state=now.initial, state_since=told[steps[0]], opened_on=told[steps[0]], opened_by=by,
        )
    )  # fmt: skip
    reason = events.reasoned(reason)[:300]
    for step, on in told.items():
        _write(case, by, now.steps[step], on, reason)
    if current.probation_to is not None:
        decided: m.Values = {"outcome": "extend", "extended_to": current.probation_to}
        _write(case, by, now.steps["discuss"], current.valid_from, reason, decided)
        _write(case, by, now.steps["approve_extension"], current.valid_from, reason)
    case_rows.look_ahead(case)
    case_rows.tell("case.opened", case, by, on=case.opened_on, reason=reason)
    case_rows.refresh(case)
    return case


def _require_above(by: User | None, current: Membership) -> None:
    """A branch would tell by it that it was approved from above."""
    actors = Standing.today(by).actors_at(Place(current.org, person=current.person_id))
    own = by is not None and by.person_id == current.person_id
    if by is not None and (own or not actors & ABOVE):
        raise Forbidden("接续以前办的事项由上级党组织登记，您没有这个权限。")


def _on_the_roll(current: Membership) -> dict[str, date]:
    """The day on which the meeting accepted is the one that the roll has."""
    joined = current.person.joined_on
    return {"accept": joined} if current.status == "probationary" and joined else {}


def _in_order(
    process: m.Process, steps: tuple[str, ...], days: Mapping[str, date]
) -> dict[str, date]:
    title = {step: process.steps[step].title for step in steps}
    if missing := {s: f"请填写“{title[s]}”的日期。" for s in steps if s not in days}:
        raise Refused("\n".join(missing.values()), missing)
    for step in steps:
        spans.require_come(**{step: days[step]})
    for before, after in pairwise(steps):
        if days[after] < days[before]:
            text = f"“{title[after]}”不能早于“{title[before]}”（{days[before]}）。"
            raise Refused(text, {after: text})
    return {step: days[step] for step in steps}


def _write(
    case: Case,
    by: User | None,
    step: m.Step,
    on: date,
    reason: str,
    fields: m.Values | None = None,
) -> None:
    """The row of a step as if it had been taken; it leads where the process says."""
    number, source = case.steps.count() + 1, step.sources[0]
    target = step.lands(source)
    rows.insert(
        CaseStep(
            case=case, number=number, step=step.name, source=source, target=target, on_day=on,
            at=clock.now(), by=by, fields=stored(fields or {}), passed_over=[[ON_PAPER, reason]],
            documents=[one.title for one in step.documents],
        )
    )  # fmt: skip
    rows.change(case, state=target, state_since=on)
