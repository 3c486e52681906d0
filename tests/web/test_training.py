"""The training plan, enrolling, and signing in, as pages."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records import clock, sign_ins
from guantong.records.models import Activity, Enrolment, SignIn, SignInSheet, User
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.web.answers import TOKEN, part, rows, shown

type As = Callable[[User], Client]
PLAN = "/activities/training/"
SOON = TODAY + timedelta(days=5)


def at(name: str, activity: Activity, *more: object) -> str:
    return reverse(name, args=[activity.pk, *more])


@pytest.fixture
def training(cast: Cast) -> Activity:
    return make_activity(cast.college, kind="central_training", held_on=SOON, planned=True,
                         hours=Decimal(8), title="夏季培训班")  # fmt: skip


def test_a_member_finds_a_training_enrols_waits_and_gives_up(
    cast: Cast, as_: As, training: Activity
) -> None:
    officer, member, secretary = as_(cast.officer), as_(cast.member), as_(cast.secretary)
    assert "夏季培训班" not in shown(member.get(PLAN)), "held above; not offered yet"
    assert officer.post(at("places", training), {"places": "0"}).status_code == 422
    asked = {"places": "1", "closes_on": str(SOON)}
    assert secretary.post(at("places", training), asked).status_code == 404
    assert officer.post(at("places", training), asked).status_code == 302
    page = part(member, PLAN)
    assert "夏季培训班" in page
    assert f'href="{at("activity", training)}"' not in page, "the record itself is not his"
    assert "夏季培训班" not in shown(as_(cast.outsider).get(PLAN))
    other = make_person("学员乙", cast.branch)
    sent = {"person": other.pk}
    assert secretary.post(at("enrol-others", training), sent).status_code == 302
    assert secretary.post(at("enrol-others", training), sent).status_code == 422
    assert member.get(at("enrol", training)).status_code == 405
    assert "名额已满" in shown(member.post(at("enrol", training), follow=True))
    assert "候补第 1 位" in shown(member.post(at("enrol", training), {"wait": "1"}, follow=True))
    people = at("enrolments", training)
    told = rows(officer.get(people, {"export": "xlsx"}))
    assert [(line[1], line[4]) for line in told[1:]] == [
        ("学员乙", "已报名"), ("党员甲", "候补第 1 位")]  # fmt: skip
    for user in (cast.member, cast.secretary, cast.outsider, cast.stranger):
        assert as_(user).get(people).status_code == 404, user
    for user in (cast.outsider, cast.stranger, cast.admin):
        for name in ("enrol", "enrol-cancel"):
            assert as_(user).post(at(name, training)).status_code == 404, user
    gone = Enrolment.objects.get(person=other)
    assert member.post(at("enrol-cancel", training), {"enrolment": gone.pk}).status_code == 404
    assert officer.post(at("enrol-cancel", training), {"enrolment": gone.pk}).status_code == 302
    assert "已报名" in shown(member.get(PLAN))
    assert member.post(at("enrol-cancel", training)).status_code == 302
    assert not Enrolment.objects.filter(cancelled_at=None).exists()
    plan = rows(officer.get(PLAN, {"export": "xlsx"}))
    assert plan[1][1:6] == ["夏季培训班", "甲学院党委", 8, 1, 0]
    assert len(rows(officer.get(PLAN, {"export": "xlsx", "state": "held"}))) == 1


def test_from_the_screen_to_the_confirmed_list(cast: Cast, as_: As) -> None:
    today = make_activity(cast.college, kind="central_training", held_on=TODAY, planned=True,
                          hours=Decimal(8), title="今天的培训")  # fmt: skip
    officer, member = as_(cast.officer), as_(cast.member)
    screen, switch = at("sign-in-screen", today), at("sign-in-switch", today)
    assert officer.get(at("sign-in-code", today)).status_code == 404
    assert officer.post(switch, {"open": "1"}).status_code == 302
    shows = officer.get(screen)
    assert at("sign-in-code", today) in shown(shows)
    assert int(shows["Refresh"]) < 15
    assert officer.get(at("sign-in-code", today))["Content-Type"] == "image/svg+xml"
    for user in (cast.member, cast.secretary, cast.outsider, cast.stranger):
        for address in (screen, at("sign-in-code", today), at("sign-in-confirm", today)):
            assert as_(user).get(address).status_code == 404, user
    code = sign_ins.code(SignInSheet.objects.get())
    scanned = at("sign-in", today, code)
    nowhere = reverse("sign-in", args=[today.pk + 9, code])
    wrong = at("sign-in", today, "a" * 16)
    told = [TOKEN.sub("", shown(member.get(one))) for one in (nowhere, wrong)]
    assert told[0] == told[1], "absent or wrong: the same answer"
    assert {member.get(one).status_code for one in (nowhere, wrong)} == {404}
    page = shown(member.get(scanned))
    token = re.findall(r'name="token" value="([^"]+)"', page)[0]
    assert not SignIn.objects.exists(), "looking signs nobody in"
    assert member.post(scanned, {"token": "x"}).status_code == 404
    assert as_(cast.outsider).post(scanned, {"token": token}).status_code == 404, "not his token"
    assert "签到成功" in shown(member.post(scanned, {"token": token}))
    assert "已经签到过" in shown(member.post(scanned, {"token": token}))
    assert "1</b> 人已签到" in shown(officer.get(screen))
    confirm = at("sign-in-confirm", today)
    assert "党员甲" in shown(officer.get(confirm))
    me, guest = owner(cast.member), owner(cast.outsider)
    SignIn.objects.create(activity=today, person=guest, at=clock.now(), late=False)
    assert officer.post(confirm, {"version": 1, "hours": "8"}).status_code == 422, "nobody ticked"
    sent = {"version": 1, "hours": "8", "present": [me.pk, guest.pk]}
    assert officer.post(confirm, sent | {"version": 7}).status_code == 409
    SignIn.objects.update(late=True)
    assert officer.post(confirm, sent).status_code == 302
    assert "迟到" in shown(officer.get(at("activity", today)))
    assert {row.person for row in today.attendances.all()} == {me, guest}
    assert officer.get(screen).status_code == 404
    assert member.get(scanned).status_code == 404
