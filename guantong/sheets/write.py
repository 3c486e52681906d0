"""Workbooks to hand out: any list as a table, and empty sheets to fill in for an import.

Texts stay texts: nothing that a person typed becomes a formula or a link.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils import timezone

from guantong.sheets.layout import As, Column, Layout

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 32_767  # of a cell in Excel
NARROWEST, WIDEST = 6, 60
MEASURED_ROWS = 200
ROWS_TO_FILL = 2000
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}
AS_TEXT = {As.ID_NUMBER, As.NUMBER, As.PHONE, As.DATE, As.DAYS, As.MOMENT, As.HOURS}
ACCENT, FAINT = "#B3261E", "#6B7280"

type Value = str | int | float | Decimal | bool | date | datetime | time | None


@dataclass(frozen=True)
class Format:
    """The formats of one workbook."""

    title: Any
    note: Any
    header: Any
    required: Any
    example: Any
    cell: Any
    text: Any
    day: Any
    moment: Any
    clock: Any


@dataclass(frozen=True)
class Sheet:
    """A title, what it is a list of (`note`: day, scope, who asked), header, rows.

    `groups` stand above the header: what several columns have in common, and how many they are.
    """

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Value]]
    note: str = ""
    groups: Sequence[tuple[str, int]] = ()


def table(
    *, title: str, header: Sequence[str], rows: Iterable[Sequence[Value]], note: str = ""
) -> bytes:
    """A workbook of one sheet."""
    return workbook(Sheet(title, header, rows, note))


def workbook(*sheets: Sheet) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        formats = _formats(book)
        for one in sheets:
            _fill(book.add_worksheet(_sheet_name(one.title)), one, formats)
    return target.getvalue()


def _fill(sheet: Any, told: Sheet, formats: Format) -> None:
    listed = [list(row) for row in told.rows]
    head = 3 if told.groups else 2
    sheet.write_string(0, 0, told.title, formats.title)
    sheet.write_string(1, 0, told.note, formats.note)
    first = 0
    for words, size in told.groups:
        if size > 1:
            sheet.merge_range(head - 1, first, head - 1, first + size - 1, "", formats.header)
        sheet.write_string(head - 1, first, words, formats.header)
        first += size
    for c, name in enumerate(told.header):
        sheet.write_string(head, c, name, formats.header)
        sheet.set_column(c, c, _width([name, *(row[c] for row in listed[:MEASURED_ROWS])]))
    for r, row in enumerate(listed, start=head + 1):
        for c, value in enumerate(row):
            _write(sheet, r, c, value, formats)
    sheet.freeze_panes(head + 1, 0)
    if listed and told.header:
        sheet.autofilter(head, 0, head + len(listed), len(told.header) - 1)
    _for_paper(sheet, header_row=head)


def template(layout: Layout, *, orgs: Sequence[str] = ()) -> bytes:
    """An empty sheet for an import, with drop-downs, an example above the header, and notes.

    `orgs` are offered where a column names an organisation.
    """
    target = BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        formats = _formats(book)
        sheet = book.add_worksheet(_sheet_name(layout.title))
        guide = book.add_worksheet("填写说明")
        choices = book.add_worksheet("选项")
        choices.hide()
        sheet.write_string(0, 0, layout.title, formats.title)
        sheet.write_string(
            1, 0, "从第 5 行起填写；带 * 的列必填。灰色的一行是例子，不会导入。", formats.note
        )
        for c, column in enumerate(layout.columns):
            sheet.write_string(2, c, column.example, formats.example)
            starred = f"{column.title}*" if column.required else column.title
            sheet.write_string(
                3, c, starred, formats.required if column.required else formats.header
            )
            as_text = formats.text if column.read_as in AS_TEXT else formats.cell
            sheet.set_column(c, c, _width([starred, column.example, "　" * 6]), as_text)
            _offer(sheet, choices, c, column, orgs)
        sheet.freeze_panes(4, 1)
        _for_paper(sheet, header_row=3)
        _guide(guide, layout, formats)
    return target.getvalue()


def _offer(sheet: Any, choices: Any, c: int, column: Column, orgs: Sequence[str]) -> None:
    """A drop-down where there is a choice, and the hint beside the cell that is filled in."""
    offered = orgs if column.read_as in (As.ORG, As.ORGS) else column.options
    rule: dict[str, Any] = {"validate": "any"}
    if offered:
        for r, word in enumerate(offered):
            choices.write_string(r, c, word)
        letters = xlsxwriter.utility.xl_col_to_name(c)
        rule = {
            "validate": "list",
            "source": f"=选项!${letters}$1:${letters}${len(offered)}",
            "error_type": "warning",
            "error_title": column.title,
            "error_message": "不在列表中。系统可能认不出，仍要这样填吗？",
        }
    if column.hint:
        rule |= {"input_title": column.title[:32], "input_message": column.hint[:255]}
    if len(rule) > 1:
        sheet.data_validation(4, c, 3 + ROWS_TO_FILL, c, rule)


def _guide(guide: Any, layout: Layout, formats: Format) -> None:
    header = ["列", "必填", "写法", "例", "也可写作", "依据"]
    rows = [
        [
            column.title,
            "是" if column.required else "",
            column.hint,
            column.example,
            "、".join(column.headers),
            column.basis,
        ]
        for column in layout.columns
    ]
    for c, name in enumerate(header):
        guide.write_string(0, c, name, formats.header)
        guide.set_column(c, c, _width([name, *(row[c] for row in rows)]), formats.cell)
    for r, row in enumerate(rows, start=1):
        for c, text in enumerate(row):
            guide.write_string(r, c, text, formats.cell)


def _formats(book: Any) -> Format:
    def made(**more: Any) -> Any:
        return book.add_format({"font_name": "微软雅黑", "font_size": 10, "valign": "top", **more})

    header = {"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#F3F4F6"}
    return Format(
        title=made(bold=True, font_size=14),
        note=made(font_color=FAINT),
        header=made(**header),
        required=made(**header, font_color=ACCENT),
        example=made(font_color=FAINT, italic=True, num_format="@"),
        cell=made(text_wrap=True),
        text=made(num_format="@"),
        day=made(num_format="yyyy-mm-dd", align="left"),
        moment=made(num_format="yyyy-mm-dd hh:mm", align="left"),
        clock=made(num_format="hh:mm", align="left"),
    )


def _write(sheet: Any, r: int, c: int, value: Value, formats: Format) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_string(r, c, "是" if value else "否", formats.cell)
        case int() | float() | Decimal():
            sheet.write_number(r, c, value, formats.cell)
        case datetime():
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            sheet.write_datetime(r, c, local.replace(tzinfo=None), formats.moment)
        case date():
            sheet.write_datetime(r, c, value, formats.day)
        case time():
            sheet.write_datetime(r, c, value, formats.clock)
        case _:
            sheet.write_string(r, c, str(value)[:LONGEST], formats.cell)


def _for_paper(sheet: Any, *, header_row: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header_row)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _width(values: Iterable[Value]) -> int:
    """For the longest of the texts, a Chinese character counting as two."""
    texts = [line for value in values for line in str(value or "").splitlines()]
    longest = max((sum(2 if ord(c) > 0x2E7F else 1 for c in text) for text in texts), default=0)
    return min(max(longest + 2, NARROWEST), WIDEST)


def _sheet_name(title: str) -> str:
    """Excel allows 31 characters, and some not at all."""
    kept = "".join(c for c in title if c not in "[]:*?/\\'")
    return kept[:31] or "表"
