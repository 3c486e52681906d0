"""Who sees what, and until when."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guantong.records import access, catalogue, clock
from guantong.records.actions import grants, orgs, posts, users
from guantong.records.models import Activity, Assessment, Entry, Event, Org, Person, User
from tests.factories import (
    TODAY,
    Cast,
    appoint,
    make_activity,
    make_org,
    make_person,
    make_user,
)

ORGS = ("school", "college", "branch", "sibling", "other_college", "other_branch")
EVERYWHERE = set(ORGS)

# Role holder -> permission -> the organisations it reaches.
REACH: dict[str, dict[str, set[str]]] = {
    "secretary": {"activity.record": {"branch"}, "member.view": {"branch"}, "org.edit": set()},
    "officer": {
        "activity.verify": {"college", "branch", "sibling"},
        "post.edit": {"college", "branch", "sibling"},
        "grant.give": set(),
        "plan.load": set(),
    },
    "office": {"activity.record": EVERYWHERE, "grant.give": EVERYWHERE, "user.manage": set()},
    "inspector": {"ledger.view": EVERYWHERE, "activity.record": set(), "member.edit": set()},
    "outsider": {"activity.record": {"other_branch"}, "org.view": {"other_branch"}},
    "admin": {"user.manage": EVERYWHERE, "ledger.view": set(), "member.view": set()},
    "member": {"activity.record": set(), "org.view": set(), "member.view": set()},
    "stranger": {"org.view": set(), "plan.view": set()},
}


def roles(user: User | AnonymousUser, on: date | None = None) -> set[tuple[str, str]]:
    held = access.roles_of(user, on)
    return {(h.role.name, h.org.short_name if h.org else "全校") for h in held}


@pytest.mark.parametrize(
    ("who", "permission"), [(who, p) for who, reach in REACH.items() for p in reach]
)
def test_a_permission_reaches_the_subtree_and_no_further(
    cast: Cast, who: str, permission: str
) -> None:
    user = cast.everyone()[who]
    expected = REACH[who][permission]
    seen = access.orgs(user, permission)
    assert {name for name in ORGS if getattr(cast, name) in seen} == expected
    for name in ORGS:
        reason = access.check(user, permission, getattr(cast, name))
        assert (reason == "") == (name in expected)


def test_every_permission_is_granted_to_some_role_and_described() -> None:
    known = catalogue.roles()
    for permission, title in known.titles.items():
        assert known.allowing(permission), permission
        assert title


def test_roles_come_from_posts_grants_and_membership(cast: Cast) -> None:
    branch = cast.branch.short_name
    assert roles(cast.secretary) == {("branch_secretary", branch), ("member", branch)}
    assert roles(cast.office) == {("school_office", "全校")}
    assert roles(cast.stranger) == set()
    assert roles(AnonymousUser()) == set()


def test_a_derived_role_lasts_as_long_as_the_post(cast: Cast) -> None:
    posts.end(by=cast.officer, post=cast.secretary_post, on=TODAY)
    assert roles(cast.secretary) == {("member", cast.branch.short_name)}
    assert ("branch_secretary", cast.branch.short_name) in roles(
        cast.secretary, TODAY - timedelta(days=1)
    )
    assert not access.orgs(cast.secretary, "activity.record").exists()


def test_a_post_of_tomorrow_brings_nothing_today(cast: Cast) -> None:
    person = make_person("继任者", cast.branch)
    tomorrow = TODAY + timedelta(days=1)
    appoint(person, cast.branch, "deputy_secretary", valid_from=tomorrow)
    user = make_user("successor", person)
    assert not access.orgs(user, "activity.record").exists()
    assert access.orgs(user, "activity.record", on=tomorrow).get() == cast.branch


def test_a_post_of_another_kind_of_organisation_brings_no_role(cast: Cast) -> None:
    person = make_person("学院委员", cast.branch)
    appoint(person, cast.college, "committee_member")
    assert roles(make_user("committee", person)) == {("member", cast.branch.short_name)}


def test_a_grant_ends_on_its_day(cast: Cast) -> None:
    grant = cast.inspector.grants.get()
    assert grant.valid_to
    assert roles(cast.inspector, grant.valid_to - timedelta(days=1))
    assert not roles(cast.inspector, grant.valid_to)


def test_a_disabled_account_holds_no_role(cast: Cast) -> None:
    user = users.disable(by=cast.admin, user=cast.secretary)
    assert roles(user) == set()
    assert not access.people(user, "member.view").exists()


def test_scope_follows_an_organisation_that_moves(cast: Cast) -> None:
    orgs.move(by=cast.office, org=cast.branch, parent=cast.other_college, on=TODAY)
    assert access.check(cast.officer, "org.view", cast.branch)
    assert not access.check(cast.office, "org.view", cast.branch)


def test_an_organisation_whose_id_begins_alike_is_not_below(cast: Cast) -> None:
    alike = [make_org(f"丙学院{n}党委", "college_committee", cast.school) for n in range(12)]
    seen = access.orgs(cast.officer, "org.view")
    assert not set(alike) & set(seen)


def test_people_are_those_whose_last_branch_is_in_reach(cast: Cast) -> None:
    seen = access.people(cast.secretary, "member.view")
    assert {person.name for person in seen} == {"支书甲", "党员甲"}
    assert set(access.people(cast.member, "member.view")) == {cast.member.person}
    assert not access.people(cast.admin, "member.view").exists()
    assert access.people(cast.inspector, "member.view").count() == Person.objects.count()


def test_holders_of_a_post_in_reach_are_seen_wherever_they_belong(cast: Cast) -> None:
    dean = make_person("院长甲", cast.other_branch)
    appoint(dean, cast.college, "dean")
    assert dean in access.people(cast.officer, "member.view")
    assert dean not in access.people(cast.secretary, "member.view")


def test_activities_are_those_hosted_in_reach_and_ones_own(cast: Cast) -> None:
    mine, sibling = make_activity(cast.branch), make_activity(cast.sibling)
    other = make_activity(cast.other_branch)

    def seen(user: User) -> set[Activity]:
        return set(access.activities(user, "activity.view"))

    assert seen(cast.secretary) == {mine}
    assert seen(cast.officer) == {mine, sibling}
    assert seen(cast.outsider) == {other}
    assert seen(cast.office) == {mine, sibling, other}
    assert seen(cast.member) == {mine}
    assert seen(cast.admin) == set()
    assert not access.activities(cast.member, "activity.record").exists()


def test_entries_are_those_in_reach_and_ones_own(cast: Cast) -> None:
    live = Assessment.objects.create(
        plan="p",
        on_day=TODAY,
        since=TODAY,
        engine="sqlite",
        live=True,
        made_at=clock.now(),
    )

    def entry(org: Org, person: Person | None = None) -> Entry:
        return Entry.objects.create(
            assessment=live,
            obligation="o",
            bearer_kind="person" if person else "org",
            org=org,
            person=person,
            period_start=TODAY,
            period_end=TODAY,
            due_on=TODAY,
            verdict="met",
        )

    own = entry(cast.branch, cast.member.person)
    branch, other = entry(cast.branch), entry(cast.other_branch)
    assert set(access.entries(cast.secretary)) == {own, branch}
    assert set(access.entries(cast.member)) == {own}
    assert set(access.entries(cast.office)) == {own, branch, other}
    assert set(access.entries(cast.admin)) == set()


def test_events_without_an_organisation_need_the_whole_school(cast: Cast) -> None:
    make_activity(cast.branch)
    assert access.events(cast.office).count() == Event.objects.count()
    seen = {event.org for event in access.events(cast.officer)}
    assert cast.branch in seen
    assert seen <= {cast.college, cast.branch, cast.sibling}
    assert not access.events(cast.secretary).exists()


@pytest.mark.parametrize("name", ["orgs", "people", "activities"])
def test_the_cost_does_not_grow_with_the_tree(cast: Cast, name: str) -> None:
    permission = {"orgs": "org.view", "people": "member.view", "activities": "activity.view"}[name]

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            list(getattr(access, name)(cast.officer, permission))
        return len(queries)

    before = cost()
    for number in range(5):
        branch = make_org(f"新{number}党支部", "branch", cast.college)
        make_person(f"新党员{number}", branch)
        make_activity(branch)
    assert cost() == before


def test_a_grant_for_an_organisation_reaches_below_it_only(cast: Cast) -> None:
    user = make_user("visitor", role="inspector", org=cast.college, valid_to=date(2023, 7, 1))
    assert access.orgs(user, "org.view").count() == 3
    assert access.check(user, "ledger.view", None)
    grants.end(by=cast.office, grant=user.grants.get(), on=TODAY)
    assert not access.orgs(user, "org.view").exists()
