"""Codes that hold for a quarter of a minute, and as long again."""

import secrets
from datetime import UTC, datetime, timedelta

from guantong.trust import rotating

SECRET = bytes(range(32))
AT = datetime(2023, 6, 15, 9, 0, 0, tzinfo=UTC)  # the beginning of a step
STEP = timedelta(seconds=rotating.STEP)


def fits(code: str, after: timedelta) -> bool:
    return rotating.fits(code, SECRET, "sign-in:1", AT + after)


def test_a_code_holds_in_its_step_and_the_next() -> None:
    code = rotating.code(SECRET, "sign-in:1", AT)
    assert fits(code, timedelta())
    assert fits(code, 2 * STEP - timedelta(seconds=1))
    assert not fits(code, 2 * STEP)
    assert not fits(code, -timedelta(seconds=1))
    assert not rotating.fits(code, SECRET, "sign-in:2", AT)
    assert not rotating.fits(code, bytes(32), "sign-in:1", AT)


def test_of_ten_thousand_forged_codes_none_holds() -> None:
    forged = (secrets.token_hex(8) for _ in range(10_000))
    assert not any(fits(code, timedelta()) for code in forged)
    right = rotating.code(SECRET, "sign-in:1", AT)
    assert not any(fits(bad, timedelta()) for bad in ("", right.upper(), right[:-1], "一" * 16))
