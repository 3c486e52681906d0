"""Rows of activities: who was there, and what is on record already."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.records import rosters
from guantong.records.actions import imports, memberships, relations
from guantong.records.drafts import Attended, draft_of
from guantong.records.imports.hall import Hall
from guantong.records.imports.rows import Named, Outcome
from guantong.records.models import Activity, Attendance, Org, Person
from tests.factories import SINCE, TODAY, Cast, appoint, make_activity, make_org, make_person
from tests.records.spreadsheets import decided, held, problem, run

pytestmark = pytest.mark.django_db


def test_what_is_imported_is_what_recording_gives(cast: Cast) -> None:
    chair = Person.objects.get(name="支书甲")
    run(held({"chair": (Named("支书甲"),), "absent": (Named("党员甲", "病假"),), "place": "一室"}))
    imported = draft_of(Activity.objects.get())
    absent = {Person.objects.get(name="党员甲").pk: "病假"}
    there = (Attended(chair.pk, "chair"),)
    recorded = draft_of(
        make_activity(cast.branch, title="另学", place="一室", absent=absent, attended=there)
    )
    assert imported.title == "学习"
    assert vars(imported) == {**vars(recorded), "title": "学习"}
    assert set(Attendance.objects.values_list("hours", flat=True)) == {Decimal(2)}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"attended": (Named("无名"),)}, "“无名”当天不在您可登记的名册中"),
        ({"attended": (), "hours": Decimal(2)}, "没有写参加人员"),
        ({"hours": None}, "计入学时"),
        ({"held_on": date(2023, 6, 16)}, "在今天（2023-06-15）之后"),
        ({"held_on": date(2021, 6, 16)}, "不存在"),
        ({"kind": "plenary_meeting"}, "应由"),
        ({"attended": (Named("党员甲"),), "absent": (Named("党员甲"),)}, "既列为参加又列为缺席"),
    ],
)
def test_what_may_not_be_recorded_is_a_problem(cast: Cast, row: Any, says: str) -> None:
    assert says in problem(held(row))


def test_an_activity_on_record_is_not_recorded_again(cast: Cast) -> None:
    run(held({}))
    assert decided(held({})).outcome == Outcome.SAME
    assert "内容不同（学时 2 → 3）" in problem(held({"hours": Decimal(3)}))
    assert "学时会重复计算" in problem(held({"title": "另一个题目"}))
    assert decided(held({"held_on": date(2023, 6, 13)})).outcome == Outcome.NEW
    first, second = imports.decide(
        by=None, parsed=held({"title": "甲", "kind": "talk"}, {"title": "甲", "kind": "talk"})
    )
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.PROBLEM)


def test_an_old_activity_says_that_it_came_from_a_file(cast: Cast) -> None:
    run(held({"held_on": date(2023, 3, 1)}))
    assert Activity.objects.get().late_reason == "从文件“活动.xlsx”导入"


def test_namesakes_are_told_apart_by_their_number(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    second = make_person("李样", cast.branch, number="N2")
    assert "有 2 名“李样”" in problem(held({"attended": (Named("李样"),)}))
    work = decided(held({"attended": (Named("李样", "N2"),)})).work
    assert work.attended == (Attended(second.pk),)


def test_ones_own_people_come_first(cast: Cast) -> None:
    own = make_person("李样", cast.branch)
    make_person("李样", cast.sibling)
    work = decided(held({"attended": (Named("李样"),)}), cast.officer).work
    assert work.attended == (Attended(own.pk),)


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    group = make_org("第一党小组", "group", cast.branch)
    make_person("来样", cast.sibling, since=date(2022, 6, 1))
    moved = make_person("移样", cast.branch)
    memberships.transfer_within(by=None, person=moved, to=cast.other_branch, on=date(2022, 9, 1))
    leader = make_person("联样", cast.other_branch)
    relations.record(by=None, kind="contact_point", person=leader, other_org=cast.branch,
                     valid_from=date(2022, 4, 1))  # fmt: skip
    head = make_person("首样", cast.other_branch)
    appoint(head, cast.school, "secretary", valid_from=date(2022, 5, 1))
    assert group
    return cast


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_hall_says_what_the_rosters_say(crowd: Cast, data: st.DataObject) -> None:
    orgs = list(Org.objects.order_by("pk"))
    hosts = data.draw(st.lists(st.sampled_from(orgs), min_size=1, max_size=2, unique=True))
    on = data.draw(st.dates(SINCE, TODAY))
    by = data.draw(st.sampled_from([None, *crowd.everyone().values()]))
    kind = data.draw(st.sampled_from(["theme_day", "branch_committee"]))
    everyone = list(Person.objects.all())
    room = Hall({p.name for p in everyone}, hosts, by).room(kind, hosts, on)
    may_be = set(rosters.may_be_named(by, hosts, on).values_list("pk", flat=True))
    assert {p.pk for p in everyone if room._may_be_named(p.pk)} == may_be
    expected = {
        pk
        for host in hosts
        for pk in rosters.expected(kind, host, on).values_list("pk", flat=True)
    }
    assert room.expected == expected
