"""Places, waiting and signing in, and what becomes attendance."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from guantong.records import clock, enrolments, sign_ins
from guantong.records.actions import activities
from guantong.records.actions import enrolments as actions
from guantong.records.actions import sign_ins as signing
from guantong.records.models import Activity, Places, SignIn, SignInSheet
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.records.conftest import one_event, refused

SOON = TODAY + timedelta(days=5)


@pytest.fixture
def training(cast: Cast) -> Activity:
    return make_activity(cast.college, kind="central_training", held_on=SOON, planned=True,
                         hours=Decimal(8), title="培训班")  # fmt: skip


def offer(cast: Cast, training: Activity, places: int = 2, **more: Any) -> Places:
    more = {"by": cast.officer, "closes_on": SOON, **more}
    return actions.offer(activity=training, places=places, **more)


def names(row: Places) -> tuple[list[str], list[str]]:
    now = enrolments.standing(Places.objects.get(pk=row.pk))
    return [one.person.name for one in now.placed], [one.person.name for one in now.waiting]


def test_places_go_in_order_and_who_gives_up_lets_the_next_in(
    cast: Cast, training: Activity
) -> None:
    row = offer(cast, training)
    one, two, three = (make_person(f"学员{n}", cast.branch) for n in "甲乙丙")
    with one_event("enrolment.made"):
        first = actions.enrol(by=cast.secretary, activity=training, person=one, wait=False)
    actions.enrol(by=cast.secretary, activity=training, person=two, wait=False)
    with refused("2 个名额已满"):
        actions.enrol(by=cast.secretary, activity=training, person=three, wait=False)
    actions.enrol(by=cast.secretary, activity=training, person=three, wait=True)
    me = owner(cast.member)
    actions.enrol(by=cast.member, activity=training, person=me, wait=True)
    assert names(row) == (["学员甲", "学员乙"], ["学员丙", "党员甲"])
    with refused("候补第 2 位，不用重复"):
        actions.enrol(by=cast.member, activity=training, person=me, wait=True)
    with refused("名额不能少于"):
        offer(cast, training, 1)
    with one_event("enrolment.cancelled") as events:
        actions.cancel(by=cast.secretary, row=first)
    assert events[0].detail["moved_up"] == [three.pk]
    assert names(row) == (["学员乙", "学员丙"], ["党员甲"])
    with refused("已经取消"):
        actions.cancel(by=cast.secretary, row=first)
    offer(cast, training, 3)
    assert names(row) == (["学员乙", "学员丙", "党员甲"], [])


def test_who_enrols_whom_and_until_when(cast: Cast, training: Activity) -> None:
    me, theirs = owner(cast.member), owner(cast.outsider)
    with refused("没有开放报名"):
        actions.enrol(by=cast.member, activity=training, person=me, wait=False)
    for user in (cast.secretary, cast.inspector, cast.outsider):
        with refused("权限"):
            offer(cast, training, by=user)
    with refused("不晚于活动日期"):
        offer(cast, training, closes_on=SOON + timedelta(days=1))
    with refused("没有人能报名"):
        offer(cast, training, closes_on=TODAY - timedelta(days=1))
    offer(cast, training, closes_on=TODAY)
    for user, person in (
        (cast.member, owner(cast.secretary)),  # somebody else
        (cast.outsider, theirs),  # not one of the college
        (cast.outsider, me),
        (cast.inspector, me),
    ):
        with refused("不能替这个人报名"):
            actions.enrol(by=user, activity=training, person=person, wait=False)
    mine = actions.enrol(by=cast.member, activity=training, person=me, wait=False)
    with refused("不能替这个人报名"):
        actions.cancel(by=cast.outsider, row=mine)
    Places.objects.update(closes_on=TODAY - timedelta(days=1))
    with refused("截止"):
        actions.enrol(by=cast.secretary, activity=training, person=owner(cast.secretary),
                      wait=False)  # fmt: skip
    activities.withdraw(by=cast.officer, activity=training, version=1, reason="不办了")
    with refused("撤销"):
        actions.cancel(by=cast.member, row=mine)


# Signing in


@pytest.fixture
def today(cast: Cast) -> Activity:
    return make_activity(cast.college, kind="central_training", held_on=TODAY, planned=True,
                         hours=Decimal(8), title="今天的培训")  # fmt: skip


def starts(activity: Activity, moment: datetime) -> None:
    Activity.objects.filter(pk=activity.pk).update(
        starts_at=timezone.localtime(moment).time().replace(microsecond=0)
    )
    activity.refresh_from_db()


def test_each_signs_once_and_late_is_marked(cast: Cast, today: Activity) -> None:
    with refused("权限"):
        signing.open_sheet(by=cast.secretary, activity=today)
    with refused("签到已经结束"):
        signing.sign(by=cast.member, activity=today)
    signing.open_sheet(by=cast.officer, activity=today)
    with one_event("sign_in.made"):
        row, first = signing.sign(by=cast.member, activity=today)
    assert (first, row.late) == (True, False)
    again, first = signing.sign(by=cast.member, activity=today)
    assert (again.pk, first) == (row.pk, False)
    assert SignIn.objects.count() == 1
    if clock.now().hour > 0:  # an hour ago was today
        starts(today, clock.now() - timedelta(minutes=11))
        assert signing.sign(by=cast.outsider, activity=today)[0].late
    with refused("没有对应当天在册的人"):
        signing.sign(by=cast.stranger, activity=today)
    signing.close_sheet(by=cast.officer, activity=today)
    with refused("签到已经结束"):
        signing.sign(by=cast.secretary, activity=today)


def test_only_todays_code_of_an_open_sheet_holds(cast: Cast, today: Activity) -> None:
    ahead = make_activity(cast.college, kind="central_training", held_on=SOON, planned=True)
    with refused("当天才能"):
        signing.open_sheet(by=cast.officer, activity=ahead)
    sheet = signing.open_sheet(by=cast.officer, activity=today)
    code = sign_ins.code(sheet)
    assert sign_ins.holds(today.pk, code)
    assert not sign_ins.holds(today.pk + 1, code)
    signing.close_sheet(by=cast.officer, activity=today)
    assert not sign_ins.holds(today.pk, code)
    again = signing.open_sheet(by=cast.officer, activity=today)
    assert sign_ins.holds(today.pk, sign_ins.code(again))
    assert again.secret != sheet.secret
    assert not sign_ins.holds(today.pk, code), "a new opening, other codes"


def test_the_list_becomes_attendance_only_when_it_is_confirmed(
    cast: Cast, today: Activity
) -> None:
    phoneless, missing = (make_person(name, cast.branch) for name in ("没手机", "没来"))
    offer(cast, today, 5, closes_on=TODAY)
    for person in (phoneless, missing):
        actions.enrol(by=cast.secretary, activity=today, person=person, wait=False)
    signing.open_sheet(by=cast.officer, activity=today)
    signing.sign(by=cast.member, activity=today)
    assert not today.attendances.exists()
    me = owner(cast.member)
    asked = {"activity": today, "version": 1, "hours": Decimal(8)}
    with refused("权限"):
        signing.confirm(by=cast.secretary, present={me.pk}, **asked)
    with refused("没有参加人员"):
        signing.confirm(by=cast.officer, present=set(), **asked)
    with one_event("activity.corrected"):
        held = signing.confirm(by=cast.officer, present={me.pk, phoneless.pk}, **asked)
    assert (held.planned, held.version) == (False, 2)
    assert {row.person.name: row.hours for row in held.attendances.all()} == {
        "党员甲": Decimal(8), "没手机": Decimal(8)}  # fmt: skip
    assert [row.person.name for row in held.absences.all()] == ["没来"]
    assert SignInSheet.objects.get().closed_at
    with refused("已经开展"):
        signing.confirm(by=cast.officer, present={me.pk}, **(asked | {"version": 2}))
