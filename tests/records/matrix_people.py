"""The actions about people for `test_matrix`: how each is prepared, its event, who may."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from guantong.records.actions import (
    corrections,
    letters,
    lifecycle,
    memberships,
    merging,
    people,
    registers,
    relations,
    restricted,
)
from guantong.records.models import Person, User
from tests.factories import SINCE, TODAY, Cast, make_person, owner

type Act = Callable[[User], Any]

BRANCH, COLLEGE = {"secretary", "officer", "office"}, {"officer", "office"}
SAYS: Final = {"about": "入党时间", "says": "应为 2020-06-01"}


def advance(c: Cast) -> Act:
    person = make_person("积极者", c.branch, status="activist")
    return lambda by: lifecycle.advance(by=by, person=person, status="candidate", on=TODAY)


def suspend(c: Cast) -> Act:
    person = make_person("停止者", c.branch)
    return lambda by: lifecycle.suspend(by=by, person=person, on=TODAY, reason="上级批准")


def resume(c: Cast) -> Act:
    person = make_person("恢复者", c.branch, status="suspended")
    return lambda by: lifecycle.resume(by=by, person=person, on=TODAY, reason="上级批准")


def merge(c: Cast) -> Act:
    kept, other = make_person("重名者", c.branch), make_person("重名者", c.sibling)
    return lambda by: merging.merge(by=by, kept=kept, absorbed=other, reason="核对")


def merge_with_another_college(c: Cast) -> Act:
    kept, other = make_person("重名者", c.branch), make_person("重名者", c.other_branch)
    return lambda by: merging.merge(by=by, kept=kept, absorbed=other, reason="核对")


def undo_merge(c: Cast) -> Act:
    kept, other = make_person("重名者", c.branch), make_person("重名者", c.sibling)
    done = merging.merge(by=None, kept=kept, absorbed=other, reason="核对")
    return lambda by: merging.undo(by=by, merge=done)


def extend_probation(c: Cast) -> Act:
    person = make_person("预备者", c.branch, status="probationary", joined_on=SINCE)
    until = date(2023, 12, 31)
    return lambda by: lifecycle.extend_probation(
        by=by, person=person, on=TODAY, until=until, reason="支部大会"
    )


def correct_span(c: Cast) -> Act:
    row = make_person("记错者", c.branch).memberships.get()
    given = {"org": c.branch, "status": "probationary", "valid_from": SINCE, "valid_to": None}
    return lambda by: memberships.correct(by=by, membership=row, reason="记错", **given)


def record_restricted(c: Cast) -> Act:
    person = make_person("困难者", c.branch)
    return lambda by: restricted.record(by=by, person=person, wage="5200")


def reveal_restricted(c: Cast) -> Act:
    restricted.record(by=None, person=owner(c.member), wage="5200")
    return lambda by: people.reveal(by=by, person=owner(c.member), field="wage", reason="核定党费")


def hand_out(c: Cast) -> Act:
    return lambda by: people.hand_out(by=by, person=owner(c.member))


def ask(c: Cast) -> Act:
    return lambda by: corrections.ask(by=by, person=owner(c.member), **SAYS)


def answer(c: Cast) -> Act:
    asked = corrections.ask(by=None, person=owner(c.member), **SAYS)
    return lambda by: corrections.answer(by=by, request=asked, accepted=True, answer="")


def enter_register(c: Cast) -> Act:
    person = make_person("流动者", c.branch)
    return lambda by: registers.enter(by=by, person=person, kind="mobile", valid_from=TODAY)


def get_in_touch(c: Cast) -> Act:
    person = make_person("流动者", c.branch)
    return lambda by: registers.get_in_touch(by=by, person=person, on_day=TODAY, how="电话")


def take_off_register(c: Cast) -> Act:
    person = make_person("流动者", c.branch)
    row = registers.enter(by=None, person=person, kind="mobile", valid_from=SINCE)
    return lambda by: registers.take_off(by=by, row=row, on=TODAY, reason="返校")


def _leaver(c: Cast) -> Person:
    return make_person(
        "毕业者", c.branch, id_number="11010119900307395X", birth_date=date(1990, 3, 7),
        phone="13800138000", joined_on=date(2019, 5, 1), full_member_on=date(2020, 5, 1),
    )  # fmt: skip


def _letter(person: Person) -> dict[str, Any]:
    return {
        "person": person, "number": "1", "heading": "某市委组织部", "to_unit": "某中学",
        "issued_on": TODAY, "valid_days": 90, "dues_until": TODAY,
    }  # fmt: skip


def issue_letter(c: Cast) -> Act:
    letter = _letter(_leaver(c))
    return lambda by: letters.issue(by=by, **letter)


def receive_letter(c: Cast) -> Act:
    letter = letters.issue(by=None, **_letter(_leaver(c)))
    return lambda by: letters.receive(by=by, letter=letter, on=TODAY)


def send_letter_back(c: Cast) -> Act:
    letter = letters.issue(by=None, **_letter(_leaver(c)))
    return lambda by: letters.send_back(by=by, letter=letter, on=TODAY, reason="抬头有误")


def record_pioneer_post(c: Cast) -> Act:
    return lambda by: relations.record(
        by=by, kind="pioneer_post", person=owner(c.member), org=c.branch, valid_from=TODAY
    )


PEOPLE: Final[list[tuple[Callable[[Cast], Act], str, set[str]]]] = [
    (advance, "membership.advanced", BRANCH),
    (suspend, "membership.suspended", BRANCH),
    (extend_probation, "membership.probation_extended", BRANCH),
    (correct_span, "membership.corrected", BRANCH),
    (resume, "membership.resumed", BRANCH),
    (merge, "person.merged", COLLEGE),
    (merge_with_another_college, "person.merged", {"office"}),
    (undo_merge, "person.unmerged", COLLEGE),
    (record_restricted, "restricted.recorded", COLLEGE),
    (reveal_restricted, "person.revealed", COLLEGE | {"member"}),
    (hand_out, "person.handed_out", {"member"}),
    (ask, "correction.asked", BRANCH | {"member"}),
    (answer, "correction.answered", BRANCH),
    (enter_register, "whereabouts.entered", BRANCH),
    (get_in_touch, "contact.made", BRANCH),
    (take_off_register, "whereabouts.ended", BRANCH),
    (issue_letter, "letter.issued", BRANCH),
    (receive_letter, "membership.ended", BRANCH),
    (send_letter_back, "letter.returned", BRANCH),
    (record_pioneer_post, "relation.recorded", BRANCH),
]
