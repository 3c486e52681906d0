from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.obligations import describe
from guantong.records import catalogue
from guantong.records import ledger as records_ledger
from guantong.records.actions import ledger, plans
from guantong.records.actions.plans import Wording
from guantong.records.models import Entry, PlanWording, School, User
from tests.factories import Cast, appoint, make_activity, make_person, make_user
from tests.web.answers import shown

type SignIn = Callable[[User], Client]
PLAN, LOAD = "/plan/", "/plan/load/"


@pytest.fixture
def assessed(cast: Cast) -> Cast:
    make_activity(cast.branch, held_on=date(2023, 5, 10), late_reason="补录")
    ledger.rebuild()
    return cast


def clause_page(path: str) -> str:
    return reverse("plan-clause", args=[path])


def demands(response: Any) -> list[Any]:
    """Every obligation that the page of the plan shows, in its order."""
    found: list[Any] = []

    def walk(parts: Any) -> None:
        for part in parts:
            found.extend(part.demands)
            walk(part.below)

    walk(response.context["parts"])
    return found


# The plan


def test_the_plan_shows_every_clause_and_obligation(assessed: Cast, as_: SignIn) -> None:
    response = as_(assessed.office).get(PLAN)
    plan = records_ledger.plan()
    assert [d.obligation.name for d in demands(response)] == [
        name for clause in plan.clauses for name in clause.obligations
    ]
    text = shown(response)
    assert all(clause.title in text for clause in plan.clauses)
    assert all(theme in text for theme in plan.themes.values())


@pytest.mark.parametrize("who", ["office", "officer", "secretary", "member"])
def test_every_figure_is_the_list_behind_it(assessed: Cast, as_: SignIn, who: str) -> None:
    client = as_(getattr(assessed, who))
    shown_ones = [d for d in demands(client.get(PLAN)) if d.tally.of or d.tally.exempt]
    assert shown_ones
    for demand in shown_ones:
        listed = client.get(demand.link).context["page"].paginator.count
        assert listed == sum(demand.tally.counts.values()), demand.obligation.title


def test_the_figures_are_those_of_the_organisation_in_view(assessed: Cast, as_: SignIn) -> None:
    client = as_(assessed.office)

    def theme_days(at: str) -> Any:
        return next(
            d.tally.of for d in demands(client.get(at)) if d.obligation.name == "theme-day"
        )

    assert theme_days(PLAN) == 3 * 6
    assert theme_days(f"{PLAN}?org={assessed.branch.pk}") == 6
    assert theme_days(f"{PLAN}?period=all") == 3 * 18
    assert theme_days(f"{PLAN}?period=2021") == 0
    assert theme_days(f"{PLAN}?period=nonsense") == 3 * 6


def test_the_plan_is_for_those_who_may_see_it(assessed: Cast, as_: SignIn) -> None:
    obligation = reverse("obligation", args=["theme-day"])
    clause = clause_page("二/(二)/4")
    for user in (assessed.admin, assessed.stranger):
        for at in (PLAN, clause, obligation):
            assert as_(user).get(at).status_code == 404, (user, at)
    assert as_(assessed.inspector).get(PLAN).status_code == 200


def test_the_plan_costs_the_same_however_many_are_bound(assessed: Cast, as_: SignIn) -> None:
    client = as_(assessed.office)
    before = queries(client)
    for number in range(6):
        make_person(f"新人{number}", assessed.branch)
    assert queries(client) == before < 20


def queries(client: Client) -> int:
    client.get(PLAN)
    with CaptureQueriesContext(connection) as caught:
        client.get(PLAN)
    return len(caught)


# Clauses and obligations


def test_every_clause_has_a_page(assessed: Cast, as_: SignIn) -> None:
    client = as_(assessed.secretary)
    for clause in records_ledger.plan().clauses:
        text = shown(client.get(clause_page(clause.path)))
        assert clause.summary in text
    assert client.get(clause_page("二/(九)/99")).status_code == 404


def test_every_obligation_has_a_page(assessed: Cast, as_: SignIn) -> None:
    client, rules = as_(assessed.officer), catalogue.current()
    plan = records_ledger.plan()
    for name in plan.obligation_names():
        text = shown(client.get(reverse("obligation", args=[name])))
        for basis in rules.obligations[name].basis:
            own = basis.instrument == plan.instrument
            cited = clause_page(basis.place) if own else describe.cited(basis, rules)
            assert cited in text
        assert rules.obligations[name].remedy in text
    assert client.get(reverse("obligation", args=["nothing"])).status_code == 404


def test_an_obligation_says_how_it_stood_in_every_period(assessed: Cast, as_: SignIn) -> None:
    client = as_(assessed.officer)
    context = client.get(reverse("obligation", args=["theme-day"])).context
    told = {past.words: dict(past.tally.counts) for past in context["periods"]}
    assert list(told) == [f"2023年{month}月" for month in range(6, 0, -1)]
    assert told["2023年5月"] == {"met": 1, "short": 1}
    for past in context["periods"]:
        assert client.get(past.link).context["page"].paginator.count == 2, past.words


def test_narrative_clauses_show_no_figure(assessed: Cast, as_: SignIn) -> None:
    text = shown(as_(assessed.office).get(clause_page("二/(一)/1")))
    assert "不计完成率" in text
    assert "progress" not in text


# The official wording

DOCUMENT = """某某党〔2030〕1号

一、总体要求
（一）第一条的标题。第一条的正文。
二、主要任务
（一）第一节
1.第一项任务。做这件事。
2.第二项任务。做那件事。
（九）目录里没有的一节。还有正文。
"""


def upload(client: Client, text: str = DOCUMENT, name: str = "计划.txt") -> Any:
    return client.post(LOAD, {"document": SimpleUploadedFile(name, text.encode())})


def test_a_document_is_shown_before_anything_is_saved(cast: Cast, as_: SignIn) -> None:
    response = upload(as_(cast.office))
    text = shown(response)
    assert [words.split()[0] for words, _ in response.context["attached"]] == [
        "一", "一(一)", "二", "二(一)", "任务1", "任务2",
    ]  # fmt: skip
    assert [clause.path for clause in response.context["found"].unknown] == ["二/(九)"]
    assert "二/(二)/6" in [clause.path for clause in response.context["missing"]]
    assert "目录里没有的一节" in text
    assert "文号是 某某党〔2030〕1号" in text
    assert not PlanWording.objects.exists()


def test_what_was_shown_is_saved_on_confirmation(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.office)
    carried = upload(client).context["carried"]
    assert client.post(LOAD, {"confirmed": carried})["Location"] == PLAN
    row = PlanWording.objects.get(path="二/(一)/1")
    assert (row.title, row.text, row.source_name) == ("第一项任务", "做这件事。", "计划.txt")
    beside = shown(client.get(clause_page("二/(一)/1")))
    assert "第一项任务。做这件事。" in beside
    assert "第一项任务。做这件事。" in shown(client.get(PLAN))


def test_a_changed_confirmation_is_turned_away(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.office)
    carried = upload(client).context["carried"]
    answer = client.post(LOAD, {"confirmed": carried[:-3] + "xyz"})
    assert (answer.status_code, "请重新上传文件" in shown(answer)) == (422, True)
    assert not PlanWording.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("计划.pdf", "一、总则", "不读 .pdf"),
        ("计划.txt", "没有编号的一段话。", "没有找到条款"),
        ("计划.txt", " ", "空"),
        ("计划.docx", "一、总则", "docx"),
    ],
)
def test_an_unreadable_document_is_refused_with_the_remedy(
    cast: Cast, as_: SignIn, name: str, text: str, says: str
) -> None:
    response = upload(as_(cast.office), text, name)
    assert response.status_code == 422
    assert says in response.context["form"].errors["document"][0]


def test_a_document_of_which_nothing_fits_cannot_be_saved(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.office)
    response = upload(client, "九、别的\n（九）别的。正文。\n")
    assert "不能保存" in shown(response)
    answer = client.post(LOAD, {"confirmed": response.context["carried"]})
    assert (answer.status_code, "没有读到任何条款" in shown(answer)) == (422, True)


def test_loading_is_for_the_organisation_department(cast: Cast, as_: SignIn) -> None:
    for user in (cast.officer, cast.secretary, cast.inspector, cast.member, cast.admin):
        client = as_(user)
        assert client.get(LOAD).status_code == 404, user
        assert upload(client).status_code == 404, user
        assert LOAD not in shown(client.get(PLAN)), user
    by_post = make_person("组织部干事", cast.sibling)
    appoint(by_post, cast.school, "organiser")
    assert as_(make_user("by_post", by_post)).get(LOAD).status_code == 200


def test_the_wording_stands_beside_the_obligation(assessed: Cast, as_: SignIn) -> None:
    wording = Wording(path="二/(二)/6", title="教育长效机制", text="原文的一段。")
    plans.load_wording(
        by=None, plan=records_ledger.plan().name, source_name="计划.docx", wordings=[wording]
    )
    text = shown(as_(assessed.member).get(reverse("obligation", args=["member-study-hours"])))
    assert "教育长效机制。原文的一段。" in text


# What a school may leave out


def test_an_optional_obligation_is_switched_off_and_on(assessed: Cast, as_: SignIn) -> None:
    rules = catalogue.current().obligations
    name = next(n for n in records_ledger.plan().obligation_names() if rules[n].switchable)
    client, at = as_(assessed.office), reverse("obligation-switch", args=[name])
    assert client.post(at, {"reason": ""}).status_code == 422
    client.post(at, {"reason": "校党委决定"})
    assert School.objects.get().switched_off == [name]
    assert not Entry.objects.filter(obligation=name).exists()
    assert "学校没有启用这一项" in shown(client.get(reverse("obligation", args=[name])))
    client.post(at, {"reason": "恢复"})
    assert School.objects.get().switched_off == []


def test_an_obligation_with_a_firm_basis_stays(assessed: Cast, as_: SignIn) -> None:
    at = reverse("obligation-switch", args=["theme-day"])
    assert not catalogue.current().obligations["theme-day"].switchable
    response = as_(assessed.office).post(at, {"reason": "不想做"})
    assert (response.status_code, "有明确依据" in shown(response)) == (422, True)
    for user in (assessed.officer, assessed.inspector):
        assert as_(user).post(at, {"reason": "x"}).status_code == 404
