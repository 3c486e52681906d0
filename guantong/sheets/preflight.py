"""What a file is by its content, and whether it is safe to open. Opens nothing itself.

Runs in the child process (`child`), for it decompresses. Knows no sheet, no field, no Django.
"""

import re
import zipfile
from io import BytesIO

MEBI = 1024 * 1024
MAX_PARTS, MAX_PART, MAX_TOTAL = 2_000, 50 * MEBI, 100 * MEBI
MAX_ROWS, MAX_COLUMNS = 60_100, 100
CHUNK = MEBI

OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
OTHER_FORMATS = {
    b"\x89PNG": "PNG 图片",
    b"\xff\xd8\xff": "JPEG 图片",
    b"GIF8": "GIF 图片",
    b"BM": "BMP 图片",
    b"%PDF": "PDF 文件",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
    b"{\\rtf": "RTF 文档",
}
HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
SAVE_AS = "请用 Excel 或 WPS 打开，另存为 .xlsx 再导入。"
LEAVE_OUT = "请只留要导入的工作表，删去图片和格式，或分成几个文件。"

# One cell's or row's opening tag. No part of it can match in two ways, so time is linear.
CELL = re.compile(rb"<(?:[A-Za-z]\w{0,9}:)?c\s([^<>]*)>")
REFERENCE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
LONGEST_TAG = 500


class Refusal(Exception):
    """The file is not read. `text` is Chinese: what is wrong and how to mend it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def kind_of(content: bytes) -> str:
    """Return "xlsx", "xls" or "csv" (any text); refuse what is something else."""
    if not content.strip(b"\0 \t\r\n"):
        raise Refusal("文件是空的。请核对是否选错了文件。")
    if content.startswith(ZIP):
        return "xlsx"
    if content.startswith(OLE):
        return "xls"
    if what := other_format(content):
        raise Refusal(f"这不是 Excel 文件，内容是 {what}（只改扩展名不行）。{SAVE_AS}")
    start = content.removeprefix(b"\xef\xbb\xbf")[:2000].lstrip().lower()
    if start.startswith(b"<"):
        raise Refusal(f"这是网页或 XML 格式的表格，不是真正的 Excel 文件。{SAVE_AS}")
    return "csv"


def other_format(content: bytes) -> str:
    """What a file is that is no office file at all; empty if it may be one."""
    if content[4:8] == b"ftyp":  # what phones take pictures in
        return "HEIC 图片" if content[8:12] in HEIF else "视频文件"
    found = (what for magic, what in OTHER_FORMATS.items() if content.startswith(magic))
    return next(found, "")


def check_xls(content: bytes) -> None:
    """Old Excel files, and new ones with a password, are OLE containers of named streams."""
    if _named(content, "EncryptedPackage") or _named(content, "EncryptionInfo"):
        raise Refusal("文件设了打开密码，无法读取。请在 Excel 中取消密码后再导入。")
    if _named(content, "_VBA_PROJECT_CUR") or _named(content, "_VBA_PROJECT"):
        raise Refusal(f"文件含有宏。{SAVE_AS}")
    if _named(content, "WordDocument") or _named(content, "PowerPoint Document"):
        raise Refusal(f"这是 Word 或 PowerPoint 文件，不是表格。{SAVE_AS}")


def check_xlsx(content: bytes) -> None:
    """Raises whatever a broken archive makes zipfile raise, too."""
    names = check_office(content)
    if "xl/workbook.xml" not in names:
        raise Refusal(f"这不是 Excel 工作簿（可能是 Word、WPS 文字或压缩包）。{SAVE_AS}")


def check_office(content: bytes) -> set[str]:
    """Any of the newer Office files; return the names of its parts."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        _check_parts(parts)
        read = 0
        for part in parts:
            read += _check_part(archive, part, MAX_TOTAL - read)
    return {part.filename for part in parts}


def too_big(what: str) -> Refusal:
    return Refusal(f"{what}。{LEAVE_OUT}")


def _named(content: bytes, stream: str) -> bool:
    return stream.encode("utf-16-le") in content


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    """By the list of contents alone, before anything is decompressed."""
    names = [part.filename for part in parts]
    if len(parts) > MAX_PARTS:
        raise too_big(f"文件里有 {len(parts)} 个部件，超过 {MAX_PARTS} 个")
    if len(set(names)) < len(names):
        raise Refusal(f"文件里有重名的部件，可能被改动过。{SAVE_AS}")
    if any(".." in name.split("/") or name.startswith("/") or "\\" in name for name in names):
        raise Refusal("文件里有指向外部的路径，可能被改动过，不能导入。")
    if any(part.flag_bits & 1 for part in parts):
        raise Refusal("文件加了密，无法读取。请取消密码后再导入。")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refusal(f"文件含有宏。{SAVE_AS}")
    if any("/embeddings/" in name.lower() or "/activex/" in name.lower() for name in names):
        raise Refusal(f"文件里嵌入了别的文件或控件。请删去后再导入。{SAVE_AS}")
    if "xl/workbook.bin" in names:
        raise Refusal(f"这是 .xlsb 格式，不能直接读取。{SAVE_AS}")
    if max(part.file_size for part in parts) > MAX_PART:
        raise too_big(f"文件里有超过 {MAX_PART // MEBI} MB 的部件")
    if sum(part.file_size for part in parts) > MAX_TOTAL:
        raise too_big(f"文件展开后超过 {MAX_TOTAL // MEBI} MB")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Decompress one part, by pieces, and look for what must not be in it."""
    xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    sheet = xml and part.filename.startswith("xl/worksheets/")
    size, tail = 0, b""
    with archive.open(part) as stream:
        while piece := stream.read(CHUNK):
            if size == 0 and xml and piece[:2] in (b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0"):
                raise Refusal(f"部件 {part.filename} 用了少见的编码。{SAVE_AS}")
            size += len(piece)
            if size > min(MAX_PART, left):  # whatever the list of contents says
                raise too_big(f"部件 {part.filename} 展开后过大")
            text = tail + piece
            if xml and DOCTYPE.search(text):
                raise Refusal(f"部件 {part.filename} 含有实体定义（DTD），可能有害，不能导入。")
            if sheet:
                _check_cells(text)
            tail = text[-LONGEST_TAG:]
    return size


def _check_cells(text: bytes) -> None:
    """A value in a far cell makes the reader lay out everything before it."""
    for cell in CELL.finditer(text):
        attributes = cell[1]
        if attributes.endswith(b"/"):  # without a value: only formatted
            continue
        place = REFERENCE.search(attributes)
        if place and (int(place[2]) > MAX_ROWS or column_number(place[1].decode()) > MAX_COLUMNS):
            where = (place[1] + place[2]).decode().upper()
            raise too_big(f"单元格 {where} 太远：一次最多读 {MAX_ROWS} 行、{MAX_COLUMNS} 列")


def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return A for 1, AA for 27."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters
