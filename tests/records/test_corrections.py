"""Asking for a correction of one's own data, and the answer; and the file of everything sealed."""

import pytest

from guantong.records import access
from guantong.records.actions import corrections, people
from guantong.records.models import CorrectionRequest, Event
from tests.factories import Cast, make_person, owner
from tests.records.conftest import one_event, refused

SAYS = {"about": "入党时间", "says": "应为 2020-06-01"}


@pytest.fixture
def asked(cast: Cast) -> CorrectionRequest:
    return corrections.ask(by=cast.member, person=owner(cast.member), **SAYS)


def test_a_member_asks_and_the_branch_answers(cast: Cast) -> None:
    with one_event("correction.asked"):
        request = corrections.ask(by=cast.member, person=owner(cast.member), **SAYS)
    assert request in access.corrections(cast.secretary)
    assert request in access.corrections(cast.officer)
    assert request not in access.corrections(cast.outsider)
    assert request not in access.corrections(cast.member)
    with one_event("correction.answered"):
        corrections.answer(by=cast.secretary, request=request, accepted=True, answer="")
    request.refresh_from_db()
    assert (request.accepted, request.answered_by) == (True, cast.secretary)


def test_a_branch_writes_down_what_somebody_says_who_does_not_sign_in(cast: Cast) -> None:
    person = make_person("老党员", cast.branch)
    assert corrections.ask(by=cast.secretary, person=person, **SAYS).asked_by == cast.secretary
    for by in (cast.member, cast.outsider, cast.inspector):
        with refused():
            corrections.ask(by=by, person=person, **SAYS)


def test_a_refusal_needs_a_reason_and_an_answer_is_given_once(
    cast: Cast, asked: CorrectionRequest
) -> None:
    with refused("写明理由"):
        corrections.answer(by=cast.secretary, request=asked, accepted=False, answer=" ")
    corrections.answer(by=cast.secretary, request=asked, accepted=False, answer="档案如此")
    with refused("已经答复过"):
        corrections.answer(by=cast.officer, request=asked, accepted=True, answer="")


def test_nobody_answers_his_own_request(cast: Cast, asked: CorrectionRequest) -> None:
    own = corrections.ask(by=cast.secretary, person=owner(cast.secretary), **SAYS)
    with refused("由别人答复"):
        corrections.answer(by=cast.secretary, request=own, accepted=True, answer="")
    for by in (cast.outsider, cast.inspector, cast.member):
        with refused():
            corrections.answer(by=by, request=asked, accepted=True, answer="")


def test_an_empty_request_is_refused(cast: Cast) -> None:
    with refused("不能空着"):
        corrections.ask(by=cast.member, person=owner(cast.member), about="", says="x")


def test_the_file_of_ones_own_data_is_for_oneself_and_leaves_an_event(cast: Cast) -> None:
    own = people.correct(by=None, person=owner(cast.member), phone="13800138000")
    with refused("关于本人"):
        people.hand_out(by=cast.office, person=own)
    with one_event("person.handed_out") as events:
        assert people.hand_out(by=cast.member, person=own)["phone"] == "13800138000"
    assert "13800138000" not in str(events[0].detail)


def test_looks_are_seen_by_the_person_and_by_who_sees_the_trail(cast: Cast) -> None:
    own = people.correct(by=None, person=owner(cast.member), phone="13800138000")
    people.reveal(by=cast.officer, person=own, field="phone", reason="通知")
    look = Event.objects.latest("id")
    assert list(access.looks(cast.member, own)) == [look]
    assert list(access.looks(cast.officer, own)) == [look]
    assert not access.looks(cast.secretary, own).exists()
    assert not access.looks(cast.outsider, own).exists()
