"""Every process, carried through from its first step to its last in the application."""

from collections import defaultdict

import pytest
from django.conf import settings
from django.db import transaction

from guantong.processes import model as m
from guantong.processes.examples import Example, Move, tried
from guantong.records import cases as reading
from guantong.records.models import Case, CaseStep, Event, Membership
from tests.processes.folders import processes_of
from tests.records.courses import Stage

pytestmark = pytest.mark.django_db
PROCESSES = processes_of(settings.CATALOGUE_DIR)
BY_ID = (m.FieldType.PERSON, m.FieldType.ORG)


def outcome(case: Case) -> str:
    """What the roll says of the person in the end."""
    if case.person is None:
        return ""
    last = Membership.objects.filter(person=case.person).order_by("valid_from").last()
    assert last is not None
    return last.departure or last.status


ROLL = {
    ("recruitment", "main"): "full",
    ("recruitment", "extended"): "full",
    ("recruitment", "cancelled"): "cancelled",
    ("recruitment", "failed"): "given_up",
    ("recruitment", "withdrawn"): "given_up",
    ("transfer-out", "main"): "transferred_out",
    ("transfer-in", "main"): "full",
    ("lost-contact", "main"): "struck_off",
    ("dues-arrears", "main"): "struck_off",
    ("mobile-member", "abroad"): "full",
}


@pytest.mark.parametrize("name", PROCESSES)
def test_each_course_is_walked_to_its_end(name: str) -> None:
    """Courses that begin alike are walked together, and each fork is tried from where it forks."""
    loaded = PROCESSES[name]
    courses = [example for example in tried(loaded) if example.move is None]
    for alike in same_members(courses):
        with transaction.atomic():
            stage = Stage(loaded.process, alike)
            walk(stage, stage.begin(), alike, 0)
            transaction.set_rollback(True)


def same_members(courses: list[Example]) -> list[list[Example]]:
    """Courses whose branch has as many members: one stage for each such number."""
    found: dict[object, list[Example]] = defaultdict(list)
    for course in courses:
        told = [(move.attempt.fields or {}).get("expected") for move in course.before]
        found[next((n for n in told if n is not None), None)].append(course)
    anyhow = found.pop(None, [])
    if not found:
        return [anyhow]
    first, *others = found.values()
    return [first + anyhow, *others]


def walk(stage: Stage, case: Case, courses: list[Example], depth: int) -> None:
    ended = [course for course in courses if len(course.before) == depth]
    for course in ended:
        arrived(stage, case, course)
    nexts: dict[str, list[Example]] = defaultdict(list)
    for course in courses:
        if course not in ended:
            nexts[repr(course.before[depth])].append(course)
    for alike in nexts.values():
        with transaction.atomic():
            taken(stage, case, alike[0].before[depth])
            walk(stage, case, alike, depth + 1)
            transaction.set_rollback(True)
        case.refresh_from_db()


def taken(stage: Stage, case: Case, move: Move) -> None:
    last = Event.objects.latest("id").pk
    row = stage.take(case, move)
    events = Event.objects.filter(pk__gt=last, verb="case.step_taken")
    assert [one.by_id for one in events] == [row.by_id], "exactly one event per change"
    as_the_file_says(reading.process_of(case), row, move)


def arrived(stage: Stage, case: Case, course: Example) -> None:
    case.refresh_from_db()
    assert case.state == course.lands or not course.lands
    assert (case.closed_on is not None) is stage.process.states[case.state].closed
    wanted = ROLL.get((stage.process.name, course.says.removeprefix("办理过程 ")))
    assert wanted in (None, outcome(case)), course.says


def as_the_file_says(process: m.Process, row: CaseStep, move: Move) -> None:
    """What the records gave equals what the file's example says that they give."""
    kinds = {f.name: f.type for f in process.steps[row.step].fields}
    event = reading.told(row.case).history[-1]
    for name, value in (move.attempt.fields or {}).items():
        if kinds[name] not in BY_ID:
            assert event.fields[name] == value, (process.name, row.step, name)
