"""Cases driven at random through the actions, on the database, keep their promises.

Chance chooses who, which step, which day and what is written down. What is refused changes
nothing; what passes is held to plain statements: no step before its time, no approval left out,
nobody twice where two are asked, one membership a person, one event a change.
"""

import os
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.conf import settings as django
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.periods import add_months
from guantong.processes.examples import tried
from guantong.records import cases as reading
from guantong.records.access import Refused
from guantong.records.actions import cases
from guantong.records.actions.cases import Entry
from guantong.records.models import Case, CaseStep, Event, Membership, User
from tests.processes import test_machines as machines
from tests.processes.folders import processes_of
from tests.records.courses import ASKED, TODAY, Stage

pytestmark = pytest.mark.django_db(transaction=False)
DEEP = bool(os.environ.get("GUANTONG_DEEP"))
PROCESSES = processes_of(django.CATALOGUE_DIR)
NAMES = sorted(PROCESSES) if DEEP else ["recruitment", "submission"]
few_runs = settings(
    max_examples=400 if DEEP else 3, deadline=None, suppress_health_check=list(HealthCheck)
)
# Plain statements of time: a step not before so many months after another.
NOT_BEFORE = [("choose", "recommend", 12), ("request", "accept", 12), ("discuss", "accept", 12),
              ("ask_removal", "approve_suspension", 24)]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_case_driven_at_random_keeps_the_promises(name: str) -> None:
    loaded = PROCESSES[name]
    courses = [one for one in tried(loaded) if one.move is None]
    longest = max(courses, key=lambda course: len(course.before))
    stage = Stage(loaded.process, [longest])
    like = {move.attempt.step: move for move in longest.before}

    @few_runs
    @given(st.data())
    def run(data: st.DataObject) -> None:
        with transaction.atomic():
            case = stage.begin()
            for move in longest.before[: data.draw(st.integers(0, len(longest.before)))]:
                stage.take(case, move)
            for _ in range(5):
                tries(stage, case, like, data)
            transaction.set_rollback(True)

    run()


def test_nobody_files_what_the_same_hand_recommended() -> None:
    loaded = PROCESSES["recruitment"]
    main = next(one for one in tried(loaded) if one.move is None)
    stage = Stage(loaded.process, [main])
    case = stage.begin()
    by_step = {move.attempt.step: move for move in main.before}
    for step in ("apply", "talk", "recommend"):
        stage.take(case, by_step[step])
    both = stage.users[by_step["recommend"].attempt.by]
    stage.actor(by_step["recommend"].attempt.by, "college")
    case.refresh_from_db()
    entry = Entry("file_activist", by_step["file_activist"].attempt.on)
    with pytest.raises(Refused, match="不能与“推荐和确定入党积极分子”由同一人办理"):
        cases.take_step(by=both, case=case, version=case.version, entry=entry)


def tries(stage: Stage, case: Case, like, data) -> None:
    case.refresh_from_db()
    here = [s for s in sorted(like) if case.state in stage.process.steps[s].sources]
    step = data.draw(st.sampled_from([*here, *here, *sorted(like)]))
    user = data.draw(st.sampled_from(list(stage.users.values())))
    leap = data.draw(st.sampled_from([0, 1, 20, 31, 180, 364, 366, 731]))
    last = case.steps.standing().order_by("number").last()
    on = min((last.on_day if last else case.opened_on) + timedelta(days=leap), TODAY)
    entry = Entry(
        step=step, on=on, fields=stage.fields(step, like[step].attempt.fields),
        asked=ASKED.get((case.process, step), {}),
    )  # fmt: skip
    before, told = state_of(case), Event.objects.count()
    row = taken(user, case, entry)
    if row is not None:
        after_a_step(stage, case, row, before)
        return
    assert state_of(case) == before, "refused, yet something changed"
    assert Event.objects.count() == told


def taken(user: User, case: Case, entry: Entry) -> CaseStep | None:
    try:
        with transaction.atomic():
            return cases.take_step(by=user, case=case, version=case.version, entry=entry)
    except Refused:
        return None


def state_of(case: Case) -> tuple[object, ...]:
    case.refresh_from_db()
    spans = Membership.objects.filter(person=case.person).values_list()
    return (case.version, case.state, CaseStep.objects.filter(case=case).count(), *spans)


def after_a_step(stage: Stage, case: Case, row: CaseStep, before: tuple[object, ...]) -> None:
    case.refresh_from_db()
    assert case.version == before[0] + 1  # type: ignore[operator]
    mine = Event.objects.filter(subject=f"case:{case.pk}", verb="case.step_taken")
    assert mine.count() == case.steps.count(), "exactly one event per change"
    rows = list(case.steps.standing().order_by("number"))
    names = {one.step for one in rows}
    assert machines.APPROVALS.get((case.process, case.state), set()) <= names, (
        "an approval is missing"
    )
    step = stage.process.steps[row.step]
    if case.person_id and row.by.person_id == case.person_id:
        assert "self" in step.who, "nobody decides on himself"
    for other in step.not_by:
        assert row.by_id not in {one.by_id for one in rows if one.step == other}
    in_its_time(rows, row)
    *before_it, event = reading.told(case).history
    as_it_was = replace(reading.told(case), history=tuple(before_it))
    machines.in_its_time(reading.process_of(case), as_it_was, event, event.seen)
    if case.person_id:
        open_ones = Membership.objects.filter(person=case.person_id, valid_to=None)
        assert open_ones.count() <= 1


def in_its_time(rows: list[CaseStep], row: CaseStep) -> None:
    days: dict[str, date] = {one.step: one.on_day for one in rows}
    for step, after, months in NOT_BEFORE:
        if row.step == step and after in days:
            assert row.on_day >= add_months(days[after], months), step
    assert all(one.on_day <= row.on_day <= TODAY for one in rows)
