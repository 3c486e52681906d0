"""A nation's facts as records in the application's own database, written in bulk.

Not through actions: what is measured is the ledger over many records, not their recording. The
live ledger is filled from DuckDB's answer; an update that finds anything else to change than what
it should would show it.
"""

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from bench import nation, school
from bench.nation import ON, PLAN, YEAR, Size
from guantong.obligations import in_duckdb

CHUNK = 50_000
# Columns of each table of records, and the rows they are filled with.
RECORDS: dict[str, tuple[str, str]] = {
    "org": (
        "id, name, short_name, kind, category, path, sort_key, valid_from, valid_to",
        """WITH RECURSIVE hung AS (
               SELECT org_id, org_id || '/' AS path FROM orgs
               WHERE org_id NOT IN (SELECT org_id FROM org_parents WHERE valid_to IS NULL)
               UNION ALL
               SELECT p.org_id, h.path || p.org_id || '/'
               FROM org_parents p JOIN hung h ON h.org_id = p.parent_id WHERE p.valid_to IS NULL)
           SELECT org_id, 'Org ' || org_id, 'Org ' || org_id, kind, category, path,
                  CAST(org_id AS VARCHAR), valid_from, valid_to
           FROM orgs JOIN hung USING (org_id)""",
    ),
    "orgparent": (
        "org_id, parent_id, valid_from, valid_to",
        "SELECT org_id, parent_id, valid_from, valid_to FROM org_parents",
    ),
    "person": (
        "id, name, pinyin, letters",
        "SELECT DISTINCT person_id, 'P' || person_id, 'p', '|p|' FROM memberships",
    ),
    "membership": (
        "person_id, org_id, status, exempt, exempt_reason, departure, end_reason, valid_from,"
        " valid_to",
        "SELECT person_id, org_id, status, exempt, '', '', '', valid_from, valid_to"
        " FROM memberships",
    ),
    "post": (
        "person_id, org_id, post, double_leader, full_time, valid_from, valid_to",
        "SELECT person_id, org_id, post, double_leader, full_time, valid_from, valid_to"
        " FROM posts",
    ),
    "activity": (
        "id, kind, title, held_on, place, hours, planned, summary, recorded_at, late_reason,"
        " withdrawn_reason, version",
        "SELECT activity_id, kind, kind, held_on, '', CAST(hours AS DECIMAL(6, 2)), planned, '',"
        " held_on + INTERVAL 20 HOUR, '', '', 1 FROM activities",
    ),
    "activityhost": ("activity_id, org_id", "SELECT activity_id, org_id FROM hosts"),
    "attendance": (
        "activity_id, person_id, role, hours",
        "SELECT activity_id, person_id, role, CAST(hours AS DECIMAL(6, 2)) FROM attendances"
        " ORDER BY activity_id, person_id",  # as they are entered, whatever the files' order
    ),
    "relation": (
        "kind, person_id, org_id, other_org_id, other_person_id, partner, note, valid_from,"
        " valid_to",
        "SELECT kind, person_id, org_id, other_org_id, other_person_id, '', '', valid_from,"
        " valid_to"
        " FROM relations",
    ),
    "figure": (
        "org_id, name, as_of, value, source",
        "SELECT org_id, name, as_of, CAST(value AS DECIMAL(14, 2)), '' FROM figures",
    ),
    "term": (
        "org_id, elected_on, expires_on, extended_to",
        "SELECT org_id, elected_on, expires_on, extended_to FROM terms",
    ),
    "document": (
        "org_id, doc_class, title, number, review_due, valid_from, valid_to",
        "SELECT org_id, class, class, '', review_due, valid_from, valid_to FROM documents",
    ),
    "entry": (
        "assessment_id, obligation, bearer_kind, org_id, person_id, period_start, period_end,"
        " due_on, required, actual, numerator, denominator, verdict",
        """SELECT 1, obligation, bearer_kind, org_id, person_id, period_start, due_on + 1, due_on,
           CAST(required / 10000 AS DECIMAL(14, 4)),
           CAST(CASE WHEN denominator IS NULL THEN found / 10000
                     WHEN possible IS NOT NULL THEN ROUND(found / denominator, 4) END
                AS DECIMAL(14, 4)),
           CASE WHEN denominator IS NOT NULL THEN CAST(found / 10000 AS DECIMAL(14, 4)) END,
           CAST(denominator / 10000 AS DECIMAL(14, 4)), verdict FROM entries""",
    ),
}


def install(place: school.Place, facts: Path, size: Size) -> None:
    """Fill the empty database of a place, unless it is filled; in a process of its own."""
    school.enter(place)
    from django.core.management import call_command
    from django.db import connection

    from guantong.records.models import Assessment, School

    call_command("migrate", verbosity=0)
    if School.objects.exists():
        return
    made = nation.make(facts, size)
    with nation.opened(made) as facts_in:
        with in_duckdb.worked_out(facts_in, nation.question()) as text:
            facts_in.execute(f"CREATE TEMP TABLE entries AS {text}")
        Assessment.objects.create(pk=1, **_described())
        write = _into_postgres if place.url else _into_sqlite
        for name, (columns, rows) in RECORDS.items():
            names, texts = _completed(name, columns, rows)
            write(f"records_{name}", names, facts_in.execute(texts))
    _number_on(connection)
    School.objects.create(
        pk=1, name="A nation", today=ON, records_since=f"{YEAR}-01-01", plan=PLAN
    )


def _completed(name: str, columns: str, rows: str) -> tuple[str, str]:
    """With the columns that are never null and were not named, as Django would fill them."""
    from django.apps import apps

    named = {column.strip() for column in columns.split(",")}
    left = {
        field.attname: field.get_default()
        for field in apps.get_model("records", name)._meta.concrete_fields
        if not (field.null or field.primary_key or field.attname in named)
    }
    texts = [f"'{value}' AS {column}" for column, value in left.items()]
    together = ", ".join(["given.*", *texts])
    return ", ".join([columns, *left]), f"SELECT {together} FROM ({rows}) AS given"


def _described() -> dict[str, Any]:
    from guantong.records import catalogue, clock

    return {
        "plan": PLAN,
        "on_day": ON,
        "since": f"{YEAR}-01-01",
        "catalogue_hash": catalogue.fingerprint(),
        "engine": "duckdb",
        "live": True,
        "made_at": clock.now(),
    }


def _chunks(found: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while rows := found.fetchmany(CHUNK):
        yield rows


def _into_sqlite(table: str, columns: str, found: duckdb.DuckDBPyConnection) -> None:
    from django.db import connection

    marks = ", ".join("?" for _ in columns.split(","))
    with sqlite3.connect(connection.settings_dict["NAME"]) as target:
        target.execute("PRAGMA synchronous = off")
        target.execute("PRAGMA cache_size = -1000000")
        indexes = target.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (table,),
        ).fetchall()
        for name, _ in indexes:  # made at the end, in order, instead of row by row at random
            target.execute(f'DROP INDEX "{name}"')
        for rows in _chunks(found):
            text = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
            target.executemany(text, [_plain(row) for row in rows])
        for _, made in indexes:
            target.execute(made)
    target.close()


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """As Django stores it in SQLite: days as text, numbers as numbers."""
    known = {"Decimal": float, "date": str, "datetime": str}
    return tuple(known.get(type(value).__name__, lambda v: v)(value) for value in row)


def _into_postgres(table: str, columns: str, found: duckdb.DuckDBPyConnection) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the keys are sound
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c"
            " ON c.conname = i.indexname WHERE i.tablename = %s AND c.conname IS NULL",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
            for rows in _chunks(found):
                buffer = io.StringIO()
                csv.writer(buffer, quoting=csv.QUOTE_NOTNULL).writerows(rows)
                copy.write(buffer.getvalue())
        for _, made in indexes:
            cursor.execute(made)
        cursor.execute("SET session_replication_role = origin")


def _number_on(connection: Any) -> None:
    """PostgreSQL notices neither ids that it is given, nor at once how many rows there are now."""
    from django.apps import apps
    from django.core.management.color import no_style

    models = list(apps.get_app_config("records").get_models())
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
