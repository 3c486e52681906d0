"""Taking an import back: every row as before, or nothing; the ledger keeps step."""

from datetime import date
from typing import Any

import pytest

from guantong.records.actions import activities, imports, ledger, memberships, people, relations
from guantong.records.drafts import Attended
from guantong.records.imports.rows import Named, Parsed, RollRow
from guantong.records.models import Activity, Membership, Org, Person
from tests.factories import TODAY, Cast, appoint, make_activity, make_draft, make_person
from tests.records.conftest import fingerprint, one_event, refused
from tests.records.spreadsheets import A1, A2, an_id, entries, held, records, roll, run

pytestmark = pytest.mark.django_db


def everything_at_once(cast: Cast) -> Parsed[RollRow]:
    moved = make_person("移样", cast.branch, status="probationary", number="M1",
                        phone="13811111111", id_number=an_id(7))  # fmt: skip
    appoint(moved, cast.branch, "leading_cadre")
    gone = make_person("归样", cast.branch, number="G1")
    memberships.leave(by=None, person=gone, on=date(2023, 1, 1), reason="转出")
    make_person("同样", cast.branch)
    return roll(
        {"name": "新样", "id_number": an_id(9), "phone": "13822222222",
         "branch_since": date(2022, 5, 1)},
        {"name": "移样", "number": "M1", "org": A2, "full_member_on": date(2023, 3, 1),
         "branch_since": date(2023, 5, 1), "phone": "13833333333", "birth_date": date(1990, 1, 1)},
        {"name": "归样", "number": "G1"},
        {"name": "党员甲", "number": "D1"},
        {"name": "同样"},
    )  # fmt: skip


def test_undoing_a_roll_restores_every_row(cast: Cast) -> None:
    parsed = everything_at_once(cast)
    ledger.rebuild()
    ledger.as_of(date(2023, 3, 31))
    before, owed = records(), entries()
    batch = run(parsed, by=cast.officer)
    assert batch.reading["counts"] == {
        "new": 1,
        "changed": 3,
        "same": 1,
        "missing": 2,
        "problem": 0,
        "conflict": 0,
        "excluded": 0,
    }
    assert records() != before
    ledger.as_of(date(2023, 3, 31))  # names the new person
    with one_event("import.undone"):
        imports.undo(by=cast.officer, batch=batch)
    assert records() == before
    assert entries() == owed
    with refused("已撤回"):
        imports.undo(by=cast.officer, batch=batch)


def test_undoing_activities_restores_every_row(cast: Cast) -> None:
    ledger.rebuild()
    before, owed = records(), entries()
    batch = run(
        held({}, {"kind": "branch_assembly", "absent": (Named("党员甲", "病假"),), "hours": None})
    )
    assert Activity.objects.count() == 2
    imports.undo(by=None, batch=batch)
    assert records() == before
    assert entries() == owed


@pytest.mark.parametrize("undone", [False, True])
def test_the_ledger_keeps_step(cast: Cast, undone: bool) -> None:
    parsed = everything_at_once(cast)
    ledger.rebuild()
    batches = [run(parsed), run(held({}, {"held_on": date(2023, 3, 3)}))]
    for batch in reversed(batches) if undone else ():
        imports.undo(by=None, batch=batch)
    live = entries()
    ledger.rebuild()
    assert live == entries()


def correct(person: Person) -> None:
    people.correct(by=None, person=person, number="X1")


def transfer(person: Person) -> None:
    cast_org = Org.objects.get(name=A2)
    memberships.transfer_within(by=None, person=person, to=cast_org, on=TODAY)


def take_part(person: Person) -> None:
    branch = Org.objects.get(name=A1)
    make_activity(branch, held_on=TODAY, attended=(Attended(person.pk),))


def be_linked(person: Person) -> None:
    branch = Org.objects.get(name=A1)
    relations.record(
        by=None, kind="contact_point", person=person, other_org=branch, valid_from=TODAY
    )


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (correct, "“李样”的党员信息在导入后改过"),
        (transfer, "“李样”的组织关系在导入后改过"),
        (take_part, "“李样”在导入后有了出席记录"),
        (be_linked, "“李样”在导入后有了联系或结对"),
    ],
)
def test_what_was_used_since_is_not_taken_away(cast: Cast, later: Any, says: str) -> None:
    batch = run(roll({"name": "李样", "branch_since": date(2023, 6, 1)}, {"name": "王样"}))
    later(Person.objects.get(name="李样"))
    with refused(says):
        imports.undo(by=None, batch=batch)


def test_a_corrected_activity_is_not_taken_away(cast: Cast) -> None:
    batch = run(held({}))
    activity = Activity.objects.get()
    activities.correct(
        by=None, activity=activity, version=1, draft=make_draft(cast.branch, title="改")
    )
    with refused("“改”的活动记录在导入后改过"):
        imports.undo(by=None, batch=batch)


def test_the_fingerprint_sees_a_change(cast: Cast) -> None:
    before, kept = fingerprint(), records()
    Membership.objects.filter(pk=Membership.objects.first().pk).update(end_reason="x")
    assert fingerprint() != before
    assert records() != kept
