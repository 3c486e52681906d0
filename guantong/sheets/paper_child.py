"""Looks through or fills in one Word template, in a process of its own with limits.

`python -m guantong.sheets.paper_child`: JSON in on standard input, JSON out. In: {"template":
base64, "known": [name, ...], "each": [{"fields": {name: text}, "lists": {list: [{name: text}]}}]}.
Out: {"refused": text} or {"check": ..., "files": [base64, ...]}, one file for each of `each`.

The grammar is closed: {{名称}} stands for one of the known names and nothing else. There are no
expressions, no attributes, no nesting; what is filled in is never read again. A name "列表/栏" may
stand in a row of a table, which is repeated for each item of the list.
"""

import base64
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from difflib import get_close_matches
from io import BytesIO
from typing import Any, Final

from lxml import etree

from guantong.plans.model import DocumentRefused
from guantong.plans.word import preflight
from guantong.sheets.child import limit_this_process

MEBI: Final = 1024 * 1024
MAX_TEMPLATE, MAX_ANSWER, MAX_ITEMS = 4 * MEBI, 64 * MEBI, 500
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
FILLED: Final = re.compile(r"word/(document|header[0-9]*|footer[0-9]*)\.xml")
PLACE: Final = re.compile(r"\{\{([^{}]{0,80})\}\}")
STRAY: Final = re.compile(r"\{\0|\0\}|\{\{|\}\}|｛｛|｝｝|\{%|\$\{")
NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ROW_LIST: Final = re.compile(r"([^/]+)/([^/]+)")
HYPERLINK: Final = "/hyperlink"
ACTIVE: Final = re.compile(r"\s*(INCLUDE|DDE|LINK|MACROBUTTON|DATABASE|IMPORT)", re.IGNORECASE)
ALWAYS: Final = (1980, 1, 1, 0, 0, 0)  # so that the same content is the same file
REMEDY: Final = "请用 Word 把正文复制到一个新的 .docx 再上传。"

type Element = Any
type Values = Mapping[str, Any]


def main() -> None:
    limit_this_process()
    asked = json.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(json.dumps(answer_to(asked), ensure_ascii=False).encode())


def answer_to(asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        template = Template(base64.b64decode(asked["template"]))
        checked = template.check(asked["known"])
        if asked["each"] and any(checked[key] for key in ("unknown", "problems")):
            return {"refused": "模板里有认不出的内容，请先检查模板。"}
        files, room = [], MAX_ANSWER
        for values in asked["each"]:
            files.append(base64.b64encode(template.filled(values)).decode())
            room -= len(files[-1])
            if room < 0:
                return {"refused": "一次生成的文件过大，请分几次生成。"}
        return {"check": checked, "files": files}
    except DocumentRefused as refused:
        return {"refused": str(refused)}
    except MemoryError:
        return {"refused": f"模板展开后过大。{REMEDY}"}
    except Exception as error:  # the one boundary: broken files raise anything
        return {"refused": f"不是完好的 .docx 模板（{type(error).__name__}）。{REMEDY}"}


class Template:
    """The parts of a .docx that was found harmless; those with text as trees."""

    def __init__(self, content: bytes) -> None:
        if len(content) > MAX_TEMPLATE:
            raise DocumentRefused(f"模板超过 {MAX_TEMPLATE // MEBI} MB。请删去图片再上传。")
        preflight(content)
        with zipfile.ZipFile(BytesIO(content)) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        if "word/document.xml" not in self.parts:
            raise DocumentRefused(f"不是 Word 文字文档。{REMEDY}")
        _refuse_active(self.parts)
        self.trees = {
            name: _parsed(part) for name, part in self.parts.items() if FILLED.fullmatch(name)
        }
        for tree in self.trees.values():
            _refuse_fields(tree)

    # ------------------------------------------------------------ looking through

    def check(self, known: Iterable[str]) -> dict[str, Any]:
        """Names found, those unknown with the nearest right one, and what is wrong in words."""
        names, found, problems = set(known), [], []
        for paragraph in self._paragraphs():
            text = _text(paragraph)
            found += [match[1].strip() for match in PLACE.finditer(text)]
            if STRAY.search(PLACE.sub("\0", text)):
                problems.append(f"“{text[:40]}”：占位要写成半角的 {{{{名称}}}}，成对，不跨段落。")
            problems += _misplaced(paragraph, text, names)
        listed = list(dict.fromkeys(found))
        unknown = [
            [name, *get_close_matches(name, names, 1, 0.4)] for name in listed if name not in names
        ]
        return {"found": listed, "unknown": unknown, "problems": list(dict.fromkeys(problems))}

    def _paragraphs(self) -> Iterator[Element]:
        for tree in self.trees.values():
            yield from tree.iter(f"{W}p")

    # ------------------------------------------------------------ filling in

    def filled(self, values: Mapping[str, Any]) -> bytes:
        fields, lists = values["fields"], values.get("lists", {})
        target = BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, part in self.parts.items():
                if name in self.trees:
                    tree = deepcopy(self.trees[name])
                    _repeat_rows(tree, lists, fields)
                    for paragraph in list(tree.iter(f"{W}p")):
                        _fill(paragraph, fields)
                    part = etree.tostring(
                        tree, xml_declaration=True, encoding="UTF-8", standalone=True
                    )
                archive.writestr(zipfile.ZipInfo(name, ALWAYS), part, zipfile.ZIP_DEFLATED)
        return target.getvalue()


# ---------------------------------------------------------------- harmless?


def _parsed(part: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(part, parser)


def _refuse_active(parts: Mapping[str, bytes]) -> None:
    """Nothing that runs, and nothing that is fetched from elsewhere when somebody opens it."""
    for name, part in parts.items():
        if name.endswith(".rels"):
            for relation in _parsed(part):
                kind = str(relation.get("Type", ""))
                if relation.get("TargetMode") == "External" and not kind.endswith(HYPERLINK):
                    raise DocumentRefused(f"模板引用了文件以外的内容（{name}）。{REMEDY}")
                if kind.endswith(("/aFChunk", "/oleObject", "/control", "/vbaProject")):
                    raise DocumentRefused(f"模板嵌入了别的文件或控件。{REMEDY}")
        elif name == "[Content_Types].xml" and b"macroEnabled" in part:
            raise DocumentRefused(f"这是启用宏的文档。{REMEDY}")


def _refuse_fields(tree: Element) -> None:
    told = [str(one.get(f"{W}instr", "")) for one in tree.iter(f"{W}fldSimple")]
    told.append("".join(one.text or "" for one in tree.iter(f"{W}instrText")))
    told += [one.text or "" for one in tree.iter(f"{W}instrText")]
    if any(ACTIVE.match(instruction) for instruction in told):
        raise DocumentRefused(f"模板里有会读取外部内容的域。{REMEDY}")


# ---------------------------------------------------------------- one paragraph


def _texts(paragraph: Element) -> list[Element]:
    """Its own texts in order, however many runs they are cut into; not those of a box in it."""
    return [one for one in paragraph.iter(f"{W}t") if _nearest(one, f"{W}p") is paragraph]


def _text(paragraph: Element) -> str:
    return "".join(one.text or "" for one in _texts(paragraph))


def _nearest(element: Element, tag: str) -> Element | None:
    return next(element.iterancestors(tag), None)


def _fill(paragraph: Element, fields: Values) -> None:
    """Put values in; each comes where its first brace stood, in the look of that run."""
    pieces = _texts(paragraph)
    matches = list(PLACE.finditer("".join(one.text or "" for one in pieces)))
    if not matches:
        return
    starts, at = [], 0
    for one in pieces:
        starts.append(at)
        at += len(one.text or "")
    for match in reversed(matches):  # from the end, so that what stands before keeps its place
        _put(pieces, starts, match.span(), str(fields.get(match[1].strip(), "")))
    for one in pieces:
        _break_lines(one)


def _put(pieces: list[Element], starts: list[int], span: tuple[int, int], value: str) -> None:
    first, end = span
    for one, start in reversed(list(zip(pieces, starts, strict=True))):
        text = one.text or ""
        low, high = max(first - start, 0), min(end - start, len(text))
        if low >= high:
            continue
        here = value if start <= first else ""
        one.text = text[:low] + NOT_XML.sub("", here) + text[high:]
        one.set(SPACE, "preserve")


def _break_lines(piece: Element) -> None:
    lines = (piece.text or "").splitlines()
    if len(lines) < 2:
        return
    piece.text, after = lines[0], piece
    for line in lines[1:]:
        broken, more = etree.Element(f"{W}br"), etree.Element(f"{W}t")
        more.text = line
        more.set(SPACE, "preserve")
        after.addnext(broken)
        broken.addnext(more)
        after = more


# ---------------------------------------------------------------- rows of tables


def _list_of(text: str) -> set[str]:
    found = (ROW_LIST.fullmatch(match[1].strip()) for match in PLACE.finditer(text))
    return {match[1] for match in found if match}


def _misplaced(paragraph: Element, text: str, known: set[str]) -> Iterator[str]:
    lists = {name for name in _list_of(text) if any(k.startswith(f"{name}/") for k in known)}
    if not lists:
        return
    row = _nearest(paragraph, f"{W}tr")
    if row is None:
        yield f"“{text[:40]}”：{'、'.join(sorted(lists))}只能写在表格的行里，这一行按人重复。"
    elif len(_lists_in(row)) > 1:
        yield f"“{text[:40]}”：一行里只能用一份列表。"


def _lists_in(row: Element) -> set[str]:
    return {
        name
        for paragraph in row.iter(f"{W}p")
        if _nearest(paragraph, f"{W}tr") is row
        for name in _list_of(_text(paragraph))
    }


def _repeat_rows(tree: Element, lists: Mapping[str, list[Values]], fields: Values) -> None:
    """A row that names a list stands once for each item; without items once, with blanks."""
    for row in list(tree.iter(f"{W}tr")):
        for name in _lists_in(row):
            items = lists.get(name, [])[:MAX_ITEMS] or [{}]
            for item in reversed(items):
                copy = deepcopy(row)
                told = {**fields, **{f"{name}/{key}": value for key, value in item.items()}}
                for paragraph in list(copy.iter(f"{W}p")):
                    _fill(paragraph, told)
                row.addnext(copy)
            row.getparent().remove(row)


if __name__ == "__main__":
    main()
