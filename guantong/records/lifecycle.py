"""The way of one person into the Party, as days: what happened, and what the days lead to.

Reads only. Probation runs from the branch meeting that accepted and lasts a year; Party age runs
from the day of full membership (细则 33-37, 条例 24). What follows when probation ends is
decided by the Party: the day is told as a day to look at, never drawn as a conclusion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from guantong.periods import add_months
from guantong.records import catalogue
from guantong.records.models import Membership, Person
from guantong.records.models.membership import MEMBER_STATUSES

PROBATION = 12  # months, from the branch meeting that accepted
EXTENSION = (6, 12)  # months by which it may be extended, once (细则 33)
ADULT = 18 * 12  # months
FROM_EIGHTEEN = date(1956, 9, 26)  # the statutes of that day; in the war some were younger
CULTIVATION = 12  # months as an activist, at least, before becoming a candidate


@dataclass(frozen=True)
class Milestone:
    """A day on the way. `ahead`: nothing has happened, the day is only worked out."""

    day: date
    title: str
    says: str = ""
    ahead: bool = False


def was_minor(born: date, joined: date) -> bool:
    """Whether somebody was accepted in a month before the one of the 18th birthday."""
    months = (joined.year - born.year) * 12 + joined.month - born.month
    return months < ADULT and joined >= FROM_EIGHTEEN


def party_age(person: Person, on: date) -> int | None:
    """Whole years since becoming a full member; None for who is none."""
    since = person.full_member_on
    if since is None or since > on:
        return None
    return on.year - since.year - (add_months(since, 12 * (on.year - since.year)) > on)


def probation_ends(person: Person, now: Membership | None = None) -> date | None:
    """A year after the meeting that accepted, or when it was extended to, while the person is not
    yet a full member.
    """
    if person.joined_on is None or person.full_member_on is not None:
        return None
    return (now and now.probation_to) or add_months(person.joined_on, PROBATION)


def milestones(person: Person, spans: Sequence[Membership]) -> list[Milestone]:
    """What is known of the way, in the order of its days; `spans` in order of their first day."""
    found = [*_joined(person), *_changes(person, spans), *_ahead(person, spans)]
    return sorted(found, key=lambda one: (one.day, one.ahead))


def _joined(person: Person) -> Iterator[Milestone]:
    if person.joined_on:
        yield Milestone(person.joined_on, "接收为预备党员", "预备期从支部党员大会通过之日算起")
    if person.full_member_on:
        yield Milestone(person.full_member_on, "转为正式党员", "党龄从这一天算起")


def _changes(person: Person, spans: Sequence[Membership]) -> Iterator[Milestone]:
    label = catalogue.current().label
    before: Membership | None = None
    for span in spans:
        if before is None or before.valid_to != span.valid_from:
            yield Milestone(
                span.valid_from, f"编入{span.org.short_name}", label("statuses", span.status)
            )
        elif before.status != span.status and not _told(person, span):
            yield Milestone(span.valid_from, *_step(before, span))
        elif span.probation_to and span.probation_to != before.probation_to:
            yield Milestone(span.valid_from, "延长预备期", f"延长至 {span.probation_to}")
        if span.departure:
            assert span.valid_to is not None
            yield Milestone(span.valid_to, label("departures", span.departure), span.end_reason)
        before = span


def _step(before: Membership, span: Membership) -> tuple[str, str]:
    if span.status == "suspended":
        return "停止党籍", before.end_reason
    if before.status == "suspended":
        return "恢复党籍", before.end_reason
    return f"成为{catalogue.current().label('statuses', span.status)}", ""


def _told(person: Person, span: Membership) -> bool:
    """The person's own days of joining say the same."""
    return (span.status, span.valid_from) in (
        ("probationary", person.joined_on),
        ("full", person.full_member_on),
    )


def _ahead(person: Person, spans: Sequence[Membership]) -> Iterator[Milestone]:
    now = spans[-1] if spans and spans[-1].valid_to is None else None
    if now is None:
        return
    if now.status == "probationary" and (ends := probation_ends(person, now)):
        ways = "转正或取消" if now.probation_to else "转正、延长或取消"
        yield Milestone(ends, "预备期满", f"届时由支部党员大会讨论{ways}", ahead=True)
    if now.status == "activist":
        since = min(span.valid_from for span in spans if span.status == "activist")
        earliest = add_months(since, CULTIVATION)
        yield Milestone(earliest, "培养教育满一年", "此后才能列为发展对象", ahead=True)
    if now.exempt and now.exempt_until:
        yield Milestone(now.exempt_until, "复核豁免", now.exempt_reason, ahead=True)


def is_member(membership: Membership | None) -> bool:
    return membership is not None and membership.status in MEMBER_STATUSES
