"""Members elsewhere, contact with them, and letters: what is due, would bounce, is stuck."""

from datetime import date, timedelta
from typing import Any

import pytest

from guantong.periods import add_months
from guantong.records import registers
from guantong.records.actions import letters, lifecycle, memberships, people, steps
from guantong.records.actions import registers as actions
from guantong.records.models import Membership, Person, TransferLetter, Whereabouts
from tests.factories import SINCE, TODAY, Cast, appoint, make_person, owner
from tests.records.conftest import one_event, refused

ID_NUMBER = "11010119900307395X"


def enter(person: Person, kind: str = "mobile", **more: Any) -> Whereabouts:
    given = {"by": None, "person": person, "kind": kind, "valid_from": date(2022, 9, 1), **more}
    return actions.enter(**given)


def due(row: Whereabouts, today: date = TODAY) -> registers.Due:
    return registers.dues([row], today)[0]


@pytest.fixture
def person(cast: Cast) -> Person:
    """Whose letter would not bounce."""
    return make_person(
        "毕业甲", cast.branch, id_number=ID_NUMBER, birth_date=date(1990, 3, 7),
        phone="13800138000", joined_on=date(2019, 5, 1), full_member_on=date(2020, 5, 1),
    )  # fmt: skip


def issue(person: Person, **more: Any) -> TransferLetter:
    given = {
        "by": None, "person": person, "number": "2023-001", "heading": "某市委组织部",
        "to_unit": "某中学", "issued_on": date(2023, 6, 1), "valid_days": 90,
        "dues_until": date(2023, 6, 10), **more,
    }  # fmt: skip
    return letters.issue(**given)


# Registers


def test_a_member_away_is_contacted_every_half_year(cast: Cast, person: Person) -> None:
    with one_event("whereabouts.entered"):
        row = enter(person, by=cast.secretary, place="广州，某街道党工委")
    assert due(row).next_on == date(2023, 3, 1)
    assert due(row).overdue(TODAY)
    with one_event("contact.made"):
        actions.get_in_touch(
            by=cast.secretary, person=person, on_day=date(2023, 2, 10), how="电话"
        )
    assert (due(row).contact, due(row).next_on) == (date(2023, 2, 10), date(2023, 8, 10))
    assert not due(row).overdue(TODAY)


def test_a_contact_before_the_register_does_not_count(cast: Cast, person: Person) -> None:
    actions.get_in_touch(by=None, person=person, on_day=date(2022, 8, 1), how="电话")
    assert due(enter(person)).contact is None


def test_a_register_changes_nothing_else(cast: Cast, person: Person) -> None:
    before = list(Membership.objects.filter(person=person).values())
    enter(person, "lost", situation="graduated", last_seen_on=date(2022, 6, 1))
    assert list(Membership.objects.filter(person=person).values()) == before


def test_half_a_year_and_two_years_are_told_and_nothing_happens(
    cast: Cast, person: Person
) -> None:
    row = enter(person, "lost", situation="graduated", last_seen_on=date(2022, 6, 1))
    assert due(row).says == "2022-12-01 失去联系满六个月（2022-06-01 起算），由党组织研究"
    lifecycle.suspend(by=None, person=person, on=date(2023, 1, 1), reason="上级批准")
    assert due(row).says == "2025-01-01 停止党籍满两年（2023-01-01 起算）"
    assert person.memberships.get(valid_to=None).status == "suspended"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"kind": "lost"}, "请选择失联情形"),
        ({"kind": "lost", "situation": "bored"}, "没有“bored”"),
        ({"situation": "graduated"}, "只有失去联系的"),
        ({"kind": "holiday"}, "没有“holiday”"),
        ({"valid_from": TODAY + timedelta(days=1)}, "还没到"),
        ({"valid_from": SINCE - timedelta(days=1)}, "没有组织关系"),
        (
            {"kind": "lost", "situation": "graduated", "last_seen_on": date(2022, 10, 1)},
            "不晚于登记的开始日",
        ),
    ],
)
def test_what_cannot_be_on_a_register(
    cast: Cast, person: Person, more: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        enter(person, **more)


def test_nobody_is_twice_on_one_register_and_leaving_it_needs_a_reason(
    cast: Cast, person: Person
) -> None:
    row = enter(person)
    with refused("已在“流动党员”登记册上"):
        enter(person, valid_from=TODAY)
    with refused("写明原因"):
        actions.take_off(by=None, row=row, on=TODAY, reason=" ")
    with one_event("whereabouts.ended"):
        actions.take_off(by=cast.secretary, row=row, on=TODAY, reason="已返校")
    with refused("已于"):
        actions.take_off(by=None, row=row, on=TODAY, reason="再次")
    enter(person, valid_from=TODAY)


def test_the_registers_are_for_those_who_keep_the_roll(cast: Cast, person: Person) -> None:
    for by in (cast.outsider, cast.inspector, cast.member):
        with refused("权限"):
            enter(person, by=by)
        with refused("权限"):
            actions.get_in_touch(by=by, person=person, on_day=TODAY, how="电话")
        with refused("权限"):
            issue(person, by=by)


@pytest.mark.parametrize(
    ("finished", "keeps"),
    [(date(2022, 7, 1), date(2024, 7, 1)), (date(2024, 2, 29), date(2026, 2, 28))],
)
def test_a_graduates_membership_is_kept_for_two_years_and_nothing_happens(
    finished: date, keeps: date
) -> None:
    row = Whereabouts(person_id=1, kind="graduate", valid_from=finished)
    told = registers._due(row, None, {}, keeps)
    assert (told.next_on, told.ends_on, told.overdue(keeps)) == (None, keeps, False)
    assert told.overdue(keeps + timedelta(days=1))
    for months in registers.AHEAD:
        first = add_months(keeps, -months)
        assert told.within(months, first) or first.day != keeps.day
        assert not told.within(months, add_months(keeps, -months) - timedelta(days=3))


def test_five_years_abroad_are_told(cast: Cast) -> None:
    row = Whereabouts(person_id=1, kind="abroad", valid_from=date(2018, 6, 16))
    assert registers._due(row, None, {}, TODAY).says == ""
    assert "满五年" in registers._due(row, None, {}, TODAY + timedelta(days=1)).says


def test_only_members_are_on_a_register_and_a_mistake_goes(cast: Cast, person: Person) -> None:
    activist = make_person("积极乙", cast.branch, status="activist")
    with refused("积极分子不列入"):
        enter(activist)
    row = enter(person, valid_from=TODAY)
    with one_event("whereabouts.struck"):
        actions.take_off(by=cast.secretary, row=row, on=TODAY, reason="记错了人")
    assert not person.whereabouts.exists()
    memberships.leave(by=None, person=person, on=TODAY, reason="调出")
    with refused("没有组织关系"):
        enter(person)


# Letters


def test_the_sender_stays_responsible_until_the_receipt(cast: Cast, person: Person) -> None:
    post = appoint(person, cast.branch, "committee_member")
    with one_event("letter.issued"):
        letter = issue(person, by=cast.secretary)
    assert person.memberships.filter(valid_to=None).exists()
    with one_event("membership.ended"):
        letters.receive(by=cast.secretary, letter=letter, on=TODAY)
    left, _ = person.memberships.get(), post.refresh_from_db()
    assert (left.valid_to, left.departure, post.valid_to) == (TODAY, "transferred_out", TODAY)
    with refused("已经办结"):
        letters.receive(by=None, letter=letter, on=TODAY)


def test_a_receipt_recorded_by_mistake_is_taken_back_with_the_departure(
    cast: Cast, person: Person
) -> None:
    letter = letters.receive(by=None, letter=issue(person), on=TODAY)
    steps.undo(by=cast.secretary, person=person)
    letter.refresh_from_db()
    assert (letter.received_on, person.memberships.get().valid_to) == (None, None)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"id_number": None}, "没有身份证号"),
        ({"phone": None}, "没有联系电话"),
        ({"birth_date": None}, "没有出生日期"),
        ({"joined_on": None}, "没有入党时间"),
        ({"full_member_on": None}, "没有转正时间"),
    ],
)
def test_what_is_missing_would_bounce(
    cast: Cast, person: Person, missing: dict[str, Any], told: str
) -> None:
    people.correct(by=None, person=person, **missing)
    with refused(told):
        issue(Person.objects.get(pk=person.pk))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"valid_days": 91}, "应为 1 至 90 天"),
        ({"dues_until": date(2023, 5, 31)}, "党费只交到 2023-05"),
        ({"heading": "某中学党支部"}, "看不出是有权接收的党组织"),
        ({"issued_on": TODAY + timedelta(days=1)}, "还没到"),
    ],
)
def test_a_letter_that_would_come_back_is_not_issued(
    cast: Cast, person: Person, more: dict[str, Any], told: str
) -> None:
    with refused(told):
        issue(person, **more)


def test_one_letter_is_under_way_at_a_time_and_a_number_is_used_once(
    cast: Cast, person: Person
) -> None:
    letter = issue(person)
    with refused("还没有回执"):
        issue(person, number="2023-002")
    with refused("写明退回原因"):
        letters.send_back(by=None, letter=letter, on=TODAY, reason="")
    with one_event("letter.returned"):
        letters.send_back(by=cast.secretary, letter=letter, on=TODAY, reason="抬头有误")
    with refused("编号已经用过"):
        issue(person)
    issue(person, number="2023-002")


@pytest.mark.parametrize(
    ("days", "told"),
    [(0, ""), (89, ""), (90, "已过有效期"), (183, "超过六个月")],
)
def test_a_letter_without_receipt_is_stuck_after_its_validity(days: int, told: str) -> None:
    letter = TransferLetter(issued_on=date(2023, 1, 1), valid_days=90)
    assert told in registers.stuck(letter, date(2023, 1, 1) + timedelta(days=days))
    letter.received_on = TODAY
    assert registers.stuck(letter, date(2030, 1, 1)) == ""


def test_who_is_no_member_gets_no_letter(cast: Cast) -> None:
    activist = make_person("积极甲", cast.branch, status="activist")
    with refused("入党积极分子，不能转接"):
        issue(activist)
    gone = owner(cast.member)
    memberships.leave(by=None, person=gone, on=date(2023, 1, 1), reason="调出")
    with refused("没有组织关系"):
        issue(gone)
