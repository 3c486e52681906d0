"""Appointing to posts and releasing from them. A post brings its roles while it lasts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from guantong.records import access, clock, days, qualification
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Membership, Org, Person, Post, User
from guantong.records.qualification import Candidate

TABLES = frozenset({"posts"})
TOLD = (
    "post", "valid_from", "valid_to", "acting", "qualified_as", "evidence", "evidence_on"
)  # fmt: skip
DOUBLE_LEADER = "double_leader"
OWN = "本人的任免要由别人办理。"


@dataclass(frozen=True)
class Evidence:
    """As what a secretary fits the kind of branch, and the document that shows it."""

    qualified_as: str = ""
    document: str = ""
    on: date | None = None

    def leads(self, stated: bool | None) -> bool | None:
        """Whoever qualifies as a double leader is one."""
        return True if self.qualified_as == DOUBLE_LEADER else stated

    def checked(self, org: Org, day: date) -> dict[str, Any]:
        """The fields of a post; refuses what does not go together."""
        if self.qualified_as and self.qualified_as not in qualification.fitting(org.category):
            text = "这一任职条件不适用于这类支部。"
            raise Refused(text, {"qualified_as": text})
        if self.on is not None and not self.document.strip():
            text = "写了认定日期，请写明认定文件。"
            raise Refused(text, {"evidence": text})
        if self.on is not None and self.on > max(day, clock.today()):
            text = "认定日期还没到。"
            raise Refused(text, {"evidence_on": text})
        return {
            "qualified_as": self.qualified_as,
            "evidence": self.document.strip(),
            "evidence_on": self.on,
        }


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
    if not Membership.objects.on(valid_from).of_members().filter(person=person).exists():
        raise Refused(f"{person.name}在 {valid_from} 没有组织关系或还不是党员，不能任职。")
    shown = evidence or Evidence()
    _require_fit(Candidate(person, org, post, valid_from, shown.qualified_as))
    require_vacant(person, org, post, valid_from, valid_to, acting=acting)
    held = rows.insert(
        Post(
            person=person, org=org, post=post, valid_from=valid_from, valid_to=valid_to,
            double_leader=shown.leads(double_leader), full_time=full_time, acting=acting,
            **shown.checked(org, valid_from),
        )
    )  # fmt: skip
    told = {name: getattr(held, name) for name in TOLD if getattr(held, name) not in ("", False)}
    events.leave("post.appointed", held, by=by, org=org, person=person, after=told)
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


def _require_fit(candidate: Candidate) -> None:
    wrong = [one for one in qualification.findings(candidate) if one.must]
    if wrong:
        told = "；".join(f"{one.text}（{one.rule.demand}，{one.rule.cited}）" for one in wrong)
        raise Refused(f"不能任职：{told}。", {"person": f"{told}。"})


def require_vacant(
    person: Person, org: Org, post: str, first: date, end: date | None, *, acting: bool = False
) -> None:
    """Refuse where the person holds the post, or anybody if it has one holder at a time; who acts
    in it and who holds it may be two.
    """
    single = codes.kind("posts", post).get("single", False)
    same = Post.objects.meeting(first, end).filter(org=org, post=post).select_related("person")
    taken = Q(person=person) | Q(acting=acting) if single else Q(person=person)
    holder = same.filter(taken).order_by(F("valid_from")).first()
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
