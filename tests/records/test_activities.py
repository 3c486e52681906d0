"""Recording, correcting, verifying, withdrawing and restoring activities."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guantong.records import clock, rosters
from guantong.records.access import Conflict
from guantong.records.actions import activities, memberships, orgs, relations
from guantong.records.drafts import Attended, Draft, draft_of
from guantong.records.models import Activity, School, User
from tests.factories import TODAY, Cast, appoint, make_activity, make_draft, make_person, owner
from tests.records.conftest import one_event, refused

YESTERDAY = TODAY - timedelta(days=1)


def set_today(day: date) -> None:
    School.objects.update(today=day)


def there(activity: Activity) -> dict[str, tuple[str, Decimal | None]]:
    rows = activity.attendances.select_related("person")
    return {row.person.name: (row.role, row.hours) for row in rows}


def test_record_keeps_what_was_said_and_stamps_the_server_s_moment(cast: Cast) -> None:
    with one_event("activity.recorded") as events:
        made = activities.record(by=cast.secretary, draft=make_draft(cast.branch, place="101"))
    made.refresh_from_db()
    assert (made.title, made.place, made.hours) == ("学习讨论", "101", Decimal(2))
    assert list(made.hosts.all()) == [cast.branch]
    assert (made.recorded_by, made.version) == (cast.secretary, 1)
    assert abs(clock.now() - made.recorded_at) < timedelta(minutes=1)
    assert events[0].subject == f"activity:{made.pk}"
    assert events[0].detail["after"]["held_on"] == "2023-06-14"


def test_the_members_of_the_day_attend_unless_absent(cast: Cast) -> None:
    joined = make_person("新来", cast.branch, since=TODAY)
    gone = make_person("离开", cast.branch)
    memberships.leave(by=None, person=gone, on=YESTERDAY, reason="转出")
    ill = owner(cast.member)
    made = make_activity(cast.branch, by=cast.secretary, absent={ill.pk: "病假"})
    assert there(made) == {"支书甲": ("attendee", Decimal(2))}
    assert [row.reason for row in made.absences.filter(person=ill)] == ["病假"]
    assert joined not in rosters.roster(cast.branch, YESTERDAY)


def test_a_committee_meeting_expects_those_in_a_post(cast: Cast) -> None:
    made = make_activity(cast.branch, kind="branch_committee", hours=None)
    assert there(made) == {"支书甲": ("attendee", None)}
    made = make_activity(cast.college, kind="committee_meeting", hours=None)
    assert list(there(made)) == ["组织员甲"]


def test_hours_are_the_activity_s_unless_a_person_has_own(cast: Cast) -> None:
    lecturer, member = owner(cast.secretary), owner(cast.member)
    attended = (
        Attended(lecturer.pk),
        Attended(lecturer.pk, "lecturer", Decimal("3.5")),
        Attended(member.pk),
    )
    made = make_activity(cast.branch, kind="party_lecture", attended=attended)
    assert there(made) == {
        "支书甲": ("lecturer", Decimal("3.5")),
        "党员甲": ("attendee", Decimal(2)),
    }


def test_a_plan_names_nobody_and_is_held_later(cast: Cast) -> None:
    ahead = TODAY + timedelta(days=3)
    planned = make_activity(
        cast.branch, by=cast.secretary, held_on=ahead, planned=True, hours=None
    )
    assert there(planned) == {}
    recorded_as_planned = planned.recorded_at
    set_today(ahead)
    draft = replace(draft_of(planned), planned=False, attended=None, hours=Decimal(2))
    held = activities.correct(by=cast.secretary, activity=planned, version=1, draft=draft)
    assert len(there(held)) == 2
    assert held.recorded_at - recorded_as_planned > timedelta(days=2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "party"}, "没有“party”这一类"),
        ({"held_on": TODAY + timedelta(days=1)}, "今天（2023-06-15）之后"),
        ({"held_on": YESTERDAY, "planned": True}, "计划的日期已过"),
        ({"held_on": date(2021, 12, 31)}, "不存在"),
        ({"kind": "special_meeting"}, "应由"),
        ({"hours": None}, "请填写学时"),
        ({"hours": Decimal(0)}, "大于 0"),
        ({"hours": Decimal("200.01")}, "不超过 200"),
        ({"hours": Decimal("1.005")}, "两位小数"),
        ({"hours": Decimal("NaN")}, "大于 0"),
        ({"title": " "}, "主题"),
        ({"title": "长" * 201}, "主题"),
        ({"title": "a\0b"}, "主题"),
        ({"attended": ()}, "没有参加人员"),
        ({"attended": (Attended(10**9),)}, "不在您可登记的名册中"),
        ({"absent": {10**9: ""}}, "不在您可登记的名册中"),
        ({"held_on": date(2023, 5, 1)}, "写明补录原因"),
    ],
)
def test_record_refuses_what_cannot_be(cast: Cast, change: dict[str, Any], reason: str) -> None:
    draft = make_draft(cast.branch, **change)
    with refused(reason):
        activities.record(by=cast.secretary, draft=draft)


def test_record_refuses_no_host_the_same_host_twice_and_odd_people(cast: Cast) -> None:
    me = owner(cast.secretary).pk
    with refused("请选择主办组织"):
        activities.record(by=cast.secretary, draft=make_draft())
    with refused("选了两次"):
        activities.record(by=cast.secretary, draft=make_draft(cast.branch, cast.branch))
    with refused("既列为参加又列为缺席"):
        draft = make_draft(cast.branch, attended=(Attended(me),), absent={me: ""})
        activities.record(by=cast.secretary, draft=draft)
    with refused("没有身份"):
        draft = make_draft(cast.branch, attended=(Attended(me, "singer"),))
        activities.record(by=cast.secretary, draft=draft)


def test_reasons_come_by_field(cast: Cast) -> None:
    with refused() as caught:
        activities.record(by=cast.secretary, draft=make_draft(cast.branch, hours=Decimal(201)))
    assert set(caught.value.fields) == {"hours"}
    assert caught.value.text.startswith("学时：")


def test_a_late_record_needs_a_reason_and_keeps_it(cast: Cast) -> None:
    in_time = TODAY - timedelta(days=30)
    make_activity(cast.branch, by=cast.secretary, held_on=in_time)
    late = in_time - timedelta(days=1)
    with refused("已 31 天"):
        make_activity(cast.branch, by=cast.secretary, held_on=late)
    made = make_activity(cast.branch, by=cast.secretary, held_on=late, late_reason="系统未开通")
    assert made.late_reason == "系统未开通"


def test_a_correction_does_not_smuggle_an_activity_into_the_past(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    back = replace(draft_of(made), held_on=date(2023, 3, 1))
    with refused("写明补录原因"):
        activities.correct(by=cast.secretary, activity=made, version=1, draft=back)


def test_an_activity_is_never_recorded_before_it_was_held(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    set_today(date(2023, 9, 1))
    moved = replace(draft_of(made), held_on=date(2023, 8, 31))
    made = activities.correct(by=cast.secretary, activity=made, version=1, draft=moved)
    assert made.recorded_at.date() >= made.held_on


def test_people_out_of_reach_are_not_accepted_even_by_id(cast: Cast) -> None:
    far = owner(cast.outsider).pk
    with refused("有 1 人当天不在您可登记的名册中"):
        make_activity(cast.branch, by=cast.secretary, attended=(Attended(far),))
    make_activity(cast.branch, by=cast.office, attended=(Attended(far),))


def test_those_in_a_post_above_and_those_linked_may_be_named(cast: Cast) -> None:
    dean = make_person("院长甲", cast.other_branch)
    appoint(dean, cast.college, "dean")
    guide = make_person("联系人", cast.other_branch)
    relations.record(
        by=None, kind="contact_point", person=guide, org=cast.branch, valid_from=date(2023, 1, 1)
    )
    attended = (Attended(dean.pk, "lecturer"), Attended(guide.pk))
    made = make_activity(cast.branch, by=cast.secretary, kind="party_lecture", attended=attended)
    assert set(there(made)) == {"院长甲", "联系人"}


def test_correct_tells_what_differs_and_counts_versions(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    gone = owner(cast.member).pk
    draft = replace(draft_of(made), hours=Decimal(3), attended=None, absent={gone: "出差"})
    with one_event("activity.corrected") as events:
        made = activities.correct(by=cast.secretary, activity=made, version=1, draft=draft)
    assert made.version == 2
    assert there(made) == {"支书甲": ("attendee", Decimal(3))}
    me = str(owner(cast.secretary).pk)
    assert events[0].detail == {
        "version": 2,
        "before": {
            "hours": "2.00",
            "attended": {me: ["attendee", "2.00"], str(gone): ["attendee", "2.00"]},
            "absent": {},
        },
        "after": {
            "hours": "3",
            "attended": {me: ["attendee", "3"]},
            "absent": {str(gone): "出差"},
        },
    }


def test_a_form_sent_twice_counts_once(cast: Cast) -> None:
    first = make_activity(cast.branch, by=cast.secretary)
    with refused("完全相同的活动已在 2023-06-15"):
        make_activity(cast.branch, by=cast.secretary)
    make_activity(cast.branch, by=cast.secretary, title="另一主题")
    activities.withdraw(by=cast.secretary, activity=first, version=1, reason="记错")
    make_activity(cast.branch, by=cast.secretary)
    with refused("不用重复录入"):
        activities.restore(by=cast.secretary, activity=first)


def test_correcting_nothing_writes_nothing(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    same = activities.correct(by=cast.secretary, activity=made, version=1, draft=draft_of(made))
    assert same.version == 1


def test_a_stale_correction_is_told_who_changed_what(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    first = replace(draft_of(made), hours=Decimal(3))
    activities.correct(by=cast.officer, activity=made, version=1, draft=first)
    with refused("officer于 2023-06-15 .* 改过学时、参加人员") as caught:
        second = replace(draft_of(made), place="102")
        activities.correct(by=cast.secretary, activity=made, version=1, draft=second)
    assert isinstance(caught.value, Conflict)


def test_a_stale_version_is_neither_verified_nor_withdrawn(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    draft = replace(draft_of(made), place="105")
    activities.correct(by=cast.secretary, activity=made, version=1, draft=draft)
    with refused("改过地点"):
        activities.verify(by=cast.officer, activity=made, version=1)
    with refused("改过地点"):
        activities.withdraw(by=cast.officer, activity=made, version=1, reason="重复")


def test_both_hosts_must_be_in_reach_to_correct_a_joint_activity(cast: Cast) -> None:
    joint = make_activity(cast.branch, cast.other_branch)
    with refused("权限"):
        draft = replace(draft_of(joint), hosts=(cast.branch,))
        activities.correct(by=cast.secretary, activity=joint, version=1, draft=draft)


def test_what_is_held_does_not_become_a_plan_again(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary, held_on=TODAY)
    with refused("不能改回计划"):
        draft = replace(draft_of(made), planned=True, attended=())
        activities.correct(by=cast.secretary, activity=made, version=1, draft=draft)


def test_an_upper_organisation_verifies_and_a_correction_undoes_it(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    made = activities.verify(by=cast.officer, activity=made, version=1)
    assert made.verified_by == cast.officer
    with refused("已核实过"):
        activities.verify(by=cast.office, activity=made, version=2)
    draft = replace(draft_of(made), place="103")
    made = activities.correct(by=cast.secretary, activity=made, version=2, draft=draft)
    assert (made.verified_at, made.verified_by) == (None, None)


def test_nobody_verifies_what_he_wrote(cast: Cast) -> None:
    own = make_activity(cast.branch, by=cast.officer)
    with refused("由别人核实"):
        activities.verify(by=cast.officer, activity=own, version=1)
    other = make_activity(cast.branch, by=cast.secretary, title="另一主题")
    draft = replace(draft_of(other), place="104")
    other = activities.correct(by=cast.officer, activity=other, version=1, draft=draft)
    with refused("由别人核实"):
        activities.verify(by=cast.officer, activity=other, version=2)


def test_a_plan_is_not_verified(cast: Cast) -> None:
    plan = make_activity(cast.branch, by=cast.secretary, held_on=TODAY, planned=True)
    with refused("还没开展"):
        activities.verify(by=cast.officer, activity=plan, version=1)


def test_withdraw_keeps_the_row_and_restore_brings_it_back(cast: Cast) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    with refused("写明撤销原因"):
        activities.withdraw(by=cast.secretary, activity=made, version=1, reason=" ")
    made = activities.withdraw(by=cast.secretary, activity=made, version=1, reason="重复录入")
    with refused("撤销了这条记录"):
        activities.withdraw(by=cast.officer, activity=made, version=1, reason="重复录入")
    assert (made.withdrawn_by, made.withdrawn_reason) == (cast.secretary, "重复录入")
    assert there(made)
    assert made not in Activity.objects.live()
    with refused("先恢复"):
        activities.correct(by=cast.secretary, activity=made, version=2, draft=draft_of(made))
    made = activities.restore(by=cast.secretary, activity=made)
    assert made in Activity.objects.held()
    assert (made.withdrawn_at, made.version) == (None, 3)
    with refused("没有撤销"):
        activities.restore(by=cast.secretary, activity=made)


def test_no_caller_can_set_when_it_was_recorded() -> None:
    stamped = {"recorded_at", "recorded_by", "verified_at", "withdrawn_at", "version"}
    assert not stamped & set(Draft.__dataclass_fields__)
    assert all(not Activity._meta.get_field(name).editable for name in stamped)


def test_the_roster_of_a_group_is_its_branch_s(cast: Cast) -> None:
    group = orgs.found(
        by=None, name="第一党小组", kind="group", parent=cast.branch, valid_from=date(2022, 1, 1)
    )
    assert set(rosters.roster(group, TODAY)) == set(rosters.roster(cast.branch, TODAY))


def test_the_cost_does_not_grow_with_the_attendance(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_person(f"党员{number}", cast.branch)
    user: User = cast.secretary
    with django_assert_max_num_queries(40):
        make_activity(cast.branch, by=user)
