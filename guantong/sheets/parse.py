"""A whole file read as one of the layouts: `parse` is all that the doors call."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from guantong.records import catalogue
from guantong.records.imports.rows import (
    ROW_TYPES,
    AnyParsed,
    Heading,
    Parsed,
    Problem,
    RollRow,
    Row,
)
from guantong.sheets import columns, read, values
from guantong.sheets.columns import Heard, Place, Table, Unmatched
from guantong.sheets.layout import As, Column, Layout, load_layouts, plain
from guantong.sheets.preflight import Refusal
from guantong.sheets.values import Day, Wrong

MAX_ROWS = 60_000
SHOWN = 10
REPEATED = {As.CODE, As.ORG, As.ORGS, As.DATE, As.MOMENT, As.HOURS}
"""What many rows of a file write alike."""
REMARKS = ("注", "说明", "备注", "填表", "制表", "合计", "总计", "共计", "审核", "单位", "联系人")


def layouts() -> dict[str, Layout]:
    """Of the sheets that can be imported."""
    return _layouts(settings.CATALOGUE_DIR, "sheets")


def exchanges() -> dict[str, Layout]:
    """Of the lists that other systems give out and take."""
    return _layouts(settings.CATALOGUE_DIR, "exchange")


def layout(kind: str) -> Layout:
    """Of a sheet that can be imported, or of another system's list."""
    return {**exchanges(), **layouts()}[kind]


@cache
def _layouts(folder: Path, name: str) -> dict[str, Layout]:
    return load_layouts(folder / name, catalogue.current())


def headers(
    kind: str, content: bytes, chosen: Mapping[str, str] | None = None
) -> tuple[int, list[Heard]]:
    """The columns of a file as they stand, for the user to say which holds what."""
    return columns.heard(layout(kind), read.grids(content), chosen)


def parse(
    kind: str, file_name: str, content: bytes, chosen: Mapping[str, str] | None = None
) -> AnyParsed:
    """Read a file; raise Refusal if it cannot be read as a whole. Wrong cells are in the rows.

    `chosen`: which headers hold which fields, where the layout alone does not know.
    """
    known = layout(kind)
    table = columns.find(known, read.grids(content), chosen)
    rows, remarks = _rows(known, table)
    if not rows:
        raise Refusal(f"第 {table.header_row + 1} 行表头的下面没有内容。请填写后再导入。")
    if len(rows) > MAX_ROWS:
        raise Refusal(f"有 {len(rows)} 行，一次最多导入 {MAX_ROWS} 行。请分成几个文件。")
    listed = "、".join(map(str, remarks[:SHOWN]))
    more = f" 等 {len(remarks)}" if len(remarks) > SHOWN else ""
    remarks_note = [f"第 {listed}{more} 行像是说明或合计，没有读。"] if remarks else []
    headings = {
        field: Heading(place.letters, place.header, known.column(field).title)
        for field, place in table.places.items()
    }
    return Parsed(
        kind=kind,
        file_name=Path(file_name).name[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        columns=headings,
        rows=tuple(rows),
        notes=(*table.notes, *remarks_note),
    )


def _rows(layout: Layout, table: Table) -> tuple[list[Any], list[int]]:
    """The rows with content, and the numbers of those taken for remarks."""
    rows, remarks = [], []
    header = list(table.grid.rows[table.header_row])
    readers = [_Reader(layout.column(field), place) for field, place in table.places.items()]
    for number, cells in table.numbered_rows():
        if list(cells) == header:  # again, on a new page
            continue
        there = any(values.is_written(one.cell(cells)) for one in readers)
        if there and not _is_remark(cells):
            rows.append(_row(layout, readers, number, cells))
        elif any(isinstance(c, str) and values.is_written(c) for c in cells):
            remarks.append(number)  # else empty, or only numbered
    return rows, remarks


class _Reader:
    """Reads the cells of one column. What is written the same again is not read again."""

    def __init__(self, column: Column, place: Place) -> None:
        self.column, self.index = column, place.index
        self._known: dict[tuple[type, read.Cell], Any] = {}

    def cell(self, cells: Sequence[read.Cell]) -> read.Cell:
        return cells[self.index] if self.index < len(cells) else None

    def value(self, cell: read.Cell) -> Any:
        if self.column.read_as not in REPEATED:
            return values.value(self.column, cell)
        key = type(cell), cell
        if key not in self._known:
            self._known[key] = values.value(self.column, cell)
        return self._known[key]


def _is_remark(cells: Sequence[read.Cell]) -> bool:
    """A note below the table: it begins like one, and hardly anything else is in its row."""
    first, *more = islice(filter(values.is_written, cells), 3)
    return len(more) <= 1 and isinstance(first, str) and plain(first).startswith(REMARKS)


def _row(
    layout: Layout, readers: Sequence[_Reader], number: int, cells: Sequence[read.Cell]
) -> Row:
    fields: dict[str, Any] = {}
    months, problems = set[str](), list[Problem]()
    for one in readers:
        field, column = one.column.field, one.column
        try:
            value = one.value(one.cell(cells))
        except Wrong as wrong:
            problems.append(Problem(field, wrong.what, wrong.remedy))
            continue
        if isinstance(value, Day):
            if value.month_only:
                months.add(field)
            if value.at and field == "held_on":
                fields["starts_at"] = value.at
            value = value.on
        if value is not None:
            fields[field] = value
        elif column.required:
            problems.append(Problem(field, f"{column.title}空着", "请填写，或删去这一行"))
    if months:
        fields["months"] = frozenset(months)
    return ROW_TYPES.get(layout.kind, RollRow)(line=number, problems=tuple(problems), **fields)


__all__ = ["Column", "Refusal", "Unmatched", "headers", "layout", "layouts", "parse"]
