"""Posts, terms, relations, figures and documents: what they refuse and what they leave."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import Max

from guantong.records import access, qualification
from guantong.records.actions import (
    documents,
    figures,
    ledger,
    memberships,
    orgs,
    posts,
    relations,
    terms,
)
from guantong.records.models import Entry, Figure, Org, Person, Term
from guantong.records.qualification import Candidate, Evidence
from tests.factories import SINCE, TODAY, Cast, appoint, make_person, owner
from tests.records.conftest import refused

TOMORROW = TODAY + timedelta(days=1)


def test_a_post_with_one_holder_is_free_again_when_it_ends(cast: Cast) -> None:
    heir = make_person("继任者", cast.branch)
    with refused("支书甲自 2022-01-01 至今已任“甲学院教师第一党支部”书记"):
        posts.appoint(
            by=cast.officer, person=heir, org=cast.branch, post="secretary", valid_from=TODAY
        )
    posts.end(by=cast.officer, post=cast.secretary_post, on=TODAY)
    held = posts.appoint(
        by=cast.officer, person=heir, org=cast.branch, post="secretary", valid_from=TODAY
    )
    assert held.double_leader is None


def test_several_hold_a_post_that_is_not_single_but_nobody_twice(cast: Cast) -> None:
    for name in ("委员一", "委员二"):
        appoint(make_person(name, cast.branch), cast.branch, "committee_member")
    again = owner(cast.member)
    appoint(again, cast.branch, "committee_member")
    with refused("已任"):
        appoint(again, cast.branch, "committee_member", valid_from=TODAY)


def test_appoint_refuses_strangers_oneself_and_odd_days(cast: Cast) -> None:
    me, far = owner(cast.officer), owner(cast.outsider)
    with refused("由别人办理"):
        posts.appoint(
            by=cast.officer, person=me, org=cast.college, post="secretary", valid_from=TODAY
        )
    with refused("该党员"):
        posts.appoint(by=cast.officer, person=far, org=cast.college, post="dean", valid_from=TODAY)
    with refused("没有“king”"):
        appoint(me, cast.college, "king")
    with refused("结束日应在开始日之后"):
        appoint(me, cast.college, "dean", valid_to=SINCE)
    for org, post in ((cast.branch, "dean"), (cast.college, "president")):
        with refused("没有.+这一职务"):
            appoint(me, org, post)
    gone = make_person("离开者", cast.branch)
    memberships.leave(by=None, person=gone, on=date(2023, 1, 1), reason="转出")
    with refused("没有组织关系"):
        appoint(gone, cast.branch, "committee_member", valid_from=TODAY)


def test_nobody_ends_his_own_post(cast: Cast) -> None:
    own = owner(cast.officer).posts.get()
    with refused("由别人办理"):
        posts.end(by=cast.officer, post=own, on=TODAY)


def test_flags_are_stated_later(cast: Cast) -> None:
    post = posts.set_flags(
        by=cast.officer, post=cast.secretary_post, double_leader=True, full_time=False
    )
    post.refresh_from_db()
    assert (post.double_leader, post.full_time) == (True, False)


def test_terms_follow_elections(cast: Cast) -> None:
    terms.record(by=cast.officer, org=cast.branch, elected_on=SINCE, expires_on=date(2025, 1, 1))
    with refused("已登记"):
        terms.record(
            by=cast.officer, org=cast.branch, elected_on=SINCE, expires_on=date(2026, 1, 1)
        )
    with refused("应在当选日期之后"):
        terms.record(by=cast.officer, org=cast.branch, elected_on=TODAY, expires_on=TODAY)
    with refused("今天之后"):
        terms.record(
            by=cast.officer, org=cast.branch, elected_on=TOMORROW, expires_on=date(2026, 1, 1)
        )


def test_an_extension_needs_an_approval_and_lasts_a_year_at_most(cast: Cast) -> None:
    term = terms.record(
        by=cast.officer, org=cast.branch, elected_on=SINCE, expires_on=date(2025, 1, 1)
    )

    def extend(to: date, approval: str = "学校批复", on: date = TODAY) -> Term:
        return terms.extend(
            by=cast.officer, term=term, extended_to=to, approval=approval, approved_on=on
        )

    with refused("晚于任期届满日"):
        extend(date(2025, 1, 1))
    with refused("最迟延到 2026-01-01.*选举工作条例》第 3 条"):
        extend(date(2026, 1, 2))
    with refused("批准延期的文件"):
        extend(date(2025, 3, 1), approval=" ")
    with refused("批准日期还没到"):
        extend(date(2025, 3, 1), on=TOMORROW)
    with refused("早于这一届的当选日期"):
        extend(date(2025, 3, 1), on=date(2021, 12, 31))
    extended = extend(date(2026, 1, 1))
    assert (extended.extended_to, extended.approval, extended.approved_on) == (
        date(2026, 1, 1), "学校批复", TODAY
    )  # fmt: skip


def test_a_term_lasts_as_its_kind_usually_does_or_as_the_organisation_s_own(cast: Cast) -> None:
    def expires(org: Org, elected_on: date) -> date:
        return terms.record(by=None, org=org, elected_on=elected_on).expires_on

    assert expires(cast.branch, SINCE) == date(2025, 1, 1)
    assert expires(cast.college, SINCE) == date(2027, 1, 1)
    with refused("依据"):
        orgs.describe(by=None, org=cast.branch, units="", term_years=4)
    with refused("1 至 10"):
        orgs.describe(by=None, org=cast.branch, units="", term_years=40, reason="批复")
    branch = orgs.describe(by=None, org=cast.branch, units="", term_years=4, reason="批复")
    assert expires(branch, date(2023, 1, 1)) == date(2027, 1, 1)


def test_whoever_a_rule_excludes_is_not_appointed(cast: Cast) -> None:
    new = make_person("预备党员", cast.branch, status="probationary")
    with refused("预备党员在 2023-06-15 还不是正式党员.*第 5 条"):
        posts.appoint(
            by=None, person=new, org=cast.branch, post="committee_member", valid_from=TODAY
        )
    assert appoint(new, cast.college, "leading_cadre", valid_from=TODAY)


def told(person: Person, org: Org, **more: str) -> list[str]:
    candidate = Candidate(person, org, "secretary", TODAY, **more)
    return [one.text for one in qualification.findings(candidate) if not one.must]


def test_what_is_only_general_is_told_with_its_rule(cast: Cast) -> None:
    young = make_person("新转正", cast.branch, full_member_on=date(2023, 1, 1))
    assert told(young, cast.branch) == [
        "2023-01-01 转正，党龄不满 1 年", "教师支部书记没有登记是双带头人"
    ]  # fmt: skip
    assert told(young, cast.branch, qualified_as="double_leader") == told(young, cast.branch)[:1]
    assert told(owner(cast.outsider), cast.other_branch) == [
        "学生支部书记没有登记是优秀辅导员、骨干教师、优秀学生党员"
    ]
    assert told(young, cast.college) == []


def test_evidence_is_kept_with_the_post_and_makes_a_double_leader(cast: Cast) -> None:
    posts.end(by=None, post=cast.secretary_post, on=TODAY)
    shown = Evidence("double_leader", "学校〔2023〕8号", date(2023, 5, 1))
    held = posts.appoint(
        by=None, person=owner(cast.member), org=cast.branch, post="secretary",
        valid_from=TODAY, evidence=shown,
    )  # fmt: skip
    assert (held.double_leader, held.evidence, held.evidence_on) == (
        True, "学校〔2023〕8号", date(2023, 5, 1)
    )  # fmt: skip
    with refused("不适用于这类支部"):
        posts.set_flags(
            by=None, post=held, double_leader=None, full_time=None,
            evidence=Evidence("counsellor"),
        )  # fmt: skip
    with refused("请写明认定文件"):
        posts.set_flags(
            by=None, post=held, double_leader=None, full_time=None,
            evidence=Evidence("double_leader", "", TODAY),
        )  # fmt: skip
    posts.set_flags(by=None, post=held, double_leader=True, full_time=True)
    held.refresh_from_db()
    assert held.evidence == "学校〔2023〕8号"


def test_one_acts_beside_the_holder_of_a_post_of_one_holder(cast: Cast) -> None:
    one, two = (make_person(name, cast.branch) for name in ("代理甲", "代理乙"))
    post = appoint(one, cast.branch, "secretary", valid_from=TODAY, acting=True)
    assert post.acting
    with refused("代理甲自"):
        appoint(two, cast.branch, "secretary", valid_from=TODAY, acting=True)
    with refused("支书甲自"):
        appoint(two, cast.branch, "secretary", valid_from=TODAY)


@pytest.mark.parametrize("acting", [True, False])
def test_the_rights_of_a_post_begin_and_end_with_it(cast: Cast, acting: bool) -> None:
    post = appoint(
        owner(cast.member), cast.college, "deputy_secretary", valid_from=TODAY, acting=acting,
        valid_to=TOMORROW,
    )  # fmt: skip
    days = {
        day: bool(access.reach(cast.member, "org.edit", day).paths)
        for day in (TODAY - timedelta(days=1), TODAY, TOMORROW)
    }
    assert list(days.values()) == [False, True, False]
    assert not access.check(cast.member, "org.edit", cast.branch)
    cut = posts.appoint(
        by=None, person=owner(cast.member), org=cast.sibling, post="committee_member",
        valid_from=SINCE,
    )  # fmt: skip
    assert not access.check(cast.member, "activity.record", cast.sibling)
    posts.end(by=None, post=cut, on=TODAY)
    posts.end(by=None, post=cast.secretary_post, on=TODAY)
    assert access.check(cast.secretary, "activity.record", cast.branch)
    assert post.valid_to == TOMORROW


def test_posts_held_elsewhere_are_known(cast: Cast) -> None:
    person = owner(cast.officer)
    found = qualification.concurrent(Candidate(person, cast.sibling, "secretary", TODAY))
    assert [post.org for post in found] == [cast.college]


def test_a_relation_has_two_sides_that_differ(cast: Cast) -> None:
    person = owner(cast.member)

    def record(**sides: object) -> None:
        relations.record(by=None, kind="pairing", valid_from=TODAY, **sides)  # type: ignore[arg-type]

    with refused("请选择人员或党组织"):
        record(other_org=cast.branch)
    with refused("要有两方"):
        record(person=person)
    with refused("同一个党组织"):
        record(org=cast.branch, other_org=cast.branch)
    with refused("同一个人"):
        record(person=person, other_person=person)
    record(org=cast.branch, other_org=cast.sibling)
    with refused("这段时间已登记"):
        record(org=cast.sibling, other_org=cast.branch)


def test_a_relation_begins_when_both_sides_are_there(cast: Cast) -> None:
    before = SINCE - timedelta(days=1)
    with refused("“甲学院教师第一党支部”在 2021-12-31 不存在"):
        relations.record(
            by=None, kind="pairing", org=cast.branch, other_org=cast.sibling, valid_from=before
        )
    late = make_person("后来者", cast.branch, since=TODAY)
    with refused("后来者在 2022-01-01 没有组织关系"):
        relations.record(by=None, kind="team", person=late, org=cast.branch, valid_from=SINCE)


def test_what_is_agreed_beforehand_lies_near(cast: Cast) -> None:
    person, far = owner(cast.member), TODAY + timedelta(days=367)
    appoint(person, cast.college, "dean", valid_from=TOMORROW, valid_to=date(2033, 6, 15))
    with refused("最远可以写到 1 年后的 2024-06-15"):
        appoint(person, cast.branch, "committee_member", valid_from=far)
    with refused("最远可以写到 10 年后的 2033-06-15"):
        appoint(person, cast.branch, "committee_member", valid_to=date(2033, 6, 16))
    with refused("最远可以写到 10 年后"):
        posts.end(by=None, post=cast.secretary_post, on=date(2099, 1, 1))
    with refused("最远可以写到 10 年后"):
        terms.record(by=None, org=cast.branch, elected_on=SINCE, expires_on=date(2050, 1, 1))


def test_a_post_of_a_coming_day_changes_no_figure_of_today(cast: Cast) -> None:
    ledger.bring_up_to_date()
    before = list(Entry.objects.order_by("pk").values_list())
    appoint(owner(cast.member), cast.college, "secretary", valid_from=TOMORROW)
    assert list(Entry.objects.order_by("pk").values_list()) == before


def test_a_relation_ends_once(cast: Cast) -> None:
    link = relations.record(
        by=None, kind="team", person=owner(cast.member), org=cast.branch, valid_from=SINCE
    )
    link = relations.end(by=cast.officer, relation=link, on=TODAY)
    with refused("已于 2023-06-15 结束"):
        relations.end(by=cast.officer, relation=link, on=TODAY)


def test_a_figure_is_corrected_on_its_day_and_followed_on_a_later_one(cast: Cast) -> None:
    for as_of, value in ((SINCE, 100), (SINCE, 101), (date(2023, 1, 1), 120), (TODAY, 130)):
        figures.record(
            by=cast.officer, org=cast.college, name="staff", as_of=as_of, value=Decimal(value)
        )
    assert Figure.objects.count() == 3
    latest = Figure.objects.latest_by(date(2023, 6, 1)).get()
    assert latest.value == 120


def test_the_largest_figure_beside_the_smallest_is_held_by_the_ledger(cast: Cast) -> None:
    ledger.rebuild()
    for name, value in (("students", "9999999"), ("counsellors_full_time", "1")):
        figures.record(by=None, org=cast.school, name=name, as_of=TODAY, value=Decimal(value))
    largest = Entry.objects.filter(obligation="counsellor-ratio").aggregate(n=Max("actual"))["n"]
    assert largest == Decimal("9999999")


@pytest.mark.parametrize("value", ["-1", "1.5", "NaN", "Infinity", "1e7"])
def test_a_figure_is_a_whole_number(cast: Cast, value: str) -> None:
    with refused("人数应是"):
        figures.record(
            by=cast.officer, org=cast.college, name="staff", as_of=TODAY, value=Decimal(value)
        )


def test_figures_are_known_ones_and_not_of_the_future(cast: Cast) -> None:
    with refused("没有“cats”"):
        figures.record(
            by=cast.officer, org=cast.college, name="cats", as_of=TODAY, value=Decimal(1)
        )
    with refused("今天之后"):
        figures.record(
            by=cast.officer, org=cast.college, name="staff", as_of=TOMORROW, value=Decimal(1)
        )


def test_a_document_is_reviewed_and_ends(cast: Cast) -> None:
    made = documents.record(
        by=cast.officer, org=cast.college, doc_class="org_life", title="组织生活制度",
        valid_from=SINCE, review_due=date(2023, 1, 1),
    )  # fmt: skip
    with refused("2023-01-01 之后"):
        documents.review(by=cast.officer, document=made, review_due=date(2022, 12, 1))
    made = documents.review(by=cast.officer, document=made, review_due=date(2025, 1, 1))
    made = documents.end(by=cast.officer, document=made, on=TODAY)
    assert made.valid_to == TODAY
    with refused("停止执行"):
        documents.end(by=cast.officer, document=made, on=TODAY)
    with refused("没有“poems”"):
        documents.record(
            by=cast.officer, org=cast.college, doc_class="poems", title="诗", valid_from=SINCE
        )
