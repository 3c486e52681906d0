"""Organisations that end, and others that continue them: dissolve, merge, split."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guantong.records import access, ledger
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.actions import orgs, recuts, relations, successions
from guantong.records.actions.successions import Part
from guantong.records.models import Membership, Org, OrgParent, OrgSuccession, Recut
from guantong.web.trees import Tree
from tests.factories import TODAY, Cast, make_activity, make_cast, make_org, make_person, owner
from tests.records.conftest import one_event, refused
from tests.records.test_kept import printed
from tests.records.test_ledger import afresh, live

BEFORE = TODAY - timedelta(days=1)


def heirs(org: Org) -> list[tuple[Org, bool]]:
    return [(row.successor, row.answers) for row in org.successions.order_by("pk")]


def test_the_heir_takes_in_members_and_answers_for_what_was_left_undone(cast: Cast) -> None:
    with one_event("org.dissolved"):
        successions.dissolve(
            by=cast.officer, org=cast.branch, on=TODAY, reason="批复", heir=cast.sibling
        )
    members = Membership.objects.on(TODAY).filter(org=cast.sibling)
    assert {owner(cast.secretary), owner(cast.member)} <= {m.person for m in members}
    assert heirs(cast.branch) == [(cast.sibling, True)]
    cast.branch.refresh_from_db()
    assert cast.branch.valid_to == TODAY
    assert Membership.objects.on(BEFORE).filter(org=cast.branch).count() == 2


def test_what_hangs_below_goes_over_to_the_heir(cast: Cast) -> None:
    successions.dissolve(
        by=cast.office, org=cast.college, on=TODAY, reason="撤并", heir=cast.other_college
    )
    hung = OrgParent.objects.filter(org=cast.branch)
    assert hung.on(TODAY).get().parent == cast.other_college
    assert hung.on(BEFORE).get().parent == cast.college
    cast.branch.refresh_from_db()
    assert cast.branch.path.startswith(cast.other_college.path)


def test_several_successors_need_one_that_answers(cast: Cast) -> None:
    empty = make_org("空党支部", "branch", cast.college)
    both = [cast.branch, cast.sibling]
    with refused("承接未完成的责任"):
        successions.dissolve(by=None, org=empty, on=TODAY, reason="分设", successors=both)
    successions.dissolve(
        by=None, org=empty, on=TODAY, reason="分设", successors=both, heir=cast.sibling
    )
    assert heirs(empty) == [(cast.sibling, True), (cast.branch, False)]


def test_links_and_institutions_end_with_the_organisation(cast: Cast) -> None:
    link = relations.record(
        by=None, org=cast.branch, kind="contact_point", person=owner(cast.officer),
        valid_from=date(2023, 1, 1),
    )  # fmt: skip
    successions.dissolve(by=None, org=cast.branch, on=TODAY, reason="批复", heir=cast.sibling)
    link.refresh_from_db()
    assert link.valid_to == TODAY


def test_what_begins_on_the_day_itself_stands_in_the_way(cast: Cast) -> None:
    relations.record(
        by=None, org=cast.branch, kind="contact_point", person=owner(cast.officer),
        valid_from=TODAY,
    )  # fmt: skip
    with refused(f"按 {TODAY + timedelta(days=1)} 或以后的日期办理，或先在本组织页面结束"):
        successions.dissolve(by=None, org=cast.branch, on=TODAY, reason="批复", heir=cast.sibling)


def test_the_rights_of_a_post_end_when_its_organisation_does(cast: Cast) -> None:
    assert not access.check(cast.secretary, "activity.record", cast.branch)
    successions.dissolve(by=None, org=cast.branch, on=TODAY, reason="批复", heir=cast.sibling)
    assert access.check(cast.secretary, "activity.record", cast.branch)
    assert access.check(cast.secretary, "activity.record", cast.sibling)


def test_merge_into_a_new_organisation(cast: Cast) -> None:
    with one_event("org.merged"):
        new = successions.merge(
            by=cast.officer, merging=[cast.branch, cast.sibling], into=None, on=TODAY,
            reason="批复", name="甲学院教师党支部",
        )  # fmt: skip
    assert (new.category, new.valid_from) == ("faculty", TODAY)
    assert Membership.objects.on(TODAY).filter(org=new).count() == 3
    assert {row.predecessor for row in new.origins.all()} == {cast.branch, cast.sibling}
    assert not Org.objects.on(TODAY).filter(pk__in=[cast.branch.pk, cast.sibling.pk]).exists()


def test_merge_refuses_what_does_not_go_together(cast: Cast) -> None:
    with refused("至少选两个"):
        successions.merge(
            by=None, merging=[cast.branch], into=None, on=TODAY, reason="", name="新"
        )
    with refused("写新党组织的名称"):
        successions.merge(
            by=None, merging=[cast.branch, cast.sibling], into=None, on=TODAY, reason=""
        )
    with refused("同一类"):
        successions.merge(by=None, merging=[cast.branch], into=cast.college, on=TODAY, reason="")
    with refused("不能同时被合并掉"):
        successions.merge(by=None, merging=[cast.branch], into=cast.branch, on=TODAY, reason="")


def test_nobody_continues_itself_or_one_that_is_not_there(cast: Cast) -> None:
    same = [cast.branch, cast.branch]
    with refused("至少选两个"):
        successions.merge(by=None, merging=same, into=None, on=TODAY, reason="", name="新")
    empty = make_org("空党支部", "branch", cast.college)
    with refused("自己承接自己"):
        successions.dissolve(by=None, org=empty, on=TODAY, reason="批复", successors=[empty])
    gone = successions.dissolve(by=None, org=empty, on=TODAY, reason="批复")
    other = make_org("又一空支部", "branch", cast.college)
    with refused("不存在，不能由它接续"):
        successions.dissolve(by=None, org=other, on=TODAY, reason="批复", heir=gone)


def test_split_leaves_the_rest_where_it_is(cast: Cast) -> None:
    part = Part("甲学院教师第三党支部", people=frozenset({owner(cast.member).pk}))
    with one_event("org.split"):
        (new,) = successions.split(
            by=cast.officer, org=cast.branch, parts=[part], on=TODAY, reason="批复"
        )
    assert owner(cast.member).memberships.on(TODAY).get().org == new
    assert owner(cast.secretary).memberships.on(TODAY).get().org == cast.branch
    assert heirs(cast.branch) == [(new, False)]
    cast.secretary_post.refresh_from_db()
    assert cast.secretary_post.valid_to is None


def test_split_that_ends_the_organisation_leaves_nobody(cast: Cast) -> None:
    one = Part("第三", people=frozenset({owner(cast.member).pk}))
    two = Part("第四", people=frozenset({owner(cast.secretary).pk}))
    with refused("还有 1 名党员"):
        successions.split(by=None, org=cast.branch, parts=[one], on=TODAY, reason="", ends=True)
    made = successions.split(
        by=None, org=cast.branch, parts=[one, two], on=TODAY, reason="", ends=True
    )
    assert heirs(cast.branch) == [(made[0], True), (made[1], False)]


def test_split_of_a_committee_moves_what_hangs_below(cast: Cast) -> None:
    part = Part("丙学院党委", below=frozenset({cast.sibling.pk}))
    (new,) = successions.split(by=cast.office, org=cast.college, parts=[part], on=TODAY, reason="")
    cast.sibling.refresh_from_db()
    assert cast.sibling.path.startswith(new.path)
    again = Part("丁学院党委", below=frozenset({cast.sibling.pk}))
    with refused("已不在"):
        successions.split(by=None, org=cast.college, parts=[again], on=TODAY, reason="")


# Past ledgers

PAST = date(2023, 3, 31)
days = st.dates(PAST + timedelta(days=1), TODAY)
picks = st.integers(0, 10**6)


def pick(rows, number):
    found = list(rows.order_by("pk"))
    if not found:
        raise Refused("没有")
    return found[number % len(found)]


def branches():
    return Org.objects.on(TODAY).filter(kind="branch")


def found(day, a, b):
    parent = pick(Org.objects.on(TODAY).filter(kind="college_committee"), a)
    orgs.found(
        by=None, name=f"新{a}", kind="branch", parent=parent, valid_from=day, category="student"
    )


def rename(day, a, b):
    orgs.rename(by=None, org=pick(branches(), a), name=f"改名{b}", on=day)


def hang_elsewhere(day, a, b):
    parent = pick(Org.objects.on(TODAY).filter(kind="college_committee"), b)
    orgs.move(by=None, org=pick(branches(), a), parent=parent, on=day)


def merge(day, a, b):
    successions.merge(
        by=None, merging=[pick(branches(), a)], into=pick(branches(), b), on=day, reason=""
    )


def merge_colleges(day, a, b):
    colleges = Org.objects.on(TODAY).filter(kind="college_committee")
    one, two = pick(colleges, a), pick(colleges, b)
    if one != two:
        successions.merge(
            by=None, merging=[one, two], into=None, on=day, reason="", name=f"合并{a}"
        )


def split(day, a, b):
    org = pick(branches(), a)
    people = Membership.objects.filter(org=org, valid_to=None).values_list("person", flat=True)
    part = Part(f"分设{a}", people=frozenset(list(people)[: b % 3]))
    successions.split(by=None, org=org, parts=[part], on=day, reason="", ends=bool(b % 2))


def dissolve(day, a, b):
    heir = pick(branches(), b)
    successions.dissolve(by=None, org=pick(branches(), a), on=day, reason="", heir=heir)


def recut(day, a, b):
    college = pick(Org.objects.on(TODAY).filter(kind="college_committee"), a)
    draft = recuts.prepare(by=None, org=college, title="调整", category="", on_day=day)
    here = Membership.objects.filter(org__in=Org.objects.below(college), valid_to=None)
    people = [m.person_id for m in here.order_by("pk")[: b % 4 + 1]]
    draft = recuts.add_branch(by=None, recut=draft, name=f"重划{a}", category="student")
    recuts.move(by=None, recut=draft, people=people, to="n1")
    recuts.carry_out(by=None, recut=draft, reason="测试")


def undo_recut(day, a, b):
    recuts.undo(by=None, recut=pick(Recut.objects.filter(state="carried_out"), a))


CHANGES = {
    verb.__name__: verb
    for verb in (
        found, rename, hang_elsewhere, merge, merge_colleges, split, dissolve, recut, undo_recut,
    )
}  # fmt: skip


def over():
    """What the ledger of the past day, worked out now, says of periods that were over then."""
    found = ledger.answer(ledger.question(on=PAST))
    return sorted((e for e in found if e.period.end <= PAST), key=lambda e: e.sort_key)


@st.composite
def reorganisations(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=2, max_size=6))
    return [(verb, draw(days), draw(picks), draw(picks)) for verb in chosen]


@pytest.mark.django_db
def test_past_ledgers_reprint_unchanged_after_any_reorganisation():
    """The kept one byte for byte; worked out again, every period that was over; by the tree and
    the names of its day. And today's ledger still equals the one worked out from nothing.
    """
    cast = make_cast()
    for name in ("一", "二", "三"):
        make_person(f"党员{name}", cast.branch)
    make_activity(cast.branch, held_on=date(2023, 2, 1), late_reason="补记")
    upkeep.rebuild()
    kept = upkeep.keep_day(by=None, name="一季度", day=PAST)
    before = printed(kept), over(), Tree.of(PAST)
    names = dict(Org.objects.values_list("pk", "name"))
    done = set()

    @settings(
        max_examples=30, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(reorganisations())
    @example([(verb, date(2023, 4, n), n, n) for n, verb in enumerate(CHANGES, 1)])
    @example(
        [("hang_elsewhere", TODAY, 0, 1), ("recut", TODAY, 0, 3), ("undo_recut", TODAY, 0, 0)]
    )
    def holds(sequence):
        with transaction.atomic():
            for verb, day, a, b in sequence:
                try:
                    with transaction.atomic():
                        CHANGES[verb](day, a, b)
                    done.add(verb)
                except Refused:
                    continue
            after = printed(kept), over(), Tree.of(PAST)
            assert after[:2] == before[:2], sequence
            for org in Org.objects.filter(pk__in=names):
                assert after[2].path(org) == before[2].path(org), sequence
                assert after[2].called(org).name == names[org.pk], sequence
            assert live() == afresh(), sequence
            transaction.set_rollback(True)

    holds()
    assert len(set(CHANGES) - done) <= 1, done


def test_who_is_nobody_s_heir_answers_for_nothing(cast: Cast) -> None:
    empty = make_org("空党支部", "branch", cast.college)
    successions.dissolve(by=None, org=empty, on=TODAY, reason="撤销")
    assert not OrgSuccession.objects.exists()
