"""A list handed out as a workbook: what the page shows, and whence and when it came.

A view asks `wanted` and answers with `workbook(...)` instead of its page. All rows, not one page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from guantong.records import clock
from guantong.records.models import User
from guantong.sheets.write import MIME, Sheet, Value
from guantong.sheets.write import workbook as write


def wanted(request: HttpRequest) -> bool:
    return request.GET.get("export") == "xlsx"


def workbook(
    request: HttpRequest,
    *,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Value]],
    about: str = "",
    groups: Sequence[tuple[str, int]] = (),
    beside: Sequence[Sheet] = (),
) -> HttpResponse:
    """Return an .xlsx file; `about` says what the rows were narrowed to."""
    assert isinstance(request.user, User)
    made = f"{clock.now():%Y-%m-%d %H:%M} 由 {request.user.called} 导出"
    note = " · ".join(part for part in (about, made) if part)
    sheets = [Sheet(title, header, rows, note, groups), *(replace(s, note=note) for s in beside)]
    return attached(write(*sheets), f"{title} {clock.today():%Y-%m-%d}.xlsx")


def attached(content: bytes, name: str, mime: str = MIME) -> HttpResponse:
    """A file (a workbook) to save under a name."""
    response = HttpResponse(content, content_type=mime)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
