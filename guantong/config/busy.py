"""Middleware: where others write for longer than a request waits, the answer says so and offers
what was sent once more. SQLite lets one write at a time, and a large import is one write.

Not for what is wrong with the database: that stays an error of ours.
"""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

type View = Callable[[HttpRequest], HttpResponse]


class SaysBusy:
    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, trouble: Exception) -> HttpResponse | None:
        name = getattr(trouble.__cause__, "sqlite_errorname", "")
        if not isinstance(trouble, OperationalError) or not name.startswith("SQLITE_BUSY"):
            return None
        return render(request, "503.html", {"sent": _sent(request)}, status=503)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """The form's fields to send again; none where a file or a password was among them."""
    secret = any("password" in name for name in request.POST)
    if request.FILES or secret:
        return []
    return [(name, text) for name, texts in request.POST.lists() for text in texts]
