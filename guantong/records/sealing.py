"""The sealed fields of a person, with this installation's keys. Who may open them: `access`.

A value is bound to its row's id, so a row needs its id first: save it, then seal and save again.
"""

import base64
from functools import cache
from pathlib import Path

from django.conf import settings

from guantong.records.models import Person
from guantong.trust import sealed

FIELDS = ("id_number", "phone")


def seal(person: Person, field: str, text: str) -> None:
    """Put the sealed text (empty: nothing) into the row, which has its id; the caller saves.

    Sealing `id_number` sets `id_index` too.
    """
    value = sealed.seal(text, place=_place(person, field), keys=_keys()) if text else None
    setattr(person, field, value)
    if field == "id_number":
        person.id_index = id_index(text) if text else None


def unseal(person: Person, field: str) -> str:
    """The text in the field, empty where there is none; raises `sealed.DoesNotOpen`."""
    value: bytes | None = getattr(person, field)
    if value is None:
        return ""
    return sealed.unseal(bytes(value), place=_place(person, field), keys=_keys())


def mask(field: str, text: str) -> str:
    """What may be shown of a sealed field: 110105********002X, 138****0000."""
    head, tail, hidden = (6, 4, "*" * 8) if field == "id_number" else (3, 4, "****")
    if len(text) <= head + tail:
        return hidden if text else ""
    return f"{text[:head]}{hidden}{text[-tail:]}"


def seal_text(text: str, *, place: str) -> str:
    """For a value that waits outside its row ("import:5:12:phone"), as letters."""
    return base64.b64encode(sealed.seal(text, place=place, keys=_keys())).decode()


def unseal_text(letters: str, *, place: str) -> str:
    return sealed.unseal(base64.b64decode(letters), place=place, keys=_keys())


def id_index(id_number: str) -> str:
    """What `Person.id_index` holds for a tidy ID number."""
    return sealed.blind_index(id_number, column="person:id_number", keys=_keys())


def _place(person: Person, field: str) -> str:
    assert field in FIELDS, field
    assert person.pk is not None, "a value is bound to its row's id: save the row first"
    return f"person:{person.pk}:{field}"


def _keys() -> sealed.Keys:
    return _keys_in(settings.DATA / "keys" / "sealing.json")


@cache
def _keys_in(path: Path) -> sealed.Keys:
    return sealed.keys_in(path)
