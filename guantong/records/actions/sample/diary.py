"""What is held in the sample school: each activity with its hosts, who came and who did not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from guantong.records import catalogue
from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.days import chance
from guantong.records.models import Activity, Org, Person

LATE_REASONS = ("当时没有及时登记", "换届交接时发现漏记", "设备故障，事后补记")
EXCUSES = ("请假", "出差", "生病", "课程冲突", "实习", "")
PLACES = ("党员活动室", "会议室", "报告厅", "线上")
STARTS = (time(9, 0), time(14, 30), time(15, 0), time(16, 30), time(19, 30))

STATED = ("kind", "title", "held_on", "starts_at", "place", "hours", "planned", "recorded_at")


@dataclass(frozen=True)
class Held:
    """`present`: person, role, hours. `absent`: person, reason."""

    activity: Activity
    hosts: tuple[Org, ...]
    present: list[tuple[int, str, Decimal | None]] = field(default_factory=list)
    absent: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Diary:
    excused: Collection[int]  # persons released from compulsory attendance
    held: list[Held] = field(default_factory=list)
    habits: dict[int, float] = field(default_factory=dict)
    streams: dict[int, Random] = field(default_factory=dict)

    def hold(
        self,
        kind: str,
        day: date,
        hosts: tuple[Org, ...],
        title: str,
        people: Collection[Person],
        *,
        hours: int | None = None,
        roles: Mapping[Person, str] | None = None,
        sure: Collection[int] = (),
    ) -> None:
        """Put an activity into the diary unless it is planted to be left out.

        Those with a role and those in `sure` (ids) come for certain, the others as their habit
        is; what lies after today is only planned.
        """
        host = hosts[0]
        planted = [
            gap
            for gap in gaps.planted(kind, day)
            if gap.org == host.name and not gap.post and not gap.number
        ]
        if any(gap.entered is None for gap in planted):
            return
        rng = self.stream(host)
        unknown = kind == "theme_day" and gaps.hours_unknown(host.name, day)
        activity = Activity(
            pk=len(self.held) + 1,
            kind=kind,
            title=title,
            held_on=day,
            starts_at=rng.choice(STARTS),
            place=rng.choice(PLACES),
            hours=Decimal(hours) if hours and not unknown else None,
            planned=day > days.TODAY,
        )
        _record(activity, rng, planted[0].entered if planted else None)
        self.held.append(Held(activity, hosts))
        if not activity.planned:
            self._gather(self.held[-1], people, roles or {}, sure)

    def _gather(
        self,
        held: Held,
        people: Collection[Person],
        roles: Mapping[Person, str],
        sure: Collection[int],
    ) -> None:
        """Say who came and who did not."""
        activity, rng = held.activity, self.stream(held.hosts[0])
        away = {gap.number for gap in gaps.planted(activity.kind, activity.held_on)} - {""}
        part = {person.pk: role for person, role in roles.items()}
        for pk, person in {p.pk: p for p in (*roles, *people)}.items():
            comes = pk in part or pk in sure or rng.random() < self.habit(person)
            if comes and person.number not in away:
                held.present.append((pk, part.get(pk, "attendee"), activity.hours))
            elif pk not in self.excused:
                held.absent.append((pk, rng.choice(EXCUSES)))

    def take_back(self, held: Held) -> None:
        """Enter an activity a second time by mistake, and withdraw it a day later."""
        was = held.activity
        again = Activity(
            pk=len(self.held) + 1,
            withdrawn_at=was.recorded_at + timedelta(days=1),
            withdrawn_reason="重复录入",
            version=2,
            **{name: getattr(was, name) for name in STATED},
        )
        self.held.append(replace(held, activity=again))

    def stream(self, org: Org) -> Random:
        return self.streams.setdefault(org.pk, chance("diary", org.pk))

    def habit(self, person: Person) -> float:
        """How likely somebody is to come."""
        if person.pk not in self.habits:
            self.habits[person.pk] = self._habit(person)
        return self.habits[person.pk]

    def _habit(self, person: Person) -> float:
        if person.number in gaps.HABITS:
            return gaps.HABITS[person.number]
        if person.pk in self.excused:
            return 0.25
        rng = chance("habit", person.pk)
        lot = rng.random()
        return 0.6 if lot < 0.02 else 0.78 if lot < 0.06 else rng.uniform(0.87, 1.0)


def _record(activity: Activity, rng: Random, entered: date | None) -> None:
    """When it was put on record: within days, or now and then late and with a reason."""
    moment = time(rng.randint(20, 22), rng.randint(0, 59))
    if activity.planned:
        day = days.TODAY - timedelta(days=rng.randint(0, 20))
    else:
        late = rng.random() < 0.015
        day = activity.held_on + timedelta(days=rng.randint(35, 70) if late else rng.randint(0, 4))
    day = min(entered or day, days.TODAY)
    limit: int = catalogue.current().kinds["limits"]["late_entry_days"]["value"]
    if (day - activity.held_on).days > limit:
        activity.late_reason = rng.choice(LATE_REASONS)
    zone = timezone.get_default_timezone()
    activity.recorded_at = datetime.combine(day, moment, zone)
