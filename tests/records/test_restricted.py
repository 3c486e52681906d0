"""What few may know, and how often anybody may look: sealed, masked, counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from guantong.records import catalogue, clock, sealing
from guantong.records.actions import people, restricted
from guantong.records.models import Event, Person, Restricted
from tests.factories import Cast, make_person, make_user, owner
from tests.records.conftest import one_event, refused

PHONE = "13800138000"


@pytest.fixture
def person(cast: Cast) -> Person:
    return make_person("困难甲", cast.branch, phone=PHONE, address="广东省梅州市嘉应学院宿舍 1 栋")


def test_restricted_fields_are_sealed_in_the_database_and_the_trail(
    cast: Cast, person: Person
) -> None:
    with one_event("restricted.recorded") as events:
        row = restricted.record(by=cast.officer, person=person, wage="5200.50", hardship="助学金")
    with connection.cursor() as cursor:
        cursor.execute("SELECT wage, hardship FROM records_restricted")
        stored = b"".join(bytes(part) for part in cursor.fetchone())
    assert "助学金".encode() not in stored
    assert b"5200" not in stored
    assert events[0].detail["after"] == {"wage": "已加密保存", "hardship": "已加密保存"}
    assert sealing.unseal(row, "wage") == "5200.50"


def test_recording_the_same_again_leaves_no_event_and_nothing_empties(
    cast: Cast, person: Person
) -> None:
    restricted.record(by=cast.officer, person=person, wage="5200")
    last = Event.objects.latest("id")
    restricted.record(by=cast.officer, person=person, wage="5200")
    assert Event.objects.latest("id") == last
    restricted.record(by=cast.officer, person=person, wage=None)
    assert Restricted.objects.get().wage is None


def test_only_a_college_and_above_may_know(cast: Cast, person: Person) -> None:
    restricted.record(by=None, person=person, hardship="助学金")
    for by in (cast.secretary, cast.outsider, cast.inspector, cast.member):
        with refused("没有对该党员"):
            restricted.record(by=by, person=person, hardship="x")
        with refused("没有对该党员"):
            people.reveal(by=by, person=person, field="hardship", reason="慰问")
    seen = people.reveal(by=cast.officer, person=person, field="hardship", reason="慰问")
    assert seen == "助学金"


def test_who_may_see_a_phone_need_not_know_a_wage(
    cast: Cast, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    restricted.record(by=None, person=person, wage="5200")
    roles = catalogue.roles()
    officer = roles.roles["college_officer"]
    fewer = replace(officer, permissions=officer.permissions - {"member.restricted"})
    less = replace(roles, roles={**roles.roles, "college_officer": fewer})
    monkeypatch.setattr(catalogue, "roles", lambda: less)
    assert people.reveal(by=cast.officer, person=person, field="phone", reason="通知") == PHONE
    with refused("权限"):
        people.reveal(by=cast.officer, person=person, field="wage", reason="核定")


def test_ones_own_are_seen_and_not_written(cast: Cast) -> None:
    restricted.record(by=None, person=owner(cast.member), wage="3000")
    own = owner(cast.member)
    assert people.reveal(by=cast.member, person=own, field="wage", reason="") == "3000"
    with refused("由别人登记"):
        restricted.record(by=cast.member, person=own, wage="1")


@pytest.mark.parametrize("wage", ["很多", "-1", "1.234", "NaN", "1e9"])
def test_a_wage_is_a_sum_of_money(cast: Cast, person: Person, wage: str) -> None:
    with refused("党费计算基数"):
        restricted.record(by=None, person=person, wage=wage)


def test_a_value_opens_in_its_own_table_only(cast: Cast, person: Person) -> None:
    row = restricted.record(by=None, person=person, wage="5200")
    other = restricted.record(by=None, person=owner(cast.member), wage="1")
    other.wage = row.wage
    with pytest.raises(Exception, match="restricted"):
        sealing.unseal(other, "wage")


def test_masks_show_what_tells_people_apart_and_no_more(person: Person) -> None:
    assert sealing.mask("phone", PHONE) == "138****8000"
    assert sealing.mask("id_number", "11010519491231002X") == "110105********002X"
    assert sealing.mask("address", "广东省梅州市嘉应学院") == "广东省****"
    assert sealing.mask("wage", "5200") == sealing.mask("hardship", "助学金") == "****"
    assert sealing.mask("phone", "") == ""


def test_looks_are_limited_for_each_user_and_the_limit_says_when_it_ends(
    cast: Cast, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = catalogue.current().kinds["limits"]
    monkeypatch.setitem(limits["reveals"], "value", 2)
    look = {"person": person, "field": "phone", "reason": "通知"}
    for _ in range(2):
        people.reveal(by=cast.officer, **look)
    with refused("60 分钟内最多查看 2 次加密信息.*以后可以再看"):
        people.reveal(by=cast.officer, **look)
    people.reveal(by=cast.office, **look)
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert people.reveal(by=cast.officer, **look) == PHONE


def test_ones_own_looks_do_not_count(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.current().kinds["limits"]["reveals"], "value", 1)
    people.correct(by=None, person=owner(cast.member), phone=PHONE)
    for _ in range(3):
        people.reveal(by=cast.member, person=owner(cast.member), field="phone", reason="")


def test_the_address_is_sealed_like_the_phone(cast: Cast, person: Person) -> None:
    assert "嘉应" in people.reveal(
        by=cast.officer, person=person, field="address", reason="寄送慰问"
    )
    user = make_user("own", person)
    assert "嘉应" in people.reveal(by=user, person=person, field="address", reason="")
