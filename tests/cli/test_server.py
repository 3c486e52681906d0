"""Serving: what the worker processes inherit."""

import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from guantong.cli import server
from guantong.records.actions import ledger
from guantong.records.models import Assessment
from tests.factories import Cast


@pytest.mark.django_db(transaction=True)
def test_no_connection_and_no_work_under_way_go_along_into_the_workers(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool of connections that is forked has lost its threads: nobody would get one. A lock that
    a thread holds at that moment stays locked in the worker: SQLite would wait for ever.
    """
    ledger.bring_up_to_date()
    Assessment.objects.update(catalogue_hash="that of yesterday's rules")
    seen: list[Any] = []

    def serve(_: server.Granian) -> None:
        pools = getattr(connection, "_connection_pools", {})
        at_work = [one.name for one in threading.enumerate() if one.name == ledger.RECOMPUTE]
        seen.append((connection.connection, dict(pools), at_work))

    monkeypatch.setattr(server.Granian, "serve", serve)
    call_command("serve", port=server.port("8000"))
    assert seen == [(None, {}, [])]
