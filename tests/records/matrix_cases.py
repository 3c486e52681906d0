"""What everybody may do with cases, for the matrix of actions by people."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from guantong.records.actions import calls, case_beside, cases
from guantong.records.actions.cases import Entry
from guantong.records.models import Case, User
from tests.factories import TODAY, Cast, make_person, owner

type Act = Callable[[User], Any]
BRANCH, COLLEGE = {"secretary", "officer", "office"}, {"officer", "office"}
OPENED = date(2023, 6, 1)


def problem(c: Cast) -> Case:
    return cases.begin(by=None, process="problem", org=c.branch, on=OPENED, title="记录不全")


def care(c: Cast) -> Case:
    person = make_person("困难者", c.branch)
    return cases.begin(by=None, process="care", org=c.branch, on=OPENED, person=person)


def taken(case: Case, step: str, on: date = OPENED, **fields: Any) -> Case:
    entry = Entry(step, on, fields)
    cases.take_step(by=None, case=case, version=case.version, entry=entry)
    case.refresh_from_db()
    return case


def step(case: Case, name: str, **fields: Any) -> Act:
    entry = Entry(name, TODAY, fields)
    return lambda by: cases.take_step(by=by, case=case, version=case.version, entry=entry)


def open_problem(c: Cast) -> Act:
    return lambda by: cases.begin(
        by=by, process="problem", org=c.branch, on=TODAY, title="记录不全"
    )


def open_own(c: Cast) -> Act:
    return lambda by: cases.begin(
        by=by, process="correction", org=c.branch, on=TODAY, person=owner(c.member)
    )


def plan_problem(c: Cast) -> Act:
    return step(problem(c), "plan", measures="补齐", answerable=owner(c.officer).pk, due_on=TODAY)


def contest_problem(c: Cast) -> Act:
    return step(problem(c), "contest", why="核实不是")


def verify_care(c: Cast) -> Act:
    """Restricted: the school, which sees everything else, does not see it."""
    return step(care(c), "verify", ground="hardship", agreed=True)


def take_back_step(c: Cast) -> Act:
    case = taken(problem(c), "contest", why="核实不是")
    return lambda by: cases.take_back(by=by, case=case, version=case.version, reason="记错了")


def say(c: Cast) -> Act:
    case = problem(c)
    return lambda by: case_beside.note(by=by, case=case, says="请尽快")


def say_in_care(c: Cast) -> Act:
    case = care(c)
    return lambda by: case_beside.note(by=by, case=case, says="请尽快")


def name_hand(c: Cast) -> Act:
    case = problem(c)
    return lambda by: case_beside.name_hand(
        by=by, case=case, actor="inspector", username="stranger"
    )


def end_hand(c: Cast) -> Act:
    case = problem(c)
    hand = case_beside.name_hand(by=None, case=case, actor="inspector", username="stranger")
    return lambda by: case_beside.end_hand(by=by, hand=hand)


def state_fact(c: Cast) -> Act:
    case = cases.begin(
        by=None, process="dues-relief", org=c.branch, on=OPENED, person=owner(c.member)
    )
    return lambda by: case_beside.state_fact(
        by=by, case=case, version=1, name="due_per_month", value=30, reason="台账"
    )


def check_item(c: Cast) -> Act:
    call = calls.issue(
        by=None, process="model-branch", org=c.school, title="申报", opens_on=OPENED
    )
    case = cases.begin(by=None, process="model-branch", org=c.branch, on=OPENED, call=call)
    return lambda by: case_beside.check_item(by=by, case=case, item="educate", says="学习了")


def issue_call(c: Cast) -> Act:
    return lambda by: calls.issue(
        by=by, process="submission", org=c.college, title="征集", opens_on=TODAY
    )


def set_quota(c: Cast) -> Act:
    """Handed down: a college does not set its own."""
    return lambda by: calls.set_quota(
        by=by, org=c.college, process="recruitment", year=2023, number=5
    )


def decide_variants(c: Cast) -> Act:
    return lambda by: calls.decide_variants(
        by=by, process="correction", variants=[], reason="校发 1 号"
    )


CASES: Final[list[tuple[Callable[[Cast], Act], str, set[str]]]] = [
    (open_problem, "case.opened", BRANCH | {"inspector"}),
    (open_own, "case.opened", {"member"}),
    (plan_problem, "case.step_taken", {"secretary"}),
    (contest_problem, "case.step_taken", {"inspector", "office"}),
    (verify_care, "case.step_taken", {"secretary", "officer"}),
    (take_back_step, "case.step_undone", COLLEGE),
    (say, "case.noted", BRANCH | {"inspector"}),
    (say_in_care, "case.noted", {"secretary", "officer"}),
    (name_hand, "case.hand_named", COLLEGE),
    (end_hand, "case.hand_ended", COLLEGE),
    (state_fact, "case.fact_stated", BRANCH),
    (check_item, "case.checked", BRANCH),
    (issue_call, "call.issued", COLLEGE),
    (set_quota, "quota.set", {"office"}),
    (decide_variants, "variants.decided", {"office"}),
]
