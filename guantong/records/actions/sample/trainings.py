"""One training of a college that people enrol for, and one at which they had signed in."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Model
from django.utils import timezone

from guantong.records.actions.sample import days
from guantong.records.actions.sample.accounts import COLLEGE
from guantong.records.actions.sample.diary import Diary, Held
from guantong.records.actions.sample.tree import Tree
from guantong.records.models import Enrolment, Person, Places, SignIn, SignInSheet

PLACED, ENROLLED, LATE = 30, 33, 3
KIND: Final = "central_training"


def plan(diary: Diary, tree: Tree) -> None:
    """Put the training of the summer into the diary, after everything else."""
    college = tree.named[COLLEGE]
    diary.hold(KIND, date(2023, 7, 10), (college,), "暑期党员培训班", [], hours=16)


def places(diary: Diary, people: list[Person]) -> Iterator[list[Model]]:
    """A planned training with all its places taken and some people waiting."""
    activity = _of_college(diary, planned=True).activity
    yield [Places(activity=activity, places=PLACED, closes_on=activity.held_on)]
    at = _moment(days.TODAY - timedelta(days=3), time(9))
    yield [
        Enrolment(activity=activity, person=person, at=at + timedelta(minutes=7 * n))
        for n, person in enumerate(people[:ENROLLED])
    ]


def signed(diary: Diary) -> Iterator[list[Model]]:
    """The list of a training that was held: who came signed in, the last of them late."""
    held = _of_college(diary, planned=False)
    activity = held.activity
    start = _moment(activity.held_on, activity.starts_at or time(9))
    sheet = SignInSheet(
        activity=activity, secret="00" * 32, opened_at=start - timedelta(minutes=20),
        closed_at=start + timedelta(minutes=30),
    )  # fmt: skip
    yield [sheet]
    first = len(held.present) - LATE
    yield [
        SignIn(
            activity=activity,
            person_id=pk,
            at=start + timedelta(minutes=15 if n >= first else -10, seconds=n),
            late=n >= first,
        )
        for n, (pk, *_) in enumerate(held.present)
    ]


def _of_college(diary: Diary, *, planned: bool) -> Held:
    return next(
        held
        for held in diary.held
        if held.activity.kind == KIND
        and held.activity.planned == planned
        and held.hosts[0].name == COLLEGE
    )


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, timezone.get_default_timezone())
