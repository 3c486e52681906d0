"""Who belongs to which branch: joining, moving on, leaving, and what changes on the way.

Nobody is in two branches on one day; whoever leaves a branch leaves its posts too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from django.db import transaction

from guantong.records import access
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.imports.people import in_chunks
from guantong.records.models import Membership, Org, Person, Post, User
from guantong.records.rosters import BRANCH

TABLES = frozenset({"memberships", "posts"})
FEW = 5  # names that a refusal tells
type PostsEnded = dict[int, date | None]  # id to the day until which it had been meant to last


@transaction.atomic
def admit(
    *, by: User | None, person: Person, org: Org, status: str, valid_from: date
) -> Membership:
    """Begin the membership of someone on the roll who has none from that day on."""
    access.require(by, "member.edit", org)
    access.require_person(by, "member.edit", person)
    spans.require_come(valid_from=valid_from)
    membership = begin(rows.locked(person), org, status=status, on=valid_from)
    events.leave(
        "membership.begun", membership, by=by, org=org, person=person, status=status, on=valid_from
    )
    refresh([org.pk], [person.pk], valid_from)
    return membership


@transaction.atomic
def transfer_within(*, by: User | None, person: Person, to: Org, on: date) -> Membership:
    """Move a member to another branch of the school from a day on, with status and exemption."""
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    access.require(by, "member.edit", to)
    spans.require_come(on=on)
    posts_ended = relocate(current, to, on)
    membership = lasting(person)
    events.leave(
        "membership.transferred", membership, by=by, org=to, person=person, on=on,
        before={"org": current.org_id}, after={"org": to.pk}, posts_ended=posts_ended,
    )  # fmt: skip
    refresh([current.org_id, to.pk], [person.pk], on)
    return membership


@transaction.atomic
def leave(*, by: User | None, person: Person, on: date, reason: str) -> Membership:
    """End the membership and every post; `on` is the first day on which the person is gone."""
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    if not reason.strip():
        raise Refused("请写明离开原因。", {"reason": "请写明离开原因。"})
    spans.require_come(on=on)
    posts = list(Post.objects.meeting(on, None).filter(person=person))
    posts_ended = _end_posts(posts, on)
    change = spans.end(current, on, end_reason=reason.strip())
    events.leave(
        "membership.ended", current, by=by, org=current.org, person=person, change=change,
        posts_ended=posts_ended,
    )  # fmt: skip
    refresh([current.org_id, *(post.org_id for post in posts)], [person.pk], on)
    return current


@transaction.atomic
def become_full(*, by: User | None, person: Person, on: date) -> Membership:
    """A probationary member becomes a full one from a day on."""
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    if current.status == "full":
        raise Refused("已经是正式党员。")
    spans.require_come(on=on)
    if person.joined_on and on <= person.joined_on:
        raise Refused(f"转正时间应在入党时间 {person.joined_on} 之后。")
    rows.change(person, full_member_on=on)
    membership = _follow(current, on, status="full", ending="转正")
    events.leave("membership.made_full", membership, by=by, org=current.org, person=person, on=on)
    refresh([current.org_id], [person.pk], on)
    return membership


@transaction.atomic
def set_exempt(
    *, by: User | None, person: Person, exempt: bool, on: date, reason: str
) -> Membership:
    """Release a member from compulsory attendance from a day on, or end the release."""
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    if by is not None and by.person_id == person.pk:
        raise Forbidden("本人的豁免要由别人办理。")
    if not reason.strip():
        raise Refused("请写明原因。", {"reason": "请写明原因。"})
    if current.exempt == exempt:
        raise Refused("已经豁免。" if exempt else "本来就没有豁免。")
    spans.require_come(on=on)
    membership = _follow(
        current, on, exempt=exempt, exempt_reason=reason.strip() if exempt else "",
        ending="豁免变动",
    )  # fmt: skip
    events.leave(
        "membership.exempted" if exempt else "membership.exemption_ended",
        membership, by=by, org=current.org, person=person, on=on, reason=reason.strip(),
    )  # fmt: skip
    refresh([current.org_id], [person.pk], on)
    return membership


# For the other actions: no access, no event


def begin(person: Person, org: Org, *, status: str, on: date) -> Membership:
    codes.kind("statuses", status)
    _require_branch(org, on)
    other = person.memberships.meeting(on, None).order_by("valid_from").first()
    if other is not None:
        raise Refused(
            f"{person.name}自 {other.valid_from} 起已在一个支部。换支部请办理转接，不要再次登记。"
        )
    return rows.insert(Membership(person=person, org=org, status=status, valid_from=on))


def lasting(person: Person) -> Membership:
    """The membership that has no end yet, locked."""
    open_ones = person.memberships.select_for_update(of=["self"]).select_related("org")
    current = open_ones.filter(valid_to=None).first()
    if current is None:
        raise Refused(f"{person.name}现在没有组织关系。")
    return current


def relocate(current: Membership, to: Org, on: date) -> PostsEnded:
    """Move a membership to another branch; return the posts that ended with it."""
    _require_branch(to, on)
    if to.pk == current.org_id:
        raise Refused(f"{current.person.name}现在就在“{to.short_name}”。")
    if on <= current.valid_from:
        raise Refused(f"转接日应在进入现支部的 {current.valid_from} 之后。")
    held = Post.objects.meeting(on, None).filter(person=current.person_id, org=current.org_id)
    ended = _end_posts(held, on)
    spans.succeed(current, on, ending="转到其他支部", org=to)
    return ended


def relocate_all(moves: Mapping[int, Org], on: date) -> PostsEnded:
    """Move many members (by id) to other branches at once; return the posts that ended with it.

    A constant number of queries for every thousand. Refuses, with names, whoever cannot move.
    """
    for to in {to.pk: to for to in moves.values()}.values():
        _require_branch(to, on)
    lasts = Membership.objects.select_for_update(of=["self"]).filter(valid_to=None)
    current = list(in_chunks(lasts.select_related("person", "org"), "person", moves))
    _require_all_free(current, moves, on)
    home = {row.person_id: row.org_id for row in current}
    held = in_chunks(Post.objects.meeting(on, None).select_related("person"), "person", moves)
    ended = _end_posts((post for post in held if post.org_id == home[post.person_id]), on)
    followers = [_elsewhere(row, moves[row.person_id], on) for row in current]
    for row in current:
        row.valid_to, row.end_reason = on, "转到其他支部"
    rows.put(current, ["valid_to", "end_reason"])
    Membership.objects.bulk_create(followers, batch_size=rows.AT_ONCE)
    return ended


def _elsewhere(row: Membership, to: Org, on: date) -> Membership:
    return Membership(
        person_id=row.person_id, org=to, status=row.status, exempt=row.exempt,
        exempt_reason=row.exempt_reason, valid_from=on,
    )  # fmt: skip


def _require_all_free(current: Collection[Membership], moves: Mapping[int, Org], on: date) -> None:
    if len(current) < len(moves):
        raise Refused(f"有 {len(moves) - len(current)} 人现在没有组织关系，请刷新后再分。")
    stuck = [row.person.name for row in current if row.org_id == moves[row.person_id].pk]
    if stuck:
        raise Refused(f"{_few(stuck)}现在就在要去的党支部。")
    late = [row.person.name for row in current if on <= row.valid_from]
    if late:
        raise Refused(f"{_few(late)}在 {on} 当天或之后才进入现支部，请改日期或先不调整。")


def _few(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 人" if len(names) > FEW else ""
    return "、".join(names[:FEW]) + more


def refresh(orgs: Iterable[int], people: Iterable[int], first: date) -> None:
    ledger.refresh(
        ledger.Touch(frozenset(orgs), frozenset(people), first_day=first, tables=TABLES)
    )


def _follow(current: Membership, on: date, *, ending: str, **changes: object) -> Membership:
    if on < current.valid_from:
        raise Refused(f"日期应不早于进入现支部的 {current.valid_from}。")
    return spans.succeed(current, on, ending=ending, **changes)


def _require_branch(org: Org, on: date) -> None:
    if org.kind != BRANCH:
        raise Refused(f"“{org.short_name}”不是党支部。党员要编入党支部。")
    if not org.exists_on(on):
        raise Refused(f"“{org.short_name}”在 {on} 不存在。")


def _end_posts(posts: Iterable[Post], on: date) -> PostsEnded:
    return {post.pk: spans.end(post, on).before["valid_to"] for post in posts}
