"""Joining, moving on and leaving: one branch a day, and no gap on the way."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from guantong.records.actions import memberships, people, steps
from guantong.records.models import Membership, Person, Post
from tests.factories import SINCE, TODAY, Cast, appoint, make_person, owner
from tests.records.conftest import one_event, refused

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


def spans(person: Person) -> list[tuple[str, str, date, date | None]]:
    rows = person.memberships.select_related("org").order_by("valid_from")
    return [(m.org.short_name[-4:-2], m.status, m.valid_from, m.valid_to) for m in rows]


@pytest.fixture
def person(cast: Cast) -> Person:
    return make_person("张三", cast.branch, status="probationary", joined_on=date(2021, 12, 1))


def test_a_transfer_leaves_no_gap_and_keeps_the_status(cast: Cast, person: Person) -> None:
    now = memberships.transfer_within(by=cast.officer, person=person, to=cast.sibling, on=TODAY)
    assert now.org == cast.sibling
    assert spans(person) == [
        ("一党", "probationary", SINCE, TODAY),
        ("二党", "probationary", TODAY, None),
    ]


def test_a_transfer_refuses_what_makes_no_sense(cast: Cast, person: Person) -> None:
    with refused("现在就在"):
        memberships.transfer_within(by=None, person=person, to=cast.branch, on=TODAY)
    with refused("2022-01-01 之后"):
        memberships.transfer_within(by=None, person=person, to=cast.sibling, on=SINCE)
    with refused("不是党支部"):
        memberships.transfer_within(by=None, person=person, to=cast.college, on=TODAY)


def test_nobody_is_in_two_branches(cast: Cast, person: Person) -> None:
    with refused("已在一个支部"):
        memberships.admit(
            by=None, person=person, org=cast.sibling, status="full", valid_from=TODAY
        )
    later = make_person("李四", cast.branch, since=date(2023, 1, 1))
    with refused("自 2023-01-01 起已在一个支部"):
        memberships.admit(by=None, person=later, org=cast.sibling, status="full", valid_from=SINCE)


def test_someone_who_left_may_return(cast: Cast, person: Person) -> None:
    memberships.leave(by=cast.secretary, person=person, on=date(2023, 1, 1), reason="出国")
    back = memberships.admit(
        by=cast.secretary, person=person, org=cast.branch, status="full", valid_from=TODAY
    )
    assert back.valid_to is None
    assert Membership.objects.on(date(2023, 3, 1)).filter(person=person).count() == 0


def test_admit_refuses_an_unknown_status_and_a_branch_that_is_not_there(
    cast: Cast, person: Person
) -> None:
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="出国")
    with refused("没有“honorary”"):
        memberships.admit(
            by=None, person=person, org=cast.branch, status="honorary", valid_from=TODAY
        )
    with refused("现在没有组织关系"):
        memberships.leave(by=None, person=person, on=TODAY, reason="再次")


def test_leaving_ends_every_post(cast: Cast) -> None:
    elsewhere = appoint(owner(cast.secretary), cast.college, "committee_member")
    left = memberships.leave(
        by=cast.officer, person=owner(cast.secretary), on=TODAY, reason="调出"
    )
    assert (left.valid_to, left.end_reason) == (TODAY, "调出")
    for post in (cast.secretary_post, elsewhere):
        post.refresh_from_db()
        assert post.valid_to == TODAY


def test_a_transfer_ends_the_posts_of_the_old_branch_alone(cast: Cast) -> None:
    elsewhere = appoint(owner(cast.secretary), cast.college, "committee_member")
    memberships.transfer_within(
        by=cast.officer, person=owner(cast.secretary), to=cast.sibling, on=TODAY
    )
    cast.secretary_post.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (cast.secretary_post.valid_to, elsewhere.valid_to) == (TODAY, None)


def test_leaving_needs_a_reason_and_a_day_after_joining(cast: Cast, person: Person) -> None:
    with refused("写明离开原因"):
        memberships.leave(by=None, person=person, on=TODAY, reason="  ")
    with refused("应在开始日 2022-01-01 之后"):
        memberships.leave(by=None, person=person, on=SINCE, reason="转出")


def test_becoming_a_full_member_begins_a_new_span(cast: Cast, person: Person) -> None:
    memberships.become_full(by=cast.secretary, person=person, on=date(2022, 12, 1))
    assert spans(person) == [
        ("一党", "probationary", SINCE, date(2022, 12, 1)),
        ("一党", "full", date(2022, 12, 1), None),
    ]
    person.refresh_from_db()
    assert person.full_member_on == date(2022, 12, 1)
    with refused("已经是正式党员"):
        memberships.become_full(by=cast.secretary, person=person, on=TODAY)


def test_nobody_is_made_full_before_joining(cast: Cast) -> None:
    person = make_person("李四", cast.branch, status="probationary", joined_on=date(2022, 11, 1))
    with refused("2022-11-01 之后"):
        memberships.become_full(by=None, person=person, on=date(2022, 10, 1))


def test_an_exemption_begins_and_ends_on_a_day(cast: Cast, person: Person) -> None:
    memberships.set_exempt(
        by=cast.secretary, person=person, exempt=True, on=date(2023, 1, 1), reason="年老体弱"
    )
    memberships.set_exempt(
        by=cast.secretary, person=person, exempt=False, on=TODAY, reason="恢复参加"
    )
    seen = person.memberships.order_by("valid_from").values_list("exempt", "exempt_reason")
    assert list(seen) == [(False, ""), (True, "年老体弱"), (False, "")]


def test_a_change_on_the_first_day_of_a_span_is_made_in_place(cast: Cast, person: Person) -> None:
    memberships.set_exempt(
        by=cast.secretary, person=person, exempt=True, on=SINCE, reason="年老体弱"
    )
    assert person.memberships.get().exempt


def test_an_exemption_is_refused_for_oneself_twice_or_without_reason(
    cast: Cast, person: Person
) -> None:
    with refused("由别人办理"):
        memberships.set_exempt(
            by=cast.secretary, person=owner(cast.secretary), exempt=True, on=TODAY, reason="忙"
        )
    with refused("写明原因"):
        memberships.set_exempt(by=cast.secretary, person=person, exempt=True, on=TODAY, reason="")
    with refused("本来就没有豁免"):
        memberships.set_exempt(
            by=cast.secretary, person=person, exempt=False, on=TODAY, reason="恢复"
        )


def test_no_change_is_recorded_before_its_day(cast: Cast, person: Person) -> None:
    def not_before_tomorrow(act: Callable[..., object], **more: object) -> None:
        with refused("不能预先办理"):
            act(by=None, **more)

    for act, more in (
        (memberships.transfer_within, {"to": cast.sibling}),
        (memberships.leave, {"reason": "转出"}),
        (memberships.become_full, {}),
        (memberships.set_exempt, {"exempt": True, "reason": "年老体弱"}),
    ):
        not_before_tomorrow(act, person=person, on=TOMORROW, **more)
    more = {"org": cast.branch, "status": "full"}
    not_before_tomorrow(people.register, name="李四", since=TOMORROW, **more)
    memberships.leave(by=None, person=person, on=YESTERDAY, reason="出国")
    not_before_tomorrow(memberships.admit, person=person, valid_from=TOMORROW, **more)


def test_a_transfer_recorded_by_mistake_is_taken_back_with_the_posts(cast: Cast) -> None:
    person = owner(cast.secretary)
    agreed = appoint(person, cast.branch, "committee_member", valid_to=date(2025, 1, 1))
    memberships.transfer_within(by=cast.officer, person=person, to=cast.sibling, on=YESTERDAY)
    with one_event("membership.transfer_undone"):
        steps.undo(by=cast.officer, person=person)
    assert spans(person) == [("一党", "full", SINCE, None)]
    posts = Post.objects.filter(person=person).order_by("pk").values_list("pk", "valid_to")
    assert list(posts) == [(cast.secretary_post.pk, None), (agreed.pk, date(2025, 1, 1))]
    with refused("又有变动"):
        steps.undo(by=cast.officer, person=person)


def test_a_departure_recorded_by_mistake_is_taken_back(cast: Cast) -> None:
    person = owner(cast.secretary)
    memberships.leave(by=cast.secretary, person=owner(cast.member), on=TODAY, reason="转出")
    memberships.leave(by=cast.officer, person=person, on=TODAY, reason="调出")
    with refused("该党组织"):
        steps.undo(by=cast.outsider, person=person)
    with one_event("membership.end_undone"):
        back = steps.undo(by=cast.officer, person=person)
    assert (back.valid_to, back.end_reason) == (None, "")
    cast.secretary_post.refresh_from_db()
    assert cast.secretary_post.valid_to is None


def test_a_step_on_which_something_hangs_is_not_taken_back(cast: Cast) -> None:
    person, heir = owner(cast.secretary), owner(cast.member)
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=YESTERDAY)
    held = appoint(heir, cast.branch, "secretary", valid_from=TODAY)
    with refused("党员甲自 2023-06-15 至今已任"):
        steps.undo(by=cast.officer, person=person)
    Post.objects.filter(pk=held.pk).delete()
    given = appoint(person, cast.sibling, "committee_member", valid_from=TODAY)
    with refused("新支部又登记了任职"):
        steps.undo(by=cast.officer, person=person)
    Post.objects.filter(pk=given.pk).delete()
    memberships.set_exempt(by=None, person=person, exempt=True, on=TODAY, reason="年老体弱")
    with refused("又有变动"):
        steps.undo(by=cast.officer, person=person)


# Putting a span right


def correct(row: Membership, by: Any = None, **more: Any) -> Membership:
    kept = {name: getattr(row, name) for name in ("org", "status", "valid_from", "valid_to")}
    return memberships.correct(by=by, membership=row, **{**kept, "reason": "核对档案", **more})


@pytest.fixture
def moved(cast: Cast, person: Person) -> list[Membership]:
    """In A1 from the start, in A2 since May, gone since yesterday."""
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=date(2023, 5, 1))
    memberships.leave(by=None, person=person, on=YESTERDAY, reason="调出")
    return list(person.memberships.order_by("valid_from"))


def test_a_corrected_span_takes_its_neighbour_with_it(
    cast: Cast, person: Person, moved: list[Membership]
) -> None:
    with one_event("membership.corrected") as told:
        correct(moved[0], by=cast.officer, valid_to=date(2023, 3, 1), status="full")
    assert spans(person) == [
        ("一党", "full", SINCE, date(2023, 3, 1)),
        ("二党", "probationary", date(2023, 3, 1), YESTERDAY),
    ]
    assert told[0].detail["before"] == {"status": "probationary", "valid_to": "2023-05-01"}
    assert told[0].detail["reason"] == "核对档案"
    correct(moved[1], valid_from=date(2023, 4, 1), valid_to=date(2023, 6, 1))
    assert [row[2:] for row in spans(person)] == [
        (SINCE, date(2023, 4, 1)), (date(2023, 4, 1), date(2023, 6, 1))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "more", "why"),
    [
        (0, {"reason": " "}, "写明原因"),
        (0, {}, "没有改动"),
        (0, {"valid_to": SINCE}, "结束日应在开始日之后"),
        (0, {"valid_to": YESTERDAY}, "一天也不剩"),
        (0, {"valid_to": None}, "不在这里改"),
        (0, {"valid_from": SINCE - timedelta(days=1)}, "不存在"),
        (1, {"valid_from": SINCE}, "一天也不剩"),
        (1, {"valid_to": TOMORROW}, "还没到"),
        (0, {"status": "friend"}, "没有“friend”"),
        (0, {"valid_from": date(2023, 6, 1)}, "结束日应在开始日之后"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    moved: list[Membership], which: int, more: dict[str, Any], why: str
) -> None:
    with refused(why):
        correct(moved[which], **more)


def test_a_correction_leaves_no_post_without_membership_and_is_for_those_in_charge_of_both(
    cast: Cast,
) -> None:
    member = owner(cast.member)
    row = member.memberships.get()
    appoint(member, cast.branch, "committee_member", valid_from=date(2022, 3, 1))
    with refused("先更正任职"):
        correct(row, valid_from=date(2022, 4, 1))
    with refused("先更正任职"):
        correct(row, status="activist")
    with refused("权限"):
        correct(row, by=cast.secretary, org=cast.sibling)
    with refused("由别人更正"):
        correct(owner(cast.officer).memberships.get(), by=cast.officer, status="probationary")
    with refused("不是党支部"):
        correct(row, org=cast.college)
