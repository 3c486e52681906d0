"""What is due for people stands in the week of the branch that answers for them."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from guantong.records.actions import memberships, registers
from guantong.records.models import User
from tests.factories import Cast, make_person, owner
from tests.web.answers import shown

type SignIn = Callable[[User], Client]


@pytest.fixture
def due(cast: Cast) -> None:
    for name, joined in (("将满甲", date(2022, 8, 14)), ("还早甲", date(2022, 8, 15))):
        make_person(name, cast.branch, status="probationary", joined_on=joined)
    memberships.set_exempt(
        by=None, person=owner(cast.member), exempt=True, on=date(2023, 1, 1),
        reason="年老体弱", until=date(2023, 6, 20),
    )  # fmt: skip
    away = make_person("流动甲", cast.branch)
    registers.enter(by=None, person=away, kind="mobile", valid_from=date(2022, 9, 1))
    registers.enter(
        by=None, person=make_person("出国甲", cast.branch), kind="abroad",
        valid_from=date(2023, 3, 1),
    )  # fmt: skip


def told(client: Client) -> list[tuple[str, str, str]]:
    return [(one.name, one.title, str(one.on)) for one in client.get("/").context["people"]]


@pytest.mark.usefixtures("due")
def test_the_branch_is_reminded_the_most_urgent_first(cast: Cast, as_: SignIn) -> None:
    assert told(as_(cast.secretary)) == [
        ("流动甲", "联系在外党员", "2023-03-01"),
        ("党员甲", "复核豁免", "2023-06-20"),
        ("将满甲", "预备期满", "2023-08-14"),
    ]
    text = shown(as_(cast.secretary).get("/"))
    assert "2023-08-14 预备期满，还有 60 天" in text
    assert "已过 106 天" in text


@pytest.mark.usefixtures("due")
def test_nobody_else_is_bothered(cast: Cast, as_: SignIn) -> None:
    for user in (cast.outsider, cast.member, cast.inspector, cast.officer, cast.stranger):
        assert told(as_(user)) == [], user


def test_once_done_it_is_gone(cast: Cast, as_: SignIn) -> None:
    person = make_person("将满甲", cast.branch, status="probationary", joined_on=date(2022, 6, 1))
    client = as_(cast.secretary)
    assert told(client) == [("将满甲", "预备期满", "2023-06-01")]
    memberships.become_full(by=cast.secretary, person=person, on=date(2023, 6, 10))
    assert told(client) == []
