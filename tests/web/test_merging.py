"""People entered twice: looked for, compared, merged, taken back; and the question on entry."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from guantong.records.models import Merge, Person, User
from tests.factories import Cast, make_person, owner
from tests.web.answers import shown
from tests.web.test_members import address, page, send

type SignIn = Callable[[User], Client]
BORN = date(2000, 3, 7)
DOUBLES = "/members/doubles/"


@pytest.fixture
def two(cast: Cast) -> tuple[Person, Person]:
    return (
        make_person("李重", cast.branch, birth_date=BORN),
        make_person("李重", cast.sibling, birth_date=BORN, number="S2"),
    )


def test_those_of_one_name_and_birth_date_are_listed(
    cast: Cast, as_: SignIn, two: tuple[Person, Person]
) -> None:
    kept, other = two
    text = shown(as_(cast.officer).get(DOUBLES))
    assert f"{address('member-merge', kept)}?with={other.pk}" in text
    assert as_(cast.secretary).get(DOUBLES).status_code == 404
    Person.objects.filter(pk=other.pk).update(birth_date=None)
    assert "没有同名、同出生日期的人" in shown(as_(cast.officer).get(DOUBLES))


def test_comparing_tells_what_will_happen_and_merging_does_it(
    cast: Cast, as_: SignIn, two: tuple[Person, Person]
) -> None:
    kept, other = two
    client = as_(cast.officer)
    found = shown(client.get(address("member-merge", kept)))
    assert f"?with={other.pk}" in found
    at = f"{address('member-merge', kept)}?with={other.pk}"
    text = shown(client.get(at))
    for told in ("重叠的日子以保留的为准", "原来空着的 1 项由另一份补上"):
        assert told in text, told
    assert "不同，请再核对" not in text
    Person.objects.filter(pk=other.pk).update(gender="1")
    Person.objects.filter(pk=kept.pk).update(gender="2")
    assert "两份的性别不同，请再核对" in shown(client.get(at))
    assert client.post(at, {"reason": ""}).status_code == 422
    assert client.post(at, {"reason": "核对了身份证"}).status_code == 302
    assert client.get(page(other))["Location"] == page(kept)
    assert "撤回合并" in shown(client.get(page(kept)))


def test_a_merge_is_taken_back_on_the_page(
    cast: Cast, as_: SignIn, two: tuple[Person, Person]
) -> None:
    kept, other = two
    client = as_(cast.officer)
    client.post(f"{address('member-merge', kept)}?with={other.pk}", {"reason": "核对"})
    at = f"{page(kept)}merges/{Merge.objects.get().pk}/undo/"
    assert at in shown(client.get(page(kept)))
    assert as_(cast.secretary).post(at).status_code == 404
    assert client.post(at).status_code == 302
    assert client.get(page(other)).status_code == 200
    assert client.get(at).status_code == 404


def test_who_is_out_of_reach_cannot_be_compared(cast: Cast, as_: SignIn) -> None:
    far = make_person("李重", cast.other_branch, birth_date=BORN)
    at = f"{address('member-merge', owner(cast.member))}?with={far.pk}"
    assert as_(cast.officer).get(at).status_code == 404
    assert as_(cast.officer).post(at, {"reason": "x"}).status_code == 404
    assert as_(cast.office).get(at).status_code == 200


def test_entering_a_double_is_asked_about_beside_a_box_to_tick(
    cast: Cast, as_: SignIn, two: tuple[Person, Person]
) -> None:
    client = as_(cast.secretary)
    new = {"name": "李重", "status": "full", "birth_date": BORN, "org": cast.branch.pk}
    answer = send(client, "/members/new/", **new)
    assert answer.status_code == 422
    assert "确是另一人" in shown(answer)
    assert send(client, "/members/new/", **new, another="on").status_code == 302
    assert Person.objects.filter(name="李重").count() == 3
