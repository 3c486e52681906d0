"""Entries as lines of CSV straight from an engine's columns, sorted, never a Python row at a time.

It writes byte for byte what `run.write_csv` writes of the same entries, for millions of them:
numbers stay whole ten-thousandths until they are printed, so nothing is rounded but a ratio.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from guantong.obligations import model as m

type Summary = Mapping[m.Verdict, int]  # how many entries have each verdict

SHARE = "CAST(SIGN(found) * SIGN(denominator) AS HUGEINT) * " + (
    "((ABS(CAST(found AS HUGEINT)) * 20000 + ABS(CAST(denominator AS HUGEINT)))"
    " // (2 * ABS(CAST(denominator AS HUGEINT))))"
)
ACTUAL = (
    f"CASE WHEN denominator IS NULL OR found IS NULL THEN found"
    f" WHEN possible IS NOT NULL THEN {SHARE} END"
)


def write_lines(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> Summary:
    """Write the rows of a compiled question (a query or a table's name) to a file."""
    source = rows if rows.isidentifier() else f"({rows})"
    chosen = (
        "SELECT obligation, bearer_kind, org_id, person_id, period_start,"
        " CAST(due_on + 1 AS DATE) AS period_end, due_on,"
        f" {_plain('required')} AS required, {_plain(ACTUAL)} AS actual, verdict"
        f" FROM {source} AS e"
        " ORDER BY obligation, bearer_kind, org_id, person_id NULLS FIRST, period_start"
    )
    place = str(path).replace("'", "''")
    connection.execute(f"COPY ({chosen}) TO '{place}' (FORMAT CSV, HEADER true)")
    counted = connection.execute(
        "SELECT verdict, COUNT(*) FROM read_csv(?, header = true, all_varchar = true)"
        " GROUP BY verdict",
        [str(path)],
    ).fetchall()
    return {m.Verdict(verdict): count for verdict, count in counted}


def _plain(scaled: str) -> str:
    """SQL for a number without needless zeros, from its ten-thousandths."""
    exact = f"CAST(({scaled}) AS DECIMAL(34, 0)) * CAST(0.0001 AS DECIMAL(4, 4))"
    return f"RTRIM(RTRIM(CAST({exact} AS VARCHAR), '0'), '.')"
