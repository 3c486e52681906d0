"""Sealed fields: they open in their own place with their own key, unaltered, or not at all."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.trust import sealed
from guantong.trust.sealed import DoesNotOpen, Keys

KEYS = Keys(1, {1: bytes(range(32))}, b"i" * 32)
PLACE = "person:17:phone"


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    assert sealed.unseal(sealed.seal(text, place=PLACE, keys=KEYS), place=PLACE, keys=KEYS) == text


def test_every_flipped_bit_is_noticed() -> None:
    value = sealed.seal("13800138000", place=PLACE, keys=KEYS)
    for bit in range(len(value) * 8):
        altered = bytearray(value)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DoesNotOpen):
            sealed.unseal(bytes(altered), place=PLACE, keys=KEYS)


def test_every_truncation_is_noticed() -> None:
    value = sealed.seal("13800138000", place=PLACE, keys=KEYS)
    for length in range(len(value)):
        with pytest.raises(DoesNotOpen):
            sealed.unseal(value[:length], place=PLACE, keys=KEYS)


@pytest.mark.parametrize("place", ["person:18:phone", "person:17:id_number", "org:17:phone", ""])
def test_a_value_opens_nowhere_else(place: str) -> None:
    value = sealed.seal("13800138000", place=PLACE, keys=KEYS)
    with pytest.raises(DoesNotOpen):
        sealed.unseal(value, place=place, keys=KEYS)


def test_equal_texts_are_sealed_differently_but_indexed_alike() -> None:
    def index(text: str, keys: Keys = KEYS, column: str = "person:id_number") -> str:
        return sealed.blind_index(text, column=column, keys=keys)

    assert sealed.seal("a", place=PLACE, keys=KEYS) != sealed.seal("a", place=PLACE, keys=KEYS)
    assert index("a") == index("a")
    assert len({index("a"), index("b"), index("a", column="org:code")}) == 3
    assert index("a") != index("a", Keys(1, KEYS.sealing, b"j" * 32))
    assert index("a") == index("a", Keys(2, {2: b"k" * 32}, KEYS.index))


def test_an_older_key_still_opens_and_an_absent_one_does_not() -> None:
    old = sealed.seal("a", place=PLACE, keys=KEYS)
    rotated = Keys(2, {**KEYS.sealing, 2: b"n" * 32}, KEYS.index)
    new = sealed.seal("a", place=PLACE, keys=rotated)
    assert (old[1], new[1]) == (1, 2)
    assert sealed.unseal(old, place=PLACE, keys=rotated) == "a"
    with pytest.raises(DoesNotOpen):
        sealed.unseal(new, place=PLACE, keys=KEYS)


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "sealing.json"
    first = sealed.keys_in(path)
    assert sealed.keys_in(path) == first
    assert {len(first.sealing[1]), len(first.index)} == {32}
    assert first.sealing[1] != first.index
    assert os.listdir(path.parent) == ["sealing.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_do_not_show_in_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "sealing.json"
    keys = sealed.keys_in(path)
    for secret in (*json.loads(path.read_text())["sealing"].values(), keys.index.hex()):
        assert secret not in repr(keys)
    assert repr(keys.index) not in repr(keys)
