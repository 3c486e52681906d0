"""Lists and figures of a past day, as it was then and as it is now; links that keep the day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from guantong.records.actions import ledger, memberships, orgs, successions
from guantong.records.models import Org, User
from guantong.web.trees import Tree, held_below
from tests.factories import Cast, make_activity, make_org, make_person, owner
from tests.web.answers import part, rows, shown

type SignIn = Callable[[User], Client]
THEN, MOVED = date(2023, 4, 30), date(2023, 5, 1)
NAMES = {"支书甲", "党员甲"}  # the members of branch A1


@pytest.fixture
def client(cast: Cast, as_: SignIn) -> Client:
    """Branch A1 went from college A to college B in May; it held something before and after."""
    for day in (date(2023, 4, 10), date(2023, 6, 10)):
        late = "当时未录入" if day < MOVED else ""
        make_activity(cast.branch, title=f"{day}", held_on=day, late_reason=late)
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=MOVED)
    return as_(cast.office)


def members(client: Client, org: Org, **query: Any) -> set[str]:
    answer = client.get("/members/", {"org": org.pk, **query})
    return {row.person.name for row in answer.context["rows"]}


def titles(client: Client, org: Org, **query: Any) -> set[str]:
    answer = client.get("/activities/", {"org": org.pk, **query})
    return {row.activity.title for row in answer.context["rows"]}


def test_a_roll_of_a_past_day_by_the_tree_of_then_or_of_now(client: Client, cast: Cast) -> None:
    assert members(client, cast.college) == {"组织员甲"}
    assert members(client, cast.college, on=THEN) == {"组织员甲", *NAMES}
    assert members(client, cast.college, on=THEN, tree="now") == {"组织员甲"}
    assert members(client, cast.other_college, on=THEN) == {"支书乙"}
    assert members(client, cast.other_college, on=THEN, tree="now") == {"支书乙", *NAMES}
    memberships.leave(by=None, person=owner(cast.member), on=date(2023, 5, 2), reason="调出")
    make_person("后来的", cast.sibling, since=date(2023, 6, 1))
    assert members(client, cast.school, on=THEN) == {"组织员甲", "支书乙", *NAMES}
    assert members(client, cast.school, on=THEN, status="left") == set()
    assert members(client, cast.school, status="left") == {"党员甲"}
    orgs.rename(by=None, org=cast.branch, name="新名支部", on=date(2023, 6, 1))
    book = rows(client.get("/members/", {"org": cast.branch.pk, "on": THEN, "export": "xlsx"}))
    assert {row[1] for row in book[1:]} == {"甲学院教师第一党支部"}


def test_who_is_out_of_reach_by_now_is_counted_without_a_name(cast: Cast, as_: SignIn) -> None:
    memberships.transfer_within(
        by=None, person=owner(cast.member), to=cast.other_branch, on=date(2023, 6, 1)
    )
    text = part(as_(cast.officer), f"/members/?org={cast.branch.pk}&on={THEN}")
    assert "党员甲" not in text
    assert "另有 1 人当时在这里" in text


def test_activities_count_where_the_host_hung_then_or_hangs_now(
    client: Client, cast: Cast
) -> None:
    assert titles(client, cast.college) == {"2023-04-10"}
    assert titles(client, cast.other_college) == {"2023-06-10"}
    assert titles(client, cast.college, tree="now") == set()
    assert titles(client, cast.other_college, tree="now") == {"2023-04-10", "2023-06-10"}
    assert titles(client, cast.school) == {"2023-04-10", "2023-06-10"}
    successions.dissolve(
        by=None, org=cast.branch, heir=cast.other_branch, on=date(2023, 6, 12), reason="批复"
    )
    assert titles(client, cast.other_branch) == set()
    assert titles(client, cast.other_branch, tree="now") == {"2023-04-10", "2023-06-10"}
    assert titles(client, cast.branch) == {"2023-04-10", "2023-06-10"}
    assert members(client, cast.other_branch, on=THEN, tree="now") == {"支书乙", *NAMES}


def test_a_host_that_came_back_counts_for_both_stays(client: Client, cast: Cast) -> None:
    middle = make_org("总支", "general_branch", cast.college)
    orgs.move(by=None, org=cast.branch, parent=middle, on=date(2023, 6, 1))
    assert titles(client, cast.college) == {"2023-04-10", "2023-06-10"}
    assert titles(client, middle) == {"2023-06-10"}
    assert titles(client, cast.other_college) == set()
    assert held_below(cast.school).children == []


def test_the_ledger_of_a_past_day_by_the_tree_of_now(client: Client, cast: Cast) -> None:
    ledger.rebuild()

    def listed(org: Org, **query: str) -> set[str]:
        asked = {"org": org.pk, "on": f"{THEN}", "period": "2023", "obligation": "theme-day"}
        answer = client.get("/ledger/entries/", {**asked, **query})
        return {line.entry.org.short_name for line in answer.context["lines"]}

    assert cast.branch.short_name in listed(cast.college)
    assert cast.branch.short_name not in listed(cast.college, tree="now")
    assert cast.branch.short_name in listed(cast.other_college, tree="now")
    page = client.get("/ledger/", {"org": cast.other_college.pk, "on": f"{THEN}", "tree": "now"})
    assert cast.branch.short_name in shown(page)
    assert "tree=now" in shown(page)


def test_the_plans_figures_of_a_past_day(client: Client, cast: Cast) -> None:
    ledger.rebuild()

    def owed(org: Org, **query: str) -> int:
        asked = {"org": org.pk, "period": "2023", **query}
        answer = client.get("/plan/obligations/theme-day/", asked)
        return int(answer.context["tally"].of)

    then = {"on": f"{THEN}"}
    one = owed(cast.other_college, **then)
    assert owed(cast.college, **then) == 2 * one
    assert owed(cast.college, **then, tree="now") == one
    assert owed(cast.other_college, **then, tree="now") == 2 * one
    text = shown(client.get("/plan/", {"org": cast.college.pk, **then}))
    assert f"截至 {THEN} 的台账" in text
    assert f"?on={THEN}" in text
    assert "此后的记录不计入" not in shown(client.get("/plan/", {"on": "2019-01-01"}))


def test_the_day_goes_along_from_page_to_page(client: Client, cast: Cast) -> None:
    kept = f"?on={THEN}&amp;tree=now"
    text = shown(client.get(f"/orgs/{cast.other_college.pk}/?on={THEN}&tree=now"))
    for address in (f"/orgs/{cast.branch.pk}/", f"/orgs/{cast.other_college.pk}/chart/"):
        assert f'href="{address}{kept}"' in text
    for address in ("/members/", "/ledger/"):
        assert f'href="{address}?org={cast.other_college.pk}&amp;on={THEN}&amp;tree=now"' in text
    assert f'href="/orgs/{cast.branch.pk}/{kept}"' in shown(
        client.get(f"/orgs/?on={THEN}&tree=now")
    )
    for nonsense in ("2023-02-30", "0001-01-01", "昨天", "9999-12-31"):
        page = client.get(f"/orgs/{cast.other_college.pk}/?on={nonsense}")
        assert page.status_code == 200
        assert "?on=" not in shown(page).split('id="below"')[1].split("</section>")[0]
    for nonsense, told in (("昨天", "请写成"), ("2030-01-01", "这一天还没到，显示的是今天的")):
        assert told in shown(client.get(f"/orgs/?on={nonsense}"))


def test_the_tree_of_now_gives_what_ended_to_the_last_heir(cast: Cast) -> None:
    end = {"by": None, "reason": "批复"}
    successions.dissolve(**end, org=cast.branch, heir=cast.sibling, on=date(2023, 5, 1))
    successions.dissolve(**end, org=cast.sibling, heir=cast.other_branch, on=date(2023, 6, 1))
    tree = Tree.now()
    assert tree.lineage(cast.branch) == cast.other_branch.lineage()
    below = set(Org.objects.filter(tree.below(cast.other_college)))
    assert below == {cast.other_college, cast.other_branch, cast.branch, cast.sibling}
    assert set(Org.objects.filter(tree.below(cast.branch))) == {cast.branch}
