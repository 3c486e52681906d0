"""Tables of the yearly statistics as another system or a colleague filled them in, read back.

Known by their titles alone: a table by the worksheet's name or a title above it, a column by its
heading, a row by its title and, where several are called so, by the group it stands in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guantong.records.statistics import Line, Table
from guantong.sheets.layout import plain
from guantong.sheets.preflight import Refusal, column_letters
from guantong.sheets.read import Cell, Grid, grids

SEARCHED_ROWS: Final = 20
DASHES: Final = re.compile("[-‐–—―~〜～至]+")
NUMBERING: Final = re.compile(r"^[（(]?([一二三四五六七八九十]+|\d+)[)）、.．]")

type Spelt = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A number of the file, by the codes of table, row and column. `cell`: as Excel names it."""

    table: str
    row: str
    column: str
    number: int
    cell: str


@dataclass(frozen=True)
class Found:
    """`notes`: what was not read, for the user."""

    figures: Sequence[Figure]
    notes: Sequence[str]


def read(content: bytes, tables: Sequence[Table], spelt: Spelt) -> Found:
    """`spelt`: how else our titles are written. Raise Refusal where no figure is recognised."""
    figures: dict[tuple[str, str, str], Figure] = {}
    notes: list[str] = []
    for grid in grids(content):
        for one in _Sheet(grid, tables, spelt).read(notes):
            first = figures.setdefault((one.table, one.row, one.column), one)
            if first.number != one.number:
                notes.append(
                    f"{one.cell} 与 {first.cell} 是同一个数，写的不同，按 {first.cell} 核对"
                )
    if not figures:
        raise Refusal(
            "没有认出统计表。表名、行名和列名要与本页的一致（可先“导出 Excel”对照），"
            "别的写法加在 catalogue/statistics.yaml 的 spelt 里。"
        )
    return Found(list(figures.values()), notes)


def _key(text: str) -> str:
    return NUMBERING.sub("", DASHES.sub("-", plain(text)))


class _Sheet:
    """One worksheet."""

    def __init__(self, grid: Grid, tables: Sequence[Table], spelt: Spelt) -> None:
        self.grid, self.tables, self.spelt = grid, tables, spelt

    def _keys(self, title: str) -> list[str]:
        return [_key(one) for one in (title, *self.spelt.get(title, ()))]

    def read(self, notes: list[str]) -> Iterator[Figure]:
        if (table := self._table()) is None:
            if self.grid.rows:
                notes.append(f"工作表“{self.grid.name}”看不出是哪张表，没有读")
            return
        header, places = self._columns(table)
        if not places:
            notes.append(f"“{table.title}”没有找到列名，没有读")
            return
        yield from self._figures(table, header, places, notes)

    def _table(self) -> Table | None:
        """The one whose title is longest in the worksheet's name, else in what stands above."""
        above = [c for row in self.grid.rows[:SEARCHED_ROWS] for c in row if isinstance(c, str)]
        for texts in ([self.grid.name], above):
            found = [
                (len(key), table)
                for table in self.tables
                for key in self._keys(table.title)
                if any(key in _key(text) for text in texts)
            ]
            if found:
                return max(found, key=lambda one: one[0])[1]
        return None

    def _columns(self, table: Table) -> tuple[int, dict[int, Line]]:
        """The row of headings, and which column of the file is which of ours."""
        known = {key: one for one in table.columns for key in self._keys(one.title)}
        best: tuple[int, dict[int, Line]] = (0, {})
        for number, cells in enumerate(self.grid.rows[:SEARCHED_ROWS]):
            there: dict[int, Line] = {}
            for i, cell in enumerate(cells):
                line = known.get(_key(cell)) if isinstance(cell, str) else None
                if line is not None and line not in there.values():
                    there[i] = line
            if len(there) > len(best[1]):
                best = number, there
        return best

    def _figures(
        self, table: Table, header: int, places: Mapping[int, Line], notes: list[str]
    ) -> Iterator[Figure]:
        group, first = "", min(places)
        for at, cells in enumerate(self.grid.rows[header + 1 :], header + 2):
            texts = [c for c in cells[:first] if isinstance(c, str) and plain(c)]
            written = {i: cells[i] for i in places if i < len(cells) and cells[i] is not None}
            if len(texts) > 1 or (texts and not written):
                group = texts[0]
            if not texts or not written:
                continue
            row = self._row(table, texts[-1], group)
            if row is None:
                notes.append(f"“{table.title}”第 {at} 行“{texts[-1]}”不是本页的项目，没有读")
                continue
            for i, cell in written.items():
                place = f"“{table.title}”{column_letters(i + 1)}{at}"
                number = _number(cell)
                if number is None:
                    notes.append(f"{place} 不是整数，没有读")
                else:
                    yield Figure(table.name, row.code, places[i].code, number, place)

    def _row(self, table: Table, title: str, group: str) -> Line | None:
        called = [line for line in table.rows if _key(title) in self._keys(line.title)]
        if len(called) > 1:
            called = [line for line in called if _key(group) in self._keys(line.group)]
        return called[0] if len(called) == 1 else None


def _number(cell: Cell) -> int | None:
    if isinstance(cell, str) and plain(cell).isdecimal():
        return int(plain(cell))
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return int(cell) if float(cell).is_integer() else None
