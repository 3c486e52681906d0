"""From a file's bytes to grids of cells. The file is opened by a child process with limits.

Knows no fields: `columns` finds the header, `values` reads the cells.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import guantong
from guantong.sheets.child import SECONDS
from guantong.sheets.preflight import MEBI, Refusal

MAX_FILE = 20 * MEBI
PATIENCE = 4 * SECONDS  # by the clock: the child counts its own time, on a busy machine less
ROOT = Path(guantong.__file__).parent.parent
CHILD = [sys.executable, "-s", "-m", "guantong.sheets.child"]
LINES = [sys.executable, "-s", "-m", "guantong.sheets.lines_child"]

SHORTER = "请只留这一次的会议记录，复制到一个新的 .docx 或 .xlsx 文件再上传。"
SMALLER = "请只留要导入的工作表，把内容复制到一个新的 .xlsx 文件再导入。"

type Cell = str | float | int | bool | date | datetime | time | None


@dataclass(frozen=True)
class Grid:
    """One worksheet; `rows[0][0]` is A1. `name` is empty for a CSV file."""

    name: str
    rows: Sequence[Sequence[Cell]]


def grids(content: bytes) -> list[Grid]:
    """Return the visible worksheets; raise Refusal, which says what is wrong with the file."""
    check_size(len(content))
    answer = ask_child(CHILD, content)
    if "refused" in answer:
        raise Refusal(answer["refused"])
    return [
        Grid(sheet["name"], [[_cell(cell) for cell in row] for row in sheet["rows"]])
        for sheet in answer["sheets"]
    ]


def lines(content: bytes) -> list[str]:
    """Return the lines of a Word document or of the first worksheet; raise Refusal as `grids`."""
    check_size(len(content))
    answer = ask_child(LINES, content, remedy=SHORTER)
    if "refused" in answer:
        raise Refusal(answer["refused"])
    return list(answer["lines"])


def check_size(size: int) -> None:
    """For those who have a file whose content is not in memory yet, too."""
    if size > MAX_FILE:
        raise Refusal(
            f"文件有 {size / MEBI:.0f} MB，超过 {MAX_FILE // MEBI} MB。"
            "请只留要导入的工作表，删去图片，或分成几个文件。"
        )


def ask_child(child: Sequence[str], content: bytes, *, remedy: str = SMALLER) -> dict[str, Any]:
    """What a program of ours answers in a process of its own, with limits and no secrets."""
    try:
        done = subprocess.run(
            child,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            cwd=ROOT,
            env=bare_environment(),
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Refusal(f"读取超过 {PATIENCE} 秒，已停止。{remedy}") from None
    except (subprocess.CalledProcessError, ValueError):  # killed at its limits
        raise Refusal(f"文件展开后过大或已损坏，已停止读取。{remedy}") from None
    return answer


def bare_environment() -> dict[str, str]:
    """Next to nothing: no keys, no database address."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _cell(cell: Any) -> Cell:
    match cell:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case str() | float() | int() | None:
            return cell
    raise AssertionError(cell)
