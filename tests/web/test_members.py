from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guantong.records import catalogue, sealing
from guantong.records.actions import ledger, memberships, people
from guantong.records.models import Event, Membership, Person, User
from guantong.web.views.member_changes import PersonForm
from tests.factories import TODAY, Cast, appoint, make_activity, make_person, owner
from tests.web.answers import filled, part, rows, shown

type SignIn = Callable[[User], Client]
LIST, ME = "/members/", "/members/me/"
ID_NUMBER, PHONE = "11010119900307395X", "13800000000"


def page(person: Person) -> str:
    return reverse("member", args=[person.pk])


def address(name: str, person: Person) -> str:
    return reverse(name, args=[person.pk])


def listed(response: Any) -> list[str]:
    return [row.person.name for row in response.context["rows"]]


def send(client: Client, at: str, **changed: Any) -> Any:
    typed = {**filled(client.get(at)), **changed}
    return client.post(at, {name: value for name, value in typed.items() if value is not None})


@pytest.fixture
def sealed(cast: Cast) -> Person:
    """The member of the cast, with an ID number and a phone on record."""
    person = owner(cast.member)
    return people.correct(by=None, person=person, id_number=ID_NUMBER, phone=PHONE, number="S1")


# Who sees whom


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("secretary", {"支书甲", "党员甲"}),
        ("officer", {"支书甲", "党员甲", "组织员甲"}),
        ("outsider", {"支书乙"}),
        ("office", {"支书甲", "党员甲", "组织员甲", "支书乙"}),
        ("inspector", {"支书甲", "党员甲", "组织员甲", "支书乙"}),
    ],
)
def test_the_list_holds_those_in_reach(cast: Cast, as_: SignIn, who: str, seen: set[str]) -> None:
    client = as_(getattr(cast, who))
    assert set(listed(client.get(LIST))) == seen
    for person in Person.objects.all():
        expected = 200 if person.name in seen else 404
        assert client.get(page(person)).status_code == expected, person.name


def test_a_member_has_a_page_of_his_own_and_no_other(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.member)
    assert client.get(LIST)["Location"] == ME
    assert "党员甲" in shown(client.get(ME))
    assert client.get(page(owner(cast.secretary))).status_code == 404


@pytest.mark.parametrize("who", ["admin", "stranger"])
def test_who_has_no_say_finds_no_list(cast: Cast, as_: SignIn, who: str) -> None:
    client = as_(getattr(cast, who))
    assert client.get(LIST).status_code == 404
    assert "没有对应到名册中的党员" in shown(client.get(ME))


FORMS = ["member-correct", "member-transfer", "member-leave", "member-admit", "member-full"]
FORMS += ["member-exempt", "member-advance", "member-suspend", "member-resume"]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_not_found_out_of_scope(cast: Cast, as_: SignIn, name: str) -> None:
    at = address(name, owner(cast.member))
    assert as_(cast.secretary).get(at).status_code == 200
    for user in (cast.inspector, cast.outsider, cast.member, cast.admin):
        assert as_(user).get(at).status_code == 404, user
        assert as_(user).post(at, {"on": "2023-06-15", "reason": "x"}).status_code == 404, user


# The list


def test_people_are_found_by_name_pinyin_initials_and_number(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    client = as_(cast.office)
    for text in ("党员", "dangyuanjia", "dyj", "S1"):
        assert listed(client.get(LIST, {"q": text})) == ["党员甲"], text
    assert "没有符合条件的党员" in shown(client.get(LIST, {"q": "zzz"}))


def test_filters(cast: Cast, as_: SignIn) -> None:
    make_person("预备甲", cast.branch, status="probationary")
    gone = make_person("离开甲", cast.branch)
    memberships.leave(by=None, person=gone, on=date(2023, 2, 1), reason="毕业转出")
    memberships.set_exempt(
        by=None, person=owner(cast.member), exempt=True, on=TODAY, reason="年老体弱"
    )
    client = as_(cast.officer)
    assert listed(client.get(LIST, {"status": "probationary"})) == ["预备甲"]
    assert listed(client.get(LIST, {"status": "left"})) == ["离开甲"]
    assert listed(client.get(LIST, {"exempt": "yes"})) == ["党员甲"]
    assert set(listed(client.get(LIST, {"org": cast.sibling.pk}))) == {"组织员甲"}
    assert client.get(LIST, {"org": cast.other_branch.pk}).status_code == 404


def test_the_filter_by_hours_follows_the_ledger(cast: Cast, as_: SignIn) -> None:
    full = make_person("学满甲", cast.branch)
    make_activity(cast.branch, kind="central_training", hours=Decimal(32))
    make_person("学少甲", cast.branch, since=date(2022, 6, 1))
    ledger.rebuild()
    client = as_(cast.officer)
    lacking = listed(client.get(LIST, {"hours": "this"}))
    assert full.name not in lacking
    assert "学少甲" in lacking
    assert set(listed(client.get(LIST, {"hours": "last"}))) >= {"学满甲", "学少甲"}


def test_the_list_is_sorted_by_name_branch_or_day_and_never_by_hours(
    cast: Cast, as_: SignIn
) -> None:
    people.correct(by=None, person=owner(cast.member), joined_on=date(2001, 7, 1))
    people.correct(by=None, person=owner(cast.secretary), joined_on=date(2011, 7, 1))
    client = as_(cast.secretary)
    by_name = listed(client.get(LIST))
    assert by_name == ["党员甲", "支书甲"]
    assert listed(client.get(LIST, {"sort": "joined"})) == ["党员甲", "支书甲"]
    assert listed(client.get(LIST, {"sort": "-joined"})) == ["支书甲", "党员甲"]
    assert listed(client.get(LIST, {"sort": "hours"})) == by_name


def test_the_list_as_a_fragment(cast: Cast, as_: SignIn) -> None:
    assert "组织员甲" in part(as_(cast.officer), f"{LIST}?q=zzyj")


def test_the_workbook_holds_the_whole_list_and_nothing_sealed(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    header, *lines = rows(as_(cast.officer).get(LIST, {"export": "xlsx"}))
    assert [line[header.index("姓名")] for line in lines] == ["党员甲", "支书甲", "组织员甲"]
    assert not [cell for line in lines for cell in line if cell in (ID_NUMBER, PHONE)]


def queries(client: Client, at: str) -> int:
    client.get(at)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(at).status_code == 200
    return len(caught)


def test_the_list_costs_the_same_however_long_it_is(cast: Cast, as_: SignIn) -> None:
    ledger.rebuild()
    client = as_(cast.officer)
    before = queries(client, LIST)
    for number in range(8):
        appoint(make_person(f"新人{number}", cast.branch), cast.branch, "committee_member")
    assert queries(client, LIST) == before < 20


# One member


def test_every_hour_has_its_source_line(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="集中学习", kind="collective_study", hours=Decimal("2.5"))
    make_activity(cast.branch, title="支部大会", kind="branch_assembly", hours=None)
    ledger.rebuild()
    study = as_(cast.member).get(ME).context["study"]
    assert (study.hours.entry.actual, study.hours.entry.required) == (Decimal("2.5"), 32)
    assert [(line.title, line.hours, line.counted) for line in study.studied] == [
        ("集中学习", Decimal("2.5"), True)
    ]
    assert [line.title for line in study.others] == ["支部大会"]
    assert "还差 29.5 学时" in study.hours.closing


def test_a_demand_out_of_reach_is_not_denied(cast: Cast, as_: SignIn) -> None:
    person, beyond = owner(cast.member), "不在您的查看范围"
    appoint(person, cast.college, "committee_member")
    ledger.rebuild()
    assert beyond in shown(as_(cast.secretary).get(page(person)))
    for user, at in ((cast.officer, page(person)), (cast.member, ME)):
        assert beyond not in shown(as_(user).get(at)), user


def test_another_year_is_one_tap_away(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="去年的学习", held_on=date(2022, 5, 6), late_reason="补录")
    ledger.rebuild()
    client = as_(cast.secretary)
    text = shown(client.get(page(owner(cast.member))))
    assert '<a href="?year=2022">' in text
    assert "去年的学习" not in text
    assert "去年的学习" in shown(client.get(page(owner(cast.member)), {"year": "2022"}))
    assert client.get(page(owner(cast.member)), {"year": "x"}).status_code == 200


def test_an_attendance_shows_before_there_is_a_ledger(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="集中学习")
    assert "集中学习" in shown(as_(cast.member).get(ME))


def test_memberships_and_posts_are_told_with_their_days(cast: Cast, as_: SignIn) -> None:
    person = owner(cast.member)
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=date(2023, 3, 1))
    appoint(person, cast.sibling, "committee_member", valid_from=date(2023, 4, 1))
    context = as_(cast.officer).get(page(person)).context
    assert [(span.org, span.since, span.until) for span in context["memberships"]] == [
        (cast.sibling, date(2023, 3, 1), None),
        (cast.branch, date(2022, 1, 1), date(2023, 3, 1)),
    ]
    assert [span.says for span in context["posts"]] == ["委员"]


def test_who_moved_away_is_seen_where_he_is_now(cast: Cast, as_: SignIn) -> None:
    person = owner(cast.member)
    memberships.transfer_within(by=None, person=person, to=cast.other_branch, on=date(2023, 3, 1))
    assert as_(cast.secretary).get(page(person)).status_code == 404
    text = shown(as_(cast.outsider).get(page(person)))
    assert cast.branch.short_name in text
    assert f'href="{reverse("org", args=[cast.branch.pk])}"' not in text


# What is sealed


def test_no_page_shows_a_sealed_field(cast: Cast, as_: SignIn, sealed: Person) -> None:
    for user in (cast.secretary, cast.officer, cast.office, cast.inspector):
        text = shown(as_(user).get(page(sealed)))
        assert ID_NUMBER not in text, user
        assert PHONE not in text, user
    assert ID_NUMBER not in shown(as_(cast.officer).get(address("member-correct", sealed)))


def test_an_inspector_sees_less_than_those_who_keep_the_roll(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    people.correct(by=None, person=sealed, birth_date=date(1990, 3, 7))
    for user, details in ((cast.secretary, True), (cast.inspector, False)):
        text = shown(as_(user).get(page(sealed)))
        assert ("1990-03-07" in text) is details
        assert ("学工号" in text) is details


def test_a_look_needs_a_reason_and_leaves_a_trace(cast: Cast, as_: SignIn, sealed: Person) -> None:
    client, at = as_(cast.officer), address("member-reveal", sealed)
    refused = client.post(at, {"field": "id_number", "reason": " "})
    assert (refused.status_code, "请写明查看理由" in shown(refused)) == (422, True)
    assert not Event.objects.filter(verb="person.revealed").exists()

    answer = client.post(at, {"field": "id_number", "reason": "核对档案"})
    assert ID_NUMBER in shown(answer)
    assert answer["Cache-Control"] == "no-store"
    event = Event.objects.get(verb="person.revealed")
    assert (event.by, event.detail["reason"]) == (cast.officer, "核对档案")
    assert "核对档案" in shown(client.get(page(sealed)))
    assert ID_NUMBER not in shown(client.get(at))


def test_ones_own_data_need_no_reason(cast: Cast, as_: SignIn, sealed: Person) -> None:
    answer = as_(cast.member).post(address("member-reveal", sealed), {"field": "phone"})
    assert PHONE in shown(answer)


def test_who_may_not_look_finds_no_such_page(cast: Cast, as_: SignIn, sealed: Person) -> None:
    for user in (cast.secretary, cast.inspector, cast.outsider):
        client = as_(user)
        assert address("member-reveal", sealed) not in shown(client.get(page(sealed)))
        answer = client.post(address("member-reveal", sealed), {"field": "phone", "reason": "x"})
        assert answer.status_code == 404, user


# The roll


def test_registering(cast: Cast, as_: SignIn) -> None:
    at = f"{reverse('member-new')}?org={cast.branch.pk}"
    response = send(
        as_(cast.secretary), at, name="新人甲", status="probationary", id_number=ID_NUMBER,
        joined_on="2023-06-01",
    )  # fmt: skip
    person = Person.objects.get(name="新人甲")
    assert response["Location"] == page(person)
    assert sealing.unseal(person, "id_number") == ID_NUMBER
    assert Membership.objects.get(person=person).org == cast.branch


def test_a_refusal_stands_beside_its_field_and_nothing_typed_is_lost(
    cast: Cast, as_: SignIn
) -> None:
    at = f"{reverse('member-new')}?org={cast.branch.pk}"
    response = send(
        as_(cast.secretary), at, name="新人甲", status="full", id_number=f"{ID_NUMBER[:-1]}1"
    )
    form = response.context["form"]
    assert response.status_code == 422
    assert form.errors.keys() == {"id_number"}
    assert "校验位不对" in form.errors["id_number"][0]
    assert 'value="新人甲"' in shown(response)
    assert not Person.objects.filter(name="新人甲").exists()


def test_registering_into_a_branch_out_of_reach(cast: Cast, as_: SignIn) -> None:
    response = send(
        as_(cast.secretary),
        reverse("member-new"),
        name="新人甲",
        status="full",
        org=cast.sibling.pk,
    )
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"org"}


def test_every_personal_field_says_what_it_is_kept_for(cast: Cast, as_: SignIn) -> None:
    form = PersonForm()
    assert all(form.bases.values()), form.bases
    assert "《" in form.bases["id_number"]
    text = shown(as_(cast.secretary).get(reverse("member-new")))
    assert catalogue.purposes()["person.phone"].purpose in text


def test_a_correction_leaves_alone_what_stays_empty(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    send(as_(cast.officer), address("member-correct", sealed), name="党员甲乙", number="")
    person = Person.objects.get(pk=sealed.pk)
    assert (person.name, person.pinyin, person.number) == ("党员甲乙", "dang yuan jia yi", None)
    assert sealing.unseal(person, "id_number") == ID_NUMBER


def test_who_corrects_what_was_changed_meanwhile_sees_that_first(
    cast: Cast, as_: SignIn, sealed: Person
) -> None:
    at, client = address("member-correct", sealed), as_(cast.officer)
    typed = {**filled(client.get(at)), "birth_date": "1990-03-07"}
    people.correct(by=None, person=sealed, number="S2", phone="13900000000")
    answer = client.post(at, typed)
    assert answer.status_code == 409
    assert "别人改成了“S2”，这里已换成新的" in shown(answer)
    assert "别人改成了“（加密保存）”" in shown(answer)
    assert client.post(at, filled(answer)).status_code == 302
    person = Person.objects.get(pk=sealed.pk)
    assert (person.number, person.birth_date) == ("S2", date(1990, 3, 7))
    assert sealing.unseal(person, "phone") == "13900000000"


def test_a_transfer_ends_one_span_and_begins_another(cast: Cast, as_: SignIn) -> None:
    person = owner(cast.member)
    at = address("member-transfer", person)
    assert send(as_(cast.secretary), at, to=cast.sibling.pk).status_code == 422
    assert send(as_(cast.officer), at, to=cast.sibling.pk).status_code == 302
    assert [m.org for m in person.memberships.order_by("valid_from")] == [
        cast.branch, cast.sibling,
    ]  # fmt: skip


def test_leaving_and_coming_back(cast: Cast, as_: SignIn) -> None:
    person, client = owner(cast.member), as_(cast.officer)
    assert send(client, address("member-leave", person)).status_code == 422
    left = {"on": "2023-03-01", "departure": "other", "reason": "调出"}
    send(client, address("member-leave", person), **left)
    assert "现在没有组织关系" in shown(client.get(page(person)))
    send(client, address("member-admit", person), org=cast.sibling.pk, status="full")
    assert person.memberships.get(valid_to=None).org == cast.sibling


def test_the_last_step_is_taken_back_on_the_page(cast: Cast, as_: SignIn) -> None:
    person, client = owner(cast.member), as_(cast.officer)
    at = address("member-undo", person)
    assert client.get(at).status_code == 404
    for form, more, offered in (
        ("member-transfer", {"to": cast.sibling.pk}, "撤回上一次转接"),
        ("member-leave", {"departure": "other", "reason": "调出"}, "撤回离开登记"),
    ):
        send(client, address(form, person), **more)
        text = shown(client.get(page(person)))
        assert (at in text, offered in text) == (True, True)
        assert cast.branch.short_name in shown(client.get(at))
        assert client.post(at)["Location"] == page(person)
        assert person.memberships.get().org == cast.branch
        text = shown(client.get(page(person)))
        assert (at in text, "撤回" in text) == (False, True)  # in what was done


def test_who_does_not_keep_both_branches_is_not_offered_to_take_a_transfer_back(
    cast: Cast, as_: SignIn
) -> None:
    person = owner(cast.member)
    memberships.transfer_within(by=None, person=person, to=cast.other_branch, on=TODAY)
    client, at = as_(cast.outsider), address("member-undo", person)
    assert at not in shown(client.get(page(person)))
    assert client.post(at).status_code == 403
    assert person.memberships.count() == 2


def test_becoming_a_full_member(cast: Cast, as_: SignIn) -> None:
    person = make_person("预备甲", cast.branch, status="probationary", joined_on=date(2022, 6, 1))
    at = address("member-full", person)
    early = send(as_(cast.secretary), at, on="2022-06-01")
    assert (early.status_code, "应在入党时间" in shown(early)) == (422, True)
    assert send(as_(cast.secretary), at, on="2023-06-01").status_code == 302
    assert Person.objects.get(pk=person.pk).full_member_on == date(2023, 6, 1)


def test_an_exemption_begins_and_ends_on_the_same_page(cast: Cast, as_: SignIn) -> None:
    person, client = owner(cast.member), as_(cast.secretary)
    at = address("member-exempt", person)
    send(client, at, on="2023-05-01", reason="年老体弱")
    assert person.memberships.get(valid_to=None).exempt
    twice = client.post(at, {"on": "2023-05-01", "reason": "年老体弱", "exempt": "True"})
    assert (twice.status_code, "已经豁免" in shown(twice)) == (422, True)
    assert "结束豁免" in shown(client.get(page(person)))
    send(client, at, reason="恢复")
    assert not person.memberships.get(valid_to=None).exempt


def test_nobody_exempts_himself(cast: Cast, as_: SignIn) -> None:
    person, client = owner(cast.secretary), as_(cast.secretary)
    assert "登记豁免" not in shown(client.get(page(person)))
    response = send(client, address("member-exempt", person), reason="忙")
    assert (response.status_code, "要由别人办理" in shown(response)) == (403, True)
