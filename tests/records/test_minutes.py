"""What a record holds beside people: fields of its kind, votes, what is to follow, several kinds
at once, days over a year's end, the other side of a joint activity, two people at one record."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from guantong.conditions import model as c
from guantong.conditions.parse import CatalogueError
from guantong.obligations import model as m
from guantong.obligations.activity_kinds import check_own, read_kinds
from guantong.records import catalogue, concurrent, study_hours
from guantong.records.access import Conflict, Forbidden
from guantong.records.actions import activities, ledger, minutes, relations, successions
from guantong.records.drafts import Attended, draft_of
from guantong.records.meetings import Item, Task, Votes, wrong_votes
from guantong.records.models import Activity, Attendance, Entry, Event, FollowUp
from tests.factories import TODAY, Cast, make_activity, make_draft, make_org, make_person, owner
from tests.records.conftest import one_event, refused


def rows_of(activity: Activity) -> list[tuple[str, date, Decimal | None]]:
    found = [activity, *activity.parts.order_by("held_on", "id")]
    return [(row.kind, row.held_on, row.hours) for row in found]


# Fields of a kind


def test_the_fields_of_a_kind_come_back_as_they_were_said(cast: Cast) -> None:
    pair = (owner(cast.secretary).pk, owner(cast.member).pk)
    own = {"pairs": (pair,), "occasion": "care"}
    made = make_activity(cast.branch, by=cast.secretary, kind="talk", hours=None, own=own)
    assert draft_of(made).own == own
    assert set(made.attendances.values_list("person", flat=True)) == set(pair)


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"occasion": "gossip"}, "从列表中选"),
        ({"said": "…"}, "没有“said”这一栏"),
        ({"pairs": ((1, 1),)}, "两个不同的人"),
    ],
)
def test_a_field_refuses_what_it_does_not_ask(
    cast: Cast, own: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        make_activity(cast.branch, by=cast.secretary, kind="talk", hours=None, own=own)


def test_nobody_out_of_reach_is_named_in_a_field(cast: Cast) -> None:
    own = {"pairs": ((owner(cast.secretary).pk, owner(cast.outsider).pk),)}
    with refused("不在您可登记的名册"):
        make_activity(cast.branch, by=cast.secretary, kind="talk", hours=None, own=own)


def test_only_what_has_a_sure_basis_may_be_required() -> None:
    kinds = dict(catalogue.current().kinds)
    lecture = kinds["activities"]["party_lecture"]
    unsure = {"instrument": "zhibu-2018", "article": "16", "confidence": "C"}
    for basis in ({}, {"basis": unsure}):
        field = {"title": "照片", "type": "text", "required": True, **basis}
        wrong = {**kinds, "activities": {"party_lecture": {**lecture, "own": {"photo": field}}}}
        with pytest.raises(CatalogueError, match="只能选填"):
            read_kinds(wrong)


@pytest.mark.parametrize(
    ("field", "code", "wrong"),
    [
        ("unit", "dormitory", ""),
        ("unit", "moon", "没有“moon”这一项"),
        ("quorum", "yes", "没有标了 fact: true 的栏目“quorum”"),  # a visit decides nothing
        ("asked", "yes", "fact: true"),
    ],
)
def test_a_rule_asks_only_fields_that_are_marked_as_facts(
    field: str, code: str, wrong: str
) -> None:
    kinds = read_kinds(catalogue.current().kinds)
    visits = c.Compare("kind", c.Op.EQ, "contact_visit")
    own = m.Own(field, c.Compare("code", c.Op.EQ, code))
    told = "".join(map(str, check_own(own, visits, kinds, "own")))
    assert (wrong in told, bool(told)) == (True, bool(wrong))


# Votes


@pytest.mark.parametrize(
    ("votes", "reason"),
    [
        (Votes(10, 8, 8, 6, 1, 1), ""),
        (Votes(10, 12, 8, 6, 1, 1), "实到 12 多于应到 10"),
        (Votes(10, 8, 9, 6, 1, 2), "有表决权 9 多于实到 8"),
        (Votes(10, 8, 8, 6, 1, 0), "赞成 6 + 反对 1 + 弃权 0 = 7，有表决权 8，少 1"),
        (Votes(10, 8, 8, 8, 1, 1), "= 10，有表决权 8，多 2"),
    ],
)
def test_votes_must_add_up(votes: Votes, reason: str) -> None:
    assert reason in wrong_votes(votes)
    assert bool(wrong_votes(votes)) == bool(reason)


def test_an_agenda_is_kept_and_an_impossible_one_refused(cast: Cast) -> None:
    def agenda(in_favour: int) -> tuple[Item, ...]:
        return (Item("经费", "money", "同意", Votes(2, 2, 2, in_favour, 0, 0)),)

    with refused("赞成 1 \\+ 反对 0 \\+ 弃权 0 = 1"):
        make_activity(cast.branch, kind="branch_assembly", hours=None, agenda=agenda(1))
    with refused("不是议决会议"):
        make_activity(cast.branch, agenda=agenda(2))
    made = make_activity(cast.branch, kind="branch_assembly", hours=None, agenda=agenda(2))
    assert draft_of(made).agenda == agenda(2)


# What is to follow


@pytest.fixture
def follow_up(cast: Cast) -> FollowUp:
    task = Task("修订制度", owner(cast.member).pk, date(2023, 6, 30))
    with refused("期限 2023-06-13 早于活动日期"):
        early = replace(task, due_on=date(2023, 6, 13))
        make_activity(cast.branch, kind="branch_assembly", hours=None, follow_ups=(early,))
    make_activity(cast.branch, kind="branch_assembly", hours=None, follow_ups=(task,))
    return FollowUp.objects.get()


def test_what_is_to_follow_is_closed_by_its_owner_and_kept(
    cast: Cast, follow_up: FollowUp
) -> None:
    with refused("没有对该党组织"):
        minutes.close(by=cast.outsider, follow_up=follow_up, on=TODAY, result="办了")
    with refused("写一句办理结果"):
        minutes.close(by=cast.member, follow_up=follow_up, on=TODAY, result=" ")
    with refused("会议当天"):
        minutes.close(by=cast.member, follow_up=follow_up, on=date(2023, 6, 1), result="办了")
    with one_event("follow_up.closed"):
        minutes.close(by=cast.member, follow_up=follow_up, on=TODAY, result="办了")
    assert not FollowUp.objects.open().exists()
    held = follow_up.activity
    draft = replace(draft_of(held), title="改题")
    activities.correct(by=cast.secretary, activity=held, version=1, draft=draft)
    assert FollowUp.objects.get().result == "办了"
    with refused("已办结的落实事项不能删去"):
        activities.correct(
            by=cast.secretary, activity=held, version=2, draft=replace(draft, follow_ups=())
        )
    with one_event("follow_up.reopened"):
        minutes.reopen(by=cast.secretary, follow_up=follow_up)
    assert FollowUp.objects.open().exists()


# Several kinds, several days


def test_one_sitting_counts_for_each_kind_and_its_hours_once(cast: Cast) -> None:
    me, other = (owner(user).pk for user in (cast.secretary, cast.member))
    attended = (Attended(me), Attended(other, hours=Decimal(1)))
    draft = make_draft(
        cast.branch, kind="branch_assembly", also=("theme_day", "party_lecture"), attended=attended
    )
    made = activities.record(by=cast.secretary, draft=draft)
    assert draft_of(made).attended == attended
    summed = Attendance.objects.values_list("person").annotate(hours=Sum("hours"))
    assert set(summed.order_by()) == {(me, Decimal(2)), (other, Decimal(1))}
    day = draft.held_on
    assert rows_of(made) == [
        ("branch_assembly", day, Decimal(2)),
        ("theme_day", day, Decimal(2)),
        ("party_lecture", day, Decimal(0)),
    ]
    part = made.parts.first()
    assert part is not None
    assert part.attendances.count() == 2
    with refused("在一起记录的那条上"):
        activities.withdraw(by=cast.secretary, activity=part, version=1, reason="错")
    activities.correct(
        by=cast.secretary, activity=made, version=1, draft=replace(draft, also=("party_lecture",))
    )
    assert [kind for kind, *_ in rows_of(made)] == ["branch_assembly", "party_lecture"]
    activities.withdraw(by=cast.secretary, activity=made, version=2, reason="错")
    assert not Activity.objects.live().exists()


def test_days_over_the_end_of_a_year_give_each_year_its_hours(cast: Cast) -> None:
    draft = make_draft(
        cast.branch, kind="central_training", held_on=date(2022, 12, 30),
        last_on=date(2023, 1, 2), hours=Decimal(10), late_reason="补记",
    )  # fmt: skip
    made = activities.record(by=cast.secretary, draft=draft)
    assert rows_of(made) == [
        ("central_training", date(2022, 12, 30), Decimal(5)),
        ("central_training", date(2023, 1, 1), Decimal(5)),
    ]
    again = draft_of(Activity.objects.get(pk=made.pk))
    assert (again.hours, again.last_on) == (Decimal(10), date(2023, 1, 2))
    assert {one.hours for one in again.attended or ()} == {None}


@pytest.mark.parametrize(
    ("kind", "more", "hours"),
    [
        ("party_lecture", {}, "2"),
        ("party_lecture", {"starts_at": time(14, 30), "ends_at": time(16, 0)}, "2"),
        ("party_lecture", {"starts_at": time(14, 30), "ends_at": time(16, 30)}, "2.5"),
        ("onsite_teaching", {}, "4"),
        ("theme_day+central_training", {}, "8"),
        ("central_training", {"last_on": date(2023, 6, 16)}, "24"),
        ("talk", {}, ""),
    ],
)
def test_hours_are_proposed_by_the_rule_of_the_kind(
    kind: str, more: dict[str, Any], hours: str
) -> None:
    assert study_hours.proposed(kind.split("+"), date(2023, 6, 14), **more).hours == hours


# Joint activities


def test_each_side_of_a_joint_activity_records_and_counts_its_own(cast: Cast) -> None:
    made = make_draft(cast.branch, kind="joint_activity", hours=None, sides=(cast.other_branch,))
    with refused("没有结对"):
        activities.record(by=cast.secretary, draft=made)
    relations.record(
        by=None, kind="pairing", org=cast.branch, other_org=cast.other_branch,
        valid_from=date(2023, 1, 1),
    )  # fmt: skip
    ours = activities.record(by=cast.secretary, draft=made)
    assert list(ours.hosts.all()) == [cast.branch]
    side = ours.sides.get()
    theirs = make_draft(cast.other_branch, kind="joint_activity", hours=None)
    answer = activities.record(by=cast.outsider, draft=theirs, side=side)
    side.refresh_from_db()
    assert side.record == answer
    with pytest.raises(Conflict, match="已登记过"):
        activities.record(by=cast.outsider, draft=replace(theirs, title="又一次"), side=side)


def test_what_several_hold_together_counts_once_for_each_and_outlives_a_host(cast: Cast) -> None:
    third = make_org("甲学院教师第三党支部", "branch", cast.college)
    guest = make_person("党员丙", third)
    hosts = (cast.branch, cast.sibling, third)
    ledger.rebuild()

    def counted() -> list[int]:
        june = Entry.objects.filter(assessment__live=True, obligation="theme-day")
        june = june.filter(period_start="2023-06-01", org__in=hosts).order_by("org")
        return [int(actual or 0) for actual in june.values_list("actual", flat=True)]

    made = make_activity(
        *hosts, by=cast.officer, held_on=date(2023, 6, 14), outside="某社区党委、某公司"
    )
    assert counted() == [1, 1, 1]
    study = Entry.objects.filter(
        obligation__endswith="study-hours", person__attendances__activity=made
    )
    assert {entry.actual for entry in study.filter(period_start="2023-01-01")} == {made.hours}
    with pytest.raises(Forbidden):
        activities.withdraw(by=cast.secretary, activity=made, version=1, reason="我方没有去")
    draft = draft_of(made)
    there = tuple(one for one in draft.attended or () if one.person_id != guest.pk)
    fewer = replace(draft, hosts=hosts[:2], attended=there)
    made = activities.correct(by=cast.officer, activity=made, version=1, draft=fewer)
    assert counted() == [1, 1, 0]
    successions.dissolve(
        by=None,
        org=cast.sibling,
        on=TODAY,
        reason="撤并",
        successors=[cast.branch],
        heir=cast.branch,
    )
    draft = replace(draft_of(made), place="礼堂")
    made = activities.correct(by=cast.officer, activity=made, version=2, draft=draft)
    activities.withdraw(by=cast.officer, activity=made, version=3, reason="没有开展")
    assert counted()[0] == 0


# Two people at one record


def test_what_only_one_changed_holds_and_what_both_changed_is_told(cast: Cast) -> None:
    guest = make_person("党员丙", cast.branch)
    made = make_activity(cast.branch, by=cast.secretary, place="旧地点")
    opened = draft_of(made)
    me, other = owner(cast.secretary).pk, owner(cast.member).pk

    def without(*gone: int) -> tuple[Attended, ...]:
        return tuple(one for one in opened.attended or () if one.person_id not in gone)

    first = replace(
        opened, place="新地点", title="对方的题目", attended=without(other), absent={other: "病假"}
    )
    activities.correct(by=cast.officer, activity=made, version=1, draft=first)
    mine = replace(
        opened, title="我的题目", summary="我写的", attended=without(guest.pk),
        absent={guest.pk: "出差"},
    )  # fmt: skip
    made.refresh_from_db()
    later = Event.objects.about(f"activity:{made.pk}").filter(detail__version__gt=1)
    found = concurrent.merged(mine, draft_of(made), later)
    assert (found.draft.place, found.draft.summary) == ("新地点", "我写的")
    assert [(one.field, one.theirs, one.mine) for one in found.clashes] == [
        ("title", "对方的题目", "我的题目")
    ]
    assert found.draft.absent == {other: "病假", guest.pk: "出差"}
    assert {one.person_id for one in found.draft.attended or ()} == {me}
