"""Fields that are stored sealed: AES-256-GCM, bound to the place where they stand.

A sealed value is `version (1 byte) | key id (1 byte) | nonce (12) | ciphertext and tag`. The
first two bytes and the place ("person:17:phone": table, row, field) are authenticated with it, so
a value moved to another row or field does not open. Equal values are found by a blind index:
HMAC-SHA-256 under a key of its own. The key file is no part of the database or of its backups.
"""

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
NONCE = 12


class DoesNotOpen(Exception):
    """The value was altered, stands in the wrong place, or was sealed with a key we lack."""


@dataclass(frozen=True)
class Keys:
    """`sealing` maps a key id (1-255) to 32 bytes; new values are sealed with `current`."""

    current: int
    sealing: Mapping[int, bytes] = field(repr=False)
    index: bytes = field(repr=False)

    @cached_property
    def ciphers(self) -> Mapping[int, AESGCM]:
        return {key: AESGCM(secret) for key, secret in self.sealing.items()}


def seal(text: str, *, place: str, keys: Keys) -> bytes:
    return seal_bytes(text.encode(), place=place, keys=keys)


def unseal(sealed: bytes, *, place: str, keys: Keys) -> str:
    return unseal_bytes(sealed, place=place, keys=keys).decode()


def seal_bytes(content: bytes, *, place: str, keys: Keys) -> bytes:
    header, nonce = bytes([VERSION, keys.current]), os.urandom(NONCE)
    cipher = keys.ciphers[keys.current]
    return header + nonce + cipher.encrypt(nonce, content, header + place.encode())


def unseal_bytes(sealed: bytes, *, place: str, keys: Keys) -> bytes:
    header, nonce, closed = sealed[:2], sealed[2 : 2 + NONCE], sealed[2 + NONCE :]
    if len(sealed) <= 2 + NONCE or header[0] != VERSION or header[1] not in keys.sealing:
        raise DoesNotOpen(place)
    try:
        return keys.ciphers[header[1]].decrypt(nonce, closed, header + place.encode())
    except InvalidTag:
        raise DoesNotOpen(place) from None


def blind_index(text: str, *, column: str, keys: Keys) -> str:
    """Return 64 hex digits, equal for equal texts of one column ("person:id_number")."""
    return hmac.new(keys.index, f"{column}\0{text}".encode(), hashlib.sha256).hexdigest()


def new_keys() -> Keys:
    return Keys(1, {1: secrets.token_bytes(32)}, secrets.token_bytes(32))


def keys_in(path: Path) -> Keys:
    """Return the keys in the file, made on first use and readable by its owner alone."""
    if not path.exists():
        _write(new_keys(), path)
    content = json.loads(path.read_text(encoding="ascii"))
    sealing = {int(key): bytes.fromhex(value) for key, value in content["sealing"].items()}
    return Keys(content["current"], sealing, bytes.fromhex(content["index"]))


def _write(keys: Keys, path: Path) -> None:
    """Two processes that start at once end up with the same keys; a file is never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    content = {
        "current": keys.current,
        "sealing": {str(key): value.hex() for key, value in keys.sealing.items()},
        "index": keys.index.hex(),
    }
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster
    finally:
        os.unlink(draft)
