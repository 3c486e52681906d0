"""Addresses of pages: looked up once, and with a query where the list is narrowed."""

from collections.abc import Mapping
from functools import cache, lru_cache
from urllib.parse import urlencode

from django.urls import reverse


@cache
def page_url(url_name: str) -> str:
    """Looked up once: a page may name a thousand addresses."""
    return reverse(url_name)


def address(url_name: str, values: Mapping[str, str]) -> str:
    """A page's address with those values that are not empty."""
    query = "&".join(_encoded(name, value) for name, value in values.items() if value)
    return f"{page_url(url_name)}?{query}" if query else page_url(url_name)


@lru_cache(maxsize=4096)
def _encoded(name: str, value: str) -> str:
    """Of a thousand addresses on a page nearly all parts are the same."""
    return urlencode({name: value})
