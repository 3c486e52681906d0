"""What may be attached is decided by the content; pictures lose all but their pixels."""

import zipfile
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from PIL import Image

from guantong.sheets import attached
from guantong.sheets.attached import Checked
from guantong.sheets.pdf import Text, pdf
from guantong.sheets.preflight import Refusal
from guantong.sheets.write import Sheet, workbook

PLACE = {0x8825: {1: "N", 2: (23.0, 6.0, 54.0), 3: "E", 4: (113.0, 19.0, 30.0)}, 0x010F: "CAMERA"}


def check(content: bytes, name: str = "会议记录.pdf", *, photos: bool = True) -> Checked:
    return attached.checked(name, content, most_mb=10, photos=photos)


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    file = BytesIO()
    image = Image.new("RGB", size, "white")
    image.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    for tag, value in PLACE.items():
        exif[tag] = value
    image.save(file, form, exif=exif, **more)
    return file.getvalue()


def docx() -> bytes:
    file = BytesIO()
    Document().save(file)
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("记录.txt", pdf("记录", [Text("正文")]), "记录.pdf"),
        ("名单", workbook(Sheet("一", ["甲"], [["乙"]], "")), "名单.xlsx"),
        ("..\\..\\C:/秘密/a\r\n<b>.exe", docx(), "a<b>.docx"),
        ("长" * 300 + ".docx", docx(), "长" * 100 + ".docx"),
        (".", docx(), "附件.docx"),
    ],
)
def test_a_file_is_what_it_holds_whatever_it_is_called(
    name: str, content: bytes, kept: str
) -> None:
    found = check(content, name)
    assert (found.name, found.content) == (kept, content)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_picture_keeps_its_pixels_and_nothing_else(form: str) -> None:
    raw = picture(form) + b"<script>alert(1)</script>"
    assert b"CAMERA" in raw, "otherwise this tests nothing"
    kept = check(raw, "照片.gif")
    assert kept.name == f"照片.{'jpg' if form == 'JPEG' else 'png'}"
    assert b"CAMERA" not in kept.content
    assert b"script" not in kept.content
    with Image.open(BytesIO(kept.content)) as image:
        assert not image.getexif()
        assert not {"exif", "comment", "xmp", "icc_profile"} & image.info.keys()
        assert image.size == (60, 40)


def test_a_picture_is_turned_the_way_it_was_taken_and_made_smaller() -> None:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4000, 1000)).save(file, "JPEG", exif=exif)
    with Image.open(BytesIO(check(file.getvalue()).content)) as image:
        assert image.size == (640, 2560)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空的"),
        (b"MZ\x90\0" + bytes(200), "不能附这种文件"),
        (b"<html><script>alert(1)</script></html>", "不能附这种文件"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "不能附这种文件"),
        (b"GIF89a" + bytes(30), "不能附 GIF 图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧版 Office"),
        (b"%PDF-1.7\n1 0 obj", "不完整"),
        (b"%PDF-1.7\n<</S /JavaScript /JS (app.alert(1))>>\n%%EOF", "脚本"),
        (b"%PDF-1.7\n<</Type /Filespec /EmbeddedFile 1>>\n%%EOF", "嵌入文件"),
        (b"%PDF-1.7\ntrailer <</Encrypt 5 0 R>>\n%%EOF", "密码"),
        (b"PK\x03\x04broken", "损坏"),
        (archive(a=b"1"), "压缩包不能附"),
        (archive(word__document_xml=b"<a/>", **{"word__vbaProject.bin": b"1"}), "宏。请打开后"),
        (archive(word__document_xml=b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), "DTD"),
        (archive(word__document_xml=b"<a>" + b" " * 60 * 1024 * 1024), "部件。请压缩"),
        (picture()[:300], "图片不完整"),
        (picture("PNG", (9000, 9000)), "像素"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "图片不完整"),
        (b"%PDF-" + bytes(10 * 1024 * 1024), "超过 10 MB"),
    ],
)  # fmt: skip
def test_what_is_unsafe_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check(content)
    assert reason in refusal.value.text


def test_photos_are_off_until_the_school_says_otherwise() -> None:
    with pytest.raises(Refusal) as refusal:
        check(picture(), photos=False)
    assert "没有启用照片" in refusal.value.text
