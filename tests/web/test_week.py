"""我的一周: what comes first, with which button, for whom."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.test import Client

from guantong.records.actions import relations, terms
from guantong.records.models import School, User
from tests.factories import SINCE, TODAY, Cast, appoint, make_activity, make_person, owner

type SignIn = Callable[[User], Client]
WEEK = "/"


def week_of(client: Client, **query: Any) -> Any:
    response = client.get(WEEK, query)
    assert response.status_code == 200
    return response


def items(response: Any) -> dict[str, dict[str, Any]]:
    """Title to item, by the name of the section."""
    return {s.name: {item.title: item for item in s.items} for s in response.context["sections"]}


def test_what_is_short_comes_before_what_is_due(as_: SignIn, held: Cast) -> None:
    response = week_of(as_(held.secretary))

    names = [section.name for section in response.context["sections"]]
    assert names == ["short", "soon", "state", "later"]
    assert [section.folded for section in response.context["sections"]][-1]
    assert list(items(response)["short"]) == [
        "支部党员大会 · 2023年第一季度",
        "支部党课 · 2023年第一季度",
        "主题党日 · 2023年3月",
    ]
    assert "主题党日 · 2023年6月" in items(response)["soon"]


def test_an_item_says_how_much_until_when_and_on_what_clause(as_: SignIn, held: Cast) -> None:
    item = items(week_of(as_(held.secretary)))["soon"]["主题党日 · 2023年6月"]

    assert item.says == "要求 1 次，还没有；还有 15 天（6月30日 周五）；任务4"
    assert (item.act.label, item.act.url) == (
        "记录主题党日",
        f"/activities/new/?kind=theme_day&org={held.branch.pk}",
    )


def test_an_item_closes_with_the_record_and_is_gone(as_: SignIn, held: Cast) -> None:
    client = as_(held.secretary)
    assert "主题党日 · 2023年6月" in items(week_of(client))["soon"]

    make_activity(held.branch)

    assert "主题党日 · 2023年6月" not in items(week_of(client))["soon"]


def test_an_item_knows_what_is_planned(as_: SignIn, held: Cast) -> None:
    make_activity(held.branch, held_on=date(2023, 6, 20), planned=True)
    response = week_of(as_(held.secretary))

    assert "已计划在 6月20日 周二" in items(response)["soon"]["主题党日 · 2023年6月"].says
    assert [activity.title for activity in response.context["coming"]] == ["学习讨论"]


def test_a_planned_day_that_has_passed_asks_whether_it_was_held(as_: SignIn, held: Cast) -> None:
    make_activity(held.branch, held_on=TODAY + timedelta(days=1), planned=True)
    School.objects.update(today=TODAY + timedelta(days=2))
    response = week_of(as_(held.secretary))

    assert [activity.title for activity in response.context["unconfirmed"]] == ["学习讨论"]
    assert week_of(as_(held.outsider)).context["unconfirmed"] == []


def test_people_with_the_same_gap_are_one_item(as_: SignIn, held: Cast) -> None:
    for person in (owner(held.member), make_person("委员甲", held.branch)):
        appoint(person, held.branch, "committee_member")
    client = as_(held.secretary)
    item = items(week_of(client))["later"]["书记委员年度学时 · 2023年"]

    assert item.says.startswith("3 人没有完成（含本人）；还有 199 天")
    assert client.get(item.url).context["page"].paginator.count == 3


def test_a_gap_of_one_person_names_the_person(as_: SignIn, held: Cast) -> None:
    later = items(week_of(as_(held.secretary)))["later"]

    assert later["书记委员年度学时 · 2023年"].whose == "本人"
    assert later["党员年度学习学时 · 2023年"].whose == "党员甲"


def test_an_election_is_soon_two_months_ahead(as_: SignIn, held: Cast) -> None:
    terms.record(
        by=None, org=held.branch, elected_on=date(2022, 1, 5), expires_on=date(2023, 8, 1)
    )
    item = items(week_of(as_(held.secretary)))["term"]["支部按期换届"]

    assert "2023-08-01 届满，还有 47 天" in item.says
    assert (item.act.label, item.act.url) == (
        "由甲学院党委登记",
        f"/orgs/{held.branch.pk}/#term",
    )


def test_a_college_sees_its_own_duties_and_counts_of_its_branches(as_: SignIn, held: Cast) -> None:
    client = as_(held.officer)
    response = week_of(client)

    titles = {title for section in items(response).values() for title in section}
    assert "积极分子队伍分析 · 2023年" in titles
    assert "主题党日 · 2023年6月" not in titles
    below = response.context["below"]
    assert [line.name for line in below] == [
        "合计",
        "本级",
        "甲学院教师第一党支部",
        "甲学院教师第二党支部",
    ]
    for line in below:
        for count, address in line.figures:
            assert client.get(address).context["page"].paginator.count == count


def acts(client: Client, **query: Any) -> dict[str, Any]:
    """Every item's act by the item's title; each leads to a page."""
    found = {}
    for section in week_of(client, **query).context["sections"]:
        for item in section.items:
            assert client.get(item.act.url).status_code == 200, item.title
            found[item.title] = item.act
    return found


def test_every_item_has_a_button_or_says_whose_it_is(as_: SignIn, held: Cast) -> None:
    for user in (held.secretary, held.officer, held.office, held.member, held.outsider):
        for title, act in acts(as_(user)).items():
            assert act.label, title


def test_hours_are_closed_by_recording_a_study(as_: SignIn, held: Cast) -> None:
    found = acts(as_(held.secretary))

    for title in ("书记委员年度学时 · 2023年", "党员年度学习学时 · 2023年"):
        assert found[title].label == "记录学习"
        assert found[title].url.endswith(f"kind=central_training&org={held.branch.pk}")
    (own,) = [a for title, a in acts(as_(held.member)).items() if title.startswith("党员年度学习")]
    assert (own.label, own.quiet) == ("由甲学院教师第一党支部记录", True)


def test_a_leaders_lecture_is_recorded_where_it_counts(as_: SignIn, held: Cast) -> None:
    leader = make_person("领导甲", held.sibling)
    appoint(leader, held.college, "leading_cadre")
    relations.record(
        by=None, kind="contact_point", person=leader, other_org=held.other_branch, valid_from=SINCE
    )
    found = acts(as_(held.officer))

    assert found["领导干部本支部党课 · 2023年"].label == "记录党课"
    assert f"org={held.sibling.pk}" in found["领导干部本支部党课 · 2023年"].url
    assert found["领导干部联系点党课 · 2023年"].label == "由乙学院学生第一党支部记录"
    assert (
        f"org={held.other_branch.pk}"
        in acts(as_(held.office), org=held.college.pk)["领导干部联系点党课 · 2023年"].url
    )


def test_a_coverage_leads_to_what_is_not_covered(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    act = acts(client)["双带头人覆盖率 · 2023年"]

    assert act.label == "看缺哪些"
    assert held.branch.short_name in client.get(act.url).content.decode()


def test_who_is_also_secretary_of_a_branch_below_sees_both(as_: SignIn, held: Cast) -> None:
    appoint(owner(held.officer), held.sibling, "secretary")
    found = [item for s in week_of(as_(held.officer)).context["sections"] for item in s.items]

    assert {"", "甲学院教师第二党支部"} <= {item.whose for item in found}


def test_a_member_sees_his_own_hours_and_what_his_branch_plans(as_: SignIn, held: Cast) -> None:
    make_activity(held.branch, held_on=date(2023, 6, 20), planned=True)
    response = week_of(as_(held.member))

    (hours,) = response.context["hours"]
    assert (hours.title, hours.of) == ("党员年度学习学时", 32)
    assert [activity.title for activity in response.context["coming"]] == ["学习讨论"]
    assert response.context["below"] == []
    assert "记录活动" not in response.content.decode()


def test_an_inspector_has_nothing_to_do_and_sees_the_counts(as_: SignIn, held: Cast) -> None:
    response = week_of(as_(held.inspector))

    assert response.context["sections"] == []
    assert response.context["below"]
    assert "本周没有到期事项" in response.content.decode()


def test_who_answers_for_nothing_is_told_so(as_: SignIn, held: Cast) -> None:
    for user in (held.admin, held.stranger):
        assert "这里没有要您办的事" in week_of(as_(user)).content.decode()


def test_it_is_about_the_organisation_in_view(as_: SignIn, held: Cast) -> None:
    response = week_of(as_(held.office), org=held.branch.pk)

    assert "主题党日 · 2023年6月" in items(response)["soon"]
    assert as_(held.secretary).get(WEEK, {"org": held.other_branch.pk}).status_code == 404


def test_its_numbers_lead_to_lists_of_that_length(as_: SignIn, held: Cast) -> None:
    for user in (held.secretary, held.office):
        client = as_(user)
        response = week_of(client)
        year, older = response.context["year"], response.context["older"]
        for _, count, address in year.figures:
            assert client.get(address).context["page"].paginator.count == count
        assert older[0]
        assert client.get(older[1]).context["page"].paginator.count == older[0]


def test_records_made_long_after_are_shown(as_: SignIn, held: Cast) -> None:
    titles = {row.late_reason for row in week_of(as_(held.officer)).context["late"]}

    assert titles == {"补记"}
