"""Sealed fields, with this installation's keys. Who may open them: `access`.

A value is bound to its row's id, so a row needs its id first: save it, then seal and save again.
"""

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Model

from guantong.records.models import Person
from guantong.trust import sealed

FIELDS: Final = ("id_number", "phone", "address")
"""Those of a person."""
RESTRICTED: Final = ("wage", "hardship", "political_review")
"""Those of the person's restricted row."""
ON_ROLL: Final = ("id_number", "phone")
"""Those that come with a roll."""
SEALED: Final[Mapping[str, tuple[str, ...]]] = {
    "person": FIELDS,
    "restricted": RESTRICTED,
    "casestep": ("sealed",),
    "casenote": ("sealed",),
}


def seal(row: Model, field: str, text: str) -> None:
    """Put the sealed text (empty: nothing) into the row, which has its id; the caller saves.

    Sealing `id_number` sets `id_index` too.
    """
    value = sealed.seal(text, place=_place(row, field), keys=_keys()) if text else None
    setattr(row, field, value)
    if isinstance(row, Person) and field == "id_number":
        row.id_index = id_index(text) if text else None


def unseal(row: Model, field: str) -> str:
    """The text in the field, empty where there is none; raises `sealed.DoesNotOpen`."""
    value: bytes | None = getattr(row, field)
    if value is None:
        return ""
    return sealed.unseal(bytes(value), place=_place(row, field), keys=_keys())


def mask(field: str, text: str) -> str:
    """What may be shown of a sealed field: 110105********002X, 138****0000, 广东省****."""
    heads = {"id_number": (6, 4, "*" * 8), "phone": (3, 4, "****"), "address": (3, 0, "****")}
    head, tail, hidden = heads.get(field, (0, 0, "****"))
    if len(text) <= head + tail or not head:
        return hidden if text else ""
    return f"{text[:head]}{hidden}{text[len(text) - tail :]}"


def seal_text(text: str, *, place: str) -> str:
    """For a value that waits outside its row ("import:5:12"), as letters."""
    return base64.b64encode(sealed.seal(text, place=place, keys=_keys())).decode()


def unseal_text(letters: str, *, place: str) -> str:
    return sealed.unseal(base64.b64decode(letters), place=place, keys=_keys())


def seal_file(content: bytes, *, place: str) -> bytes:
    """For a whole file that waits ("import:5")."""
    return sealed.seal_bytes(content, place=place, keys=_keys())


def unseal_file(content: bytes, *, place: str) -> bytes:
    return sealed.unseal_bytes(bytes(content), place=place, keys=_keys())


def id_index(id_number: str) -> str:
    """What `Person.id_index` holds for a tidy ID number."""
    return sealed.blind_index(id_number, column="person:id_number", keys=_keys())


def _place(row: Model, field: str) -> str:
    table = str(row._meta.model_name)
    assert field in SEALED[table], field
    assert row.pk is not None, "a value is bound to its row's id: save the row first"
    return f"{table}:{row.pk}:{field}"


def _keys() -> sealed.Keys:
    return _keys_in(settings.DATA)


@cache
def _keys_in(folder: Path) -> sealed.Keys:
    return sealed.keys_in(folder / "keys" / "sealing.json")
