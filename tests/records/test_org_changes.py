"""A single change of the organisations, and taking it back as if it had not been."""

from collections.abc import Callable
from typing import Any

import pytest

from guantong.records.actions import ledger, orgs, restoring, successions
from guantong.records.actions.successions import Part
from guantong.records.drafts import Attended
from guantong.records.models import Org, OrgChange
from tests.factories import TODAY, Cast, appoint, make_activity, make_org, make_person, owner
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import entries, records

DAY = {"by": None, "on": TODAY}
WHY = {**DAY, "reason": "批复"}
VERBS: dict[str, Callable[[Cast], Any]] = {
    "org.founded": lambda c: make_org("新支部", "branch", c.college, category="student"),
    "org.renamed": lambda c: orgs.rename(**DAY, org=c.college, name="丙学院党委"),
    "org.moved": lambda c: orgs.move(**DAY, org=c.branch, parent=c.other_college),
    "org.dissolved": lambda c: successions.dissolve(**WHY, org=c.branch, heir=c.sibling),
    "org.merged": lambda c: successions.merge(
        **WHY, merging=[c.branch, c.sibling], into=None, name="教师党支部"
    ),
    "org.split": lambda c: successions.split(
        **WHY, org=c.branch, parts=[Part("三", people=frozenset({owner(c.member).pk}))]
    ),
}
COLLEGES: dict[str, Callable[[Cast], Any]] = {
    "dissolved": lambda c: successions.dissolve(**WHY, org=c.college, heir=c.other_college),
    "merged": lambda c: successions.merge(**WHY, merging=[c.college], into=c.other_college),
    "split": lambda c: successions.split(
        **WHY, org=c.college, parts=[Part("丁学院党委", below=frozenset({c.branch.pk}))]
    ),
}


def last() -> OrgChange:
    return OrgChange.objects.latest("pk")


def all_but_changes() -> dict[str, list[Any]]:
    return {name: rows for name, rows in records().items() if name != "OrgChange"}


@pytest.mark.parametrize("kind", [*VERBS, *COLLEGES])
def test_taken_back_every_row_is_as_before_and_so_is_the_ledger(cast: Cast, kind: str) -> None:
    ledger.rebuild()
    before, ledger_before = all_but_changes(), entries()
    (VERBS | COLLEGES)[kind](cast)
    assert all_but_changes() != before
    with one_event("org.change_undone"):
        restoring.undo(by=cast.office, change=last())
    assert all_but_changes() == before
    assert entries() == ledger_before
    with refused("已经撤回"):
        restoring.undo(by=None, change=last())


def made(name: str) -> Org:
    return Org.objects.get(name=name)


def held_with_a_member_who_moved(cast: Cast) -> None:
    there = (Attended(owner(cast.member).pk, "attendee", None),)
    make_activity(cast.sibling, held_on=TODAY, attended=there)


def another_of_the_name(cast: Cast) -> None:
    orgs.found(
        by=None, name=cast.branch.name, kind="branch", parent=cast.college, valid_from=TODAY,
        category="faculty",
    )  # fmt: skip


def a_secretary_of_the_new_branch(cast: Cast) -> None:
    appoint(owner(cast.member), made("教师党支部"), "secretary", valid_from=TODAY)


SINCE: list[tuple[str, Callable[[Cast], Any], str]] = [
    ("org.merged", lambda c: make_activity(made("教师党支部"), held_on=TODAY), "已有活动"),
    ("org.merged", a_secretary_of_the_new_branch, "任职"),
    ("org.merged", lambda c: orgs.rename(**DAY, org=made("教师党支部"), name="又名"), "后来改过"),
    ("org.dissolved", held_with_a_member_who_moved, "已记录调整后的人员"),
    ("org.dissolved", another_of_the_name, "另有组织叫"),
    ("org.moved", lambda c: orgs.move(**DAY, org=c.branch, parent=c.college), "隶属关系后来改过"),
    ("org.renamed", lambda c: orgs.rename(**DAY, org=c.college, name="戊"), "信息后来改过"),
    ("org.founded", lambda c: make_person("新人", made("新支部"), since=TODAY), "已有组织关系"),
]


@pytest.mark.parametrize(("kind", "since", "why"), SINCE)
def test_what_was_built_on_it_stands_in_the_way_and_is_named(
    cast: Cast, kind: str, since: Callable[[Cast], Any], why: str
) -> None:
    VERBS[kind](cast)
    change = last()
    since(cast)
    with refused(why):
        restoring.undo(by=cast.office, change=change)


def test_a_move_above_does_not_stand_in_the_way(cast: Cast) -> None:
    middle = make_org("总支", "general_branch", cast.college)
    orgs.move(**DAY, org=cast.branch, parent=middle)
    change = last()
    successions.dissolve(**WHY, org=cast.sibling, heir=cast.branch)
    dissolved = last()
    orgs.move(**DAY, org=middle, parent=cast.other_college)
    restoring.undo(by=cast.office, change=dissolved)
    restoring.undo(by=cast.office, change=change)
    cast.branch.refresh_from_db()
    assert cast.branch.path == f"{cast.college.path}{cast.branch.pk}/"


def test_it_needs_the_say_on_all_that_it_was_about(cast: Cast) -> None:
    orgs.move(**DAY, org=cast.branch, parent=cast.other_college)
    assert restoring.undoable(cast.office, [last()])
    assert not restoring.undoable(cast.officer, [last()])
    with refused("无权|没有"):
        restoring.undo(by=cast.officer, change=last())
