"""The way into the Party on the pages: the next step, the timeline, who is in the list."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records.actions import memberships, people
from guantong.records.models import Person, User
from tests.factories import TODAY, Cast, make_person, owner
from tests.web.answers import shown
from tests.web.test_members import LIST, address, listed, page, send

type SignIn = Callable[[User], Client]


@pytest.fixture
def activist(cast: Cast) -> Person:
    return make_person("积极甲", cast.branch, status="activist")


def test_from_activist_to_full_member_on_the_pages(
    cast: Cast, as_: SignIn, activist: Person
) -> None:
    client = as_(cast.secretary)
    assert "登记发展进程" in shown(client.get(page(activist)))
    for status, day in (("candidate", "2023-02-01"), ("probationary", "2023-03-01")):
        answer = send(client, address("member-advance", activist), status=status, on=day)
        assert answer.status_code == 302
    assert "登记发展进程" not in shown(client.get(page(activist)))
    send(client, address("member-full", activist), on="2023-06-01")
    text = shown(client.get(page(activist)))
    for told in ("成为发展对象", "接收为预备党员", "转为正式党员", "党龄 0 年", "撤回上一步登记"):
        assert told in text, told


def test_a_step_offers_only_what_may_follow(cast: Cast, as_: SignIn, activist: Person) -> None:
    client = as_(cast.secretary)
    form = client.get(address("member-advance", activist)).context["form"]
    assert form.fields["status"].choices == [("candidate", "发展对象")]
    at = address("member-advance", owner(cast.member))
    assert send(client, at, status="candidate").status_code == 422


def test_suspending_asks_for_a_reason_and_is_offered_for_members_alone(
    cast: Cast, as_: SignIn, activist: Person
) -> None:
    client, person = as_(cast.officer), owner(cast.member)
    assert address("member-suspend", activist) not in shown(client.get(page(activist)))
    at = address("member-suspend", person)
    assert at in shown(client.get(page(person)))
    assert send(client, at).status_code == 422
    assert send(client, at, reason="上级批准").status_code == 302
    assert address("member-resume", person) in shown(client.get(page(person)))


def test_the_list_shows_members_unless_others_are_asked_for(
    cast: Cast, as_: SignIn, activist: Person
) -> None:
    client = as_(cast.secretary)
    assert activist.name not in listed(client.get(LIST))
    assert listed(client.get(LIST, {"status": "activist"})) == [activist.name]
    assert activist.name not in shown(client.get(f"/orgs/{cast.branch.pk}/"))


def test_exemptions_to_look_at_again_are_one_filter_away(cast: Cast, as_: SignIn) -> None:
    for person, until in ((owner(cast.member), TODAY), (owner(cast.secretary), date(2024, 1, 1))):
        memberships.set_exempt(
            by=None,
            person=person,
            exempt=True,
            on=date(2023, 1, 1),
            reason="年老体弱",
            until=until,
        )
    names = listed(as_(cast.officer).get(LIST, {"exempt": "review"}))
    assert names == [owner(cast.member).name]


def test_the_day_on_which_probation_ends_is_marked_as_worked_out(cast: Cast, as_: SignIn) -> None:
    person = people.register(
        by=None, org=cast.branch, status="probationary", since=TODAY, name="预备甲",
        joined_on=date(2023, 6, 1),
    )  # fmt: skip
    text = shown(as_(cast.secretary).get(page(person)))
    assert "2024-06-01" in text
    assert "推算" in text


def test_probation_is_extended_and_a_wrong_span_corrected_on_the_pages(
    cast: Cast, as_: SignIn
) -> None:
    person = make_person("预备甲", cast.branch, status="probationary", joined_on=date(2022, 6, 1))
    client = as_(cast.secretary)
    at = address("member-probation", person)
    assert at in shown(client.get(page(person)))
    assert send(client, at, on="2023-06-10", until="2023-07-01").status_code == 422
    assert send(client, at, on="2023-06-10", reason="大会", until="2023-12-01").status_code == 302
    text = shown(client.get(page(person)))
    assert at not in text
    for told in ("延长至 2023-12-01", "撤回延长预备期登记", "讨论转正或取消"):
        assert told in text, told
    first = person.memberships.earliest("valid_from")
    at = reverse("span-correct", args=[person.pk, first.pk])
    assert at in text
    assert send(client, at, valid_to="2023-06-09").status_code == 422
    assert send(client, at, valid_to="2023-06-09", reason="记错一天").status_code == 302
    assert person.memberships.get(valid_to=None).valid_from == date(2023, 6, 9)
    assert "更正组织关系" in shown(as_(cast.officer).get(page(person)))
    other = owner(cast.outsider)
    for someone in (person, other):
        span = other.memberships.get().pk
        at = reverse("span-correct", args=[someone.pk, span])
        assert client.get(at).status_code == 404
    assert "/spans/" not in shown(client.get("/members/me/"))
