"""Fact tables from a folder of Parquet or CSV files, one file a table, into DuckDB.

Checked before anything runs: every column there, of its type, ids and first days filled in.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from guantong.conditions.check import Type
from guantong.obligations import model as m
from guantong.obligations import run
from guantong.obligations.tables import TABLES, Table

SQL_TYPES = {
    Type.ID: "BIGINT",
    Type.CODE: "VARCHAR",
    Type.FLAG: "BOOLEAN",
    Type.NUMBER: "DECIMAL(18, 4)",
    Type.DAY: "DATE",
}
READERS = {".parquet": "read_parquet(?)", ".csv": "read_csv(?, all_varchar = true, header = true)"}


class FactsError(Exception):
    """The folder does not hold what the contract of the fact tables says."""


def assess(question: m.Question, folder: Path) -> list[m.Entry]:
    """Return the entries of a question over the facts in a folder."""
    with duckdb.connect() as connection:
        load(connection, folder)
        text = run.sql(question, exp.to_table, "duckdb")
        return run.entries(connection.execute(text).fetchall())


def missing(folder: Path) -> tuple[str, ...]:
    """The fact tables that have no file in the folder; they are taken to be empty."""
    return tuple(name for name in TABLES if _file(folder, name) is None)


def load(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create every fact table in the connection; raise FactsError with all that is wrong."""
    if not folder.is_dir():
        raise FactsError(f"{folder}：不是目录。处理：给出存放事实表文件的目录")
    if len(missing(folder)) == len(TABLES):
        raise FactsError(
            f"{folder}：没有一个事实表文件。处理：放入 orgs.csv 或 orgs.parquet 等文件"
        )
    faults = [
        fault for name, table in TABLES.items() for fault in _load(connection, folder, name, table)
    ]
    if faults:
        raise FactsError("\n".join(faults))


def create(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make an empty fact table."""
    columns = ", ".join(f'"{c}" {SQL_TYPES[kind]}' for c, kind in TABLES[name].columns.items())
    connection.execute(f'CREATE TABLE "{name}" ({columns})')


def fill(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: str,
    values: Sequence[str] = (),
    *,
    blanks: bool = False,
) -> None:
    """Fill a fact table from `source`, each column of its type; `blanks`: "" is null."""
    columns = ", ".join(
        f"CAST({_null_if_blank(c) if blanks else _quoted(c)} AS {SQL_TYPES[kind]})"
        for c, kind in TABLES[name].columns.items()
    )
    connection.execute(f'INSERT INTO "{name}" SELECT {columns} FROM {source}', list(values))


def _file(folder: Path, name: str) -> Path | None:
    return next((f for suffix in READERS if (f := folder / f"{name}{suffix}").is_file()), None)


def _load(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, table: Table
) -> Iterable[str]:
    create(connection, name)
    path = _file(folder, name)
    if path is None:
        return
    try:
        source = connection.from_query(f"SELECT * FROM {READERS[path.suffix]}", params=[str(path)])
        if lacking := [c for c in table.columns if c not in source.columns]:
            yield f"{path.name}：缺少列 {'、'.join(lacking)}。处理：按事实表约定补齐列名"
            return
        blanks = path.suffix == ".csv"
        fill(connection, name, READERS[path.suffix], [str(path)], blanks=blanks)
    except duckdb.Error as error:
        remedy = "日期写成 2023-06-30，是否写成 true/false"
        yield f"{path.name}：{str(error).splitlines()[0]}。处理：{remedy}"
        return
    yield from _faults(connection, path.name, name, table)


def _faults(
    connection: duckdb.DuckDBPyConnection, file: str, name: str, table: Table
) -> Iterable[str]:
    def count(where: str) -> int:
        row = connection.execute(f'SELECT COUNT(*) FROM "{name}" WHERE {where}').fetchone()
        return int(row[0]) if row else 0

    for column in sorted(table.required):
        if empty := count(f"{_quoted(column)} IS NULL"):
            yield f"{file}：列 {column} 有 {empty} 行为空。处理：这一列每行都要填"
    for start, end in (("valid_from", "valid_to"), ("elected_on", "expires_on")):
        if start in table.columns and (bad := count(f"{end} <= {start}")):
            yield f"{file}：有 {bad} 行 {end} 不晚于 {start}。处理：结束日应晚于开始日"
    keys = ", ".join(map(_quoted, table.key))
    doubled = connection.execute(
        f'SELECT {keys} FROM "{name}" GROUP BY {keys} HAVING COUNT(*) > 1 LIMIT 1'
    ).fetchone()
    if doubled:
        yield f"{file}：{'、'.join(table.key)} = {doubled} 出现多次。处理：每项只留一行"


def _quoted(column: str) -> str:
    return f'"{column}"'


def _null_if_blank(column: str) -> str:
    return f"NULLIF(TRIM({_quoted(column)}), '')"
