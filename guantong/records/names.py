"""How Chinese names are spelt and sorted. Surnames are read as surnames (曾 zeng, 单 shan)."""

import re
import unicodedata
from collections.abc import Iterator

from pypinyin import Style, lazy_pinyin

SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "区": "ou",
    "查": "zha",
    "翟": "zhai",
    "朴": "piao",
    "缪": "miao",
    "盖": "ge",
    "种": "chong",
    "折": "she",
    "黑": "he",
    "洗": "xian",
    "覃": "qin",
    "员": "yun",
    "单于": "chan yu",
    "乐": "yue",
    "卜": "bu",
    "召": "shao",
    "祭": "zhai",
    "秘": "bi",
    "繁": "po",
    "能": "nai",
    "隗": "wei",
    "郇": "xun",
}
HIDDEN = ("Cc", "Cf")
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SPELT = ("pinyin", "letters")
NUMERALS = {numeral: str(value) for value, numeral in enumerate("零一二三四五六七八九")}


def printable(text: str) -> str:
    """Without control and invisible characters, which make two of one name."""
    if text.isprintable():  # most are
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in HIDDEN)


def misleads(text: str) -> bool:
    """Whether a text holds what no page shows: a control, no character at all, or a turn of the
    direction of writing, behind which another name may stand.
    """
    return not text.isprintable() and any(
        c in TURNS or (c not in "\n\r\t" and unicodedata.category(c) in ("Cc", "Cn", "Cs"))
        for c in text
    )


def tidy(text: str) -> str:
    """A person's name: no blanks between Chinese characters, the dot of names always “·”."""
    text = " ".join(printable(text).split())
    text = re.sub(r"\s*[·•・‧∙⋅●．]\s*", "·", text)
    return text if re.search(r"[A-Za-z]", text) else text.replace(" ", "")


def pinyin(name: str) -> str:
    """Return "zeng guo fan": lower case, one space between syllables, no tones."""
    return next(_readings(name))


def spelt(name: str) -> dict[str, str]:
    """The columns of a person that follow from the name."""
    return {"pinyin": pinyin(name), "letters": letters(name)}


def letters(name: str) -> str:
    """Return what a name is found by, every way to spell it: "|zengguofan|zgf|cengguofan|cgf|".

    A surname may be read as one or, by who does not know it, as the word that it also is.
    """
    spelt = dict.fromkeys(
        found for one in _readings(name) for found in (one.replace(" ", ""), initials(one))
    )
    return f"|{'|'.join(found for found in spelt if found)}|"


def initials(spelt: str) -> str:
    """Return "zgf" for "zeng guo fan"."""
    return "".join(syllable[0] for syllable in spelt.split())


def _readings(name: str) -> Iterator[str]:
    """The best first: the surname as a surname, the longer one before the shorter."""
    syllables = _syllables(name)
    for surname in (name[:2], name[:1]):
        if surname in SURNAMES:
            read = SURNAMES[surname].split()
            yield " ".join([*read, *syllables[len(read) :]])
    yield " ".join(syllables)


def _syllables(name: str) -> list[str]:
    found = [s.strip().lower() for s in lazy_pinyin(name)]
    return [s for s in found if any(letter.isalnum() for letter in s)]


def sort_key(title: str) -> str:
    """Return what sorts titles by sound, their numbers by size: 第二支部 after 第一支部."""
    return " ".join(s.strip().lower() for s in lazy_pinyin(_counted(title), style=Style.TONE3))


def _counted(title: str) -> str:
    return "".join(NUMERALS.get(letter, letter) for letter in title)
