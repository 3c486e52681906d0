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
    """`present`: person, role, hours."""

    activity: Activity
    hosts: tuple[Org, ...]
    present: tuple[tuple[int, str, Decimal | None], ...]
    absent: tuple[tuple[int, str], ...]


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

        Those with a role and those in `sure` come for certain, the others as their habit is;
        what lies after today is only planned. `hours` are for every one who comes.
        """
        host, roles = hosts[0], roles or {}
        lines = list(gaps.planted(kind, day))
        mine = [gap for gap in lines if gap.org == host.name and not gap.post and not gap.number]
        if any(gap.entered is None for gap in mine):
            return
        rng = self.stream(host)
        unknown = kind == "theme_day" and (host.name, day.replace(day=1)) in gaps.HOURS_UNKNOWN
        worth = Decimal(hours) if hours and not unknown else None
        activity = Activity(
            pk=len(self.held) + 1,
            kind=kind,
            title=title,
            held_on=day,
            starts_at=rng.choice(STARTS),
            place=rng.choice(PLACES),
            hours=worth,
            planned=day > days.TODAY,
        )
        _record(activity, rng, mine[0].entered if mine else None)
        missing = {gap.number for gap in lines if gap.number}
        comes = {person.pk: role for person, role in roles.items()}
        expected = {p.pk: p for p in (*roles, *people)} if not activity.planned else {}
        here = {
            pk: comes.get(pk, "attendee")
            for pk, person in expected.items()
            if person.number not in missing
            and (pk in comes or pk in sure or rng.random() < self.habit(person))
        }
        gone = [pk for pk in expected if pk not in here and pk not in self.excused]
        self.held.append(
            Held(
                activity,
                hosts,
                tuple((pk, role, worth) for pk, role in here.items()),
                tuple((pk, rng.choice(EXCUSES)) for pk in gone),
            )
        )

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
        return 0.6 if lot < 0.02 else 0.78 if lot < 0.06 else rng.uniform(0.94, 1.0)


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
