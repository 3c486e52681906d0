"""按月结账 and 核实 as pages; the mark of a late record wherever the record is named."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records import reviewing
from guantong.records.actions import ledger
from guantong.records.meetings import Task
from guantong.records.models import Activity, ClosedMonth, Entry, User
from tests.factories import Cast, make_activity
from tests.records.test_verifying import IN_MAY, may_day
from tests.web.answers import part, rows, shown
from tests.web.record_form import fields

type SignIn = Callable[[User], Client]
REVIEW, MONTHS = "/activities/review/", "/activities/months/"


def test_a_branch_closes_and_its_college_unlocks(cast: Cast, as_: SignIn) -> None:
    held = may_day(cast)
    secretary, officer = as_(cast.secretary), as_(cast.officer)
    assert shown(secretary.get(MONTHS)).count(">结账</button>") == 12
    seen = {row.code: row.seal for row in secretary.get(MONTHS).context["rows"]}
    sent = {"org": cast.branch.pk, "month": "2023-05", "shown": seen["2023-05"]}
    may_day(cast, by=cast.officer, kind="party_lecture")  # in another window, meanwhile
    assert "现在有 2 次活动" in shown(secretary.post(f"{MONTHS}close/", sent, follow=True))
    assert not ClosedMonth.objects.exists()
    seen = {row.code: row.seal for row in secretary.get(MONTHS).context["rows"]}
    sent["shown"] = seen["2023-05"]
    assert secretary.post(f"{MONTHS}close/", sent).status_code == 302
    assert "已经结账" in shown(secretary.post(f"{MONTHS}close/", sent, follow=True))
    assert "2023 年 5 月还没" not in (page := shown(secretary.get(MONTHS)))
    assert "已结账" in page
    assert "解锁</a>" not in page
    form = secretary.get(reverse("activity-new"), {"held_on": "2023-05-20"})
    assert "5 月已经结账" in shown(form)  # said before anything is filled in
    sent_anyway = secretary.post(reverse("activity-new"), fields(form))
    assert shown(sent_anyway).count("5 月已经结账") == 1
    record = shown(secretary.get(reverse("activity", args=[held.pk])))
    edit = reverse("activity-edit", args=[held.pk])
    assert ("5 月已经结账" in record, edit in record, "照此再记" in record) == (True, False, True)
    assert "5 月已经结账" in shown(secretary.get(edit, follow=True))
    at = f"{MONTHS}{ClosedMonth.objects.get().pk}/unlock/"
    assert at in part(officer, MONTHS)
    for user in (cast.outsider, cast.member, cast.secretary, cast.inspector):
        assert as_(user).get(at).status_code == as_(user).post(at).status_code == 404
    assert officer.post(at, {"reason": ""}).status_code == 422
    assert officer.post(at, {"reason": "漏记一次"}).status_code == 302
    assert "解锁：漏记一次" in shown(secretary.get(MONTHS))
    assert edit in shown(secretary.get(reverse("activity", args=[held.pk])))
    told = rows(officer.get(MONTHS, {"export": "xlsx"}))
    assert ["甲学院教师第一党支部", "2023 年 5 月", 2, 2, "", "", 1, "漏记一次"] in told
    assert len(rows(officer.get(MONTHS, {"export": "xlsx", "state": "unverified"}))) == 2
    assert secretary.post(f"{MONTHS}close/", {**sent, "month": "2023-06"}).status_code == 404
    assert secretary.post(f"{MONTHS}close/", {**sent, "org": "x"}).status_code == 404


def test_the_college_looks_at_the_odd_and_verifies_the_rest(cast: Cast, as_: SignIn) -> None:
    may_day(cast, title="平常一次")
    odd = may_day(cast, title="学时很多", hours=Decimal(20))
    officer = as_(cast.officer)
    for user in (cast.secretary, cast.member, cast.inspector, cast.stranger):
        assert as_(user).get(REVIEW).status_code == 404, user
    page = officer.get(REVIEW)
    assert "记了 20 学时，这类活动一般不超过 8 学时" in part(officer, REVIEW)
    assert page.context["review"].rest[0].title == "平常一次"
    assert "2023-05" in re.findall(r'value="([^"]*)" selected', shown(page))
    assert officer.post(REVIEW, {"shown": "别的"}).status_code == 409
    sent = officer.post(REVIEW, {"shown": page.context["review"].seal}, follow=True)
    assert "已核实 1 条" in shown(sent)
    told = rows(officer.get(REVIEW, {"export": "xlsx"}))[1:]
    assert [line[2] for line in told] == ["学时很多"]
    assert not rows(officer.get(REVIEW, {"export": "xlsx", "kind": "twice"}))[1:]
    one = {"version": 1, "review": cast.college.pk}
    back = officer.post(reverse("activity-verify", args=[odd.pk]), one)
    assert back["Location"] == f"{REVIEW}?org={cast.college.pk}&month=2023-05"
    assert not Activity.objects.filter(verified_at=None).exists()


def test_where_too_much_waits_one_organisation_at_a_time_is_looked_at(
    cast: Cast, as_: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "MOST", 2)
    for title in ("支部一次", "支部又一次"):
        may_day(cast, title=title)
    officer = as_(cast.officer)
    assert "lines" not in officer.get(REVIEW).context
    college = make_activity(cast.college, kind="central_training", held_on=IN_MAY)
    lines = {line.name: line for line in officer.get(REVIEW).context["lines"]}
    assert next(iter(lines)) == "本级"
    assert {name: line.count for name, line in lines.items()} == {
        "本级": 1, cast.branch.short_name: 2,
    }  # fmt: skip
    own = officer.get(lines["本级"].url)
    assert own.context["review"].rest == (college,)
    sent = {"shown": own.context["review"].seal}
    assert officer.post(lines["本级"].url, sent).url == lines["本级"].url
    college.refresh_from_db()
    assert college.verified_at
    assert len(officer.get(lines[cast.branch.short_name].url).context["review"].rest) == 2


def test_a_late_record_is_marked_wherever_it_is_named(cast: Cast, as_: SignIn) -> None:
    day = {"held_on": IN_MAY.replace(day=1), "late_reason": "系统未开通"}
    made = make_activity(cast.branch, **day)
    make_activity(cast.branch, **day, kind="central_training", title="训")
    task = (Task("买书", owner=cast.member.person_id),)
    make_activity(cast.branch, **day, kind="branch_committee", hours=None, follow_ups=task)
    ledger.bring_up_to_date()
    member = cast.member.person_id
    own = Entry.objects.filter(person=member, obligation="member-study-hours")
    entry = own.get(period_start__year=2023)
    of_branch = Entry.objects.get(
        org=cast.branch, obligation="theme-day", period_start="2023-05-01"
    )
    client = as_(cast.secretary)
    for address in (
        reverse("activity", args=[made.pk]),
        reverse("activity-list"),
        f"{reverse('activity-list')}?view=month&month=2023-05",
        reverse("cell", args=[entry.pk]),
        reverse("cell", args=[of_branch.pk]),
        reverse("member", args=[member]),
        reverse("hours-account", args=[member]),
        reverse("week"),
        reverse("org", args=[cast.branch.pk]),
        f"{reverse('search')}?q={made.title}",
        reverse("training"),
        reverse("follow-ups"),
        reverse("handover", args=[cast.branch.pk]),
    ):
        assert "补录 +45 天" in shown(client.get(address)), address
    for user, page in ((cast.officer, REVIEW), (cast.member, reverse("held"))):
        assert "补录 +45 天" in shown(as_(user).get(page)), page
    for page in ("activity-list", "training", "follow-ups"):
        told = rows(client.get(reverse(page), {"export": "xlsx"}))[1]
        assert "补录 +45 天" in " ".join(map(str, told)), page
    for n in range(3):  # with the first too many to be told one by one
        make_activity(cast.branch, title=f"{n}", held_on=made.held_on, late_reason="系统未开通")
    month = client.get(f"{reverse('activity-list')}?view=month&month=2023-05")
    assert '<span class="tag late-entry">补录 4</span>' in shown(month)
