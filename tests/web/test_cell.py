"""One entry of the ledger, explained: what counted, what did not, on what basis, what next."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import case_rows, cases, memberships, money
from guantong.records.actions.plans import Wording, load_wording
from guantong.records.models import Activity, Case, Entry, Org, User
from tests.factories import TODAY, Cast, appoint, make_activity, make_person, owner
from tests.web.record_form import NEW, form_of

type SignIn = Callable[[User], Client]


def page_of(entry: Entry) -> str:
    return reverse("cell", args=[entry.pk])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def entry_of(cast: Cast, month: int) -> Entry:
    """The theme day of branch A1 in a month of 2023."""
    start = date(2023, month, 1)
    return Entry.objects.get(obligation="theme-day", org=cast.branch, period_start=start)


def lists_of(client: Client, entry: Entry) -> dict[str, list[Any]]:
    return {rows.title: rows.found for rows in client.get(page_of(entry)).context["lists"]}


def test_a_met_entry_links_what_counted(as_: SignIn, held: Cast) -> None:
    lists = lists_of(as_(held.secretary), entry_of(held, 5))

    (counted,) = lists["计入的记录"]
    assert counted.day == date(2023, 5, 18)
    assert re.fullmatch(r"/activities/\d+/", counted.url)


def test_an_open_entry_says_what_did_not_count_and_offers_the_act(as_: SignIn, held: Cast) -> None:
    make_activity(held.branch, held_on=date(2023, 6, 20), planned=True, title="参观校史馆")
    make_activity(held.branch, kind="talk", held_on=date(2023, 6, 2), hours=None, title="谈心")
    client = as_(held.secretary)
    page = client.get(page_of(entry_of(held, 6)))
    lists = {rows.title: rows.found for rows in page.context["lists"]}

    (planned,) = lists["没有计入的记录"]
    assert planned.title == "参观校史馆"
    assert "只是计划，尚未开展" in planned.lacks
    assert [row.title for row in lists["同期其他类别的活动（没有计入）"]] == ["谈心"]
    address = f"{reverse('activity-new')}?kind=theme_day&org={held.branch.pk}"
    assert page.context["act"].url == address
    assert "还差 1 次" in text_of(page)


def test_a_leader_s_life_in_his_own_branch_goes_from_the_form_to_his_entry(
    as_: SignIn, held: Cast
) -> None:
    """双重组织生活: what he attends as a guest elsewhere does not count, and is named."""
    leader = owner(held.member)
    appoint(leader, held.college, "leading_cadre")
    entry = Entry.objects.get(
        obligation="leading-cadre-org-life", person=leader, period_start=date(2023, 1, 1)
    )
    officer, secretary = as_(held.officer), as_(held.secretary)

    def meet(client: Client, org: Org, **more: Any) -> None:
        address = f"{NEW}?kind=org_life_meeting&org={org.pk}"
        typed = form_of(client, address) | {"held_on": "2023-06-14", "title": org.short_name}
        assert client.post(address, typed | more).status_code == 302

    meet(officer, held.sibling, guest=[leader.pk], present=[owner(held.officer).pk])
    lists = lists_of(officer, entry)
    assert [row.title for row in lists["没有计入的记录"]] == [held.sibling.short_name]
    meet(secretary, held.branch)
    entry.refresh_from_db()
    assert (entry.verdict, entry.actual) == ("met", 1)
    assert [row.title for row in lists_of(officer, entry)["计入的记录"]] == [
        held.branch.short_name
    ]
    act = Activity.objects.get(title=held.branch.short_name)
    edit = reverse("activity-edit", args=[act.pk])
    absent = {"absent": [leader.pk], f"reason-{leader.pk}": "出差"}
    assert secretary.post(edit, form_of(secretary, edit) | absent).status_code == 302
    entry.refresh_from_db()
    assert (entry.verdict, entry.actual) == ("due", 0)


def test_who_may_only_read_is_offered_no_act(as_: SignIn, held: Cast) -> None:
    page = as_(held.inspector).get(page_of(entry_of(held, 6)))

    assert page.context["act"] is None


def test_a_period_that_is_over_is_recorded_within_its_days(as_: SignIn, held: Cast) -> None:
    act = as_(held.secretary).get(page_of(entry_of(held, 3))).context["act"]

    assert act.label == "补录主题党日"
    assert act.url.endswith("from=2023-03-01&to=2023-03-31")


def test_an_entry_shows_the_wording_of_the_clause_once_it_is_loaded(
    as_: SignIn, held: Cast
) -> None:
    address = page_of(entry_of(held, 6))
    assert not any(basis.wording for basis in as_(held.office).get(address).context["bases"])

    wording = Wording(path="二/(二)/4", title="学习制度", text="完善党员学习的各项制度。")
    load_wording(by=None, plan="jyu-2021-2023", source_name="计划.docx", wordings=[wording])
    bases = {basis.where: basis for basis in as_(held.office).get(address).context["bases"]}

    clause = bases["嘉院党〔2021〕54号 任务4"]
    assert clause.wording == "学习制度。完善党员学习的各项制度。"
    assert clause.url == "/plan/clauses/%E4%BA%8C/(%E4%BA%8C)/4/"


def test_the_other_periods_of_an_entry_are_links(as_: SignIn, held: Cast) -> None:
    years = as_(held.secretary).get(page_of(entry_of(held, 6))).context["years"]

    assert [year for year, _ in years] == ["2023年", "2022年"]
    assert [name for name, _ in years[0][1]] == ["1月", "2月", "3月", "4月", "5月", "6月"]


def test_an_exempt_member_says_why(as_: SignIn, held: Cast) -> None:
    person = make_person("老党员", held.branch)
    memberships.set_exempt(by=None, person=person, exempt=True, reason="年老体弱", on=TODAY)
    entry = Entry.objects.get(person=person, period_start=date(2023, 1, 1))

    page = text_of(as_(held.secretary).get(page_of(entry)))
    assert "豁免：年老体弱等原因" in page
    assert "不作要求" in page


def test_a_practice_that_a_school_may_drop_is_tagged(as_: SignIn, held: Cast) -> None:
    entries = Entry.objects.filter(org=held.branch, period_start=date(2023, 4, 1))
    client = as_(held.secretary)

    assert "参考做法，可关闭" in text_of(
        client.get(page_of(entries.get(obligation="party-lecture")))
    )
    firm = entries.get(obligation="branch-assembly")
    assert "参考做法" not in text_of(client.get(page_of(firm)))


def test_what_only_an_upper_organisation_may_record_has_a_button_for_it_alone(
    as_: SignIn, held: Cast
) -> None:
    vacant = Entry.objects.get(
        org=held.sibling, obligation="branch-secretary", period_start=date(2023, 1, 1)
    )
    assert vacant.verdict == "due"
    assert as_(held.officer).get(page_of(vacant)).context["act"].label == "登记任职"

    appoint(owner(held.officer), held.sibling, "deputy_secretary")  # may record, not appoint
    assert as_(held.officer).get(page_of(vacant)).context["act"] is not None
    mine = Entry.objects.get(
        org=held.branch, obligation="branch-secretary", period_start=date(2023, 1, 1)
    )
    assert as_(held.secretary).get(page_of(mine)).context["act"] is None


def test_cases_that_took_too_long_are_named_and_budget_lines_counted(
    as_: SignIn, held: Cast
) -> None:
    def entry(obligation: str, org: Org) -> Entry:
        return Entry.objects.get(obligation=obligation, org=org, period_start=date(2023, 1, 1))

    person = make_person("申请人乙", held.branch, status="applicant")
    case = cases.begin(
        by=None, process="recruitment", org=held.branch, on=date(2023, 4, 1), person=person
    )
    Case.objects.filter(pk=case.pk).update(state="applied")
    case.refresh_from_db()
    case_rows.refresh(case)
    late = entry("applicant-talk", held.branch)
    assert (late.actual, late.verdict) == (1, "due")
    page = as_(held.secretary).get(page_of(late))
    (row,) = [one for rows in page.context["lists"] for one in rows.found]
    assert (row.title, row.url) == (str(case), reverse("case", args=[case.pk]))
    assert row.detail == "发展党员 · 已申请，待谈话"
    memberships.transfer_within(by=None, person=person, to=held.sibling, on=date(2023, 6, 1))
    assert entry("applicant-talk", held.branch).actual == 0, "the case went with the person"
    assert entry("applicant-talk", held.sibling).actual == 1

    assert entry("party-work-budget", held.college).verdict == "due"
    assert as_(held.officer).get(page_of(entry("party-work-budget", held.college))).context["act"]
    line = money.plan(by=None, org=held.college, year=2023, title="主题党日", amount=Decimal(900))
    assert entry("party-work-budget", held.college).verdict == "met"
    assert "900 元" in text_of(
        as_(held.officer).get(page_of(entry("party-work-budget", held.college)))
    )
    money.strike(by=None, line=line, reason="登记错了")
    assert entry("party-work-budget", held.college).verdict == "due"


def test_an_entry_costs_the_same_however_much_it_counts(as_: SignIn, held: Cast) -> None:
    client, entry = as_(held.office), entry_of(held, 6)

    def cost() -> int:
        client.get(page_of(entry))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(entry)).status_code == 200
        return len(captured)

    make_activity(held.branch)
    few = cost()
    for number in range(5):
        make_activity(held.branch, title=f"第 {number} 次")
    assert len(lists_of(client, entry)["计入的记录"]) == 6
    assert cost() == few
