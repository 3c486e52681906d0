"""The sheet of a month of dues: who owes how much, written out and read back filled in.

Knows no rules: what the sums mean is decided by the action that registers them.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from guantong.records.dues import Line
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import Grid, grids
from guantong.sheets.recuts import cell_at, cell_text
from guantong.sheets.write import table

PERSON, NAME, DUE, PAID = HEADER = ("编号", "姓名", "应交", "实交")
SEEN_FOR_HEADER: Final = 20


def written(lines: Iterable[Line], title: str, note: str) -> bytes:
    """Everyone of a branch with what is owed and paid for the one month of each line."""
    how = "只填“实交”一列，没有交的空着。"
    rows = [(one.person.pk, one.person.name, one.due, one.paid or None) for one in lines]
    return table(title=title, header=HEADER, rows=rows, note=f"{how} {note}")


def read(content: bytes, people: dict[str, int]) -> dict[int, Decimal]:
    """What was paid, by person; raise Refusal, which names every row that cannot be read.

    `people` leads from the name of whoever has a name of his own to his id.
    """
    for grid in grids(content):
        for start, row in enumerate(grid.rows[:SEEN_FOR_HEADER]):
            at = {cell_text(cell): column for column, cell in enumerate(row) if cell_text(cell)}
            if NAME in at and PAID in at:
                return _rows(grid, start + 1, at, people)
    raise Refusal("没有找到“姓名”和“实交”两列。请用这里下载的表格填写。")


def _rows(
    grid: Grid, first: int, at: dict[str, int], people: dict[str, int]
) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    wrong: list[str] = []
    for number, row in enumerate(grid.rows[first:], start=first + 1):
        told = {title: cell_text(cell_at(row, column)) for title, column in at.items()}
        if not told[PAID] or not told[NAME]:
            continue
        code = told.get(PERSON, "")
        person = int(code) if code.isdecimal() and len(code) < 18 else people.get(told[NAME])
        if person is None or person not in people.values():
            wrong.append(f"第 {number} 行：{told[NAME]}这个月不在本支部，或有同名的人，请写编号")
        elif (amount := _amount(told[PAID])) is None:
            wrong.append(f"第 {number} 行：实交“{told[PAID]}”不是金额")
        elif person in found:
            wrong.append(f"第 {number} 行：{told[NAME]}写了两次")
        else:
            found[person] = amount
    if wrong:
        raise Refusal("\n".join([*wrong[:20], "改好后再上传，一行也没有采用。"]))
    return found


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
