"""Signed notes: a JSON object under an Ed25519 signature that another school can check.

A note is {"note": {...}, "key": ..., "signature": ...}. What is signed is a fixed line and the
canonical form of the object: keys sorted, no blanks, UTF-8; no floating-point numbers, no key
twice. So a note that was reformatted still opens, and one of which a single value was changed does
not. Knows nothing of what a note says, nor whom to trust: the caller names the keys.
"""

import base64
import binascii
import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEAD: Final = b"guantong signed note 1\n"
PARTS: Final = {"note", "key", "signature"}
MOST: Final = 1024 * 1024  # bytes of a file
KEY, SIGNATURE = 32, 64  # bytes


class NoNote(Exception):
    """The file is no signed note at all."""


class UnknownKey(Exception):
    """It was signed with a key that is not among those trusted; `args[0]` is that key."""


class Altered(Exception):
    """The signature does not belong to the content: altered, or forged."""


def sign(note: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the file: readable JSON, for people who look inside."""
    signature = key.sign(HEAD + _canonical(note))
    whole = {"note": note, "key": public(key), "signature": base64.b64encode(signature).decode()}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def opened(file: bytes, trusted: Collection[str]) -> tuple[dict[str, Any], str]:
    """Return what a note says and the key that signed it, one of the trusted."""
    whole = _read(file)
    key, note = whole["key"], whole["note"]
    if key not in trusted:
        raise UnknownKey(key)
    signature = _bytes(whole["signature"], SIGNATURE)
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key, KEY)).verify(
            signature, HEAD + _canonical(note)
        )
    except InvalidSignature:
        raise Altered from None
    return note, key


def public(key: Ed25519PrivateKey) -> str:
    """The key to hand to others, in base64."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def fingerprint(key: str) -> str:
    """What people compare by telephone: 16 hex digits of the key's SHA-256, in fours."""
    digest = hashlib.sha256(_bytes(key, KEY)).hexdigest()[:16]
    return " ".join(digest[i : i + 4] for i in range(0, 16, 4))


def key_in(path: Path) -> Ed25519PrivateKey:
    """The key in the file, made on first use and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was faster
        finally:
            os.unlink(draft)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_bytes()))


def is_key(text: str) -> bool:
    try:
        _bytes(text, KEY)
    except NoNote:
        return False
    return True


def _read(file: bytes) -> dict[str, Any]:
    if len(file) > MOST:
        raise NoNote
    try:
        whole = json.loads(
            file, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of 5,000 digits
        raise NoNote from None
    if not isinstance(whole, dict) or whole.keys() != PARTS:
        raise NoNote
    if not isinstance(whole["note"], dict) or not isinstance(whole["key"], str):
        raise NoNote
    return whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that stands twice, two readers may each take another one."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(text: str) -> None:
    raise ValueError(f"not in a note: {text}")


def _canonical(note: Mapping[str, Any]) -> bytes:
    """One form of an object, whatever its order and blanks."""
    text = json.dumps(note, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _bytes(text: Any, length: int) -> bytes:
    """Strict base64: the same bytes may not be written in two ways."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise NoNote from None
    if len(value) != length or base64.b64encode(value).decode() != text:
        raise NoNote
    return value
