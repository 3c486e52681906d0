"""Taking back the last step of a membership that was recorded by mistake: a transfer, a departure,
a step on the way into the Party.

Only while nothing later hangs on it; what is older is mended by recording what is right now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from guantong.records import access
from guantong.records.access import Refused
from guantong.records.actions import events, memberships, posts, rows
from guantong.records.models import Event, Membership, Org, Person, Post, TransferLetter, User

TRANSFERRED, ENDED = "membership.transferred", "membership.ended"
EXTENDED = "membership.probation_extended"
STATUS = {
    verb: f"{verb}_undone"
    for verb in (
        "membership.advanced",
        "membership.made_full",
        "membership.suspended",
        "membership.resumed",
    )
}
UNDONE = {
    TRANSFERRED: "membership.transfer_undone",
    ENDED: "membership.end_undone",
    EXTENDED: f"{EXTENDED}_undone",
    **STATUS,
}
CHANGED = {TRANSFERRED: "org_id", EXTENDED: "probation_to"}  # the others change the status
DAYS = ("joined_on", "full_member_on")  # of the person, which such a step may have set
LATER = "这一步之后组织关系又有变动，不能撤回。请按现在的情况重新办理。"


@dataclass(frozen=True)
class Step:
    """`ended`: the span that the step ended, `begun` the one it began, none for a departure.

    `posts`: those that ended with it, and until when each had been meant to last. `days`: the
    person's own days before it, `letter` the id of the one whose receipt it was.
    """

    verb: str
    on: date
    ended: Membership
    begun: Membership | None
    posts: Mapping[int, date | None]
    days: Mapping[str, date | None]
    letter: int | None = None

    @property
    def orgs(self) -> list[Org]:
        return [span.org for span in (self.ended, self.begun) if span]

    @property
    def subject(self) -> str:
        """Under which the step's own event stands."""
        return events.subject(self.begun or self.ended)


def last(person: Person) -> Step | None:
    """The last step, if it is one that can be taken back and the spans are as it left them."""
    spans = list(person.memberships.select_related("org").order_by("valid_from"))
    subjects = [events.subject(span) for span in spans]
    told = Event.objects.filter(subject__in=subjects).order_by("-id").first()
    if told is None or told.verb not in UNDONE or told.subject != subjects[-1]:
        return None
    until = {int(pk): _day(day) for pk, day in told.detail.get("posts_ended", {}).items()}
    before = told.detail.get("before", {})
    days = {name: _day(before[name]) for name in DAYS if name in before}
    if told.verb == ENDED:
        end = spans[-1].valid_to
        letter = told.detail.get("letter")
        return Step(told.verb, end, spans[-1], None, until, {}, letter) if end else None
    *_, ended, begun = [None, *spans]
    if ended is None or begun is None or begun.valid_to or not _follows(told.verb, ended, begun):
        return None
    return Step(told.verb, begun.valid_from, ended, begun, until, days)


@transaction.atomic
def undo(*, by: User | None, person: Person) -> Membership:
    """Let the membership go on, with the posts that ended, as if the step had not been taken."""
    person = rows.locked(person)
    step = last(person)
    if step is None:
        raise Refused(LATER)
    for org in step.orgs:
        access.require(by, "member.edit", org)
    held = list(Post.objects.filter(pk__in=step.posts).select_for_update())
    _require_untouched(step, held)
    undone = step.subject
    if step.begun:
        step.begun.delete()
    change = rows.change(step.ended, valid_to=None, end_reason="", departure="")
    rows.change(person, **step.days)
    for letter in TransferLetter.objects.filter(pk__in=[step.letter] if step.letter else []):
        rows.change(rows.locked(letter), received_on=None)
    for post in held:
        rows.change(post, valid_to=step.posts[post.pk])
    events.leave(
        UNDONE[step.verb], step.ended, by=by, org=step.ended.org, person=person, change=change,
        undone=undone, posts_reopened=[post.pk for post in held],
    )  # fmt: skip
    touched = {org.pk for org in step.orgs} | {post.org_id for post in held}
    memberships.refresh(touched, [person.pk], step.on)
    return step.ended


def _follows(verb: str, ended: Membership, begun: Membership) -> bool:
    """The two spans differ in what the step changed and in nothing else."""
    new = CHANGED.get(verb, "status")
    kept = {"org_id", "status", "exempt", "exempt_reason", "exempt_until"} - {new}
    return (
        ended.valid_to == begun.valid_from
        and getattr(ended, new) != getattr(begun, new)
        and all(getattr(ended, name) == getattr(begun, name) for name in kept)
    )


def _require_untouched(step: Step, held: list[Post]) -> None:
    """The posts are as the step left them, and free; none was given since in the new branch."""
    if len(held) < len(step.posts) or any(post.valid_to != step.on for post in held):
        raise Refused("这一步结束的任职后来又改过，不能撤回。请先核对任职。")
    given = Post.objects.filter(person=step.ended.person, valid_from__gte=step.on)
    if step.begun and given.filter(org=step.begun.org).exists():
        raise Refused("转接之后在新支部又登记了任职，不能撤回。请重新办理转接。")
    for post in held:
        posts.require_vacant(
            post.person, post.org, post.post, step.on, step.posts[post.pk], acting=post.acting
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
