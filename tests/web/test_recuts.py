"""The pages of a rearrangement: drawn up by ticks and selects or by a sheet, done, undone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import activities, recuts
from guantong.records.models import Org, Recut, User
from guantong.records.recutting import Preview
from guantong.sheets.write import table
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.web.answers import rows, shown

type SignIn = Callable[[User], Client]


@pytest.fixture
def draft(cast: Cast) -> Recut:
    return recuts.prepare(
        by=cast.officer, org=cast.college, title="秋季调整", category="faculty", on_day=TODAY
    )


def page(draft: Recut) -> str:
    return reverse("recut", args=[draft.org_id, draft.pk])


def post(client: Client, draft: Recut, do: str, **more: Any) -> Any:
    return client.post(page(draft), {"do": do, **more})


def test_it_is_found_by_who_may_change_the_organisations(
    cast: Cast, as_: SignIn, draft: Recut
) -> None:
    found = {
        name
        for name, user in cast.everyone().items()
        if as_(user).get(page(draft)).status_code == 200
    }
    assert found == {"officer", "office"}
    wrong = reverse("recut", args=[cast.other_college.pk, draft.pk])
    assert as_(cast.office).get(wrong).status_code == 404


def test_a_draft_is_begun_and_listed(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    listed = reverse("recut-list", args=[cast.college.pk])
    assert "还没有拟订过" in shown(client.get(listed))
    given = {"title": "秋季", "category": "faculty", "on_day": str(TODAY)}
    answer = client.post(listed, given)
    made = Recut.objects.get()
    assert answer.url == page(made)
    assert "草稿" in shown(client.get(listed))
    answer = client.post(listed, {**given, "category": "retired"})
    assert answer.status_code == 422
    assert "没有这类党支部" in shown(answer)


def test_ticked_members_go_to_the_place_chosen(cast: Cast, as_: SignIn, draft: Recut) -> None:
    client = as_(cast.officer)
    post(client, draft, "add", name="新支部")
    answer = post(client, draft, "move", person=[owner(cast.member).pk], to="n1")
    assert answer.status_code == 302
    text = shown(client.get(f"{page(draft)}?place=n1"))
    assert "新支部：1 人" in text
    assert "党员甲" in text
    assert "正式党员 1 人，少于 3 人" in text
    post(client, draft, "move", person=[owner(cast.member).pk], to="nowhere")
    assert [m.name for m in Preview(Recut.objects.get()).nowhere] == ["党员甲"]
    assert "还有 1 人没有分到支部" in shown(client.get(page(draft)))


def test_what_cannot_be_is_said_and_keeps_the_draft(cast: Cast, as_: SignIn, draft: Recut) -> None:
    client = as_(cast.officer)
    before = Recut.objects.get().plan
    for do, more, said in (
        ("move", {"person": [owner(cast.outsider).pk], "to": cast.branch.pk}, "已不在要调整"),
        ("move", {"to": cast.branch.pk}, "还没有选人"),
        ("move", {"person": [owner(cast.member).pk]}, "请选调整到哪里"),
        ("add", {"name": " "}, "请写新党支部的名称"),
        ("day", {"on_day": "明天"}, "这样的日期"),
        ("upload", {}, "请选择填好的表格"),
        ("dance", {}, "没有这个操作"),
        ("carry-out", {}, "还没有任何调整"),
        ("undo", {}, "没有执行"),
    ):
        answer = post(client, draft, do, **more)
        assert answer.status_code == 422, do
        assert said in shown(answer), do
    assert Recut.objects.get().plan == before
    assert post(client, draft, "close", place=cast.other_branch.pk).status_code == 404


def test_it_is_carried_out_and_undone_with_one_press_each(
    cast: Cast, as_: SignIn, draft: Recut
) -> None:
    client = as_(cast.officer)
    post(client, draft, "close", place=cast.sibling.pk, closing="yes")
    planned = make_activity(cast.sibling, held_on=TODAY)
    text = shown(client.get(page(draft)))
    assert f'<a href="/activities/{planned.pk}/">{TODAY} {planned.title}</a>' in text
    activities.withdraw(by=None, activity=planned, version=1, reason="改到别处")
    post(client, draft, "move", person=[owner(cast.officer).pk], to=cast.branch.pk)
    assert post(client, draft, "carry-out").status_code == 302
    cast.sibling.refresh_from_db()
    assert cast.sibling.valid_to == TODAY
    text = shown(client.get(page(draft)))
    assert "整批撤回" in text
    assert "1 人" in text
    assert f'<a href="/orgs/{cast.sibling.pk}/">{cast.sibling.short_name}</a>' in text
    assert post(client, draft, "undo").status_code == 302
    cast.sibling.refresh_from_db()
    assert cast.sibling.valid_to is None
    assert "已整批撤回" in shown(client.get(page(draft)))


def test_the_sheet_holds_everyone_and_comes_back_filled_in(
    cast: Cast, as_: SignIn, draft: Recut
) -> None:
    client = as_(cast.officer)
    got = client.get(reverse("recut-sheet", args=[cast.college.pk, draft.pk]))
    header, *lines = rows(got)
    assert header[-2:] == ["现支部", "调整到"]
    assert {(line[1], line[-2], line[-1]) for line in lines} >= {
        ("党员甲", cast.branch.short_name, cast.branch.short_name)
    }
    filled = [[*line[:-1], "书院党支部"] if line[1] == "党员甲" else line for line in lines]
    content = table(title="支部调整", header=header, rows=filled)
    file = SimpleUploadedFile("填好.xlsx", content)
    answer = post(client, draft, "upload", file=file)
    assert "“书院党支部”现在没有，当作新支部" in shown(client.get(answer.url))
    preview = Preview(Recut.objects.get())
    assert preview.moves == {owner(cast.member).pk: "n1"}


def test_a_file_that_is_no_such_sheet_is_refused(cast: Cast, as_: SignIn, draft: Recut) -> None:
    client = as_(cast.officer)
    for content, said in (
        (table(title="别的", header=["名称"], rows=[["甲"]]), "没有找到“姓名”"),
        (b"PK\x03\x04broken", "文件"),
    ):
        answer = post(client, draft, "upload", file=SimpleUploadedFile("x.xlsx", content))
        assert answer.status_code == 422
        assert said in shown(answer)


def test_the_page_costs_the_same_however_many_members(
    cast: Cast, as_: SignIn, draft: Recut
) -> None:
    client = as_(cast.officer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(page(draft))
        return len(captured)

    client.get(page(draft))
    few = cost()
    for n in range(20):
        make_person(f"学生{n}", cast.branch)
    assert cost() == few


def test_carrying_out_costs_few_queries_more_for_many_members(cast: Cast) -> None:
    def cost(count: int, name: str) -> int:
        people = [make_person(f"{name}{n}", cast.branch).pk for n in range(count)]
        draft = recuts.prepare(by=None, org=cast.college, title=name, category="", on_day=TODAY)
        draft = recuts.move(by=None, recut=draft, people=people, to=str(cast.sibling.pk))
        with CaptureQueriesContext(connection) as captured:
            recuts.carry_out(by=None, recut=draft, reason="测试")
        return len(captured)

    assert cost(30, "多") <= cost(2, "少")
    assert Org.objects.filter(kind="branch").count() == 3
