"""A sheet of dates of files that exist already, read for a check-up. Nothing of it is kept.

The columns stand in `catalogue/sheets/dates/<process>.yaml`: steps, and what steps wrote down.
What contradicts what is told by `processes.checkup`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from guantong.processes import model as m
from guantong.processes.checkup import Contradiction, Record, check_up
from guantong.records import cases, catalogue, clock
from guantong.sheets import columns, read, values
from guantong.sheets.columns import Table
from guantong.sheets.layout import Layout, load_layouts
from guantong.sheets.parse import MAX_ROWS
from guantong.sheets.preflight import Refusal
from guantong.sheets.values import Day, Wrong
from guantong.sheets.write import template as written

WHO = ("name", "number")


@dataclass(frozen=True)
class Told:
    """What one row tells. `problems`: cells that could not be read, and so are not checked."""

    line: int
    name: str
    number: str
    record: Record
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """A row with every contradiction in it, in the order of the steps."""

    told: Told
    found: tuple[Contradiction, ...]


def layouts() -> dict[str, Layout]:
    return _layouts(settings.CATALOGUE_DIR)


@cache
def _layouts(folder: Path) -> dict[str, Layout]:
    return load_layouts(folder / "sheets" / "dates", catalogue.current())


def template(process: str) -> bytes:
    return written(layouts()[process])


def checked(process: str, content: bytes) -> tuple[list[Checked], tuple[str, ...]]:
    """Every row with its contradictions, and notes about the file; raise Refusal."""
    layout = layouts()[process]
    table = columns.find(layout, read.grids(content))
    rows = [_told(layout, table, number, cells) for number, cells in table.numbered_rows()]
    some = [row for row in rows if row is not None]
    if not some:
        raise Refusal(f"第 {table.header_row + 1} 行表头的下面没有内容。")
    if len(some) > MAX_ROWS:
        raise Refusal(f"有 {len(some)} 行，一次最多核对 {MAX_ROWS} 行。请分成几个文件。")
    found = contradictions(catalogue.process(process), [one.record for one in some])
    return [Checked(one, it) for one, it in zip(some, found, strict=True)], table.notes


def contradictions(
    process: m.Process, records: Iterable[Record]
) -> list[tuple[Contradiction, ...]]:
    """Of each record; by the variants that the school has on now."""
    chosen, today = cases.chosen_variants(process), clock.today()
    return [tuple(check_up(process, one, today=today, variants=chosen)) for one in records]


def _told(layout: Layout, table: Table, number: int, cells: Sequence[read.Cell]) -> Told | None:
    found: dict[str, Any] = {}
    problems, unread = [], set[str]()
    for field, place in table.places.items():
        column = layout.column(field)
        cell = cells[place.index] if place.index < len(cells) else None
        try:
            found[field] = _exact(values.value(column, cell))
        except Wrong as wrong:
            problems.append(f"{place.letters} 列“{place.header}”：{wrong.what}，没有核对")
            unread.add(field)  # something stands there: it is not missing
    told = {field: value for field, value in found.items() if value is not None}
    if not told:
        return None
    named = {key: str(told.pop(key, "")) for key in WHO}
    record = record_of(told, [f for f in table.places if f not in {*WHO, *unread}])
    return Told(number, named["name"], named["number"], record, tuple(problems))


def _exact(value: Any) -> Any:
    """A day without the day of the month cannot be checked to the day."""
    if isinstance(value, Day):
        if value.month_only:
            raise Wrong(f"只写到 {value.on:%Y-%m}", "请写到日")
        return value.on
    return value


def record_of(told: dict[str, Any], places: Sequence[str]) -> Record:
    """`told`: by step its day or days, by step.field what it wrote down."""
    days = {
        step: value if isinstance(value, tuple) else (value,)
        for step, value in told.items()
        if "." not in step and isinstance(value, date | tuple)
    }
    fields = {name: value for name, value in told.items() if "." in name}
    return Record(days, fields, tuple(step for step in places if "." not in step))
