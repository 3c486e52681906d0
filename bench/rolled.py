"""A million branches over five levels: all levels' totals beside one flat GROUP BY.

Both read the same rows, one per branch and obligation, and join them to where the branch hangs;
the flat one gives only the totals of the lowest level, which must be among ours.
"""

from collections.abc import Iterable

import duckdb
from sqlglot import exp

from bench.nation import ON
from bench.timing import Differs, Line, in_child, in_turn, seconds
from guantong.obligations import rollup

BRANCHES = 1_000_000
ABOVE = (1, 31, 400, 3_000, 60_000)  # organisations on the five levels above the branches
COLUMNS = ", ".join(f"SUM(c.{name}) AS {name}" for name in rollup.COUNTS)
FLAT = f"""SELECT v.home AS org_id, c.obligation, {COLUMNS}
    FROM counted c JOIN lineages v ON v.org_id = c.org_id GROUP BY v.home, c.obligation"""


def lines(times: int) -> Iterable[Line]:
    yield in_child(compared, times)[0]


def compared(times: int) -> Line:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        _make(connection)
        lineage = rollup.lineage(exp.to_table, ON).sql("duckdb")
        spent = seconds(lambda: connection.execute(f"CREATE TABLE lineages AS {lineage}"))
        totals = rollup.totals("lineages", "counted").sql("duckdb")
        _verify(connection, totals)
        note = f"五层，含与祖先列连接；祖先列由当日的树导出一次 {spent:.2f} s"
        return in_turn(
            f"上卷 {BRANCHES:,} 个支部 / 平面汇总",
            lambda: connection.execute(f"CREATE OR REPLACE TABLE found AS {totals}"),
            lambda: connection.execute(f"CREATE OR REPLACE TABLE found AS {FLAT}"),
            times=times,
            note=note,
            goal=2,
        )


def _make(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE orgs (org_id BIGINT, valid_from DATE, valid_to DATE)")
    connection.execute(
        "CREATE TABLE org_parents"
        " (org_id BIGINT, parent_id BIGINT, valid_from DATE, valid_to DATE)"
    )
    for level, count in enumerate((*ABOVE, BRANCHES)):
        below, ids = level * 10_000_000, f"range({count}) r"
        connection.execute(
            f"INSERT INTO orgs SELECT {below} + r.range, DATE '2000-01-01', NULL FROM {ids}"
        )
        if level:
            parents = ABOVE[level - 1]
            connection.execute(
                f"INSERT INTO org_parents SELECT {below} + r.range,"
                f" {below - 10_000_000} + hash(r.range, 54) % {parents},"
                f" DATE '2000-01-01', NULL FROM {ids}"
            )
    numbers = ", ".join(
        f"CAST(hash(org_id, '{name}') % 3 AS INTEGER) AS {name}" for name in rollup.COUNTS
    )
    connection.execute(
        f"CREATE TABLE counted AS SELECT org_id, 'theme-day' AS obligation, {numbers} FROM orgs"
        f" WHERE org_id >= {len(ABOVE) * 10_000_000} ORDER BY hash(org_id)"
    )


def _verify(connection: duckdb.DuckDBPyConnection, totals: str) -> None:
    checks = {
        "the lowest level": f"FROM ({FLAT}) EXCEPT ALL FROM ({totals}) LIMIT 3",
        "the top": f"SELECT 0, obligation, {COLUMNS} FROM counted c GROUP BY obligation"
        f" EXCEPT ALL FROM ({totals})",
    }
    for what, text in checks.items():
        if rows := connection.execute(text).fetchall():
            raise Differs(f"roll-up, {what}: {rows}")
