"""The registers and the letters on pages: entering, contact, due, receipt, stuck."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import registers as actions
from guantong.records.models import Person, TransferLetter, User, Whereabouts
from tests.factories import TODAY, Cast, make_person
from tests.web.answers import part, rows, shown
from tests.web.test_members import address, page, send

type SignIn = Callable[[User], Client]
REGISTERS, LETTERS = "/members/registers/", "/members/letters/"


@pytest.fixture
def person(cast: Cast) -> Person:
    return make_person(
        "毕业甲", cast.branch, id_number="11010119900307395X", birth_date=date(1990, 3, 7),
        phone="13800138000", joined_on=date(2019, 5, 1), full_member_on=date(2020, 5, 1),
    )  # fmt: skip


def names(response: Any) -> list[str]:
    return [one[0].row.person.name for one in response.context["rows"]]


def test_from_the_register_to_contact_and_back(cast: Cast, as_: SignIn, person: Person) -> None:
    client = as_(cast.secretary)
    assert address("register-enter", person) in shown(client.get(page(person)))
    at = address("register-enter", person)
    assert send(client, at, kind="lost").status_code == 422
    entered = {"kind": "mobile", "valid_from": "2022-09-01", "place": "广州"}
    assert send(client, at, **entered).status_code == 302
    text = part(client, REGISTERS)
    for told in ("毕业甲", "流动党员", "广州", "2023-03-01", "已过"):
        assert told in text, told
    send(client, address("contact-made", person), on_day="2023-05-01", how="电话")
    assert "2023-11-01" in shown(client.get(REGISTERS))
    off = f"{REGISTERS}{Whereabouts.objects.get().pk}/end/"
    assert send(client, off, reason="已返校").status_code == 302
    assert "登记册上没有人" in shown(client.get(REGISTERS))
    assert names(client.get(REGISTERS, {"state": "ended"})) == ["毕业甲"]


def test_each_sees_the_registers_in_reach(cast: Cast, as_: SignIn, person: Person) -> None:
    actions.enter(by=None, person=person, kind="abroad", valid_from=date(2022, 9, 1))
    for user in (cast.secretary, cast.officer, cast.office, cast.inspector):
        assert names(as_(user).get(REGISTERS)) == ["毕业甲"], user
    assert names(as_(cast.outsider).get(REGISTERS)) == []
    for user in (cast.member, cast.admin, cast.stranger):
        assert as_(user).get(REGISTERS).status_code == 404, user
        assert as_(user).get(LETTERS).status_code == 404, user
    off = f"{REGISTERS}{Whereabouts.objects.get().pk}/end/"
    for user in (cast.outsider, cast.inspector, cast.member):
        assert as_(user).get(off).status_code == 404, user
        for name in ("register-enter", "contact-made", "letter-issue"):
            assert as_(user).get(address(name, person)).status_code == 404, (user, name)


def test_the_workbook_of_a_register(cast: Cast, as_: SignIn, person: Person) -> None:
    actions.enter(by=None, person=person, kind="mobile", valid_from=date(2022, 9, 1), place="广州")
    asked = {"export": "xlsx", "kind": "mobile", "q": "byj"}
    header, line = rows(as_(cast.officer).get(REGISTERS, asked))
    assert (line[header.index("姓名")], line[header.index("所在地")]) == ("毕业甲", "广州")
    assert line[header.index("党支部")] == cast.branch.short_name
    assert "没有符合条件的人" in shown(as_(cast.officer).get(REGISTERS, {"q": "别人"}))


def test_a_letter_from_issue_to_receipt(cast: Cast, as_: SignIn, person: Person) -> None:
    client, at = as_(cast.secretary), address("letter-issue", person)
    letter = {"number": "1", "heading": "某市委组织部", "to_unit": "某中学"}
    answer = send(client, at, dues_until="2023-01-01", **letter)
    assert "党费只交到 2023-01" in shown(answer)
    assert send(client, at, dues_until="2023-06-01", **letter).status_code == 302
    assert "在途" in part(client, LETTERS)
    receipt = f"{LETTERS}{TransferLetter.objects.get().pk}/receipt/"
    assert as_(cast.outsider).post(receipt, {"on": "2023-06-15"}).status_code == 404
    assert send(client, receipt).status_code == 302
    assert "现在没有组织关系" in shown(client.get(page(person)))
    assert "2023-06-15 回执" in shown(client.get(LETTERS, {"state": "done", "q": "毕业甲"}))
    assert "没有这样的介绍信" in shown(client.get(LETTERS, {"state": "done", "q": "别人"}))


def test_what_would_bounce_is_told_before_the_form_is_filled_in(
    cast: Cast, as_: SignIn, person: Person
) -> None:
    bare = make_person("毕业乙", cast.branch)
    text = shown(as_(cast.secretary).get(address("letter-issue", bare)))
    for told in ("没有身份证号", "没有联系电话", "没有入党时间"):
        assert told in text, told
    client = as_(cast.officer)
    asked: list[tuple[dict[str, Any], bool]] = [
        ({}, True), ({"q": "毕业乙"}, True), ({"branch": cast.branch.pk}, True),
        ({"branch": cast.sibling.pk}, False), ({"kept": "on"}, False),
    ]  # fmt: skip
    for query, is_there in asked:
        text = shown(client.get(f"{LETTERS}lacking/", query))
        assert ("毕业乙" in text) is is_there, query
        assert "毕业甲" not in text, "nothing of his is missing"
    header, line = rows(client.get(f"{LETTERS}lacking/", {"export": "xlsx", "q": "毕业乙"}))
    assert line[header.index("缺什么")].startswith("没有身份证号；没有出生日期；没有入党时间")
    actions.enter(by=None, person=bare, kind="graduate", valid_from=TODAY)
    assert "毕业乙" in shown(client.get(f"{LETTERS}lacking/", {"kept": "on"}))


def test_letters_that_are_stuck_are_a_list_of_their_own(
    cast: Cast, as_: SignIn, person: Person
) -> None:
    TransferLetter.objects.create(
        person=person, number="1", heading="党委", to_unit="某中学", valid_days=30,
        issued_on=date(2023, 4, 1), dues_until=date(2023, 4, 1),
    )  # fmt: skip
    client = as_(cast.officer)
    assert "已过有效期，没有回执" in shown(client.get(LETTERS, {"state": "stuck"}))
    at = f"{LETTERS}{TransferLetter.objects.get().pk}/return/"
    assert send(client, at, reason="抬头有误").status_code == 302
    assert "已退回，还没有重新开具" in shown(client.get(LETTERS, {"state": "stuck"}))
    assert "没有这样的介绍信" in shown(client.get(LETTERS))
    assert "已退回，还没有重新开具" in shown(client.get(reverse("member", args=[person.pk])))
    TransferLetter.objects.create(
        person=person, number="2", heading="党委", to_unit="某小学", valid_days=30,
        issued_on=TODAY, dues_until=TODAY,
    )  # fmt: skip
    for state in ("stuck", "all"):
        assert "还没有重新开具" not in shown(client.get(LETTERS, {"state": state})), "it was since"
    assert "某小学" in shown(client.get(reverse("member", args=[person.pk])))
    assert "去往某小学" in shown(client.get(reverse("member-transfer", args=[person.pk])))
    last = TransferLetter.objects.latest("pk")
    assert send(client, f"{LETTERS}{last.pk}/drop/", reason=" ").status_code == 422
    assert send(client, f"{LETTERS}{last.pk}/drop/", reason="留校工作").status_code == 302
    assert "没有这样的介绍信" in shown(client.get(LETTERS, {"state": "stuck"})), (
        "nobody waits for it"
    )
    assert "留校工作，不再转出" in shown(client.get(LETTERS, {"state": "all"}))
    assert "某小学" not in shown(client.get(reverse("member", args=[person.pk]))).split("trail")[0]
    assert send(client, f"{LETTERS}{last.pk}/drop/", reason="再次").status_code == 422
    assert person.memberships.get(valid_to=None)


def test_the_lists_cost_the_same_however_long_they_are(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)

    def add(number: int) -> None:
        away = make_person(f"流动{number}", cast.branch)
        actions.enter(by=None, person=away, kind="mobile", valid_from=date(2022, 9, 1))

    def queries() -> int:
        client.get(REGISTERS)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(REGISTERS).status_code == 200
        return len(caught)

    add(0)
    before = queries()
    for number in range(1, 6):
        add(number)
    assert queries() == before
