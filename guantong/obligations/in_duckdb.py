"""A plan worked out in DuckDB, step by step.

As one query it would be right, too, but DuckDB then holds every scan's hash tables at once. Each
scan becomes a table of its own first: a nation's assessment needs a quarter of the memory so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import exp

from guantong.obligations import model as m
from guantong.obligations.compile import compile_steps


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory, with a folder of its own for what does not fit."""
    with TemporaryDirectory(prefix="guantong-") as spill, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [spill])
        connection.execute("SET preserve_insertion_order = false")
        # Calendars are short: comparing each row with all of theirs is less work than sorting.
        connection.execute("SET nested_loop_join_threshold = 64")
        yield connection


@contextmanager
def worked_out(connection: duckdb.DuckDBPyConnection, question: m.Question) -> Iterator[str]:
    """Yield a query whose rows are the entries, over scans that are there meanwhile."""
    scans, entries = steps(question)
    try:
        for name, text in scans.items():
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        yield entries
    finally:
        for name in scans:
            connection.execute(f"DROP TABLE IF EXISTS {name}")


def script(question: m.Question) -> str:
    """The same for people to read, in lines and commented with the obligations."""
    scans, entries = steps(question, pretty=True)
    made = [f"CREATE TEMP TABLE {name} AS\n{text};\n\n" for name, text in scans.items()]
    return "".join([*made, f"{entries};"])


@lru_cache(maxsize=16)
def steps(question: m.Question, *, pretty: bool = False) -> tuple[dict[str, str], str]:
    """The scans by name, in order, and the query that reads them."""
    scans, entries = compile_steps(question, exp.to_table)

    def text(query: exp.Query) -> str:
        return query.sql(dialect="duckdb", pretty=pretty, comments=pretty, copy=False)

    return {name: text(scan) for name, scan in scans.items()}, text(entries)
