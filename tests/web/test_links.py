"""Links with dates on pages: the list, recording by kind, ending, and who lacks one."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import relations
from guantong.records.drafts import Attended
from guantong.records.models import Relation, User
from tests.factories import SINCE, Cast, make_activity, make_person, owner
from tests.web.answers import part, rows, shown
from tests.web.test_members import send

type SignIn = Callable[[User], Client]
LIST, LACKING = "/members/links/", "/members/links/lacking/"


@pytest.fixture
def link(cast: Cast) -> Relation:
    return relations.record(
        by=None, kind="contact_point", person=owner(cast.member), other_org=cast.branch,
        valid_from=SINCE, note="三号宿舍楼",
    )  # fmt: skip


def told(response: Any) -> list[tuple[str, str, str]]:
    return [(one["title"], one["first"], one["other"]) for one in response.context["rows"]]


def test_the_list_tells_both_sides_and_can_be_narrowed(
    cast: Cast, as_: SignIn, link: Relation
) -> None:
    client = as_(cast.officer)
    assert told(client.get(LIST)) == [("联系点", "党员甲", cast.branch.short_name)]
    assert f'<a href="/orgs/{cast.branch.pk}/">' in shown(client.get(LIST))
    assert told(client.get(LIST, {"kind": "pairing"})) == []
    assert told(client.get(LIST, {"q": "dyj"})) == told(client.get(LIST))
    assert "没有符合条件" in shown(client.get(LIST, {"q": "zzz"}))
    assert "三号宿舍楼" in part(client, LIST)
    assert told(client.get(LIST, {"org": cast.sibling.pk})) == []


def test_visits_to_a_contact_point_count_for_its_holder(
    cast: Cast, as_: SignIn, link: Relation
) -> None:
    """Whoever holds the visit; not one elsewhere, nor before the link, nor one without him."""
    me, other = owner(cast.member), owner(cast.secretary)
    visit = {"kind": "contact_visit", "hours": None, "late_reason": "补记"}
    at_home = make_activity(cast.branch, **visit, attended=(Attended(me.pk),))
    told_by_college = {"own": {"visited": cast.branch.pk}, "held_on": date(2023, 3, 1)}
    make_activity(cast.college, **visit | told_by_college, attended=(Attended(me.pk),))
    make_activity(cast.sibling, **visit, attended=(Attended(me.pk),))
    make_activity(cast.branch, **visit, title="别人", attended=(Attended(other.pk),))
    make_activity(cast.branch, **visit | {"held_on": SINCE}, attended=(Attended(me.pk),))
    page = shown(as_(cast.officer).get(LIST))
    assert f'2 次，<a href="/activities/{at_home.pk}/">6月14日</a>' in page
    assert "本年走访 2 次" in shown(as_(cast.officer).get(reverse("member", args=[me.pk])))
    line = rows(as_(cast.officer).get(LIST, {"export": "xlsx"}))[1]
    assert line[-2] == 2
    relations.end(by=None, relation=link, on=date(2023, 4, 1))
    assert "1 次，" in shown(as_(cast.officer).get(LIST, {"state": "ended"}))


def test_each_sees_the_links_in_reach(cast: Cast, as_: SignIn, link: Relation) -> None:
    for user in (cast.secretary, cast.officer, cast.office, cast.inspector):
        assert len(told(as_(user).get(LIST))) == 1, user
    assert told(as_(cast.outsider).get(LIST)) == []
    for user in (cast.member, cast.stranger, cast.admin):
        assert as_(user).get(LIST).status_code == 404, user
        assert as_(user).get(LACKING).status_code == 404, user


def test_a_form_fits_its_kind_and_finds_people_by_name_or_number(cast: Cast, as_: SignIn) -> None:
    make_person("李重", cast.branch, number="A1")
    make_person("李重", cast.branch, number="A2")
    client, at = as_(cast.secretary), f"{LIST}new/pioneer_post/"
    form = client.get(at).context["form"]
    assert set(form.fields) == {"person", "other_org", "valid_from", "valid_to", "note"}
    new = {"other_org": cast.branch.pk, "note": "实验室安全岗"}
    assert "不止一名" in shown(send(client, at, person="李重", **new))
    assert "没有“支书乙”" in shown(send(client, at, person="支书乙", **new))
    assert send(client, at, person="A2", **new).status_code == 302
    assert Relation.objects.get().person.number == "A2"  # type: ignore[union-attr]


def test_a_pairing_may_be_with_somebody_outside(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), f"{LIST}new/pairing/"
    assert send(client, at, org=cast.branch.pk).status_code == 422
    assert send(client, at, org=cast.branch.pk, partner="某村党支部").status_code == 302
    assert told(client.get(LIST)) == [("支部结对共建", cast.branch.short_name, "某村党支部")]


def test_kinds_beyond_the_role_are_not_offered(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    assert f"{LIST}new/contact_point/" not in shown(client.get(LIST))
    assert client.get(f"{LIST}new/contact_point/").status_code == 404
    assert client.get(f"{LIST}new/nonsense/").status_code == 404
    assert as_(cast.inspector).get(f"{LIST}new/team/").status_code == 404


def test_ending_leaves_the_link_in_the_list_of_the_ended(
    cast: Cast, as_: SignIn, link: Relation
) -> None:
    client, at = as_(cast.officer), f"{LIST}{link.pk}/end/"
    above = relations.record(
        by=None, kind="contact_point", person=make_person("校领导", cast.other_branch),
        other_org=cast.branch, valid_from=SINCE,
    )  # fmt: skip
    assert f"{LIST}{above.pk}/end/" not in shown(client.get(LIST)), "one side is not the user's"
    relations.end(by=None, relation=above, on=date(2022, 6, 1))
    assert as_(cast.outsider).get(at).status_code == 404
    assert send(client, at, on="2023-06-01").status_code == 302
    assert told(client.get(LIST)) == []
    assert len(told(client.get(LIST, {"state": "ended"}))) == 2
    assert send(client, at, on="2023-06-10").status_code == 422
    assert send(client, at, on=SINCE).status_code == 302, "it was a mistake, and goes"
    assert not Relation.objects.filter(pk=link.pk).exists()


def test_the_workbook_holds_what_the_list_shows(cast: Cast, as_: SignIn, link: Relation) -> None:
    header, line = rows(as_(cast.officer).get(LIST, {"export": "xlsx"}))
    assert line[header.index("说明")] == "三号宿舍楼"


def test_who_lacks_a_link_is_listed_with_the_way_to_record_it(cast: Cast, as_: SignIn) -> None:
    text = shown(as_(cast.office).get(LACKING))
    for words in ("没有联系领导的学院党委", "甲学院党委", "不是责任，也不计入台账"):
        assert words in text, words
    assert f"{LIST}new/contact_point/" in text
    assert f"{LIST}new/contact_point/" not in shown(as_(cast.secretary).get(LACKING))


def test_the_lists_cost_the_same_however_long_they_are(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    relations.record(
        by=None, kind="pairing", org=cast.branch, other_org=cast.sibling, valid_from=SINCE
    )
    relations.record(
        by=None, kind="team", person=owner(cast.member), other_org=cast.branch, valid_from=SINCE
    )

    def queries(at: str) -> int:
        client.get(at)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(at).status_code == 200
        return len(caught)

    before = [queries(at) for at in (LIST, LACKING)]
    for number in range(6):
        relations.record(
            by=None, kind="team", person=make_person(f"队员{number}", cast.branch),
            other_org=cast.branch, valid_from=SINCE,
        )  # fmt: skip
    assert [queries(at) for at in (LIST, LACKING)] == before
