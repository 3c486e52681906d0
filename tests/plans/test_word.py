"""Plan documents in .docx, built here with python-docx: what is read, what is refused."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given
from hypothesis import strategies as st

from guantong.plans import word
from guantong.plans.load import text_lines
from guantong.plans.model import Document, DocumentRefused, Source
from guantong.plans.read import read_document, split
from guantong.plans.word import word_source
from tests.plans.test_read import SAMPLE, tree

LISTS = """
<w:abstractNum {ns} w:abstractNumId="90">
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/>
    <w:lvlText w:val="%1、"/></w:lvl>
  <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>
    <w:lvlText w:val="（%2）"/></w:lvl>
  <w:lvl w:ilvl="2"><w:start w:val="1"/><w:lvlRestart w:val="0"/><w:numFmt w:val="decimal"/>
    <w:lvlText w:val="%3."/></w:lvl>
  <w:lvl w:ilvl="3"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl>
</w:abstractNum>"""
LIST = '<w:num {ns} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'
AGAIN = """<w:num {ns} w:numId="91"><w:abstractNumId w:val="90"/>
  <w:lvlOverride w:ilvl="2"><w:startOverride w:val="1"/></w:lvlOverride></w:num>"""


def element(xml: str) -> Any:
    return parse_xml(xml.replace("{ns}", nsdecls("w")))


def with_lists() -> Any:
    document = docx.Document()
    lists = document.part.numbering_part.element
    lists.insert(0, element(LISTS))
    lists.extend([element(LIST), element(AGAIN)])
    return document


def numbered(document: Any, text: str, level: int, number_list: int = 90) -> Any:
    paragraph = document.add_paragraph(text)
    paragraph._p.get_or_add_pPr().append(
        element(
            f'<w:numPr {{ns}}><w:ilvl w:val="{level}"/><w:numId w:val="{number_list}"/></w:numPr>'
        )
    )
    return paragraph


def saved(document: Any) -> bytes:
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def read(document: Any) -> Document:
    return split(word_source(saved(document)))


# What is read


def test_a_word_document_reads_like_its_text(tmp_path: Path) -> None:
    document = docx.Document()
    for line in text_lines(SAMPLE.read_text(encoding="utf-8")):
        document.add_paragraph(line.text)
    path = tmp_path / "计划.docx"
    document.save(str(path))
    found, wanted = read_document(path), read_document(SAMPLE)
    assert (found.head, tree(found)) == (wanted.head, tree(wanted))


def test_numbers_that_word_prints_itself_are_counted() -> None:
    document = with_lists()
    numbered(document, "甲", 0)
    numbered(document, "乙", 1)
    numbered(document, "丙。做事。", 2)
    numbered(document, "要点。", 3)
    numbered(document, "丁", 1)
    numbered(document, "戊。做事。", 2)
    numbered(document, "己", 0)
    numbered(document, "庚", 1)
    numbered(document, "辛。做事。", 2, number_list=91)
    assert tree(read(document)) == [
        ("一", "甲", ""),
        ("一/(一)", "乙", ""),
        ("一/(一)/1", "丙", "做事。要点。"),
        ("一/(二)", "丁", ""),
        ("一/(二)/2", "戊", "做事。"),
        ("二", "己", ""),
        ("二/(一)", "庚", ""),
        ("二/(一)/1", "辛", "做事。"),
    ]


def test_a_style_may_carry_the_numbers() -> None:
    document = with_lists()
    for name, level, based_on in [("章", 0, None), ("节", 1, "章")]:
        style = document.styles.add_style(name, docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles[based_on] if based_on else None
        number_list = "" if based_on else '<w:numId w:val="90"/>'
        style.element.get_or_add_pPr().append(
            element(f'<w:numPr {{ns}}><w:ilvl w:val="{level}"/>{number_list}</w:numPr>')
        )
    document.add_paragraph("甲", style="章")
    document.add_paragraph("乙。丙。", style="节")
    document.add_paragraph("丁", style="章")
    assert tree(read(document)) == [("一", "甲", ""), ("一/(一)", "乙", "丙。"), ("二", "丁", "")]


def test_tracked_changes_and_controls_are_read_as_they_show() -> None:
    document = docx.Document()
    body = document.element.body
    body.insert(0, element(
        "<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>一、甲。</w:t></w:r>"
        "<w:ins><w:r><w:t>新加。</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>删去。</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>移走。</w:t></w:r></w:moveFrom>"
        "<w:r><w:t>留</w:t><w:br/><w:t>下。</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    ))  # fmt: skip
    assert tree(read(document)) == [("一", "甲", "新加。留下。")]


def test_text_in_tables_and_boxes_is_reported() -> None:
    document = docx.Document()
    document.add_paragraph("一、甲。乙。")
    document.add_table(1, 2).cell(0, 1).text = "1.指标"
    document.add_paragraph("二、丙。丁。").add_run()._r.append(
        element(
            "<w:pict {ns}><w:txbxContent>"
            "<w:p><w:r><w:t>旁注</w:t></w:r></w:p></w:txbxContent></w:pict>"
        )
    )
    found = read(document)
    assert tree(found) == [("一", "甲", "乙。"), ("二", "丙", "丁。")]
    assert [(remark.line, remark.text, remark.reason) for remark in found.unplaced] == [
        (1, "1.指标", "表格里的文字"),
        (2, "旁注", "文本框里的文字"),
    ]
    assert found.unit == "段"


# What is refused


@cache
def good() -> bytes:
    document = docx.Document()
    document.add_paragraph("一、甲。乙。")
    return saved(document)


def changed(
    change: Callable[[str, bytes], bytes] = lambda name, part: part, **more: bytes
) -> bytes:
    """The good document with parts changed or added; `__` in a name stands for a slash."""
    file = BytesIO()
    with ZipFile(BytesIO(good())) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        for name, part in more.items():
            target.writestr(name.replace("__", "/"), part)
    return file.getvalue()


def declaring(encoding: str) -> bytes:
    """An entity that would bring in another file, in the main part."""
    start = f'<?xml version="1.0" encoding="{encoding}"?>'
    doctype = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'

    def change(name: str, part: bytes) -> bytes:
        if name != "word/document.xml":
            return part
        text = part.decode().partition("?>")[2].replace("甲", "&f;")
        return (start + doctype + text).encode(encoding)

    return changed(change)


def multiplied(name: str, part: bytes) -> bytes:
    if name != "word/document.xml":
        return part
    return part.replace(b"<w:body>", b"<w:body>" + b"<w:p/>" * word.PARAGRAPHS)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip at all": (lambda: b"PK\x03\x04 nothing", "不是完好的"),
    "an entity": (lambda: declaring("utf-8"), "实体声明"),
    "an entity in another encoding": (lambda: declaring("utf-16"), "实体声明"),
    "a bomb": (lambda: changed(word__big=b"\0" * (word.PART_BYTES + 1)), "解开后过大"),
    "a big tree": (lambda: changed(**{"a.xml": b" " * (word.XML_BYTES + 1)}), "解开后过大"),
    "many parts": (lambda: changed(**{f"p{i}": b"" for i in range(word.PARTS)}), "部件过多"),
    "a macro": (lambda: changed(**{"word__vbaProject.bin": b"x"}), "宏"),
    "an object": (lambda: changed(**{"word__embeddings__o.bin": b"x"}), "嵌入的对象"),
    "a way out": (lambda: changed(**{"..__x": b"x"}), "路径越界"),
    "many paragraphs": (lambda: changed(multiplied), "超过 20000 段"),
    "broken parts": (lambda: changed(lambda name, part: part[:40]), "不是完好的"),
    "a cut file": (lambda: good()[:-100], "不是完好的"),
}


@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_broken_file_is_refused_in_chinese(
    make: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(DocumentRefused, match=reason):
        word_source(make())


def test_the_good_document_is_not_refused() -> None:
    assert tree(split(word_source(changed()))) == [("一", "甲", "乙。")]


@given(st.data())
def test_a_damaged_part_is_read_or_refused_but_breaks_nothing(data: st.DataObject) -> None:
    hurt = data.draw(
        st.sampled_from(["word/document.xml", "word/numbering.xml", "word/styles.xml"])
    )

    def damage(name: str, part: bytes) -> bytes:
        if name != hurt:
            return part
        begin, end = sorted(data.draw(st.integers(0, len(part))) for _ in "be")
        return part[:begin] + data.draw(st.sampled_from([b"", b"x", b'"', b"<w:p/>"])) + part[end:]

    with suppress(DocumentRefused):
        assert isinstance(word_source(changed(damage)), Source)
