"""The sample school: the ledger as a school of ordinary size meets it."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import assessment, live, school
from bench.timing import Line, in_child
from dev import postgres


def lines(place: Path, times: int, *, with_postgres: bool) -> Iterable[Line]:
    with ExitStack() as stack:
        first = school.Place(place / "sample")
        places = [first]
        if with_postgres:
            places.append(school.Place(first.data, stack.enter_context(postgres.server())))
        for each in places:
            in_child(school.build, each)
        for each in places:
            yield from in_child(assessment.in_database, each, times)[0]
        yield from in_child(assessment.in_columns, first, times)[0]
        yield from _memory(first)
        for each in places:
            yield from in_child(live.changes, each, times)[0]
        yield in_child(assessment.one_branch, first, times)[0]


def _memory(place: school.Place) -> Iterator[Line]:
    idle = in_child(school.enter, place)[1]
    for name, duck in ((place.engine, False), (assessment.DUCKDB, True)):
        ours, peer = (in_child(assessment.once, place, by_hand, duck)[1] for by_hand in (0, 1))
        yield Line(f"内存峰值 {name}", ours, peer, "MiB", f"空载 {idle:.0f} MiB")
