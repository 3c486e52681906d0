"""Reads one file inside a process of its own, with limits: `python -m guantong.sheets.child`.

Content comes in on standard input, the answer goes out on standard output as JSON:
{"refused": text} or {"sheets": [{"name": ..., "first_row": 1, "rows": [[cell, ...], ...]}]}.
A cell is a text, a number, a boolean, null, or {"date": iso} / {"datetime": iso} / {"time": iso}.
Whatever goes wrong in here ends with this process and with a sentence; `read` is the other side.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from typing import Any

from guantong.sheets import preflight
from guantong.sheets.preflight import MAX_COLUMNS, MAX_ROWS, MEBI, SAVE_AS, Refusal

MEMORY, SECONDS = 512 * MEBI, 10
MAX_SHEETS = 50
MAX_TEXT = 5_000  # in a cell
MAX_ANSWER = 32 * MEBI
ENCODINGS = ("utf-8-sig", "gb18030")
OCTOBER_OR_JANUARY = re.compile(r"[0-9]{4}\.1")
DELIMITERS = ",\t;"

type Grid = list[list[Any]]
type Corners = tuple[tuple[int, int], tuple[int, int]]


def main() -> None:
    limit_this_process()
    answer = json.dumps(answer_to(sys.stdin.buffer.read()), ensure_ascii=False)
    sys.stdout.buffer.write(answer.encode("utf-8", "surrogatepass"))


def limit_this_process() -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the only limit
        return
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
    ]
    for which, value in limits:
        try:
            resource.setrlimit(which, (value, value))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def answer_to(content: bytes) -> dict[str, Any]:
    try:
        return {"sheets": sheets(content)}
    except Refusal as refusal:
        return {"refused": refusal.text}
    except MemoryError:
        return {"refused": preflight.too_big("文件展开后过大").text}
    except Exception as error:  # the one boundary: readers of broken files raise anything
        reason = f"{type(error).__name__}: {error}"[:120]
        return {"refused": f"文件不完整或已损坏（{reason}）。请重新导出。{SAVE_AS}"}


def sheets(content: bytes) -> list[dict[str, Any]]:
    kind = preflight.kind_of(content)
    if kind == "csv":
        return [{"name": "", "rows": _csv(content)}]
    check = preflight.check_xlsx if kind == "xlsx" else preflight.check_xls
    check(content)
    return list(_excel(content))


# Excel


def _excel(content: bytes) -> Iterator[dict[str, Any]]:
    import python_calamine as calamine

    room = MAX_ANSWER
    try:
        book = calamine.load_workbook(BytesIO(content))
    except calamine.PasswordError:
        raise Refusal("文件设了打开密码，无法读取。请在 Excel 中取消密码后再导入。") from None
    visible = calamine.SheetVisibleEnum.Visible
    worksheet = calamine.SheetTypeEnum.WorkSheet
    for about in book.sheets_metadata[:MAX_SHEETS]:
        if about.visible != visible or about.typ != worksheet:
            continue
        sheet = book.get_sheet_by_name(about.name)
        if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
            raise preflight.too_big(f"工作表“{about.name}”超过 {MAX_ROWS} 行或 {MAX_COLUMNS} 列")
        grid = sheet.to_python(skip_empty_area=False)
        _fill_down(grid, sheet.merged_cell_ranges or [])
        rows = [[_plain(cell, r, c) for c, cell in enumerate(row)] for r, row in enumerate(grid)]
        room -= _size(rows)
        if room < 0:
            raise preflight.too_big("文件里的文字过多")
        yield {"name": about.name, "rows": rows}


def _fill_down(grid: Grid, merged: Iterable[Corners]) -> None:
    """A cell merged over several rows stands in each of them that holds anything else."""
    filled = [any(cell != "" for cell in row) for row in grid]
    for (top, left), (bottom, right) in merged:
        if top == bottom or left != right or top >= len(grid) or left >= len(grid[top]):
            continue
        for row in range(top + 1, min(bottom + 1, len(grid))):
            if filled[row]:
                grid[row][left] = grid[top][left]


def _plain(cell: Any, row: int, column: int) -> Any:
    match cell:
        case "":
            return None
        case str():
            return _text(cell, row, column)
        case datetime():
            return {"datetime": cell.isoformat()}
        case date():
            return {"date": cell.isoformat()}
        case time():
            return {"time": cell.isoformat()}
        case timedelta():
            return cell / timedelta(days=1)
        case _:
            return cell


def _text(text: str, row: int, column: int) -> str:
    if len(text) > MAX_TEXT:
        where = f"{preflight.column_letters(column + 1)}{row + 1}"
        raise Refusal(
            f"单元格 {where} 的文字有 {len(text)} 字，超过 {MAX_TEXT} 字。请缩短后再导入。"
        )
    return text


def _size(rows: Grid) -> int:
    return sum(len(cell) if isinstance(cell, str) else 8 for row in rows for cell in row)


# Text


def _csv(content: bytes) -> Grid:
    lines = StringIO(_decoded(content), newline="")
    first = lines.readline()
    lines.seek(0)
    delimiter = max(DELIMITERS, key=first.count)
    grid: Grid = []
    for r, row in enumerate(csv.reader(lines, delimiter=delimiter)):
        if r >= MAX_ROWS or len(row) > MAX_COLUMNS:
            raise preflight.too_big(f"文件超过 {MAX_ROWS} 行或 {MAX_COLUMNS} 列")
        grid.append([_csv_cell(_text(cell, r, c)) for c, cell in enumerate(row)])
    return grid


def _csv_cell(text: str) -> str | float | None:
    # Excel writes the number 2020.10 as 2020.1: stay as unsure about the month as in a workbook.
    return float(text) if OCTOBER_OR_JANUARY.fullmatch(text.strip()) else text or None


def _decoded(content: bytes) -> str:
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ["utf-16"] if wide else ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refusal(f"这不是 Excel 或 CSV 文件，或者文字编码无法识别。{SAVE_AS}")


if __name__ == "__main__":
    main()
