"""The key with which this installation signs what other schools are to believe."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from guantong.trust import notes


def signed(note: Mapping[str, Any]) -> bytes:
    return notes.sign(note, _key(settings.DATA))


def own_key() -> str:
    """The public half."""
    return notes.public(_key(settings.DATA))


@cache
def _key(data: Path) -> Ed25519PrivateKey:
    return notes.key_in(data / "keys" / "signing.key")
