"""How long things take: two peers in turn, so that both meet the same machine; and how much
memory one takes, in a process of its own."""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of the table. Seconds are of this machine and minute, the ratio travels."""

    what: str
    ours: float
    peer: float
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.peer


def seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median(action: Callable[[], Any], times: int) -> float:
    return statistics.median(seconds(action) for _ in range(times))


def in_turn(
    what: str, ours: Callable[[], Any], peer: Callable[[], Any], *, times: int, note: str = ""
) -> Line:
    pairs = [(seconds(ours), seconds(peer)) for _ in range(times)]
    mine, other = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    return Line(what, mine, other, note=note)


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
