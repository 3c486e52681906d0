"""How printed lines join into sentences again, and how a line ends. Knows no numbering."""

from collections.abc import Iterable

STOP = "。"
_ENDS = "。！？；：…!?;:"
_CLOSERS = "”’）)》〉】」』"
_GOES_ON = "，,、（(《〈【「『“‘〔"
_STARTS_LATE = "，。、；：！？）)》〉】」』”’〕"
_PAIRS = tuple(zip("(“《〈〔「", ")”》〉〕」", strict=True))
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff\x1a"))


def pieces(row: str) -> list[str]:
    """What is to be seen of a row, cut where it holds a soft break or a page feed."""
    return [seen for part in row.translate(UNSEEN).splitlines() if (seen := part.strip())]


def joined(parts: Iterable[str]) -> str:
    """Put cut lines together; only between two Latin letters was there a blank at the cut."""
    whole: list[str] = []
    for part in parts:
        if whole and part and _latin(whole[-1][-1]) and _latin(part[0]):
            whole.append(" ")
        if part:
            whole.append(part)
    return "".join(whole)


def _latin(char: str) -> bool:
    return char.isascii() and char.isalpha()


def ended(text: str) -> bool:
    """Whether a paragraph may end here; `（责任单位：组织部）` ends one as well as a stop does."""
    return text[-1:] in ("）", ")") or text.rstrip(_CLOSERS)[-1:] in tuple(_ENDS)


def broken_off(text: str) -> bool:
    """Whether it certainly goes on: a comma last, or a bracket or quotation still open."""
    sentence = text.rpartition(STOP)[2].replace("（", "(").replace("）", ")")
    return text[-1:] in tuple(_GOES_ON) or any(
        sentence.count(opening) > sentence.count(closing) for opening, closing in _PAIRS
    )


def carries_on(text: str) -> bool:
    """Whether a line cannot begin a paragraph."""
    return text[:1] in tuple(_STARTS_LATE)
