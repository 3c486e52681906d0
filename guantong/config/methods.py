"""Middleware: pages are got and forms are posted; every other method is refused, before anything.

Not for who may: each view that only reads refuses POST itself.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

ALLOWED: Final = ("GET", "POST")
type View = Callable[[HttpRequest], HttpResponse]


def get_and_post(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in ALLOWED:
            return HttpResponseNotAllowed(ALLOWED)
        return get_response(request)

    return middleware
