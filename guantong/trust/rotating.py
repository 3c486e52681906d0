"""Codes that hold for some seconds: shown on a screen, scanned by those who stand before it.

A code is an HMAC over what it is for and the number of the step in time. The step before holds
too, for whoever scanned at the last moment. Who has no secret cannot make one; a code that is
passed on within its seconds cannot be told from one that was scanned here.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

STEP: Final = 15  # seconds
LENGTH: Final = 10  # bytes: 80 bits are not guessed in half a minute


def code(secret: bytes, purpose: str, moment: datetime) -> str:
    """Return 16 letters and digits that hold from the moment's step to the end of the next."""
    return _code(secret, purpose, step_of(moment))


def fits(given: str, secret: bytes, purpose: str, moment: datetime) -> bool:
    step = step_of(moment)
    return any(
        hmac.compare_digest(_code(secret, purpose, one).encode(), given.encode())
        for one in (step, step - 1)
    )


def step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def _code(secret: bytes, purpose: str, step: int) -> str:
    digest = hmac.new(secret, f"{purpose}\0{step}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:LENGTH]).decode().lower()
