"""Appointing to posts and releasing from them. A post brings its roles while it lasts."""

from collections.abc import Collection
from datetime import date

from django.db import transaction

from guantong.records import access, clock, days, qualification
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Membership, Org, Person, Post, User
from guantong.records.qualification import Candidate, Evidence

TABLES = frozenset({"posts"})
TOLD = (
    "post", "valid_from", "valid_to", "acting", "qualified_as", "evidence", "evidence_on"
)  # fmt: skip
OWN = "本人的任免要由别人办理。"


@transaction.atomic
def appoint(
    *,
    by: User | None,
    person: Person,
    org: Org,
    post: str,
    valid_from: date,
    valid_to: date | None = None,
    double_leader: bool | None = None,
    full_time: bool | None = None,
    acting: bool = False,
    evidence: Evidence | None = None,
) -> Post:
    """Refuses whoever a rule excludes; what is only general is told by `records.qualification`.

    `acting`: for the time being, also beside the one who holds a post of one holder.
    """
    access.require(by, "post.edit", org)
    access.require_person(by, "post.edit", person)
    access.require_other(by, person.pk, OWN)
    codes.kind("posts", post)
    org, person = rows.locked(org), rows.locked(person)
    if not org.exists_on(valid_from):
        raise Refused(f"“{org.short_name}”在 {valid_from} 不存在。")
    if valid_to is not None and valid_to <= valid_from:
        raise Refused("结束日应在开始日之后。")
    spans.require_near(days.AGREED, valid_from=valid_from)
    spans.require_near(days.LASTING, valid_to=valid_to)
    if wrong := qualification.misplaced(post, org, valid_from):
        raise Refused(f"{wrong}，请核对职务和党组织。", {"post": f"{wrong}。"})
    span = Membership.objects.on(valid_from).of_members().filter(person=person).first()
    if span is None:
        raise Refused(f"{person.name}在 {valid_from} 没有组织关系或还不是党员，不能任职。")
    shown = evidence or Evidence()
    _require_fit(Candidate(person, org, post, valid_from, shown.qualified_as, span.status))
    require_vacant(person, org, post, valid_from, valid_to, acting=acting)
    held = rows.insert(
        Post(
            person=person, org=org, post=post, valid_from=valid_from, valid_to=valid_to,
            double_leader=shown.leads(double_leader), full_time=full_time, acting=acting,
            **shown.checked(org, valid_from),
        )
    )  # fmt: skip
    events.leave("post.appointed", held, by=by, org=org, person=person, after=_told(held))
    _refresh(held)
    return held


@transaction.atomic
def set_flags(
    *,
    by: User | None,
    post: Post,
    double_leader: bool | None,
    full_time: bool | None,
    evidence: Evidence | None = None,
) -> Post:
    """State whether a holder is a double leader and full-time (None: not known), and as what he
    fits the branch. No `evidence`: what is kept stays.
    """
    post = rows.locked(post)
    access.require(by, "post.edit", post.org)
    access.require_other(by, post.person.pk, OWN)
    more = evidence.checked(post.org, clock.today()) if evidence else {}
    leads = evidence.leads(double_leader) if evidence else double_leader
    change = rows.change(post, double_leader=leads, full_time=full_time, **more)
    if change.after:
        events.leave(
            "post.described", post, by=by, org=post.org, person=post.person, change=change
        )
        _refresh(post)
    return post


@transaction.atomic
def end(*, by: User | None, post: Post, on: date) -> Post:
    """Release from a post; `on` is the first day without it."""
    post = rows.locked(post)
    access.require(by, "post.edit", post.org)
    access.require_other(by, post.person.pk, OWN)
    before = post.valid_to
    if before is not None and before <= on:
        raise Refused(f"这一任职已于 {before} 结束。")
    spans.require_near(days.LASTING, on=on)
    change = spans.end(post, on)
    events.leave("post.ended", post, by=by, org=post.org, person=post.person, change=change)
    _refresh(post)
    return post


@transaction.atomic
def strike(*, by: User | None, post: Post) -> Post:
    """The row was a mistake and goes; the trail keeps it."""
    post = rows.locked(post)
    access.require(by, "post.edit", post.org)
    access.require_other(by, post.person.pk, OWN)
    events.leave("post.struck", post, by=by, org=post.org, person=post.person, before=_told(post))
    post.delete()
    _refresh(post)
    return post


def _told(post: Post) -> dict[str, object]:
    told = {name: getattr(post, name) for name in TOLD}
    return {name: value for name, value in told.items() if value not in ("", False)}


def _require_fit(candidate: Candidate) -> None:
    if told := qualification.excluded(candidate):
        raise Refused(f"不能任职：{told}。", {"person": f"{told}。"})


def require_vacant(
    person: Person,
    org: Org,
    post: str,
    first: date,
    end: date | None,
    *,
    acting: bool = False,
    but: Collection[int] = (),
) -> None:
    """Refuse where `qualification.taken` says so; rows `but` are about to go."""
    codes.kind("posts", post)
    same = Post.objects.meeting(first, end).filter(org=org, post=post).exclude(pk__in=but)
    held = same.select_related("person", "org").order_by("valid_from")
    if reason := qualification.taken(person.pk, held, acting=acting):
        raise Refused(reason)


def _refresh(post: Post) -> None:
    ledger.refresh(
        ledger.Touch(
            frozenset([post.org_id]), frozenset([post.person_id]), post.valid_from, None, TABLES
        )
    )
