"""`python3 run bench`: figures as ratios against a peer in the same run, on the sample school.

Seconds are of this machine and this minute; only the ratios mean anything elsewhere. Before any
time is taken both sides must give the same rows: if not, it ends with what differs and code 1.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from unicodedata import east_asian_width

from bench import assessment, live, school
from bench.timing import Line, in_child
from dev import postgres

WIDTHS = (34, 7, 10, 10)
HEAD = ("项目 what", "比值", "我们 ours", "对手 peer")
FOOT = """比值 = 我们 / 对手，小于 1 为快（省）；同一轮交替测量取中位数，秒数只对本机此刻有意义。
整本台账的对手是 bench/sql/ 里手写的 SQL，先验证两边结果逐条相同。
“台账 / 其余”：一次改动中，更新台账的时间比登记本身的时间。"""


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 run bench")
    parser.add_argument("--quick", action="store_true", help="每项只量三次")
    parser.add_argument("--postgres", action="store_true", help="也量 PostgreSQL")
    parser.add_argument("--data", metavar="目录", help="示例学校放在这里，建过的不再建")
    chosen = parser.parse_args(args)
    times = 3 if chosen.quick else 9
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="guantong-bench-")
        places = [school.Place(Path(chosen.data or stack.enter_context(temporary)))]
        try:
            if chosen.postgres:
                places.append(school.Place(places[0].data, stack.enter_context(postgres.server())))
            show(places, times)
        except (assessment.Differs, postgres.NoPostgres) as problem:
            print(f"\n{problem}", file=sys.stderr)
            return 1
    print(f"\n{FOOT}")
    return 0


def show(places: list[school.Place], times: int) -> None:
    for place in places:
        print(f"示例学校 → {place.engine} ……", file=sys.stderr, flush=True)
        in_child(school.build, place)
    print(row(*HEAD, "说明"))
    first = places[0]
    for place in places:
        put(in_child(assessment.in_database, place, times)[0])
    put(in_child(assessment.in_duckdb, first, times)[0])
    put(memory(first))
    for place in places:
        put(in_child(live.changes, place, times)[0])
    put([in_child(assessment.one_branch, first, times)[0]])


def memory(place: school.Place) -> Iterable[Line]:
    idle = in_child(school.enter, place)[1]
    for name, duck in ((place.engine, False), (assessment.DUCKDB, True)):
        ours, peer = (in_child(assessment.once, place, by_hand, duck)[1] for by_hand in (0, 1))
        yield Line(f"内存峰值 {name}", ours, peer, "MiB", f"空载 {idle:.0f} MiB")


def put(lines: Iterable[Line]) -> None:
    for line in lines:
        digits = 0 if line.unit == "MiB" else 3
        figures = (f"{value:.{digits}f} {line.unit}" for value in (line.ours, line.peer))
        print(row(line.what, f"{line.ratio:.2f}", *figures, line.note), flush=True)


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
