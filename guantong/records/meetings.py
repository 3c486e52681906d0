"""What a record says beside who was there: the fields of its kind, the agenda with its votes, what
is to follow. The values, how they stand on record, how the trail tells them, what is wrong with
them. Saves nothing: `actions.meetings`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from django.db.models import F

from guantong.obligations.activity_kinds import OF_PEOPLE, ActivityKind, Own, Sort
from guantong.obligations.faults import MOST
from guantong.obligations.run import plain
from guantong.records import catalogue
from guantong.records.models import Activity, AgendaItem, Detail, FollowUp

MOST_ITEMS: Final = 30  # on one agenda, or to follow from one meeting

type Value = str | Decimal | date | int | bool | tuple[tuple[int, ...], ...]
"""By the type of the field: a text or a choice's code; a number; a day; an organisation's id; yes
or no; persons, each alone or in a pair."""


@dataclass(frozen=True)
class Votes:
    expected: int
    present: int
    voting: int
    in_favour: int
    against: int
    abstained: int


VOTES: Final = tuple(field.name for field in fields(Votes))


@dataclass(frozen=True)
class Item:
    """A matter on the agenda. `votes` None: no vote was taken."""

    title: str
    major: str = ""
    resolution: str = ""
    votes: Votes | None = None


@dataclass(frozen=True)
class Task:
    """What is to follow. `pk`: that of the row, where it is on record already."""

    what: str
    owner: int | None = None
    due_on: date | None = None
    pk: int | None = None


# As they stand on record


def own_of(activity: Activity) -> dict[str, Value]:
    """The fields of its kind that are filled."""
    kind = catalogue.activity_kinds().get(activity.kind)
    rows = activity.details.order_by("field", "place")
    found = {}
    for code, group in groupby(rows, key=lambda row: row.field):
        if kind is not None and (own := kind.own.get(code)) is not None:
            found[code] = _value(own.sort, list(group))
    return found


def _value(sort: Sort, rows: list[Detail]) -> Value:
    row = rows[0]
    match sort:
        case Sort.PEOPLE | Sort.PAIRS:
            ends = ((one.person_id, one.other_id) for one in rows)
            return tuple(tuple(pk for pk in both if pk is not None) for both in ends)
        case Sort.NUMBER:
            return row.number if row.number is not None else Decimal(0)
        case Sort.DAY:
            return row.day or date.min
        case Sort.ORG:
            return row.org_id or 0
        case Sort.YES_NO:
            return row.text == "yes"
        case Sort.TEXT | Sort.CHOICE:
            return row.text


def rows_of(own: Mapping[str, Value], kind: ActivityKind) -> Iterator[dict[str, Any]]:
    """The columns of each row that keeps the fields."""
    for code, value in own.items():
        for place, columns in enumerate(_columns(kind.own[code].sort, value)):
            yield {"field": code, "place": place, **columns}


def _columns(sort: Sort, value: Any) -> Iterator[dict[str, Any]]:
    match sort:
        case Sort.PEOPLE | Sort.PAIRS:
            yield from (dict(zip(("person_id", "other_id"), ends, strict=False)) for ends in value)
        case Sort.NUMBER:
            yield {"number": value}
        case Sort.DAY:
            yield {"day": value}
        case Sort.ORG:
            yield {"org_id": value}
        case Sort.YES_NO:
            yield {"text": "yes" if value else "no"}
        case Sort.TEXT | Sort.CHOICE:
            yield {"text": value}


def agenda_of(activity: Activity) -> tuple[Item, ...]:
    return tuple(
        Item(row.title, row.major, row.resolution, votes_of(row)) for row in activity.agenda.all()
    )


def votes_of(row: AgendaItem) -> Votes | None:
    counts = [getattr(row, name) for name in VOTES]
    return None if None in counts else Votes(*counts)


def tasks_of(activity: Activity) -> tuple[Task, ...]:
    rows = activity.follow_ups.order_by("pk")
    return tuple(Task(row.what, row.owner_id, row.due_on, row.pk) for row in rows)


# As they are meant


def cleaned(own: Mapping[str, Any]) -> dict[str, Value]:
    """Without what is blank, texts trimmed."""
    trimmed = {
        code: value.strip() if isinstance(value, str) else value for code, value in own.items()
    }
    return {code: value for code, value in trimmed.items() if value not in (None, "", ())}


def people_of(own: Mapping[str, Value], kind: ActivityKind) -> dict[str, set[int]]:
    """Whom the fields name, by field."""
    return {
        code: {pk for ends in value for pk in ends}
        for code, value in own.items()
        if code in kind.own and kind.own[code].sort in OF_PEOPLE and isinstance(value, tuple)
    }


def paired(own: Mapping[str, Value], kind: ActivityKind) -> list[int]:
    """Those whom the pairs of a kind name, each once: they are who attended."""
    pairs = [one.code for one in kind.own.values() if one.sort is Sort.PAIRS]
    named = [value for code in pairs if isinstance(value := own.get(code), tuple)]
    return list(dict.fromkeys(pk for value in named for ends in value for pk in ends))


# As the trail tells them


def told(
    own: Mapping[str, Value], agenda: Iterable[Item], tasks: Iterable[Task], kind: ActivityKind
) -> dict[str, Any]:
    """By field as people know it; None where nothing is said."""
    said = {kind.own[code].title: _told(kind.own[code], value) for code, value in own.items()}
    items = [_told_item(item) for item in agenda]
    rest = [[task.what, task.owner, task.due_on and str(task.due_on)] for task in tasks]
    return {
        **{one.title: None for one in kind.own.values()},
        **said,
        "agenda": items or None,
        "follow_ups": {"tasks": rest} if rest else None,
    }


def _told(own: Own, value: Any) -> Any:
    match own.sort:
        case Sort.PEOPLE | Sort.PAIRS:
            return {"people": [list(ends) for ends in value]}
        case Sort.ORG:
            return {"org": value}
        case Sort.CHOICE:
            return own.options.get(value, value)
        case Sort.NUMBER | Sort.DAY:
            return str(value)
        case Sort.TEXT | Sort.YES_NO:
            return value


def _told_item(item: Item) -> str:
    major = catalogue.current().label("major_matters", item.major)
    parts = [item.title, f"（{major}）" if major else ""]
    parts += [f"：{item.resolution}" if item.resolution else ""]
    if item.votes:
        parts.append(f"；{counted(item.votes)}")
    return "".join(parts)


def counted(votes: Votes) -> str:
    titles = {f.name: str(f.verbose_name) for f in AgendaItem._meta.concrete_fields}
    named = zip(VOTES, astuple(votes), strict=True)
    return " ".join(f"{titles[name]} {count}" for name, count in named)


# What is wrong with them


def problems(
    own: Mapping[str, Value],
    agenda: Iterable[Item],
    tasks: Iterable[Task],
    kind: ActivityKind,
    held_on: date,
) -> dict[str, str]:
    """By field; the fields of a kind are called `own-` and their code."""
    agenda, tasks = tuple(agenda), tuple(tasks)
    found = {f"own-{code}": _wrong_own(kind, code, value) for code, value in own.items()}
    for one in kind.own.values():
        if one.required and one.code not in own:
            found[f"own-{one.code}"] = f"“{kind.title}”要写明{one.title}。"
    found["agenda"] = _wrong_agenda(agenda, kind)
    found["follow_ups"] = next((why for task in tasks if (why := _wrong_task(task, held_on))), "")
    if len(tasks) > MOST_ITEMS:
        found["follow_ups"] = f"最多 {MOST_ITEMS} 项落实事项。"
    return {name: why for name, why in found.items() if why}


def _wrong_own(kind: ActivityKind, code: str, value: Any) -> str:
    own = kind.own.get(code)
    if own is None:
        return f"“{kind.title}”没有“{code}”这一栏。"
    match own.sort:
        case Sort.CHOICE if value not in own.options:
            return f"{own.title}：请从列表中选，可用：{'、'.join(own.options.values())}。"
        case Sort.NUMBER if not (value.is_finite() and 0 <= value <= MOST):
            return f"{own.title}：应为 0 到 {MOST:,} 的数。"
        case Sort.NUMBER if value != round(value, 2):
            return f"{own.title}：最多两位小数。"
        case Sort.PAIRS if any(len(set(ends)) != 2 for ends in value):
            return f"{own.title}：每一对要选两个不同的人。"
        case Sort.PAIRS if len({frozenset(ends) for ends in value}) < len(value):
            return f"{own.title}：同一对写了两次。"
        case _:
            return ""


def _wrong_agenda(agenda: tuple[Item, ...], kind: ActivityKind) -> str:
    if len(agenda) > MOST_ITEMS:
        return f"最多 {MOST_ITEMS} 个议题。"
    if agenda and kind.deciding is None:
        return f"“{kind.title}”不是议决会议，没有议题和表决。"
    reasons = []
    for n, item in enumerate(agenda, 1):
        if why := _wrong_item(item):
            reasons.append(f"议题{n}：{why}")
    return "；".join(reasons)


def _wrong_item(item: Item) -> str:
    if not item.title.strip():
        return "请写明议的是什么。"
    if item.major and item.major not in catalogue.current().kinds["major_matters"]:
        return f"没有“{item.major}”这一类三重一大事项。"
    return wrong_votes(item.votes) if item.votes else ""


def wrong_votes(votes: Votes) -> str:
    """Why the counts cannot be, with the arithmetic; empty if they add up."""
    if min(astuple(votes)) < 0:
        return "票数不能是负数。"
    if votes.present > votes.expected:
        return f"实到 {votes.present} 多于应到 {votes.expected}。"
    if votes.voting > votes.present:
        return f"有表决权 {votes.voting} 多于实到 {votes.present}。"
    total = votes.in_favour + votes.against + votes.abstained
    if total != votes.voting:
        gap = f"{'少' if total < votes.voting else '多'} {abs(total - votes.voting)}"
        return (
            f"赞成 {votes.in_favour} + 反对 {votes.against} + 弃权 {votes.abstained} = {total}，"
            f"有表决权 {votes.voting}，{gap}。"
        )
    return ""


def _wrong_task(task: Task, held_on: date) -> str:
    if not task.what.strip():
        return "请写明要落实什么。"
    if task.due_on and task.due_on < held_on:
        return f"“{task.what}”的期限 {task.due_on} 早于活动日期 {held_on}。"
    return ""


# Shown


def shown(own: Own, value: Value, names: Mapping[int, str], orgs: Mapping[int, str]) -> str:
    """A field's value in words; who is out of reach has no name."""
    unknown = "（范围之外）"
    match value:
        case tuple():
            return "、".join(" — ".join(names.get(pk, unknown) for pk in ends) for ends in value)
        case bool():
            return "是" if value else "否"
        case int() if own.sort is Sort.ORG:
            return orgs.get(value, unknown)
        case Decimal():
            return plain(value)
        case str() if own.sort is Sort.CHOICE:
            return own.options.get(value, value)
        case _:
            return str(value)


def follow_ups_of(activity: Activity) -> list[FollowUp]:
    """Those still to do first, the most urgent at the top."""
    rows = activity.follow_ups.select_related("owner", "done_by")
    return list(
        rows.order_by(F("done_on").asc(nulls_first=True), F("due_on").asc(nulls_last=True))
    )
