"""Minutes are read by rule: what is taken stands in the document, what is in doubt stays empty."""

import re
from collections import Counter
from dataclasses import fields
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.sheets import preflight
from guantong.sheets.lines_child import answer_to
from guantong.sheets.minutes import Minutes, Named, read_minutes
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import lines
from tests.sheets.made_up_minutes import EXAMPLES, Example

TITLES = {
    "held_on": "日期", "starts_at": "开始时间", "ends_at": "结束时间",
    "place": "地点", "kind": "类别", "title": "主题",
    "chair": "主持", "recorder": "记录", "lecturer": "主讲", "present": "出席", "absent": "缺席",
    "guests": "列席", "agenda": "议题", "decided": "决议",
}  # fmt: skip
PAGE = Path(__file__).parent.parent.parent / "docs/explanation/minutes.md"


def told(found: Minutes) -> dict[str, Any]:
    """What was read, as the examples are written."""
    values: dict[str, Any] = {}
    for name in TITLES:
        value = getattr(found, name)
        if value:
            values[name] = value
    for name in ("present", "absent", "guests"):
        if name in values:
            values[name] = tuple(person.name for person in values[name])
    if "held_on" in values:
        values["held_on"] = values["held_on"].isoformat()
    for name in {"starts_at", "ends_at"} & values.keys():
        values[name] = f"{values[name]:%H:%M}"
    return values


def atoms(values: dict[str, Any]) -> set[tuple[str, str]]:
    """One by one: a name of a list is right or wrong by itself."""
    return {
        (name, part)
        for name, value in values.items()
        for part in (value if isinstance(value, tuple) else (value,))
    }


def table() -> str:
    """Precision and recall of each field over the examples, as the page shows it."""
    right, read, there = Counter[str](), Counter[str](), Counter[str]()
    for example in EXAMPLES:
        found, holds = atoms(told(read_minutes(example.lines))), atoms(example.holds)
        right.update(name for name, _ in found & holds)
        read.update(name for name, _ in found)
        there.update(name for name, _ in holds)
    rows = [
        f"| {title} | {there[name]} | {read[name]} | {right[name]} "
        f"| {_share(right[name], read[name])} | {_share(right[name], there[name])} |"
        for name, title in TITLES.items()
        if there[name] or read[name]
    ]
    head = "| 内容 | 文件里有 | 读出 | 读对 | 准确率 | 召回率 |\n|---|---:|---:|---:|---:|---:|"
    return "\n".join([head, *rows])


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def test_the_page_shows_the_table_as_it_is() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=[one.habit for one in EXAMPLES])
def test_nothing_that_is_read_is_wrong_and_what_is_in_doubt_is_empty(example: Example) -> None:
    values = told(read_minutes(example.lines))

    assert atoms(values) <= atoms(example.holds)
    assert not values.keys() & set(example.in_doubt)


@pytest.mark.parametrize("example", EXAMPLES, ids=[one.habit for one in EXAMPLES])
def test_a_word_file_gives_the_same_lines(example: Example) -> None:
    answer = answer_to(in_word(example.lines))["lines"]
    assert told(read_minutes(answer)) == told(read_minutes(example.lines))


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("14:30-16:30", ("14:30", "16:30")),
        ("14:30至16:30", ("14:30", "16:30")),
        ("（周三）下午2点半到4点", ("14:30", "16:00")),
        ("上午9点—11点半", ("09:00", "11:30")),
        ("下午2:30～晚上8:00", ("14:30", "20:00")),
        ("上午9点到2点", ("09:00", None)),  # which half of the day?
        ("14:30-4:00", ("14:30", None)),
        ("9:00-11:00，14:00-16:00", ("09:00", None)),
        ("2点到4点", (None, None)),
    ],
)
def test_an_end_is_read_where_it_can_only_be_one(said: str, times: tuple[str, str]) -> None:
    found = read_minutes([f"时间：2023年6月14日{said}", "地点：文科楼201"])
    values = told(found)
    assert (values.get("starts_at"), values.get("ends_at")) == times
    assert ("ends_at" in found.doubts) == (times[1] is None and times[0] is not None)


@pytest.mark.parametrize(
    ("said", "absent"),
    [
        ("张三 病假", [("张三", "病假")]),
        ("张三（病假）", [("张三", "病假")]),
        ("张三病假，欧阳明月 因公出差", [("张三", "病假"), ("欧阳明月", "因公出差")]),
        ("张三：事假；李小四：出差", [("张三", "事假"), ("李小四", "出差")]),
        ("张三 病假 李四 王小五 事假", [("张三", "病假"), ("李四", ""), ("王小五", "事假")]),
        ("张 三 病假", [("张三", "病假")]),
        ("张三、李四 病假", [("张三", ""), ("李四", "病假")]),  # of the other it is not said
    ],
)
def test_why_somebody_is_absent_stands_behind_the_name(
    said: str, absent: list[tuple[str, str]]
) -> None:
    assert list(read_minutes([f"缺席人员：{said}"]).absent) == [Named(*one) for one in absent]


def test_several_on_one_line_are_told_apart_by_their_numbers() -> None:
    found = read_minutes(
        ["议题：1.审议转正 2.讨论经费", "决议：一、同意；二、报上级", "记录\t王五"]
    )
    assert found.agenda == ("审议转正", "讨论经费")
    assert found.decided == ("同意", "报上级")
    assert found.recorder == "王五"
    assert read_minutes(["议题：2.5万元经费 3.其他"]).agenda == ("2.5万元经费 3.其他",)


def test_the_file_is_opened_in_a_process_of_its_own() -> None:
    assert lines(in_word(EXAMPLES[0].lines)) == EXAMPLES[0].lines


def test_an_excel_sheet_with_real_dates_is_read() -> None:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write(0, 0, "支委会会议记录")
        sheet.write(1, 0, "会议时间")
        sheet.write_datetime(1, 1, datetime(2023, 5, 9), day)
        sheet.write_row(2, 0, ["主持人", "陈立", "记录人", "孙晓"])
    found = told(read_minutes(lines(file.getvalue())))

    assert found["held_on"] == "2023-05-09"
    assert (found["chair"], found["recorder"], found["kind"]) == (
        "陈立",
        "孙晓",
        "branch_committee",
    )


def test_what_is_not_a_document_is_refused_with_a_remedy() -> None:
    for content, remedy in (
        (b"%PDF-1.7", "PDF 转 Word"),
        (b"\xff\xd8\xff\xe0", "图片转文字"),
        (b"\0\0\0\x18ftypheic", "图片转文字"),
        (b"Rar!", "解压"),
        (preflight.OLE + "WordDocument".encode("utf-16-le"), "旧的 .doc 格式"),
    ):
        refused = answer_to(content)["refused"]
        assert remedy in refused
        assert "xlsx" not in refused
    for content in (b"", b"PK\x03\x04broken", in_word([]), in_word(["一"] * 2001)):
        assert answer_to(content)["refused"]
    with pytest.raises(Refusal, match="损坏"):
        lines(b"PK\x03\x04broken")


def in_word(text: list[str]) -> bytes:
    """Rows with tabs become tables."""
    document, file = docx.Document(), BytesIO()
    for line in text:
        cells = line.split("\t")
        if len(cells) == 1:
            document.add_paragraph(line)
            continue
        row = document.add_table(rows=1, cols=len(cells)).rows[0]
        for cell, value in zip(row.cells, cells, strict=True):
            cell.text = value
    document.save(file)
    return file.getvalue()


# Nothing is invented

LABELS = (
    "时间 地点 主持人 记录人 出席人员 缺席人员 会议议题 决议 主题 会议名称 列席 备注 会议内容 别的"
)
VALUES = (
    "2023年6月14日|2023.6.14 3:00|二〇二三年六月十四日|6月14日|2023年2月30日|王丁樟|"
    "王丁樟、李木子（出差）|张 三 李 四|全体党员|无|党员大会暨党课|1.研究|（二）讨论。|支委会|"
    "文科楼201|下午3点半|9:00-11:30|下午2点到4点半|王丁樟 病假|除王五外全体"
)
LABEL = st.sampled_from(LABELS.split())
VALUE = st.one_of(
    st.sampled_from(VALUES.split("|")),
    st.text(alphabet="王李张三四五年月日:：、（）()\t 0123一二同志等人。", max_size=24),
)
LINE = st.builds(lambda label, colon, value: f"{label}{colon}{value}", LABEL,
                 st.sampled_from(["：", ":", "\t", " ：", ""]), VALUE)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.one_of(LINE, VALUE), max_size=12))
def test_every_value_stands_in_the_document(text: list[str]) -> None:
    found = read_minutes(text)
    document = "".join("".join(text).split())

    for name in ("place", "title", "chair", "recorder", "lecturer"):
        assert "".join(getattr(found, name).split()) in document
    for name in ("present", "absent", "guests"):
        for person in getattr(found, name):
            assert isinstance(person, Named)
            assert person.name in document
            assert "".join(person.aside.split()) in document
    for item in (*found.agenda, *found.decided):
        assert "".join(item.split()) in document
    if found.held_on:
        numbers = {str(found.held_on.year), str(found.held_on.month), str(found.held_on.day)}
        plain = document.translate(str.maketrans("〇零一二三四五六七八九", "00123456789"))
        assert all(number in plain or "十" in document for number in numbers)
    for at in filter(None, (found.starts_at, found.ends_at)):
        hours = {at.hour, at.hour - 12}
        assert any(re.search(rf"(?<!\d)0?{hour}\s*[:：时点]", document) for hour in hours)


def test_a_value_and_a_doubt_exclude_each_other() -> None:
    for example in EXAMPLES:
        found = read_minutes(example.lines)
        for name in {field.name for field in fields(found)} & found.doubts.keys():
            assert not getattr(found, name), (example.habit, name)
