"""Files of every sort: what is read, and what is refused with which reason."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.sheets import child, preflight, read
from guantong.sheets.preflight import Refusal
from tests.sheets.workbooks import packed, parts, sheets, with_part, workbook

PLAIN = workbook([["姓名", "学号"], ["李样", "1"]])
SHEET = "xl/worksheets/sheet1.xml"
CELL = b'<c r="A1" t="inlineStr"><is><t>x</t></is></c>'


def refusal(content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read.grids(content)
    assert "。" in caught.value.text
    return caught.value.text


def sheet_xml(cells: bytes) -> bytes:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, cells)


# What is read


def test_a_workbook_is_read_with_its_types_and_places() -> None:
    (grid,) = read.grids(workbook([["a"], [], ["b", 1.5, True]]))
    assert [list(row) for row in grid.rows] == [
        ["a", None, None], [None, None, None], ["b", 1.5, True],
    ]  # fmt: skip


def test_hidden_sheets_are_left_out() -> None:
    content = sheets({"甲": [["a"]], "乙": [["b"]]}, hidden=["乙"])
    assert [grid.name for grid in read.grids(content)] == ["甲"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_the_encodings_in_use(encoding: str, delimiter: str) -> None:
    text = f"姓名{delimiter}学号\r\n李样{delimiter}0012\r\n"
    (grid,) = read.grids(text.encode(encoding))
    assert [list(row) for row in grid.rows] == [["姓名", "学号"], ["李样", "0012"]]


def test_a_cell_merged_downwards_stands_in_every_row_that_holds_anything() -> None:
    merges = b'<mergeCells count="1"><mergeCell ref="A1:A3"/></mergeCells>'
    content = workbook([["支部", "李样"], ["", "王样"], ["", ""]])
    xml = parts(content)[SHEET].replace(b"</sheetData>", b"</sheetData>" + merges)
    (grid,) = read.grids(with_part(content, SHEET, xml))
    assert [list(row) for row in grid.rows[:2]] == [["支部", "李样"], ["支部", "王样"]]
    assert not any(any(row) for row in grid.rows[2:])


def test_formats_far_away_do_no_harm() -> None:
    content = with_part(PLAIN, SHEET, sheet_xml(
        b'<row r="1">' + CELL + b'</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    ))  # fmt: skip
    (grid,) = read.grids(content)
    assert [list(row) for row in grid.rows] == [["x"]]


# What is refused


def bomb() -> bytes:
    return with_part(PLAIN, "xl/media/a.xml", b"0" * (preflight.MAX_PART + 1))


def many_bombs() -> bytes:
    return packed({**parts(PLAIN), **{f"xl/b{i}.xml": b"0" * 40_000_000 for i in range(3)}})


def lying_size() -> bytes:
    """The list of contents says 100 bytes; there are more."""
    content = bytearray(with_part(PLAIN, "xl/b.xml", b"0" * 1_000_000))
    place = content.rindex(b"xl/b.xml") - 46
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")
    return bytes(content)


def far_cell() -> bytes:
    far = b'<row r="1048576">' + CELL.replace(b"A1", b"XFD1048576") + b"</row>"
    return with_part(PLAIN, SHEET, sheet_xml(b'<row r="1">' + CELL + b"</row>" + far))


def far_row_without_reference() -> bytes:
    nameless = CELL.replace(b' r="A1"', b"")
    rows = b"".join(b'<row r="%d">%s</row>' % (r, nameless) for r in (1, 1_048_576))
    wide = b'<row r="2">' + nameless * 16_384 + b"</row>"
    return with_part(PLAIN, SHEET, sheet_xml(rows.replace(b"</row>", b"</row>" + wide, 1)))


def entities() -> bytes:
    xml = parts(PLAIN)[SHEET].replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')
    return with_part(PLAIN, SHEET, xml)


def encrypted_zip() -> bytes:
    content = bytearray(PLAIN)
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    for place in (i for i in range(len(content)) if content[i : i + 4] == b"PK\x01\x02"):
        content[place + 8] |= 1
    return bytes(content)


def with_stream(name: str) -> bytes:
    return preflight.OLE + b"\0" * 504 + name.encode("utf-16-le") + b"\0" * 512


HOSTILE = {
    "empty": (b"", "文件是空的"),
    "blank": (b" \r\n ", "文件是空的"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "PNG 图片"),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 99, "JPEG 图片"),
    "pdf": (b"%PDF-1.7\n", "PDF 文件"),
    "web page": ("<html><table><tr><td>姓名".encode(), "网页或 XML"),
    "xml spreadsheet": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook>', "网页或 XML"),
    "binary": (bytes(range(256)) * 20, "编码无法识别"),
    "truncated": (PLAIN[: len(PLAIN) // 2], "不完整或已损坏"),
    "no list of contents": (PLAIN[:-60], "不完整或已损坏"),
    "word": (packed({"word/document.xml": b"<w/>"}), "不是 Excel 工作簿"),
    "binary workbook": (packed({"xl/workbook.bin": b"x"}), ".xlsb"),
    "zip of nothing": (packed({"a.txt": b"x"}), "不是 Excel 工作簿"),
    "broken xml": (with_part(PLAIN, SHEET, b"<worksheet><sheetData><row"), "不完整或已损坏"),
    "missing sheet": (packed({n: d for n, d in parts(PLAIN).items() if n != SHEET}), "。"),
    "bomb": (bomb(), "超过 50 MB"),
    "many bombs": (many_bombs(), "超过 100 MB"),
    "lying size": (lying_size(), "不完整或已损坏"),
    "many parts": (packed({**parts(PLAIN), **{f"x/{i}": b"" for i in range(2001)}}), "2000 个"),
    "far cell": (far_cell(), "XFD1048576 太远"),
    "far row": (far_row_without_reference(), "过大"),
    "entities": (entities(), "DTD"),
    "entities in utf-16": (
        with_part(PLAIN, SHEET, '<!DOCTYPE x><a/>'.encode("utf-16")), "少见的编码"),
    "macro": (with_part(PLAIN, "xl/vbaProject.bin", b"x"), "含有宏"),
    "embedded": (with_part(PLAIN, "xl/embeddings/a.bin", b"x"), "嵌入"),
    "outside path": (with_part(PLAIN, "../../etc/x", b"x"), "指向外部"),
    "absolute path": (with_part(PLAIN, "/etc/x", b"x"), "指向外部"),
    "encrypted zip": (encrypted_zip(), "密码"),
    "encrypted workbook": (with_stream("EncryptedPackage"), "密码"),
    "old macro": (with_stream("_VBA_PROJECT_CUR"), "含有宏"),
    "old word": (with_stream("WordDocument"), "Word"),
    "ole of nothing": (with_stream("Nothing"), "不完整或已损坏"),
    "long cell": (workbook([["字" * 5001]]), "A1 的文字有 5001 字"),
    "long csv": (b"a,b\n" * 60_101, "60100 行"),
    "wide csv": (b"a," * 101, "100 列"),
    "quote without end": (b'a,"' + b"b" * 200_000, "。"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(content: bytes, says: str) -> None:
    begin = monotonic()
    assert says in refusal(content)
    assert monotonic() - begin < child.SECONDS


def test_parts_of_one_name_are_refused() -> None:
    target = io.BytesIO(PLAIN)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "a") as archive:
        archive.writestr(SHEET, b"<worksheet/>")
    assert "重名" in refusal(target.getvalue())


def test_a_file_beyond_the_limit_is_not_opened() -> None:
    assert "超过 20 MB" in refusal(b"a" * (read.MAX_FILE + 1))


def test_the_child_process_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the preflight: without it the reader dies alone and nothing else does."""
    script = (
        "from guantong.sheets import child, preflight\n"
        "preflight.check_xlsx = lambda content: None\n"
        "child.main()"
    )
    monkeypatch.setattr(read, "CHILD", [read.CHILD[0], "-c", script])
    assert "过大" in refusal(far_cell())


def test_the_child_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANTONG_SECRET_KEY", "x")
    assert set(read.bare_environment()) <= {"PATH", "SYSTEMROOT", "PYTHONUTF8",
                                        "PYTHONDONTWRITEBYTECODE"}  # fmt: skip


def test_a_reader_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "CHILD", [read.CHILD[0], "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(read, "PATIENCE", 0.5)
    assert "已停止" in refusal(PLAIN)


# Any file at all: in this process, so that a crash would be seen


def answer(content: bytes) -> str:
    found = child.answer_to(content)
    assert found.keys() in ({"sheets"}, {"refused"})
    return found.get("refused", "")


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    answer(content)


def mutants() -> Iterator[st.SearchStrategy[bytes]]:
    size = len(PLAIN)
    yield st.integers(0, size).map(lambda n: PLAIN[:n])
    yield st.tuples(st.integers(0, size - 1), st.integers(0, 255)).map(
        lambda pair: PLAIN[: pair[0]] + bytes([pair[1]]) + PLAIN[pair[0] + 1 :]
    )
    names = sorted(parts(PLAIN))
    yield st.sampled_from(names).map(
        lambda gone: packed({n: d for n, d in parts(PLAIN).items() if n != gone})
    )
    yield st.tuples(st.sampled_from(names), st.integers(0, 400), st.binary(max_size=20)).map(
        lambda part: with_part(
            PLAIN, part[0],
            (data := parts(PLAIN)[part[0]])[: part[1]] + part[2] + data[part[1] + len(part[2]) :],
        )
    )  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(*mutants()))
def test_any_mutant_of_a_workbook_is_read_or_refused(content: bytes) -> None:
    answer(content)


def test_the_child_answers_what_the_function_does() -> None:
    (grid,) = read.grids(PLAIN)
    assert child.answer_to(PLAIN)["sheets"][0]["rows"] == [list(row) for row in grid.rows]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of the limits")
def test_the_limits_are_set() -> None:
    script = (
        "from guantong.sheets import child; child.limit_this_process()\n"
        "import resource as r; print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CORE)[0])"
    )
    done = subprocess.run(
        [read.CHILD[0], "-c", script], capture_output=True, text=True, check=True, cwd=read.ROOT
    )
    assert done.stdout.split() == [str(child.MEMORY), "0"]
