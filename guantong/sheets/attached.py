"""What may be attached to a record: decided by what a file holds, never by its name.

PDF, Word, Excel, PowerPoint without macros, and (where the school allows) JPEG and PNG, which are
drawn anew in a child process. What is unsafe to open is refused with the reason.
"""

import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from typing import Final

from guantong.sheets import preflight
from guantong.sheets.child import SECONDS
from guantong.sheets.picture import BROKEN
from guantong.sheets.preflight import MEBI, OLE, ZIP, Refusal
from guantong.sheets.read import ROOT, bare_environment

CHILD: Final = [sys.executable, "-s", "-m", "guantong.sheets.picture"]
JPEG, PNG, PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"
FORMS: Final = {  # the file's ending and what the browser is told, by kind
    "pdf": ("PDF", "application/pdf"),
    "docx": ("Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": (
        "PowerPoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "jpg": ("图片", "image/jpeg"),
    "png": ("图片", "image/png"),
}
PICTURES: Final = frozenset({"jpg", "png"})
OFFICE: Final = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx",
                 "ppt/presentation.xml": "pptx"}  # fmt: skip
ACTIVE: Final = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch", b"/EmbeddedFile", b"/Encrypt")
ALLOWED: Final = "可以附 PDF、Word（.docx）、Excel（.xlsx）和 PowerPoint（.pptx）"
LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: `kind` of FORMS, `name` with that kind's ending."""

    kind: str
    name: str
    content: bytes


def checked(name: str, content: bytes, *, most_mb: int, photos: bool) -> Checked:
    """Return what to keep; raise Refusal, which says what is wrong with the file."""
    if len(content) > most_mb * MEBI:
        raise Refusal(f"文件超过 {most_mb} MB。请压缩或分开。")
    kind = _kind(content, f"{ALLOWED}，或照片（JPEG、PNG）" if photos else ALLOWED)
    if kind in PICTURES:
        if not photos:
            raise Refusal("学校没有启用照片附件。会议和学习记录不需要照片，写清楚就可以。")
        kind, content = _redrawn(content)
    elif kind == "pdf":
        _check_pdf(content)
    return Checked(kind, _called(name, kind), content)


def _kind(content: bytes, allowed: str) -> str:
    if content.startswith(PDF):
        return "pdf"
    if content.startswith(JPEG):
        return "jpg"
    if content.startswith(PNG):
        return "png"
    if content.startswith(ZIP):
        return _office(content, allowed)
    if content.startswith(OLE):
        raise Refusal("这是旧版 Office 文件或设了密码的文件。请另存为 .docx、.xlsx 或 PDF 再附。")
    if not content.strip(b"\0 \t\r\n"):
        raise Refusal("文件是空的。请核对是否选错了文件。")
    other = preflight.other_format(content)
    what = f" {other}" if other else "这种文件"
    raise Refusal(f"不能附{what}（看的是内容，改扩展名不行）。{allowed}。")


def _office(content: bytes, allowed: str) -> str:
    """Which of them, safe to open; the same limits as for a spreadsheet that is imported."""
    try:
        names = preflight.check_office(content)
    except Refusal:
        raise
    except Exception:  # zipfile raises anything where a file is broken
        raise Refusal("文件不完整或已损坏，无法打开。请重新导出。") from None
    kinds = [kind for part, kind in OFFICE.items() if part in names]
    if len(kinds) != 1:
        raise Refusal(f"压缩包不能附。{allowed}。")
    return kinds[0]


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-2048:]:
        raise Refusal("PDF 不完整。请重新导出。")
    if any(word in content for word in ACTIVE):
        raise Refusal("PDF 设了密码，或含有脚本、嵌入文件。请重新打印成普通 PDF 再附。")


def _redrawn(content: bytes) -> tuple[str, bytes]:
    try:
        done = subprocess.run(
            CHILD, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=SECONDS, cwd=ROOT, env=bare_environment(), check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):  # at its limits
        raise Refusal("图片过大或已损坏，已停止处理。请缩小后再传。") from None
    answer, rest = done.stdout[:1], done.stdout[1:]
    if answer not in (b"J", b"P"):
        raise Refusal(rest.decode() or BROKEN)
    return ("jpg" if answer == b"J" else "png"), rest


def _called(name: str, kind: str) -> str:
    """The name without folders, control characters and another ending."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    stem = kept.rpartition(".")[0] or kept or "附件"
    return f"{stem[:LONGEST_NAME]}.{kind}"
