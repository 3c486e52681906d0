"""Whether keeping the ledger in step depends on how much there is: one activity of twenty people,
recorded among many members and among a tenth as many.
"""

import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from bench import school
from bench.nation import PRESENT, YEAR
from bench.timing import Differs, seconds

TWENTY = 20
HELD_ON = date(YEAR, 12, 20)
NODE = re.compile(r"Scan.*\(actual .*rows=([\d.]+) loops=(\d+)\)")
REMOVED = re.compile(r"Rows Removed by (?:Filter|Index Recheck): (\d+)")


def recorded(place: school.Place, times: int) -> tuple[float, str]:
    """The median seconds of recording it and refreshing the ledger, and what that read."""
    school.enter(place)
    from django.db import connection, transaction

    draft, texts = _draft(), list[str]()

    def record() -> None:
        from guantong.records.actions import activities

        with transaction.atomic():
            activities.record(by=None, draft=draft)
            transaction.set_rollback(True)

    with _asked(texts):
        record()
        if not texts:
            raise Differs("the ledger was not refreshed")
    spent = statistics.median(seconds(record) for _ in range(times))
    with transaction.atomic():  # as the update sees it: with the activity recorded
        text = texts[-1]
        read = _read_in_sqlite(text) if connection.vendor == "sqlite" else _read_in_postgres(text)
        transaction.set_rollback(True)
    return spent, read


def _draft() -> Any:
    from guantong.records.drafts import Attended, Draft
    from guantong.records.models import Membership, Org

    branch = next(
        org
        for org in Org.objects.filter(kind="branch", valid_to=None).order_by("id")[:50]
        if Membership.objects.on(HELD_ON).filter(org=org).count() >= min(TWENTY, PRESENT)
    )
    there = Membership.objects.on(HELD_ON).filter(org=branch).order_by("person")[:TWENTY]
    return Draft(
        kind="theme_day",
        title="学习讨论",
        held_on=HELD_ON,
        hosts=(branch,),
        hours=Decimal(2),
        attended=tuple(Attended(row.person_id) for row in there),
        late_reason="补录",
    )


@contextmanager
def _asked(texts: list[str]) -> Iterator[None]:
    """Collect the texts that the ledger's update puts to the database."""
    from guantong.records import ledger

    kept = ledger.sql

    def noted(asked: Any) -> str:
        texts.append(kept(asked))
        return texts[-1]

    ledger.sql = noted
    try:
        yield
    finally:
        ledger.sql = kept


def _read_in_postgres(text: str) -> str:
    """Rows that left the scans of tables, and those that a filter there threw away."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING off, COSTS off) {text}")
        rows, loops = 0.0, 1
        for (line,) in cursor.fetchall():
            if found := NODE.search(line):
                if " on " not in line:  # a CTE or a subquery, whose tables are counted already
                    continue
                loops = int(found[2])
                rows += float(found[1]) * loops
            elif found := REMOVED.search(line):
                rows += int(found[1]) * loops
    return f"{rows:,.0f} 行"


def _read_in_sqlite(text: str) -> str:
    """SQLite counts no rows here; the steps of its machine grow with them."""
    from django.db import connection

    connection.ensure_connection()
    raw: Any = connection.connection
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw.set_progress_handler(step, 1)
    raw.execute(text).fetchall()
    raw.set_progress_handler(None, 1)
    return f"{steps:,} 步"
