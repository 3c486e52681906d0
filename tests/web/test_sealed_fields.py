"""Sealed fields on pages and in exports: masked, opened one by one, restricted ones apart."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from guantong.records import catalogue
from guantong.records.actions import grants, people, restricted
from guantong.records.models import Person, User
from tests.factories import SINCE, Cast, make_person, owner
from tests.web.answers import rows, shown
from tests.web.test_members import ID_NUMBER, LIST, ME, PHONE, address, page, send

type SignIn = Callable[[User], Client]


@pytest.fixture
def sealed(cast: Cast) -> Person:
    person = owner(cast.member)
    restricted.record(by=None, person=person, wage="5200", hardship="助学金")
    return people.correct(
        by=None, person=person, id_number=ID_NUMBER, phone=PHONE, address="广东省梅州市宿舍"
    )


def test_the_page_shows_masks_to_those_who_may_look(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    for client, at in ((as_(cast.officer), page(sealed)), (as_(cast.member), ME)):
        text = shown(client.get(at))
        for mask in ("110101********395X", "138****0000", "广东省****"):
            assert mask in text
        for clear in (ID_NUMBER, PHONE, "梅州", "5200", "助学金"):
            assert clear not in text
    text = shown(as_(cast.secretary).get(page(sealed)))
    assert "138****" not in text
    assert "限知信息" not in text


def test_the_workbook_masks_and_leaves_out_for_who_may_not_look(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    header, *lines = rows(as_(cast.officer).get(LIST, {"export": "xlsx"}))
    column = header.index("手机号（部分隐去）")
    assert "138****0000" in [line[column] for line in lines]
    assert not [cell for line in lines for cell in line if cell in (ID_NUMBER, PHONE)]
    header, *_ = rows(as_(cast.secretary).get(LIST, {"export": "xlsx"}))
    assert not [title for title in header if "隐去" in title]


def test_the_workbook_masks_only_where_one_may_look(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    """Who inspects the whole school and keeps the roll of one college looks into that one only."""
    far = make_person("远方甲", cast.other_branch, phone="13900139000")
    grants.give(
        by=None, user=cast.officer, role="inspector", org=None, valid_from=SINCE,
        valid_to=date(2023, 7, 1),
    )  # fmt: skip
    header, *lines = rows(as_(cast.officer).get(LIST, {"export": "xlsx", "org": cast.school.pk}))
    column = header.index("手机号（部分隐去）")
    told = {line[0]: line[column] for line in lines}
    assert (told[sealed.name], told[far.name]) == ("138****0000", "")


def test_a_restricted_field_is_opened_with_a_reason(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    at = address("member-reveal", sealed)
    client = as_(cast.officer)
    assert client.post(at, {"field": "hardship", "reason": ""}).status_code == 422
    assert "助学金" in shown(client.post(at, {"field": "hardship", "reason": "走访慰问"}))
    assert as_(cast.secretary).post(at, {"field": "hardship", "reason": "x"}).status_code == 404
    assert client.get(at, {"field": "password"}).status_code == 404


def test_restricted_fields_are_written_apart_and_stay_when_left_empty(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    at = address("member-restricted", sealed)
    client = as_(cast.officer)
    assert "二/(八)/21" in shown(client.get(at)) or "第21条" in shown(client.get(at))
    assert "5200" not in shown(client.get(at))
    assert send(client, at, wage="6000").status_code == 302
    assert send(client, at, wage="很多").status_code == 422
    reveal = {"reason": "核对党费"}
    seen = client.post(address("member-reveal", sealed), {"field": "hardship", **reveal})
    assert "助学金" in shown(seen)
    client.post(at, {"emptied": ["hardship"]})
    seen = client.post(address("member-reveal", sealed), {"field": "hardship", **reveal})
    assert "没有登记困难情况" in shown(seen)
    for user in (cast.secretary, cast.inspector, cast.outsider, cast.member):
        assert as_(user).get(at).status_code == 404, user


def test_the_limit_is_told_where_one_asked(
    cast: Cast, as_: SignIn, sealed: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalogue.current().kinds["limits"]["reveals"], "value", 1)
    client, at = as_(cast.officer), address("member-reveal", sealed)
    client.post(at, {"field": "phone", "reason": "通知"})
    answer = client.post(at, {"field": "phone", "reason": "通知"})
    assert answer.status_code == 422
    assert "您已到上限" in shown(answer)
