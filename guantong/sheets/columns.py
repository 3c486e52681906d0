"""Finds the worksheet, the header row in it and the column of each field, and says what is odd."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from guantong.sheets.layout import Layout, plain, without_notes
from guantong.sheets.preflight import Refusal, column_letters
from guantong.sheets.read import Cell, Grid

SEARCHED_ROWS = 30
FEWEST_MATCHES = 2
SAMPLES = 3


class Unmatched(Refusal):
    """The file can be opened; which column holds what is for the user to say."""


@dataclass(frozen=True)
class Place:
    """Where a field stands: the column's index (0 is A) and the header as written there."""

    index: int
    header: str

    @property
    def letters(self) -> str:
        return column_letters(self.index + 1)


@dataclass(frozen=True)
class Table:
    """The part of a worksheet that is read. `notes` are sentences for the user."""

    grid: Grid
    header_row: int  # index in grid.rows
    places: Mapping[str, Place]
    notes: tuple[str, ...]

    def numbered_rows(self) -> list[tuple[int, Sequence[Cell]]]:
        """The rows below the header, with the numbers that Excel shows."""
        first = self.header_row + 1
        return [(first + i + 1, row) for i, row in enumerate(self.grid.rows[first:])]


@dataclass(frozen=True)
class Heard:
    """A column as it stands in the file: what is written in it, and the field it seems to be."""

    place: Place
    key: str
    field: str
    samples: tuple[Cell, ...]


def find(layout: Layout, grids: Sequence[Grid], chosen: Mapping[str, str] | None = None) -> Table:
    """Raise Unmatched if there is no header, a required column is missing or a column doubled.

    `chosen` maps headers, made plain, to fields ("": not to be read) and overrides the layout.
    """
    headers = _headers(layout, chosen)
    found = [(grid, *_best_row(grid, headers)) for grid in _written(grids)]
    matches = max((count for *_, count in found), default=0)
    if matches < FEWEST_MATCHES:
        raise Unmatched(
            f"没有找到表头行。请在前 {SEARCHED_ROWS} 行内写一行列名，至少要有"
            f"{_named(c.title for c in layout.columns if c.required)}；可先下载模板。"
        )
    grid, row, _ = next(one for one in found if one[2] == matches)
    places, unknown = _places(grid.rows[row], headers, layout)
    if missing := [c for c in layout.columns if c.required and c.field not in places]:
        raise Unmatched(
            f"第 {row + 1} 行是表头，但缺少{_named(c.title for c in missing)}列。"
            + "".join(f"“{c.title}”也可写作：{'、'.join(c.headers[:6])}。" for c in missing)
        )
    others = [g.name for g, _, count in found if g is not grid and count >= FEWEST_MATCHES]
    return Table(grid, row, places, tuple(_notes(grid, unknown, others, layout, places)))


def heard(
    layout: Layout, grids: Sequence[Grid], chosen: Mapping[str, str] | None = None
) -> tuple[int, list[Heard]]:
    """The number of the row that looks most like a header, and the columns as they stand there."""
    headers = _headers(layout, chosen)
    found = [(grid, *_best_row(grid, headers)) for grid in _written(grids)]
    grid, row, matches = max(found, key=lambda one: one[2])
    if matches < FEWEST_MATCHES:
        texts = [
            sum(isinstance(cell, str) and bool(plain(cell)) for cell in cells)
            for cells in grid.rows[:SEARCHED_ROWS]
        ]
        row = texts.index(max(texts))
    below = grid.rows[row + 1 : row + 1 + SEARCHED_ROWS]
    columns = []
    for i, cell in enumerate(grid.rows[row]):
        if isinstance(cell, str) and plain(cell):
            there = [cells[i] for cells in below if i < len(cells) and cells[i] is not None]
            place = Place(i, " ".join(cell.split()))
            field = _match(cell, headers) or ""
            columns.append(Heard(place, plain(cell), field, tuple(there[:SAMPLES])))
    return row + 1, columns


def _written(grids: Sequence[Grid]) -> list[Grid]:
    """The worksheets that hold anything."""
    written = [grid for grid in grids if grid.rows]
    if not written:
        raise Refusal("表里没有内容。请核对是否选错了文件，或在 Excel 里填好、保存后再选。")
    return written


def _headers(layout: Layout, chosen: Mapping[str, str] | None) -> dict[str, str]:
    usual = {
        plain(header): column.field
        for column in layout.columns
        for header in (column.title, *column.headers)
    }
    known = {column.field for column in layout.columns}
    return usual | {h: f for h, f in (chosen or {}).items() if f in known or not f}


def _match(cell: Cell, headers: Mapping[str, str]) -> str | None:
    """The field of a header cell ("": not to be read): as written, or without what stands in
    brackets.
    """
    if not isinstance(cell, str):
        return None
    key = plain(cell)
    return headers[key] if key in headers else headers.get(without_notes(cell))


def _best_row(grid: Grid, headers: Mapping[str, str]) -> tuple[int, int]:
    """The row with the most fields; of equals the lowest, for headers may have two storeys."""
    counts = [
        (len({field for cell in row if (field := _match(cell, headers))}), i)
        for i, row in enumerate(grid.rows[:SEARCHED_ROWS])
    ]
    count, row = max(counts, key=lambda pair: (pair[0], -pair[1]), default=(0, 0))
    return row, count


def _places(
    row: Sequence[Cell], headers: Mapping[str, str], layout: Layout
) -> tuple[dict[str, Place], list[Place]]:
    places: dict[str, Place] = {}
    unknown: list[Place] = []
    for i, cell in enumerate(row):
        here = Place(i, " ".join(str(cell).split()) if cell is not None else "")
        field = _match(cell, headers)
        if field == "":
            continue
        if field is None:
            if here.header and without_notes(here.header) not in layout.passed_over:
                unknown.append(here)
        elif field in places:
            first = places[field]
            raise Unmatched(
                f"{first.letters} 列“{first.header}”和 {here.letters} 列“{here.header}”"
                f"都是“{layout.column(field).title}”。请只留一列。"
            )
        else:
            places[field] = here
    return places, unknown


def _notes(
    grid: Grid,
    unknown: Sequence[Place],
    others: Sequence[str],
    layout: Layout,
    places: Mapping[str, Place],
) -> list[str]:
    notes = []
    if others:
        notes.append(
            f"只读工作表“{grid.name}”；另有{_named(others)}未读，需要时请另存为单独的文件导入。"
        )
    if unknown:
        listed = "、".join(f"{place.letters} 列“{place.header}”" for place in unknown)
        notes.append(f"不认识的列没有读：{listed}。")
    needed = [] if places.keys() & set(layout.one_needed) else layout.one_needed
    if needed:
        titles = _named(layout.column(field).title for field in needed)
        notes.append(f"表中没有{titles}列：新增的行至少要有其中一列，请补上再导入。")
    absent = [c for c in layout.columns if c.field not in {*places, *needed}]
    if absent:
        notes.append(f"表中没有这些列（选填）：{'、'.join(c.title for c in absent)}。")
    return notes


def _named(titles: Iterable[str]) -> str:
    return "、".join(f"“{title}”" for title in titles)
