"""Rows as plain values, kept so that what was done to them can be taken back."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Model


def plain(row: Model) -> dict[str, Any]:
    """As JSON keeps it, so that a row read back compares equal."""
    return {
        field.attname: _plain_value(field.value_from_object(row))
        for field in row._meta.concrete_fields
    }


def digest(values: Mapping[str, Any]) -> str:
    """Another one now means that somebody has changed the row since."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def put_back(row: Model, values: Mapping[str, Any]) -> None:
    """Set all fields that are kept, but the id, to what they were; the caller saves."""
    for field in row._meta.concrete_fields:
        if not field.primary_key and field.attname in values:
            setattr(row, field.attname, _back(field, values[field.attname]))


def made_again(model: type[Model], values: Mapping[str, Any]) -> Model:
    """A row that is gone, with the id it had; the caller saves."""
    row = model(pk=values[model._meta.pk.attname])
    put_back(row, values)
    return row


def _plain_value(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value if isinstance(value, str | int | bool | None) else str(value)


def _back(field: Any, value: Any) -> Any:
    return field.target_field.to_python(value) if field.is_relation else field.to_python(value)
