"""What the tests of pages ask of an answer."""

import re
from io import BytesIO
from typing import Any

from django.test import Client
from python_calamine import CalamineWorkbook

# Never the same twice.
TOKEN = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>|CSRFToken": "[^"]*"')


def shown(response: Any) -> str:
    return str(response.content.decode())


def part(client: Client, address: str) -> str:
    """What HTMX gets for its part of a page; it must stand in the whole page just so."""
    fragment = TOKEN.sub("", shown(client.get(address, headers={"HX-Request": "true"}))).strip()
    assert fragment.startswith("<div id=")
    assert fragment in TOKEN.sub("", shown(client.get(address)))
    return fragment


def rows(response: Any) -> list[list[Any]]:
    """The rows of a workbook, its header first."""
    book = CalamineWorkbook.from_filelike(BytesIO(response.content))
    return book.get_sheet_by_index(0).to_python()[2:]


def filled(response: Any) -> dict[str, Any]:
    """What the browser would send if nobody touched the form of a page."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: getattr(v, "pk", v) for name, v in values.items() if v not in (None, "", [])}
