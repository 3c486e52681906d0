"""Every action by everyone: who may leaves one event, who may not changes nothing."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from guantong.records.access import Refused
from guantong.records.actions import (
    activities,
    documents,
    figures,
    grants,
    memberships,
    orgs,
    people,
    plans,
    posts,
    recuts,
    relations,
    restoring,
    successions,
    terms,
    users,
)
from guantong.records.models import Event, OrgChange, Recut, User
from guantong.records.recutting import SheetRow
from tests.factories import (
    TODAY,
    Cast,
    make_activity,
    make_draft,
    make_org,
    make_person,
    make_user,
    owner,
)
from tests.records.conftest import fingerprint
from tests.records.matrix_cases import CASES
from tests.records.matrix_people import PEOPLE

type Act = Callable[[User], Any]

BRANCH, COLLEGE = {"secretary", "officer", "office"}, {"officer", "office"}
OFFICE, ADMIN = {"office"}, {"admin"}


def record_activity(c: Cast) -> Act:
    return lambda by: activities.record(by=by, draft=make_draft(c.branch))


def correct_activity(c: Cast) -> Act:
    made = make_activity(c.branch)
    draft = make_draft(c.branch, title="改过")
    return lambda by: activities.correct(by=by, activity=made, version=1, draft=draft)


def take_a_sibling_s_activity(c: Cast) -> Act:
    """The new host alone would be in the secretary's reach, the old one is not."""
    made = make_activity(c.sibling)
    draft = make_draft(c.branch)
    return lambda by: activities.correct(by=by, activity=made, version=1, draft=draft)


def verify_activity(c: Cast) -> Act:
    made = make_activity(c.branch)
    return lambda by: activities.verify(by=by, activity=made, version=1)


def withdraw_activity(c: Cast) -> Act:
    made = make_activity(c.branch)
    return lambda by: activities.withdraw(by=by, activity=made, version=1, reason="重复")


def restore_activity(c: Cast) -> Act:
    made = activities.withdraw(by=None, activity=make_activity(c.branch), version=1, reason="重复")
    return lambda by: activities.restore(by=by, activity=made)


def host_with_another_college(c: Cast) -> Act:
    return lambda by: activities.record(by=by, draft=make_draft(c.branch, c.other_branch))


def found_org(c: Cast) -> Act:
    return lambda by: orgs.found(
        by=by, name="新党支部", kind="branch", parent=c.college, valid_from=TODAY
    )


def found_college(c: Cast) -> Act:
    return lambda by: orgs.found(
        by=by, name="校外党委", kind="college_committee", parent=c.school, valid_from=TODAY
    )


def rename_org(c: Cast) -> Act:
    return lambda by: orgs.rename(by=by, org=c.branch, name="改名党支部", on=TODAY)


def move_org(c: Cast) -> Act:
    return lambda by: orgs.move(by=by, org=c.branch, parent=c.other_college, on=TODAY)


def take_a_branch(c: Cast) -> Act:
    """The new parent alone would be in the officer's reach, the old one is not."""
    return lambda by: orgs.move(by=by, org=c.other_branch, parent=c.college, on=TODAY)


def dissolve_org(c: Cast) -> Act:
    empty = make_org("空党支部", "branch", c.college)
    return lambda by: successions.dissolve(by=by, org=empty, on=TODAY, reason="无党员")


def merge_orgs(c: Cast) -> Act:
    return lambda by: successions.merge(
        by=by, merging=[c.branch], into=c.sibling, on=TODAY, reason="批复"
    )


def merge_across_colleges(c: Cast) -> Act:
    """One of the two branches is in the officer's reach, the other is not."""
    return lambda by: successions.merge(
        by=by, merging=[c.other_branch], into=c.sibling, on=TODAY, reason="批复"
    )


def split_org(c: Cast) -> Act:
    return lambda by: successions.split(
        by=by, org=c.branch, parts=[successions.Part("分出的支部")], on=TODAY, reason="批复"
    )


def undo_dissolving(c: Cast) -> Act:
    successions.dissolve(by=None, org=c.branch, heir=c.sibling, on=TODAY, reason="批复")
    change = OrgChange.objects.latest("pk")
    return lambda by: restoring.undo(by=by, change=change)


def describe_org(c: Cast) -> Act:
    return lambda by: orgs.describe(by=by, org=c.branch, units="甲系\n乙系", term_years=None)


def drawn_up(c: Cast) -> Recut:
    """A draft that moves one member of branch A1 to A2."""
    person = make_person("调整者", c.branch)
    draft = recuts.prepare(by=None, org=c.college, title="调整", category="", on_day=TODAY)
    return recuts.move(by=None, recut=draft, people=[person.pk], to=str(c.sibling.pk))


def prepare_recut(c: Cast) -> Act:
    return lambda by: recuts.prepare(
        by=by, org=c.college, title="调整", category="faculty", on_day=TODAY
    )


def plan_recut(c: Cast) -> Act:
    draft, person = drawn_up(c), owner(c.member)
    return lambda by: recuts.move(by=by, recut=draft, people=[person.pk], to=str(c.sibling.pk))


def plan_a_branch(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.add_branch(by=by, recut=draft, name="新支部", category="faculty")


def plan_to_close(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.close(by=by, recut=draft, org=c.sibling, closing=True)


def plan_another_day(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.set_day(by=by, recut=draft, on_day=date(2023, 6, 1))


def fill_in_recut(c: Cast) -> Act:
    draft, person = drawn_up(c), owner(c.member)
    row = SheetRow(5, person.pk, "", person.name, c.sibling.short_name)
    return lambda by: recuts.fill_in(by=by, recut=draft, filled=[row])


def discard_recut(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.discard(by=by, recut=draft)


def carry_out_recut(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.carry_out(by=by, recut=draft, reason="人数不足")


def undo_recut(c: Cast) -> Act:
    done = recuts.carry_out(by=None, recut=drawn_up(c), reason="人数不足")
    return lambda by: recuts.undo(by=by, recut=done)


def register_person(c: Cast) -> Act:
    return lambda by: people.register(
        by=by, org=c.branch, status="full", since=TODAY, name="新人", phone="13800000000"
    )


def correct_person(c: Cast) -> Act:
    return lambda by: people.correct(by=by, person=owner(c.member), name="改名")


def reveal_person(c: Cast) -> Act:
    people.correct(by=None, person=owner(c.member), phone="13800000000")
    return lambda by: people.reveal(by=by, person=owner(c.member), field="phone", reason="通知")


def admit(c: Cast) -> Act:
    person = make_person("归来者", c.branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="出国")
    return lambda by: memberships.admit(
        by=by, person=person, org=c.branch, status="full", valid_from=TODAY
    )


def admit_elsewhere(c: Cast) -> Act:
    person = make_person("归来者", c.branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="出国")
    return lambda by: memberships.admit(
        by=by, person=person, org=c.other_branch, status="full", valid_from=TODAY
    )


def admit_from_elsewhere(c: Cast) -> Act:
    person = make_person("归来者", c.other_branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="出国")
    return lambda by: memberships.admit(
        by=by, person=person, org=c.branch, status="full", valid_from=TODAY
    )


def transfer_inside_the_college(c: Cast) -> Act:
    person = make_person("转接者", c.branch)
    return lambda by: memberships.transfer_within(by=by, person=person, to=c.sibling, on=TODAY)


def transfer_to_another_college(c: Cast) -> Act:
    person = make_person("转接者", c.branch)
    return lambda by: memberships.transfer_within(
        by=by, person=person, to=c.other_branch, on=TODAY
    )


def leave_branch(c: Cast) -> Act:
    person = make_person("离开者", c.branch)
    return lambda by: memberships.leave(by=by, person=person, on=TODAY, reason="毕业转出")


def become_full(c: Cast) -> Act:
    person = make_person("预备者", c.branch, status="probationary")
    return lambda by: memberships.become_full(by=by, person=person, on=TODAY)


def set_exempt(c: Cast) -> Act:
    person = make_person("年长者", c.branch)
    return lambda by: memberships.set_exempt(
        by=by, person=person, exempt=True, on=TODAY, reason="年老体弱"
    )


def appoint_post(c: Cast) -> Act:
    return lambda by: posts.appoint(
        by=by, person=owner(c.member), org=c.branch, post="committee_member", valid_from=TODAY
    )


def appoint_elsewhere(c: Cast) -> Act:
    return lambda by: posts.appoint(
        by=by, person=owner(c.member), org=c.other_college, post="dean", valid_from=TODAY
    )


def describe_post(c: Cast) -> Act:
    return lambda by: posts.set_flags(
        by=by, post=c.secretary_post, double_leader=True, full_time=None
    )


def end_post(c: Cast) -> Act:
    return lambda by: posts.end(by=by, post=c.secretary_post, on=TODAY)


def record_term(c: Cast) -> Act:
    return lambda by: terms.record(
        by=by, org=c.branch, elected_on=date(2022, 3, 1), expires_on=date(2025, 3, 1)
    )


def extend_term(c: Cast) -> Act:
    term = terms.record(
        by=None, org=c.branch, elected_on=date(2022, 3, 1), expires_on=date(2025, 3, 1)
    )
    return lambda by: terms.extend(
        by=by, term=term, extended_to=date(2025, 6, 1), approval="批复", approved_on=TODAY
    )


def record_relation(c: Cast) -> Act:
    return lambda by: relations.record(
        by=by, kind="pairing", org=c.branch, other_org=c.sibling, valid_from=TODAY
    )


def record_far_relation(c: Cast) -> Act:
    return lambda by: relations.record(
        by=by, kind="pairing", org=c.branch, other_org=c.other_branch, valid_from=TODAY
    )


def end_relation(c: Cast) -> Act:
    link = relations.record(
        by=None, kind="contact_point", person=owner(c.member), org=c.sibling,
        valid_from=date(2023, 1, 1),
    )  # fmt: skip
    return lambda by: relations.end(by=by, relation=link, on=TODAY)


def record_figure(c: Cast) -> Act:
    return lambda by: figures.record(
        by=by, org=c.college, name="staff", as_of=TODAY, value=Decimal(120)
    )


def record_document(c: Cast) -> Act:
    return lambda by: documents.record(
        by=by, org=c.college, doc_class="org_life", title="制度", valid_from=TODAY
    )


def review_document(c: Cast) -> Act:
    made = documents.record(
        by=None, org=c.college, doc_class="org_life", title="制度", valid_from=date(2023, 1, 1)
    )
    return lambda by: documents.review(by=by, document=made, review_due=date(2024, 1, 1))


def end_document(c: Cast) -> Act:
    made = documents.record(
        by=None, org=c.college, doc_class="org_life", title="制度", valid_from=date(2023, 1, 1)
    )
    return lambda by: documents.end(by=by, document=made, on=TODAY)


def give_grant(c: Cast) -> Act:
    user = make_user("visitor")
    return lambda by: grants.give(
        by=by, user=user, role="college_officer", org=c.college, valid_from=TODAY
    )


def end_grant(c: Cast) -> Act:
    grant = c.inspector.grants.get()
    return lambda by: grants.end(by=by, grant=grant, on=TODAY)


def create_user(c: Cast) -> Act:
    return lambda by: users.open_account(
        by=by, username="newcomer", name="新人", password="long-enough-7"
    )


def set_password(c: Cast) -> Act:
    return lambda by: users.set_password(by=by, user=c.stranger, password="long-enough-7")


def link_user(c: Cast) -> Act:
    person = make_person("无账号", c.branch)
    return lambda by: users.link(by=by, user=c.stranger, person=person)


def disable_user(c: Cast) -> Act:
    return lambda by: users.disable(by=by, user=c.member)


def enable_user(c: Cast) -> Act:
    users.disable(by=None, user=c.member)
    return lambda by: users.enable(by=by, user=c.member)


def load_plan(c: Cast) -> Act:
    words = [plans.Wording("一", "总体要求", "测试用的文字。")]
    return lambda by: plans.load_wording(
        by=by, plan="jyu-2021-2023", source_name="计划.txt", wordings=words
    )


MATRIX: list[tuple[Callable[[Cast], Act], str, set[str]]] = [
    (record_activity, "activity.recorded", BRANCH),
    (correct_activity, "activity.corrected", BRANCH),
    (take_a_sibling_s_activity, "activity.corrected", COLLEGE),
    (verify_activity, "activity.verified", COLLEGE),
    (withdraw_activity, "activity.withdrawn", BRANCH),
    (restore_activity, "activity.restored", BRANCH),
    (host_with_another_college, "activity.recorded", OFFICE),
    (found_org, "org.founded", COLLEGE),
    (found_college, "org.founded", OFFICE),
    (rename_org, "org.renamed", COLLEGE),
    (move_org, "org.moved", OFFICE),
    (take_a_branch, "org.moved", OFFICE),
    (dissolve_org, "org.dissolved", COLLEGE),
    (merge_orgs, "org.merged", COLLEGE),
    (merge_across_colleges, "org.merged", OFFICE),
    (split_org, "org.split", COLLEGE),
    (undo_dissolving, "org.change_undone", COLLEGE),
    (describe_org, "org.described", COLLEGE),
    (prepare_recut, "recut.prepared", COLLEGE),
    (plan_recut, "recut.planned", COLLEGE),
    (plan_a_branch, "recut.planned", COLLEGE),
    (plan_to_close, "recut.planned", COLLEGE),
    (plan_another_day, "recut.planned", COLLEGE),
    (fill_in_recut, "recut.planned", COLLEGE),
    (discard_recut, "recut.discarded", COLLEGE),
    (carry_out_recut, "recut.carried_out", COLLEGE),
    (undo_recut, "recut.undone", COLLEGE),
    (register_person, "person.registered", BRANCH),
    (correct_person, "person.corrected", BRANCH),
    (reveal_person, "person.revealed", {"officer", "office", "member"}),
    (admit, "membership.begun", BRANCH),
    (admit_elsewhere, "membership.begun", OFFICE),
    (admit_from_elsewhere, "membership.begun", OFFICE),
    (transfer_inside_the_college, "membership.transferred", COLLEGE),
    (transfer_to_another_college, "membership.transferred", OFFICE),
    (leave_branch, "membership.ended", BRANCH),
    (become_full, "membership.made_full", BRANCH),
    (set_exempt, "membership.exempted", BRANCH),
    (appoint_post, "post.appointed", COLLEGE),
    (appoint_elsewhere, "post.appointed", OFFICE),
    (describe_post, "post.described", COLLEGE),
    (end_post, "post.ended", COLLEGE),
    (record_term, "term.recorded", COLLEGE),
    (extend_term, "term.extended", COLLEGE),
    (record_relation, "relation.recorded", COLLEGE),
    (record_far_relation, "relation.recorded", OFFICE),
    (end_relation, "relation.ended", COLLEGE),
    (record_figure, "figure.recorded", COLLEGE),
    (record_document, "document.recorded", COLLEGE),
    (review_document, "document.reviewed", COLLEGE),
    (end_document, "document.ended", COLLEGE),
    (give_grant, "grant.given", {"office", "admin"}),
    (end_grant, "grant.ended", {"office", "admin"}),
    (create_user, "user.created", ADMIN),
    (set_password, "user.password_set", ADMIN),
    (link_user, "user.linked", ADMIN),
    (disable_user, "user.disabled", ADMIN),
    (enable_user, "user.enabled", ADMIN),
    (load_plan, "plan.loaded", OFFICE),
    *PEOPLE,
    *CASES,
]


@pytest.mark.parametrize(
    ("prepare", "verb", "may"), MATRIX, ids=[prepare.__name__ for prepare, _, _ in MATRIX]
)
def test_who_may_leaves_one_event_and_nobody_else_changes_anything(
    cast: Cast, prepare: Callable[[Cast], Act], verb: str, may: set[str]
) -> None:
    act = prepare(cast)
    before, last = fingerprint(), Event.objects.latest("id").pk
    done = set()
    for name, user in cast.everyone().items():
        with transaction.atomic():
            try:
                act(user)
            except Refused:
                assert fingerprint() == before, f"{name} was refused, yet something was written"
            else:
                done.add(name)
                event = Event.objects.get(pk__gt=last)
                assert (event.verb, event.by) == (verb, user)
                transaction.set_rollback(True)
    assert done == may
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("prepare", "verb", "may"), MATRIX, ids=[prepare.__name__ for prepare, _, _ in MATRIX]
)
def test_nobody_may_after_the_account_is_closed(
    cast: Cast, prepare: Callable[[Cast], Act], verb: str, may: set[str]
) -> None:
    act = prepare(cast)
    for name in may:
        closed = users.disable(by=None, user=cast.everyone()[name])
        before = fingerprint()
        with pytest.raises(Refused, match="权限"):
            act(closed)
        assert fingerprint() == before
