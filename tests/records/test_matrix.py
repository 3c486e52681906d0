"""Who may do what no page of its own does: the command line's actions, and some of two places.

Who may leaves one event, who may not changes nothing. The others are held in `tests/matrix`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from guantong.records.access import Refused
from guantong.records.actions import (
    activities,
    grants,
    memberships,
    orgs,
    posts,
    recuts,
    relations,
    successions,
    users,
)
from guantong.records.models import Event, Recut, User
from guantong.records.recutting import SheetRow
from tests.factories import (
    TODAY,
    Cast,
    make_activity,
    make_draft,
    make_person,
    make_user,
    owner,
)
from tests.records.conftest import fingerprint
from tests.records.matrix_cases import CASES

type Act = Callable[[User], Any]

BRANCH, COLLEGE = {"secretary", "officer", "office"}, {"officer", "office"}
OFFICE, ADMIN = {"office"}, {"admin"}


def take_a_sibling_s_activity(c: Cast) -> Act:
    """The new host alone would be in the secretary's reach, the old one is not."""
    made = make_activity(c.sibling)
    draft = make_draft(c.branch)
    return lambda by: activities.correct(by=by, activity=made, version=1, draft=draft)


def host_with_another_college(c: Cast) -> Act:
    return lambda by: activities.record(by=by, draft=make_draft(c.branch, c.other_branch))


def move_org(c: Cast) -> Act:
    return lambda by: orgs.move(by=by, org=c.branch, parent=c.other_college, on=TODAY)


def take_a_branch(c: Cast) -> Act:
    """The new parent alone would be in the officer's reach, the old one is not."""
    return lambda by: orgs.move(by=by, org=c.other_branch, parent=c.college, on=TODAY)


def merge_across_colleges(c: Cast) -> Act:
    """One of the two branches is in the officer's reach, the other is not."""
    return lambda by: successions.merge(
        by=by, merging=[c.other_branch], into=c.sibling, on=TODAY, reason="批复"
    )


def drawn_up(c: Cast) -> Recut:
    """A draft that moves one member of branch A1 to A2."""
    person = make_person("调整者", c.branch)
    draft = recuts.prepare(by=None, org=c.college, title="调整", category="", on_day=TODAY)
    return recuts.move(by=None, recut=draft, people=[person.pk], to=str(c.sibling.pk))


def plan_recut(c: Cast) -> Act:
    draft, person = drawn_up(c), owner(c.member)
    return lambda by: recuts.move(by=by, recut=draft, people=[person.pk], to=str(c.sibling.pk))


def plan_to_close(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.close(by=by, recut=draft, org=c.sibling, closing=True)


def fill_in_recut(c: Cast) -> Act:
    draft, person = drawn_up(c), owner(c.member)
    row = SheetRow(5, person.pk, "", person.name, c.sibling.short_name)
    return lambda by: recuts.fill_in(by=by, recut=draft, filled=[row])


def carry_out_recut(c: Cast) -> Act:
    draft = drawn_up(c)
    return lambda by: recuts.carry_out(by=by, recut=draft, reason="人数不足")


def undo_recut(c: Cast) -> Act:
    done = recuts.carry_out(by=None, recut=drawn_up(c), reason="人数不足")
    return lambda by: recuts.undo(by=by, recut=done)


def admit_from_elsewhere(c: Cast) -> Act:
    person = make_person("归来者", c.other_branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="出国")
    return lambda by: memberships.admit(
        by=by, person=person, org=c.branch, status="full", valid_from=TODAY
    )


def appoint_elsewhere(c: Cast) -> Act:
    return lambda by: posts.appoint(
        by=by, person=owner(c.member), org=c.other_college, post="dean", valid_from=TODAY
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


MATRIX: list[tuple[Callable[[Cast], Act], str, set[str]]] = [
    (take_a_sibling_s_activity, "activity.corrected", COLLEGE),
    (host_with_another_college, "activity.recorded", OFFICE),
    (move_org, "org.moved", OFFICE),
    (take_a_branch, "org.moved", OFFICE),
    (merge_across_colleges, "org.merged", OFFICE),
    (plan_recut, "recut.planned", COLLEGE),
    (plan_to_close, "recut.planned", COLLEGE),
    (fill_in_recut, "recut.planned", COLLEGE),
    (carry_out_recut, "recut.carried_out", COLLEGE),
    (undo_recut, "recut.undone", COLLEGE),
    (admit_from_elsewhere, "membership.begun", OFFICE),
    (appoint_elsewhere, "post.appointed", OFFICE),
    (record_far_relation, "relation.recorded", OFFICE),
    (end_relation, "relation.ended", COLLEGE),
    (give_grant, "grant.given", {"office", "admin"}),
    (end_grant, "grant.ended", {"office", "admin"}),
    (create_user, "user.created", ADMIN),
    (set_password, "user.password_set", ADMIN),
    (link_user, "user.linked", ADMIN),
    (disable_user, "user.disabled", ADMIN),
    (enable_user, "user.enabled", ADMIN),
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
    for name in may:
        require_nothing_once_closed(cast.everyone()[name], act)


def require_nothing_once_closed(user: User, act: Act) -> None:
    closed = users.disable(by=None, user=user)
    before = fingerprint()
    with pytest.raises(Refused, match="权限"):
        act(closed)
    assert fingerprint() == before
