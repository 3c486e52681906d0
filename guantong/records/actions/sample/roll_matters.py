"""What befalls single people in the sample school: registers, contact, letters, requests for
correction, what few may know, a double that was merged; and one change that can be taken back.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Model
from django.utils import timezone

from guantong.records import names, sealing
from guantong.records.actions import snapshots, traces
from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.members import Roll
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import Tree
from guantong.records.models import (
    ContactMade,
    CorrectionRequest,
    Merge,
    OrgChange,
    OrgName,
    Person,
    Restricted,
    TransferLetter,
    User,
    Whereabouts,
)

# Kind, first day, place, how contact was lost, last seen on; then the days of contact.
REGISTERS: Final = (
    ("graduate", date(2021, 6, 1), "广州，暂未落实单位", "", None, ()),
    ("graduate", date(2021, 7, 1), "深圳，考研复习", "", None, ()),
    ("graduate", date(2021, 9, 1), "梅州，待就业", "", None, ()),
    ("mobile", date(2022, 9, 1), "广州，天河区某街道党工委", "", None, (date(2023, 2, 20),)),
    ("mobile", date(2022, 10, 10), "深圳，实习单位党支部", "", None, (date(2023, 6, 1),)),
    ("abroad", date(2022, 9, 15), "联合培养，某大学", "", None, (date(2023, 3, 1),)),
    ("lost", date(2023, 3, 1), "据说在东莞", "work_elsewhere", date(2022, 11, 9), ()),
    ("lost", date(2023, 5, 10), "不详", "otherwise", date(2023, 3, 20), (date(2023, 5, 30),)),
)
# Number, day of issue, days valid, day it came back.
LETTERS: Final = (
    ("示例〔2023〕1 号", date(2023, 2, 20), 90, None),
    ("示例〔2023〕2 号", date(2023, 6, 5), 30, None),
    ("示例〔2023〕3 号", date(2023, 5, 8), 90, date(2023, 5, 29)),
)
ASKED: Final = (
    ("SL90002", "入党时间", "应为支部大会通过的日期，现在早了一天", None),
    ("SL90003", "学工号", "换过工号，请按人事处的更正", "已按人事处的名单更正"),
)


def write(tree: Tree, people: People, roll: Roll, users: dict[str, User]) -> None:
    takes = _taking(roll)
    for rows in (_registers(takes, users["xueyuan"]), _letters(takes), _asked(people, users)):
        for row in rows:
            row.save(force_insert=True)
    _restrict(takes(days.TODAY))
    _merge(people, takes(days.TODAY), users["zuzhibu"])
    _rename(tree, users["zuzhibu"])


def _taking(roll: Roll) -> Callable[[date], Person]:
    """Each call gives another student of the colleges who belonged to a branch on a day."""
    first: dict[Person, date] = {}
    for row in roll.rows:
        first[row.person] = min(row.valid_from, first.get(row.person, row.valid_from))
    there = [
        row.person
        for row in roll.open.values()
        if row.org.category == "student" and row.person.number not in gaps.CAST
    ]
    left = sorted(there, key=lambda person: person.pk)

    def take(since: date) -> Person:
        found = next(person for person in left if first[person] <= since)
        left.remove(found)
        return found

    return take


def _registers(takes: Callable[[date], Person], by: User) -> Iterator[Model]:
    for kind, since, place, situation, seen, contacts in REGISTERS:
        person = takes(since)
        yield Whereabouts(
            person=person, kind=kind, valid_from=since, place=place, situation=situation,
            last_seen_on=seen,
        )  # fmt: skip
        for day in contacts:
            yield ContactMade(person=person, on_day=day, how="电话，近况正常", by=by)


def _letters(takes: Callable[[date], Person]) -> Iterator[Model]:
    for number, day, valid, returned in LETTERS:
        yield TransferLetter(
            person=takes(day), number=number, heading="中共某市委组织部", to_unit="某中学",
            issued_on=day, valid_days=valid, dues_until=day.replace(day=1), returned_on=returned,
            returned_reason="抬头有误" if returned else "",
        )  # fmt: skip


def _asked(people: People, users: dict[str, User]) -> Iterator[Model]:
    for place, (number, about, says, answer) in enumerate(ASKED):
        asked_at = _at(days.TODAY - timedelta(days=9 + place))
        yield CorrectionRequest(
            person=people.numbered[number], about=about, says=says, asked_at=asked_at,
            asked_by=users["dangyuan" if number == "SL90002" else "xueyuan"],
            accepted=True if answer else None, answer=answer or "",
            answered_at=asked_at + timedelta(days=3) if answer else None,
            answered_by=users["zuzhibu"] if answer else None,
        )  # fmt: skip


def _restrict(person: Person) -> None:
    row = Restricted(person=person)
    row.save(force_insert=True)
    sealing.seal(row, "wage", "800")
    sealing.seal(row, "hardship", "家庭经济困难，需要勤工助学岗位")
    row.save()


def _merge(people: People, kept: Person, by: User) -> None:
    """Somebody had been entered twice; the second row had nothing but a name and a birth date."""
    before = snapshots.plain(kept)
    double = Person(
        pk=len(people.all) + 1, name=kept.name, pinyin=kept.pinyin, letters=kept.letters,
        gender=kept.gender, birth_date=kept.birth_date,
    )  # fmt: skip
    was = snapshots.plain(double)
    double.merged_into = kept
    double.save(force_insert=True)
    made = [
        ["Person", row.pk, old, snapshots.digest(snapshots.plain(row))]
        for row, old in ((double, was), (kept, before))
    ]
    Merge.objects.create(
        kept=kept, absorbed=double, by=by, at=_at(date(2022, 3, 7)), reason="核对档案，是同一人",
        made=made,
    )  # fmt: skip


def _rename(tree: Tree, by: User) -> None:
    """The renaming that the tree tells of, so that it can be taken back."""
    former: OrgName = tree.former_names[0]
    org = former.org
    after = traces.snapshot([org, former])
    old = dict(after[("Org", org.pk)])
    old |= {"name": former.name, "short_name": former.short_name}
    old["sort_key"] = names.sort_key(former.name)
    made = traces.between({("Org", org.pk): old}, after)
    assert former.valid_to is not None
    OrgChange.objects.create(
        org=org, kind="org.renamed", on_day=former.valid_to, by=by, at=_at(former.valid_to),
        asked=[org.pk], made=made,
    )  # fmt: skip


def _at(day: date) -> datetime:
    return datetime.combine(day, time(16), timezone.get_default_timezone())
