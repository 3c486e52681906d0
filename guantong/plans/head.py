"""The head of a plan document: number, issuer, addressee, date, title. And its signature.

Works on the lines before the first clause; a line it cannot name is handed back, not dropped.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from guantong.plans.model import Head, Line, Remark
from guantong.plans.numbering import DIGITS, VALUES
from guantong.plans.sentences import broken_off, ended, joined

NUMBER = re.compile(r"\w+[〔［\[(（【]\d{4}[〕］\])）】]第?\d+号")
DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
CHINESE_DAY = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三十]{1,2})月([一二三十四五六七八九]{1,3})日"
)
FIGURES = str.maketrans("〇○零" + DIGITS, "000123456789")
PROSE = re.compile(r"(为|根据|按照|依据|现将|经)")
PUNCTUATION = frozenset("，。；：,;:")


def read_head(lines: Sequence[Line]) -> tuple[Head, tuple[Remark, ...]]:
    head, rest = _named_lines(lines)
    runs = [
        (prose, tuple(line for line, _ in run))
        for prose, run in groupby(_marked_as_prose(rest), key=lambda pair: pair[1])
    ]
    titles = [i for i, (prose, _) in enumerate(runs) if not prose]
    last = titles[-1] if titles else -1
    notice = next((i for i in titles if i != last and _text(runs[i][1]).endswith("通知")), None)
    head = replace(
        head,
        notice=_text(runs[notice][1]) if notice is not None else "",
        title=_text(runs[last][1]) if titles else "",
        letter=joined(line.text for prose, run in runs[: max(last, 0)] if prose for line in run),
        preamble=joined(line.text for prose, run in runs[last + 1 :] if prose for line in run),
    )
    strange = [line for i in titles if i not in (notice, last) for line in runs[i][1]]
    return head, tuple(Remark(x.number, x.text, "文头里没有认出的一行") for x in strange)


def _named_lines(lines: Sequence[Line]) -> tuple[Head, list[Line]]:
    """Take out the lines that their form gives away."""
    head = Head()
    rest: list[Line] = []
    for line in lines:
        text = squeezed(line.text)
        if not head.number and NUMBER.fullmatch(unicodedata.normalize("NFKC", text)):
            head = replace(head, number=text)
        elif not head.issued and (day := day_of(text)):
            signed = squeezed(rest.pop().text) if rest and is_signature(rest[-1].text) else ""
            head = replace(head, issued=day, issuer=signed or head.issuer)
        elif not head.addressee and text.endswith(("：", ":")) and not _any_prose([*rest, line]):
            cut = [rest.pop().text] if rest and broken_off(rest[-1].text) else []
            head = replace(head, addressee=joined([*cut, text[:-1]]))
        elif not (head.issuer or rest) and text.endswith("文件"):
            head = replace(head, issuer=text.removesuffix("文件"))
        else:
            rest.append(line)
    return head, rest


def _any_prose(lines: Sequence[Line]) -> bool:
    return any(_prose(line.text.rstrip("：:")) for line in lines)


def _prose(text: str) -> bool:
    return bool(PROSE.match(text) or PUNCTUATION & set(text))


def _marked_as_prose(lines: Sequence[Line]) -> list[tuple[Line, bool]]:
    """Tell sentences from titles; the rest of a sentence that a page cut is one too."""
    marked: list[tuple[Line, bool]] = []
    for line in lines:
        goes_on = bool(marked) and marked[-1][1] and not ended(marked[-1][0].text)
        marked.append((line, goes_on or _prose(line.text)))
    return marked


def _text(lines: Sequence[Line]) -> str:
    return squeezed(joined(line.text for line in lines))


def squeezed(text: str) -> str:
    """Without the blanks that spread or wrap a Chinese title."""
    return re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", text)


def is_signature(text: str) -> bool:
    """Whether a line above a date can be the name of who signs."""
    return len(text) <= 40 and not PUNCTUATION & set(text) and not text.endswith("通知")


def day_of(text: str) -> date | None:
    """Return the day a line consists of; None as well where there is no such day."""
    plain = unicodedata.normalize("NFKC", squeezed(text))
    if found := DAY.fullmatch(plain):
        year, month, day = (int(part) for part in found.groups())
    elif found := CHINESE_DAY.fullmatch(squeezed(text)):
        year = int(found[1].translate(FIGURES))
        month, day = VALUES.get(found[2], 0), VALUES.get(found[3], 0)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
