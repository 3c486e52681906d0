"""The hand-over pack: everything a successor needs, nothing for whoever has left."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from django.test import Client
from pypdf import PdfReader

from guantong.records.actions import cases, corrections, posts, relations, terms
from guantong.records.meetings import Task
from guantong.records.models import User
from tests.factories import TODAY, Cast, appoint, make_activity, owner
from tests.web.answers import shown

type SignIn = Callable[[User], Client]


def pack(client: Client, org: Any, **query: str) -> Any:
    return client.get(f"/orgs/{org.pk}/handover/", query)


def tables(response: Any) -> dict[str, list[tuple[str, ...]]]:
    return {t.title: [row.cells for row in t.rows] for t in response.context["tables"]}


def prepare(held: Cast) -> None:
    make_activity(held.branch, title="七一座谈", held_on=date(2023, 6, 30), planned=True)
    terms.record(
        by=None, org=held.branch, elected_on=date(2022, 1, 5), expires_on=date(2025, 1, 4)
    )
    relations.record(
        by=None, kind="pairing", org=held.branch, other_org=held.sibling, valid_from=TODAY,
        valid_to=date(2024, 6, 15),
    )  # fmt: skip
    task = Task("修订制度", owner(held.member).pk, date(2023, 6, 30))
    make_activity(held.branch, kind="branch_assembly", held_on=date(2023, 5, 20), hours=None,
                  title="支部大会", follow_ups=(task,))  # fmt: skip
    cases.begin(by=None, process="hazard", org=held.branch, on=TODAY, title="实验室通风")
    corrections.ask(by=None, person=owner(held.member), about="入党时间", says="应为 2020 年")


def test_a_successor_finds_where_everything_stands(as_: SignIn, held: Cast) -> None:
    prepare(held)
    posts.end(by=None, post=held.secretary_post, on=TODAY)
    appoint(owner(held.member), held.branch, "secretary", valid_from=TODAY)
    client = as_(held.member)
    response = pack(client, held.branch)
    found = tables(response)

    assert ("支书甲", "书记", "2022-01-01", "2023-06-15，权限已随之结束") in found["任职"]
    assert "主题党日 · 2023年6月" in {row[0] for row in found["还没有完成的责任"]}
    assert [row[2] for row in found["计划中的活动"]] == ["七一座谈"]
    assert ("更正申请", "党员甲", "2023-06-15 提出，待答复：入党时间") in found["等着办的事"]
    assert found["会议定下的落实事项"] == [
        ("修订制度", "党员甲", "2023-06-30，还有 15 天", "2023-05-20 支部大会")
    ]
    assert [row[:2] for row in found["办理中的事项"]] == [("实验室通风", "风险隐患报告")]
    assert [row[:2] for row in found["日期"]] == [
        ("支部结对共建到期：甲学院教师第二党支部", "2024-06-15"),
        ("本届届满，应按期换届", "2025-01-04"),
    ]
    assert found["联系和结对"][0][1] == held.sibling.short_name
    assert [row[0] for row in found["近三个月办过的活动"]] == [
        "2023-05-20", "2023-05-18", "2023-04-20"
    ]  # fmt: skip
    for table in response.context["tables"]:
        for row in table.rows:
            assert not row.url or client.get(row.url).status_code == 200, row


def test_the_pdf_says_the_same(as_: SignIn, held: Cast) -> None:
    prepare(held)
    client = as_(held.secretary)
    response = pack(client, held.branch, export="pdf")
    assert response["Content-Type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)

    squeezed = "".join(text.split())
    for rows in tables(pack(client, held.branch)).values():
        for row in rows:
            assert "".join(row[0].split()) in squeezed, row


def test_whoever_left_the_post_and_whoever_never_had_it_find_nothing(
    as_: SignIn, held: Cast
) -> None:
    client = as_(held.secretary)  # signed in before the post ends, and still after
    assert pack(client, held.branch).status_code == 200
    posts.end(by=None, post=held.secretary_post, on=TODAY)

    for query in ({}, {"export": "pdf"}):
        assert pack(client, held.branch, **query).status_code == 404
    assert client.get(f"/activities/new/?org={held.branch.pk}").status_code in (403, 404)
    assert client.get(f"/ledger/?org={held.branch.pk}").status_code == 404
    for user in (held.outsider, held.member, held.inspector, held.stranger):
        assert pack(as_(user), held.branch).status_code == 404
    assert pack(as_(held.officer), held.branch).status_code == 200


def test_a_post_that_ends_later_still_opens_it_until_then(as_: SignIn, held: Cast) -> None:
    posts.end(by=None, post=held.secretary_post, on=TODAY)
    appoint(owner(held.secretary), held.branch, "committee_member", valid_from=TODAY,
            valid_to=TODAY + timedelta(days=1))  # fmt: skip
    response = pack(as_(held.secretary), held.branch)

    assert response.status_code == 200
    assert "本届" in shown(response)
