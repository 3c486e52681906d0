"""Runs a question over facts held in memory on every engine, so that answers can be compared."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import duckdb
from sqlglot import exp

from guantong.conditions.check import Type
from guantong.obligations import naive, run
from guantong.obligations.tables import TABLES

TYPES = {
    "sqlite": {
        Type.ID: "INTEGER",
        Type.CODE: "TEXT",
        Type.FLAG: "bool",
        Type.NUMBER: "decimal",
        Type.DAY: "date",
    },
    "duckdb": {
        Type.ID: "BIGINT",
        Type.CODE: "VARCHAR",
        Type.FLAG: "BOOLEAN",
        Type.NUMBER: "DECIMAL(18,4)",
        Type.DAY: "DATE",
    },
    "postgres": {
        Type.ID: "BIGINT",
        Type.CODE: "TEXT",
        Type.FLAG: "BOOLEAN",
        Type.NUMBER: "NUMERIC",
        Type.DAY: "DATE",
    },
}
MARK = {"sqlite": "?", "duckdb": "?", "postgres": "%s"}


def table(name):
    return exp.to_table(name)


def entries(engine, question, facts):
    """The entries of a question over facts (table -> rows), by the engine of that name."""
    if engine == "naive":
        return naive.entries(question, facts)
    with connection(engine) as execute:
        fill(engine, execute, facts)
        return run.entries(execute(run.sql(question, table, engine)).fetchall())


def fill(engine, execute, facts):
    for name, fact_table in TABLES.items():
        columns = ", ".join(
            f'"{c}" {TYPES[engine][kind]}' for c, kind in fact_table.columns.items()
        )
        execute(f"CREATE TEMP TABLE {name} ({columns})")
        marks = ", ".join([MARK[engine]] * len(fact_table.columns))
        for row in facts.get(name, ()):
            values = [_stored(engine, row[c]) for c in fact_table.columns]
            execute(f"INSERT INTO {name} VALUES ({marks})", values)


def _stored(engine, value):
    if engine == "sqlite" and value is not None and not isinstance(value, int | str):
        return str(value) if not isinstance(value, Decimal) else float(value)
    return value


@contextmanager
def connection(engine) -> Iterator:
    if engine == "postgres":
        from django.db import connections, transaction

        with transaction.atomic(), connections["default"].cursor() as cursor:

            def execute(text, values=None):
                cursor.execute(text, values)
                return cursor

            yield execute
            transaction.set_rollback(True)
        return
    opened = sqlite3.connect(":memory:") if engine == "sqlite" else duckdb.connect()
    try:
        yield lambda text, values=(): opened.execute(text, values)
    finally:
        opened.close()


def available():
    """The engines this run can reach: PostgreSQL only when the suite runs on it."""
    postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
    return ["sqlite", "duckdb", *(["postgres"] if postgres else [])]
