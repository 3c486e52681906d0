"""Runs a question over facts held in memory on every engine, so that answers can be compared."""

import functools
import io
import sqlite3
from collections.abc import Callable
from decimal import Decimal

import duckdb
import pyarrow as pa
from django.db import connection
from sqlglot import exp

from guantong.conditions.check import Type
from guantong.obligations import cluster, in_duckdb, naive, run
from guantong.obligations.compile import compile_question
from guantong.obligations.tables import TABLES

TYPES = {
    "sqlite": ("INTEGER", "TEXT", "bool", "decimal", "date"),
    "duckdb": ("BIGINT", "VARCHAR", "BOOLEAN", "DECIMAL(18,4)", "DATE"),
    "postgres": ("BIGINT", "TEXT", "BOOLEAN", "NUMERIC", "DATE"),
}
COLUMNS = {
    Type.ID: pa.int64(),
    Type.CODE: pa.string(),
    Type.FLAG: pa.bool_(),
    Type.NUMBER: pa.decimal128(18, 4),
    Type.DAY: pa.date32(),
}


def available():
    """The engines of this run: PostgreSQL's turn is when the suite runs on it, and Spark is asked
    by tests of its own (`entries_on_spark`), many cases at once.
    """
    return ["postgres"] if connection.vendor == "postgresql" else ["sqlite", "duckdb"]


def entries(engine, question, facts, query=None):
    """The entries of a question over facts (table -> rows), by the engine of that name.

    `query` is the compiled question, for those who ask several engines the same.
    """
    if engine == "naive":
        return naive.entries(question, facts)
    query = query or compile_question(question, exp.to_table)
    execute = connected(engine)
    fill(engine, execute, facts)
    if engine == "duckdb":
        with in_duckdb.worked_out(_in_memory(engine), question) as text:
            return run.entries(execute(text, ()).fetchall())
    return run.entries(execute(query.sql(dialect=engine), ()).fetchall())


def written(found):
    """Entries as the bytes that every engine must give."""
    file = io.StringIO()
    run.write_csv(found, file)
    return file.getvalue()


def entries_on_spark(session, question, facts):
    """The same on a Spark session."""
    for name, table in TABLES.items():
        schema = pa.schema([(column, COLUMNS[kind]) for column, kind in table.columns.items()])
        cluster.register(session, name, pa.Table.from_pylist(facts.get(name, ()), schema=schema))
    rows = cluster.answer(session, question).to_pydict()
    return run.entries(zip(*rows.values(), strict=True))


def connected(engine) -> Callable:
    if engine != "postgres":
        return _in_memory(engine).execute
    cursor = connection.cursor()  # of the test's own transaction, so made anew each time

    def execute(text, values):
        cursor.execute(text, values)
        return cursor

    _make_tables(engine, execute)
    return execute


@functools.cache
def _in_memory(engine):
    opened = sqlite3.connect(":memory:") if engine == "sqlite" else duckdb.connect()
    _make_tables(engine, opened.execute)
    return opened


def _make_tables(engine, execute):
    types = dict(zip(Type, TYPES[engine], strict=True))
    for name, table in TABLES.items():
        columns = ", ".join(f'"{c}" {types[kind]}' for c, kind in table.columns.items())
        execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})", ())


def fill(engine, execute, facts):
    mark = "%s" if engine == "postgres" else "?"
    for name, table in TABLES.items():
        execute(f"DELETE FROM {name}", ())
        rows = [[_stored(engine, row[c]) for c in table.columns] for row in facts.get(name, ())]
        if rows:
            marks = f"({', '.join([mark] * len(table.columns))})"
            values = [value for row in rows for value in row]
            execute(f"INSERT INTO {name} VALUES {', '.join([marks] * len(rows))}", values)


def _stored(engine, value):
    if engine != "sqlite" or value is None or isinstance(value, int | str):
        return value
    return float(value) if isinstance(value, Decimal) else str(value)
