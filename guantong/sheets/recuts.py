"""The sheet of a rearrangement: who goes to which branch, written out and read back.

Knows no rules: what the rows mean is decided in `records.recutting`.
"""

from collections.abc import Sequence
from typing import Final

from guantong.records.recutting import Place, Preview, SheetRow
from guantong.records.recutting import category_title as category
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import Cell, Grid, grids
from guantong.sheets.write import Sheet, workbook

PERSON, NAME, NUMBER, STATUS, HOME, TARGET = HEADER = (
    "编号", "姓名", "学工号", "党员类别", "现支部", "调整到"
)  # fmt: skip
MUST: Final = (NAME, TARGET)
SEEN_FOR_HEADER: Final = 20


def written(preview: Preview, statuses: dict[str, str], note: str) -> bytes:
    """Everyone concerned with the place where he would go, and the places beside."""
    named = {place.key: place.name for place in preview.places}
    rows = [
        (m.pk, m.name, m.number, statuses.get(m.status, m.status), named[str(m.home)],
         named.get(m.to, ""))
        for m in preview.movers
    ]  # fmt: skip
    how = "只改“调整到”一列：写现有支部的名称，或写新支部的名称；空着是还没有分配。"
    places = Sheet("党支部", ("名称", "类别", "新建", "调整后党员"), map(_told, preview.places))
    return workbook(Sheet("支部调整", HEADER, rows, f"{how} {note}"), places)


def _told(place: Place) -> tuple[str, str, str, int]:
    return place.name, category(place.category), "是" if place.new else "", place.total


def read(content: bytes) -> list[SheetRow]:
    """The rows of the first sheet that has the columns; raise Refusal where none has."""
    for grid in grids(content):
        for start, row in enumerate(grid.rows[:SEEN_FOR_HEADER]):
            at = {cell_text(cell): column for column, cell in enumerate(row) if cell_text(cell)}
            if all(title in at for title in MUST):
                return _rows(grid, start + 1, at)
    raise Refusal("没有找到“姓名”和“调整到”两列。请用这里下载的表格填写。")


def _rows(grid: Grid, first: int, at: dict[str, int]) -> list[SheetRow]:
    found = []
    for line, row in enumerate(grid.rows[first:], start=first + 1):
        told = {title: cell_text(cell_at(row, column)) for title, column in at.items()}
        if told[NAME] or told.get(PERSON):
            person = told.get(PERSON, "")
            pk = int(person) if person.isdecimal() and len(person) < 18 else None
            found.append(SheetRow(line, pk, told.get(NUMBER, ""), told[NAME], told[TARGET]))
    return found


def cell_at(row: Sequence[Cell], column: int) -> Cell:
    return row[column] if column < len(row) else None


def cell_text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
