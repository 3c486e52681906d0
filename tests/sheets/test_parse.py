"""Whole sheets as they come: titles above, notes below, headers in many spellings."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from guantong.conditions.parse import CatalogueError
from guantong.records import catalogue
from guantong.records.imports.rows import EVERYONE, ActivityRow, Named, RollRow
from guantong.sheets import parse as parsing
from guantong.sheets import write
from guantong.sheets.layout import load_layouts
from guantong.sheets.parse import layouts, parse
from guantong.sheets.preflight import Refusal
from tests.sheets.workbooks import parts, sheets, with_part, workbook

LEAST = ["姓名", "所在党支部"]


def roll(*rows: list[Any]) -> tuple[list[RollRow], str]:
    found = parse("roll", "a.xlsx", workbook(rows))
    return list(found.rows), "\n".join(found.notes)


def refusal(*rows: list[Any], kind: str = "roll") -> str:
    with pytest.raises(Refusal) as caught:
        parse(kind, "a.xlsx", workbook(rows))
    return caught.value.text


@pytest.mark.parametrize(
    ("field", "headers"),
    [
        ("name", ["姓名", "党员姓名", "姓　名", "姓\n名", " 姓 名 *", "姓名（必填）"]),
        ("id_number", ["身份证号", "公民身份号码", "身份证号码(18位)", "居民身份证号"]),
        ("joined_on", ["入党时间", "加入党组织日期", "入党时间：", "入党时间（年.月）"]),
        ("full_member_on", ["转正时间", "转为正式党员日期"]),
        ("status", ["人员类别", "党员类别"]),
        ("org", ["所在党支部", "党支部", "【所在】党支部"]),
        ("number", ["学号", "工号", "学号/工号", "学号／工号"]),
        ("phone", ["联系电话", "手机", "联系电话（手机）"]),
        ("gender", ["性别"]),
        ("birth_date", ["出生日期", "出生年月"]),
    ],
)
def test_headers_are_found_in_many_spellings(field: str, headers: list[str]) -> None:
    for header in headers:
        others = [h for h, f in (("姓名", "name"), ("所在党支部", "org")) if f != field]
        found = parse("roll", "a", workbook([[header, *others], ["李样", "李样", "李样"]]))
        assert found.columns[field].letters == "A", header


def test_a_roll_that_tells_of_nobodys_kind_says_which_columns_are_wanted() -> None:
    _, notes = roll(LEAST, ["李样", "一支部"])
    assert "没有“人员类别”、“转正时间”列：新增的行至少要有其中一列" in notes
    assert "人员类别" not in notes[notes.index("选填") :]
    _, notes = roll([*LEAST, "转正时间"], ["李样", "一支部", "2020-09-01"])
    assert "至少要有其中一列" not in notes


def test_many_remarks_are_counted() -> None:
    _, notes = roll(LEAST, ["李样", "一支部"], *[[f"注：{n}", ""] for n in range(14)])
    assert "12 等 14 行像是说明或合计" in notes


def test_a_messy_sheet_is_read() -> None:
    rows, notes = roll(
        ["示例大学党员名册", "", ""],
        [],
        ["序号", "党员\n姓名", "所在 党支部", "入党时间", "民族"],
        [1.0, "李　样", "第一党支部", date(2020, 9, 1), "汉"],
        [],
        [2.0, "王样例", "第一党支部", 2020.9, ""],
        ["序号", "党员\n姓名", "所在 党支部", "入党时间", "民族"],
        [3.0],
        ["注：以上截至 6 月"],
        ["填表人：", "某某"],
    )
    assert [(row.line, row.name) for row in rows] == [(4, "李样"), (6, "王样例")]
    assert rows[0].joined_on == rows[1].joined_on == date(2020, 9, 1)
    assert (rows[0].months, rows[1].months) == (frozenset(), {"joined_on"})
    assert "E 列“民族”" in notes
    assert "第 9、10 行像是说明" in notes


def test_a_wrong_cell_names_itself_and_spares_the_others() -> None:
    rows, _ = roll([*LEAST, "身份证号", "入党时间"], ["李样", "甲", 110105194912310021, "去年"])
    assert [(p.field, bool(p.remedy)) for p in rows[0].problems] == [
        ("id_number", True), ("joined_on", True),
    ]  # fmt: skip
    assert rows[0].name == "李样"


def test_a_required_cell_left_empty_is_a_problem() -> None:
    rows, _ = roll(LEAST, ["李样", ""])
    assert [(p.field, p.what) for p in rows[0].problems] == [("org", "所在党支部空着")]


def test_a_header_may_have_two_storeys() -> None:
    content = workbook([["姓名", "所在党支部", "党籍", ""], ["", "", "入党时间", "转正时间"],
                        ["李样", "甲", "2020-09-01", "2021-09-01"]])  # fmt: skip
    merges = b'<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:B2"/></mergeCells>'
    sheet = "xl/worksheets/sheet1.xml"
    xml = parts(content)[sheet].replace(b"</sheetData>", b"</sheetData>" + merges)
    found = parse("roll", "a", with_part(content, sheet, xml))
    assert sorted(found.columns) == ["full_member_on", "joined_on", "name", "org"]
    assert found.rows[0].line == 3


def test_a_sheet_without_what_is_needed_is_refused_with_the_reason() -> None:
    assert "没有找到表头行" in refusal(["随便"], ["什么"])
    missing = refusal(["姓名", "入党时间"], ["李样", "2020.9"])
    assert "缺少“所在党支部”" in missing
    assert "党支部、支部" in missing
    assert "B 列“支部”和 C 列“党支部”都是" in refusal(["姓名", "支部", "党支部"], ["a", "b", "c"])
    assert "下面没有内容" in refusal(LEAST)
    assert "表里没有内容" in refusal()


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_ROWS", 2)
    assert "一次最多导入 2 行" in refusal(LEAST, *[["李样", "甲"]] * 3)


def test_the_sheet_with_the_most_columns_is_read_and_the_others_named() -> None:
    content = sheets({"说明": [["x"]], "一": [LEAST, ["李样", "甲"]],
                      "二": [[*LEAST, "学号"], ["王样", "乙", "1"]]})  # fmt: skip
    found = parse("roll", "a", content)
    assert [row.name for row in found.rows] == ["王样"]
    assert any("只读工作表“二”" in note and "“一”" in note for note in found.notes)


def test_an_activity_is_read_with_its_people() -> None:
    found = parse("activities", "a", workbook([
        ["主办单位", "活动类型", "主题", "活动时间", "时长", "主讲人", "参加人员", "请假人员"],
        ["甲支部、乙支部；甲支部", "支委会", "议事", "2023-05-12 14:30", "2学时", "李样",
         "全体党员", "王样（病假）"],
    ]))  # fmt: skip
    (row,) = found.rows
    assert row == ActivityRow(
        line=2, hosts=("甲支部", "乙支部"), kind="branch_committee", title="议事",
        held_on=date(2023, 5, 12), starts_at=time(14, 30), hours=Decimal(2),
        lecturer=(Named("李样"),), attended=EVERYONE, absent=(Named("王样", "病假"),),
    )  # fmt: skip


def test_an_old_workbook_is_read_too() -> None:
    """`old.xls` was written by an old program: a merged title, a merged branch, a number."""
    content = (Path(__file__).parent / "old.xls").read_bytes()
    first, second, third = parse("roll", "old.xls", content).rows
    assert (first.line, first.name, first.joined_on) == (3, "李样", date(2020, 9, 1))
    assert "前 15 位" in second.problems[0].what
    assert (second.org, third.org) == ("乙", "乙")


def test_csv_is_as_unsure_about_october_as_a_workbook() -> None:
    found = parse("roll", "a.csv", "姓名,党支部,入党时间\n李样,甲,2020.1\n".encode("gb18030"))
    assert "可能是 1 月，也可能是 10 月" in found.rows[0].problems[0].what


@pytest.mark.parametrize("kind", ["roll", "activities"])
def test_a_template_is_empty_until_somebody_fills_it_in(kind: str) -> None:
    content = write.template(layouts()[kind], orgs=["第一党支部"])
    with pytest.raises(Refusal, match="第 4 行表头的下面没有内容"):
        parse(kind, "a", content)


# The layouts themselves


def test_examples_are_what_their_columns_accept() -> None:
    for layout in layouts().values():
        rows = [[c.title for c in layout.columns], [c.example for c in layout.columns]]
        (row,) = parse(layout.kind, "a", workbook(rows)).rows
        assert row.problems == ()


def test_a_required_column_says_on_what_it_rests() -> None:
    required = [c for layout in layouts().values() for c in layout.columns if c.required]
    assert required
    assert all("《" in column.basis for column in required)


def test_no_personal_field_is_read_without_a_purpose() -> None:
    text = (settings.CATALOGUE_DIR / "purposes.yaml").read_text(encoding="utf-8")
    kept = {f["field"] for purpose in yaml.safe_load(text).values() for f in purpose["fields"]}
    membership = {"org": "org", "status": "status", "branch_since": "valid_from"}
    for column in layouts()["roll"].columns:
        person, span = f"person.{column.field}", membership.get(column.field)
        assert {person, f"membership.{span}"} & kept, column.field


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("    basis:", "    grund:"), "没有这一项"),
        (("required: true\n    basis: {instrument: jiaoyu-2019, article: \"35\"}",
          "required: true"), "必填的列要有依据"),
        (("as: phone", "as: telephone"), "不认识"),
        (("正式: full", "正式: vollwertig"), "没有代码 vollwertig"),
        (("headers: [党员姓名", "headers: [性别, 党员姓名"), "既是"),
        (("jiaoyu-2019", "nirgends-1900"), "regulations.yaml 里没有"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_layout_is_named(change: tuple[str, str], says: str, tmp_path: Any) -> None:
    text = (settings.CATALOGUE_DIR / "sheets" / "roll.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "roll.yaml").write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=says):
        load_layouts(tmp_path, catalogue.current())
