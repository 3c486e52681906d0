"""Compares another system's list of members with the roll: differences only, with what they may
come from. Decides nothing and writes nothing.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from guantong.records import catalogue, names, sealing
from guantong.records.imports.decisions import Unfit, unfit
from guantong.records.imports.orgs import OrgBook
from guantong.records.imports.people import Known, Roll, Stay, agree, in_chunks
from guantong.records.imports.roll import GENDERS, LABELS
from guantong.records.imports.rows import RollRow
from guantong.records.models import Event, Membership, Org, User

PERMISSION = "member.reconcile"
PRESENCE = "presence"
STEPS = ("activist", "candidate", "probationary", "full")  # each begins on a day of its own
PLAIN = ("name", "gender", "birth_date", "joined_on", "full_member_on")
TITLES: Mapping[str, str] = {
    PRESENCE: "是否在册",
    "org": "所在党支部",
    "status": "人员类别",
    **{name: LABELS[name] for name in (*PLAIN, *sealing.ON_ROLL)},
}


@dataclass(frozen=True)
class Found:
    """One difference. `value` is theirs as it would be written, `digest` of both sides."""

    key: str
    field: str
    named: str
    org_id: int
    theirs: str
    ours: str
    value: str = dataclasses.field(default="", repr=False)
    digest: str = ""
    person_id: int | None = None
    since: date | None = None
    cause: str = ""


@dataclass(frozen=True)
class Compared:
    """`unread`: (line, why) of rows that say nothing certain; `branches`: those in the list."""

    found: tuple[Found, ...]
    branches: frozenset[int]
    unread: tuple[tuple[int, str], ...]


class Comparing:
    """Their list against the roll, some rows at a time. `on`: the day that their list shows."""

    def __init__(self, rows: Sequence[RollRow], *, by: User | None, on: date) -> None:
        self.on = on
        self._orgs, self._roll = OrgBook(by, PERMISSION), Roll(rows, by, PERMISSION)
        self._found: list[Found] = []
        self._unread: list[tuple[int, str]] = []
        self._branches, self._unsure = set[int](), set[str]()
        self._lines = dict[str, int]()  # whom each row means, and in which it stands first

    def take(self, rows: Iterable[RollRow]) -> None:
        for row in rows:
            try:
                self._found += self._differences(row)
            except Unfit as unfit:
                told = "；".join(f"{p.what}。{p.remedy}" for p in unfit.problems)
                self._unread.append((row.line, told))
                self._unsure.add(row.name)

    def _differences(self, row: RollRow) -> list[Found]:
        if row.problems:
            raise Unfit(*row.problems)
        org = self._orgs.find(row.org, self.on, field="org")
        known = self._roll.find(row, org, row.birth_date)
        self._branches.add(org.pk)
        found = _not_ours(row, org)
        first = self._lines.setdefault(f"p{known.person.pk}" if known else found.key, row.line)
        if first != row.line:
            raise unfit("name", f"与第 {first} 行是同一个人", "请核对后只留一行")
        if known is None:
            return [found]
        return list(_differences(row, org, known, self._orgs.by_id, self.on))

    def compared(self) -> Compared:
        """What the rows came to, and who is only on the roll."""
        gone = _not_theirs(self._branches, self._lines, self._unsure, self.on)
        found = tuple(_explained([*self._found, *gone], self.on))
        return Compared(found, frozenset(self._branches), tuple(self._unread))


# Who is on one list only


def _not_ours(row: RollRow, org: Org) -> Found:
    key = row.id_number or f"{row.name}|{row.birth_date or ''}|{row.org}"
    return _found(
        f"x{sealing.id_index(key)[:40]}", PRESENCE, row.name, org.pk,
        theirs=f"在册（{org.short_name}）", ours="没有登记", raw=("there", ""),
        cause="我方漏登、尚未转入，或姓名、身份证号两边写法不同",
    )  # fmt: skip


def _not_theirs(
    branches: Collection[int], meant: Collection[str], unsure: Collection[str], on: date
) -> Iterator[Found]:
    lasting = Membership.objects.filter(valid_to=None).of_members()
    spans = [
        span
        for span in in_chunks(lasting.select_related("person", "org"), "org", branches)
        if f"p{span.person_id}" not in meant and span.person.name not in unsure
    ]
    later = {span.person_id for span in spans if span.valid_from > on}
    then = Membership.objects.on(on).of_members()
    was_in = {one.person_id: one.org_id for one in in_chunks(then, "person", later)}
    for span in spans:
        cause = "对方漏登，或组织关系还在别处"
        if span.person_id in later and was_in.get(span.person_id) != span.org_id:
            came = "转入这个支部" if span.person_id in was_in else "进入我方名册"
            cause = f"{span.valid_from} 才{came}，晚于对方导出日 {on}"
        yield _found(
            f"p{span.person_id}", PRESENCE, span.person.name, span.org_id, theirs="没有",
            ours=f"在册（{span.org.short_name}）", raw=("", f"there:{span.org_id}"),
            person_id=span.person_id, since=span.valid_from, cause=cause,
        )  # fmt: skip


# Who is on both


def _differences(
    row: RollRow, org: Org, known: Known, by_id: Mapping[int, Org], on: date
) -> Iterator[Found]:
    person, span = known.person, known.spans[-1] if known.spans else None
    place = span.org_id if span else org.pk

    def differs(name: str, theirs: str, ours: str, raw: tuple[str, str], **more: Any) -> Found:
        return _found(
            f"p{person.pk}", name, person.name, place, theirs=theirs, ours=ours, raw=raw,
            person_id=person.pk, **more,
        )  # fmt: skip

    if span is None or span.valid_to is not None:
        ended = span.valid_to if span else None
        why = f"{ended} 离开：{span.end_reason}" if span else "没有组织关系"
        yield differs(PRESENCE, f"在册（{org.short_name}）", why, ("there", why), since=ended,
                      cause="我方已办离开，对方可能还没有办理转出")  # fmt: skip
        return
    for name in PLAIN:
        theirs, ours = getattr(row, name), getattr(person, name)
        same_month = name in row.months and agree(ours, theirs, month_only=True)
        if theirs and theirs != ours and not same_month:
            raw = (str(theirs), str(ours or ""))
            told = _shown(name, theirs), _shown(name, ours)
            cause = _taken_for(name, theirs, row, known) or _why(name, theirs, ours)
            yield differs(name, *told, raw, cause=cause)
    for name in sealing.ON_ROLL:
        theirs, ours = getattr(row, name), sealing.unseal(person, name)
        if theirs and theirs != ours:
            yield differs(name, sealing.mask(name, theirs), sealing.mask(name, ours),
                          (theirs, ours), cause=_digits(theirs, ours))  # fmt: skip
    if org.pk != span.org_id:
        yield differs("org", org.short_name, _org_title(by_id, span.org_id),
                      (str(org.pk), str(span.org_id)), since=span.valid_from,
                      cause=_moved(known, org, span, on))  # fmt: skip
    if row.status and row.status != span.status:
        begun = next(s for s in known.spans if s.status == span.status)
        yield differs("status", _status(row.status), _status(span.status),
                      (row.status, span.status), since=begun.valid_from,
                      cause=_stepped(known, row.status, begun.valid_from, on))  # fmt: skip


def _found(
    key: str, name: str, named: str, org_id: int, *, theirs: str, ours: str, raw: tuple[str, str],
    **more: Any,
) -> Found:  # fmt: skip
    """`raw`: both sides as they are kept; what differs there was never the same."""
    return Found(
        key=key, field=name, named=named, org_id=org_id, theirs=theirs[:200],
        ours=(ours or "（空）")[:200], value=raw[0], digest=sealing.id_index("\0".join(raw)),
        **more,
    )  # fmt: skip


# What it may come from


def _taken_for(name: str, theirs: Any, row: RollRow, known: Known) -> str:
    """Which other day on record theirs is, where it was taken for this one."""
    person = known.person
    if not isinstance(theirs, date):
        return ""
    if name == "birth_date":
        if not person.id_number:  # ours fits the number, or it could not have been recorded
            return ""
        told = "对方的与身份证号里的不一致", _why(name, theirs, person.birth_date)
        return "；".join(filter(None, told))
    others = {other: getattr(person, other) for other in ("joined_on", "full_member_on")}
    ours = others.pop(name)
    for other, day in others.items():
        if day == theirs and ours is not None and ours == getattr(row, other):
            return f"两边的{LABELS[name]}和{LABELS[other]}对调"
        if day == theirs:
            return f"对方写的是我方登记的{LABELS[other]}"
    for span in known.spans:
        if span.valid_from == theirs and span.status in STEPS:
            return f"对方写的是我方登记的成为{_status(span.status)}的日期"
    return ""


def _why(name: str, theirs: Any, ours: Any) -> str:
    if ours is None or ours == "":
        return "我方没有登记"
    if name == "name":
        alike = set(names.spelt(theirs)["letters"].split("|")) & set(
            names.spelt(ours)["letters"].split("|")
        )
        return "同音或异体字，可能是姓名写法不同" if alike - {""} else "姓名不同，请核对身份证"
    if isinstance(theirs, date) and isinstance(ours, date):
        if (theirs.year, theirs.month) == (ours.year, ours.month):
            to_month = 1 in (theirs.day, ours.day)
            return "同年同月，可能一方只登记到月" if to_month else "只差日，可能录入时写错"
        if (theirs.month, theirs.day) == (ours.month, ours.day):
            return "只差年份，可能录入时写错"
        if (theirs.month, theirs.day) == (ours.day, ours.month):
            return "月和日对调"
    return ""


def _digits(theirs: str, ours: str) -> str:
    if not ours:
        return "我方没有登记"
    differ = sum(a != b for a, b in zip(theirs, ours, strict=False))
    if len(theirs) == len(ours) and differ <= 2:
        return f"只差 {differ} 位，可能录入时写错"
    return ""


def _moved(known: Known, org: Org, span: Stay, on: date) -> str:
    left = [s for s in known.spans if s.org_id == org.pk and s.valid_to]
    if left:
        moved = f"我方 {left[-1].valid_to} 已由该支部转出"
        if span.valid_from > on:
            return f"{moved}，晚于对方导出日 {on}"
        return f"{moved}，对方可能还没有办理"
    return "我方没有这次转接的记录，对方可能先办了"


def _stepped(known: Known, status: str, since: date, on: date) -> str:
    before = any(s.status == status for s in known.spans if s.valid_from < since)
    if before:
        late = f"，晚于对方导出日 {on}" if since > on else "，对方可能还没有办理"
        return f"我方 {since} 起已不是{_status(status)}{late}"
    return "我方没有这次变动的记录，对方可能先办了"


def _explained(found: Iterable[Found], on: date) -> Iterator[Found]:
    """With the day on which we recorded ours, where the trail knows it."""
    listed = list(found)
    recorded = _recorded({one.person_id for one in listed if one.person_id})
    for one in listed:
        at = recorded.get((one.person_id, one.field))
        if at is None:
            yield one
            continue
        late = f"我方 {at} 才登记，晚于对方导出日 {on}" if at > on else f"我方 {at} 登记"
        cause = "；".join(part for part in (late, one.cause) if part)
        yield replace(one, since=one.since or at, cause=cause[:300])


def _recorded(people: Collection[int]) -> dict[tuple[int | None, str], date]:
    """When a field of a person was last corrected here."""
    found: dict[tuple[int | None, str], date] = {}
    subjects = [f"person:{pk}" for pk in people]
    events = Event.objects.filter(verb="person.corrected").order_by("id")
    for event in in_chunks(events, "subject", subjects):
        pk = int(event.subject.partition(":")[2])
        for name in event.detail.get("after", {}):
            found[pk, name] = timezone.localtime(event.at).date()
    return found


def _shown(name: str, value: object) -> str:
    if value in (None, ""):
        return ""
    return GENDERS.get(str(value), str(value)) if name == "gender" else str(value)


def _status(code: str) -> str:
    return catalogue.current().label("statuses", code)


def _org_title(by_id: Mapping[int, Org], pk: int) -> str:
    return by_id[pk].short_name if pk in by_id else "本范围以外的支部"
