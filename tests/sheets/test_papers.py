"""Word templates: the closed grammar, what is filled in, and what nobody should upload."""

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from guantong.sheets import papers
from guantong.sheets.paper_child import Template, answer_to
from guantong.sheets.papers import Values
from guantong.sheets.preflight import Refusal

KNOWN = ["姓名", "党支部", "培养联系人", "名单/姓名", "名单/党支部"]


def made(*paragraphs: str | list[str], row: tuple[str, ...] = ()) -> bytes:
    """A document; a paragraph as a list is cut into runs just so."""
    document = docx.Document()
    for paragraph in paragraphs:
        line = document.add_paragraph()
        for run in [paragraph] if isinstance(paragraph, str) else paragraph:
            line.add_run(run)
    if row:
        table = document.add_table(1, len(row))
        for place, text in enumerate(row):
            table.cell(0, place).text = text
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def texts(content: bytes) -> list[str]:
    document = docx.Document(io.BytesIO(content))
    lines = [paragraph.text for paragraph in document.paragraphs]
    rows = ["|".join(cell.text for cell in row.cells) for t in document.tables for row in t.rows]
    return [*lines, *rows]


def changed(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one part changed, or added where it is not there."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            part = old.read(one)
            new.writestr(one, change(part) if one == name else part, zipfile.ZIP_DEFLATED)
        if name not in old.namelist():
            new.writestr(name, change(b""), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def filled(template: bytes, **more: Any) -> list[str]:
    """In this process: the child is tried where it matters."""
    told = Template(template)
    return texts(told.filled({"fields": {"姓名": "张三", "党支部": "一支部"}, **more}))


# What is filled in


def test_a_place_may_be_cut_into_any_runs() -> None:
    whole = "甲{{姓名}}乙{{ 党支部 }}丙"
    for cut in range(1, len(whole)):
        runs = [whole[:cut], whole[cut:]]
        assert filled(made(runs)) == ["甲张三乙一支部丙"], runs
    assert filled(made(list(whole))) == ["甲张三乙一支部丙"]


def test_what_is_filled_in_is_never_read_again() -> None:
    told = {"姓名": "{{党支部}}", "党支部": "a<b>&\x00\x0b\n第二行"}
    assert filled(made("{{姓名}}／{{党支部}}"), fields=told) == ["{{党支部}}／a<b>&\n第二行"]


def test_a_row_is_repeated_for_each_of_the_list() -> None:
    template = made("{{姓名}}", row=("{{名单/姓名}}", "{{党支部}}"))
    roll = [{"姓名": "张"}, {"姓名": "李"}]
    assert filled(template, lists={"名单": roll}) == ["张三", "张|一支部", "李|一支部"]
    assert filled(template, lists={"名单": []}) == ["张三", "|一支部"]


def test_headers_and_the_look_of_the_run_are_kept() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "{{党支部}}"
    document.add_paragraph().add_run("{{姓名}}").bold = True
    target = io.BytesIO()
    document.save(target)
    made_ = docx.Document(io.BytesIO(papers.filled(target.getvalue(), KNOWN, [_person()])[0]))
    assert made_.sections[0].header.paragraphs[0].text == "一支部"
    assert [(run.text, run.bold) for run in made_.paragraphs[0].runs] == [("张三", True)]


def _person(name: str = "张三") -> Values:
    return Values({"姓名": name, "党支部": "一支部"})


def test_forty_people_at_once_and_the_same_bytes_again() -> None:
    template = made("{{姓名}}同志")
    people = [_person(f"党员{number}") for number in range(41)]
    first = papers.filled(template, KNOWN, people)
    assert [texts(one) for one in first] == [[f"党员{n}同志"] for n in range(41)]
    assert papers.filled(template, KNOWN, people[:1]) == first[:1]
    archive = zipfile.ZipFile(io.BytesIO(papers.together([("决议", b"1"), ("决议", b"2")])))
    assert archive.namelist() == ["决议.docx", "决议（2）.docx"]


# What a check tells


def test_a_misspelt_name_is_told_with_the_nearest_right_one() -> None:
    found = papers.check(made("{{姓名}}{{培养连系人}}{{qqq}}"), KNOWN)
    assert found.found == ("姓名", "培养连系人", "qqq")
    assert found.unknown == (("培养连系人", "培养联系人"), ("qqq", ""))
    assert "是不是“培养联系人”" in found.told()[0]
    assert papers.check(made("{{姓名}}"), KNOWN).fit
    with pytest.raises(Refusal, match="认不出"):
        papers.filled(made("{{姓各}}"), KNOWN, [_person()])


@pytest.mark.parametrize(
    "text", ["{{姓名", "姓名}}", "｛｛姓名｝｝", "{% for x in y %}", "${姓名}", "{{{姓名}}"]
)
def test_what_only_looks_like_a_place_is_told(text: str) -> None:
    assert not papers_check(text).fit


def papers_check(text: str, row: tuple[str, ...] = ()) -> papers.Check:
    told = Template(made(text, row=row)).check(KNOWN)
    return papers.Check(tuple(told["found"]), tuple(told["unknown"]), tuple(told["problems"]))


@pytest.mark.parametrize(
    "name",
    ["姓名.__class__", "__class__", "self", "姓名|upper", "姓名()", "姓名[0]", "1+1", "名单.姓名",
     "''.__class__.__mro__", "姓名/__init__", ""],
)  # fmt: skip
def test_there_are_no_attributes_and_no_expressions(name: str) -> None:
    told = papers_check(f"{{{{{name}}}}}")
    assert not told.fit, name
    assert filled(made(f"<{{{{{name}}}}}>")) == ["<>"]  # and nothing would come of it


def test_a_list_stands_in_a_table() -> None:
    assert "只能写在表格的行里" in papers_check("{{名单/姓名}}").problems[0]
    assert papers_check("", row=("{{名单/姓名}}", "{{名单/党支部}}")).fit


# What nobody should upload


def _relation(kind: str, target: str) -> Callable[[bytes], bytes]:
    one = (
        '<Relationship Id="x9" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/{kind}" Target="{target}" TargetMode="External"/>'
    )
    return lambda part: part.replace(b"</Relationships>", one.encode() + b"</Relationships>")


RELS, BODY = "word/_rels/document.xml.rels", "word/document.xml"
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "not a zip": lambda _: b"PK\x03\x04 nothing",
    "something else": lambda _: b"\x89PNG",
    "no document": lambda d: changed(d, BODY, lambda p: p.replace(b"w:document", b"w:x"))[:900],
    "a macro": lambda d: changed(d, "word/vbaProject.bin", lambda _: b"x"),
    "a document with macros on": lambda d: changed(
        d, "[Content_Types].xml", lambda p: p.replace(b"document.main", b"document.macroEnabled")
    ),
    "a template elsewhere": lambda d: changed(
        d, RELS, _relation("attachedTemplate", "http://x.example/t.dotm")
    ),
    "a picture elsewhere": lambda d: changed(d, RELS, _relation("image", "file:///etc/passwd")),
    "an entity": lambda d: changed(
        d, BODY, lambda p: p.replace(b"<w:document", b"<!DOCTYPE x [<!ENTITY e 'e'>]><w:document")
    ),
    "a path outside": lambda d: changed(d, "../../etc/passwd", lambda _: b"x"),
    "a bomb": lambda d: changed(d, BODY, lambda p: p + b" " * 9 * 2**20),
    "depth without end": lambda d: changed(
        d, BODY, lambda p: p.replace(b"<w:p>", b"<w:p>" + b"<w:r>" * 9000 + b"</w:r>" * 9000, 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused(name: str) -> None:
    harmless = made("{{姓名}}")
    assert "。" in asked(HOSTILE[name](harmless)).get("refused", "")


def asked(template: bytes) -> dict[str, Any]:
    """What the child answers, asked in this process."""
    letters = base64.b64encode(template).decode()
    return answer_to({"template": letters, "known": KNOWN, "each": []})


@pytest.mark.parametrize("instruction", ["INCLUDETEXT x", " DDEAUTO c:\\\\x", "includepicture y"])
def test_a_field_that_fetches_is_refused(instruction: str) -> None:
    document = docx.Document()
    run = document.add_paragraph().add_run()._r
    begin, told = OxmlElement("w:fldChar"), OxmlElement("w:instrText")
    begin.set(qn("w:fldCharType"), "begin")
    told.text = instruction
    run.append(begin)
    run.append(told)
    target = io.BytesIO()
    document.save(target)
    assert "域" in asked(target.getvalue())["refused"]


def test_a_hyperlink_is_harmless_and_nothing_breaks_the_child() -> None:
    linked = changed(made("{{姓名}}"), RELS, _relation("hyperlink", "https://x.example/"))
    assert asked(linked)["check"]["unknown"] == []
    assert "refused" in answer_to({"template": "", "known": [], "each": []})
