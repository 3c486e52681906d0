"""When an organisation usually holds a kind of activity, to propose it in the form. Reads only."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from guantong.periods import month_of
from guantong.records.models import Org
from guantong.records.models.activity import ActivityQuerySet

LAST: Final = 6  # activities that are looked at
OFTEN: Final = 3  # of them on the same day of the week make a habit
WEEKDAYS: Final = "一二三四五六日"


@dataclass(frozen=True)
class Rhythm:
    """The day and time to propose; `says` is empty where there is no habit."""

    day: date
    starts_at: time | None = None
    says: str = ""


def usual(seen: ActivityQuerySet, host: Org, kind: str, today: date) -> Rhythm:
    """From the last that are in sight: the latest such weekday of this month since the last one,
    else today; and the usual time."""
    recent = seen.held().filter(hosts=host, kind=kind, held_on__lte=today).newest_first()
    held = list(recent.values_list("held_on", "starts_at")[:LAST])
    starts_at = _most([at for _, at in held if at], 2)
    weekday = _most([day.weekday() for day, _ in held], OFTEN)
    if weekday is None:
        return Rhythm(today, starts_at, f"以往多在 {starts_at:%H:%M} 开始" if starts_at else "")
    day = today - timedelta(days=(today.weekday() - weekday) % 7)
    fits = day >= month_of(today).start and day > held[0][0]
    says = f"按以往习惯：星期{WEEKDAYS[weekday]}{f' {starts_at:%H:%M}' if starts_at else ''}"
    return Rhythm(day if fits else today, starts_at, says)


def _most[T](found: list[T], least: int) -> T | None:
    """The most frequent, if it is frequent enough."""
    top = Counter(found).most_common(1)
    return top[0][0] if top and top[0][1] >= least else None
