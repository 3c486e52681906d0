"""The prepared rearrangement of branches: drawn up, carried out at once, taken back as a whole."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from guantong.records import recutting
from guantong.records.actions import ledger, memberships, orgs, posts, recuts
from guantong.records.models import Entry, Membership, Org, OrgSuccession, Person, Post, Recut
from guantong.records.recutting import Plan, Preview, SheetRow
from tests.factories import (
    SINCE,
    TODAY,
    Cast,
    appoint,
    make_activity,
    make_org,
    make_person,
    owner,
)
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import entries, records, spans

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def students(cast: Cast) -> list[Person]:
    """Six more members of branch A1."""
    return [make_person(f"学生{n}", cast.branch, number=f"2023{n}") for n in "一二三四五六"]


@pytest.fixture
def draft(cast: Cast) -> Recut:
    return recuts.prepare(
        by=cast.officer, org=cast.college, title="九月调整", category="", on_day=TODAY
    )


def ids(people: list[Person]) -> list[int]:
    return [person.pk for person in people]


def planned(draft: Recut, cast: Cast, students: list[Person]) -> Recut:
    """Four of them found a new branch; branch A2 ends and its member goes to A1."""
    draft = recuts.add_branch(by=cast.officer, recut=draft, name="新支部", category="faculty")
    draft = recuts.move(by=cast.officer, recut=draft, people=ids(students[:4]), to="n1")
    draft = recuts.close(by=cast.officer, recut=draft, org=cast.sibling, closing=True)
    one = [owner(cast.officer).pk]
    return recuts.move(by=cast.officer, recut=draft, people=one, to=str(cast.branch.pk))


def test_a_draft_changes_nothing_and_can_be_taken_up_again(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    before = records()
    planned(draft, cast, students)
    assert {k: v for k, v in records().items() if k != "Recut"} == {
        k: v for k, v in before.items() if k != "Recut"
    }
    plan = Plan.of(Recut.objects.get())
    assert set(plan.moves) == {*ids(students[:4]), owner(cast.officer).pk}
    assert plan.closes == {cast.sibling.pk}


def test_one_confirmation_founds_moves_and_dissolves(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = planned(draft, cast, students)
    with one_event("recut.carried_out"):
        recuts.carry_out(by=cast.officer, recut=draft)
    new = Org.objects.get(name="新支部")
    assert (new.valid_from, new.path) == (TODAY, f"{cast.college.path}{new.pk}/")
    assert spans(students[0]) == [
        (cast.branch.name, "full", SINCE, TODAY), (new.name, "full", TODAY, None)
    ]  # fmt: skip
    cast.sibling.refresh_from_db()
    assert cast.sibling.valid_to == TODAY
    (heir,) = OrgSuccession.objects.all()
    assert (heir.predecessor, heir.successor, heir.answers) == (cast.sibling, cast.branch, True)
    assert Membership.objects.on(TODAY).filter(org=cast.branch).count() == 5


def test_one_undo_takes_all_of_it_back(cast: Cast, draft: Recut, students: list[Person]) -> None:
    appoint(students[0], cast.branch, "committee_member", valid_to=date(2025, 1, 1))
    draft = planned(draft, cast, students)
    ledger.rebuild()
    before, ledger_before = records(), entries()
    recuts.carry_out(by=cast.officer, recut=draft)
    assert records() != before
    assert entries() != ledger_before
    with one_event("recut.undone"):
        recuts.undo(by=cast.officer, recut=draft)
    after = records()
    assert {k: v for k, v in after.items() if k != "Recut"} == {
        k: v for k, v in before.items() if k != "Recut"
    }
    assert entries() == ledger_before
    with refused("没有执行，或已经撤回"):
        recuts.undo(by=cast.officer, recut=draft)


def test_the_ledger_follows_at_once(cast: Cast, draft: Recut, students: list[Person]) -> None:
    ledger.rebuild()
    draft = planned(draft, cast, students)
    recuts.carry_out(by=None, recut=draft)
    after = entries()
    ledger.rebuild()
    assert entries() == after
    recuts.undo(by=None, recut=draft)
    after = entries()
    ledger.rebuild()
    assert entries() == after


def since_carried_out(cast: Cast, students: list[Person]) -> Iterator[tuple[str, object]]:
    new = Org.objects.get(name="新支部")
    yield "活动", lambda: make_activity(new, held_on=TODAY)
    yield "任职", lambda: appoint(students[0], new, "secretary", valid_from=TODAY)
    yield "组织关系", lambda: make_person("新来的", new, since=TODAY)
    yield (
        "组织信息后来改过",
        lambda: orgs.rename(by=None, org=new, name="改了名", on=TODAY),
    )
    yield (
        "组织关系后来改过",
        lambda: memberships.set_exempt(
            by=None, person=students[0], exempt=True, on=TODAY, reason="年老体弱"
        ),
    )
    yield (
        "又有了任职",
        lambda: appoint(owner(cast.officer), cast.branch, "committee_member", valid_from=TODAY),
    )


@pytest.mark.parametrize("which", range(6))
def test_undo_is_refused_with_the_reason_if_something_was_built_on_it(
    cast: Cast, draft: Recut, students: list[Person], which: int
) -> None:
    recuts.carry_out(by=None, recut=planned(draft, cast, students))
    why, act = list(since_carried_out(cast, students))[which]
    assert callable(act)
    act()
    with refused(why):
        recuts.undo(by=cast.officer, recut=draft)


def test_undo_is_refused_where_a_post_has_been_given_to_somebody_else(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.move(
        by=None, recut=draft, people=[owner(cast.secretary).pk], to=str(cast.sibling.pk)
    )
    recuts.carry_out(by=None, recut=draft, reason="人数不足")
    assert not Post.objects.on(TODAY).filter(org=cast.branch, post="secretary").exists()
    heir = posts.appoint(
        by=None, person=students[0], org=cast.branch, post="secretary", valid_from=TODAY
    )
    with refused("学生一自 2023-06-15"):
        recuts.undo(by=None, recut=draft)
    assert heir.valid_to is None
    posts.strike(by=cast.officer, post=heir)
    assert recuts.undo(by=None, recut=draft).state == "undone"


def test_nobody_may_be_left_without_a_branch(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.close(by=None, recut=draft, org=cast.branch, closing=True)
    draft = recuts.move(by=None, recut=draft, people=ids(students[:5]), to=str(cast.sibling.pk))
    left = Preview(draft).nowhere
    assert {mover.name for mover in left} == {"支书甲", "党员甲", "学生六"}
    with refused("还有 3 人没有分到支部"):
        recuts.carry_out(by=None, recut=draft)


def test_a_breach_is_carried_out_only_with_a_reason(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.add_branch(by=None, recut=draft, name="小支部", category="student")
    draft = recuts.move(by=None, recut=draft, people=ids(students[:2]), to="n1")
    with refused("小支部：正式党员 2 人，少于 3 人"):
        recuts.carry_out(by=None, recut=draft)
    recuts.carry_out(by=None, recut=draft, reason="暂与相邻支部联合")
    assert Org.objects.get(name="小支部").exists_on(TODAY)


def test_the_preview_counts_full_members_for_three_and_all_for_fifty(
    cast: Cast, draft: Recut
) -> None:
    for n in range(51):
        status = "probationary" if n else "full"
        make_person(f"预备{n}", cast.sibling, status=status)
    draft = recuts.move(
        by=None, recut=draft, people=[owner(cast.officer).pk], to=str(cast.branch.pk)
    )
    told = {p.name: [f.text for f in p.findings] for p in Preview(draft).places}
    assert told == {
        cast.branch.short_name: [],
        cast.sibling.short_name: ["正式党员 1 人，少于 3 人", "党员 51 人，超过 50 人"],
    }


def test_the_preview_names_secretaries_who_would_be_lost(cast: Cast, draft: Recut) -> None:
    to = str(cast.sibling.pk)
    draft = recuts.move(by=None, recut=draft, people=[owner(cast.secretary).pk], to=to)
    lost = {
        place.name: place.secretary for place in Preview(draft).places if place.loses_secretary
    }
    assert lost == {cast.branch.short_name: "支书甲"}
    assert f"{cast.branch.short_name}：书记支书甲任职结束" in list(Preview(draft).cautions())
    make_activity(cast.sibling, held_on=TODAY)
    draft = recuts.close(by=None, recut=draft, org=cast.sibling, closing=True)
    assert any("还有 1 项活动" in str(why) for why in Preview(draft).problems())


def test_a_sheet_says_where_everyone_goes_and_founds_what_it_names(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    named = [
        SheetRow(4, students[0].pk, "", "学生一", cast.sibling.short_name),
        SheetRow(5, None, "2023二", "学生二", "书院第一党支部"),
        SheetRow(6, students[2].pk, "", "学生三", ""),
    ]
    with refused("请选新党支部的类别"):
        recuts.fill_in(by=cast.officer, recut=draft, filled=named)
    only = recuts.prepare(
        by=None, org=cast.college, title="教师", category="faculty", on_day=TODAY
    )
    only = recuts.fill_in(by=cast.officer, recut=only, filled=named)
    preview = Preview(only)
    to = {mover.name: mover.to for mover in preview.movers}
    assert (to["学生一"], to["学生二"], to["学生三"]) == (str(cast.sibling.pk), "n1", "")
    assert [place.name for place in preview.places if place.new] == ["书院第一党支部"]
    make_org("学生旧支部", "branch", cast.college, category="student")
    with refused("不在这次调整的范围里"):
        beside = SheetRow(4, students[0].pk, "", "学生一", "学生旧支部")
        recuts.fill_in(by=cast.officer, recut=only, filled=[beside])


def test_a_sheet_with_strangers_is_refused_line_by_line(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    rows = [
        SheetRow(4, owner(cast.outsider).pk, "", "支书乙", cast.sibling.short_name),
        SheetRow(5, students[0].pk, "", "别人", cast.sibling.short_name),
        SheetRow(6, students[1].pk, "", "学生二", cast.sibling.short_name),
        SheetRow(7, students[1].pk, "", "学生二", cast.sibling.short_name),
    ]
    with refused("第 4 行：支书乙不在.*\n第 5 行：别人不在.*\n第 7 行：学生二写了两次"):
        recuts.fill_in(by=cast.officer, recut=draft, filled=rows)


def test_it_stays_below_its_organisation(cast: Cast, draft: Recut) -> None:
    with refused("不在要调整的党支部里"):
        recuts.move(by=None, recut=draft, people=[owner(cast.outsider).pk], to=str(cast.branch.pk))
    with refused("没有这个去处"):
        recuts.move(
            by=None, recut=draft, people=[owner(cast.member).pk], to=str(cast.other_branch.pk)
        )
    with refused("这次调整范围内"):
        recuts.close(by=None, recut=draft, org=cast.other_branch, closing=True)
    with refused("没有这类党支部"):
        recuts.prepare(by=None, org=cast.college, title="无", category="retired", on_day=TODAY)


def test_a_draft_may_be_for_a_day_to_come_but_is_not_carried_out_before(
    cast: Cast, draft: Recut
) -> None:
    draft = recuts.move(
        by=None, recut=draft, people=[owner(cast.member).pk], to=str(cast.sibling.pk)
    )
    draft = recuts.set_day(by=None, recut=draft, on_day=TOMORROW)
    with refused("不能预先办理"):
        recuts.carry_out(by=None, recut=draft, reason="人数不足")


def test_what_has_been_carried_out_is_planned_no_more(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.carry_out(by=None, recut=planned(draft, cast, students))
    with refused("不能再改"):
        recuts.add_branch(by=None, recut=draft, name="又一个", category="faculty")
    with refused("不能再改"):
        recuts.carry_out(by=None, recut=draft)


def test_who_left_meanwhile_is_left_out_and_who_came_stays(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = planned(draft, cast, students)
    memberships.leave(by=None, person=students[0], on=TODAY, reason="转出")
    came = make_person("新来的", cast.branch, since=TODAY)
    preview = Preview(draft)
    assert students[0].pk not in preview.moves
    assert {m.pk: m.to for m in preview.movers}[came.pk] == str(cast.branch.pk)
    recuts.carry_out(by=None, recut=draft)
    assert came.memberships.get().org == cast.branch


def test_a_branch_with_kept_ledgers_is_not_undone(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.carry_out(by=None, recut=planned(draft, cast, students))
    kept = ledger.keep_day(by=None, name="今天", day=TODAY)
    new = Org.objects.get(name="新支部")
    if Entry.objects.filter(assessment=kept, org=new).exists():
        with refused("已有"):
            recuts.undo(by=None, recut=draft)


def test_the_place_of_most_members_answers_for_a_branch_that_ends(
    cast: Cast, draft: Recut, students: list[Person]
) -> None:
    draft = recuts.close(by=None, recut=draft, org=cast.branch, closing=True)
    draft = recuts.add_branch(by=None, recut=draft, name="大", category="faculty")
    everyone = [m.pk for m in Preview(draft).movers if m.home == cast.branch.pk]
    draft = recuts.move(by=None, recut=draft, people=everyone, to=str(cast.sibling.pk))
    draft = recuts.move(by=None, recut=draft, people=ids(students[:5]), to="n1")
    assert Preview(draft).heirs(cast.branch) == ["n1", str(cast.sibling.pk)]
    assert recutting.concerned(draft).count() == 2
