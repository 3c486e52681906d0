"""The whole ledger: our compiled SQL beside hand-written SQL, in the database and in DuckDB."""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from bench import handwritten, school
from bench.handwritten import Execute
from bench.timing import Differs, Line, in_turn, median, seconds
from guantong.conditions.check import Type
from guantong.obligations import in_duckdb, naive, run
from guantong.obligations import model as m
from guantong.obligations.tables import TABLES

DUCKDB = "DuckDB"
SCHOOLS = 20  # how many times over the school is laid out to see what grows with the data


# ---------------------------------------------------------------- times


def in_database(place: school.Place, times: int) -> list[Line]:
    """The application's own database, with the rows fetched."""
    school.enter(place)
    from django.db import connection

    from guantong.records import ledger

    asked, engine = ledger.question(), place.engine
    dialect = ledger.DIALECTS[connection.vendor]
    text = ledger.sql(asked)
    with connection.cursor() as cursor:
        by_hand = _by_hand(_execute(cursor), asked, facts=True)

        def peer() -> list[Any]:
            with ledger.for_all(asked, cursor):  # a help to hand-written SQL as well
                return by_hand()

        def ours() -> list[Any]:
            with ledger.for_all(asked, cursor):
                return list(_execute(cursor)(text).fetchall())

        def from_nothing() -> list[m.Entry]:
            cold = run.sql(asked, ledger.source, dialect)
            with ledger.for_all(asked, cursor):
                return run.entries(_execute(cursor)(cold).fetchall())

        count = _same(engine, ours(), peer())
        note = f"{len(asked.obligations)} 项责任，{count} 条"
        return [
            in_turn(f"整本台账 {engine}", ours, peer, times=times, note=note),
            in_turn(f"同上，含编译和取值 {engine}", from_nothing, peer, times=times),
        ]


def in_columns(place: school.Place, times: int) -> list[Line]:
    """Columns in memory: copied from the database, then worked out; and many schools at once."""
    school.enter(place)
    from guantong.records import columns, ledger

    asked = ledger.question()
    with columns.copied() as copy:
        ours, peer = _both(copy, asked)
        _same(DUCKDB, ours(), peer())
        alone = in_turn(f"整本台账 {DUCKDB}", ours, peer, times=times)

    def copied(by_hand: bool) -> None:
        with columns.copied() as fresh:
            _both(fresh, asked)[by_hand]()

    whole = in_turn(
        f"同上，含从 {place.engine} 复制",
        lambda: copied(False),
        lambda: copied(True),
        times=times,
        note=f"复制 {seconds(lambda: _copy_only(columns)):.2f} s",
    )
    with columns.copied() as many:
        _lay_out(many)
        ours, peer = _both(many, asked)
        count = _same(DUCKDB, ours(), peer())
        grown = in_turn(
            f"{SCHOOLS} 所学校 {DUCKDB}", ours, peer, times=max(times // 2, 2), note=f"{count} 条"
        )
    return [alone, whole, grown]


def _copy_only(columns: Any) -> None:
    with columns.copied():
        pass


def _both(
    copy: duckdb.DuckDBPyConnection, asked: m.Question
) -> tuple[Callable[[], list[Any]], Callable[[], list[Any]]]:
    return lambda: _worked_out(copy, asked), _by_hand(copy.execute, asked)


def _worked_out(copy: duckdb.DuckDBPyConnection, asked: m.Question) -> list[Any]:
    with in_duckdb.worked_out(copy, asked) as text:
        return copy.execute(text).fetchall()


def _by_hand(
    execute: Execute, asked: m.Question, *, facts: bool = False
) -> Callable[[], list[Any]]:
    """`facts`: there are none of that name yet, they are views over the records."""
    if facts:
        from guantong.records.facts import select

        for name in TABLES:
            text = select(name)
            execute(f"CREATE TEMP VIEW {name} AS {text}")
    handwritten.make_calendar(execute, asked)
    texts = handwritten.queries(asked)
    return lambda: handwritten.answer(execute, texts)


def _execute(cursor: Any) -> Execute:
    def execute(text: str) -> Any:
        cursor.execute(text)
        return cursor

    return execute


def _same(engine: str, ours: Sequence[Any], theirs: Sequence[Any]) -> int:
    mine, other = handwritten.expected(run.entries(ours)), handwritten.comparable(theirs)
    if mine != other:
        some = sorted(mine ^ other, key=str)[:5]
        told = [f"  {'ours' if row in mine else 'hand-written'}: {row}" for row in some]
        raise Differs("\n".join([f"{engine}: {len(mine ^ other)} rows differ", *told]))
    return len(mine)


def _lay_out(copy: duckdb.DuckDBPyConnection) -> None:
    """The school many times over, each with ids of its own."""
    copy.execute("SET enable_progress_bar = false")
    for name, table in TABLES.items():
        ids = [c for c, kind in table.columns.items() if kind is Type.ID]
        shifted = ", ".join(f'"{c}" + r.range * 1000000 AS "{c}"' for c in ids)
        copy.execute(
            f'CREATE OR REPLACE TABLE "{name}" AS'
            f' SELECT t.* REPLACE ({shifted}) FROM "{name}" t, range({SCHOOLS}) r'
        )


# ---------------------------------------------------------------- memory


def once(place: school.Place, by_hand: bool, duck: bool) -> None:
    """One assessment, for its peak memory."""
    school.enter(place)
    from django.db import connection

    from guantong.records import columns, ledger

    asked = ledger.question()
    if duck:
        with columns.copied() as copy:
            _both(copy, asked)[by_hand]()
        return
    with connection.cursor() as cursor:
        if by_hand:
            _by_hand(_execute(cursor), asked, facts=True)()
        else:
            ledger.answer(asked)


# ---------------------------------------------------------------- the reference


def one_branch(place: school.Place, times: int) -> Line:
    """The largest branch and its people: the plain interpreter, once, beside the compiled SQL."""
    school.enter(place)
    from dataclasses import replace

    from django.db.models import Count

    from guantong.records import ledger
    from guantong.records.models import Membership

    branches = Membership.objects.values_list("org").annotate(n=Count("person", distinct=True))
    org = branches.order_by("-n", "org")[0][0]
    people = Membership.objects.filter(org=org).values_list("person", flat=True)
    scope = m.Scope(frozenset([org]), frozenset(people))
    asked = replace(ledger.question(), scope=scope)
    facts = _facts()
    answers: list[list[m.Entry]] = []
    peer = seconds(lambda: answers.append(naive.entries(asked, facts)))
    if [ledger.answer(asked)] != answers:
        raise Differs("the plain interpreter gives other entries")
    ours = median(lambda: ledger.answer(asked), times)
    return Line("一个支部：SQL / 逐条解释", ours, peer, note=f"{len(answers[0])} 条")


def _facts() -> dict[str, list[dict[str, Any]]]:
    """Every fact table in memory, its values of the types that the contract gives them."""
    from guantong.records import columns

    facts = {}
    with columns.copied() as copy:
        for name in TABLES:
            rows = copy.execute(f'SELECT * FROM "{name}"')
            names = [column[0] for column in rows.description]
            facts[name] = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return facts
