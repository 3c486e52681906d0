"""One's own page: every table, who looked, the file, asking for a correction, the answer."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guantong.records import clock
from guantong.records.actions import corrections, ledger, people, relations, restricted
from guantong.records.models import (
    Case,
    CorrectionRequest,
    Discrepancy,
    Event,
    Person,
    Reconciliation,
    User,
)
from guantong.web import held
from tests.factories import SINCE, TODAY, Cast, make_activity, owner
from tests.web.answers import shown
from tests.web.test_members import ID_NUMBER, ME, PHONE, page, send

type SignIn = Callable[[User], Client]
HELD, FILE, ASK, REQUESTS = f"{ME}held/", f"{ME}file/", f"{ME}ask/", "/members/requests/"


@pytest.fixture
def own(cast: Cast) -> Person:
    person = owner(cast.member)
    restricted.record(by=None, person=person, wage="5200")
    make_activity(cast.branch, title="集中学习")
    return people.correct(by=None, person=person, id_number=ID_NUMBER, phone=PHONE, gender="1")


def test_every_table_that_leads_to_a_person_is_shown(cast: Cast, own: Person) -> None:
    linked = {str(one.related_model._meta.model_name) for one in Person._meta.related_objects}
    beyond = {str(model._meta.model_name) for model in held.BEYOND}
    tables = {one.table for one in held.about(own)}
    assert tables == {"person", *linked, *beyond} == held.TITLES.keys()


def test_a_link_is_held_about_both_its_ends(cast: Cast, own: Person) -> None:
    mentor = owner(cast.secretary)
    relations.record(by=None, kind="mentor", person=mentor, other_person=own, valid_from=SINCE)
    for person in (mentor, own):
        (links,) = (one for one in held.about(person) if one.table == "relation")
        assert "教师结对" in links.rows[0], person


def test_the_page_tells_it_in_words_and_with_masks(cast: Cast, as_: SignIn, own: Person) -> None:
    ledger.rebuild()
    seen = Reconciliation.objects.create(
        system="national", file_name="导出.xlsx", exported_on=TODAY, loaded_at=clock.now(), rows=1
    )
    Discrepancy.objects.create(
        system="national", key="p1", field="presence", person=own, named="党员甲", seen=seen,
        org=cast.branch, state="open",
    )  # fmt: skip
    text = shown(as_(cast.member).get(HELD))
    assert "object (" not in text
    assert "全国党员管理信息系统" in text
    assert "是否在册" in text
    for told in ("党员甲", "男", "正式党员", "集中学习", "参加", "138****0000", "****", "member"):
        assert told in text, told
    for hidden in (ID_NUMBER, PHONE, "5200", "pbkdf2", "md5$"):
        assert hidden not in text, hidden


def test_who_looked_is_told_with_the_reason(cast: Cast, as_: SignIn, own: Person) -> None:
    assert "还没有人看过" in shown(as_(cast.member).get(HELD))
    people.reveal(by=cast.officer, person=own, field="phone", reason="通知开会")
    text = shown(as_(cast.member).get(HELD))
    assert "officer 查看手机号" in text
    assert "通知开会" in text


def test_the_file_holds_everything_in_clear_and_leaves_an_event(
    cast: Cast, as_: SignIn, own: Person
) -> None:
    client = as_(cast.member)
    answer = client.post(FILE, {"as": "json"})
    told = json.loads(answer.content)
    assert told["基本信息"][0]["身份证号"] == ID_NUMBER
    assert told["限知信息"][0]["党费计算基数"] == "5200"
    assert answer["Cache-Control"] == "no-store"
    assert Event.objects.filter(verb="person.handed_out").count() == 1
    book = client.post(FILE, {"as": "xlsx"})
    assert book.content.startswith(b"PK")
    assert client.get(FILE).status_code == 405


def test_who_is_nobody_on_the_roll_has_nothing_to_see(cast: Cast, as_: SignIn) -> None:
    for at in (HELD, ASK):
        assert as_(cast.admin).get(at).status_code == 404
    assert as_(cast.admin).post(FILE).status_code == 404


ASKED = {"record": "入党时间", "now": "2020-05-01", "should_be": "2020-06-01"}


def test_a_correction_from_the_member_to_the_answer(cast: Cast, as_: SignIn, own: Person) -> None:
    member, secretary = as_(cast.member), as_(cast.secretary)
    assert send(member, ASK, record="入党时间").status_code == 422
    assert send(member, ASK, **ASKED).status_code == 302
    assert "正在等待答复" in shown(send(member, ASK, **ASKED)), "the same one is not asked twice"
    assert "2020-06-01" in shown(member.get(HELD))
    assert "项更正申请待答复" in shown(secretary.get("/"))
    assert "2020-06-01" in shown(secretary.get(REQUESTS))
    case = Case.objects.get()
    assert f"/cases/{case.pk}/" in shown(secretary.get(REQUESTS))
    at = f"{REQUESTS}{CorrectionRequest.objects.get().pk}/"
    assert secretary.get(at)["Location"] == f"/cases/{case.pk}/"
    step = f"/cases/{case.pk}/steps/refuse/"
    assert send(secretary, step, **{"f-told": "yes"}).status_code == 422
    assert send(secretary, step, **{"f-told": "yes", "f-why": "档案记载如此"}).status_code == 302
    assert "档案记载如此" in shown(member.get(HELD))
    assert "项更正申请待答复" not in shown(secretary.get("/"))
    assert "没有待答复" in shown(secretary.get(REQUESTS))
    assert "档案记载如此" in shown(secretary.get(REQUESTS, {"state": "answered"}))


def test_a_request_without_a_case_is_answered_as_before(cast: Cast, as_: SignIn) -> None:
    secretary, person = as_(cast.secretary), owner(cast.member)
    corrections.ask(by=cast.secretary, person=person, about="入党时间", says="应为 2020-06-01")
    at = f"{REQUESTS}{CorrectionRequest.objects.get().pk}/"
    assert send(secretary, at, accepted="no").status_code == 422
    assert send(secretary, at, accepted="no", answer="档案记载如此").status_code == 302


def test_requests_stay_in_reach(cast: Cast, as_: SignIn, own: Person) -> None:
    send(as_(cast.member), ASK, **ASKED)
    at = f"{REQUESTS}{CorrectionRequest.objects.get().pk}/"
    assert "没有待答复" in shown(as_(cast.outsider).get(REQUESTS))
    assert as_(cast.outsider).get(at).status_code == 404
    for user in (cast.inspector, cast.member, cast.admin):
        assert as_(user).get(REQUESTS).status_code == 404, user
        assert as_(user).get(at).status_code == 404, user


def test_the_page_costs_the_same_however_much_is_held(
    cast: Cast, as_: SignIn, own: Person
) -> None:
    client = as_(cast.member)

    def queries() -> int:
        client.get(HELD)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(HELD).status_code == 200
        return len(caught)

    before = queries()
    for number in range(5):
        make_activity(cast.branch, title=f"学习{number}")
    assert queries() == before < 40


def test_ones_own_page_leads_there(cast: Cast, as_: SignIn, own: Person) -> None:
    assert HELD in shown(as_(cast.member).get(ME))
    assert HELD not in shown(as_(cast.officer).get(page(own)))
