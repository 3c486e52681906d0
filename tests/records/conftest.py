import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps

from guantong.records.access import Refused
from guantong.records.models import Event


def fingerprint() -> str:
    """A digest of every row of every table of the records."""
    digest = hashlib.sha256()
    for model in apps.get_app_config("records").get_models():
        for row in model._base_manager.order_by("pk").values_list():
            digest.update(repr((model.__name__, row)).encode())
    return digest.hexdigest()


@contextmanager
def refused(match: str | None = None) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """The block is refused with a reason that matches, and leaves every row as it was."""
    before = fingerprint()
    with pytest.raises(Refused, match=match) as caught:
        yield caught
    assert fingerprint() == before, "refused, yet something was written"
    assert caught.value.text


@contextmanager
def one_event(verb: str) -> Iterator[list[Event]]:
    """The block leaves exactly one event, of that verb; it is in the list afterwards."""
    last = Event.objects.order_by("id").values_list("id", flat=True).last() or 0
    found: list[Event] = []
    yield found
    found += Event.objects.filter(id__gt=last)
    assert [event.verb for event in found] == [verb]
