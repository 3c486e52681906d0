"""Numbers without end in addresses and forms: the ids of nothing, and nobody's mistake of ours."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from guantong.records.models import User
from guantong.web.urls import urlpatterns
from tests.factories import Cast

type SignIn = Callable[[User], Client]

ENDLESS = "9" * 20
ASKED = ("person", "parent", "copy", "page", "year", "period", "month", "obligation")
ROUTES = [f"/{pattern.pattern}" for pattern in urlpatterns]
OF_ONE = [route for route in ROUTES if re.search("<(id|int):", route)]
OF_ALL = [route for route in ROUTES if "<" not in route]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_endless_number_leads_to_no_page(as_: SignIn, cast: Cast, method: str) -> None:
    client = as_(cast.office)

    for route in OF_ONE:
        address = re.sub(r"<\w+:\w+>", ENDLESS, route)
        assert getattr(client, method)(address).status_code == 404, address


def test_an_endless_number_asked_for_finds_nothing(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.office)

    for route in OF_ALL:
        told = {"org": {"org": ENDLESS}, "others": dict.fromkeys(ASKED, ENDLESS)}
        if client.get(route, told["others"]).status_code == 404:  # one may hide the others
            told |= {asked: {asked: ENDLESS} for asked in ASKED}
        for query in told.values():
            assert client.get(route, query).status_code in {200, 302, 404, 405}, (route, query)


def test_nobody_has_entries(as_: SignIn, held: Cast) -> None:
    page = as_(held.office).get("/ledger/entries/", {"person": ENDLESS})

    assert page.status_code == 200
    assert not page.context["lines"]
