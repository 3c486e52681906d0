"""The roll: entering people, correcting them, finding them, and what stays sealed."""

import json
from datetime import date
from typing import Any

import pytest
from django.db import connection

from guantong.records import sealing
from guantong.records.actions import people
from guantong.records.models import Event, Person
from guantong.trust.sealed import DoesNotOpen
from tests.factories import TODAY, Cast, make_person, owner
from tests.records.conftest import refused
from tests.records.spreadsheets import an_id

ID_NUMBER = "11010519491231002X"
PHONE = "13800138000"


@pytest.fixture
def person(cast: Cast) -> Person:
    return make_person("曾小明", cast.branch, number="2020001", id_number=ID_NUMBER, phone=PHONE)


def test_register_enters_a_person_with_the_branch(cast: Cast) -> None:
    person = people.register(
        by=cast.secretary,
        org=cast.branch,
        status="probationary",
        since=TODAY,
        name=" 单　小\u200b红 ",
        gender="2",
        birth_date=date(2002, 5, 1),
        joined_on=date(2023, 6, 1),
    )
    assert (person.name, person.pinyin) == ("单小红", "shan xiao hong")
    membership = person.memberships.get()
    assert (membership.org, membership.status) == (cast.branch, "probationary")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"name": " "}, "姓名：请填写姓名"),
        ({"gender": "m"}, "性别代码"),
        ({"schooling": "mba"}, "列出的学历"),
        ({"id_number": "110105194912310021"}, "校验位"),
        ({"id_number": "11010519491231"}, "应为 18 位"),
        ({"phone": "138-abc"}, "手机号只能是"),
        ({"birth_date": date(2023, 7, 1)}, "今天之后"),
        ({"birth_date": date(2000, 1, 1), "joined_on": date(1999, 1, 1)}, "早于出生日期"),
        ({"birth_date": date(2005, 1, 1), "joined_on": date(2022, 12, 31)}, "不满 18 周岁"),
        ({"birth_date": date(1990, 1, 2), "id_number": an_id(3)}, "出生日期：与身份证号"),
        ({"gender": "2", "id_number": an_id(3, "19900101")}, "性别：与身份证号不符"),
        ({"joined_on": date(2022, 1, 2), "full_member_on": date(2022, 1, 1)}, "转正时间应在"),
        ({"number": "2020001"}, "学工号已登记"),
        ({"id_number": "１１０１０５19491231002x"}, "身份证号已登记"),
        ({"status": "honorary"}, "没有“honorary”"),
    ],
)
def test_register_refuses_what_cannot_be(
    cast: Cast, person: Person, more: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        people.register(
            **{
                "by": cast.secretary,
                "org": cast.branch,
                "status": "full",
                "since": TODAY,
                "name": "某人",
                **more,
            }
        )


def test_register_refuses_what_is_no_branch(cast: Cast) -> None:
    with refused("不是党支部"):
        make_person("某人", cast.college)


def test_register_names_no_member_elsewhere(cast: Cast, person: Person) -> None:
    with refused() as caught:
        people.register(
            by=cast.outsider, org=cast.other_branch, status="full", since=TODAY, name="某人",
            id_number=ID_NUMBER,
        )  # fmt: skip
    assert person.name not in caught.value.text


def test_correct_changes_named_fields_and_the_spelling(cast: Cast, person: Person) -> None:
    people.correct(by=cast.secretary, person=person, name="仇小明", number=None)
    person.refresh_from_db()
    assert (person.name, person.pinyin, person.number) == ("仇小明", "qiu xiao ming", None)
    assert sealing.unseal(person, "phone") == PHONE


def test_correct_refuses_what_cannot_be(cast: Cast, person: Person) -> None:
    with refused("校验位"):
        people.correct(by=cast.secretary, person=person, id_number="110105194912310021")
    other = make_person("李四", cast.branch)
    with refused("学工号已登记"):
        people.correct(by=cast.secretary, person=other, number="2020001")
    with refused("出生日期：与身份证号"):
        people.correct(by=cast.secretary, person=person, birth_date=date(1950, 1, 1))
    with refused("由别人更正"):
        myself = owner(cast.secretary)
        people.correct(by=cast.secretary, person=myself, full_member_on=date(2010, 1, 1))


def test_sealed_values_are_nowhere_in_clear(cast: Cast, person: Person) -> None:
    people.correct(by=cast.officer, person=person, phone="13900139000")
    people.register(by=None, org=cast.branch, status="full", since=TODAY, name="李四", address="")
    trail = json.dumps(list(Event.objects.values_list("detail", flat=True)), ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, id_index, phone FROM records_person")
        stored = b"".join(
            part.encode() if isinstance(part, str) else bytes(part)
            for row in cursor.fetchall()
            for part in row
            if part is not None
        )
    for secret in (ID_NUMBER, PHONE, "13900139000"):
        assert secret not in trail
        assert secret.encode() not in stored
    assert "已加密保存" in trail
    assert "已清空" not in trail  # an address left empty was never there


def test_correcting_to_the_same_sealed_value_leaves_no_event(cast: Cast, person: Person) -> None:
    last = Event.objects.latest("id")
    people.correct(by=cast.officer, person=person, phone=PHONE, id_number=ID_NUMBER)
    assert Event.objects.latest("id") == last


def test_a_sealed_value_opens_in_its_own_row_and_field_only(cast: Cast, person: Person) -> None:
    other = make_person("李四", cast.branch, phone="13700137000")
    other.phone, person.phone = person.phone, other.phone
    for row in (other, person):
        with pytest.raises(DoesNotOpen):
            sealing.unseal(row, "phone")
    person.phone = person.id_number
    with pytest.raises(DoesNotOpen):
        sealing.unseal(person, "phone")


def test_the_index_finds_the_number_without_opening_it(person: Person) -> None:
    assert Person.objects.get(id_index=sealing.id_index(ID_NUMBER)) == person


def test_reveal_opens_a_value_and_leaves_who_and_why(cast: Cast, person: Person) -> None:
    with refused("写明查看理由"):
        people.reveal(by=cast.officer, person=person, field="phone", reason=" ")
    seen = people.reveal(by=cast.officer, person=person, field="phone", reason="会议通知")
    event = Event.objects.latest("id")
    assert seen == PHONE
    assert (event.by, event.subject) == (cast.officer, f"person:{person.pk}")
    assert event.detail == {"field": "phone", "reason": "会议通知"}


def test_a_member_sees_own_values_without_a_reason(cast: Cast) -> None:
    me = people.correct(by=None, person=owner(cast.member), phone=PHONE)
    assert people.reveal(by=cast.member, person=me, field="phone", reason="") == PHONE


def test_search_finds_by_name_pinyin_initials_and_number(cast: Cast, person: Person) -> None:
    for text in (
        "小明",
        "zeng",
        "zengxiao",
        "Zeng xiao",
        "zxm",
        "ceng",
        "2020",
        " 曾小明 ",
        "曾 小明",
    ):
        assert person in Person.objects.search(text), text
    for text in ("ming", "0001", ID_NUMBER, "%", "_", "|", "xm|"):
        assert person not in Person.objects.search(text), text
    assert Person.objects.search("").count() == Person.objects.count()
