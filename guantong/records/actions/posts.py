"""Appointing to posts and releasing from them. A post brings its roles while it lasts."""

from datetime import date

from django.db import transaction
from django.db.models import F

from guantong.records import access, days
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Membership, Org, Person, Post, User

TABLES = frozenset({"posts"})


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
) -> Post:
    access.require(by, "post.edit", org)
    access.require_person(by, "post.edit", person)
    _require_other(by, person)
    codes.kind("posts", post)
    org, person = rows.locked(org), rows.locked(person)
    if not org.exists_on(valid_from):
        raise Refused(f"“{org.short_name}”在 {valid_from} 不存在。")
    if valid_to is not None and valid_to <= valid_from:
        raise Refused("结束日应在开始日之后。")
    spans.require_near(days.AGREED, valid_from=valid_from)
    spans.require_near(days.LASTING, valid_to=valid_to)
    if not Membership.objects.on(valid_from).of_members().filter(person=person).exists():
        raise Refused(f"{person.name}在 {valid_from} 没有组织关系或还不是党员，不能任职。")
    require_vacant(person, org, post, valid_from, valid_to)
    held = rows.insert(
        Post(
            person=person, org=org, post=post, valid_from=valid_from, valid_to=valid_to,
            double_leader=double_leader, full_time=full_time,
        )
    )  # fmt: skip
    told = {name: getattr(held, name) for name in ("post", "valid_from", "valid_to")}
    events.leave("post.appointed", held, by=by, org=org, person=person, after=told)
    _refresh(held)
    return held


@transaction.atomic
def set_flags(
    *, by: User | None, post: Post, double_leader: bool | None, full_time: bool | None
) -> Post:
    """State whether a holder is a double leader and full-time; None: not known."""
    post = rows.locked(post)
    access.require(by, "post.edit", post.org)
    change = rows.change(post, double_leader=double_leader, full_time=full_time)
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
    _require_other(by, post.person)
    before = post.valid_to
    if before is not None and before <= on:
        raise Refused(f"这一任职已于 {before} 结束。")
    spans.require_near(days.LASTING, on=on)
    change = spans.end(post, on)
    events.leave("post.ended", post, by=by, org=post.org, person=post.person, change=change)
    _refresh(post)
    return post


def _require_other(by: User | None, person: Person) -> None:
    if by is not None and by.person_id == person.pk:
        raise Forbidden("本人的任免要由别人办理。")


def require_vacant(person: Person, org: Org, post: str, first: date, end: date | None) -> None:
    """Refuse where the person holds the post, or anybody if it has one holder at a time."""
    single = codes.kind("posts", post).get("single", False)
    same = Post.objects.meeting(first, end).filter(org=org, post=post).select_related("person")
    holder = (same if single else same.filter(person=person)).order_by(F("valid_from")).first()
    if holder is None:
        return
    title = codes.title("posts", post)
    until = f"至 {holder.valid_to}" if holder.valid_to else "至今"
    raise Refused(
        f"{holder.person.name}自 {holder.valid_from} {until}已任“{org.short_name}”{title}，"
        "请先登记免职或改日期。"
    )


def _refresh(post: Post) -> None:
    ledger.refresh(
        ledger.Touch(
            frozenset([post.org_id]), frozenset([post.person_id]), post.valid_from, None, TABLES
        )
    )
