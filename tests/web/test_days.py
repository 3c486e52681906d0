"""No day that somebody types brings a page down, and no change is recorded before its day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records.models import Event, User
from tests.factories import TODAY, Cast, owner
from tests.web.answers import filled, shown
from tests.web.record_form import NEW, form_of

type SignIn = Callable[[User], Client]
FAR = ("9999-12-31", "9999-12-01", "0001-01-01", "2100-01-01", "1899-12-31")
OF_A_MEMBER = {
    "member-transfer": "on",
    "member-leave": "on",
    "member-exempt": "on",
    "member-correct": "birth_date",
}
OF_A_BRANCH = {
    "post-appoint": "valid_from",
    "term-record": "expires_on",
    "relation-record": "valid_from",
    "document-record": "review_due",
    "figure-record": "as_of",
    "org-dissolve": "on",
    "org-move": "on",
}


@pytest.mark.parametrize("day", FAR)
def test_a_day_that_nobody_can_mean_is_refused_beside_its_field(
    cast: Cast, as_: SignIn, day: str
) -> None:
    client = as_(cast.office)
    asked = [(reverse("org-found"), "valid_from"), (reverse("member-new"), "since")]
    asked += [
        (reverse(name, args=[owner(cast.member).pk]), field) for name, field in OF_A_MEMBER.items()
    ]
    asked += [(reverse(name, args=[cast.branch.pk]), field) for name, field in OF_A_BRANCH.items()]
    before = Event.objects.count()
    for address, field in asked:
        answer = client.post(address, filled(client.get(address)) | {field: day})
        assert answer.status_code == 422, address
        assert "1900-01-01 至 2099-12-31" in str(answer.context["form"].errors[field]), address
    assert Event.objects.count() == before


@pytest.mark.parametrize("day", FAR)
def test_the_record_form_takes_such_a_day_calmly(cast: Cast, as_: SignIn, day: str) -> None:
    client = as_(cast.secretary)
    assert client.get(NEW, {"held_on": day}).status_code == 200
    for more in ({}, {"plan": "1"}, {"refresh": "1"}):
        answer = client.post(NEW, form_of(client) | {"held_on": day} | more)
        assert answer.status_code in {200, 422}
    assert client.get("/ledger/", {"on": day}).status_code == 200
    assert client.get("/orgs/", {"on": day}).status_code == 200


def test_a_date_that_is_none_says_how_one_is_written(cast: Cast, as_: SignIn) -> None:
    at = reverse("member-leave", args=[owner(cast.member).pk])
    answer = as_(cast.officer).post(at, {"on": "15/6/23", "reason": "调出"})
    assert "请写成 2023-06-30 这样的日期" in shown(answer)


def test_a_step_of_tomorrow_is_refused_beside_its_day(cast: Cast, as_: SignIn) -> None:
    at = reverse("member-leave", args=[owner(cast.member).pk])
    tomorrow = str(TODAY + timedelta(days=1))
    answer = as_(cast.officer).post(at, {"on": tomorrow, "departure": "other", "reason": "调出"})
    assert "不能预先办理" in str(answer.context["form"].errors["on"])


@pytest.mark.parametrize("year", ["0000", "0001", "9999"])
def test_a_year_in_the_address_that_nobody_can_mean_falls_away(
    cast: Cast, as_: SignIn, year: str
) -> None:
    client = as_(cast.secretary)
    me = owner(cast.member).pk
    assert client.get(f"/members/{me}/", {"year": year}).context["study"].year == TODAY.year
    for part in ("", "-12", "-Q4", "-S2"):
        for address in ("/ledger/", "/ledger/entries/", "/plan/"):
            assert client.get(address, {"period": f"{year}{part}"}).status_code == 200
    assert client.get("/activities/", {"month": f"{year}-12", "view": "month"}).status_code == 200
