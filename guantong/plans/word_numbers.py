"""The numbers that Word prints before a paragraph and does not store in its text.

Follows numbering.xml: a paragraph, or its style, names a list and a level; a level has a format
and a pattern such as "（%1）". Bullets, and formats no plan uses for its clauses, print nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

from guantong.plans.numbering import spelled

CHINESE = (
    "chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting",
    "taiwaneseCounting", "taiwaneseCountingThousand",
)  # fmt: skip
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def _chinese(value: int) -> str:
    return spelled(value) if 0 < value < 100 else str(value)


FORMATS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalFullWidth": lambda value: str(value).translate(FULL_WIDTH),
    "decimalEnclosedCircle": lambda value: chr(0x245F + value) if 0 < value <= 20 else str(value),
    **dict.fromkeys(CHINESE, _chinese),
}


@dataclass(frozen=True)
class Pattern:
    """One level of a list."""

    format: str = "none"
    text: str = ""
    first: int = 1
    restarts: bool = True  # begins again after a number of a higher level


@dataclass(frozen=True)
class NumberList:
    family: str  # lists of one family go on counting from each other
    levels: dict[int, Pattern]
    begin_at: dict[int, int]  # level -> the number this list begins again with


class Numbers:
    """Counts as Word does; ask `label` for every paragraph, in the document's order."""

    def __init__(self, document: Any) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in document.styles.element}
        self._lists = _lists(document)
        self._counts: dict[str, dict[int, int]] = {}  # family -> level -> last number
        self._begun: set[str] = set()

    def label(self, paragraph: Any) -> str:
        name, depth = self._place(paragraph)
        if name not in self._lists:
            return ""
        chosen = self._lists[name]
        counts = self._counts.setdefault(chosen.family, {})
        if name not in self._begun:
            self._begun.add(name)
            counts.update({level: first - 1 for level, first in chosen.begin_at.items()})
        for level in range(depth + 1):  # a level that was jumped over counts as begun
            first = chosen.levels.get(level, Pattern()).first
            counts.setdefault(level, first - 1 if level == depth else first)
        counts[depth] += 1
        for level in [at for at in counts if at > depth]:
            if chosen.levels.get(level, Pattern()).restarts:
                del counts[level]
        return _printed(chosen.levels, depth, counts)

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """List and level, each from the paragraph or the nearest style that names it."""
        found: dict[str, str] = {}
        properties = paragraph.find(qn("w:pPr"))
        style = _value(properties, "w:pStyle")
        seen: set[str] = set()
        while True:
            chosen = None if properties is None else properties.find(qn("w:numPr"))
            for key in ("w:numId", "w:ilvl"):
                if (value := _value(chosen, key)) and key not in found:
                    found[key] = value
            if style in seen or style not in self._styles:
                return found.get("w:numId", ""), int(found.get("w:ilvl", 0))
            seen.add(style)
            properties = self._styles[style].find(qn("w:pPr"))
            style = _value(self._styles[style], "w:basedOn")


def _printed(levels: dict[int, Pattern], depth: int, counts: dict[int, int]) -> str:
    if levels.get(depth, Pattern()).format not in FORMATS:
        return ""

    def number(found: re.Match[str]) -> str:
        level = int(found[1]) - 1
        show = FORMATS.get(levels.get(level, Pattern()).format, str)
        return show(counts.get(level, 1))

    return re.sub(r"%([1-9])", number, levels[depth].text)


def _lists(document: Any) -> dict[str, NumberList]:
    try:
        root = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except KeyError:
        return {}
    families = {
        family.get(qn("w:abstractNumId")): dict(map(_level, family.findall(qn("w:lvl"))))
        for family in root.findall(qn("w:abstractNum"))
    }
    return {
        number.get(qn("w:numId")): _list(number, families) for number in root.findall(qn("w:num"))
    }


def _list(number: Any, families: dict[str, dict[int, Pattern]]) -> NumberList:
    family = _value(number, "w:abstractNumId")
    changes = number.findall(qn("w:lvlOverride"))
    changed = dict(_level(level) for change in changes for level in change.findall(qn("w:lvl")))
    begin_at = {
        int(change.get(qn("w:ilvl"))): int(first)
        for change in changes
        if (first := _value(change, "w:startOverride"))
    }
    return NumberList(family, families.get(family, {}) | changed, begin_at)


def _level(level: Any) -> tuple[int, Pattern]:
    return int(level.get(qn("w:ilvl"))), Pattern(
        format=_value(level, "w:numFmt"),
        text=_value(level, "w:lvlText"),
        first=int(_value(level, "w:start") or 1),
        restarts=_value(level, "w:lvlRestart") != "0",
    )


def _value(parent: Any, tag: str) -> str:
    """`w:val` of a child element; empty when there is none."""
    child = None if parent is None else parent.find(qn(tag))
    return "" if child is None else str(child.get(qn("w:val")) or "")
