"""`python3 run bench [NAME…]`: figures as ratios against a peer in the same run.

Seconds are of this machine and this minute; only the ratios mean anything elsewhere. Before any
time is taken both sides must give the same rows: if not, it ends with what differs and code 1.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width

from bench import (
    environment,
    importing,
    in_databases,
    others,
    pages,
    rolled,
    sample,
    timing,
    whole,
)
from bench.nation import Size
from bench.timing import Differs, Line
from dev import postgres

WIDTHS = (40, 7, 10, 10, 8)
HEAD = ("项目 what", "比值", "我们 ours", "对手 peer", "目标")
DEFAULT, QUICK = 1_000_000, 100_000
FOOT = """比值 = 我们 / 对手，小于 1 为快（省）；同一轮交替测量取中位数，秒数只对本机此刻有意义。
计时之前先验证两边结果逐条相同。手写 SQL 在 bench/sql/，DuckDB 用其中 duckdb/ 里的写法。"""


@dataclass(frozen=True)
class Asked:
    """What the lines are measured with: where made data lie, how many members, how often."""

    place: Path
    members: int
    times: int
    by_branch: bool
    postgres: bool
    quick: bool = False

    @property
    def size(self) -> Size:
        return Size(self.members, self.by_branch)

    @property
    def smaller(self) -> int:
        """For the databases, which hold a tenth in reasonable time."""
        return min(max(self.members // 10, 1_000), 100_000)


def _whole(asked: Asked) -> Iterable[Line]:
    for by_branch in (False, True):
        yield from whole.lines(asked.place, Size(asked.members, by_branch), asked.times)


GROUPS: dict[str, Callable[[Asked], Iterable[Line]]] = {
    "whole": _whole,
    "frames": lambda asked: others.frames(asked.place, asked.size, asked.times),
    "openfisca": lambda asked: others.openfisca(asked.place, asked.size, asked.times),
    "scale": lambda asked: whole.scaled(asked.place, asked.size, asked.times),
    "rollup": lambda asked: rolled.lines(asked.times),
    "database": lambda a: in_databases.whole(
        a.place, a.smaller, a.times, with_postgres=a.postgres
    ),
    "live": lambda a: in_databases.live(a.place, a.members, a.times, with_postgres=a.postgres),
    "import": lambda a: importing.lines(a.place, a.times, with_postgres=a.postgres),
    "sample": lambda a: sample.lines(a.place, a.times, with_postgres=a.postgres),
    "pages": lambda a: pages.lines(a.place, a.times, with_postgres=a.postgres, quick=a.quick),
}


def main(args: list[str]) -> int:
    chosen = _parser().parse_args(args)
    if chosen.cpu:
        os.environ[timing.CLOCK] = "cpu"
    with ExitStack() as stack:
        place = chosen.data or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="guantong-bench-")
        )
        members = chosen.members or (QUICK if chosen.quick else DEFAULT)
        times = 3 if chosen.quick else 5
        asked = Asked(
            Path(place), members, times, chosen.by_branch, not chosen.no_postgres, chosen.quick
        )
        print(row(*HEAD, "说明"), flush=True)
        try:
            for name in chosen.names or GROUPS:
                put(GROUPS[name](asked))
        except (
            Differs,
            environment.NoEnvironment,
            postgres.NoPostgres,
            subprocess.CalledProcessError,
        ) as problem:
            print(f"\n{problem}", file=sys.stderr)
            return 1
    print(f"\n{FOOT}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 run bench")
    parser.add_argument("names", nargs="*", choices=[*GROUPS, []], help="只量这几项，默认全部")
    parser.add_argument("--members", type=int, metavar="N", help="党员数，默认一百万")
    parser.add_argument("--quick", action="store_true", help="十万党员，每项只量三次")
    parser.add_argument("--by-branch", action="store_true", help="出席记录按支部排列")
    parser.add_argument("--no-postgres", action="store_true", help="不量 PostgreSQL")
    parser.add_argument("--data", metavar="目录", help="造出的数据放在这里，造过的不再造")
    parser.add_argument("--cpu", action="store_true", help="数处理器时间；别人也在用这台机器时")
    return parser


def put(lines: Iterable[Line]) -> None:
    for line in lines:
        digits = 0 if line.unit == "MiB" else 3
        figures = (f"{value:.{digits}f} {line.unit}" for value in (line.ours, line.peer))
        cells = (f"{line.ratio:.2f}", *figures, line.reached)
        print(row(line.what, *cells, line.note), flush=True)


def row(what: str, *cells: str) -> str:
    """Padded as a terminal shows it, where Chinese is twice as wide."""
    padded = [what + " " * (WIDTHS[0] - wide(what))]
    padded += [
        " " * (w - wide(cell)) + cell for w, cell in zip(WIDTHS[1:], cells[:-1], strict=True)
    ]
    return "  ".join([*padded, cells[-1]]).rstrip()


def wide(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
