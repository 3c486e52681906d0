"""Reads one document inside a process of its own: `python -m guantong.sheets.lines_child`.

As `child`, but for text: answers {"refused": text} or {"lines": [...]}, a row of a table as one
line with its cells apart by tabs.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from guantong.plans import word
from guantong.plans.model import DocumentRefused
from guantong.sheets import child, preflight
from guantong.sheets.preflight import Refusal

MAX_LINES, MAX_LINE = 2_000, 5_000
SAVE_AS = "请用 Word 或 WPS 打开，另存为 .docx 再读。"
REMEDIES = {  # by the first of these words in what a file is
    "图片": "照片和扫描件里没有文字。请用 WPS 或手机的“图片转文字”转成 .docx 再读，或照着填表。",
    "PDF": "请用 WPS 的“PDF 转 Word”转成 .docx 再读，或照着填表。",
    "压缩包": "请解压，一次会议一个文件。",
    "": SAVE_AS,
}


def main() -> None:
    child.limit_this_process()
    answer = json.dumps(answer_to(sys.stdin.buffer.read()), ensure_ascii=False)
    sys.stdout.buffer.write(answer.encode("utf-8", "surrogatepass"))


def answer_to(content: bytes) -> dict[str, Any]:
    try:
        lines = [line.rstrip() for line in _lines(content) if line.strip()]
    except Refusal as refusal:
        return {"refused": refusal.text.replace(preflight.SAVE_AS, SAVE_AS)}
    except DocumentRefused as refusal:
        return {"refused": f"{refusal}。"}
    except MemoryError:
        return {"refused": preflight.too_big("文件展开后过大").text}
    except Exception as error:  # the one boundary: readers of broken files raise anything
        reason = f"{type(error).__name__}: {error}"[:120]
        return {"refused": f"文件不完整或已损坏（{reason}）。{SAVE_AS}"}
    if len(lines) > MAX_LINES or max(map(len, lines), default=0) > MAX_LINE:
        return {"refused": "文件太长，不像一次会议的记录。请只留这一次的内容。"}
    if not lines:
        return {"refused": "文件里没有文字。扫描件请先转成文字。"}
    return {"lines": lines}


def _lines(content: bytes) -> Iterator[str]:
    if content.startswith(preflight.OLE) and "WordDocument".encode("utf-16-le") in content:
        raise Refusal(f"这是旧的 .doc 格式。{SAVE_AS}")
    if what := preflight.other_format(content):
        remedy = next(told for word, told in REMEDIES.items() if word in what)
        raise Refusal(f"这是 {what}，不是 .docx 或 Excel（看的是内容，改扩展名不行）。{remedy}")
    if content.startswith(preflight.ZIP) and _is_word(content):
        yield from _word(content)
        return
    for sheet in child.sheets(content)[:1]:
        for row in sheet["rows"]:
            cells = [_cell(cell) for cell in row]
            yield "\t".join(cell for cell in cells if cell)


def _is_word(content: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return "word/document.xml" in archive.namelist()


def _cell(cell: Any) -> str:
    if isinstance(cell, dict):
        return str(next(iter(cell.values()))).replace("T00:00:00", "").replace("T", " ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _word(content: bytes) -> Iterator[str]:
    import docx
    from docx.oxml.ns import qn

    word.preflight(content)
    body = docx.Document(BytesIO(content)).element.body
    for node in body.iterchildren(qn("w:p"), qn("w:tbl")):
        if node.tag == qn("w:p"):
            yield word.text_of(node)
            continue
        for row in node.iter(qn("w:tr")):
            cells = [
                [text for p in cell.iter(qn("w:p")) if (text := word.text_of(p).strip())]
                for cell in row.iterchildren(qn("w:tc"))
            ]
            yield "\t".join(cell[0] for cell in cells if cell)
            for cell in cells:  # what goes on below, each paragraph a line of its own
                yield from cell[1:]


if __name__ == "__main__":
    main()
