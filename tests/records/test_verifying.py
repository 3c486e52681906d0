"""A month closed, unlocked, and verified by exception."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from guantong.records import reviewing
from guantong.records.access import Conflict, Forbidden
from guantong.records.actions import activities, months, verifying
from guantong.records.drafts import Attended, draft_of
from guantong.records.models import Activity, ClosedMonth, Event
from tests.factories import Cast, make_activity, make_draft, make_person, owner
from tests.records.conftest import one_event, refused

MAY, JUNE = date(2023, 5, 1), date(2023, 6, 1)
IN_MAY = date(2023, 5, 20)


def may_day(cast: Cast, **more: Any) -> Activity:
    more = {"by": cast.secretary, "held_on": IN_MAY, **more}
    return make_activity(cast.branch, **more)


def odd(cast: Cast, month: date = MAY) -> dict[str, list[str]]:
    """What a college officer is asked to look at: title to kinds of anomaly."""
    found = reviewing.review(cast.officer, cast.college, month)
    return {one.title: [why.kind for why in reasons] for one, reasons in found.odd}


def test_nothing_is_written_into_a_closed_month(cast: Cast) -> None:
    held, gone = may_day(cast), may_day(cast, title="取消的")
    activities.withdraw(by=cast.secretary, activity=gone, version=1, reason="重复")
    with one_event("month.closed"):
        row = months.close(by=cast.secretary, org=cast.branch, month=IN_MAY)
    assert row.month == MAY
    draft = draft_of(held)
    late = make_draft(cast.branch, held_on=IN_MAY, title="另一次")
    for attempt in (
        lambda: activities.record(by=cast.secretary, draft=late),
        lambda: activities.record(by=cast.office, draft=late),
        lambda: activities.correct(
            by=cast.secretary, activity=held, version=1, draft=replace(draft, held_on=JUNE)
        ),
        lambda: activities.withdraw(by=cast.secretary, activity=held, version=1, reason="错了"),
        lambda: activities.restore(by=cast.secretary, activity=gone),
    ):
        with refused("2023 年 5 月已经结账"):
            attempt()
    june = make_activity(cast.branch, held_on=date(2023, 6, 2))
    into = replace(draft_of(june), held_on=IN_MAY)
    with refused("已经结账"):
        activities.correct(by=cast.secretary, activity=june, version=1, draft=into)
    together = make_draft(cast.sibling, cast.branch, held_on=IN_MAY)
    with refused("已经结账"):
        activities.record(by=cast.office, draft=together)
    make_activity(cast.sibling, held_on=IN_MAY)  # another branch's month is its own
    assert activities.verify(by=cast.officer, activity=held, version=1).verified_at


def test_unlocking_takes_an_upper_hand_and_a_reason_and_is_kept(cast: Cast) -> None:
    row = months.close(by=cast.secretary, org=cast.branch, month=MAY)
    with refused("权限"):
        months.unlock(by=cast.secretary, row=row, reason="漏记")
    with refused("解锁原因"):
        months.unlock(by=cast.officer, row=row, reason=" ")
    with one_event("month.unlocked") as events:
        months.unlock(by=cast.officer, row=row, reason="漏记一次")
    assert events[0].detail["reason"] == "漏记一次"
    with refused("已经解锁"):
        months.unlock(by=cast.officer, row=row, reason="再来")
    may_day(cast)
    months.close(by=cast.secretary, org=cast.branch, month=MAY)
    assert ClosedMonth.objects.count() == 2, "the first time is not forgotten"


def test_a_month_is_closed_once_when_over_and_by_those_who_record(cast: Cast) -> None:
    with refused("还没有过完"):
        months.close(by=cast.secretary, org=cast.branch, month=JUNE)
    with refused("不存在"):
        months.close(by=cast.secretary, org=cast.branch, month=date(2021, 12, 1))
    for user in (cast.outsider, cast.member, cast.inspector):
        with refused("权限"):
            months.close(by=user, org=cast.branch, month=MAY)
    months.close(by=cast.secretary, org=cast.branch, month=MAY)
    with refused("已经结账"):
        months.close(by=cast.secretary, org=cast.branch, month=MAY)


def test_only_the_odd_is_listed_and_each_says_why(cast: Cast) -> None:
    for name in ("甲", "乙", "丙"):
        make_person(f"党员{name}一", cast.branch)
    me, other = owner(cast.secretary).pk, owner(cast.member).pk
    may_day(cast, title="平常", starts_at=time(8))
    may_day(cast, title="大会人少", kind="branch_assembly", hours=None,
            attended=(Attended(me), Attended(other)))  # fmt: skip
    may_day(cast, title="学时多", hours=Decimal("8.5"))
    may_day(cast, title="个人学时多", attended=(Attended(me, hours=Decimal(9)),))
    may_day(cast, title="集训", kind="central_training", hours=Decimal(40))
    may_day(cast, title="同时甲", held_on=date(2023, 5, 21), starts_at=time(14))
    make_activity(cast.sibling, title="同时乙", held_on=date(2023, 5, 21), starts_at=time(15),
                  attended=(Attended(me),))  # fmt: skip
    make_activity(cast.sibling, title="之后", held_on=date(2023, 5, 21), starts_at=time(16, 30),
                  attended=(Attended(me),))  # fmt: skip
    may_day(cast, title="补记", held_on=date(2023, 5, 2), late_reason="系统未开通")
    assert odd(cast) == {
        "大会人少": ["quorum"],
        "学时多": ["hours"],
        "个人学时多": ["hours"],
        "同时甲": ["twice"],
        "同时乙": ["twice"],
        "补记": ["late"],
    }
    said = [why.says for _, found in reviewing.review(cast.officer, cast.college, MAY).odd
            for why in found]  # fmt: skip
    assert "有表决权的党员 5 人，到会 2 人，没有达到法定人数" in said
    assert "支书甲同一时间还记在“同时乙”" in said
    assert "活动 44 天后才录入：系统未开通" in said


def test_what_is_out_of_reach_is_not_named(cast: Cast) -> None:
    me = owner(cast.secretary).pk
    may_day(cast, title="这里", starts_at=time(14), attended=(Attended(me),))
    make_activity(cast.other_branch, title="那里", held_on=IN_MAY, starts_at=time(14),
                  attended=(Attended(me),))  # fmt: skip
    ((_, (why,)),) = reviewing.review(cast.officer, cast.college, MAY).odd
    assert why.says == "支书甲同一时间还记在别的党组织的活动"


def test_one_click_verifies_the_rest_and_leaves_each_its_event(cast: Cast) -> None:
    plain = [may_day(cast, title=title) for title in ("一", "二")]
    may_day(cast, title="学时多", hours=Decimal(20))
    own = make_activity(cast.branch, by=cast.officer, held_on=IN_MAY, title="代记")
    elsewhere = make_activity(cast.branch, cast.other_branch, held_on=IN_MAY, title="合办")
    shown = reviewing.review(cast.officer, cast.college, MAY)
    assert [one.title for one in shown.rest] == ["一", "二"]
    assert [one.title for one in shown.own] == ["代记"]
    with refused("权限"):
        verifying.verify_rest(by=cast.secretary, org=cast.college, month=MAY, shown=shown.seal)
    activities.correct(by=cast.secretary, activity=plain[0], version=1,
                       draft=replace(draft_of(plain[0]), place="201"))  # fmt: skip
    with refused("变动过") as caught:
        verifying.verify_rest(by=cast.officer, org=cast.college, month=MAY, shown=shown.seal)
    assert isinstance(caught.value, Conflict)
    seal = reviewing.review(cast.officer, cast.college, MAY).seal
    done = verifying.verify_rest(by=cast.officer, org=cast.college, month=MAY, shown=seal)
    assert [one.title for one in done] == ["一", "二"]
    for row, version in zip(plain, (3, 2), strict=True):
        row.refresh_from_db()
        assert (row.verified_by, row.version) == (cast.officer, version)
        event = Event.objects.about(f"activity:{row.pk}").last()
        assert event is not None
        assert (event.verb, event.org_id, event.detail["version"]) == (
            "activity.verified", cast.branch.pk, version)  # fmt: skip
    for left in (own, elsewhere):
        left.refresh_from_db()
        assert left.verified_at is None
    seal = reviewing.review(cast.officer, cast.college, MAY).seal
    with refused("没有可以一起核实"):
        verifying.verify_rest(by=cast.officer, org=cast.college, month=MAY, shown=seal)


def test_a_change_after_verification_is_a_new_version_that_must_be_looked_at(cast: Cast) -> None:
    held = may_day(cast, title="改过")
    held = activities.verify(by=cast.officer, activity=held, version=1)
    with one_event("activity.corrected") as events:
        activities.correct(by=cast.secretary, activity=held, version=2,
                           draft=replace(draft_of(held), hours=Decimal(3)))  # fmt: skip
    assert events[0].detail["unverified"]
    assert [events[0].detail[side]["hours"] for side in ("before", "after")] == ["2.00", "3"]
    held.refresh_from_db()
    assert (held.version, held.verified_at) == (3, None)
    assert odd(cast) == {"改过": ["changed"]}
    with pytest.raises(Forbidden):
        activities.verify(by=cast.secretary, activity=held, version=3)
