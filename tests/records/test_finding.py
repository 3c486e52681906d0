"""Finding people by name, spelling, number and where they are; the same for everybody in reach."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guantong.records import access, finding
from guantong.records.actions import memberships
from guantong.records.models import Person, User
from tests.factories import TODAY, Cast, make_org, make_person


@pytest.fixture
def person(cast: Cast) -> Person:
    return make_person("单小明", cast.branch, number="2020001")


def found(by: User, text: str) -> set[str]:
    people, orgs = access.people(by, "member.view"), access.orgs(by, "org.view")
    return {one.name for one in finding.people(people, text, orgs)}


WAYS = ["小明", "单", "shanxiao", "shan xiao", "sxm", "danxiao", "dxm", "2020", " 单小明 "]
WAYS += ["单 甲学院", "甲学院教师第一党支部 shan", "第一党支部 2020001"]


@pytest.mark.parametrize("text", WAYS)
def test_a_person_is_found(cast: Cast, person: Person, text: str) -> None:
    assert found(cast.officer, text) >= {"单小明"}
    assert found(cast.outsider, text) == set()


@pytest.mark.parametrize("text", ["明小", "ming", "001", "单 乙学院", "单 第二党支部", "%", "|"])
def test_a_person_is_not_found(cast: Cast, person: Person, text: str) -> None:
    assert "单小明" not in found(cast.office, text)


def test_an_organisation_stands_for_those_who_are_in_it_now(cast: Cast, person: Person) -> None:
    assert found(cast.office, "甲学院教师第一党支部") == {"支书甲", "党员甲", "单小明"}
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=TODAY)
    assert "单小明" not in found(cast.office, "甲学院教师第一党支部")
    assert "单小明" in found(cast.office, "甲学院")


def test_a_word_leads_to_all_organisations_that_it_names(cast: Cast) -> None:
    for number in range(21):
        branch = make_org(f"访学{number}支部", "branch", cast.college, category="student")
        make_person(f"客{number}", branch)
    assert len(found(cast.office, "访学")) == 21


def test_the_number_of_queries_does_not_depend_on_how_many_are_found(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            found(cast.officer, "甲学院 张")
        return len(caught)

    before = queries()
    for number in range(6):
        make_person(f"张{number}", cast.branch)
    assert queries() == before
