"""After the plan's last day an empty page is not a page where all is done."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from guantong.records.actions import ledger
from guantong.records.models import Entry, School, User
from tests.factories import Cast
from tests.web.answers import shown

type SignIn = Callable[[User], Client]
TOLD = "计划期到 2023-12-31 为止"


@pytest.mark.parametrize("address", ["/", "/ledger/", "/plan/"])
def test_the_pages_say_that_the_plan_has_ended(cast: Cast, as_: SignIn, address: str) -> None:
    client = as_(cast.secretary)
    ledger.bring_up_to_date()
    assert TOLD not in shown(client.get(address))
    School.objects.update(today=date(2024, 1, 1))
    assert TOLD in shown(client.get(address))


def test_nothing_is_promised_where_nothing_will_come(cast: Cast, as_: SignIn) -> None:
    School.objects.update(today=date(2026, 9, 1), records_since=date(2026, 9, 1))
    ledger.rebuild()
    assert not Entry.objects.exists()
    page = shown(as_(cast.office).get("/"))
    assert (TOLD in page, "会列在这里" in page) == (True, False)
