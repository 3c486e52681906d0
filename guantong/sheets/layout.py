"""What columns a spreadsheet may have, read from `catalogue/sheets/*.yaml`. Knows no file."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from guantong.conditions.yaml_file import Fields, read
from guantong.obligations.model import Catalogue

BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")


def plain(text: str) -> str:
    """Half-width, lower case, without blanks, line breaks, and stars or colons at the ends."""
    text = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    return text.strip("*:#★※.、")


def without_notes(text: str) -> str:
    """The same without what stands in brackets: 入党时间(年月日) is 入党时间."""
    return plain(BRACKETED.sub("", plain(text)))


class As(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    NAME = "name"
    DATE = "date"
    DAYS = "days"  # several, each to the day
    MOMENT = "moment"  # a day, perhaps with a time
    ID_NUMBER = "id_number"
    NUMBER = "number"  # a staff or student number: digits and letters
    PHONE = "phone"
    HOURS = "hours"
    CODE = "code"
    ORG = "org"
    ORGS = "orgs"
    PEOPLE = "people"


@dataclass(frozen=True)
class Column:
    """`words` maps every way to write a code, made plain, to the code; `options` are its titles.

    `confidence`: how far another system's title is known (see regulations.yaml), else empty.
    `everyone` are the words that stand for a whole roster.
    """

    field: str
    title: str
    headers: tuple[str, ...]
    read_as: As
    required: bool
    basis: str
    example: str
    hint: str
    words: Mapping[str, str]
    options: tuple[str, ...]
    everyone: frozenset[str]
    longest: int
    confidence: str


@dataclass(frozen=True)
class Layout:
    """`passed_over` are headers that need no mention when they are not read. Of the columns in
    `one_needed` one has to be there for rows about somebody new. `dated`: it shows how things were
    on a day.
    """

    kind: str
    title: str
    permission: str
    file_name: str
    columns: tuple[Column, ...]
    passed_over: frozenset[str]
    one_needed: tuple[str, ...]
    dated: bool

    def column(self, field: str) -> Column:
        return self._by_field[field]

    @cached_property
    def _by_field(self) -> dict[str, Column]:
        return {column.field: column for column in self.columns}


def load_layouts(folder: Path, catalogue: Catalogue) -> dict[str, Layout]:
    """Return the layouts by kind; raise CatalogueError naming file and key."""
    return {path.stem: _layout(path, catalogue) for path in sorted(folder.glob("*.yaml"))}


def _layout(path: Path, catalogue: Catalogue) -> Layout:
    f = read(path, f"{path.parent.name}/{path.name}")
    layout = Layout(
        kind=path.stem,
        title=f.text("title"),
        permission=f.text("permission"),
        file_name=f.text("file_name"),
        passed_over=frozenset(map(plain, f.names("passed_over", []))),
        columns=tuple(_column(c, catalogue) for c in f.each("columns")),
        one_needed=f.names("one_needed", []),
        dated=f.take("dated", bool, default=False),
    )
    f.done()
    if unknown := set(layout.one_needed) - {column.field for column in layout.columns}:
        raise f.wrong(
            "one_needed", f"没有列 {'、'.join(sorted(unknown))}", "写 columns 里的 field"
        )
    seen: dict[str, str] = {}
    for column in layout.columns:
        for header in {plain(h) for h in (column.title, *column.headers)}:
            if header in seen:
                raise f.wrong("columns", f"表头“{header}”既是 {seen[header]} 又是 {column.field}")
            seen[header] = column.field
    return layout


def _column(f: Fields, catalogue: Catalogue) -> Column:
    group = catalogue.kinds[f.choice("group", list(catalogue.kinds))] if f.has("group") else {}
    titles = {str(entry["title"]): code for code, entry in group.items()}
    words = titles | {str(k): str(v) for k, v in f.take("words", dict, {}).items()}
    column = Column(
        field=f.text("field"),
        title=f.text("title"),
        headers=f.names("headers", []),
        read_as=As(f.choice("as", As)),
        required=f.take("required", bool, default=False),
        basis=_basis(f, catalogue) if f.has("basis") else "",
        example=f.text("example"),
        hint=f.text("hint", ""),
        words={plain(word): code for word, code in words.items()},
        options=tuple(titles or words),
        everyone=frozenset(map(plain, f.names("everyone", []))),
        longest=f.take("longest", int, 100),
        confidence=f.text("confidence", ""),
    )
    f.done()
    if column.required and not column.basis:
        raise f.wrong("basis", "必填的列要有依据", "写明出自哪份文件哪一条，或改为选填")
    if group and (unknown := sorted(set(words.values()) - set(group))):
        raise f.wrong("words", f"没有代码 {'、'.join(unknown)}", "用 kinds.yaml 里的代码")
    return column


def _basis(f: Fields, catalogue: Catalogue) -> str:
    """As people cite it: the instrument's title and the place in it."""
    basis = f.fields("basis")
    instrument = basis.text("instrument")
    if instrument not in catalogue.regulations:
        raise basis.wrong("instrument", f"regulations.yaml 里没有“{instrument}”", "先登记该文件")
    title = str(catalogue.regulations[instrument]["title"])
    place = basis.text("clause") if basis.has("clause") else f"第{basis.text('article')}条"
    basis.done()
    return f"{title}{place}"
