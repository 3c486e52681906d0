"""Refuses codes that the catalogue does not know."""

from typing import Any

from guantong.records import catalogue
from guantong.records.access import Refused


def kind(group: str, code: str) -> dict[str, Any]:
    """Return what kinds.yaml says about a code; refuse an unknown one."""
    known = catalogue.current().kinds[group]
    if code not in known:
        titles = "、".join(str(entry["title"]) for entry in known.values())
        raise Refused(f"没有“{code}”这一类，可用：{titles}。")
    return known[code]


def title(group: str, code: str) -> str:
    return catalogue.current().label(group, code)
