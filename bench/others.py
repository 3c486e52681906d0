"""Our engine beside Polars, pandas and OpenFisca, over the same Parquet files.

Polars and pandas do the obligations that read the large tables (`FRAMES`), OpenFisca two rules.
We are timed on the same obligations, from the files to the same rows in Arrow columns.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from bench import environment, nation
from bench.nation import Size
from bench.timing import Differs, Line, in_child, in_script, median
from bench.whole import NAMES, ROWS, THEIRS, compiled
from guantong.obligations import in_duckdb
from guantong.obligations import model as m
from guantong.obligations.stages import scaled

FRAMES = (
    "theme-day",
    "branch-assembly",
    "party-lecture",
    "org-life-meeting",
    "appraisal",
    "yearly-talk",
    "group-meeting",
    "member-study-hours",
    "leader-study-hours",
    "leader-central-training",
)
RULES = ("member-study-hours", "leader-central-training")
BOUND = """COPY (
    SELECT p.person_id, COALESCE(MAX(s.months), 0) AS months,
           COALESCE(BOOL_OR(o.verdict = 'exempt'), FALSE) AS exempt,
           COALESCE(BOOL_OR(o.obligation = 'leader-central-training'), FALSE) AS in_office
    FROM (SELECT person_id FROM attendances UNION SELECT person_id FROM memberships) p
    LEFT JOIN ours o ON o.person_id = p.person_id
    LEFT JOIN (VALUES {months}) s (months, required)
      ON s.required = o.required AND o.obligation = 'member-study-hours'
    GROUP BY p.person_id ORDER BY p.person_id) TO '{file}'"""


def frames(place: Path, size: Size, times: int) -> Iterable[Line]:
    python, facts = environment.python(), nation.make(place, size)
    with tempfile.TemporaryDirectory(prefix="guantong-bench-") as answers:
        mine, memory = in_child(arrow, facts, FRAMES, times)
        for name, script in (("Polars", "in_polars"), ("pandas", "in_pandas")):
            peer = in_script(python, environment.PEERS / f"{script}.py", facts, answers, times)
            entries = in_child(same_rows, facts, Path(answers) / f"{script}.parquet")[0]
            note = f"{len(FRAMES)} 项读大表的责任，{entries:,} 条"
            yield Line(f"{name} {size.members:,} 人", mine, peer["seconds"], note=note, goal=1)
            yield Line(f"内存峰值 {name}", memory, peer["peak"], unit="MiB")


def openfisca(place: Path, size: Size, times: int) -> Iterable[Line]:
    python, facts = environment.python(), nation.make(place, size)
    with tempfile.TemporaryDirectory(prefix="guantong-bench-") as answers:
        mine, memory = in_child(arrow, facts, RULES, times)
        expected = in_child(given_to_openfisca, facts, Path(answers))[0]
        script = environment.PEERS / "in_openfisca.py"
        peer = in_script(python, script, facts, answers, max(times // 3, 1))
        if peer["counts"] != expected:
            raise Differs(f"OpenFisca: {peer['counts']}\n  ours: {expected}")
        whole = peer["seconds"] + peer["prepared"]
        note = f"2 项；对手读表连接 {peer['prepared']:.1f} s，其余是建模和计算"
        yield Line(f"OpenFisca {size.members:,} 人", mine, whole, note=note, goal=0.1)
        yield Line("内存峰值 OpenFisca", memory, peer["peak"], unit="MiB", goal=1)


def arrow(facts: Path, names: tuple[str, ...], times: int) -> float:
    """Our seconds for some obligations, from the files to columns in memory."""

    def answered() -> None:
        with in_duckdb.worked_out(connection, _asked(names)) as text:
            connection.sql(text).to_arrow_table()

    with nation.opened(facts) as connection:
        return median(answered, times)


def _asked(names: tuple[str, ...]) -> m.Question:
    asked = nation.question()
    return replace(asked, obligations=tuple(o for o in asked.obligations if o.name in names))


def same_rows(facts: Path, answer: Path) -> int:
    """Return how many entries there are, or raise Differs with some that only one side has."""
    with nation.opened(facts) as connection:
        with compiled(connection, _asked(FRAMES)) as mine:
            connection.execute(f"CREATE TEMP TABLE mine AS {mine}")
        columns = NAMES.strip(" ()")
        peer = ROWS.format(text=f"SELECT {columns} FROM '{answer}'", actual=THEIRS, names=NAMES)
        connection.execute(f"CREATE TEMP TABLE other AS {peer}")
        told = [
            f"  {side}: {row}"
            for side, one, two in (("ours", "mine", "other"), (answer.stem, "other", "mine"))
            for row in connection.execute(f"FROM {one} EXCEPT ALL FROM {two} LIMIT 5").fetchall()
        ]
        if told:
            raise Differs("\n".join([f"{answer.stem}:", *told]))
        return _number(connection, "SELECT COUNT(*) FROM mine")


def given_to_openfisca(facts: Path, answers: Path) -> dict[str, int]:
    """Write who is bound by what, as OpenFisca is told; return the verdicts per person."""
    with nation.opened(facts) as connection:
        with in_duckdb.worked_out(connection, _asked(RULES)) as text:
            connection.execute(f"CREATE TEMP TABLE ours AS {text}")
        study = next(o for o in _asked(RULES).obligations if o.name == RULES[0])
        value = study.standards[0].value
        months = ", ".join(f"({n}, {scaled(m.prorated(value, n))})" for n in range(1, 13))
        file = answers / "bound.parquet"
        connection.execute(BOUND.format(months=months, file=file))
        counted = connection.execute(
            "SELECT obligation, verdict, COUNT(DISTINCT person_id) FROM ours GROUP BY ALL"
        )
        return {f"{name} {verdict}": number for name, verdict, number in counted.fetchall()}


def _number(connection: duckdb.DuckDBPyConnection, text: str) -> int:
    row = connection.execute(text).fetchone()
    assert row is not None
    return int(row[0])
