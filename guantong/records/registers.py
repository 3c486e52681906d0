"""What the registers lead to, as days: when to get in touch, how long contact has been lost.

Reads only; nothing happens by itself. Half a year without contact and five years abroad are the
days from which the Party may consider a suspension, two years of suspension that from which it may
consider removal (条例 24); a graduate's membership is generally kept for two years at most (34).
All are told, never drawn as a conclusion.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Max

from guantong.periods import add_months
from guantong.records import catalogue
from guantong.records.models import (
    ContactMade,
    Membership,
    Person,
    Post,
    TransferLetter,
    Whereabouts,
)
from guantong.records.models.membership import MEMBER_STATUSES

SUSPENSION, REMOVAL, STUCK = 6, 24, 6  # months
LONG_ABROAD: Final = 60  # months
AHEAD: Final = (1, 3, 6)  # months in which a row can be asked to be due
LONGEST: Final = 90  # days for which a letter may be valid
NAMES_LEVEL: Final = ("党委", "党工委", "组织部", "党组")


@dataclass(frozen=True)
class Due:
    """One row of a register: when to get in touch next (None: no contact is asked), until when a
    membership is generally kept here (None: not limited), and what else its days say.
    """

    row: Whereabouts
    contact: date | None
    next_on: date | None
    ends_on: date | None
    says: str

    @property
    def on(self) -> date:
        """The next day on which something is due."""
        return min(day for day in (self.next_on, self.ends_on) if day)

    def overdue(self, today: date) -> bool:
        return self.row.valid_to is None and self.on < today

    def within(self, months: int, today: date) -> bool:
        return self.row.valid_to is None and today <= self.on <= add_months(today, months)


def dues(rows: Iterable[Whereabouts], today: date) -> list[Due]:
    """Two queries, however many rows."""
    shown = list(rows)
    people = [row.person_id for row in shown]
    made = ContactMade.objects.filter(person__in=people).values_list("person")
    last = dict(made.annotate(last=Max("on_day")))
    spans = Membership.objects.filter(person__in=people, status="suspended", valid_to=None)
    suspended = dict(spans.values_list("person", "valid_from"))
    return [_due(row, last.get(row.person_id), suspended, today) for row in shown]


def _due(row: Whereabouts, last: date | None, suspended: Mapping[int, date], today: date) -> Due:
    kind = catalogue.current().kinds["whereabouts"][row.kind]
    contact = last if last and last >= row.valid_from else None
    every, keep = kind.get("contact_months"), kind.get("keep_months")
    next_on = add_months(contact or row.valid_from, every) if every else None
    ends_on = add_months(row.valid_from, keep) if keep else None
    return Due(row, contact, next_on, ends_on, _says(row, ends_on, suspended, today))


def _says(
    row: Whereabouts, ends_on: date | None, suspended: Mapping[int, date], today: date
) -> str:
    if ends_on:
        return f"{ends_on} 留存满两年，{'应' if ends_on <= today else '在此之前'}联系本人转出"
    match row.kind:
        case "lost":
            return _lost(row, suspended.get(row.person_id), today)
        case "abroad" if (day := add_months(row.valid_from, LONG_ABROAD)) <= today:
            return f"{day} 出国（境）满五年，由党组织研究"
        case _:
            return ""


def _lost(row: Whereabouts, suspended: date | None, today: date) -> str:
    if suspended:
        since, months, then = suspended, REMOVAL, "停止党籍满两年"
    else:
        since, months, then = row.last_seen_on or row.valid_from, SUSPENSION, "失去联系满六个月"
    day = add_months(since, months)
    return f"{day} {then}（{since} 起算）{'，由党组织研究' if day <= today else ''}"


# Letters


def bounces(
    person: Person, *, heading: str, valid_days: int, dues_until: date, on: date
) -> list[str]:
    """What the receiver would send back: looked at before a letter is written. Empty: nothing."""
    now = person.memberships.on(on).first()
    status = now.status if now else ""
    found = {
        f"{on} 没有组织关系": now is None,
        f"现在是{_status(status)}，不能转接党员组织关系": bool(now)
        and status not in MEMBER_STATUSES,
        **dict.fromkeys(lacks(person, status), True),
        f"抬头“{heading}”看不出是有权接收的党组织（党委、组织部等）": not _level(heading),
        f"有效期 {valid_days} 天，应为 1 至 {LONGEST} 天": not 0 < valid_days <= LONGEST,
        f"党费只交到 {dues_until:%Y-%m}，还没交到开具的月份": _month(dues_until) < _month(on),
        f"党费写到 {dues_until:%Y-%m}，比开具晚了一年以上": dues_until > add_months(on, 12),
    }
    return [text for text, wrong in found.items() if wrong]


# What a letter has to say of its member, by column; of a full member also since when he is one.
NEEDED: Final = {
    "id_number": "身份证号", "birth_date": "出生日期", "joined_on": "入党时间", "phone": "联系电话"
}  # fmt: skip


def lacks(person: Person, status: str) -> list[str]:
    """What is not on record of a member that every receiver asks for."""
    found = [f"没有{title}" for name, title in NEEDED.items() if getattr(person, name) is None]
    undated = status == "full" and person.full_member_on is None
    return [*found, *(["没有转正时间"] if undated else [])]


def posts_held(person: Person, on: date) -> int:
    """How many posts end with the receipt."""
    return Post.objects.on(on).filter(person=person).count()


def expires_on(letter: TransferLetter) -> date:
    """The first day on which a letter is no longer valid."""
    return letter.issued_on + timedelta(days=letter.valid_days)


def last_of_each(letters: Iterable[TransferLetter]) -> frozenset[int]:
    """The last letter of each of these people: what came back before it has been issued anew."""
    people = {letter.person_id for letter in letters}
    last = TransferLetter.objects.filter(person__in=people).values_list("person")
    return frozenset(pk for _, pk in last.annotate(last=Max("pk")))


def stuck(letter: TransferLetter, today: date, *, last: bool = True) -> str:
    """Why somebody has to look after a letter; empty if it is under way, has arrived, was
    given up or was issued anew (not the `last` of its person).
    """
    if letter.received_on or letter.stays or not last:
        return ""
    if letter.returned_on:
        return "已退回，还没有重新开具"
    if add_months(letter.issued_on, STUCK) <= today:
        return "开具超过六个月没有回执"
    return "已过有效期，没有回执" if expires_on(letter) <= today else ""


def _status(code: str) -> str:
    return catalogue.current().label("statuses", code) if code else ""


def _level(heading: str) -> bool:
    return any(name in heading for name in NAMES_LEVEL)


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
