"""`python3 run bench`: figures as ratios against a peer in the same run, on the sample school.

Seconds are of this machine and this minute; only the ratios mean anything elsewhere.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

LINE = "{:<44}{:>10}{:>10}{:>8}"


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 run bench")
    parser.add_argument("--quick", action="store_true", help="每项只量三次")
    parser.add_argument("--data", help="已建好的示例学校的目录，省去重建")
    chosen = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="guantong-bench-") as folder:
        data = Path(chosen.data or folder)
        _start(data)
        return _measure(3 if chosen.quick else 7)


def _start(data: Path) -> None:
    """Django on a SQLite sample school in the folder; only now may models be imported."""
    os.environ.update(
        GUANTONG_DATA=str(data), DATABASE_URL="", DJANGO_SETTINGS_MODULE="guantong.config.settings"
    )
    import django

    django.setup()
    from django.core.management import call_command

    from guantong.records.actions import sample

    call_command("migrate", verbosity=0)
    if not sample.is_built():
        spent = _once(sample.build)
        print(f"sample school built in {spent:.1f} s\n")


def _measure(times: int) -> int:
    from django.db import connection
    from sqlglot import exp

    from bench import handwritten
    from guantong.obligations import run
    from guantong.records import columns, ledger

    asked = ledger.question()
    compiled = ledger.sql(asked)
    print(f"{len(asked.obligations)} obligations, as of {asked.on}\n")
    print(LINE.format("median seconds", "ours", "peer", "ratio"))
    with connection.cursor() as cursor:
        _make_facts(cursor)

        def execute(text: str) -> Any:
            cursor.execute(text)
            return cursor

        handwritten.make_calendar(execute, asked)
        texts = handwritten.queries(asked)
        same = _same(execute(compiled).fetchall(), handwritten.answer(execute, texts))
        _row(
            "whole ledger, SQLite / hand-written SQL",
            lambda: execute(compiled).fetchall(),
            lambda: handwritten.answer(execute, texts),
            times,
        )
    with columns.copied() as copy:
        handwritten.make_calendar(copy.execute, asked)
        text = run.sql(asked, exp.to_table, "duckdb")
        theirs = handwritten.answer(copy.execute, texts)
        same = same and _same(copy.execute(text).fetchall(), theirs)
        _row(
            "whole ledger, DuckDB / hand-written SQL",
            lambda: copy.execute(text).fetchall(),
            lambda: handwritten.answer(copy.execute, texts),
            times,
        )
    _live(times)
    if not same:
        print(
            "the hand-written SQL gives other entries: the figures mean nothing", file=sys.stderr
        )
    return 0 if same else 1


def _make_facts(cursor: Any) -> None:
    """Give the peer the fact tables under their names, as views over the records."""
    from guantong.records.facts import FACTS

    for name, text in FACTS.items():
        cursor.execute(f"CREATE TEMP VIEW {name} AS {text}")


def _same(rows: list[Any], theirs: list[Any]) -> bool:
    from bench import handwritten
    from guantong.obligations import run

    ours, other = handwritten.expected(run.entries(rows)), handwritten.comparable(theirs)
    for row in sorted(ours ^ other, key=str)[:5]:
        print("differs:", row, "ours" if row in ours else "hand-written", file=sys.stderr)
    return ours == other


def _row(name: str, ours: Callable[[], Any], peer: Callable[[], Any], times: int) -> None:
    """Both in turn, so that both meet the same machine."""
    pairs = [(_once(ours), _once(peer)) for _ in range(times)]
    mine, other = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    print(LINE.format(name, f"{mine:.3f}", f"{other:.3f}", f"{mine / other:.2f}"))


def _live(times: int) -> None:
    """Recording one activity with 20 attendances, of which the refresh of its entries."""
    from django.db import transaction

    from guantong.records import clock, ledger
    from guantong.records.actions import activities
    from guantong.records.actions import ledger as upkeep
    from guantong.records.drafts import Attended, Draft
    from guantong.records.models import Entry, Membership, Org

    branch = next(
        org
        for org in Org.objects.filter(kind="branch", valid_to=None).order_by("id")
        if Membership.objects.on(clock.today()).filter(org=org).count() >= 20
    )
    members = Membership.objects.on(clock.today()).filter(org=branch)[:20]
    there = tuple(Attended(row.person_id) for row in members)

    def record(day: int) -> None:
        with transaction.atomic():
            draft = Draft(
                kind="theme_day",
                title=f"第 {day} 次",
                hosts=(branch,),
                attended=there,
                hours=Decimal(2),
                held_on=clock.today() - timedelta(days=day),
            )
            activities.record(by=None, draft=draft)
            transaction.set_rollback(True)

    first = _once(lambda: record(1))
    spent = statistics.median(_once(lambda: record(2)) for _ in range(times))
    refreshing = upkeep.refresh
    try:
        upkeep.refresh = lambda touch: None
        bare = statistics.median(_once(lambda: record(3)) for _ in range(times))
    finally:
        upkeep.refresh = refreshing
    whole = _once(lambda: ledger.answer(ledger.question()))
    print(
        LINE.format(
            "one record with its ledger / without",
            f"{spent:.3f}",
            f"{bare:.3f}",
            f"{spent / bare:.1f}",
        )
    )
    print(
        LINE.format(
            "its ledger / the whole ledger",
            f"{spent - bare:.3f}",
            f"{whole:.3f}",
            f"{(spent - bare) / whole:.2f}",
        )
    )
    print(f"the first record of a process compiles its SQL: {first:.3f} s")
    print(f"{Entry.objects.filter(assessment__live=True).count()} entries in the live ledger")


def _once(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
