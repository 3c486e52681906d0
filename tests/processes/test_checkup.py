"""The dates of a file held against the rules: every contradiction is named with its rule."""

from datetime import date

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from guantong.processes.checkup import Record, check_up
from guantong.processes.examples import tried
from tests.processes.folders import processes_of

LOADED = processes_of(settings.CATALOGUE_DIR)["recruitment"]
RECRUITMENT = LOADED.process
TODAY = date(2026, 11, 25)
NUMBERED = [step.name for step in RECRUITMENT.steps.values() if step.number]


def days(**told):
    return {step: (date.fromisoformat(day),) for step, day in told.items()}


def rules_broken(record):
    return [c.rule for c in check_up(RECRUITMENT, record, today=TODAY)]


def of_course(name):
    """What a course of the process file would look like as a list of dates."""
    moves = next(e for e in tried(LOADED) if e.says == f"办理过程 {name}").before
    taken, fields = {}, {}
    for move in moves:
        step = move.attempt.step
        taken[step] = (*taken.get(step, ()), move.attempt.on)
        fields |= {f"{step}.{k}": v for k, v in move.attempt.fields.items()}
    return Record(taken, {**fields, **moves[0].given}, told=NUMBERED)


def test_a_file_as_it_should_be_has_no_contradiction():
    assert rules_broken(of_course("main")) == []


def test_a_file_with_an_extension_has_none_either():
    assert rules_broken(of_course("extended")) == []


def test_an_activist_of_less_than_a_year_cannot_be_a_candidate():
    found = check_up(
        RECRUITMENT, Record(days(recommend="2022-03-15", choose="2023-03-14")), today=TODAY
    )
    [one] = found
    assert (one.rule, one.steps) == ("cultivated-a-year", ("recommend", "choose"))
    assert "最早 2023年3月15日" in one.says
    assert one.basis[0].place == "13"


def test_calendar_months_not_thirty_days():
    assert rules_broken(Record(days(apply="2021-01-31", talk="2021-02-28"))) == []
    assert rules_broken(Record(days(apply="2021-01-31", talk="2021-03-01"))) == [
        "talk-within-a-month"
    ]


def test_too_young_by_a_day():
    record = Record(days(apply="2020-04-30"), {"apply.birth_date": date(2002, 5, 1)})
    assert rules_broken(record) == ["adult"]


def test_probation_runs_from_the_meeting_not_from_the_oath():
    record = Record(days(accept="2023-06-01", swear="2023-09-10", discuss="2024-06-05"))
    assert rules_broken(record) == []


def test_a_step_dated_before_one_that_must_come_first():
    [one] = check_up(
        RECRUITMENT, Record(days(sponsors="2023-04-03", train="2023-04-01")), today=TODAY
    )
    assert (one.rule, one.steps) == ("order", ("sponsors", "train"))
    assert "应在“确定入党介绍人”（2023年4月3日）之后" in one.says


def test_a_step_that_cannot_have_been_left_out():
    record = Record(days(apply="2021-09-10", accept="2023-06-01"), told=["apply", "clear"])
    [one] = check_up(RECRUITMENT, record, today=TODAY)
    assert (one.rule, one.steps) == ("missing", ("accept", "clear"))


def test_what_the_file_has_no_place_for_is_not_held_against_it():
    assert rules_broken(Record(days(apply="2021-09-10", accept="2023-06-01"))) == []


def test_a_day_to_come():
    assert rules_broken(Record(days(apply="2026-11-26"))) == ["future"]


def test_several_contradictions_are_all_named_in_the_order_of_the_steps():
    told = days(apply="2021-09-10", talk="2021-12-01", recommend="2022-03-15",
                choose="2022-09-15", accept="2023-06-01", approve="2024-01-05",
                discuss="2024-05-01")  # fmt: skip
    assert rules_broken(Record(told)) == [
        "talk-within-a-month",
        "cultivated-a-year",
        "approved-within-three-months",
        "approved-within-six-months",
        "discussed-at-expiry",
    ]


def test_a_half_yearly_review_that_is_lacking_is_a_reminder():
    told = {"contacts": (date(2022, 3, 30),), "choose": (date(2023, 4, 30),),
            "review": (date(2022, 9, 20),)}  # fmt: skip
    [one] = check_up(RECRUITMENT, Record(told), today=TODAY)
    assert (one.rule, one.level.value) == ("reviewed-half-yearly", "generally")


def test_one_sponsor_named_twice():
    fields = {"sponsors.sponsor_1": 21, "sponsors.sponsor_2": 21}
    assert rules_broken(Record(days(sponsors="2023-04-03"), fields)) == ["sponsors-are-two"]


@given(st.dictionaries(st.sampled_from(NUMBERED), st.dates(date(2015, 1, 1), TODAY)))
def test_any_dates_are_answered_and_fewer_dates_have_no_more_contradictions(told):
    whole = {(c.rule, c.steps[-1]) for c in _of(told)}
    for left_out in told:
        rest = {step: day for step, day in told.items() if step != left_out}
        assert {x for x in {(c.rule, c.steps[-1]) for c in _of(rest)} if x[0] != "order"} <= whole


def _of(told):
    record = Record({step: (day,) for step, day in told.items()})
    return check_up(RECRUITMENT, record, today=TODAY)
