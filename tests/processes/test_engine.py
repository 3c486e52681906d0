"""What may happen next to a case, told in words."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings

from guantong.processes import model as m
from guantong.processes.diagram import mermaid
from guantong.processes.engine import StepRefused, advance, due, opening, options
from guantong.processes.examples import tried
from guantong.processes.facts import Attempt
from guantong.processes.rules import weekdays_later
from tests.processes.folders import processes_of

PROCESSES = processes_of(settings.CATALOGUE_DIR)
RECRUITMENT = PROCESSES["recruitment"].process
TODAY = date(2030, 1, 1)
GIVEN = {"can_approve": True, "quota_left": 3, "volunteer_hours": 0}
BRANCH = frozenset({"branch"})


def case_before(step, course="main"):
    """A case of the process file's own course, as it was before a step."""
    moves = next(
        e for e in tried(PROCESSES["recruitment"]) if e.says == f"办理过程 {course}"
    ).before
    case = m.open_case(RECRUITMENT, person_id=1)
    for move in moves:
        if move.attempt.step == step:
            return case
        case = advance(RECRUITMENT, case, move.attempt, today=move.attempt.on, given=move.given)
    return case


def shown(case, on, actors=BRANCH, by=101):
    found = options(
        RECRUITMENT, case, on=date.fromisoformat(on), by=by, actors=actors, given=GIVEN
    )
    return {option.step.name: option for option in found}


def test_a_step_not_open_yet_says_from_which_day_it_will_be():
    choose = shown(case_before("choose"), "2023-03-14")["choose"]
    assert choose.reasons == (
        "须经一年以上培养教育考察（最早 2023年3月15日，办理日期是 2023年3月14日）",
    )
    assert choose.opens_on == date(2023, 3, 15)


def test_an_open_step_has_no_reasons():
    assert shown(case_before("choose"), "2023-03-15")["choose"].reasons == ()


def test_what_the_step_itself_writes_down_is_not_asked_before_it_is_filled_in():
    assert shown(case_before("accept"), "2023-06-01")["accept"].reasons == ()


def test_others_are_told_whose_step_it_is():
    approve = shown(case_before("approve"), "2023-07-05")["approve"]
    assert approve.reasons[0] == "“上级党委审批”由上级党组织负责人、组织员办理"
    assert approve.rules[0] == "who"


def test_a_limit_that_has_passed_asks_for_a_reason_and_keeps_it():
    case = case_before("talk")
    attempt = Attempt("talk", date(2021, 12, 1), 101, BRANCH, {"talker": 20})
    with pytest.raises(StepRefused, match="如确有原因，请写明"):
        advance(RECRUITMENT, case, attempt, today=date(2021, 12, 1), given=GIVEN)
    attempt = Attempt(
        "talk", date(2021, 12, 1), 101, BRANCH, {"talker": 20}, {"talk-within-a-month": "外出实习"}
    )
    after = advance(RECRUITMENT, case, attempt, today=date(2021, 12, 1), given=GIVEN)
    assert after.history[-1].passed_over == (("talk-within-a-month", "外出实习"),)


def test_a_reason_of_blanks_is_none():
    attempt = Attempt(
        "talk", date(2021, 12, 1), 101, BRANCH, {"talker": 20}, {"talk-within-a-month": " "}
    )
    with pytest.raises(StepRefused):
        advance(RECRUITMENT, case_before("talk"), attempt, today=date(2021, 12, 1), given=GIVEN)


def test_a_step_cannot_be_taken_in_the_future_or_before_the_last():
    attempt = Attempt("talk", date(2021, 9, 9), 101, BRANCH, {"talker": 20})
    with pytest.raises(StepRefused, match="不能早于上一步"):
        advance(RECRUITMENT, case_before("talk"), attempt, today=date(2021, 9, 20), given=GIVEN)
    attempt = Attempt("talk", date(2021, 9, 21), 101, BRANCH, {"talker": 20})
    with pytest.raises(StepRefused, match="还没有到"):
        advance(RECRUITMENT, case_before("talk"), attempt, today=date(2021, 9, 20), given=GIVEN)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "未填：谈话人"),
        ({"talker": "二十"}, "谈话人的值 二十 不对"),
        ({"talker": True}, "谈话人的值 True 不对"),
        ({"talker": 20, "mood": "好"}, "没有“mood”这一项"),
    ],
)
def test_what_is_filled_in_has_to_fit(fields, said):
    attempt = Attempt("talk", date(2021, 9, 20), 101, BRANCH, fields)
    with pytest.raises(StepRefused, match=said):
        advance(RECRUITMENT, case_before("talk"), attempt, today=date(2021, 9, 20), given=GIVEN)


def test_an_event_keeps_what_was_recorded_seen_and_handed_out():
    case = case_before("fill_form")
    event = case.history[-1]
    assert (event.step, event.source, event.target) == ("clear", "examined", "cleared")
    assert event.documents == ("预审意见", "入党志愿书（空白）")
    assert event.seen == {"quota_left": 3}


def test_the_case_before_a_step_is_left_as_it_was():
    case = case_before("talk")
    attempt = Attempt("talk", date(2021, 9, 20), 101, BRANCH, {"talker": 20})
    after = advance(RECRUITMENT, case, attempt, today=date(2021, 9, 20), given=GIVEN)
    assert (case.state, len(case.history)) == ("applied", 1)
    assert (after.state, len(after.history)) == ("talked", 2)


def test_the_days_that_are_coming_due():
    [first, *_] = due(RECRUITMENT, case_before("talk"), on=date(2021, 9, 20), given=GIVEN)
    assert (first.step.name, first.on) == ("talk", date(2021, 10, 10))
    reviews = due(RECRUITMENT, case_before("change_contacts"), on=date(2022, 10, 1), given=GIVEN)
    assert [(d.rule.id, d.on) for d in reviews] == [("reviewed-half-yearly", date(2023, 3, 20))]


def test_a_limit_that_runs_is_due_before_its_step_is_open():
    accepted = case_before("interview")
    [first, *_] = due(RECRUITMENT, accepted, on=date(2023, 6, 2), given=GIVEN)
    assert (accepted.state, first.step.name) == ("accepted", "approve")
    assert first.on == date(2023, 9, 1)
    again = case_before("request", "longer")
    once = [e for e in again.history if e.step == "accept"]
    assert once, "what is reached only by doing again what it counts from is not due"
    told = {d.step.name for d in due(RECRUITMENT, again, on=date(2025, 1, 1), given=GIVEN)}
    assert "approve_full" not in told


@pytest.mark.parametrize(
    ("before", "course", "opens"),
    [
        ("choose", "main", ("choose", date(2023, 3, 15))),
        ("request", "main", ("request", date(2024, 6, 1))),
        ("talk", "main", None),
    ],
)
def test_the_first_day_of_what_only_time_closes(before, course, opens):
    found = opening(RECRUITMENT, case_before(before, course), on=date(2022, 4, 1), given=GIVEN)
    assert [(d.step.name, d.on) for d in found] == ([opens] if opens else [])


def test_a_reminder_that_was_given_is_no_longer_due():
    process, given = PROCESSES["election"].process, {"expires_on": date(2024, 6, 30)}
    case, on = m.open_case(process), date(2023, 12, 20)
    assert "remind" in {one.step.name for one in due(process, case, on=on, given=given)}
    attempt = Attempt("remind", on, 101, frozenset({"college"}), {})
    case = advance(process, case, attempt, today=on, given=given)
    assert "remind" not in {one.step.name for one in due(process, case, on=on, given=given)}


def test_people_and_votes_are_counted_whole():
    told = {"expected": 20, "present": 18, "written": 0, "no": 0, "abstain": 0}
    for yes in (Decimal("17.5"), 10**9):
        attempt = Attempt("accept", date(2024, 6, 1), 101, BRANCH, {**told, "yes": yes})
        with pytest.raises(StepRefused, match=f"赞成的值 {yes} 不对"):
            advance(RECRUITMENT, case_before("accept"), attempt, today=TODAY, given=GIVEN)


def test_a_text_that_no_database_keeps_is_refused():
    attempt = Attempt("review", date(2022, 9, 1), 101, BRANCH, {"finding": "好\0"})
    with pytest.raises(StepRefused, match="考察意见的值"):
        advance(RECRUITMENT, case_before("review"), attempt, today=TODAY, given=GIVEN)


def test_a_refusal_says_options_in_words_and_where_a_fact_comes_from():
    case, day = case_before("approve_full", "extended"), date(2024, 7, 1)
    found = options(RECRUITMENT, case, on=day, by=101, actors=frozenset({"college"}), given=GIVEN)
    told = {one.step.name: one.reasons for one in found}
    assert "大会决定 转为正式党员" in "".join(told["approve_extension"])
    unknown = {**GIVEN, "quota_left": None}
    attempt = Attempt("clear", date(2023, 5, 20), 102, frozenset({"college"}), {})
    with pytest.raises(StepRefused, match="2023年5月20日还没有本年度剩余发展计划数"):
        advance(RECRUITMENT, case_before("clear"), attempt, today=TODAY, given=unknown)


def test_a_case_of_another_version_is_a_mistake_of_ours():
    case = m.Case("recruitment", 2, frozenset(), "new")
    attempt = Attempt("apply", date(2021, 9, 10), 1, frozenset({"self"}))
    with pytest.raises(AssertionError):
        advance(RECRUITMENT, case, attempt, today=date(2021, 9, 10), given=GIVEN)


@pytest.mark.parametrize(
    ("day", "count", "later"),
    [
        ("2022-06-01", 5, "2022-06-08"),
        ("2022-06-03", 1, "2022-06-06"),
        ("2022-06-04", 1, "2022-06-06"),
        ("2022-06-05", 1, "2022-06-06"),
        ("2022-06-01", 0, "2022-06-01"),
        ("2022-06-01", 12, "2022-06-17"),
        ("2022-06-04", 5, "2022-06-10"),
    ],
)
def test_days_of_work(day, count, later):
    assert weekdays_later(date.fromisoformat(day), count) == date.fromisoformat(later)


def test_the_25_steps_are_all_there_in_order():
    numbers = [step.number for step in RECRUITMENT.steps.values() if step.number]
    assert numbers == list(range(1, 26))


@pytest.mark.parametrize("name", PROCESSES)
def test_the_diagram_shows_every_state_and_every_step_that_moves(name):
    process = PROCESSES[name].process
    drawn = mermaid(process)
    assert all(f'state "{s.title}" as {s.code}' in drawn for s in process.states.values())
    assert all(step.title in drawn for step in process.steps.values() if step.target)
