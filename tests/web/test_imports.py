"""The import pages: what a file would do, confirming and undoing, for who may."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guantong.records.actions import imports
from guantong.records.models import Event, ImportBatch, ImportSource, Person, Post, User
from guantong.sheets import read
from guantong.sheets.parse import parse
from tests.factories import Cast, make_person
from tests.sheets.workbooks import ROLL_HEADER, parts, workbook

A1, B1 = "甲学院教师第一党支部", "乙学院学生第一党支部"
ID = "11010519491231002X"
GOOD = ["李样", ID, "正式党员", A1, "2020.9", "2021-09-01", "N1"]
WRONG = ["王样", 110105194912310021, "正式党员", "无此支部", "2020.9", "", "N2"]

As = Callable[[User], Client]


def file(*rows: list[Any], name: str = "名册.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, workbook([ROLL_HEADER, *rows]))


def upload(client: Client, *rows: list[Any], **more: Any) -> Any:
    fields = {"kind": "roll", "file": file(*rows), **more}
    return client.post(reverse("import"), fields, follow=True)


def do(client: Client, batch: ImportBatch, what: str, **more: Any) -> Any:
    return client.post(reverse("import-batch", args=[batch.pk]), {"do": what, **more}, follow=True)


def test_a_file_is_previewed_corrected_confirmed_and_undone(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    page = upload(client, GOOD, WRONG)
    shown = page.content.decode()
    batch = ImportBatch.objects.get()
    assert page.redirect_chain == [(reverse("import-batch", args=[batch.pk]), 302)]
    assert "有 1 行有问题" in shown
    assert "B 列“公民身份号码”" in shown
    assert "请把整列设为文本格式" in shown
    assert "确认写入" not in shown
    assert not Person.objects.filter(name="李样").exists()

    shown = do(client, batch, "exclude-problems").content.decode()
    assert "确认写入 1 行" in shown
    assert "110105********002X" in shown
    assert ID not in shown
    assert "已写入，台账已更新" in do(client, batch, "confirm").content.decode()
    assert Person.objects.get(name="李样").joined_on == date(2020, 9, 1)
    assert "整批已撤回" in do(client, batch, "undo").content.decode()
    assert not Person.objects.filter(name="李样").exists()


def test_rows_are_left_out_and_taken_in_again(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    upload(client, GOOD, ["赵样", "", "正式党员", A1, "", "", ""])
    batch = ImportBatch.objects.get()
    for what, lines, left_out in (("exclude", ["3", "x"], [3]), ("include", ["3"], [])):
        do(client, batch, what, line=lines)
        batch.refresh_from_db()
        excluded = batch.rows.filter(excluded=True)
        assert list(excluded.values_list("line", flat=True)) == left_out


@pytest.mark.parametrize("what", ["confirm", "undo", "exclude", "nonsense", ""])
def test_what_is_refused_says_why_and_changes_nothing(cast: Cast, as_: As, what: str) -> None:
    client = as_(cast.officer)
    upload(client, WRONG)
    batch = ImportBatch.objects.get()
    page = do(client, batch, what, line=["99"])
    status = {"nonsense": 404, "": 404, "undo": 409}  # a preview cannot be undone
    assert page.status_code == status.get(what, 422)
    if page.status_code != 404:
        assert 'class="alert error' in page.content.decode()
    batch.refresh_from_db()
    assert batch.state == "preview"


def test_a_preview_out_of_date_is_a_conflict(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    upload(client, GOOD)
    make_person("别样", cast.branch, number="N1")
    page = do(client, ImportBatch.objects.get(), "confirm")
    assert page.status_code == 409
    assert "请点“重新核对”" in page.content.decode()
    assert (
        "学工号登记在另一名党员名下"
        in do(client, ImportBatch.objects.get(), "recheck").content.decode()
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x89PNG\r\n\x1a\n....", "PNG 图片"),
        (b"", "提交的是空文件"),
    ],
)
def test_a_bad_file_is_refused_beside_the_field(
    cast: Cast, as_: As, content: bytes, says: str
) -> None:
    page = upload(as_(cast.officer), file=SimpleUploadedFile("名册.xlsx", content))
    assert page.status_code == 422
    assert says in page.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_file_too_large_is_refused(cast: Cast, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_FILE", 10)
    assert "超过" in upload(as_(cast.officer), GOOD).content.decode()


def test_a_sheet_of_posts_goes_the_same_way(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    rows = [["姓名", "党组织", "职务", "任职日期"], ["党员甲", A1, "委员", "2023-06-01"]]
    sheet = SimpleUploadedFile("任职.xlsx", workbook(rows))
    page = upload(client, kind="posts", file=sheet, as_of="2023-06-10").content.decode()
    assert "表格日期 2023-06-10" in page
    batch = ImportBatch.objects.get()
    missing = client.get(reverse("import-batch", args=[batch.pk]), {"show": "missing"})
    assert missing.status_code == 200
    do(client, batch, "confirm")
    held = Post.objects.get(person__name="党员甲")
    assert (held.post, str(held.valid_from)) == ("committee_member", "2023-06-01")
    for kind, may in (("orgs", 404), ("posts", 404), ("hours", 200)):
        template = as_(cast.secretary).get(reverse("import-template", args=[kind]))
        assert template.status_code == may, kind


STRANGE = "名儿,所属组织,身份\n李样,甲学院教师第一党支部,正式党员\n".encode()


def test_strange_headers_are_explained_once_and_remembered(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    strange = SimpleUploadedFile("名册.csv", STRANGE)
    page = upload(client, file=strange, source="学工系统导出")
    batch = ImportBatch.objects.get()
    address = reverse("import-columns", args=[batch.pk])
    assert page.redirect_chain == [(address, 302)]
    assert "没有找到表头行" in page.content.decode()
    assert bytes(batch.upload).find("李样".encode()) == -1
    columns = {"column0": "name", "column1": "org", "column2": "org"}
    page = client.post(address, {**columns, "source": "学工系统导出"})
    assert (page.status_code, "两列选了同一项" in page.content.decode()) == (422, True)
    client.post(address, {**columns, "column2": "status", "source": "学工系统导出"})
    batch.refresh_from_db()
    assert (batch.state, batch.reading["counts"]["new"]) == ("preview", 1)

    page = upload(client, file=SimpleUploadedFile("又.csv", STRANGE), source="学工系统导出")
    again = ImportBatch.objects.exclude(pk=batch.pk).get()
    assert page.redirect_chain == [(reverse("import-batch", args=[again.pk]), 302)]
    assert again.reading["counts"]["new"] == 1

    known = ImportSource.objects.get()
    assert known.columns == {"名儿": "name", "所属组织": "org", "身份": "status"}
    address = reverse("import-source", args=[known.pk])
    for user, status in ((cast.outsider, 404), (cast.secretary, 404), (cast.office, 200)):
        assert as_(user).get(address).status_code == status
    client = as_(cast.officer)
    changed = {"name": "学工", "column0": "name", "column1": "org", "column2": ""}
    assert client.post(address, changed).status_code == 302
    known.refresh_from_db()
    assert (known.name, sorted(known.columns.values())) == ("学工", ["", "name", "org"])
    client.post(address, {"do": "forget"})
    assert not ImportSource.objects.exists()
    do(client, batch, "discard")
    batch.refresh_from_db()
    assert batch.upload is None


def test_rows_are_chosen_by_filter_and_by_kind_of_difference(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    make_person("王样", cast.branch, number="W1")
    rows = [["王样", "", "正式党员", A1, "2020-09-01", "2021-09-01", "W1"], GOOD,
            ["赵样", "", "正式党员", A1, "", "", "Z1"]]  # fmt: skip
    upload(client, *rows)
    batch = ImportBatch.objects.get()
    address = reverse("import-batch", args=[batch.pk])
    page = client.get(address, {"show": "changed", "differs": "joined_on"}).content.decode()
    assert "王样" in page
    assert (
        "没有符合条件的行"
        in client.get(address, {"show": "new", "differs": "joined_on"}).content.decode()
    )
    missing = client.get(address, {"show": "missing"}).content.decode()
    assert "党员甲" in missing
    assert 'name="line"' not in missing
    client.post(f"{address}?show=new&q=赵", {"do": "exclude-listed"})
    assert list(batch.rows.filter(excluded=True).values_list("named", flat=True)) == ["赵样"]
    client.post(address, {"do": "leave-out", "kind": ["full_member_on"]})
    assert batch.rows.get(named="王样").differs == "|full_member_on|"
    sheet = client.get(address, {"show": "new", "export": "xlsx"})
    (grid,) = read.grids(sheet.content)
    told = str(grid.rows)
    assert "李样" in told
    assert ID not in told
    assert "赵样" not in told
    do(client, batch, "confirm")
    assert Person.objects.get(name="王样").joined_on is None


def test_looking_writes_nothing(cast: Cast, as_: As) -> None:
    client = as_(cast.officer)
    upload(client, GOOD)
    batch, events = ImportBatch.objects.get(), Event.objects.count()
    for show in ("", "new", "problem", "nonsense"):
        url = reverse("import-batch", args=[batch.pk])
        assert client.get(url, {"show": show, "do": "confirm", "page": "x"}).status_code == 200
    assert client.get(reverse("import")).status_code == 200
    assert Event.objects.count() == events
    assert ImportBatch.objects.values().get() == {
        name: getattr(batch, name) for name in ImportBatch.objects.values().get()
    }


def test_what_one_may_not_import_is_not_there(cast: Cast, as_: As) -> None:
    there = [*GOOD[:3], B1, *GOOD[4:]]
    own, other = (
        imports.preview(by=cast.office, parsed=parse("roll", name, workbook([ROLL_HEADER, row])))
        for name, row in (("a.xlsx", GOOD), ("b.xlsx", there))
    )
    for name, user in cast.everyone().items():
        client = as_(user)
        rolls = {"officer": [own], "office": [own, other]}.get(name, [])
        lists = name in ("officer", "office", "secretary", "outsider")
        page = client.get(reverse("import"))
        assert page.status_code == (200 if lists else 404), name
        for batch in (own, other):
            assert (batch.file_name in page.content.decode()) == (batch in rolls), name
            address = reverse("import-batch", args=[batch.pk])
            assert client.get(address).status_code == (200 if batch in rolls else 404), name
            if batch not in rolls:
                assert client.post(address, {"do": "discard"}).status_code == 404, name
        for kind in ("roll", "activities", "nonsense"):
            may = lists if kind == "activities" else bool(rolls) and kind == "roll"
            page = client.get(reverse("import-template", args=[kind]))
            assert page.status_code == (200 if may else 404), (name, kind)


def test_a_secretary_is_offered_activities_only(cast: Cast, as_: As) -> None:
    client = as_(cast.secretary)
    shown = client.get(reverse("import")).content.decode()
    assert "活动记录" in shown
    assert "名册" not in shown
    page = upload(client, GOOD)
    assert page.status_code == 422
    assert not ImportBatch.objects.exists()


def test_a_template_offers_ones_own_branches(cast: Cast, as_: As) -> None:
    page = as_(cast.officer).get(reverse("import-template", args=["roll"]))
    assert "attachment" in page["Content-Disposition"]
    (grid, _) = read.grids(page.content)  # the choices are on a hidden sheet
    assert "姓名*" in grid.rows[3]
    offered = parts(page.content)["xl/sharedStrings.xml"].decode()
    assert A1 in offered
    assert B1 not in offered
