"""What lies in a folder of fact tables, and how DuckDB reads it.

One table is a CSV file, a Parquet file, or a folder of Parquet files (`attendances/top=3/…`; how
they are split means nothing). Names, columns and types are looked at here, values in `faults`.
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from guantong.conditions.check import Type
from guantong.obligations import faults, in_duckdb
from guantong.obligations import model as m
from guantong.obligations.faults import FactsError
from guantong.obligations.lines import Summary, write_lines
from guantong.obligations.tables import TABLES

SQL_TYPES = {
    Type.ID: "BIGINT",
    Type.CODE: "VARCHAR",
    Type.FLAG: "BOOLEAN",
    Type.NUMBER: "DECIMAL(18, 4)",
    Type.DAY: "DATE",
}
GIVEN = {
    **{"int8": "TINYINT", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT"},
    **{"uint8": "SMALLINT", "uint16": "INTEGER", "uint32": "BIGINT"},
    **{"float": "FLOAT", "double": "DOUBLE", "bool": "BOOLEAN", "date32[day]": "DATE"},
}
CSV, PARQUET = ".csv", ".parquet"


type Kinds = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Held:
    """One fact table in a folder. `types` are Parquet's own; a CSV file has text alone."""

    table: str
    shown: str  # how a message names it
    paths: tuple[Path, ...]
    types: Mapping[str, pa.DataType]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.paths)

    @property
    def is_csv(self) -> bool:
        return self.paths[0].suffix == CSV


@dataclass(frozen=True)
class Facts:
    """A folder read into DuckDB, each fact table a table or view, with what was noticed."""

    connection: duckdb.DuckDBPyConnection
    notes: tuple[str, ...]

    def write(self, question: m.Question, path: Path) -> Summary:
        """Write the entries of a question as sorted CSV."""
        with in_duckdb.worked_out(self.connection, question) as entries:
            return write_lines(self.connection, entries, path)


@contextmanager
def opened(folder: Path, kinds: Kinds | None = None) -> Iterator[Facts]:
    """Yield the facts in a folder; raise FactsError with all that is wrong.

    `kinds`: the codes of kinds.yaml by group; others are told.
    """
    with loaded(folder) as (held, connection), told(folder):
        loose = look(duckdb_ask(connection), held, held.keys(), kinds)
        yield Facts(connection, (*absent(folder, held), *loose))


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Say in one line that a file is damaged or the machine too small."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # we are wrong, not the folder
    except duckdb.OutOfMemoryException:
        raise FactsError(f"{folder}：内存不够，没有算完。处理：用 --engine spark") from None
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise FactsError(
            f"{folder}：没有算完，有文件损坏。处理：重新导出（DuckDB 的说法：{reason}）"
        ) from None


@contextmanager
def loaded(folder: Path) -> Iterator[tuple[Mapping[str, Held], duckdb.DuckDBPyConnection]]:
    """Yield every fact table in DuckDB, values not yet looked at but those of CSV files."""
    held = survey(folder)
    with in_duckdb.connected() as connection:
        for name in TABLES:
            load(connection, name, held.get(name))
        yield held, connection


def look(
    ask: faults.Ask,
    held: Mapping[str, Held],
    names: Collection[str],
    kinds: Kinds | None = None,
) -> Sequence[str]:
    """Raise FactsError with all that is wrong in these tables; return what is merely loose."""
    chosen = [held[name] for name in TABLES if name in names]
    checks = [check for h in chosen for check in (*_inexact(h), *faults.checks(h.table, h.shown))]
    faults.require_none(ask, checks)
    shown = {h.table: h.shown for h in chosen}
    codes = faults.unknown_codes(shown, kinds) if kinds else ()
    return faults.found(ask, [*faults.loose_ends(names), *codes])


def duckdb_ask(connection: duckdb.DuckDBPyConnection) -> faults.Ask:
    return lambda query: connection.execute(query.sql(dialect="duckdb")).fetchall()


# ---------------------------------------------------------------- what is there


def survey(folder: Path) -> Mapping[str, Held]:
    """Return the tables in a folder by name; raise FactsError for names, columns and types."""
    if not folder.is_dir():
        raise FactsError(f"{folder}：不是目录。处理：给出存放事实表文件的目录")
    try:
        entries = sorted(p for p in folder.iterdir() if p.name[0] not in "._")
        wrong = [fault for path in entries for fault in _misplaced(path)]
        wrong += [fault for name in TABLES for fault in _twice(folder, name)]
        held = (
            [_held(p) for p in entries if p.stem in TABLES and _is_table(p)] if not wrong else []
        )
    except OSError as error:
        raise FactsError(f"{error.filename}：读不了（{error.strerror}）") from None
    if wrong:
        raise FactsError("\n".join(wrong))
    if not held:
        raise FactsError(
            f"{folder}：没有一个事实表文件。处理：放入 orgs.csv 或 orgs.parquet 等文件"
        )
    if wrong := [fault for h in held for fault in _columns(h)]:
        raise FactsError("\n".join(wrong))
    return {h.table: h for h in held}


def absent(folder: Path, held: Mapping[str, Held]) -> tuple[str, ...]:
    """Say which tables are not there; they are taken to be empty."""
    names = [name for name in TABLES if name not in held]
    return (f"{folder} 没有这些表，按空表核算：{'、'.join(names)}",) if names else ()


def _is_table(path: Path) -> bool:
    return path.is_dir() if not path.suffix else path.suffix in {CSV, PARQUET}


def _misplaced(path: Path) -> Iterator[str]:
    """A file that was meant to be a fact table, but would be passed over."""
    meant = path.suffix.lower() in {CSV, PARQUET} or path.is_dir()
    if path.stem in TABLES:
        if not _is_table(path):
            yield f"{path.name}：不是 CSV 或 Parquet。处理：另存为 {path.stem}.csv 或 .parquet"
    elif meant:
        near = get_close_matches(path.stem.lower(), TABLES, n=1)
        remedy = f"是不是 {near[0]}" if near else f"事实表有 {'、'.join(TABLES)}，其余请移走"
        yield f"{path.name}：没有这个事实表。处理：{remedy}"


def _twice(folder: Path, name: str) -> Iterator[str]:
    places = (folder / f"{name}{CSV}", folder / f"{name}{PARQUET}", folder / name)
    there = [path.name + "/" * path.is_dir() for path in places if path.exists()]
    if len(there) > 1:
        yield f"{'、'.join(there)}：同一个表有 {len(there)} 份。处理：只留一份"


def _held(path: Path) -> Held:
    paths = sorted(path.rglob(f"*{PARQUET}")) if path.is_dir() else [path]
    paths = [p for p in paths if p.is_file() and p.name[0] not in "._"]
    shown = path.name + "/" * path.is_dir()
    if not paths:
        raise FactsError(f"{shown}：里面没有 .parquet 文件。处理：放入文件或移走这个目录")
    types = {} if path.suffix == CSV else _types(path, paths)
    return Held(path.stem, shown, tuple(paths), types)


def _types(path: Path, files: Sequence[Path]) -> Mapping[str, pa.DataType]:
    """The types of the contract's columns, the same in every file of a table."""
    first: dict[str, pa.DataType] = {}
    for file in files:
        shown = file.relative_to(path.parent).as_posix()
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise FactsError(f"{shown}：不是 Parquet 文件（{reason}）。处理：重新导出") from None
        types = {f.name: f.type for f in schema if f.name in TABLES[path.stem].columns}
        if types != (first := first or types):
            raise FactsError(
                f"{shown}：列或类型与 {files[0].relative_to(path.parent).as_posix()} 不同。"
                "处理：用同样的类型重新写出"
            )
    return first


def _columns(held: Held) -> Iterator[str]:
    columns = TABLES[held.table].columns
    there = _csv_columns(held) if held.is_csv else held.types.keys()
    if doubled := [c for c, n in Counter(there).items() if n > 1]:
        yield f"{held.shown}：列 {'、'.join(doubled)} 写了不止一次。处理：每列只留一个"
        return
    if lacking := [c for c in columns if c not in there]:
        yield f"{held.shown}：缺少列 {'、'.join(lacking)}。处理：按事实表约定补齐列名"
        return
    for column, found in held.types.items():
        wanted, remedy, fits = FITTING[columns[column]]
        if not pa.types.is_null(found) and not fits(found):
            yield f"{held.shown}：列 {column} 是 {found}，应为{wanted}。处理：{remedy}后再写出"


def _csv_columns(held: Held) -> Sequence[str]:
    """Read here, since DuckDB takes another line for the first where lines differ in length."""
    try:
        with held.paths[0].open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
        if "" in (name.strip() for name in header):
            raise FactsError(f"{held.shown}：第一行有空的列名（多了逗号）。处理：删去多余的逗号")
        return header
    except UnicodeDecodeError:
        raise FactsError(_unread(held, "不是 UTF-8")) from None


def _whole(found: pa.DataType) -> bool:
    return bool(pa.types.is_integer(found)) and found != pa.uint64()


def _number(found: pa.DataType) -> bool:
    exact = pa.types.is_decimal(found) and found.precision <= 38
    return exact or _whole(found) or found in {pa.float32(), pa.float64()}


def _text(found: pa.DataType) -> bool:
    plain = found.value_type if pa.types.is_dictionary(found) else found
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


FITTING = {
    Type.ID: ("整数", "转换为 int64", _whole),
    Type.CODE: ("文字", "转换为字符串", _text),
    Type.FLAG: ("布尔值", "转换为 boolean", pa.types.is_boolean),
    Type.NUMBER: ("数值", "转换为 decimal(18,4)", _number),
    Type.DAY: ("日期", "转换为 date", lambda found: pa.types.is_date32(found)),
}


# ---------------------------------------------------------------- into DuckDB


def load(connection: duckdb.DuckDBPyConnection, name: str, held: Held | None) -> None:
    """Make a fact table: a view over Parquet, which is read as it is asked, or a table."""
    if held is None:
        create(connection, name)
    elif held.is_csv:
        _load_csv(connection, held)
    else:
        files = ", ".join(_quoted_text(str(path)) for path in held.paths)
        raw = f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
        connection.execute(f'CREATE TEMP VIEW "{name}_as_given" AS SELECT * FROM {raw}')
        columns = ", ".join(casts(held))
        connection.execute(f'CREATE TEMP VIEW "{name}" AS SELECT {columns} FROM "{name}_as_given"')


def casts(held: Held) -> Iterator[str]:
    """SQL for the columns of the contract, from what the Parquet files call them."""
    for column, kind in TABLES[held.table].columns.items():
        empty = pa.types.is_null(held.types[column])
        cast = "TRY_CAST" if kind is Type.NUMBER else "CAST"  # `inexact` tells what does not fit
        value = "NULL" if empty else _quoted(column)
        yield f'{cast}({value} AS {SQL_TYPES[kind]}) AS "{column}"'


def _inexact(held: Held) -> Sequence[faults.Check]:
    """Look whether numbers of a wide type keep their value with four places."""
    wide = {
        column: sql_type
        for column, sql_type in sql_types(held).items()
        if TABLES[held.table].columns[column] is Type.NUMBER and _wide(held.types[column])
    }
    return faults.inexact(held.table, held.shown, wide) if wide else ()


def _wide(found: pa.DataType) -> bool:
    if pa.types.is_decimal(found):
        return bool(found.scale > 4 or found.precision - found.scale > 14)
    return found in {pa.float32(), pa.float64(), pa.int64()}


def sql_types(held: Held) -> Mapping[str, str]:
    """The SQL types of the columns as the files have them; a column without a value has none."""
    return {c: _sql_type(t) for c, t in held.types.items() if not pa.types.is_null(t)}


def _sql_type(found: pa.DataType) -> str:
    if pa.types.is_decimal(found):
        return f"DECIMAL({found.precision}, {found.scale})"
    return "VARCHAR" if _text(found) else GIVEN[str(found)]


def _load_csv(connection: duckdb.DuckDBPyConnection, held: Held) -> None:
    create(connection, held.table)
    try:
        connection.execute(
            f'CREATE TEMP TABLE "{held.table}_as_given" AS SELECT * FROM {_csv(held)}'
        )
    except duckdb.Error as error:
        raise FactsError(_unread(held, str(error).splitlines()[0])) from None
    faults.require_none(duckdb_ask(connection), faults.unreadable(held.table, held.shown))
    fill(connection, held.table, f'"{held.table}_as_given"', blanks=True)
    connection.execute(f'DROP TABLE "{held.table}_as_given"')


def _csv(held: Held) -> str:
    path = _quoted_text(str(held.paths[0]))
    columns = ", ".join(f"{_quoted_text(c)}: 'VARCHAR'" for c in _csv_columns(held))
    options = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    return f"read_csv({path}, columns = {{{columns}}}, {options})"


def _unread(held: Held, reason: str) -> str:
    return f"{held.shown}：读不了（{reason}）。处理：存成 UTF-8、逗号分隔、第一行为列名的 CSV"


def create(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make an empty fact table."""
    columns = ", ".join(f'"{c}" {SQL_TYPES[kind]}' for c, kind in TABLES[name].columns.items())
    connection.execute(f'CREATE TABLE "{name}" ({columns})')


def fill(
    connection: duckdb.DuckDBPyConnection, name: str, source: str, *, blanks: bool = False
) -> None:
    """Fill a fact table from `source`, each column of its type; `blanks`: "" is null."""
    columns = ", ".join(
        f"CAST({_null_if_blank(c) if blanks else _quoted(c)} AS {SQL_TYPES[kind]})"
        for c, kind in TABLES[name].columns.items()
    )
    connection.execute(f'INSERT INTO "{name}" SELECT {columns} FROM {source}')


def _quoted(column: str) -> str:
    return f'"{column}"'


def _quoted_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _null_if_blank(column: str) -> str:
    return f"NULLIF(TRIM({_quoted(column)}), '')"
