"""What the calendar of an account holds: the activities of its own organisations, and the days
by which these owe something. No names of people, no attendance, nothing from further down.

All of it follows from the roles that the account holds when the calendar is fetched: with a post
its calendar goes, too.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db.models import QuerySet

from guantong.records import access, clock
from guantong.records.models import Assessment, Entry, Org, User
from guantong.records.models.activity import ActivityQuerySet
from guantong.records.models.org import OrgQuerySet

LOOK_BACK = timedelta(days=92)
LOOK_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Holds:
    """`owed`: entries of organisations that the account answers for, still open."""

    activities: ActivityQuerySet
    owed: QuerySet[Entry]


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def owner(secret: str) -> User | None:
    """Whose calendar an address leads to; nobody's if it was renewed or the account is closed."""
    return User.objects.filter(calendar_feed__digest=digest_of(secret), is_active=True).first()


def calendar_of(user: User, live: Assessment) -> Holds:
    today = clock.today()
    seen = access.activities(user, "activity.view").live().whole()
    own = seen.hosted_by(own_orgs(user)).between(today - LOOK_BACK, today + LOOK_AHEAD)
    owed = access.entries(user, live).filter(
        org__in=answers_for(user), person=None, verdict="due",
        period_start__lte=today, due_on__lte=today + LOOK_AHEAD,
    )  # fmt: skip
    return Holds(
        activities=own.order_by("held_on", "starts_at", "pk").prefetch_related("hosts", "parts"),
        owed=owed.select_related("org").order_by("due_on", "pk"),
    )


def own_orgs(user: User) -> OrgQuerySet:
    """Those where the account holds a role itself, and the branch it is a member of."""
    return answers_for(user) | Org.objects.filter(
        pk__in=[h.org.pk for h in access.roles_of(user) if h.role.own and h.org]
    )


def answers_for(user: User) -> OrgQuerySet:
    """Those whose records the account keeps: by a post or a grant there, not further up."""
    held = [h for h in access.roles_of(user) if "activity.record" in h.role.permissions]
    there = Org.objects.on(clock.today())
    named = there.filter(pk__in=[h.org.pk for h in held if h.org])
    whole = any(h.org is None for h in held)
    return named | there.filter(kind="school_committee") if whole else named
