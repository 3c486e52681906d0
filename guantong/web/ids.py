"""Ids in addresses and forms: what may be one. An endless number is the id of nothing."""

from typing import Final

from django.urls.converters import IntConverter

NOBODY: Final = 0  # no row has it
DIGITS: Final = 18  # as many as surely fit into a database


class Id(IntConverter):
    """`<id:pk>` in a route; what is longer leads to no page."""

    regex = f"[0-9]{{1,{DIGITS}}}"


def read(text: str | None) -> int:
    """The id that a text names; NOBODY for nonsense."""
    return int(text) if text and text.isdecimal() and len(text) <= DIGITS else NOBODY
