"""Workbooks made at test time: ordinary ones, and their parts to tamper with."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

ROLL_HEADER = ["姓名", "公民身份号码", "人员类别", "所在党支部", "入党时间", "转正时间", "学号"]


def workbook(rows: Sequence[Sequence[Any]], *, name: str = "一") -> bytes:
    """A workbook of one sheet; dates become Excel dates."""
    return sheets({name: rows})


def sheets(content: Mapping[str, Sequence[Sequence[Any]]], *, hidden: Iterable[str] = ()) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy/m/d"})
        for name, rows in content.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, datetime | date):
                        sheet.write_datetime(r, c, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(r, c, cell)
                    else:
                        sheet.write(r, c, cell)
    return target.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return target.getvalue()


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    return packed({**parts(content), name: data})
