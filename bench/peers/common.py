"""What the scripts of the peers share: how they are timed and how they answer.

They run in an environment of their own (see `bench.environment`) and import nothing of ours.
Asked with: folder of facts, folder for answers, how many times. They print one line of JSON.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

YEAR_START, YEAR_END, ON = "2023-01-01", "2024-01-01", "2024-01-15"
STUDY = [
    "central_training",
    "collective_study",
    "party_lecture",
    "theme_day",
    "onsite_teaching",
    "central_group_study",
]
LEADERS = ["secretary", "deputy_secretary", "committee_member"]
MEMBER = [2.7, 5.4, 8.0, 10.7, 13.4, 16.0, 18.7, 21.4, 24.0, 26.7, 29.4, 32.0]  # by months
LEADER = [4.7, 9.4, 14.0, 18.7, 23.4, 28.0, 32.7, 37.4, 42.0, 46.7, 51.4, 56.0]
# obligation, kind of activity, period length in months, kinds of organisation
HOSTED = [
    ("theme-day", "theme_day", 1, ["branch"]),
    ("branch-assembly", "branch_assembly", 3, ["branch"]),
    ("party-lecture", "party_lecture", 3, ["branch"]),
    ("org-life-meeting", "org_life_meeting", 12, ["branch"]),
    ("appraisal", "appraisal", 12, ["branch"]),
    ("yearly-talk", "talk", 12, ["branch"]),
    ("group-meeting", "group_meeting", 1, ["group"]),
]


def tell(assess: Callable[[Path], Any], save: Callable[[Any, Path], None]) -> None:
    """Time `assess` over the facts, keep its last answer as answers/<script>.parquet."""
    facts, answers, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    clock = (
        time.process_time if os.environ.get("GUANTONG_BENCH_CLOCK") == "cpu" else time.perf_counter
    )
    taken, answer = [], None
    for _ in range(times):
        answer = None
        start = clock()
        answer = assess(facts)
        taken.append(clock() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    save(answer, answers / f"{Path(sys.argv[0]).stem}.parquet")
    print(json.dumps({"seconds": statistics.median(taken), "peak": peak}))
