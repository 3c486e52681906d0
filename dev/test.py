"""`python3 run test`: the gates, then every test on SQLite, then those that need a database on
PostgreSQL. What is missing (PostgreSQL, Chromium) is brought or named; nothing is skipped for it.
`--deep` tries random cases many more times, and adds those marked `deep` on a Spark cluster.

The last line adds the gates and all runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from dev import browser, postgres
from dev.check import ROOT, check
from guantong.cli.line import speak_chinese

WORKERS = min(max(os.cpu_count() or 2, 2), 6)  # each takes most of a gigabyte


def options(args: list[str]) -> argparse.Namespace:
    speak_chinese()
    parser = argparse.ArgumentParser(prog="python3 run test")
    parser.add_argument("--quick", action="store_true", help="只用 SQLite")
    parser.add_argument(
        "--deep", action="store_true", help="随机测试多跑几十倍，并在 Spark 集群上核算"
    )
    parser.add_argument("-k", metavar="表达式", default="", help="只跑名字符合的测试")
    parser.add_argument("paths", nargs="*", metavar="路径", help="只跑这些文件或文件夹")
    return parser.parse_args(args)


def pytest(
    chosen: argparse.Namespace, name: str, env: dict[str, str], data: Path, *options: str
) -> Counter[str]:
    """One run; what pytest did not report (a crash, no tests) counts as a failure."""
    print(f"\n— pytest · {name} —", flush=True)
    report = data / f"{name}.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"]
    command += options or ["-n", str(WORKERS)]
    command += ["-k", chosen.k] if chosen.k else []
    code = subprocess.call(
        [*command, *chosen.paths],
        cwd=ROOT,
        env={**os.environ, "GUANTONG_DATA": str(data), **env},
    )
    counts = counted(report) if report.exists() else Counter[str]()
    nothing_chosen = code == 5 and (chosen.k or chosen.paths)
    if code and not counts["failed"] and not nothing_chosen:
        counts["failed"] = 1
    return counts


def counted(report: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for suite in ET.parse(report).getroot().iter("testsuite"):
        number = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors")}
        failed = number["failures"] + number["errors"]
        skipped = int(suite.get("skipped", 0))
        total.update(failed=failed, skipped=skipped, passed=number["tests"] - failed - skipped)
    return total


def run_all(chosen: argparse.Namespace) -> Counter[str]:
    passed, failed = check()
    total = Counter(passed=passed, failed=failed)
    with tempfile.TemporaryDirectory(prefix="guantong-test-") as folder, postgres.server() as url:
        data = Path(folder)
        env = {"TEST_DATABASE_URL": url, "GUANTONG_BROWSER": browser.find()}
        env |= {"GUANTONG_DEEP": "1"} if chosen.deep else {}
        total += pytest(chosen, "SQLite", {**env, "DATABASE_URL": ""}, data)
        if chosen.deep:  # one process: the cluster's two cores are for one session at a time
            deep = {**env, "DATABASE_URL": "", "GUANTONG_CLUSTER": "1"}
            total += pytest(chosen, "Spark", deep, data, "-m", "deep")
        if not chosen.quick:
            total += pytest(chosen, "PostgreSQL", {**env, "DATABASE_URL": url}, data)
    return total


def main(args: list[str]) -> int:
    chosen = options(args)
    # The tests start Python some hundred times: let it keep what it has compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        total = run_all(chosen)
    except (postgres.NoPostgres, browser.NoBrowser) as missing:
        print(f"\n{missing}\n\n0 passed, 1 failed")
        return 1
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"\n{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
