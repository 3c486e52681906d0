"""Get the printed lines out of a file, .txt or .docx; refuse what is neither. No clauses here."""

from pathlib import Path
from typing import BinaryIO

from guantong.plans.model import DocumentRefused, Line, Source
from guantong.plans.sentences import pieces
from guantong.plans.word import word_source

TEXT_BYTES = 2**20  # a plan has some 20 kB
WORD_BYTES = 50 * 2**20
LINES = 20_000
ONLY_TEXT = "请只留正文再读"
SAVE_AS = "请用 Word 或 WPS 打开，另存为 .docx 或 .txt 再读"
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also what an encrypted .docx is wrapped in
BLANKS = "\t\n\v\f\r\x1a"  # \x1a ended a text file under DOS


def read_source(path: Path) -> Source:
    """Read by suffix; raise DocumentRefused when the content does not bear it out."""
    suffix = path.suffix.lower()
    if suffix not in (".txt", ".docx"):
        raise DocumentRefused(f"不读 {suffix or '没有后缀'} 的文件，只读 .txt 和 .docx。{SAVE_AS}")
    limit = TEXT_BYTES if suffix == ".txt" else WORD_BYTES
    with path.open("rb") as file:
        content = _limited(file, limit)
    if content.startswith(OLD_WORD):
        raise DocumentRefused(f"这是旧版 Word（.doc）或加了密码的文件。如有密码先去掉，{SAVE_AS}")
    source = Source(text_lines(decoded(content))) if suffix == ".txt" else word_source(content)
    if len(source.lines) > LINES:
        raise DocumentRefused(f"文件超过 {LINES} {source.unit}，不像计划文件。{ONLY_TEXT}")
    return source


def _limited(file: BinaryIO, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise DocumentRefused(f"文件超过 {limit // 2**20} MB，不像计划文件。{ONLY_TEXT}")
    if not content.strip():
        raise DocumentRefused("文件是空的")
    return content


def decoded(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise DocumentRefused("内容不是文本，像是改了后缀的 .docx。请改回 .docx 再读")
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(char < " " and char not in BLANKS for char in text):
            return text
    raise DocumentRefused("内容不是文本，或编码认不出。请另存为 UTF-8 编码的 .txt 再读")


def text_lines(text: str) -> tuple[Line, ...]:
    """Number lines as an editor does; a page feed cuts a line without being counted."""
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(
        Line(number, piece) for number, row in enumerate(rows, 1) for piece in pieces(row)
    )
