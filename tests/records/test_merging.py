"""Two rows of one person become one, and two again: nothing is lost on the way."""

from datetime import date
from typing import Any

import pytest
from django.db.models import Model

from guantong.records import access, clock, merging, sealing
from guantong.records.actions import (
    cases,
    ledger,
    memberships,
    people,
    relations,
    snapshots,
)
from guantong.records.actions import merging as actions
from guantong.records.drafts import Attended
from guantong.records.models import Absence, Entry, Event, Merge, Person, User
from tests.factories import SINCE, TODAY, Cast, appoint, make_activity, make_person, make_user
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import an_id

BORN = date(2000, 3, 7)
ID_NUMBER = an_id(8, "20000307")
LEFT = date(2022, 7, 1)


@pytest.fixture
def kept(cast: Cast) -> Person:
    """In branch A1 since she came over from A2, where the other row still is until July 2022."""
    return make_person("李重", cast.branch, since=date(2022, 6, 1), birth_date=BORN, number="S1")


@pytest.fixture
def other(cast: Cast, kept: Person) -> Person:
    person = make_person(
        "李重", cast.sibling, birth_date=BORN, id_number=ID_NUMBER, phone="13800000000",
        joined_on=date(2020, 5, 1), number="S2",
    )  # fmt: skip
    memberships.leave(by=None, person=person, on=LEFT, departure="transferred_out")
    return person


def merge(kept: Person, absorbed: Person, by: User | None = None) -> Merge:
    return actions.merge(by=by, kept=kept, absorbed=absorbed, reason="核对了身份证")


def everything() -> dict[tuple[str, Any], dict[str, Any]]:
    """All rows about people, as plain values; ids of rows and of people alike."""
    models: list[type[Model]] = [Person, *merging.RULES]
    return {
        (model.__name__, row.pk): snapshots.plain(row)
        for model in models
        for row in model._base_manager.all()
    }


def test_every_table_about_people_has_a_rule() -> None:
    linked = {relation.related_model for relation in Person._meta.related_objects}
    assert linked == {*merging.RULES, *merging.LEFT}


def test_all_that_is_known_comes_together(cast: Cast, kept: Person, other: Person) -> None:
    with one_event("person.merged"):
        merge(kept, other, cast.officer)
    kept.refresh_from_db()
    assert (kept.number, kept.joined_on) == ("S1", date(2020, 5, 1))
    assert sealing.unseal(kept, "id_number") == ID_NUMBER
    assert sealing.unseal(kept, "phone") == "13800000000"
    assert kept.id_index == sealing.id_index(ID_NUMBER)
    assert Person.objects.filter(name="李重").get() == kept
    assert other not in access.people(cast.office, "member.view")


def test_where_memberships_overlap_the_kept_one_holds(
    cast: Cast, kept: Person, other: Person
) -> None:
    plan = merging.planned(kept, other)
    assert [says for says in plan.conflicts if "2022-01-01 至 2022-07-01" in says]
    merge(kept, other)
    rows = kept.memberships.order_by("valid_from")
    assert list(rows.values_list("org", "valid_from", "valid_to")) == [
        (cast.sibling.pk, SINCE, date(2022, 6, 1)),
        (cast.branch.pk, date(2022, 6, 1), None),
    ]


def test_a_span_around_the_kept_one_leaves_two_pieces(cast: Cast) -> None:
    kept = make_person("李重", cast.branch, since=date(2022, 3, 1))
    memberships.leave(by=None, person=kept, on=date(2022, 4, 1), reason="误登")
    other = make_person("李重", cast.sibling)
    merge(kept, other)
    rows = kept.memberships.order_by("valid_from")
    assert list(rows.values_list("valid_from", "valid_to")) == [
        (SINCE, date(2022, 3, 1)),
        (date(2022, 3, 1), date(2022, 4, 1)),
        (date(2022, 4, 1), None),
    ]


def test_attendances_posts_and_relations_move(cast: Cast, kept: Person, other: Person) -> None:
    both, one = (
        make_activity(
            cast.sibling, held_on=date(2022, 6, day), late_reason="补录",
            attended=tuple(Attended(p.pk, "attendee", None) for p in who),
        )
        for day, who in ((5, (kept, other)), (6, (other,)))
    )  # fmt: skip
    post = appoint(other, cast.sibling, "committee_member", valid_to=LEFT)
    link = relations.record(
        by=None, kind="team", person=other, other_org=cast.sibling, valid_from=SINCE
    )
    assert [says for says in merging.planned(kept, other).conflicts if "两份都有出席" in says]
    merge(kept, other)
    assert set(kept.attendances.values_list("activity", flat=True)) == {both.pk, one.pk}
    assert kept.posts.get() == post
    assert kept.relations.get() == link
    assert not other.attendances.exists()


def test_an_attendance_outweighs_an_absence(cast: Cast, kept: Person, other: Person) -> None:
    held = make_activity(
        cast.sibling, held_on=date(2022, 6, 10), late_reason="补录",
        attended=(Attended(other.pk, "attendee", None),), absent={kept.pk: "请假"},
    )  # fmt: skip
    merge(kept, other)
    assert not Absence.objects.filter(activity=held).exists()
    assert kept.attendances.get().activity == held


def test_a_link_between_the_two_is_a_conflict_and_goes(
    cast: Cast, kept: Person, other: Person
) -> None:
    relations.record(
        by=None, kind="mentor", person=other, other_person=kept, valid_from=date(2022, 6, 1)
    )
    assert [says for says in merging.planned(kept, other).conflicts if "同一个人" in says]
    merge(kept, other)
    assert not kept.relations.exists()


def test_undoing_gives_every_row_back_as_it_was(cast: Cast, kept: Person, other: Person) -> None:
    make_activity(
        cast.sibling, held_on=date(2022, 6, 10), late_reason="补录",
        attended=(Attended(other.pk, "lecturer", None),), absent={kept.pk: "请假"},
    )  # fmt: skip
    relations.record(
        by=None, kind="mentor", person=other, other_person=kept, valid_from=date(2022, 6, 1)
    )
    appoint(other, cast.sibling, "committee_member", valid_to=LEFT)
    make_user("one", kept)
    make_user("two", other)
    before = everything()
    done = merge(kept, other, cast.officer)
    assert everything() != before
    with one_event("person.unmerged"):
        actions.undo(by=cast.officer, merge=done)
    assert everything() == before
    with refused("已经撤回"):
        actions.undo(by=None, merge=done)


def test_the_account_of_the_kept_row_stays(cast: Cast, kept: Person, other: Person) -> None:
    one, two = make_user("one", kept), make_user("two", other)
    done = merge(kept, other)
    for account in (one, two):
        account.refresh_from_db()
    assert (one.person, two.person) == (kept, None)
    User.objects.filter(pk=two.pk).update(last_login=clock.now())  # which is no change of it
    actions.undo(by=None, merge=done)
    two.refresh_from_db()
    assert two.person == other
    assert two.last_login


def entries() -> list[tuple[Any, ...]]:
    columns = ("obligation", "org", "person", "period_start", "required", "actual", "verdict")
    return sorted(Entry.objects.filter(assessment__live=True).values_list(*columns), key=str)


def test_the_ledger_is_that_of_one_person_and_of_two_again(
    cast: Cast, kept: Person, other: Person
) -> None:
    for day in (10, 11):
        make_activity(
            cast.sibling, held_on=date(2022, 6, day), late_reason="补录",
            attended=(Attended(other.pk, "lecturer", None),),
        )  # fmt: skip
    appoint(other, cast.sibling, "committee_member", valid_to=LEFT)
    relations.record(
        by=None, kind="contact_point", person=other, other_org=cast.college, valid_from=SINCE
    )
    ledger.rebuild()
    before = entries()
    done = merge(kept, other)
    live = entries()
    assert not Entry.objects.filter(person=other).exists()
    ledger.rebuild()
    assert live == entries() != before
    actions.undo(by=None, merge=done)
    assert entries() == before


def test_what_was_changed_since_is_not_undone(cast: Cast, kept: Person, other: Person) -> None:
    done = merge(kept, other)
    people.correct(by=None, person=Person.objects.get(pk=kept.pk), gender="2")
    with refused("有人改过基本信息"):
        actions.undo(by=None, merge=done)


def test_what_was_given_up_and_is_somebody_elses_by_now_is_not_taken_back(
    cast: Cast, kept: Person, other: Person
) -> None:
    done = merge(kept, other)
    make_person("别人", cast.branch, number="S2")
    with refused("登记在了别人名下"):
        actions.undo(by=None, merge=done)


def test_what_was_entered_since_stays_with_the_kept_one(
    cast: Cast, kept: Person, other: Person
) -> None:
    done = merge(kept, other)
    assert merging.since(done) == []
    post = appoint(kept, cast.branch, "committee_member")
    assert merging.since(done) == [("任职", 1)]
    actions.undo(by=None, merge=done)
    assert kept.posts.get() == post


def test_an_open_case_goes_with_the_person_and_comes_back(
    cast: Cast, kept: Person, other: Person
) -> None:
    away = make_person("李重", cast.sibling)
    case = cases.begin(by=None, process="care", org=cast.sibling, on=TODAY, person=away)
    merge(kept, away)
    case.refresh_from_db()
    assert (case.person, case.org) == (kept, cast.branch)
    actions.undo(by=None, merge=Merge.objects.latest("pk"))
    case.refresh_from_db()
    assert (case.person, case.org) == (away, cast.sibling)


def test_who_looked_at_the_absorbed_row_is_told_of_the_kept_one(
    cast: Cast, kept: Person, other: Person
) -> None:
    people.reveal(by=cast.officer, person=other, field="phone", reason="核对")
    merge(kept, other)
    assert access.looks(cast.officer, kept).count() == 1


def test_two_id_numbers_are_two_people(cast: Cast, other: Person) -> None:
    third = make_person("李重", cast.branch, id_number="11010519491231002X")
    with refused("身份证号不同"):
        merge(third, other)
    with refused("同一份记录"):
        merge(third, third)


def test_merging_needs_both_in_reach_and_a_reason(cast: Cast, kept: Person, other: Person) -> None:
    far = make_person("李重", cast.other_branch)
    for by in (cast.secretary, cast.outsider, cast.inspector):
        with refused():
            merge(kept, other, by)
    with refused("没有对该党员"):
        merge(kept, far, cast.officer)
    with refused("凭什么"):
        actions.merge(by=cast.officer, kept=kept, absorbed=other, reason=" ")
    merge(kept, far, cast.office)


def test_nobody_merges_his_own_row(cast: Cast, kept: Person) -> None:
    own = cast.officer.person
    assert own is not None
    with refused("由别人合并"):
        merge(kept, own, cast.officer)


def test_a_merged_row_cannot_be_merged_again(cast: Cast, kept: Person, other: Person) -> None:
    third = make_person("李重", cast.branch)
    merge(kept, other)
    with refused("已并入另一份"):
        merge(third, other)


# On entry


def test_one_name_and_birth_date_is_asked_about_and_not_refused(cast: Cast, kept: Person) -> None:
    new: dict[str, Any] = {
        "org": cast.branch, "status": "full", "since": TODAY, "name": "李重", "birth_date": BORN
    }  # fmt: skip
    with refused("同名、同出生日期") as caught:
        people.register(by=cast.secretary, **new)
    assert caught.value.fields.keys() == {"another"}
    assert cast.branch.short_name in caught.value.text
    with refused("您的范围之外"):
        people.register(by=cast.outsider, **{**new, "org": cast.other_branch})
    people.register(by=cast.secretary, another=True, **new)
    people.register(by=cast.secretary, **{**new, "birth_date": date(2000, 3, 8)})
    assert Person.objects.filter(name="李重").count() == 3


def test_another_id_number_answers_the_question(cast: Cast) -> None:
    make_person("李重", cast.branch, birth_date=BORN, id_number=ID_NUMBER)
    people.register(
        by=cast.secretary, org=cast.branch, status="full", since=TODAY, name="李重",
        birth_date=BORN, id_number=an_id(9, "20000307"),
    )  # fmt: skip


def test_the_trail_of_both_is_told_of_the_kept_one(
    cast: Cast, kept: Person, other: Person
) -> None:
    merge(kept, other, cast.officer)
    event = Event.objects.latest("id")
    assert event.detail["absorbed"] == other.pk
    assert event.detail["moved"] == {"组织关系": 1}
