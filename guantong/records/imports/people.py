"""Telling whom a row of the roll means: by ID number, by staff or student number, by name."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import batched
from typing import NamedTuple

from django.db.models import Model, Q, QuerySet

from guantong.records import access, sealing
from guantong.records.imports.decisions import unfit
from guantong.records.imports.rows import RollRow
from guantong.records.models import Membership, Org, Person, User

CHUNK = 1000  # values in one condition; every database takes that many


class Stay(NamedTuple):
    """A membership as it is on record."""

    person_id: int
    org_id: int
    status: str
    valid_from: date
    valid_to: date | None
    end_reason: str


@dataclass(frozen=True)
class Known:
    """A person on record. `spans` are the memberships in order; the last is where he was last."""

    person: Person
    spans: tuple[Stay, ...]
    in_reach: bool

    def span_on(self, day: date) -> Stay | None:
        return next((s for s in self.spans if covers(s, day)), None)

    def was_born(self, born: date, months: Collection[str]) -> bool:
        return agree(self.person.birth_date, born, month_only="birth_date" in months)

    def is_in(self, org: Org) -> bool:
        return bool(self.spans) and self.spans[-1].org_id == org.pk


class Roll:
    """Those on record whom the rows could mean. Reads the database in a few strokes."""

    def __init__(self, rows: Collection[RollRow], by: User | None, permission: str) -> None:
        self.index_of = {
            row.line: sealing.id_index(row.id_number) for row in rows if row.id_number
        }
        people = self._people(rows)
        spans: dict[int, list[Stay]] = defaultdict(list)
        stays = Membership.objects.order_by("valid_from").values_list(*Stay._fields)
        for stay in in_chunks(stays, "person", people):
            spans[stay[0]].append(Stay._make(stay))
        reach = people.keys() if by is None else _in_reach(by, permission, people)
        self._by_index: dict[str, Known] = {}
        self._by_number: dict[str, Known] = {}
        self._by_name: dict[str, list[Known]] = defaultdict(list)
        self._elsewhere = set[tuple[str, date]]()
        for pk, person in people.items():
            known = Known(person, tuple(spans[pk]), pk in reach)
            if person.id_index:
                self._by_index[person.id_index] = known
            if person.number:
                self._by_number[person.number] = known
            if known.in_reach:
                self._by_name[person.name].append(known)
            elif person.birth_date:
                self._elsewhere.add((person.name, person.birth_date))

    def _people(self, rows: Collection[RollRow]) -> dict[int, Person]:
        """By ID number; by other numbers; by name only for whom no ID number tells."""
        found: dict[int, Person] = {}

        def look_up(column: str, values: Collection[str]) -> None:
            found.update((one.pk, one) for one in in_chunks(Person.objects.all(), column, values))

        look_up("id_index", set(self.index_of.values()))
        told = {person.id_index for person in found.values()}
        numbers = {person.number for person in found.values()}
        look_up("number", {row.number for row in rows if row.number} - numbers)
        open_rows = [row for row in rows if self.index_of.get(row.line) not in told]
        look_up("name", {row.name for row in open_rows if row.name})
        return found

    def find(self, row: RollRow, org: Org, born: date | None) -> Known | None:
        """Return whom the row means, None for somebody new; raise Unfit where that is unsure."""
        known = self._by_id(row) or self._by_own_number(row)
        if known is None:
            known = self._by_birth(row, born) or self._in_branch(row, org, born)
        if known is None and not (row.id_number or row.number or born) and row.name:
            self._refuse_namesakes(row)
        return known

    def called(self, name: str, number: str = "") -> list[Known]:
        """All in reach of that name; where one has the number, only that one."""
        known = self._by_number.get(number) if number else None
        if number:
            return [known] if known and known.in_reach and known.person.name == name else []
        return self._by_name[name]

    def number_taken(self, row: RollRow, known: Known | None) -> bool:
        other = self._by_number.get(row.number) if row.number else None
        return other is not None and (known is None or other.person.pk != known.person.pk)

    def may_be_elsewhere(self, row: RollRow) -> bool:
        """Somebody out of reach has the same name and birth date."""
        return row.birth_date is not None and (row.name, row.birth_date) in self._elsewhere

    def _by_id(self, row: RollRow) -> Known | None:
        known = self._by_index.get(self.index_of.get(row.line, ""))
        if known and not known.in_reach:
            raise unfit(
                "id_number",
                "这个身份证号登记在另一党组织的党员名下",
                "确是同一人请先办理组织关系转接，或请学校党委组织部导入",
            )
        return known

    def _by_own_number(self, row: RollRow) -> Known | None:
        known = self._by_number.get(row.number) if row.number else None
        if known is None or known.person.name != row.name or not known.in_reach:
            return None
        self._refuse_other_id(row, known)
        return known

    def _by_birth(self, row: RollRow, born: date | None) -> Known | None:
        same = [k for k in self._by_name[row.name] if born and k.was_born(born, row.months)]
        if len(same) > 1:
            raise _ambiguous(f"有 {len(same)} 名党员同名、同出生日期")
        if same:
            self._refuse_other_id(row, same[0])
        return same[0] if same else None

    def _in_branch(self, row: RollRow, org: Org, born: date | None) -> Known | None:
        here = [
            k for k in self._by_name[row.name] if k.is_in(org) and not self._is_another(row, k)
        ]
        if len(here) > 1:
            raise _ambiguous(f"“{org.short_name}”有 {len(here)} 名“{row.name}”")
        if here and born and here[0].person.birth_date:
            raise unfit(
                "birth_date" if row.birth_date else "id_number",
                f"与已登记的“{row.name}”出生日期不同",
                "同一人请核对出生日期；另一人请写身份证号或学工号",
            )
        return here[0] if here else None

    def _is_another(self, row: RollRow, known: Known) -> bool:
        """Both have a number of one sort, and they differ."""
        index, person = self.index_of.get(row.line), known.person
        return bool(
            (index and person.id_index and index != person.id_index)
            or (row.number and person.number and row.number != person.number)
        )

    def _refuse_other_id(self, row: RollRow, known: Known) -> None:
        index = self.index_of.get(row.line)
        if index and known.person.id_index and index != known.person.id_index:
            raise unfit(
                "id_number",
                f"已登记的“{row.name}”是另一个身份证号",
                "请核对；登记有误的先在党员页更正",
            )

    def _refuse_namesakes(self, row: RollRow) -> None:
        if self._by_name[row.name]:
            raise _ambiguous(f"别的支部已有同名党员“{row.name}”，不能确定是不是同一人")


def _ambiguous(what: str) -> Exception:
    return unfit("name", what, "请写身份证号、学工号或出生日期")


def in_chunks[M: Model, Row](
    rows: QuerySet[M, Row], column: str, values: Collection[object]
) -> Iterator[Row]:
    for some in batched(sorted(values, key=str), CHUNK, strict=False):
        yield from rows.filter(Q(**{f"{column}__in": some}))


def _in_reach(by: User, permission: str, people: Collection[int]) -> set[int]:
    seen = access.people(by, permission).values_list("pk", flat=True)
    return {pk for some in batched(people, CHUNK, strict=False) for pk in seen.filter(pk__in=some)}


def agree(kept: date | None, given: date, *, month_only: bool) -> bool:
    """Does a date on record fit a given one, of which perhaps only the month is known?"""
    if kept is None:
        return False
    return kept == given or (month_only and (kept.year, kept.month) == (given.year, given.month))


def covers(span: Stay, day: date) -> bool:
    return span.valid_from <= day and (span.valid_to is None or day < span.valid_to)
