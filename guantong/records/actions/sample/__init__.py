"""Builds the sample school: plausible, invented, and the same every time.

`draft` tells the story in memory, from organisations to attendances; `build` writes it in bulk,
with the times of recording that the story has, which no other action may do. What is planted to
be found in the ledger is listed in `gaps`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from guantong.records.access import Refused
from guantong.records.actions import events, ledger
from guantong.records.actions.rows import AT_ONCE, pour_values
from guantong.records.actions.sample import (
    accounts,
    branches,
    brought,
    committees,
    days,
    matters,
    papers,
    people,
    purse,
    roll_matters,
    trainings,
)
from guantong.records.actions.sample.diary import Diary
from guantong.records.actions.sample.members import Roll, enrol
from guantong.records.actions.sample.minutes import Minutes, take
from guantong.records.actions.sample.offices import Offices, fill
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import Tree, grow
from guantong.records.models import (
    Absence,
    Activity,
    ActivityHost,
    Attendance,
    Event,
    Org,
    Person,
    Recut,
    School,
    User,
)
from guantong.records.recutting import NewBranch, Plan

NAME, PLAN, BUILT = "示例大学（虚构）", "jyu-2021-2023", "sample.built"
NUMBERED = (Org, Person, Activity)  # their ids are given here, not by the database


@dataclass(frozen=True)
class Draft:
    tree: Tree
    people: People
    roll: Roll
    offices: Offices
    papers: papers.Papers
    diary: Diary
    minutes: Minutes
    matters: matters.Matters


def draft() -> Draft:
    tree, everyone = grow(), People()
    roll = enrol(tree, everyone)
    offices = fill(tree, everyone, roll)
    filed = papers.file_papers(offices)
    diary = Diary(excused=offices.excused)
    lecturers = committees.hold_all(diary, offices, filed)
    branches.hold_all(diary, offices, lecturers)
    trainings.plan(diary, tree)
    taken = take(tree, roll, diary, filed.relations)
    under_way = matters.tell(tree, everyone, roll)
    return Draft(tree, everyone, roll, offices, filed, diary, taken, under_way)


def is_built() -> bool:
    return Event.objects.filter(verb=BUILT).exists()


@transaction.atomic
def build() -> None:
    """Write the whole school into an empty database and work out its ledger."""
    if any(model._default_manager.exists() for model in (School, User, *NUMBERED)):
        raise Refused(
            "数据库里已有学校、账号或记录，示例学校只能建在空库里。"
            "请用 --data 另指一个目录，或加 --reset 清空原来的数据。"
        )
    school = School(pk=1, name=NAME, today=days.TODAY, records_since=days.SINCE, plan=PLAN)
    school.save(force_insert=True)
    story = draft()
    _write(story.tree.orgs, story.tree.parents, story.tree.successions, story.tree.former_names)
    people.seal(story.people)
    _write(story.people.all)
    users = accounts.open_all(story.tree, story.people)
    _write(story.roll.rows, story.offices.posts, story.offices.terms)
    _write(story.papers.relations, story.papers.figures, story.papers.documents)
    accounts.sign(story.diary, story.tree, users)
    _write_diary(story.diary)
    _write(*purse.fill(story.offices, story.papers.documents))
    written = story.minutes
    _write(written.details, written.agenda, written.tasks, written.sides)
    _write(accounts.close_months(story.tree, users))
    roll_matters.write(story.tree, story.people, story.roll, users)
    _bring_certificate(story.people, users)
    _write(*trainings.places(story.diary, _of_college(story)), *trainings.signed(story.diary))
    _tell_the_database()
    matters.write(story.matters, users)
    _prepare_recut(story.tree)
    events.leave(BUILT, school, by=None, name=NAME, seed=days.SEED)
    ledger.rebuild()


def _of_college(story: Draft) -> list[Person]:
    """Members of the branches of the college whose accounts the sample has."""
    path = story.tree.named[accounts.COLLEGE].path
    branches = {org.pk for org in story.tree.orgs if org.path.startswith(path)}
    known = {person.pk: person for person in story.people.all}
    return [
        known[row.person_id]
        for row in story.roll.rows
        if row.org_id in branches and row.valid_to is None
    ]


def _bring_certificate(everyone: People, users: Mapping[str, User]) -> None:
    """The plain member of the sign-in page came from elsewhere."""
    issuer = brought.issuer(users["zuzhibu"])
    _write([issuer])
    member = everyone.numbered[accounts.number_of("dangyuan")]
    _write([brought.certificate(member, issuer, users["zhishu"])])


def _prepare_recut(tree: Tree) -> None:
    """The next rearrangement of a college's student branches, begun and left for September."""
    college = next(iter(tree.of("college_committee")))
    year, begun = days.NEXT_RECUT.year, datetime.combine(days.TODAY, time(9))
    name = f"{college.short_name}{year}级学生党支部"
    draft = Recut(
        org=college, title=f"{year} 年秋季学生支部调整", category="student",
        on_day=days.NEXT_RECUT, plan=Plan((NewBranch("n1", name, name, "student"),)).as_json(),
        prepared_at=timezone.make_aware(begun),
    )  # fmt: skip
    _write([draft])


def _write(*tables: Sequence[Model]) -> None:
    for rows in tables:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=AT_ONCE)


def _write_diary(diary: Diary) -> None:
    _write([held.activity for held in diary.held])
    pour_values(
        ActivityHost,
        ("activity_id", "org_id"),
        [(held.activity.pk, org.pk) for held in diary.held for org in held.hosts],
    )
    pour_values(
        Attendance,
        ("activity_id", "person_id", "role", "hours"),
        [(held.activity.pk, *row) for held in diary.held for row in held.present],
    )
    pour_values(
        Absence,
        ("activity_id", "person_id", "reason"),
        [(held.activity.pk, *row) for held in diary.held for row in held.absent],
    )


def _tell_the_database() -> None:
    """PostgreSQL notices neither ids that it is given, nor at once how many rows there are now."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(NUMBERED)):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
