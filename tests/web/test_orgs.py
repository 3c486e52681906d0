import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records.actions import (
    activities,
    documents,
    ledger,
    orgs,
    relations,
    successions,
    terms,
)
from guantong.records.models import (
    Document,
    Entry,
    Figure,
    Org,
    OrgSuccession,
    Post,
    Relation,
    Term,
    User,
)
from tests.factories import TODAY, Cast, appoint, make_activity, make_org, make_person, owner
from tests.web.answers import filled, part, rows, shown

type SignIn = Callable[[User], Client]
LIST = "/orgs/"


def page(org: Org) -> str:
    return reverse("org", args=[org.pk])


def address(name: str, org: Org, **more: int) -> str:
    return reverse(name, kwargs={"pk": org.pk, **more})


def names(response: Any) -> list[str]:
    """The organisations of the tree, from the top down."""
    return [node.name for top in response.context["nodes"] for node in top.flat()]


# Who sees what


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("secretary", {"branch"}),
        ("officer", {"college", "branch", "sibling"}),
        ("outsider", {"other_branch"}),
        ("office", {"school", "college", "branch", "sibling", "other_college", "other_branch"}),
        ("inspector", {"school", "college", "branch", "sibling", "other_college", "other_branch"}),
        ("member", set()),
        ("admin", set()),
        ("stranger", set()),
    ],
)
def test_an_organisation_out_of_scope_is_not_found(
    cast: Cast, as_: SignIn, who: str, seen: set[str]
) -> None:
    client = as_(getattr(cast, who))
    every = {name: row for name, row in vars(cast).items() if isinstance(row, Org)}
    found = {name for name, org in every.items() if client.get(page(org)).status_code == 200}
    assert found == seen
    assert {client.get(page(every[name])).status_code for name in every.keys() - seen} <= {404}


FORMS = ["org-rename", "org-move", "org-dissolve", "post-appoint", "term-record"]
FORMS += ["org-merge", "org-split", "org-describe", "recut-list"]
FORMS += ["document-record", "relation-record", "figure-record"]


@pytest.mark.parametrize("who", ["secretary", "inspector", "member"])
@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_not_found_without_the_permission(
    cast: Cast, as_: SignIn, who: str, name: str
) -> None:
    client = as_(getattr(cast, who))
    assert client.get(address(name, cast.branch)).status_code == 404
    assert client.post(address(name, cast.branch), {"name": "x"}).status_code == 404


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_offered_within_scope_only(cast: Cast, as_: SignIn, name: str) -> None:
    client = as_(cast.officer)
    assert client.get(address(name, cast.branch)).status_code == 200
    assert client.get(address(name, cast.other_branch)).status_code == 404


def test_the_page_offers_what_its_reader_may_do(cast: Cast, as_: SignIn) -> None:
    seen = {
        who: shown(as_(getattr(cast, who)).get(page(cast.branch)))
        for who in ("officer", "secretary", "inspector")
    }
    may = {
        address("post-appoint", cast.branch): {"officer"},
        address("org-move", cast.branch): {"officer"},
        reverse("member-new"): {"officer", "secretary"},
        reverse("activity-new"): {"officer", "secretary"},
    }
    for link, offered in may.items():
        assert {who for who, text in seen.items() if f'href="{link}' in text} == offered, link


# The tree


def test_the_tree_shows_what_is_in_reach(cast: Cast, as_: SignIn) -> None:
    assert len(names(as_(cast.office).get(LIST))) == 6
    assert names(as_(cast.officer).get(LIST)) == [
        "甲学院党委", "甲学院教师第一党支部", "甲学院教师第二党支部",
    ]  # fmt: skip


def test_who_answers_for_one_branch_comes_straight_to_it(cast: Cast, as_: SignIn) -> None:
    response = as_(cast.secretary).get(LIST)
    assert response["Location"] == page(cast.branch)


@pytest.mark.parametrize("who", ["member", "admin", "stranger"])
def test_who_sees_no_organisation_finds_no_tree(cast: Cast, as_: SignIn, who: str) -> None:
    assert as_(getattr(cast, who)).get(LIST).status_code == 404


def test_the_tree_counts_branches_and_members(cast: Cast, as_: SignIn) -> None:
    (college,) = as_(cast.officer).get(LIST).context["nodes"]
    assert (college.branches, college.members) == (2, 3)
    first, second = college.below
    assert (first.members, first.secretaries) == (2, ("支书甲",))
    assert second.wants_secretary
    assert "书记空缺" in shown(as_(cast.officer).get(LIST))


def test_the_tree_is_that_of_the_day_asked_for(cast: Cast, as_: SignIn) -> None:
    moved_on = date(2023, 3, 1)
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=moved_on)
    client = as_(cast.office)

    def below(college: Org, day: date) -> list[str]:
        (top,) = client.get(LIST, {"on": day.isoformat()}).context["nodes"]
        return [n.name for node in top.below if node.pk == college.pk for n in node.below]

    assert cast.branch.name in below(cast.college, moved_on - timedelta(days=1))
    assert cast.branch.name in below(cast.other_college, moved_on)
    assert cast.branch.name not in below(cast.college, moved_on)


def test_a_search_keeps_the_way_down_to_what_it_found(cast: Cast, as_: SignIn) -> None:
    response = as_(cast.office).get(LIST, {"q": "学生"})
    assert names(response) == [cast.school.name, cast.other_college.name, cast.other_branch.name]
    assert response.context["found"] == 1
    assert "没有符合条件的组织" in shown(as_(cast.office).get(LIST, {"q": "体育"}))


def test_a_category_narrows_the_tree(cast: Cast, as_: SignIn) -> None:
    response = as_(cast.office).get(LIST, {"category": "faculty"})
    assert cast.branch.name in names(response)
    assert cast.other_branch.name not in names(response)


def test_the_tree_as_a_fragment(cast: Cast, as_: SignIn) -> None:
    assert "乙学院学生第一党支部" in part(as_(cast.office), f"{LIST}?q=学生")


def test_the_tree_as_a_workbook(cast: Cast, as_: SignIn) -> None:
    header, *lines = rows(as_(cast.officer).get(LIST, {"export": "xlsx"}))
    told = [dict(zip(header, line, strict=True)) for line in lines]
    assert told[0]["名称"] == cast.college.name
    assert [line["党员"] for line in told] == [3, 2, 1]
    assert told[1]["上级"] == cast.college.short_name


def queries(client: Client, at: str) -> int:
    client.get(at)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(at).status_code == 200
    return len(caught)


def test_the_tree_costs_the_same_however_large_it_is(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.office)
    before = queries(client, LIST)
    for number in "三四五":
        branch = make_org(
            f"甲学院教师第{number}党支部", "branch", cast.college, category="faculty"
        )
        appoint(make_person(f"支书{number}", branch), branch, "secretary")
    assert queries(client, LIST) == before < 20


# One organisation


def test_the_page_of_a_branch(cast: Cast, as_: SignIn) -> None:
    terms.record(
        by=None, org=cast.branch, elected_on=date(2022, 1, 5), expires_on=date(2023, 7, 5)
    )
    make_activity(cast.branch, title="学习新精神")
    text = shown(as_(cast.secretary).get(page(cast.branch)))
    for words in ("支书甲", "党员甲", "正式党员 2", "学习新精神", "还有 20 天", "教师党支部"):
        assert words in text


def test_a_past_term_says_by_how_much(cast: Cast, as_: SignIn) -> None:
    terms.record(
        by=None, org=cast.branch, elected_on=date(2022, 1, 5), expires_on=date(2023, 6, 5)
    )
    assert "已过 10 天" in shown(as_(cast.secretary).get(page(cast.branch)))


def test_the_figures_of_the_page_are_the_lists_behind_them(cast: Cast, as_: SignIn) -> None:
    ledger.rebuild()
    client = as_(cast.officer)
    demands = client.get(page(cast.college)).context["demands"]
    assert demands
    for demand in demands:
        listed = client.get(demand.link).context["page"].paginator.count
        assert listed == sum(demand.tally.counts.values()), demand.title
        for verdict, count in demand.tally.counts.items():
            found = client.get(f"{demand.link}&verdict={verdict}").context["page"]
            assert found.paginator.count == count


def test_history_tells_parents_and_what_went_before(cast: Cast, as_: SignIn) -> None:
    old = make_org("甲学院旧支部", "branch", cast.college, category="faculty")
    successions.dissolve(
        by=None, org=old, on=date(2022, 9, 1), reason="合并", successors=[cast.branch]
    )
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=date(2023, 3, 1))
    told = as_(cast.office).get(page(cast.branch)).context["history"]
    assert [(past.says, past.org and past.org.name) for past in told] == [
        ("成立", None),
        ("隶属于", "甲学院党委"),
        ("前身", "甲学院旧支部"),
        ("隶属于", "乙学院党委"),
    ]
    assert "撤销" in shown(as_(cast.office).get(page(old)))


def test_an_organisation_out_of_reach_is_named_without_a_link(cast: Cast, as_: SignIn) -> None:
    orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=date(2023, 3, 1))
    text = shown(as_(cast.secretary).get(page(cast.branch)))
    assert cast.college.short_name in text
    assert f'href="{page(cast.college)}"' not in text


def test_the_trail_is_for_those_who_may_see_it(cast: Cast, as_: SignIn) -> None:
    assert "操作记录" in shown(as_(cast.officer).get(page(cast.branch)))
    assert "操作记录" not in shown(as_(cast.secretary).get(page(cast.branch)))


def test_the_page_costs_the_same_however_many_belong_to_it(cast: Cast, as_: SignIn) -> None:
    ledger.rebuild()
    client = as_(cast.officer)
    before = {org.pk: queries(client, page(org)) for org in (cast.college, cast.branch)}
    for number in range(5):
        appoint(make_person(f"新人{number}", cast.branch), cast.branch, "committee_member")
        make_activity(cast.branch)
    for org in (cast.college, cast.branch):
        assert queries(client, page(org)) <= before[org.pk] + 1  # names for the trail


# Forms


def send(client: Client, at: str, **changed: Any) -> Any:
    """Send the form of a page as it is shown, with some fields changed."""
    typed = {**filled(client.get(at)), **changed}
    return client.post(at, {name: value for name, value in typed.items() if value is not None})


def test_founding_below_a_college(cast: Cast, as_: SignIn) -> None:
    at = f"{reverse('org-found')}?parent={cast.college.pk}"
    response = send(as_(cast.officer), at, name="甲学院新支部", category="student")
    made = Org.objects.get(name="甲学院新支部")
    assert response["Location"] == page(made)
    assert (made.path, made.valid_from) == (f"{cast.college.path}{made.pk}/", TODAY)


def test_a_branch_says_which_kind_of_branch_it_is(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), f"{reverse('org-found')}?parent={cast.college.pk}"
    branch = send(client, at, name="新支部")
    total = send(client, at, name="新总支", kind="general_branch", category="student")
    for response in (branch, total):
        assert response.status_code == 422
        assert response.context["form"].errors.keys() == {"category"}


def test_founding_where_one_has_no_say(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), reverse("org-found")
    assert client.get(f"{at}?parent={cast.other_college.pk}").status_code == 404
    response = send(client, at, name="新支部", category="student", parent=cast.other_college.pk)
    assert response.status_code == 422
    assert not Org.objects.filter(name="新支部").exists()


def test_a_refusal_stands_beside_the_form_and_keeps_what_was_typed(
    cast: Cast, as_: SignIn
) -> None:
    at = f"{reverse('org-found')}?parent={cast.college.pk}"
    response = send(as_(cast.officer), at, name=cast.branch.name, category="faculty")
    assert response.status_code == 422
    assert "下已有" in shown(response)
    assert f'value="{cast.branch.name}"' in shown(response)


def test_renaming(cast: Cast, as_: SignIn) -> None:
    send(
        as_(cast.officer), address("org-rename", cast.branch), name="甲学院青年支部", short_name=""
    )
    assert Org.objects.get(pk=cast.branch.pk).short_name == "甲学院青年支部"


def test_a_past_day_shows_the_names_of_that_day(cast: Cast, as_: SignIn) -> None:
    old = cast.branch.short_name
    orgs.rename(by=None, org=cast.branch, name="甲学院青年支部", on=date(2023, 3, 1))
    ledger.rebuild()
    client = as_(cast.officer)
    for address_, day in (
        (LIST, "2023-02-28"),
        ("/ledger/", "2023-02-28"),
        ("/ledger/entries/", "2023-02-28"),
        (f"/ledger/entries/?obligation=theme-day&org={cast.branch.pk}", "2023-02-28"),
    ):
        then = shown(client.get(address_, {"on": day}))
        assert (old in then, "甲学院青年支部" in shown(client.get(address_))) == (True, True)
    entry = Entry.objects.filter(org=cast.branch, assessment__on_day=date(2023, 2, 28)).first()
    assert entry
    assert old in shown(client.get(reverse("cell", args=[entry.pk])))
    assert f"更名，此前称“{old}”" in shown(client.get(page(cast.branch)))


def test_moving(cast: Cast, as_: SignIn) -> None:
    at = address("org-move", cast.branch)
    assert send(as_(cast.officer), at, parent=cast.other_college.pk).status_code == 422
    assert send(as_(cast.office), at, parent=cast.other_college.pk).status_code == 302
    assert Org.objects.get(pk=cast.branch.pk).path.startswith(cast.other_college.path)
    trail = shown(as_(cast.office).get(page(cast.branch))).split('id="trail"')[-1]
    assert "上级党组织：" in trail
    assert "parent：" not in trail


def test_dissolving_waits_until_nobody_belongs_to_it(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), address("org-dissolve", cast.branch)
    response = send(client, at, reason="合并")
    assert response.status_code == 422
    assert "还有 2 名党员" in shown(response)
    empty = make_org("甲学院空支部", "branch", cast.college, category="faculty")
    at = address("org-dissolve", empty)
    ahead = make_activity(empty, cast.branch, held_on=TODAY)
    waits = shown(client.get(at)), shown(send(client, at, reason="合并"))
    assert all(reverse("activity", args=[ahead.pk]) in text for text in waits)
    assert reverse("activity", args=[ahead.pk]) in shown(client.get(address("org-merge", empty)))
    activities.withdraw(by=None, activity=ahead, version=1, reason="改期")
    response = send(as_(cast.officer), at, reason="合并", successors=[cast.branch.pk])
    assert response.status_code == 302
    assert OrgSuccession.objects.get().successor == cast.branch
    assert "已于 2023-06-15 撤销" in shown(as_(cast.officer).get(page(empty)))


def test_appointing_and_releasing(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), address("post-appoint", cast.branch)
    send(client, at, person=owner(cast.member).pk, post="committee_member", full_time="no")
    post = Post.objects.get(person=owner(cast.member))
    assert (post.post, post.full_time, post.double_leader) == ("committee_member", False, None)

    describe = address("post-describe", cast.branch, post_pk=post.pk)
    send(client, describe, double_leader="yes")
    post.refresh_from_db()
    assert (post.double_leader, post.full_time) == (True, False)

    end = address("post-end", cast.branch, post_pk=post.pk)
    assert send(client, end, on="2023-06-14").status_code == 422  # before it began
    assert send(client, end, on="2023-06-16").status_code == 302
    assert send(client, end, on="2023-06-15").status_code == 302, "it was a mistake, and goes"
    assert not Post.objects.filter(pk=post.pk).exists()
    assert "去掉有误的任职" in shown(as_(cast.office).get(page(cast.branch)))
    send(
        client, at, person=owner(cast.member).pk, post="committee_member", valid_from="2023-06-20"
    )
    assert "将任" in shown(client.get(page(cast.branch)))


def test_a_post_for_one_is_refused_to_a_second(cast: Cast, as_: SignIn) -> None:
    at = address("post-appoint", cast.branch)
    response = send(as_(cast.officer), at, person=owner(cast.member).pk, post="secretary")
    assert "再点一次" not in shown(response), "that a click more would not do is said first"
    assert response.status_code == 422
    assert "支书甲自 2022-01-01 至今已任" in shown(response)
    assert "党员甲（甲学院教师第一党支部）" in shown(response)


def test_people_are_found_by_pinyin_within_reach(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), address("post-appoint", cast.college)
    assert "党员甲" in part(client, f"{at}?q=dyj")
    assert "没有找到" in part(client, f"{at}?q=zsy")  # 支书乙, of the other college
    strange = send(client, f"{at}?q=dyj", person=owner(cast.outsider).pk, post="dean")
    assert strange.status_code == 422


def test_terms(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    send(
        client,
        address("term-record", cast.branch),
        elected_on="2023-06-01",
        expires_on="2026-06-01",
    )
    term = Term.objects.get()
    at = address("term-extend", cast.branch, term_pk=term.pk)
    refused = send(client, at, extended_to="2026-05-01", approval="批复", approved_on="2023-06-01")
    assert (refused.status_code, "延期应晚于" in shown(refused)) == (422, True)
    assert (
        send(
            client, at, extended_to="2026-12-01", approval="批复", approved_on="2023-06-01"
        ).status_code
        == 302
    )
    assert Term.objects.get().extended_to == date(2026, 12, 1)


def test_institutions(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    at = address("document-record", cast.college)
    send(client, at, doc_class="org_life", title="组织生活制度", valid_from="2023-01-01")
    document = Document.objects.get()
    more = {"document_pk": document.pk}
    send(client, address("document-review", cast.college, **more))
    send(client, address("document-end", cast.college, **more), on="2023-06-15")
    document.refresh_from_db()
    assert (document.review_due, document.valid_to) == (date(2024, 6, 15), TODAY)


def test_contact_points_and_pairings(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), address("relation-record", cast.branch)
    send(client, at, kind="contact_point", person=owner(cast.member).pk)
    send(client, at, kind="pairing", person=None, other_org=cast.sibling.pk)
    point, pairing = Relation.objects.order_by("pk")
    assert (point.person, point.org, pairing.other_org) == (
        owner(cast.member), cast.branch, cast.sibling,
    )  # fmt: skip
    assert "联系点" in shown(client.get(page(cast.branch)))
    assert cast.branch.short_name in shown(client.get(page(cast.sibling)))
    offered = client.get(at).context["form"].fields["other_org"]
    assert set(offered.queryset.values_list("kind", flat=True)) == {"branch"}
    of_college = client.get(address("relation-record", cast.college)).context["form"].fields
    assert "pairing" not in dict(of_college["kind"].choices)
    end = address("relation-end", cast.sibling, relation_pk=pairing.pk)
    assert send(client, end, on="2023-07-01").status_code == 302


def test_figures_of_a_day_are_corrected_by_entering_them_again(cast: Cast, as_: SignIn) -> None:
    client, at = as_(cast.officer), address("figure-record", cast.college)
    send(client, at, name="staff", value="60")
    asked = send(client, at, name="staff", value="61")
    assert asked.status_code == 409
    client.post(at, filled(asked))
    assert [figure.value for figure in Figure.objects.all()] == [61]
    assert send(client, at, name="staff", value="-1").status_code == 422


def test_a_row_of_another_organisation_is_not_found_here(cast: Cast, as_: SignIn) -> None:
    term = terms.record(
        by=None, org=cast.other_branch, elected_on=date(2022, 1, 5), expires_on=date(2025, 1, 5)
    )
    document = documents.record(
        by=None, org=cast.other_branch, doc_class="org_life", title="制度", valid_from=TODAY
    )
    link = relations.record(
        by=None, kind="pairing", org=cast.other_branch, partner="某村党支部", valid_from=TODAY,
    )  # fmt: skip
    client = as_(cast.officer)
    post = appoint(make_person("外人", cast.other_branch), cast.other_branch, "organiser")
    for at in (
        address("term-extend", cast.branch, term_pk=term.pk),
        address("document-end", cast.branch, document_pk=document.pk),
        address("relation-end", cast.branch, relation_pk=link.pk),
        address("post-end", cast.branch, post_pk=post.pk),
    ):
        assert client.get(at).status_code == 404, at


def test_every_page_names_its_way_up(cast: Cast, as_: SignIn) -> None:
    text = shown(as_(cast.office).get(address("org-rename", cast.branch)))
    crumbs = re.findall(r'<li><a href="(/orgs/\d+/)">', text)
    assert crumbs == [page(cast.school), page(cast.college), page(cast.branch)]
