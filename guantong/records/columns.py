"""The fact tables copied from the application's database into DuckDB, column by column.

For whole assessments of big schools, for the check that incremental equals full, and for export.
It reads what is committed, over a connection of its own, all tables as of one moment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from adbc_driver_manager import dbapi
from django.db import connection

from guantong.obligations import folder, folder_writing, in_duckdb
from guantong.obligations.tables import TABLES
from guantong.records.facts import select


@contextmanager
def copied() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB that holds every fact table."""
    with _source() as source, in_duckdb.connected() as target, source.cursor() as cursor:
        for name in TABLES:
            folder.create(target, name)
            cursor.execute(select(name))
            target.register("copied", cursor.fetch_record_batch())
            folder.fill(target, name, "copied")
            target.unregister("copied")
        yield target


def export(place: Path, *, partition: bool, replace: bool) -> Mapping[str, int]:
    """Write the fact tables as Parquet into a folder; return the number of rows of each."""
    place = place.absolute()
    folder_writing.require_free(place, replace=replace)
    with copied() as copy:
        return folder_writing.write(copy, place, partition=partition, replace=replace)


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
