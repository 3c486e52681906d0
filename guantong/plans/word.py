"""The lines of a .docx: paragraphs with the numbers Word prints before them.

Refuses hostile files before a parser that could be hurt sees them. No clauses here.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from guantong.plans.model import DocumentRefused, Line, Remark, Source
from guantong.plans.sentences import pieces
from guantong.plans.word_numbers import Numbers

PARTS = 2000
PART_BYTES = 50 * 2**20
XML_BYTES = 8 * 2**20  # a tree in memory takes some thirty times as much
ALL_BYTES = 100 * 2**20
PARAGRAPHS = 20_000
XML = (".xml", ".rels")
DANGEROUS = ("vbaproject.bin", "/embeddings/", "/activex/")
REMEDY = "请用 Word 打开，把正文另存为新的 .docx 或 .txt 再读"

TEXT = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
ELSEWHERE = {qn("w:tbl"): "表格里的文字", qn("w:txbxContent"): "文本框里的文字"}
NOT_SHOWN = (
    qn("w:moveFrom"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
)
NOTES = {"/word/footnotes.xml": "脚注", "/word/endnotes.xml": "尾注"}


def word_source(content: bytes) -> Source:
    try:
        preflight(content)
        return _source(docx.Document(BytesIO(content)))
    except DocumentRefused:
        raise
    except Exception as error:  # damaged files raise ten kinds of it, with no common base
        raise DocumentRefused(f"不是完好的 .docx 文字文档。{REMEDY}") from error


# ---------------------------------------------------------------- is it safe to open


def preflight(content: bytes) -> None:
    """Raise DocumentRefused for what a plan document has no need of."""
    with ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        if reason := _danger(parts):
            raise DocumentRefused(f"Word 文件{reason}，为安全起见不读。{REMEDY}")
        for part in parts:
            if part.filename.lower().endswith(XML):
                _refuse_declarations(archive, part)


def _danger(parts: list[ZipInfo]) -> str:
    names = [part.filename for part in parts]
    if len(parts) > PARTS or len(set(names)) < len(names):
        return "的部件过多或重名"
    if sum(part.file_size for part in parts) > ALL_BYTES or any(map(_too_big, parts)):
        return "解开后过大"
    if any(part.flag_bits & 1 or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED)
           for part in parts):  # fmt: skip
        return "加了密或用了少见的压缩方法"
    if any(name.startswith("/") or ".." in PurePosixPath(name).parts or "\\" in name
           for name in names):  # fmt: skip
        return "的部件路径越界"
    if any(word in f"/{name.lower()}" for name in names for word in DANGEROUS):
        return "带有宏或嵌入的对象"
    return ""


def _too_big(part: ZipInfo) -> bool:
    limit = XML_BYTES if part.filename.lower().endswith(XML) else PART_BYTES
    return part.file_size > limit


def _refuse_declarations(archive: ZipFile, part: ZipInfo) -> None:
    """No office program writes a document type; entities and outside files come through it."""

    def refuse(*_: object) -> None:
        raise DocumentRefused(f"Word 文件的部件 {part.filename} 带有实体声明，不读。{REMEDY}")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(part) as stream:
        parser.ParseFile(stream)


# ---------------------------------------------------------------- what it says


def _source(document: Any) -> Source:
    """Walk the XML: python-docx's own text leaves out tracked insertions and content controls."""
    numbers = Numbers(document)
    lines: list[Line] = []
    aside: list[Remark] = []
    for count, paragraph in enumerate(document.element.body.iter(qn("w:p")), 1):
        if count > PARAGRAPHS:
            raise DocumentRefused(f"Word 文件超过 {PARAGRAPHS} 段，不像计划文件。请只留正文再读")
        if _inside(paragraph, NOT_SHOWN):
            continue
        label = numbers.label(paragraph)  # an empty paragraph counts as well
        shown = pieces(text_of(paragraph))
        if not shown:
            continue
        at = lines[-1].number if lines else 0
        if place := _inside(paragraph, tuple(ELSEWHERE)):
            aside.append(Remark(at, "".join(shown), ELSEWHERE[place]))
        else:
            shown[0] = label + shown[0]
            lines.extend(Line(at + 1, piece) for piece in shown)
    return Source(
        tuple(lines), "段", (*aside, *_notes(document, lines[-1].number if lines else 0))
    )


def text_of(paragraph: Any) -> str:
    """What a paragraph shows: with tracked insertions, without what was moved away."""
    return "".join(
        (node.text or "") if node.tag == qn("w:t") else TEXT.get(node.tag, "")
        for node in paragraph.iter(qn("w:t"), *TEXT)
        if next(node.iterancestors(qn("w:p"))) is paragraph and not _inside(node, NOT_SHOWN)
    )


def _inside(node: Any, tags: tuple[str, ...]) -> str:
    """The nearest of these elements that a node stands in, "" for none."""
    return next((str(around.tag) for around in node.iterancestors(*tags)), "")


def _notes(document: Any, at: int) -> Iterator[Remark]:
    for part in document.part.package.iter_parts():
        if kind := NOTES.get(str(part.partname)):
            for paragraph in parse_xml(part.blob).iter(qn("w:p")):
                if text := text_of(paragraph).strip():
                    yield Remark(at, text, kind)
