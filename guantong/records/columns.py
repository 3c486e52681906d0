"""The fact tables copied from the application's database into DuckDB, column by column.

For whole assessments of big schools and for the check that incremental equals full. It reads what
is committed, over a connection of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from adbc_driver_manager import dbapi
from django.db import connection

from guantong.obligations import folder
from guantong.obligations.tables import TABLES
from guantong.records.facts import FACTS


@contextmanager
def copied() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB that holds every fact table."""
    with _source() as source, duckdb.connect() as target, source.cursor() as cursor:
        for name in TABLES:
            folder.create(target, name)
            cursor.execute(FACTS[name])
            target.register("copied", cursor.fetch_record_batch())
            folder.fill(target, name, "copied")
            target.unregister("copied")
        yield target


def _source() -> dbapi.Connection:
    """An Arrow connection to the database that Django uses."""
    settings: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        from adbc_driver_sqlite import dbapi as sqlite

        opened: dbapi.Connection = sqlite.connect(f"file:{settings['NAME']}?mode=ro")
        return opened
    from adbc_driver_postgresql import dbapi as postgres
    from psycopg.conninfo import make_conninfo

    reached: dbapi.Connection = postgres.connect(
        make_conninfo(
            dbname=settings["NAME"],
            user=settings["USER"] or None,
            password=settings["PASSWORD"] or None,
            host=settings["HOST"] or None,
            port=settings["PORT"] or None,
        )
    )
    return reached
