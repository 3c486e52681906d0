"""Tests of pages: the standing cast, and a browser without a browser for each of them."""

from collections.abc import Callable

import pytest
from django.test import Client

from guantong.records.models import User
from tests.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def as_(cast: Cast) -> Callable[[User], Client]:
    """A client signed in as somebody."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
