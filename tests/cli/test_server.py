"""Serving: what the worker processes inherit."""

from typing import Any

import pytest
from django.db import connection

from guantong.cli import server


@pytest.mark.django_db(transaction=True)
def test_no_connection_goes_along_into_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool of connections that is forked has lost its threads: nobody would get one."""
    connection.ensure_connection()
    seen: list[Any] = []

    def serve(_: server.Granian) -> None:
        pools = getattr(connection, "_connection_pools", {})
        seen.append((connection.connection, dict(pools)))

    monkeypatch.setattr(server.Granian, "serve", serve)
    server.serve("127.0.0.1", 8000)
    assert seen == [(None, {})]
