"""While others write: a request that waited in vain says so, and loses nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from guantong.records.actions import orgs
from guantong.records.models import User
from tests.factories import Cast
from tests.web.answers import shown

pytestmark = pytest.mark.django_db


def busy(folder: Path) -> OperationalError:
    """What Django says of a write that another connection kept waiting too long."""
    other, late = (sqlite3.connect(folder / "x.sqlite3", timeout=0) for _ in range(2))
    other.execute("BEGIN IMMEDIATE")
    try:
        late.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as cause:
        trouble = OperationalError(str(cause))
        trouble.__cause__ = cause
        return trouble
    finally:
        other.close(), late.close()
    raise AssertionError


def test_what_was_typed_is_offered_once_more(
    cast: Cast, as_: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trouble = busy(tmp_path)

    def rename(**_: Any) -> None:
        raise trouble

    monkeypatch.setattr(orgs, "rename", rename)
    client, at = as_(cast.officer), reverse("org-rename", args=[cast.branch.pk])
    given = {"name": "新名称", "on": "2023-06-01"}
    answer = client.post(at, given)
    assert answer.status_code == 503
    assert 'name="name" value="新名称"' in shown(answer)
    trouble = OperationalError("disk I/O error")
    client.raise_request_exception = False
    assert client.post(at, given).status_code == 500, "what is wrong is not called busy"
