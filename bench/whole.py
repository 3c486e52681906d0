"""The whole plan over a nation's facts in Parquet: our compiled SQL beside hand-written SQL.

Both are asked for a digest of their entries: the number and a sum of hashes, per obligation and
verdict. It makes every column be worked out, costs both the same, and tells whether they agree.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bench import handwritten, nation
from bench.nation import Size
from bench.timing import Differs, Line, in_child, in_turn, seconds
from guantong.obligations import in_duckdb
from guantong.obligations import model as m

type Digest = dict[tuple[str, str], tuple[int, int]]

ROWS = """SELECT obligation, CAST(org_id AS BIGINT) AS org_id,
    CAST(person_id AS BIGINT) AS person_id, CAST(period_start AS DATE) AS period_start, verdict,
    {actual} AS actual FROM ({text}) AS given{names}"""
# In whole ten-thousandths. A share is rounded as it is shown.
OURS = """CASE WHEN denominator IS NULL THEN found WHEN possible IS NOT NULL
    THEN CAST(ROUND(CAST(found AS DECIMAL(38, 0)) * 10000 / denominator) AS BIGINT) END"""
THEIRS = "CAST(ROUND(actual * 10000) AS BIGINT)"
NAMES = " (obligation, org_id, person_id, period_start, verdict, actual)"
DIGEST = """SELECT obligation, verdict, COUNT(*),
    SUM(hash(org_id, person_id, period_start, actual)) FROM ({text}) GROUP BY ALL"""
HOURS = """SELECT SUM(hash(person_id, hours))
    FROM (SELECT person_id, SUM(hours) AS hours FROM attendances GROUP BY person_id)"""
MEMORY = "2.5GB"  # DuckDB's share of the 4 GiB that the largest assessment may take
LARGEST = 10_000_000


def lines(place: Path, size: Size, times: int) -> Iterable[Line]:
    order = "按支部" if size.by_branch else "随机序"
    line, _ = in_child(compared, place, size, times)
    yield line
    mine, peer = (in_child(once, place, size, hand)[1] for hand in (False, True))
    yield Line(f"内存峰值 {size.members:,} 人 {order}", mine, peer, unit="MiB")


def compared(place: Path, size: Size, times: int) -> Line:
    with nation.opened(nation.make(place, size)) as connection:
        entries = verified(connection)
        order = "按支部" if size.by_branch else "随机序"
        return in_turn(
            f"整个计划 {size.members:,} 人 {order}",
            lambda: ours(connection),
            lambda: by_hand(connection),
            times=times,
            note=f"{len(nation.question().obligations)} 项责任，{entries:,} 条",
            goal=1.3,
        )


def once(place: Path, size: Size, hand: bool, memory: str = "") -> float:
    """One assessment in seconds; in a child, for its peak memory."""
    with nation.opened(nation.make(place, size), memory=memory) as connection:
        if hand:
            return seconds(lambda: by_hand(connection))
        return seconds(lambda: ours(connection))


def scaled(place: Path, size: Size, times: int) -> Iterable[Line]:
    """Ten times as many members: against a tenth of the work, and against one bare pass."""
    tenth = Size(size.members // 10, size.by_branch)
    large, peak = in_child(once, place, size, False, MEMORY)
    small = in_child(medians, place, tenth, times)[0]
    bare = in_child(one_pass, place, size, max(times // 3, 1))[0]
    note = f"内存峰值 {peak / 1024:.2f} GiB（上限 4）"
    yield Line(f"{size.members:,} 人 / 十分之一", large, small, note=note, goal=11)
    yield Line(f"{size.members:,} 人 / 只加学时", large, bare, goal=3)


def medians(place: Path, size: Size, times: int) -> float:
    return sorted(once(place, size, False) for _ in range(times))[times // 2]


def one_pass(place: Path, size: Size, times: int) -> float:
    """The least that anybody reads: the hours of each member, added up."""
    with nation.opened(nation.make(place, size), memory=MEMORY) as connection:
        found = [seconds(lambda: connection.execute(HOURS).fetchall()) for _ in range(times)]
        return sorted(found)[times // 2]


# ---------------------------------------------------------------- the two sides


def ours(connection: duckdb.DuckDBPyConnection) -> Digest:
    with compiled(connection, nation.question()) as text:
        return digest(connection, [text])


@contextmanager
def compiled(connection: duckdb.DuckDBPyConnection, asked: m.Question) -> Iterator[str]:
    """Our entries, their rows in the common form."""
    with in_duckdb.worked_out(connection, asked) as text:
        yield ROWS.format(text=text, actual=OURS, names="")


def theirs() -> tuple[tuple[str, ...], list[str]]:
    """What the hand-written SQL makes first, and its queries in the common form."""
    first, texts = handwritten.tuned(nation.question())
    return first, [ROWS.format(text=text, actual=THEIRS, names=NAMES) for text in texts]


def by_hand(connection: duckdb.DuckDBPyConnection) -> Digest:
    first, texts = theirs()
    handwritten.make_calendar(connection.execute, nation.question())
    for statement in first:
        connection.execute(statement)
    return digest(connection, texts)


def digest(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> Digest:
    found: Digest = {}
    for text in texts:
        for name, verdict, count, total in connection.execute(DIGEST.format(text=text)).fetchall():
            found[name, verdict] = count, total
    return found


def verified(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of entries; raise Differs with some of them where the sides disagree."""
    mine, other = ours(connection), by_hand(connection)
    names = sorted({name for (name, _), _ in mine.items() ^ other.items()})
    if names:
        raise Differs("\n".join(["DuckDB:", *told(connection, names)]))
    return sum(count for count, _ in mine.values())


def told(connection: duckdb.DuckDBPyConnection, names: list[str]) -> Iterable[str]:
    wanted = ", ".join(f"'{name}'" for name in names)
    with compiled(connection, nation.question()) as text:
        connection.execute(
            f"CREATE TEMP TABLE mine AS FROM ({text}) WHERE obligation IN ({wanted})"
        )
    _, texts = theirs()
    union = " UNION ALL ".join(f"({text})" for text in texts)
    connection.execute(f"CREATE TEMP TABLE other AS FROM ({union}) WHERE obligation IN ({wanted})")
    for side, one, two in (("ours", "mine", "other"), ("hand-written", "other", "mine")):
        some = connection.execute(f"FROM {one} EXCEPT ALL FROM {two} LIMIT 5").fetchall()
        yield from (f"  {side}: {row}" for row in some)
