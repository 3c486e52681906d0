"""What surrounds every page: navigation by role, the organisation in view, search."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records.actions import orgs
from guantong.records.models import User
from guantong.web.navigation import section
from tests.factories import TODAY, Cast, make_activity, make_org, owner

type SignIn = Callable[[User], Client]
SWITCH = "/org-switch/"


def labels(client: Client) -> list[str]:
    return [link.label for link in client.get("/").context["navigation"]()]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("office", "我的一周 台账 组织 党员 活动 流程 计划 导入"),
        ("officer", "我的一周 台账 组织 党员 活动 流程 计划 导入"),
        ("secretary", "我的一周 台账 组织 党员 活动 流程 计划 导入"),
        ("inspector", "我的一周 台账 组织 党员 活动 流程 计划"),
        ("member", "我的一周 台账 党员 活动 流程 计划"),
        ("admin", "我的一周"),
        ("stranger", "我的一周"),
    ],
)
def test_the_navigation_shows_what_the_role_may_open(
    as_: SignIn, cast: Cast, who: str, expected: str
) -> None:
    client = as_(getattr(cast, who))

    assert labels(client) == expected.split()
    for link in client.get("/").context["navigation"]():
        assert client.get(link.url, follow=True).status_code == 200, link.label


def test_a_page_lights_the_item_it_belongs_to() -> None:
    assert section("/") == "/"
    assert section("/ledger/entries/7/") == "/ledger/"
    assert section("/orgs/5/") == "/orgs/"
    assert section("/search/") == ""


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("office", "示例大学党委"),
        ("inspector", "示例大学党委"),
        ("officer", "甲学院党委"),
        ("secretary", "甲学院教师第一党支部"),
        ("member", None),
        ("admin", None),
    ],
)
def test_at_first_ones_highest_organisation_is_in_view(
    as_: SignIn, cast: Cast, who: str, name: str | None
) -> None:
    org = as_(getattr(cast, who)).get("/").context["org_in_view"]

    assert (org and org.name) == name


def choose(client: Client, org: Any, page: str = "/ledger/") -> Any:
    return client.post(SWITCH, {"org": getattr(org, "pk", org), "next": page})


def test_a_choice_holds_for_the_pages_that_follow(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.office)
    response = choose(client, cast.branch)

    assert response["Location"] == "/ledger/"
    assert client.get("/ledger/").context["org_in_view"] == cast.branch
    assert client.get("/").context["org_in_view"] == cast.branch
    # An address that names another one holds for that page alone.
    assert client.get("/", {"org": cast.college.pk}).context["org_in_view"] == cast.college
    assert client.get("/").context["org_in_view"] == cast.branch


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("/activities/", "/activities/"),
        ("/ledger/entries/7/", "/ledger/"),
        ("/orgs/5/", "/orgs/"),
        ("", "/"),
        ("/nowhere/", "/"),
        ("https://example.com/", "/"),
        ("//example.com/", "/"),
    ],
)
def test_after_the_choice_one_is_back_where_it_matters(
    as_: SignIn, cast: Cast, page: str, back: str
) -> None:
    assert choose(as_(cast.office), cast.branch, page)["Location"] == back


def test_only_what_is_in_reach_can_be_chosen(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.officer)
    for org in (cast.other_branch, cast.school, 987654, "x", ""):
        assert choose(client, org).status_code == 404
    assert client.get("/").context["org_in_view"] == cast.college


def test_a_choice_that_has_gone_out_of_reach_is_forgotten(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.officer)
    choose(client, cast.branch)
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=TODAY)

    assert client.get("/").context["org_in_view"] == cast.college


def test_the_tree_shows_what_is_in_reach_and_can_be_searched(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.office)
    (top,) = client.get(SWITCH).context["nodes"]

    assert [node.org for node in top.below] == [cast.college, cast.other_college]
    assert [node.org for node in top.below[0].below] == [cast.branch, cast.sibling]
    assert list(client.get(SWITCH, {"q": "乙学院"}).context["found"]) == [
        cast.other_college,
        cast.other_branch,
    ]
    assert "没有找到这样的组织" in client.get(SWITCH, {"q": "丙"}).content.decode()


# Search


def found(client: Client, text: str) -> tuple[list[str], list[str], list[str]]:
    context = client.get(reverse("search"), {"q": text}).context
    return (
        [org.name for org in context["orgs"]],
        [person.name for person in context["people"]],
        [activity.title for activity in context["activities"]],
    )


def test_search_finds_organisations_members_and_activities(as_: SignIn, cast: Cast) -> None:
    make_activity(cast.branch, title="甲骨文展览")
    client = as_(cast.office)

    assert found(client, "甲") == (
        ["甲学院党委", "甲学院教师第一党支部", "甲学院教师第二党支部"],
        ["党员甲", "支书甲", "组织员甲"],
        ["甲骨文展览"],
    )
    assert found(client, "zsj")[1] == ["支书甲"]
    assert found(client, "  ") == ([], [], [])


def test_search_stays_in_reach(as_: SignIn, cast: Cast) -> None:
    make_activity(cast.branch, title="甲骨文展览")

    assert found(as_(cast.outsider), "甲") == ([], [], [])
    assert found(as_(cast.member), "甲") == ([], [owner(cast.member).name], ["甲骨文展览"])
    assert found(as_(cast.admin), "甲") == ([], [], [])


def test_search_says_what_can_be_typed_and_that_nothing_was_found(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.office)

    assert "输入要找的内容" in client.get("/search/").content.decode()
    assert "没有找到" in client.get("/search/", {"q": "无此"}).content.decode()


def test_a_long_result_leads_to_the_list(as_: SignIn, cast: Cast) -> None:
    for number in range(11):
        make_org(f"丙学院第{number}党支部", "branch", cast.college, category="student")
    page = as_(cast.office).get("/search/", {"q": "丙学院"}).content.decode()

    assert "/orgs/?q=%E4%B8%99%E5%AD%A6%E9%99%A2" in page


def test_the_name_of_a_department_is_told_once_in_its_menu(cast: Cast, as_: SignIn) -> None:
    cast.office.first_name = "学校党委组织部"  # as set-up calls the account
    cast.office.save()
    page = as_(cast.office).get("/").content.decode()
    menu = page[page.index("<summary>") : page.index("退出")]
    shown_on_a_wide_screen = menu.replace('<span class="phone-only">学校党委组织部', "")
    assert shown_on_a_wide_screen.count("学校党委组织部") == 1
    assert "账号 office" in menu


def test_who_asks_for_the_headers_alone_is_answered_as_by_the_page(
    cast: Cast, as_: SignIn
) -> None:
    for at in ("/orgs/", f"/orgs/{cast.branch.pk}/", "/orgs/?export=xlsx", "/orgs/0/"):
        page, head = as_(cast.office).get(at), as_(cast.office).head(at)
        assert (head.status_code, head["Content-Type"]) == (page.status_code, page["Content-Type"])
        assert head.content == b""
    assert as_(cast.member).head("/members/me/file/").status_code == 405


def test_a_nul_in_a_text_is_told_as_what_it_is(cast: Cast, as_: SignIn) -> None:
    at = reverse("member-leave", args=[owner(cast.member).pk])
    answer = as_(cast.officer).post(at, {"on": str(TODAY), "reason": "调\0出"})
    assert "含有看不见的字符" in answer.content.decode()


def test_an_error_page_shows_the_day_to_who_is_signed_in(as_: SignIn, cast: Cast) -> None:
    client, withdraw = as_(cast.inspector), make_activity(cast.branch).pk
    for address, status in (("/no/such/page/", 404), (f"/activities/{withdraw}/withdraw/", 403)):
        answer = client.get(address)
        assert answer.status_code == status
        assert "系统日期" in answer.content.decode()
        assert f"{TODAY}" in answer.content.decode()

    assert "系统日期" not in Client().get("/no/such/page/", follow=True).content.decode()
