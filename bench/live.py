"""What keeping the ledger in step costs: one record, its correction, one change of membership.

Each is undone at once. The first of a process compiles its SQL, the following ones do not.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bench import school
from bench.timing import Line, median, seconds

PRESENT = 20


@dataclass
class Watch:
    """The seconds spent in `refresh`, and the entries it worked out, since the last reset."""

    spent: float = 0.0
    entries: int = 0

    def reset(self) -> None:
        self.spent, self.entries = 0.0, 0


def changes(place: school.Place, times: int) -> list[Line]:
    """Whole seconds of each change, with those of its ledger beside as the part."""
    school.enter(place)
    from guantong.records import ledger

    with _watched() as watch:
        story = _Story()
        lines = [
            _line("记一次活动（20 人）", story.record, watch, times),
            _line("更正一次活动", story.correct, watch, times),
            _line("转一次组织关系", story.transfer, watch, times),
        ]
    whole = median(lambda: ledger.answer(ledger.question()), max(times // 2, 1))
    spent = lines[0].ours
    return [*lines, Line("一次活动的台账 / 整本台账", spent, whole)]


def _line(what: str, change: Callable[[], None], watch: Watch, times: int) -> Line:
    first = seconds(lambda: _undone(change))
    spent, bare = list[float](), list[float]()
    for _ in range(times):
        watch.reset()
        total = seconds(lambda: _undone(change))
        spent.append(watch.spent)
        bare.append(total - watch.spent)
    note = f"重算 {watch.entries} 条；进程内首次共 {first:.2f} s"
    return Line(
        f"{what}：台账 / 其余", statistics.median(spent), statistics.median(bare), note=note
    )


def _undone(change: Callable[[], None]) -> None:
    from django.db import transaction

    with transaction.atomic():
        change()
        transaction.set_rollback(True)


@contextmanager
def _watched() -> Iterator[Watch]:
    from guantong.records import ledger as reading
    from guantong.records.actions import ledger as upkeep

    watch, refresh, answer = Watch(), upkeep.refresh, reading.answer

    def timed(touch: upkeep.Touch) -> None:
        watch.spent += seconds(lambda: refresh(touch))

    def counted(asked: Any) -> Any:
        found = answer(asked)
        watch.entries += len(found)
        return found

    upkeep.refresh, reading.answer = timed, counted
    try:
        yield watch
    finally:
        upkeep.refresh, reading.answer = refresh, answer


class _Story:
    """A theme day of a branch with twenty present, held yesterday."""

    def __init__(self) -> None:
        from guantong.records import clock
        from guantong.records.drafts import Attended, Draft
        from guantong.records.models import Activity, Membership, Org

        self.today = clock.today()
        now = Membership.objects.on(self.today)
        self.branch, self.other, *_ = (
            org
            for org in Org.objects.filter(kind="branch", valid_to=None).order_by("id")
            if now.filter(org=org).count() >= PRESENT
        )
        there = now.filter(org=self.branch).order_by("person")[:PRESENT]
        self.person = there[PRESENT - 1].person
        self.draft = Draft(
            kind="theme_day",
            title="学习讨论",
            held_on=self.today - timedelta(days=1),
            hosts=(self.branch,),
            hours=Decimal(2),
            attended=tuple(Attended(row.person_id) for row in there),
        )
        held = Activity.objects.held().filter(kind="theme_day", hosts=self.branch)
        self.kept = held.newest_first()[0]

    def record(self) -> None:
        from guantong.records.actions import activities

        activities.record(by=None, draft=self.draft)

    def correct(self) -> None:
        """Somebody was not there after all, at the latest one on record."""
        from guantong.records.actions import activities
        from guantong.records.drafts import draft_of

        kept = draft_of(self.kept)
        draft = replace(kept, attended=(kept.attended or ())[1:])
        activities.correct(by=None, activity=self.kept, version=self.kept.version, draft=draft)

    def transfer(self) -> None:
        from guantong.records.actions import memberships

        memberships.transfer_within(by=None, person=self.person, to=self.other, on=self.today)
