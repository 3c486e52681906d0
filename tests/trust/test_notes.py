"""Signed notes: what was signed opens, and nothing else does."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from guantong.trust import notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOTE = {"format": "x 1", "name": "张三", "year": 2023, "lines": [{"hours": "2.5"}, {"hours": "3"}]}
FILE = notes.sign(NOTE, KEY)
TRUSTED = {notes.public(KEY)}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_what_is_signed_opens_however_it_is_laid_out(note: dict[str, object]) -> None:
    file = notes.sign(note, KEY)
    assert notes.opened(file, TRUSTED) == (note, notes.public(KEY))
    turned = dict(reversed(json.loads(file).items()))
    assert notes.opened(json.dumps(turned, indent=4).encode(), TRUSTED)[0] == note


def test_no_byte_can_be_changed_unnoticed() -> None:
    """Each byte in turn, to several others: it is refused, or only the layout has changed."""
    for place, byte in enumerate(FILE):
        for other in {byte ^ 1, byte ^ 0x20, 0x30, 0x22, 0x20} - {byte}:
            changed = FILE[:place] + bytes([other]) + FILE[place + 1 :]
            try:
                found, _ = notes.opened(changed, TRUSTED)
            except (notes.NoNote, notes.UnknownKey, notes.Altered):
                continue
            assert found == NOTE, (place, other)


def test_forged_with_another_key_or_under_another_name() -> None:
    with pytest.raises(notes.UnknownKey) as unknown:
        notes.opened(notes.sign(NOTE, OTHER), TRUSTED)
    assert unknown.value.args[0] == notes.public(OTHER)
    forged = json.loads(notes.sign(NOTE, OTHER)) | {"key": notes.public(KEY)}
    with pytest.raises(notes.Altered):
        notes.opened(json.dumps(forged).encode(), TRUSTED)
    assert notes.fingerprint(notes.public(KEY)) != notes.fingerprint(notes.public(OTHER))


@pytest.mark.parametrize(
    "file",
    [
        b"", b"{}", b"[]", b"%PDF-1.4", b"\xff\xfe", b"[" * 100_000, b"1" * 5000,
        FILE.replace(b'"note"', b'"Note"'),
        FILE.replace(b'"year": 2023', b'"year": 2023.5'),
        FILE.replace(b'"year": 2023', b'"year": NaN'),
        FILE.replace(b'"year": 2023', b'"year": 2023, "year": 2024'),
        FILE.replace(notes.public(KEY).encode(), b"AAAA"),
        json.dumps(json.loads(FILE) | {"key": [1]}).encode(),
        json.dumps(json.loads(FILE) | {"more": 1}).encode(),
        FILE + b" " * notes.MOST,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused_as_such(file: bytes) -> None:
    with pytest.raises((notes.NoNote, notes.UnknownKey)):
        notes.opened(file, {*TRUSTED, "AAAA"} if b"AAAA" in file else TRUSTED)


def test_base64_is_read_strictly() -> None:
    """The last character of a signature has bits that decode to nothing."""
    signature = json.loads(FILE)["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    whole = base64.b64decode(signature)
    same = {c for c in alphabet if base64.b64decode(f"{signature[:-3]}{c}==") == whole}
    assert len(same) > 1, "otherwise this tests nothing"
    for last in same - {signature[-3]}:
        with pytest.raises(notes.NoNote):
            notes.opened(
                FILE.replace(signature.encode(), f"{signature[:-3]}{last}==".encode()), TRUSTED
            )


def test_the_key_file_is_its_owners_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.key"
    first = notes.public(notes.key_in(path))
    assert notes.public(notes.key_in(path)) == first
    assert path.stat().st_mode & 0o077 == 0
