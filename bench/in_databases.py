"""A nation inside the application's own database: the whole ledger, and one live update."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import assessment, installed, live_scale, school
from bench.nation import Size
from bench.timing import Line, in_child
from dev import postgres


def whole(place: Path, members: int, times: int, *, with_postgres: bool) -> Iterable[Line]:
    with _places(place, [members], with_postgres=with_postgres) as found:
        for (each,) in found:
            lines = in_child(assessment.in_database, each, max(times // 3, 1))[0]
            yield replace(lines[0], what=f"{lines[0].what} {members:,} 人", goal=1.5)
            yield lines[1]


def live(place: Path, members: int, times: int, *, with_postgres: bool) -> Iterable[Line]:
    """The same record among all the members, and among a tenth of them."""
    with _places(place, [members, members // 10], with_postgres=with_postgres) as found:
        for large, small in found:
            (slow, read), (fast, read_of_few) = (
                in_child(live_scale.recorded, each, times)[0] for each in (large, small)
            )
            note = f"{members:,} 人读 {read}；十分之一读 {read_of_few}"
            yield Line(f"记一次活动 {large.engine} / 十分之一", slow, fast, note=note, goal=1.3)


@contextmanager
def _places(
    place: Path, sizes: list[int], *, with_postgres: bool
) -> Iterator[Iterator[list[school.Place]]]:
    """For each engine the filled databases, one a size."""
    sqlite = [school.Place(place / f"app-{size}") for size in sizes]
    if not with_postgres:
        yield (_filled(places, sizes, place) for places in [sqlite])
        return
    with postgres.server() as url:
        server = [
            school.Place(p.data, _database(url, n)) for p, n in zip(sqlite, sizes, strict=True)
        ]
        yield (_filled(places, sizes, place) for places in (sqlite, server))


def _filled(places: list[school.Place], sizes: list[int], facts: Path) -> list[school.Place]:
    for each, size in zip(places, sizes, strict=True):
        each.data.mkdir(parents=True, exist_ok=True)
        in_child(installed.install, each, facts, Size(size))
    return places


def _database(url: str, size: int) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE nation_{int(size)}")
    return f"{url.rpartition('/')[0]}/nation_{int(size)}"
