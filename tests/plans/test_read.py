"""How a plan document falls into clauses. `sample.txt` is made up; it has what real ones have:
page cuts through sentences, mixed forms of numbers, headings with and without a body."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.plans.load import decoded, text_lines
from guantong.plans.model import Document, DocumentRefused, Level, Source
from guantong.plans.numbering import VALUES, marker_of, spelled, written
from guantong.plans.read import read_document, split
from guantong.plans.sentences import broken_off

SAMPLE = Path(__file__).parent / "sample.txt"
REAL = Path(__file__).parents[3] / "shared/plan/jyu-2021-2023.txt"


def read(text: str) -> Document:
    return split(Source(text_lines(text)))


def tree(document: Document) -> list[tuple[str, str, str]]:
    return [(clause.path, clause.title, clause.text) for clause in document.clauses]


def reasons(document: Document) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in document.problems]


# The sample, whole

SAMPLE_TREE = [
    ("一", "总的想法", ""),
    ("一/(一)", "往哪里走", "书为人所用，馆为书找人。"),
    (
        "一/(二)",
        "怎么分年",
        "三年各有重点，2031—2033年依次是“理清家底”“送书上门”“读者共建”，每年年末看一次效果。",
    ),
    ("二", "要做的事", ""),
    ("二/(一)", "把书管好，把家底理清", ""),
    (
        "二/(一)/1",
        "盘点馆藏",
        "每学年盘点1次，误差不超过1.5%，账目按“1+2+3”的办法分级登记。损坏的书在30日内修补。",
    ),
    (
        "二/(一)/2",
        "更新书目",
        "新书到馆后，3、4月集中编目；按照第二部分（一）的要求核对旧目。",
    ),
    ("二/(二)", "把书送到人手里，让读者少跑路", ""),
    ("二/(二)/3", "开行书车", "书车每周到每个校区不少于2次，路线由读者投票。"),
    ("二/(二)/4", "2032年起延长开放时间", "考试周通宵开放。"),
    ("三", "怎么保证", "各分馆一起出力，馆长总负责。"),
    ("三/(一)", "分工", "分馆写出自己的做法（牵头：办公室）"),
    ("三/(二)", "检查", "每学期互查1次，互查的结果贴在门口。"),
]


def test_the_sample_falls_into_its_clauses() -> None:
    document = read_document(SAMPLE)
    assert tree(document) == SAMPLE_TREE
    assert [len(list(document.of(level))) for level in Level] == [3, 6, 4]
    assert not document.problems


def test_a_clause_has_its_number_in_one_form_and_its_line() -> None:
    found = {clause.path: clause for clause in read_document(SAMPLE).clauses}
    assert [found[path].number for path in ("二", "二/(二)", "二/(二)/3")] == ["二", "(二)", "3"]
    assert found["二/(二)/3"].line == 50


def test_the_head_is_read() -> None:
    head = read_document(SAMPLE).head
    assert head.number == "云图〔2031〕7号"
    assert head.issuer == "云岭学院图书馆"
    assert head.issued == date(2031, 3, 9)
    assert head.addressee == "各分馆、各阅览室（含流动书车）"
    assert head.notice == "关于印发《云岭学院阅读推广三年计划》的通知"
    assert head.letter == "现将《云岭学院阅读推广三年计划》印发给你们，请照此办理。"
    assert head.title == "云岭学院阅读推广三年计划"
    assert head.preamble.endswith("（云图〔2029〕2号），制定本计划。")


def test_what_belongs_to_no_clause_is_named_with_its_line() -> None:
    document = read_document(SAMPLE)
    assert [(remark.line, remark.text) for remark in document.unplaced] == [
        (22, "- 1 -"),
        (62, "附件：1.书车路线"),
        (63, "2.开放时间"),
        (65, "抄送：后勤处。"),
    ]


# Numbers


@pytest.mark.parametrize(
    ("line", "number", "rest"),
    [
        ("一、总则", "一", "总则"),
        ("二十一、附则", "二十一", "附则"),
        ("（三）检查。", "(三)", "检查。"),
        ("(三) 检查。", "(三)", "检查。"),
        ("（三)检查。", "(三)", "检查。"),
        ("1. 盘点。", "1", "盘点。"),
        ("１２．盘点。", "12", "盘点。"),
        ("1、盘点。", "1", "盘点。"),
        ("1.2031年底前盘点。", "1", "2031年底前盘点。"),
    ],
)
def test_a_number_in_any_form_opens_a_clause(line: str, number: str, rest: str) -> None:
    marker = marker_of(line)
    assert marker
    assert (marker.number, marker.rest) == (number, rest)


@pytest.mark.parametrize(
    "line",
    ["1.5倍", "1. 5倍", "3、4月", "1+1+9”", "2031年", "一是", "一一、", "（1）甲", "①甲", "0.甲"],
)
def test_a_figure_opens_none(line: str) -> None:
    assert marker_of(line) is None


@given(st.integers(1, 99))
def test_numerals_are_read_as_they_are_written(value: int) -> None:
    assert VALUES[spelled(value)] == value


def test_levels_may_be_left_out() -> None:
    document = read("一、甲\n1.乙。丙。\n2.丁。戊。\n二、己\n（一）庚。辛。")
    assert [clause.path for clause in document.clauses] == ["一", "一/1", "一/2", "二", "二/(一)"]
    assert [clause.path for clause in read("（一）甲\n1.乙。").clauses] == ["(一)", "(一)/1"]


def test_tasks_count_on_through_the_sections_or_begin_again() -> None:
    through = "一、甲\n（一）乙\n1.丙。\n2.丁。\n（二）戊\n{}.己。"
    assert not read(through.format(3)).problems
    assert not read(through.format(1)).problems
    assert reasons(read(through.format(2))) == [(6, "任务编号从 2 开始，前面没有 1")]


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("（四）丁。", "节编号从 (二) 跳到 (四)"),
        ("（二）丁。", "节编号重复，前面已有 (二)"),
    ],
)
def test_a_number_that_does_not_follow_is_kept_and_reported(last: str, reason: str) -> None:
    document = read(f"一、甲\n（一）乙。\n（二）丙。\n{last}")
    assert document.clauses[-1].title == "丁"
    assert reasons(document) == [(4, reason)]


# Cuts


@pytest.mark.parametrize(
    "cut",
    [
        "账目按“\n1、甲类”登记。",  # a quotation is open
        "分为甲、\n二、丙三类。",  # a comma
        "看第\n五、六两节。",  # no end, and not the number that should come
        "看本章\n（一）、（二）两节。",  # what follows cannot begin a paragraph
    ],
)
def test_a_number_in_a_cut_sentence_opens_no_clause(cut: str) -> None:
    document = read(f"一、甲\n（一）乙。做事。{cut}\n（二）丁。戊。")
    assert document.clauses[1].text == "做事。" + cut.replace("\n", "")
    assert [clause.path for clause in document.clauses] == ["一", "一/(一)", "一/(二)"]
    assert [line for line, reason in reasons(document) if "像编号" in reason] == [3]


def test_of_two_lines_with_the_awaited_number_the_one_after_a_stop_opens_the_clause() -> None:
    document = read("一、甲\n（一）乙。做事。比照本章\n（二）那样做。\n（二）丁。戊。")
    assert tree(document)[1:] == [
        ("一/(一)", "乙", "做事。比照本章（二）那样做。"),
        ("一/(二)", "丁", "戊。"),
    ]


def test_a_forgotten_stop_does_not_swallow_the_next_clause() -> None:
    document = read("一、甲\n1.乙。做事\n2.丙。丁。")
    assert tree(document)[1:] == [("一/1", "乙", "做事"), ("一/2", "丙", "丁。")]


def test_a_heading_cut_by_a_page_is_told_from_a_heading_with_a_body_by_its_neighbours() -> None:
    in_line = read("一、甲\n1.乙。做。\n2.盘点\n馆藏。每年一次。\n3.丙。做。")
    assert in_line.clauses[2].title == "盘点馆藏"
    alone = read("一、甲\n1.乙\n做。\n2.盘点\n馆藏每年盘点。好。\n3.丙\n做。")
    assert tree(alone)[2] == ("一/2", "盘点", "馆藏每年盘点。好。")


def test_latin_words_keep_the_blank_at_a_cut() -> None:
    assert read("一、甲。用open\nsource软件。").clauses[0].text == "用open source软件。"


def test_page_numbers_and_contents_are_put_aside() -> None:
    document = read(
        "目  录\n一、甲……1\n二、乙......2\n一、甲。子\n\n— 2 —\n\n丑。\n\f二、乙。寅。"
    )
    assert tree(document) == [("一", "甲", "子丑。"), ("二", "乙", "寅。")]
    assert [remark.line for remark in document.unplaced] == [1, 2, 3, 6]


# Head and tail of other shapes


def test_a_plan_without_a_notice_is_signed_at_its_end() -> None:
    document = read(
        "阅读计划\n为了读书，定此计划。\n一、甲。乙。\n云岭学院\n二〇三一年十二月九日\n附件"
    )
    head = document.head
    assert (head.title, head.issuer, head.issued) == ("阅读计划", "云岭学院", date(2031, 12, 9))
    assert head.preamble == "为了读书，定此计划。"
    assert [remark.text for remark in document.unplaced] == ["附件"]
    assert document.clauses[-1].text == "乙。"


def test_a_day_that_does_not_exist_is_no_date() -> None:
    document = read("云岭学院\n2031年2月30日\n计划\n为了读书。\n一、甲。")
    assert document.head.issued is None


def test_a_document_may_begin_with_its_first_clause() -> None:
    assert read("一、甲。").head.title == ""


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends_make_no_difference(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    path = tmp_path / "计划.TXT"
    path.write_text(SAMPLE.read_text(encoding="utf-8"), encoding=encoding, newline=newline)
    assert read_document(path) == read_document(SAMPLE)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "文件是空的"),
        ("a.txt", b" \n\r\n", "文件是空的"),
        ("a.txt", "没有编号。".encode(), "没有找到条款"),
        ("a.txt", b"\x00\x01\x02\x03", "内容不是文本"),
        ("a.txt", b"\xff\xff\xff", "内容不是文本"),
        ("a.txt", b"PK\x03\x04...", "请改回 .docx"),
        ("a.txt", b"1." * 2**20, "超过 1 MB"),
        ("a.txt", "一、甲\n".encode() * 20_001, "超过 20000 行"),
        ("a.doc", b"", "不读 .doc"),
        ("a", b"", "不读 没有后缀"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Word"),
    ],
)
def test_what_is_no_plan_document_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentRefused, match=reason):
        read_document(path)


@given(st.binary())
def test_any_bytes_are_either_read_or_refused(content: bytes) -> None:
    with suppress(DocumentRefused):
        assert split(Source(text_lines(decoded(content)))).clauses


# Any tree, printed in any way, reads back as it was

WORDS = [
    "甲乙",
    "“1+1+9”",
    "达到1.5倍",
    "（一）所列",
    "《办法》",
    "2031年起",
    "二、三级",
    "5G",
    "丙（丁）",
]
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6)
titles = words.map(lambda found: "办" + "，".join(found))
bodies = st.lists(words.map(lambda found: "要" + "，".join(found) + "。"), max_size=3).map("".join)

type Node = tuple[str, str, bool, list[Node]]  # title, body, heading alone on its line, children


@st.composite
def siblings(draw: st.DrawFn, level: int) -> list[Node]:
    """Clauses side by side are set alike: heading and body in one paragraph, or apart."""
    alone = draw(st.booleans())
    count = draw(st.integers(1, 4))
    # A lone clause has no neighbours that show how it is set.
    body = st.just("") if alone and count == 1 else bodies
    children = siblings(level + 1) if level < Level.TASK else st.just([])
    return [(draw(titles), draw(body), alone, draw(children)) for _ in range(count)]


def clauses(nodes: list[Node], level: Level, above: str = "") -> list[tuple[str, str, str]]:
    found = []
    for value, (title, body, _, children) in enumerate(nodes, 1):
        path = above + written(level, value)
        found.append((path, title, body))
        if children:
            found += clauses(children, Level(level + 1), f"{path}/")
    return found


@st.composite
def printed(draw: st.DrawFn, nodes: list[Node], level: Level = Level.CHAPTER) -> str:
    """The lines of a printout: cut anywhere a page or a line may end."""
    lines = []
    for value, (title, body, alone, children) in enumerate(nodes, 1):
        opening = draw(numbers(level, value))
        if alone:
            lines += [opening + title] if body else draw(cuts(opening, title))
            lines += draw(cuts("", body))
        else:
            neighbours_show = len(nodes) > 2 and value == 1
            heading = "" if neighbours_show else title + "。"
            lines += draw(cuts(opening + heading, (title + "。" + body).removeprefix(heading)))
        if children:
            lines.append(draw(printed(children, Level(level + 1))))
    return "".join(line + draw(line_ends) for line in lines)


line_ends = st.sampled_from(
    ["\n", "\n\n", "\r\n", " \n　　", "\n\f", "\v", "\n\n- 12 -\n\n", "\n第 3 页\n"]
)


def numbers(level: Level, value: int) -> st.SearchStrategy[str]:
    match level:
        case Level.CHAPTER:
            forms = [f"{spelled(value)}、", f"{spelled(value)}．", f"{spelled(value)}、 "]
        case Level.SECTION:
            forms = [
                f"{left}{spelled(value)}{right}" for left in "（(" for right in ["）", ")", ") "]
            ]
        case Level.TASK:
            wide = str(value).translate(str.maketrans("123456789", "１２３４５６７８９"))
            forms = [
                f"{figure}{dot}"
                for figure in (str(value), wide)
                for dot in (".", "．", "、", ". ")
            ]
    return st.sampled_from(forms)


@st.composite
def cuts(draw: st.DrawFn, begin: str, text: str) -> list[str]:
    """Cut the text that follows `begin` into lines."""
    at = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
    pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
    lines = [begin + pieces[0]]
    for piece in pieces[1:]:
        # Nobody could tell a line that is only a figure from a page number, nor one that begins
        # with a number after a whole sentence from a clause.
        if (
            piece.isdigit()
            or lines[-1].isdigit()
            or (marker_of(piece) and not broken_off(lines[-1]))
        ):
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line for line in lines if line]


@given(st.data())
def test_any_tree_reads_back_from_any_printout(data: st.DataObject) -> None:
    nodes = data.draw(siblings(Level.CHAPTER))
    text = data.draw(printed(nodes))
    assert tree(read(text)) == clauses(nodes, Level.CHAPTER)


# The document the system was made for, where it is at hand


@pytest.mark.skipif(not REAL.exists(), reason="the plan's own text is not part of the project")
def test_the_plan_of_2021_is_read_whole() -> None:
    document = read_document(REAL)
    assert [len(list(document.of(level))) for level in Level] == [3, 14, 21]
    assert not document.problems
    assert not document.unplaced
    printed = "".join(REAL.read_text(encoding="utf-8").split())
    told = "".join(clause.number + clause.title + clause.text for clause in document.clauses)
    assert bare(printed[printed.index("一、") :]) == bare(told)


def bare(text: str) -> str:
    return "".join(char for char in text if char not in "（）()。、. ")
