"""The fact tables have the shape that obligations are written against."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from guantong.obligations.tables import TABLES
from guantong.records import catalogue, facts, quorums
from guantong.records.actions import activities
from guantong.records.crediting import kinds_counted
from guantong.records.drafts import Attended, draft_of
from guantong.records.models import Attendance
from tests.factories import Cast, make_activity


def rows(table: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(facts.select(table))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_columns_are_those_of_the_contract(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(facts.select(table))
        assert [column[0] for column in cursor.description] == list(TABLES[table].columns)


def test_there_is_a_select_for_every_table_and_no_other() -> None:
    assert TABLES.keys() == facts.TABLES


def test_withdrawn_activities_are_no_facts_and_planned_ones_are(cast: Cast) -> None:
    held, gone = make_activity(cast.branch), make_activity(cast.branch, title="另一主题")
    plan = make_activity(cast.branch, held_on=date(2023, 7, 1), planned=True)
    activities.withdraw(by=None, activity=gone, version=1, reason="重复")
    assert {(row["activity_id"], bool(row["planned"])) for row in rows("activities")} == {
        (held.pk, False),
        (plan.pk, True),
    }


def test_of_a_kind_s_own_fields_only_those_marked_are_facts_and_no_free_text(cast: Cast) -> None:
    me = cast.secretary.person_id
    own = {"unit": "dormitory", "visited": cast.sibling.pk, "asked": "不外传"}
    make_activity(cast.branch, kind="contact_visit", hours=None, own=own)
    pair = ((me, cast.member.person_id),)
    make_activity(cast.branch, kind="talk", hours=None, own={"pairs": pair, "occasion": "care"})
    told = {row["field"]: row for row in rows("details")}
    assert told.keys() == {"unit", "visited", "pairs"}  # a quorum is one of assemblies alone
    assert (told["unit"]["code"], told["visited"]["org_id"]) == ("dormitory", cast.sibling.pk)
    assert (told["pairs"]["person_id"], told["pairs"]["other_person_id"]) == pair[0]
    assert "不外传" not in str(told)


def test_whether_a_quorum_was_reached_is_worked_out(cast: Cast) -> None:
    """Of the host's two who may vote more than half must come; guests and plans change nothing."""
    me, guest = (user.person_id for user in (cast.secretary, cast.outsider))
    said = {"kind": "branch_assembly", "hours": None}
    few = make_activity(cast.branch, **said, attended=(Attended(me), Attended(guest)))
    all_of_them = make_activity(cast.branch, **said, title="全到")
    plan = make_activity(cast.branch, **said, held_on=date(2023, 7, 1), planned=True)
    make_activity(cast.branch, kind="branch_committee", hours=None)
    told = {row["activity_id"]: (row["field"], row["code"]) for row in rows("details")}
    yes, no = ("quorum", "yes"), ("quorum", "no")
    assert told == {few.pk: no, all_of_them.pk: yes, plan.pk: yes}
    assert quorums.reached([few.pk, all_of_them.pk]) == {few.pk: False, all_of_them.pk: True}


@pytest.mark.parametrize("written", [(0, 8), (8, 8), (8, 0), (8, None)], ids=str)
def test_the_hours_of_a_sitting_count_once_with_what_is_study_under_every_reading(
    cast: Cast, written: tuple[int | None, ...]
) -> None:
    """However an earlier rule wrote them: of a theme day and training, training alone is study
    under the narrowest reading; of an assembly and a theme day, the theme day under two."""
    me = cast.secretary.person_id
    assert me is not None
    alone = make_activity(cast.branch, hours=Decimal(2), title="单独一次")
    there = (Attended(me),)
    made = make_activity(
        cast.branch, kind="theme_day", also=("central_training",), hours=Decimal(8), attended=there
    )
    sitting = [made, *made.parts.all()]
    for activity, hours in zip(sitting, written, strict=True):
        Attendance.objects.filter(activity=activity).update(hours=hours)
    told = {row["activity_id"]: row["hours"] for row in rows("attendances")}
    assert told == {alone.pk: 2, made.pk: 0, sitting[1].pk: 8}
    assert draft_of(made).attended == there
    read = {o.name: o for o in catalogue.current().obligations.values()}["member-study-hours"]
    assert read.reading
    for measure in (read.measure, *(one.measure for one in read.reading.options.values())):
        kinds = {row.pk: row.kind for row in (alone, *sitting)}
        counted = sum(told[pk] for pk in kinds if kinds[pk] in kinds_counted(measure))
        assert counted == (10 if "theme_day" in kinds_counted(measure) else 8)


def test_the_tree_and_the_roll_are_facts(cast: Cast) -> None:
    assert {row["org_id"]: row["parent_id"] for row in rows("org_parents")} == {
        cast.college.pk: cast.school.pk,
        cast.other_college.pk: cast.school.pk,
        cast.branch.pk: cast.college.pk,
        cast.sibling.pk: cast.college.pk,
        cast.other_branch.pk: cast.other_college.pk,
    }
    members = [row["person_id"] for row in rows("memberships") if row["org_id"] == cast.branch.pk]
    assert len(members) == 2
