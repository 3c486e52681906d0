"""The way into the Party as dated status: who counts as a member, and what the days lead to."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from guantong.records import access, catalogue, lifecycle, rosters
from guantong.records.actions import lifecycle as steps_taken
from guantong.records.actions import memberships, posts, steps
from guantong.records.facts import select
from guantong.records.models import Event, Person
from guantong.records.models.membership import MEMBER_STATUSES
from tests.factories import SINCE, TODAY, Cast, appoint, make_person, make_user
from tests.records.conftest import one_event, refused

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def activist(cast: Cast) -> Person:
    return make_person("积极甲", cast.branch, status="activist")


def advance(person: Person, status: str, on: date, **more: Any) -> None:
    steps_taken.advance(**{"by": None, "person": person, "status": status, "on": on, **more})


def statuses(person: Person) -> list[tuple[str, date, date | None]]:
    rows = person.memberships.order_by("valid_from")
    return list(rows.values_list("status", "valid_from", "valid_to"))


def facts() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(select("memberships"))
        return {row[0] for row in cursor.fetchall()}


def test_the_catalogue_and_the_facts_agree_on_who_is_a_member() -> None:
    known = catalogue.current().kinds["statuses"]
    assert {code for code, entry in known.items() if entry.get("member")} == set(MEMBER_STATUSES)


def test_each_step_is_a_span_of_its_own(cast: Cast, activist: Person) -> None:
    advance(activist, "candidate", date(2023, 1, 10))
    with one_event("membership.advanced"):
        advance(activist, "probationary", date(2023, 5, 20), by=cast.secretary)
    assert statuses(activist) == [
        ("activist", SINCE, date(2023, 1, 10)),
        ("candidate", date(2023, 1, 10), date(2023, 5, 20)),
        ("probationary", date(2023, 5, 20), None),
    ]
    activist.refresh_from_db()
    assert activist.joined_on == date(2023, 5, 20)


def test_a_step_cannot_be_jumped_over(cast: Cast, activist: Person) -> None:
    for status in ("probationary", "full", "suspended", "applicant", "honorary"):
        with refused():
            advance(activist, status, TODAY)
    with refused("不能直接转正"):
        memberships.become_full(by=None, person=activist, on=TODAY)
    with refused("还没到"):
        advance(activist, "candidate", TODAY + timedelta(days=1))
    with refused("2022-01-01"):
        advance(activist, "candidate", SINCE - timedelta(days=1))


def test_nobody_decides_on_his_own_way(cast: Cast) -> None:
    own = make_person("支委甲", cast.branch)
    user = make_user("own", own)
    appoint(own, cast.branch, "committee_member")
    with refused("由别人办理"):
        steps_taken.suspend(by=user, person=own, on=TODAY, reason="失联")


def test_who_is_not_yet_a_member_counts_nowhere(cast: Cast, activist: Person) -> None:
    assert activist.pk not in facts()
    assert activist not in rosters.roster(cast.branch, TODAY)
    with refused("还不是党员"):
        posts.appoint(
            by=None, person=activist, org=cast.branch, post="committee_member", valid_from=TODAY
        )
    advance(activist, "candidate", YESTERDAY)
    advance(activist, "probationary", TODAY)
    assert activist.pk in facts()
    assert activist in rosters.roster(cast.branch, TODAY)
    assert activist not in rosters.roster(cast.branch, YESTERDAY)


def test_an_activist_sees_his_own_records_and_not_the_branch_s(
    cast: Cast, activist: Person
) -> None:
    user = make_user("activist", activist)
    assert access.people(user, "member.view").get() == activist
    assert access.reach(user, "activity.view").own_orgs == frozenset()


def test_a_suspended_member_holds_no_post_and_counts_nowhere_until_resumed(cast: Cast) -> None:
    person = make_person("停止甲", cast.branch)
    post = appoint(person, cast.branch, "committee_member")
    steps_taken.suspend(by=cast.office, person=person, on=YESTERDAY, reason="上级批准停止党籍")
    post.refresh_from_db()
    assert post.valid_to == YESTERDAY
    assert person not in rosters.roster(cast.branch, YESTERDAY)
    steps_taken.resume(by=cast.office, person=person, on=TODAY, reason="上级批准恢复")
    assert statuses(person)[-2:] == [("suspended", YESTERDAY, TODAY), ("full", TODAY, None)]
    with refused("没有停止党籍"):
        steps_taken.resume(by=None, person=person, on=TODAY, reason="再次")


def test_suspending_needs_a_reason_and_a_member(cast: Cast, activist: Person) -> None:
    with refused("写明原因"):
        steps_taken.suspend(by=None, person=activist, on=TODAY, reason=" ")
    with refused("只有正式党员、预备党员才能"):
        steps_taken.suspend(by=None, person=activist, on=TODAY, reason="失联")


@pytest.mark.parametrize("status", ["candidate", "probationary", "full"])
def test_a_step_recorded_by_mistake_is_taken_back_with_the_day_it_set(
    cast: Cast, status: str
) -> None:
    before = {"candidate": "activist", "probationary": "candidate", "full": "probationary"}
    joined = {"full": {"joined_on": SINCE}}.get(status, {})
    person = make_person("误登甲", cast.branch, status=before[status], **joined)
    if status == "full":
        memberships.become_full(by=None, person=person, on=TODAY)
    else:
        advance(person, status, TODAY)
    steps.undo(by=cast.secretary, person=person)
    person.refresh_from_db()
    assert statuses(person) == [(before[status], SINCE, None)]
    assert (person.joined_on, person.full_member_on) == (joined.get("joined_on"), None)


def test_a_suspension_taken_back_gives_the_posts_back(cast: Cast) -> None:
    person = make_person("停止甲", cast.branch)
    post = appoint(person, cast.branch, "committee_member")
    steps_taken.suspend(by=None, person=person, on=TODAY, reason="误登")
    steps.undo(by=cast.officer, person=person)
    post.refresh_from_db()
    assert (post.valid_to, statuses(person)) == (None, [("full", SINCE, None)])


def test_how_somebody_left_is_a_code_that_fits_the_status(cast: Cast, activist: Person) -> None:
    with refused("不能按“除名”"):
        memberships.leave(by=None, person=activist, on=TODAY, departure="struck_off")
    with refused("写明离开原因"):
        memberships.leave(by=None, person=activist, on=TODAY)
    left = memberships.leave(by=None, person=activist, on=TODAY, departure="given_up")
    assert (left.departure, left.end_reason) == ("given_up", "终止培养")
    steps.undo(by=None, person=activist)
    left.refresh_from_db()
    assert (left.departure, left.end_reason) == ("", "")


def test_an_exemption_has_a_day_to_look_at_it_again(cast: Cast) -> None:
    person = make_person("年长甲", cast.branch)
    exempt = {"by": None, "person": person, "exempt": True, "on": TODAY, "reason": "年老体弱"}
    with refused("在豁免开始之后"):
        memberships.set_exempt(**exempt, until=TODAY)
    memberships.set_exempt(**exempt, until=date(2024, 6, 1))
    now = memberships.set_exempt(**{**exempt, "exempt": False})
    assert (now.exempt, now.exempt_until) == (False, None)


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        (date(2020, 2, 29), date(2021, 2, 27), 0),
        (date(2020, 2, 29), date(2021, 2, 28), 1),
        (date(2020, 6, 16), TODAY, 2),
        (date(2020, 6, 15), TODAY, 3),
        (None, TODAY, None),
        (date(2024, 1, 1), TODAY, None),
    ],
)
def test_party_age_is_whole_years_of_full_membership(
    since: date | None, on: date, years: int | None
) -> None:
    assert lifecycle.party_age(Person(full_member_on=since), on) == years


def test_a_probation_is_extended_once_by_half_a_year_to_a_year(cast: Cast) -> None:
    person = make_person("预备甲", cast.branch, status="probationary", joined_on=date(2022, 6, 1))
    extend = partial(
        steps_taken.extend_probation, person=person, on=date(2023, 6, 10), reason="支部大会"
    )
    for until in (date(2023, 11, 30), date(2024, 6, 2)):
        with refused("2023-12-01 至 2024-06-01"):
            extend(by=cast.secretary, until=until)
    with refused("由别人办理|权限"):
        extend(by=cast.outsider, until=date(2023, 12, 1))
    with one_event("membership.probation_extended"):
        extend(by=cast.secretary, until=date(2023, 12, 1))
    now = person.memberships.get(valid_to=None)
    assert (now.status, now.valid_from) == ("probationary", date(2023, 6, 10))
    assert lifecycle.probation_ends(person, now) == date(2023, 12, 1)
    with refused("只能延长一次"):
        extend(by=cast.secretary, until=date(2024, 6, 1))
    steps.undo(by=cast.secretary, person=person)
    assert person.memberships.get().probation_to is None
    extend(by=cast.secretary, until=date(2024, 6, 1))
    memberships.become_full(by=cast.secretary, person=person, on=TODAY)
    assert person.memberships.get(valid_to=None).probation_to is None
    with refused("只有预备党员"):
        extend(by=None, until=date(2024, 6, 1))


def test_probation_ends_a_year_after_the_meeting_that_accepted() -> None:
    assert lifecycle.probation_ends(Person(joined_on=date(2020, 2, 29))) == date(2021, 2, 28)
    full = Person(joined_on=date(2020, 2, 29), full_member_on=date(2021, 3, 1))
    assert lifecycle.probation_ends(full) is None


def test_the_way_is_told_in_the_order_of_its_days(cast: Cast, activist: Person) -> None:
    advance(activist, "candidate", date(2023, 1, 10))
    advance(activist, "probationary", date(2023, 5, 20))
    activist.refresh_from_db()
    spans = list(activist.memberships.select_related("org").order_by("valid_from"))
    told = [(one.day, one.title, one.ahead) for one in lifecycle.milestones(activist, spans)]
    assert told == [
        (SINCE, f"编入{cast.branch.short_name}", False),
        (date(2023, 1, 10), "成为发展对象", False),
        (date(2023, 5, 20), "接收为预备党员", False),
        (date(2024, 5, 20), "预备期满", True),
    ]


def test_the_trail_keeps_who_recorded_a_step(cast: Cast, activist: Person) -> None:
    advance(activist, "candidate", TODAY, by=cast.secretary)
    event = Event.objects.latest("id")
    assert (event.by, event.detail["after"]) == (cast.secretary, {"status": "candidate"})
