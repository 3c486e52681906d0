"""How Chinese names are spelt and sorted. Surnames are read as surnames (曾 zeng, 单 shan)."""

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
}
NUMERALS = {numeral: str(value) for value, numeral in enumerate("零一二三四五六七八九")}


def pinyin(name: str) -> str:
    """Return "zeng guo fan": lower case, one space between syllables, no tones."""
    syllables = [s.strip().lower() for s in lazy_pinyin(name)]
    syllables = [s for s in syllables if any(letter.isalnum() for letter in s)]
    if syllables and name[0] in SURNAMES:
        syllables[0] = SURNAMES[name[0]]
    return " ".join(syllables)


def initials(spelt: str) -> str:
    """Return "zgf" for "zeng guo fan"."""
    return "".join(syllable[0] for syllable in spelt.split())


def sort_key(title: str) -> str:
    """Return what sorts titles by sound, their numbers by size: 第二支部 after 第一支部."""
    return " ".join(s.strip().lower() for s in lazy_pinyin(_counted(title), style=Style.TONE3))


def _counted(title: str) -> str:
    return "".join(NUMERALS.get(letter, letter) for letter in title)
