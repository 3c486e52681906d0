"""What a plan document consists of once it is read. Values only; `read` makes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class DocumentRefused(Exception):
    """The file cannot be read as a plan document; the text says why and how to mend it."""


class Level(IntEnum):
    CHAPTER = 1  # 一、
    SECTION = 2  # （一）
    TASK = 3  # 1.


@dataclass(frozen=True)
class Line:
    """A printed line: text without the blanks around it, never empty."""

    number: int  # in a .txt the line of the file, in a .docx the paragraph that is not blank
    text: str


@dataclass(frozen=True)
class Remark:
    """Something a person should look at, and where."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Source:
    """The lines of a file, whatever its format."""

    lines: tuple[Line, ...]
    unit: str = "行"  # what Line.number counts
    aside: tuple[Remark, ...] = ()  # text that stands outside the lines, such as tables


@dataclass(frozen=True)
class Head:
    """What stands before the first clause; empty where the document does not say it."""

    number: str = ""
    issuer: str = ""
    addressee: str = ""
    issued: date | None = None
    notice: str = ""  # title of the notice that sends the plan round
    letter: str = ""  # its text
    title: str = ""  # of the plan itself
    preamble: str = ""


@dataclass(frozen=True)
class Clause:
    """A numbered place: `title` is its first sentence without the stop, `text` all the rest."""

    path: str  # "二", "二/(二)" or "二/(二)/6"
    level: Level
    number: str
    title: str
    text: str
    line: int


@dataclass(frozen=True)
class Document:
    head: Head
    clauses: tuple[Clause, ...]  # in the document's order, parents before children
    unit: str = "行"
    problems: tuple[Remark, ...] = ()  # numbering that jumps, repeats or cannot be trusted
    unplaced: tuple[Remark, ...] = ()  # text that belongs to no clause

    def of(self, level: Level) -> Iterator[Clause]:
        return (clause for clause in self.clauses if clause.level == level)
