"""Middleware: pages are got and forms are posted; every other method is refused, before anything.
What asks for the headers alone (HEAD) is answered as the page is, without its text.

Not for who may: each view that only reads refuses POST itself.
"""

from collections.abc import Callable
from typing import Final

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)

ALLOWED: Final = ("GET", "HEAD", "POST")
type View = Callable[[HttpRequest], HttpResponse]


def get_and_post(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in ALLOWED:
            return HttpResponseNotAllowed(ALLOWED)
        if request.method == "HEAD":
            return _headers_alone(get_response, request)
        return get_response(request)

    return middleware


def _headers_alone(get_response: View, request: HttpRequest) -> HttpResponse:
    request.method = "GET"  # the views know no other way of reading
    response = get_response(request)
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    else:
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    return response
