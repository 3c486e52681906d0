"""What an organisation's page adds up, warns of and looks back to; the chart and the register."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import figures, ledger, orgs, posts, successions, terms
from guantong.records.models import Org, Post, User
from tests.factories import SINCE, TODAY, Cast, appoint, make_org, make_person, owner
from tests.web.answers import part, rows, shown

type SignIn = Callable[[User], Client]
LIST, TERMS = "/orgs/", "/orgs/terms/"
CUT = date(2023, 3, 1)


def page(org: Org) -> str:
    return reverse("org", args=[org.pk])


def texts(response: Any) -> list[str]:
    return [one.text for one in response.context["warnings"]]


def counted(response: Any) -> dict[str, int]:
    return {base.code: base.count for base in response.context["heads"].bases()}


# As it was then, as now


@pytest.fixture
def merged(cast: Cast) -> Cast:
    """Branch A2 went into A1 in March, and A1 moved to college B in April."""
    successions.merge(by=None, merging=[cast.sibling], into=cast.branch, on=CUT, reason="批复")
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=date(2023, 4, 1))
    return cast


def hung(client: Client, **query: str) -> dict[str, list[tuple[str, int]]]:
    (top,) = client.get(LIST, query).context["nodes"]
    return {c.name: [(b.name, b.members) for b in c.below] for c in top.below}


def test_the_tree_as_it_was_then(merged: Cast, as_: SignIn) -> None:
    then = hung(as_(merged.office), on="2023-02-01")
    assert set(then[merged.college.name]) == {(merged.sibling.name, 1), (merged.branch.name, 2)}


def test_the_figures_of_then_by_the_tree_of_now(merged: Cast, as_: SignIn) -> None:
    client = as_(merged.office)
    now = hung(client, on="2023-02-01", tree="now")
    assert now[merged.college.name] == []
    assert (merged.branch.name, 3) in now[merged.other_college.name]
    text = shown(client.get(LIST, {"on": "2023-02-01", "tree": "now"}))
    assert "按现在（2023-06-15）的组织和隶属" in text
    (top,) = client.get(LIST, {"on": "2023-02-01", "tree": "now"}).context["nodes"]
    (then,) = client.get(LIST, {"on": "2023-02-01"}).context["nodes"]
    assert top.members == then.members


def test_the_page_of_a_past_day_shows_who_was_there(merged: Cast, as_: SignIn) -> None:
    client = as_(merged.office)
    then = client.get(page(merged.branch), {"on": "2023-02-01"})
    assert [m.person.name for m in then.context["members"]] == ["党员甲", "支书甲"]
    assert counted(then)["full_members"] == 2
    assert then.context["node"].members == 2
    now = client.get(page(merged.branch))
    assert counted(now)["full_members"] == 3
    gone = client.get(page(merged.sibling), {"on": "2023-02-01"})
    assert gone.context["node"].members == 1
    assert "2023-02-01 当天的组织和人数" in shown(gone)
    college = client.get(page(merged.college), {"on": "2023-02-01"})
    assert college.context["node"].members == 3
    as_now = client.get(page(merged.college), {"on": "2023-02-01", "tree": "now"})
    assert as_now.context["node"].members == 0


def test_a_past_day_offers_nothing_to_change(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), reverse("post-appoint", args=[cast.branch.pk])
    assert at in shown(client.get(page(cast.branch)))
    assert at not in shown(client.get(page(cast.branch), {"on": "2023-02-01"}))


def test_a_day_before_it_was_founded_says_so(cast: Cast, as_: SignIn) -> None:
    answer = as_(cast.office).get(page(cast.branch), {"on": "2021-05-01"})
    assert answer.status_code == 200
    assert "2021-05-01 不存在" in shown(answer)


def test_a_past_day_is_printed_with_the_name_of_that_day(cast: Cast, as_: SignIn) -> None:
    orgs.rename(by=None, org=cast.branch, name="新名称支部", on=CUT)
    client = as_(cast.office)
    assert client.get(page(cast.branch), {"on": "2023-02-01"}).context["title"] != "新名称支部"
    assert client.get(page(cast.branch)).context["title"] == "新名称支部"


# Counting bases and warnings


def test_probationary_members_count_for_one_base_and_not_for_the_others(
    cast: Cast, as_: SignIn
) -> None:
    make_person("预备一", cast.branch, status="probationary")
    answer = as_(cast.officer).get(page(cast.branch))
    assert counted(answer) == {
        "full_members": 2, "all_members": 3, "may_vote": 2, "may_elect": 2
    }  # fmt: skip
    text = shown(answer)
    assert "《中国共产党基层组织选举工作条例》第 5 条" in text
    assert "正式党员加预备党员" in text


def test_a_college_counts_all_below_it(cast: Cast, as_: SignIn) -> None:
    assert counted(as_(cast.officer).get(page(cast.college)))["all_members"] == 3


def test_a_branch_is_warned_of_what_does_not_fit_with_the_rule(cast: Cast, as_: SignIn) -> None:
    answer = as_(cast.officer).get(page(cast.branch))
    assert texts(answer) == ["正式党员 2 人，少于 3 人", "教师支部书记没有登记是双带头人"]
    text = shown(answer)
    assert "《中国共产党支部工作条例（试行）》第 4 条" in text
    assert "据二手资料" in text
    posts.set_flags(by=None, post=cast.secretary_post, double_leader=True, full_time=None)
    make_person("第三人", cast.branch)
    assert texts(as_(cast.officer).get(page(cast.branch))) == []


def test_seven_full_members_want_a_committee_of_three_to_five(cast: Cast, as_: SignIn) -> None:
    posts.set_flags(by=None, post=cast.secretary_post, double_leader=True, full_time=None)
    client = as_(cast.officer)
    people = [make_person(f"党员{n}", cast.branch) for n in range(8)]
    assert texts(client.get(page(cast.branch))) == ["正式党员 10 人，已到 7 人，没有在届的支委会"]
    terms.record(by=None, org=cast.branch, elected_on=SINCE)
    assert texts(client.get(page(cast.branch))) == []
    told = {
        1: ["支委会 2 人，少于 3 人"], 4: [], 5: ["支委会 6 人，一般不超过 5 人"],
        7: ["支委会 8 人，超过 7 人"],
    }  # fmt: skip
    for count, person in enumerate(people[:7], 1):
        appoint(person, cast.branch, "committee_member")
        if count in told:
            assert texts(client.get(page(cast.branch))) == told[count]


def test_a_joint_branch_over_five_units(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    units = "\n".join(f"第{n}系" for n in range(6))
    answer = client.post(reverse("org-describe", args=[cast.branch.pk]), {"units": units})
    assert answer.status_code == 302
    text = shown(client.get(page(cast.branch)))
    assert "联合设立的单位 6 个，超过 5 个" in text
    assert "联合设立的单位（6 个）：第0系、第1系" in text


# Staffing, successors


def test_the_staffing_of_clause_16_is_what_the_ledger_says(cast: Cast, as_: SignIn) -> None:
    for name, value in (("staff", 500), ("students", 9500), ("party_staff_full_time", 90)):
        figures.record(by=None, org=cast.school, name=name, as_of=SINCE, value=Decimal(value))
    ledger.bring_up_to_date()
    college = as_(cast.office).get(page(cast.college)).context["staffing"]
    assert {one.title: one.entry.verdict for one in college} == {
        "学院专职副书记": "due", "学院专职组织员": "met"
    }  # fmt: skip
    (school,) = as_(cast.office).get(page(cast.school)).context["staffing"]
    assert school.has.startswith("90/10000")


def test_the_heir_s_page_says_what_was_left_undone(cast: Cast, as_: SignIn) -> None:
    ledger.bring_up_to_date()
    successions.merge(by=None, merging=[cast.sibling], into=cast.branch, on=CUT, reason="批复")
    answer = as_(cast.officer).get(page(cast.branch))
    ((org, count),) = answer.context["undone"]
    assert (org, count > 0) == (cast.sibling, True)
    assert "撤销前未完成" in shown(answer)
    listed = as_(cast.officer).get(
        reverse("ledger-entries"), {"org": org.pk, "period": "all", "verdict": "short"}
    )
    assert listed.context["page"].paginator.count == count


def test_history_tells_elections_and_extensions(cast: Cast, as_: SignIn) -> None:
    term = terms.record(by=None, org=cast.branch, elected_on=SINCE)
    terms.extend(
        by=None, term=term, extended_to=date(2025, 6, 1), approval="校党〔2023〕1号",
        approved_on=date(2023, 5, 1),
    )  # fmt: skip
    told = as_(cast.officer).get(page(cast.branch)).context["history"]
    assert [(past.says, past.more) for past in told][-2:] == [
        ("换届选举", "任期至 2025-06-01"), ("批准延期至 2025-06-01", "校党〔2023〕1号")
    ]  # fmt: skip


def test_the_page_costs_the_same_however_many_warnings_and_posts(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)

    def cost() -> int:
        client.get(page(cast.branch))
        with CaptureQueriesContext(connection) as captured:
            client.get(page(cast.branch))
        return len(captured)

    appoint(owner(cast.member), cast.branch, "committee_member")
    few = cost()
    for n in range(9):
        appoint(make_person(f"委员{n}", cast.branch), cast.branch, "committee_member")
    assert cost() == few


# The chart


def test_the_chart_and_the_table_below_hold_the_same(cast: Cast, as_: SignIn) -> None:
    answer = as_(cast.office).get(reverse("org-chart", args=[cast.school.pk]))
    (series,) = answer.context["chart"]["series"]

    def drawn(node: dict[str, Any]) -> list[tuple[str, int]]:
        below = [found for child in node.get("children", []) for found in drawn(child)]
        return [(node["name"].split("  ")[0], node["value"]), *below]

    listed = [(node.short_name, node.members) for _, node in answer.context["rows"]]
    assert drawn(series["data"][0]) == listed
    assert len(listed) == 6
    assert series["roam"] is True
    folded = [child for child in series["data"][0]["children"] if child.get("children")]
    assert folded
    assert not any("label" in child for child in folded), "or it would stand on its neighbour's"


def test_the_chart_is_of_a_day_and_unfolds_as_asked(merged: Cast, as_: SignIn) -> None:
    at = reverse("org-chart", args=[merged.college.pk])
    client = as_(merged.office)
    assert len(client.get(at, {"on": "2023-02-01"}).context["rows"]) == 3
    assert len(client.get(at).context["rows"]) == 1
    assert client.get(at, {"depth": "9"}).context["chart"]["series"][0]["initialTreeDepth"] == 9
    assert "清除" not in shown(client.get(at, {"depth": "9"})), "a tab narrows nothing"
    assert "清除" in shown(client.get(at, {"depth": "9", "on": str(TODAY)}))
    assert client.get(reverse("org-chart", args=[merged.branch.pk])).status_code == 200
    assert as_(merged.outsider).get(at).status_code == 404


# The register of terms


@pytest.fixture
def elected(cast: Cast) -> Cast:
    """A1's term is over, A2's ends within a month, B1's within six; college A's is extended."""
    for org, years_ago in ((cast.branch, date(2020, 5, 1)), (cast.sibling, date(2020, 7, 1))):
        org.__class__.objects.filter(pk=org.pk).update(valid_from=date(2019, 1, 1))
        org.refresh_from_db()
        terms.record(by=None, org=org, elected_on=years_ago)
    terms.record(by=None, org=cast.other_branch, elected_on=SINCE, expires_on=date(2023, 12, 1))
    term = terms.record(by=None, org=cast.college, elected_on=SINCE, expires_on=date(2024, 1, 1))
    terms.extend(
        by=None, term=term, extended_to=date(2024, 12, 1), approval="批复", approved_on=TODAY
    )
    return cast


def listed(client: Client, **query: str) -> list[str]:
    return [row.org.name for row in client.get(TERMS, query).context["rows"]]


def test_the_due_list_of_the_register(elected: Cast, as_: SignIn) -> None:
    client = as_(elected.office)
    counts = {state: n for state, _, n in client.get(TERMS).context["counts"]}
    assert counts == {"overdue": 1, "1": 1, "3": 1, "6": 2, "extended": 1, "none": 2}
    assert listed(client, state="overdue") == [elected.branch.name]
    assert listed(client, state="1") == [elected.sibling.name]
    assert listed(client, state="6") == [elected.sibling.name, elected.other_branch.name]
    assert listed(client, state="extended") == [elected.college.name]
    assert listed(client)[:3] == [
        elected.branch.name, elected.sibling.name, elected.other_branch.name
    ]  # fmt: skip


def test_the_register_is_of_a_day_and_of_what_is_in_reach(elected: Cast, as_: SignIn) -> None:
    assert listed(as_(elected.office), state="overdue", on="2023-04-01") == []
    assert listed(as_(elected.outsider)) == [elected.other_branch.name]
    assert as_(elected.member).get(TERMS).status_code == 404
    assert "没有符合条件" in shown(as_(elected.office).get(TERMS, {"q": "体育"}))
    assert elected.branch.name in part(as_(elected.officer), f"{TERMS}?state=overdue")


def test_the_register_as_a_workbook(elected: Cast, as_: SignIn) -> None:
    header, *lines = rows(as_(elected.officer).get(TERMS, {"export": "xlsx"}))
    told = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    assert told[elected.college.name]["延期批准文件"] == "批复"
    assert told[elected.branch.name]["离届满"] == "已过 45 天"


def test_the_register_costs_the_same_however_long(elected: Cast, as_: SignIn) -> None:
    client = as_(elected.office)

    def cost() -> int:
        client.get(TERMS)
        with CaptureQueriesContext(connection) as captured:
            client.get(TERMS)
        return len(captured)

    few = cost()
    for n in range(20):
        org = make_org(f"支部{n}", "branch", elected.college, category="student")
        terms.record(by=None, org=org, elected_on=SINCE + timedelta(days=n))
    assert cost() == few


# Appointments


def test_what_is_only_general_is_shown_once_and_then_meant(cast: Cast, as_: SignIn) -> None:
    posts.end(by=None, post=cast.secretary_post, on=TODAY)
    client, at = as_(cast.officer), reverse("post-appoint", args=[cast.branch.pk])
    given = {"person": owner(cast.member).pk, "post": "secretary", "valid_from": str(TODAY)}
    answer = client.post(at, given)
    assert answer.status_code == 422
    assert "教师支部书记没有登记是双带头人" in shown(answer)
    assert "待核对" in shown(answer) or "计划自身的要求" in shown(answer)
    assert not Post.objects.on(TODAY).filter(org=cast.branch).exists()
    assert 'name="seen" value="on"' in shown(answer)
    assert client.post(at, {**given, "seen": "on"}).status_code == 302
    assert Post.objects.on(TODAY).get(org=cast.branch).person == owner(cast.member)


def test_with_the_evidence_there_is_nothing_to_warn_of(cast: Cast, as_: SignIn) -> None:
    posts.end(by=None, post=cast.secretary_post, on=TODAY)
    client, at = as_(cast.officer), reverse("post-appoint", args=[cast.branch.pk])
    given = {
        "person": owner(cast.member).pk, "post": "secretary", "valid_from": str(TODAY),
        "qualified_as": "double_leader", "evidence": "学校〔2023〕8号", "acting": "on",
    }  # fmt: skip
    assert client.post(at, given).status_code == 302
    text = shown(client.get(page(cast.branch)))
    assert "认定：学校〔2023〕8号" in text
    assert "代理" in text


def test_concurrent_posts_are_told_on_the_form_and_on_the_page(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.office), reverse("post-appoint", args=[cast.sibling.pk])
    given = {
        "person": owner(cast.officer).pk, "post": "committee_member", "valid_from": str(TODAY)
    }  # fmt: skip
    answer = client.post(at, given)
    assert "已在“甲学院党委”任组织员，将是兼任" in shown(answer)
    away = shown(client.post(at, {**given, "person": owner(cast.member).pk}))
    assert "组织关系在“甲学院教师第一党支部”，不在“甲学院教师第二党支部”" in away
    assert client.post(at, {**given, "seen": "on"}).status_code == 302
    assert "兼甲学院党委组织员" in shown(client.get(page(cast.sibling)))


# Ending and continuing


def test_an_organisation_with_members_is_dissolved_into_its_heir(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), reverse("org-dissolve", args=[cast.branch.pk])
    given = {"on": str(TODAY), "reason": "批复"}
    assert "或选由谁承接" in shown(client.post(at, given))
    assert client.post(at, {**given, "heir": cast.sibling.pk}).status_code == 302
    assert cast.sibling.memberships.on(TODAY).count() == 3


def test_branches_are_merged_and_split_on_their_pages(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    at = reverse("org-split", args=[cast.branch.pk])
    given = {"on": str(TODAY), "reason": "批复", "name": "甲学院教师第三党支部"}
    assert "请勾选" in shown(client.post(at, given))
    assert client.post(at, {**given, "people": [owner(cast.member).pk]}).status_code == 302
    third = Org.objects.get(name="甲学院教师第三党支部")
    assert third.memberships.on(TODAY).get().person == owner(cast.member)
    at = reverse("org-merge", args=[cast.sibling.pk])
    answer = client.post(at, {"on": str(TODAY), "reason": "批复"})
    assert answer.status_code == 422
    answer = client.post(at, {"on": str(TODAY), "reason": "批复", "into": cast.branch.pk})
    assert answer.status_code == 302
    assert cast.branch.memberships.on(TODAY).count() == 2


def test_former_holders_of_a_post_stand_in_the_history_up_to_the_day(
    cast: Cast, as_: SignIn
) -> None:
    posts.end(by=None, post=cast.secretary_post, on=date(2023, 5, 1))
    client = as_(cast.officer)
    told = "支书甲 卸任书记"
    assert told in shown(client.get(page(cast.branch)))
    assert told not in shown(client.get(page(cast.branch), {"on": "2023-04-30"}))
