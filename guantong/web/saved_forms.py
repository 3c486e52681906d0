"""Which forms somebody has saved in this session, so that none is saved twice unnoticed.

Each form carries a token; saving it keeps the token with what was made of it. The browser's Back
may ask for a new form from the same address: then the page can still say what was saved there.
"""

from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string

KEY: Final = "saved forms"  # in the session: [token, address, id of the row, seconds]
KEPT: Final = 20
JUST: Final = 15 * 60  # seconds after which a form from the same address is simply another one


def token(request: HttpRequest) -> str:
    """That of the form which was sent, else a new one."""
    sent: str = request.POST.get("form", "")
    return sent if sent.isalnum() and len(sent) <= 20 else get_random_string(12)


def remember(request: HttpRequest, pk: int) -> None:
    now = int(timezone.now().timestamp())
    line = [token(request), request.get_full_path(), pk, now]
    request.session[KEY] = [*request.session.get(KEY, []), line][-KEPT:]


def saved_as(request: HttpRequest) -> int | None:
    """The row that was made of the form which was sent, if it was saved before."""
    sent = request.POST.get("form")
    made: list[int] = [pk for kept, _, pk, _ in request.session.get(KEY, []) if kept == sent]
    return made[-1] if made else None


def just_saved(request: HttpRequest) -> int | None:
    """The row that was made a moment ago of a form from the same address."""
    since, address = timezone.now().timestamp() - JUST, request.get_full_path()
    made: list[int] = [
        pk for _, of, pk, at in request.session.get(KEY, []) if of == address and at > since
    ]
    return made[-1] if made else None
