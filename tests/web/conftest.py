"""Tests of pages: the standing cast, and a browser without a browser for each of them."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from guantong.records.actions import ledger
from guantong.records.models import User
from tests.factories import Cast, make_activity


@pytest.fixture
def as_(cast: Cast) -> Callable[[User], Client]:
    """A client signed in as somebody."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def held(cast: Cast) -> Cast:
    """Branch A1 held theme days in April and May, A2 and B1 none; the ledger is worked out."""
    for day in (date(2023, 4, 20), date(2023, 5, 18)):
        make_activity(cast.branch, held_on=day, late_reason="补记")
    ledger.bring_up_to_date()
    return cast
