"""How long things take: two peers in turn, so that both meet the same machine; and how much
memory one takes, in a process of its own.

GUANTONG_BENCH_CLOCK=cpu counts the processor's time of this process instead of the clock's, for a
machine that others use at the same time. It knows nothing of a database server's work.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOCK = "GUANTONG_BENCH_CLOCK"


@dataclass(frozen=True)
class Line:
    """One line of the table. Seconds are of this machine and minute, the ratio travels.

    `goal`: what the ratio should not exceed, where a limit is set.
    """

    what: str
    ours: float
    peer: float
    unit: str = "s"
    note: str = ""
    goal: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def reached(self) -> str:
        """A sign for the table: nothing where no limit is set."""
        if self.goal is None:
            return ""
        return f"≤{self.goal:g} {'✓' if self.ratio <= self.goal else '✗'}"


class Differs(Exception):
    """Ours and the peer's rows are not the same, so their times compare nothing."""


def by_cpu() -> bool:
    return os.environ.get(CLOCK) == "cpu"


def now() -> float:
    return time.process_time() if by_cpu() else time.perf_counter()


def seconds(action: Callable[[], Any]) -> float:
    start = now()
    action()
    return now() - start


def median(action: Callable[[], Any], times: int) -> float:
    return statistics.median(seconds(action) for _ in range(times))


def in_turn(
    what: str,
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    *,
    times: int,
    note: str = "",
    goal: float | None = None,
) -> Line:
    pairs = [(seconds(ours), seconds(peer)) for _ in range(times)]
    mine, other = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    return Line(what, mine, other, note=note, goal=goal)


def in_child(function: Callable[..., Any], *args: Any) -> tuple[Any, float]:
    """Run a function of a module in a fresh process; return its answer and its peak MiB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answer, peak = pool.apply(_and_peak, (function, args))
    return answer, peak


def _and_peak(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, float]:
    answer = function(*args)
    if sys.platform == "win32":
        return answer, float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return answer, peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def in_script(python: Path, script: Path, *args: object) -> dict[str, Any]:
    """Run a script of `bench/peers/` by another Python; it prints what it found as JSON."""
    done = subprocess.run(
        [str(python), str(script), *map(str, args)], stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
