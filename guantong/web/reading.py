"""Middleware: a page that only reads asks for the day and the reader's roles once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from guantong.records.once import once


def asks_once(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            return get_response(request)
        with once():
            return get_response(request)

    return middleware
