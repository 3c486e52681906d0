"""Who belongs to which branch: joining, moving on, leaving, and what changes on the way.

Nobody is in two branches on one day; whoever leaves a branch leaves its posts too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from django.db import transaction

from guantong.records import access, days
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.imports.people import in_chunks
from guantong.records.models import Membership, Org, Person, Post, TransferLetter, User
from guantong.records.models.membership import MEMBER_STATUSES
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
def leave(
    *,
    by: User | None,
    person: Person,
    on: date,
    reason: str = "",
    departure: str = "other",
    letter: TransferLetter | None = None,
) -> Membership:
    """End the membership and every post; `on` is the first day on which the person is gone.

    `letter`: the one whose receipt this is.
    """
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    title = _departure(departure, current.status)
    reason = reason.strip() or ("" if departure == "other" else title)
    if not reason:
        raise Refused("请写明离开原因。", {"reason": "请写明离开原因。"})
    spans.require_come(on=on)
    posts = list(Post.objects.meeting(on, None).filter(person=person))
    posts_ended = end_posts(posts, on)
    change = spans.end(current, on, end_reason=reason, departure=departure)
    if letter is not None:
        rows.change(letter, received_on=on)
    events.leave(
        "membership.ended", current, by=by, org=current.org, person=person, change=change,
        posts_ended=posts_ended, letter=letter,
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
    if current.status != "probationary":
        raise Refused(f"{codes.title('statuses', current.status)}不能直接转正。")
    spans.require_come(on=on)
    if person.joined_on and on <= person.joined_on:
        raise Refused(f"转正时间应在入党时间 {person.joined_on} 之后。")
    change = rows.change(person, full_member_on=on)
    membership = follow(current, on, status="full", probation_to=None, ending="转正")
    events.leave(
        "membership.made_full", membership, by=by, org=current.org, person=person, on=on,
        change=change,
    )  # fmt: skip
    refresh([current.org_id], [person.pk], on)
    return membership


@transaction.atomic
def set_exempt(
    *,
    by: User | None,
    person: Person,
    exempt: bool,
    on: date,
    reason: str,
    until: date | None = None,
) -> Membership:
    """Release a member from compulsory attendance from a day on, or end the release.

    `until`: when the branch looks at it again; it does not end by itself.
    """
    person = rows.locked(person)
    current = lasting(person)
    access.require(by, "member.edit", current.org)
    access.require_other(by, person.pk, "本人的豁免要由别人办理。")
    reason = events.reasoned(reason)
    if current.exempt == exempt:
        raise Refused("已经豁免。" if exempt else "本来就没有豁免。")
    spans.require_come(on=on)
    _require_review(exempt, on, until)
    membership = follow(
        current, on, exempt=exempt, exempt_reason=reason.strip() if exempt else "",
        exempt_until=until, ending="豁免变动",
    )  # fmt: skip
    events.leave(
        "membership.exempted" if exempt else "membership.exemption_ended",
        membership, by=by, org=current.org, person=person, on=on, reason=reason.strip(),
        until=until,
    )  # fmt: skip
    refresh([current.org_id], [person.pk], on)
    return membership


@transaction.atomic
def correct(
    *,
    by: User | None,
    membership: Membership,
    org: Org,
    status: str,
    valid_from: date,
    valid_to: date | None,
    reason: str,
) -> Membership:
    """Put a span right that was recorded wrongly. Those before and after it give way where they
    touch it; no post may be left without a membership. Whoever is here stays, whoever left is
    gone: that is what `leave` and its undoing are for.
    """
    person, row = rows.locked(membership.person), rows.locked(membership)
    for one in (row.org, org):
        access.require(by, "member.edit", one)
    access.require_other(by, person.pk, "本人的组织关系要由别人更正。")
    reason = events.reasoned(reason)
    _require_sound(row, org, status, valid_from, valid_to)
    earlier = person.memberships.filter(valid_to=row.valid_from).first()
    later = person.memberships.filter(valid_from=row.valid_to).first() if row.valid_to else None
    beside = [one for one in (earlier, later) if one]
    _require_free(person, [row, *beside], valid_from, valid_to)
    if earlier:
        _require_left(earlier, earlier.valid_from, valid_from)
    if later and valid_to:
        _require_left(later, valid_to, later.valid_to)
    touched, first = {row.org_id, org.pk}, min(row.valid_from, valid_from)
    posts_before = _without_membership(person)
    change = rows.change(row, org=org, status=status, valid_from=valid_from, valid_to=valid_to)
    if not change.after:
        raise Refused("没有改动。")
    if earlier:
        rows.change(earlier, valid_to=valid_from)
    if later:
        rows.change(later, valid_from=valid_to)
    if left := _without_membership(person) - posts_before:
        raise Refused(f"改后有 {len(left)} 项任职开始时没有党员的组织关系，请先更正任职。")
    events.leave(
        "membership.corrected", row, by=by, org=org, person=person, reason=reason, change=change
    )
    refresh(touched | {one.org_id for one in beside}, [person.pk], first)
    return row


def _require_sound(
    row: Membership, org: Org, status: str, valid_from: date, valid_to: date | None
) -> None:
    codes.kind("statuses", status)
    spans.require_come(valid_from=valid_from, **({"valid_to": valid_to} if valid_to else {}))
    wrong = ""
    if (valid_to is None) != (row.valid_to is None):
        wrong = "是否已经结束不在这里改：离开请登记离开，离开登记错了请撤回。"
    elif valid_to and valid_to <= valid_from:
        wrong = "结束日应在开始日之后。"
    elif org.valid_to and (valid_to is None or valid_to > org.valid_to):
        wrong = f"“{org.short_name}”已于 {org.valid_to} 撤销。"
    if wrong:
        raise Refused(wrong, {"valid_to": wrong})
    _require_branch(org, valid_from)


def _require_free(
    person: Person, moving: Collection[Membership], first: date, end: date | None
) -> None:
    """No other span on these days."""
    others = person.memberships.exclude(pk__in=[one.pk for one in moving]).meeting(first, end)
    if other := others.select_related("org").order_by("valid_from").first():
        raise Refused(f"{other.valid_from} 起已在“{other.org.short_name}”，两段不能重叠。")


def _require_left(span: Membership, first: date, end: date | None) -> None:
    if end and end <= first:
        raise Refused(f"这样“{span.org.short_name}”的一段就一天也不剩了，请先更正那一段。")


def _without_membership(person: Person) -> set[int]:
    """The posts on whose first day the person was no member of the Party."""
    spans = list(person.memberships.of_members())
    posts = Post.objects.filter(person=person)
    return {p.pk for p in posts if not any(span.covers(p.valid_from) for span in spans)}


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
    ended = end_posts(held, on)
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
    ended = end_posts((post for post in held if post.org_id == home[post.person_id]), on)
    followers = [spans.follower(row, on, org=moves[row.person_id]) for row in current]
    for row in current:
        row.valid_to, row.end_reason = on, "转到其他支部"
    rows.put(current, ["valid_to", "end_reason"])
    Membership.objects.bulk_create(followers, batch_size=rows.AT_ONCE)
    return ended


def _require_all_free(current: Collection[Membership], moves: Mapping[int, Org], on: date) -> None:
    if len(current) < len(moves):
        raise Refused(f"有 {len(moves) - len(current)} 人现在没有组织关系，请刷新后再分。")
    stuck = [row.person.name for row in current if row.org_id == moves[row.person_id].pk]
    if stuck:
        raise Refused(f"{_few(stuck)}现在就在要去的党支部。")
    late = [row for row in current if on <= row.valid_from]
    if late:
        first = max(row.valid_from for row in late) + timedelta(days=1)
        raise Refused(
            f"{_few([row.person.name for row in late])}在 {on} 当天或之后才进入现支部。"
            f"请按 {first} 或以后的日期办理；登记错了的，先在本人页面撤回或更正那一段组织关系。"
        )


def _few(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 人" if len(names) > FEW else ""
    return "、".join(names[:FEW]) + more


def refresh(orgs: Iterable[int], people: Iterable[int], first: date) -> None:
    ledger.refresh(
        ledger.Touch(frozenset(orgs), frozenset(people), first_day=first, tables=TABLES)
    )


def follow(current: Membership, on: date, *, ending: str, **changes: object) -> Membership:
    """From a day on the membership says something else."""
    if on < current.valid_from:
        reason = f"日期应不早于进入现支部的 {current.valid_from}。"
        raise Refused(reason, {"on": reason})
    return spans.succeed(current, on, ending=ending, **changes)


def end_posts(posts: Iterable[Post], on: date) -> PostsEnded:
    return {post.pk: spans.end(post, on).before["valid_to"] for post in posts}


def _departure(code: str, status: str) -> str:
    """What the departure is called, if people of that status can leave in this way."""
    entry = codes.kind("departures", code)
    of = "member" if status in (*MEMBER_STATUSES, "suspended") else "other"
    if entry["of"] not in ("all", of):
        reason = f"{codes.title('statuses', status)}不能按“{entry['title']}”登记离开。"
        raise Refused(reason, {"departure": reason})
    return str(entry["title"])


def _require_review(exempt: bool, on: date, until: date | None) -> None:
    if until is None:
        return
    if not exempt or until <= on:
        reason = "复核日期应在豁免开始之后。" if exempt else "结束豁免不用写复核日期。"
        raise Refused(reason, {"until": reason})
    spans.require_near(days.LASTING, until=until)


def _require_branch(org: Org, on: date) -> None:
    if org.kind != BRANCH:
        raise Refused(f"“{org.short_name}”不是党支部。党员要编入党支部。")
    if not org.exists_on(on):
        raise Refused(f"“{org.short_name}”在 {on} 不存在。")
