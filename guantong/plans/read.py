"""Split a plan document into its clause tree by its own numbering.

A line that begins with a number opens a clause, unless the line before it was cut in the middle of
a sentence: `_opens` weighs that. All other lines go on with the clause they stand in. Whatever
belongs to no clause is handed back as unplaced, so that no sentence is lost or told twice.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from guantong.plans.head import day_of, is_signature, read_head, squeezed
from guantong.plans.load import read_source
from guantong.plans.model import (
    Clause,
    Document,
    DocumentRefused,
    Head,
    Level,
    Line,
    Remark,
    Source,
)
from guantong.plans.numbering import EXAMPLES, Marker, marker_of, written
from guantong.plans.sentences import STOP, broken_off, carries_on, ended, joined

NAMES = {Level.CHAPTER: "章", Level.SECTION: "节", Level.TASK: "任务"}
PAGE = re.compile(
    r"[-－—–_·\s]*\d{1,3}[-－—–_·\s]*|第\s*\d{1,3}\s*页(\s*[,，/]?\s*共\s*\d{1,3}\s*页)?"
)
LEADERS = ("...", "…", "···", "\t")  # between a title in the contents and its page
TAIL = re.compile(
    r"附件\s*\d*\s*([:：].*)?|(抄送|主送|分送|公开方式)[:：].*|.*\d日印发|[（(]此件.*"
)


def read_document(path: Path) -> Document:
    """Read a .txt or .docx; raise DocumentRefused when it holds no clause or cannot be read."""
    return split(read_source(path))


def split(source: Source) -> Document:
    lines, furniture = _without_furniture(source.lines)
    markers = [marker_of(line.text) for line in lines]
    top = min((marker.level for marker in markers if marker), default=None)
    if top is None:
        raise DocumentRefused(f"没有找到条款。条款要以编号开头，另起一行：{EXAMPLES}")
    start = next(i for i, marker in enumerate(markers) if marker and marker.level == top)
    end = _tail_begins(lines, start)
    head, strange = read_head(lines[:start])
    head, tail = _signed(head, lines[end:])
    outline = _outline(lines[start:end], markers[start:end])
    return Document(
        head=head,
        clauses=tuple(_clauses(outline.drafts)),
        unit=source.unit,
        problems=tuple(outline.problems),
        unplaced=tuple(
            sorted([*furniture, *strange, *tail, *source.aside], key=lambda remark: remark.line)
        ),
    )


# ---------------------------------------------------------------- what is not body text


def _without_furniture(lines: Sequence[Line]) -> tuple[list[Line], list[Remark]]:
    kept: list[Line] = []
    aside: list[Remark] = []
    for line in lines:
        if PAGE.fullmatch(line.text):
            aside.append(Remark(line.number, line.text, "单独一行的数字，当作页码"))
        elif squeezed(line.text) == "目录" or _in_contents(line.text):
            aside.append(Remark(line.number, line.text, "目录"))
        else:
            kept.append(line)
    return kept, aside


def _in_contents(text: str) -> bool:
    title = text.rstrip("0123456789")
    gap = title[len(title.rstrip(".…· \t")) :]
    return title < text and any(leader in gap for leader in LEADERS) and bool(marker_of(text))


def _tail_begins(lines: Sequence[Line], start: int) -> int:
    """The first line of signature, annexes or distribution list after the last clause."""
    for i in range(start + 1, len(lines)):
        if broken_off(lines[i - 1].text) or not ended(lines[i - 1].text):
            continue
        if TAIL.fullmatch(lines[i].text) or any(map(day_of, _signing(lines, i))):
            return i
    return len(lines)


def _signing(lines: Sequence[Line], i: int) -> list[str]:
    """This line, and the next one where this may be the name of who signs."""
    texts = [line.text for line in lines[i : i + 2]]
    return texts if is_signature(texts[0]) else texts[:1]


def _signed(head: Head, tail: Sequence[Line]) -> tuple[Head, list[Remark]]:
    """A plan sent without a notice is signed and dated at its end."""
    rest = list(tail)
    at = next((i for i, line in enumerate(rest[:2]) if day_of(line.text)), None)
    if at is not None and not head.issued:
        signed = squeezed(joined(line.text for line in rest[:at]))
        head = replace(head, issued=day_of(rest[at].text), issuer=head.issuer or signed)
        del rest[: at + 1]
    return head, [Remark(x.number, x.text, "落款、附件等，不属于条款") for x in rest]


# ---------------------------------------------------------------- which lines open a clause


@dataclass
class Draft:
    """A clause while its lines are being gathered."""

    marker: Marker
    parent: "Draft | None"
    path: str
    line: int
    pieces: list[str]
    told: bool  # a whole sentence has been read
    last: dict[Level, int] = field(default_factory=dict)  # value of the last child


@dataclass
class Outline:
    """Where we are in the document; the last draft is the clause being read."""

    drafts: list[Draft] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    last: dict[Level, int] = field(default_factory=dict)  # last value, whatever the parent
    last_on_top: dict[Level, int] = field(default_factory=dict)

    def parent_of(self, level: Level) -> Draft | None:
        draft = self.drafts[-1] if self.drafts else None
        while draft and draft.marker.level >= level:
            draft = draft.parent
        return draft

    def siblings(self, level: Level) -> dict[Level, int]:
        parent = self.parent_of(level)
        return parent.last if parent else self.last_on_top

    def awaited(self, marker: Marker) -> tuple[int, ...]:
        """The values that may come next; a first child may go on from the clause before."""
        if before := self.siblings(marker.level).get(marker.level):
            return (before + 1,)
        return (1, self.last.get(marker.level, 0) + 1)

    def open(self, marker: Marker, line: Line) -> None:
        parent = self.parent_of(marker.level)
        path = f"{parent.path}/{marker.number}" if parent else marker.number
        if reason := self.wrong_number(marker, path):
            self.problems.append(Remark(line.number, line.text, reason))
        self.siblings(marker.level)[marker.level] = self.last[marker.level] = marker.value
        self.paths.add(path)
        told = STOP in marker.rest
        self.drafts.append(Draft(marker, parent, path, line.number, [marker.rest], told))

    def wrong_number(self, marker: Marker, path: str) -> str:
        """Why the number does not follow; empty when it does."""
        before = self.siblings(marker.level).get(marker.level)
        name, previous = NAMES[marker.level], written(marker.level, before or 0)
        if path in self.paths:
            return f"{name}编号重复，前面已有 {marker.number}"
        if marker.value in self.awaited(marker):
            return ""
        if before is None:
            return f"{name}编号从 {marker.number} 开始，前面没有 {written(marker.level, 1)}"
        return f"{name}编号从 {previous} 跳到 {marker.number}"

    def go_on(self, text: str) -> None:
        draft = self.drafts[-1]
        draft.pieces.append(text)
        draft.told = draft.told or STOP in text


def _outline(lines: Sequence[Line], markers: Sequence[Marker | None]) -> Outline:
    outline = Outline()
    told_again = _told_again(lines, markers)
    for i, (line, marker) in enumerate(zip(lines, markers, strict=True)):
        if marker and (i == 0 or _opens(marker, outline, lines[i - 1].text, i in told_again)):
            outline.open(marker, line)
            continue
        if marker:
            reason = f"“{marker.number}”像编号，但上一行的句子没有完，已接在上文"
            outline.problems.append(Remark(line.number, line.text, reason))
        outline.go_on(line.text)
    return outline


def _opens(marker: Marker, outline: Outline, before: str, told_again: bool) -> bool:
    """Weigh a number at the beginning of a line against the line before it."""
    if broken_off(before) or carries_on(marker.rest):
        return False
    if ended(before) or not outline.drafts[-1].told:  # a heading needs no stop
        return True
    return marker.value in outline.awaited(marker) and not told_again


def _told_again(lines: Sequence[Line], markers: Sequence[Marker | None]) -> set[int]:
    """The lines whose number opens another line further down beyond doubt, in the same parent."""
    again: set[int] = set()
    below: dict[Level, set[int]] = {level: set() for level in Level}
    for i in range(len(lines) - 1, 0, -1):
        if marker := markers[i]:
            if marker.value in below[marker.level]:
                again.add(i)
            if _closed(lines[i - 1].text, markers[i - 1]):
                below[marker.level].add(marker.value)
                for deeper in range(marker.level + 1, Level.TASK + 1):
                    below[Level(deeper)].clear()
    return again


def _closed(text: str, marker: Marker | None) -> bool:
    return ended(text) or bool(marker and STOP not in text and not broken_off(text))


# ---------------------------------------------------------------- title and text


def _clauses(drafts: Sequence[Draft]) -> Iterable[Clause]:
    titled = _titled_in_line(drafts)
    for draft in drafts:
        title, text = title_and_text(draft.pieces, in_line=titled(draft))
        marker = draft.marker
        yield Clause(draft.path, marker.level, marker.number, title, text, draft.line)


def title_and_text(pieces: Sequence[str], *, in_line: bool) -> tuple[str, str]:
    """Part the heading from the body.

    Where the stop comes after the first line, either a page cut the heading sentence (`in_line`:
    the clauses beside this one have heading and body in one paragraph), or the heading stands
    alone on its line.
    """
    whole = joined(pieces)
    if STOP not in whole:
        return whole, ""
    heading = 1
    while STOP not in pieces[heading - 1] and _goes_on(pieces[heading - 1], pieces[heading]):
        heading += 1
    if in_line or STOP in pieces[heading - 1]:
        title, _, text = whole.partition(STOP)
        return title, text.lstrip()
    return joined(pieces[:heading]), joined(pieces[heading:])


def _goes_on(text: str, following: str) -> bool:
    return not text or broken_off(text) or carries_on(following)


def _titled_in_line(drafts: Sequence[Draft]) -> Callable[[Draft], bool]:
    """Whether most clauses beside one end their heading on its own line with a stop."""
    votes: Counter[tuple[int | None, Level]] = Counter()
    for draft in drafts:
        vote = _vote(draft)
        votes[id(draft.parent), draft.marker.level] += vote
        votes[None, draft.marker.level] += vote

    def titled(draft: Draft) -> bool:
        own = _vote(draft)
        beside = votes[id(draft.parent), draft.marker.level] - own
        return (beside or votes[None, draft.marker.level] - own) > 0

    return titled


def _vote(draft: Draft) -> int:
    return 1 if STOP in draft.pieces[0] else -1
