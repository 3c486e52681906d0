"""The parts of the record form that repeat: pairs, the agenda with its votes, what is to follow.

Rows are numbered inputs ("agenda-0-title"); a blank row is no row, one more is shown to be filled.
Counts left blank are those of the roster and of those ticked. Not for what is right:
`records.meetings` has that.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Final

from django.core.exceptions import ValidationError
from django.http import QueryDict

from guantong.records.drafts import Draft
from guantong.records.meetings import MOST_ITEMS, VOTES, Item, Task, Votes
from guantong.records.models import AgendaItem
from guantong.web import ids
from guantong.web.acting import DayField

COUNT: Final = re.compile(r"\d{1,6}", re.ASCII)
TITLES: Final = {f.name: str(f.verbose_name) for f in AgendaItem._meta.concrete_fields}
CAST: Final = ("in_favour", "against", "abstained")


@dataclass(frozen=True)
class AgendaRow:
    title: str = ""
    major: str = ""
    resolution: str = ""
    expected: str = ""
    present: str = ""
    voting: str = ""
    in_favour: str = ""
    against: str = ""
    abstained: str = ""

    @property
    def counts(self) -> list[tuple[str, str, str]]:
        """Name, title and value of each count."""
        return [(name, TITLES[name], getattr(self, name)) for name in VOTES]

    @property
    def voted(self) -> bool:
        return any(getattr(self, name) for name in VOTES)


@dataclass(frozen=True)
class TaskRow:
    what: str = ""
    owner: str = ""
    due_on: str = ""
    pk: str = ""


@dataclass(frozen=True)
class PairRow:
    one: str = ""
    other: str = ""


@dataclass(frozen=True)
class Rows:
    """What the repeated inputs hold, right or wrong, without blank rows."""

    agenda: tuple[AgendaRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    pairs: tuple[PairRow, ...] = ()

    @property
    def posted(self) -> dict[str, str]:
        """As the browser sends it."""
        return {
            f"{part.name}-{n}-{name}": value
            for part in fields(self)
            for n, row in enumerate(getattr(self, part.name))
            for name, value in asdict(row).items()
            if value
        }


def typed_rows(typed: QueryDict) -> Rows:
    return Rows(
        agenda=_typed(typed, "agenda", AgendaRow),
        tasks=_typed(typed, "tasks", TaskRow),
        pairs=_typed(typed, "pairs", PairRow),
    )


def _typed[Row: (AgendaRow, TaskRow, PairRow)](
    typed: QueryDict, part: str, row: Callable[..., Row]
) -> tuple[Row, ...]:
    """Every row of which something is filled, up to one too many."""
    known = [field.name for field in fields(row())]
    found = []
    for n in range(MOST_ITEMS + 1):
        values = {name: typed.get(f"{part}-{n}-{name}", "").strip() for name in known}
        if any(value for name, value in values.items() if name != "pk"):
            found.append(row(**values))
    return tuple(found)


def rows_of(draft: Draft, pairs: Iterable[tuple[int, ...]]) -> Rows:
    """A record as rows."""
    return Rows(
        agenda=tuple(_agenda_row(item) for item in draft.agenda),
        tasks=tuple(
            TaskRow(task.what, str(task.owner or ""), str(task.due_on or ""), str(task.pk or ""))
            for task in draft.follow_ups
        ),
        pairs=tuple(PairRow(*(str(pk) for pk in ends)) for ends in pairs),
    )


def _agenda_row(item: Item) -> AgendaRow:
    row = AgendaRow(item.title, item.major, item.resolution)
    if item.votes is None:
        return row
    return replace(row, **{name: str(count) for name, count in asdict(item.votes).items()})


# From what was typed to what is meant


def agenda(rows: Iterable[AgendaRow], roster: Mapping[str, int]) -> tuple[Item, ...]:
    """`roster`: what stands for 应到, 实到 and 有表决权 where they are left blank; and how many
    are on the list at all ("there")."""
    return tuple(
        Item(row.title, row.major, row.resolution, _votes(n, row, roster))
        for n, row in enumerate(rows, 1)
    )


def _votes(n: int, row: AgendaRow, roster: Mapping[str, int]) -> Votes | None:
    if not row.voted:
        return None
    counts = {}
    for name, title, text in row.counts:
        if text and not COUNT.fullmatch(text):
            raise ValidationError(f"议题{n}：{title}应写人数。")
        counts[name] = int(text) if text else roster.get(name, 0)
    if counts["present"] > roster["there"]:
        raise ValidationError(
            f"议题{n}：实到 {counts['present']} 多于本页列出的出席 {roster['there']}。"
            "请核对票数，或在“出席”里补上来了的人。"
        )
    if counts["expected"] > (listed := max(roster["expected"], roster["there"])):
        raise ValidationError(
            f"议题{n}：应到 {counts['expected']} 多于本页名册的 {listed}。请核对人数。"
        )
    if not any(getattr(row, name) for name in CAST):
        raise ValidationError(f"议题{n}：填了人数，还要填赞成、反对、弃权。")
    return Votes(**counts)


def tasks(rows: Iterable[TaskRow]) -> tuple[Task, ...]:
    return tuple(
        Task(
            what=row.what,
            owner=ids.read(row.owner) if row.owner else None,
            due_on=DayField().clean(row.due_on) if row.due_on else None,
            pk=ids.read(row.pk) if row.pk else None,
        )
        for row in rows
    )


def pairs(rows: Iterable[PairRow]) -> tuple[tuple[int, int], ...]:
    found = []
    for row in rows:
        if not (row.one and row.other):
            raise ValidationError("每一对要选两个人。")
        found.append((ids.read(row.one), ids.read(row.other)))
    return tuple(found)


def shown[Row](rows: tuple[Row, ...], blank: Row, more: bool) -> list[tuple[int, Row]]:
    """With their numbers, and a blank one where there is none or one more is wanted."""
    wanted = (*rows, blank) if more or not rows else rows
    return list(enumerate(wanted))
