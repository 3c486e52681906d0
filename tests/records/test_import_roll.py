"""Rows of a roll: whom each means, what it says, and what cannot be."""

from datetime import date
from typing import Any

import pytest

from guantong.records.actions import imports, memberships
from guantong.records.imports.decisions import Difference
from guantong.records.imports.rows import Outcome
from guantong.records.models import Person, Post
from tests.factories import SINCE, TODAY, Cast, appoint, make_person
from tests.records.conftest import refused
from tests.records.spreadsheets import A1, A2, an_id, decided, of_rows, problem, roll, run, spans

pytestmark = pytest.mark.django_db


# Whom a row means


def test_an_id_number_decides_whatever_the_name(cast: Cast) -> None:
    person = make_person("李样", cast.branch, id_number=an_id())
    decision = decided(roll({"name": "李样例", "id_number": an_id()}))
    assert decision.work.person_id == person.pk
    assert decision.differences[0] == Difference("姓名", "李样", "李样例", "name")


@pytest.mark.parametrize(
    ("kept", "given", "outcome"),
    [
        ({}, {}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1990, 1, 1)}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1990, 1, 1), "org": A2}, "changed"),
        ({"birth_date": date(1990, 1, 9)},
         {"birth_date": date(1990, 1, 1), "months": frozenset({"birth_date"})}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1991, 1, 1)}, "出生日期不同"),
        ({}, {"org": A2}, "别的支部已有同名党员"),
        ({}, {"org": A2, "birth_date": date(1990, 1, 1)}, "new"),
        ({"number": "N1"}, {"number": "N1", "org": A2}, "changed"),
        ({"number": "N1"}, {"number": "N2"}, "new"),
        ({"id_number": an_id(1), "birth_date": date(1990, 1, 1)}, {"id_number": an_id(2)},
         "另一个身份证号"),
        ({"id_number": an_id(1)}, {"id_number": an_id(1, "19910101")}, "new"),
        ({"number": "N1", "id_number": an_id(1)},
         {"number": "N1", "id_number": an_id(3, "19910101")}, "另一个身份证号"),
    ],
)  # fmt: skip
def test_who_is_meant(cast: Cast, kept: Any, given: Any, outcome: str) -> None:
    make_person("李样", cast.branch, **kept)
    decision = decided(roll({"name": "李样", **given}), cast.officer)
    told = "".join(problem.what for problem in decision.problems)
    assert outcome in (told or decision.outcome)


def test_two_of_one_name_are_told_apart_or_left(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    make_person("李样", cast.branch, number="N2")
    assert "有 2 名“李样”" in problem(roll({"name": "李样"}))
    assert decided(roll({"name": "李样", "number": "N2"})).outcome == Outcome.SAME


def test_a_number_is_not_given_twice(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    assert "学工号登记在另一名党员名下" in problem(roll({"name": "王样", "number": "N1"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "李样", "id_number": an_id()}, {"name": "王样", "id_number": an_id()}),
        ({"name": "李样", "number": "N1"}, {"name": "王样", "number": "N1"}),
        ({"name": "李样"}, {"name": "李样"}),
        ({"name": "李样", "number": "N1"}, {"name": "李样"}),
    ],
)
def test_one_person_in_two_rows_is_a_problem_of_the_second(
    cast: Cast, one: Any, other: Any
) -> None:
    first, second = of_rows(roll(one, other))
    assert first.outcome == Outcome.NEW
    assert "与第 2 行像是同一人" in second.problems[0].what


def test_namesakes_with_different_numbers_are_two(cast: Cast) -> None:
    rows = [{"name": "李样", "number": "N1"}, {"name": "李样", "number": "N2"}]
    assert [d.outcome for d in of_rows(roll(*rows))] == ["new", "new"]


# What a row says


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"id_number": an_id(), "birth_date": date(1991, 1, 1)}, "与身份证号中的 1990-01-01 不符"),
        ({"id_number": an_id(1), "gender": "2"}, "性别与身份证号不符"),
        ({"joined_on": date(2023, 7, 1)}, "在今天之后"),
        ({"joined_on": date(1989, 1, 1), "birth_date": date(1990, 1, 1)}, "早于出生日期"),
        ({"joined_on": date(2007, 12, 1), "birth_date": date(1990, 1, 1)}, "不满 18 周岁"),
        ({"joined_on": date(2021, 9, 1), "full_member_on": date(2021, 9, 1)}, "应在入党时间之后"),
        ({"status": "probationary", "full_member_on": date(2021, 9, 1)}, "不应有转正时间"),
        ({"status": ""}, "没有写人员类别"),
        ({"org": "甲学院党委"}, "是学院党委，党员要编入党支部"),
        ({"org": "教师第一党支部"}, "最接近的有：甲学院教师第一党支部"),
        ({"branch_since": date(2021, 1, 1)}, "在 2021-01-01 不存在"),
        ({"branch_since": date(2022, 6, 1), "joined_on": date(2022, 9, 1)}, "早于入党时间"),
    ],
)
def test_what_cannot_be_is_a_problem(cast: Cast, row: Any, says: str) -> None:
    assert says in problem(roll({"name": "李样", **row}))


def test_nobody_changes_his_own_days_by_a_sheet(cast: Cast) -> None:
    own = {"name": "组织员甲", "org": A2, "joined_on": date(2015, 1, 1)}
    told = decided(roll(own), cast.officer)
    assert (told.outcome, "由别人登记" in told.problems[0].what) == ("conflict", True)
    assert decided(roll(own), cast.office).outcome == "changed"


def test_birth_and_gender_come_from_the_id_number(cast: Cast) -> None:
    work = decided(roll({"name": "李样", "id_number": an_id(2)})).work
    assert (work.fields["birth_date"], work.fields["gender"]) == (date(1990, 1, 1), "2")


@pytest.mark.parametrize(
    "name", ["中共示例大学甲学院教师第一支部委员会", "甲学院教师第一支部", "甲学院教师第一党支部"]
)
def test_official_names_are_understood(cast: Cast, name: str) -> None:
    assert decided(roll({"name": "李样", "org": name})).outcome == Outcome.NEW


def test_blank_cells_and_mere_months_change_nothing(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1", joined_on=date(2020, 9, 12), phone="13812345678")
    row = {"name": "李样", "joined_on": date(2020, 9, 1), "months": frozenset({"joined_on"})}
    assert decided(roll(row)).outcome == Outcome.SAME


def test_a_roll_shows_a_day(cast: Cast) -> None:
    run(roll({"name": "李样"}), as_of=date(2023, 1, 10))
    assert spans(Person.objects.get(name="李样")) == [(A1, "full", date(2023, 1, 10), None)]
    with refused("在今天（2023-06-15）之后"):
        imports.decide(by=None, parsed=roll({"name": "王样"}), as_of=date(2023, 7, 1))


def test_who_became_full_in_the_branch_was_probationary_before(cast: Cast) -> None:
    run(roll({"name": "李样", "branch_since": date(2022, 3, 1), "joined_on": date(2021, 9, 1),
              "full_member_on": date(2022, 9, 1)}))  # fmt: skip
    assert spans(Person.objects.get(name="李样")) == [
        (A1, "probationary", date(2022, 3, 1), date(2022, 9, 1)),
        (A1, "full", date(2022, 9, 1), None),
    ]


def test_moves_and_full_membership_come_with_their_days(cast: Cast) -> None:
    person = make_person("李样", cast.branch, status="probationary", birth_date=date(1990, 1, 1))
    appoint(person, cast.branch, "leading_cadre")
    run(roll({"name": "李样", "birth_date": date(1990, 1, 1), "org": A2,
              "full_member_on": date(2023, 3, 1), "branch_since": date(2023, 5, 1)}))  # fmt: skip
    assert spans(person) == [
        (A1, "probationary", SINCE, date(2023, 3, 1)),
        (A1, "full", date(2023, 3, 1), date(2023, 5, 1)),
        (A2, "full", date(2023, 5, 1), None),
    ]
    assert Post.objects.get(person=person).valid_to == date(2023, 5, 1)


def test_who_had_left_comes_back(cast: Cast) -> None:
    person = make_person("李样", cast.branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="转出")
    run(roll({"name": "李样", "branch_since": date(2023, 6, 1)}))
    assert spans(person)[-1] == (A1, "full", date(2023, 6, 1), None)


@pytest.mark.parametrize(
    ("row", "as_of", "says"),
    [
        ({"org": A2, "branch_since": SINCE}, TODAY, "不能早于它转支部"),
        ({"status": "probationary"}, TODAY, "系统中已是正式党员"),
        ({"org": A2}, date(2021, 12, 1), "不存在"),
    ],
)
def test_a_move_that_cannot_be_is_a_problem(cast: Cast, row: Any, as_of: date, says: str) -> None:
    make_person("李样", cast.branch, number="N1")
    assert says in problem(roll({"name": "李样", "number": "N1", **row}), as_of=as_of)


def test_an_older_roll_does_not_undo_later_moves(cast: Cast) -> None:
    person = make_person("李样", cast.branch, number="N1")
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=date(2023, 5, 1))
    older = roll({"name": "李样", "number": "N1", "org": A2})
    assert "以后组织关系另有变动" in problem(older, as_of=date(2023, 3, 1))


# The way into the Party


@pytest.mark.parametrize(
    ("was", "row", "told"),
    [
        ("activist", {"status": "candidate"}, "入党积极分子 → 发展对象（自 2023-06-15 起）"),
        ("candidate", {"status": "probationary", "joined_on": date(2023, 5, 20)},
         "发展对象 → 预备党员（自 2023-05-20 起）"),
        ("activist", {"status": "full"}, "系统中已是入党积极分子"),
        ("full", {"status": "activist"}, "系统中已是正式党员"),
        ("suspended", {"status": "full"}, "停止和恢复党籍请在党员页办理"),
    ],
)  # fmt: skip
def test_a_roll_tells_the_next_step_and_no_other(
    cast: Cast, was: str, row: Any, told: str
) -> None:
    make_person("李样", cast.branch, status=was, number="N1")
    decision = decided(roll({"name": "李样", "number": "N1", **row}))
    said = [f"{one.before} → {one.after}" for one in decision.differences]
    said += [f"{one.what}，{one.remedy}" for one in decision.problems]
    assert told in "；".join(said)


def test_a_step_of_a_roll_is_written_as_the_action_would(cast: Cast) -> None:
    person = make_person("李样", cast.branch, status="activist", number="N1")
    run(roll({"name": "李样", "number": "N1", "status": "candidate"}))
    first, second = person.memberships.order_by("valid_from")
    assert (first.valid_to, first.end_reason) == (TODAY, "成为发展对象")
    assert (second.status, second.valid_from) == ("candidate", TODAY)


def test_a_double_out_of_reach_is_asked_about_and_not_refused(cast: Cast) -> None:
    make_person("李样", cast.other_branch, birth_date=date(1990, 1, 1))
    decision = decided(roll({"name": "李样", "birth_date": date(1990, 1, 1)}), cast.officer)
    assert decision.outcome == Outcome.NEW
    assert [one.title for one in decision.differences] == ["请核对"]
    assert "乙学院" not in str(decision.differences)
