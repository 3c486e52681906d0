"""Made facts of many schools, as large as asked, as a folder of Parquet files.

Everything follows from a seed by hashing ids, so that the same members are the same everywhere.
Schools of 125 branches with 24 members each; a member attends 24 activities of the year on
average. Some of everything that makes rules hard is there: moves, probation, exemptions, late
joiners, unknown hours and flags, planned activities, terms run out. `by_branch`: attendances lie
branch after branch, else in random order.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from sqlglot import exp

from guantong.obligations import folder, in_duckdb
from guantong.obligations import model as m
from guantong.obligations.load import load_catalogue
from guantong.obligations.tables import TABLES
from guantong.periods import Period

SEED = 54
YEAR = 2023
ON = date(2024, 1, 15)  # the year is over, its autumn semester is not
PLAN = "jyu-2021-2023"
PRESENT, BRANCHES, SECONDS = 24, 125, 16  # members of a branch; of a school: branches, committees
SQL = Path(__file__).with_name("nation.sql")
CATALOGUE = Path(__file__).resolve().parent.parent / "catalogue"


@dataclass(frozen=True)
class Size:
    """How many members, and in which order their attendances lie."""

    members: int
    by_branch: bool = False

    @property
    def name(self) -> str:
        return f"{self.members}-{'by-branch' if self.by_branch else 'random'}"


def question() -> m.Question:
    """The whole plan, for the year of the records."""
    rules = load_catalogue(CATALOGUE)
    year = Period(date(YEAR, 1, 1), date(YEAR + 1, 1, 1))
    return m.Question(rules.of_plan(PLAN), ON, year, rules.calendar)


def make(place: Path, size: Size) -> Path:
    """Return the folder of these facts, made where it is not there yet."""
    made = place / size.name
    if made.exists():
        return made
    half = place / f"{size.name}.part"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(half)}) as connection:
        connection.execute("SET enable_progress_bar = false")
        for statement in _statements(size):
            connection.execute(statement)
        for name in TABLES:
            connection.execute(f"COPY {_rows(name, size)} TO '{half / name}.parquet'")
    half.rename(made)
    return made


def _statements(size: Size) -> Iterator[str]:
    numbers = {
        "seed": SEED,
        "year": YEAR,
        "branches": -(-size.members // PRESENT),
        "schools": -(-size.members // (PRESENT * BRANCHES)),
        "present": PRESENT,
        "of_school": BRANCHES,
        "seconds": SECONDS,
    }
    text = SQL.read_text(encoding="utf-8")
    for name, number in numbers.items():
        text = text.replace(f":{name}", str(number))
    return (part for part in text.split(";\n") if part.strip())


def _rows(name: str, size: Size) -> str:
    columns = ", ".join(f'"{c}"' for c in TABLES[name].columns)
    if name != "attendances":
        return f"(SELECT {columns} FROM {name} ORDER BY ALL)"
    # Both orders are sorted: what comes out must not depend on the number of threads.
    order = "activity_id, person_id"
    order = order if size.by_branch else f"hash({order})"
    return f"(SELECT {columns} FROM {name} ORDER BY {order})"


@contextmanager
def opened(made: Path, *, memory: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that sees the folder's files as the fact tables, and copies none of them."""
    with in_duckdb.connected() as connection:
        connection.execute("SET threads = 2")
        connection.execute("SET enable_progress_bar = false")
        if memory:
            connection.execute("SET memory_limit = ?", [memory])
        for name, table in TABLES.items():
            columns = ", ".join(
                f'CAST("{c}" AS {folder.SQL_TYPES[kind]}) AS "{c}"'
                for c, kind in table.columns.items()
            )
            file = exp.Literal.string(str(made / f"{name}.parquet")).sql("duckdb")
            connection.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM read_parquet({file})")
        yield connection
