"""The way into the Party, step by step, and the suspension of a membership.

Each step is a new span of the membership with another status. What a step needs before it may be
taken (papers, votes, time) is for its case; here stands only what cannot be otherwise.
"""

from datetime import date
from typing import Any

from django.db import transaction

from guantong.periods import add_months
from guantong.records import access
from guantong.records.access import Refused
from guantong.records.actions import codes, events, memberships, rows, spans
from guantong.records.lifecycle import EXTENSION, probation_ends
from guantong.records.models import Membership, Person, Post, User
from guantong.records.models.membership import MEMBER_STATUSES

ON_THE_WAY = ("activist", "candidate", "probationary")


@transaction.atomic
def advance(*, by: User | None, person: Person, status: str, on: date) -> Membership:
    """Take the next step from a day on; a probationary member counts from the meeting's day."""
    person, current = _in_hand(by, person)
    if status not in ON_THE_WAY:
        raise Refused("这里只办理积极分子、发展对象和预备党员。", {"status": "请选择下一步。"})
    require_step(current, status)
    spans.require_come(on=on)
    before: dict[str, Any] = {"status": current.status}
    after: dict[str, Any] = {"status": status}
    if status == "probationary":
        before["joined_on"], after["joined_on"] = person.joined_on, on
        rows.change(person, joined_on=on)
    ending = codes.title("statuses", status)
    membership = memberships.follow(current, on, status=status, ending=f"成为{ending}")
    events.leave(
        "membership.advanced", membership, by=by, org=current.org, person=person, on=on,
        before=before, after=after,
    )  # fmt: skip
    memberships.refresh([current.org_id], [person.pk], on)
    return membership


@transaction.atomic
def extend_probation(
    *, by: User | None, person: Person, on: date, until: date, reason: str
) -> Membership:
    """Extend the probation, once, as the branch meeting of the day decided."""
    person, current = _in_hand(by, person)
    reason = events.reasoned(reason)
    spans.require_come(on=on)
    _require_extension(person, current, on, until)
    membership = memberships.follow(current, on, probation_to=until, ending="延长预备期")
    events.leave(
        "membership.probation_extended", membership, by=by, org=current.org, person=person, on=on,
        reason=reason, before={"probation_to": None}, after={"probation_to": until},
    )  # fmt: skip
    memberships.refresh([current.org_id], [person.pk], on)
    return membership


def _require_extension(person: Person, current: Membership, on: date, until: date) -> None:
    if current.status != "probationary":
        raise Refused("只有预备党员才延长预备期。")
    ends = probation_ends(person)
    if ends is None or person.joined_on is None:
        raise Refused("没有入党时间，或已有转正时间。请先在“更正信息”里核对。")
    since = person.memberships.filter(valid_from__gte=person.joined_on)
    if since.exclude(probation_to=None).exists():
        raise Refused("预备期已经延长过，只能延长一次。")
    if on <= person.joined_on:
        reason = f"应在入党时间 {person.joined_on} 之后。"
        raise Refused(reason, {"on": reason})
    first, last = (add_months(ends, months) for months in EXTENSION)
    if not first <= until <= last:
        reason = f"预备期 {ends} 满，延长不少于半年、不超过一年：{first} 至 {last}。"
        raise Refused(reason, {"until": reason})


@transaction.atomic
def suspend(*, by: User | None, person: Person, on: date, reason: str) -> Membership:
    """Suspend a membership by a decision of the Party; every post ends with it."""
    person, current = _in_hand(by, person)
    reason = events.reasoned(reason)
    require_step(current, "suspended")
    spans.require_come(on=on)
    posts = list(Post.objects.meeting(on, None).filter(person=person))
    posts_ended = memberships.end_posts(posts, on)
    membership = memberships.follow(current, on, status="suspended", ending=reason)
    events.leave(
        "membership.suspended", membership, by=by, org=current.org, person=person, on=on,
        reason=reason, posts_ended=posts_ended,
        before={"status": current.status}, after={"status": "suspended"},
    )  # fmt: skip
    memberships.refresh([current.org_id, *(post.org_id for post in posts)], [person.pk], on)
    return membership


@transaction.atomic
def resume(*, by: User | None, person: Person, on: date, reason: str) -> Membership:
    """Let a suspended membership go on as what it was before."""
    person, current = _in_hand(by, person)
    reason = events.reasoned(reason)
    if current.status != "suspended":
        raise Refused("现在没有停止党籍。")
    spans.require_come(on=on)
    was = before_suspension(current)
    membership = memberships.follow(current, on, status=was, ending=reason)
    events.leave(
        "membership.resumed", membership, by=by, org=current.org, person=person, on=on,
        reason=reason, before={"status": "suspended"}, after={"status": was},
    )  # fmt: skip
    memberships.refresh([current.org_id], [person.pk], on)
    return membership


def require_step(current: Membership, status: str) -> None:
    """Refuse a step that leads nowhere from where the person is."""
    entry = codes.kind("statuses", status)
    if current.status in entry["from"]:
        return
    may = "、".join(codes.title("statuses", one) for one in entry["from"])
    reason = (
        f"现在是{codes.title('statuses', current.status)}，只有{may}才能成为{entry['title']}。"
    )
    raise Refused(reason, {"status": reason})


def before_suspension(current: Membership) -> str:
    """The status of a member before the suspension; a roll may begin with one: full."""
    earlier = current.person.memberships.filter(
        valid_from__lt=current.valid_from, status__in=MEMBER_STATUSES
    )
    last = earlier.order_by("valid_from").last()
    return last.status if last else "full"


def _in_hand(by: User | None, person: Person) -> tuple[Person, Membership]:
    """The person, locked, and the membership that lasts, for who may act on them."""
    person = rows.locked(person)
    current = memberships.lasting(person)
    access.require(by, "member.edit", current.org)
    access.require_other(by, person.pk, "本人的发展和党籍事项要由别人办理。")
    return person, current
