"""What waits to be verified in a month: by exception, so that only the odd needs a look.

Reads only. The page shows a `Review` and `actions.verifying` acts on the same one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from guantong.periods import month_of
from guantong.records import access, anomalies
from guantong.records.anomalies import Anomaly
from guantong.records.models import Activity, Event, Org, User

PERMISSION = "activity.verify"
MOST = 400  # records looked at together; of more, one organisation further down at a time
WRITING = frozenset({"activity.recorded", "activity.corrected"})


@dataclass(frozen=True)
class Review:
    """`odd` is looked at one by one, `rest` verified together, `own` verified by somebody else."""

    odd: tuple[tuple[Activity, tuple[Anomaly, ...]], ...]
    rest: tuple[Activity, ...]
    own: tuple[Activity, ...]

    @property
    def seal(self) -> str:
        return seal((activity.pk, activity.version) for activity in self.rest)


def seal(shown: Iterable[tuple[int, int]]) -> str:
    """Records, each with its version, in one word; another one means that something changed."""
    told = ",".join(f"{pk}.{version}" for pk, version in shown)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def review(by: User, org: Org, month: date, *, alone: bool = False) -> Review:
    """What was held in a month, at the organisation or (not `alone`) below, and is not verified
    yet."""
    held = waiting(by, org, month, alone=alone).prefetch_related("hosts")
    found = list(held.order_by("held_on", "pk"))
    own = written_by(by, found)
    others = [activity for activity in found if activity.pk not in own]
    odd = anomalies.found(others, access.activities(by, "activity.view"))
    return Review(
        odd=tuple((one, odd[one.pk]) for one in others if one.pk in odd),
        rest=tuple(one for one in others if one.pk not in odd),
        own=tuple(one for one in found if one.pk in own),
    )


def by_host(by: User, org: Org, month: date) -> dict[int, int]:
    """How many records wait to be verified, by who hosts them."""
    hosted = waiting(by, org, month).order_by().values_list("hosts")
    return dict(hosted.annotate(Count("pk")))


def waiting(by: User, org: Org, month: date, *, alone: bool = False) -> QuerySet[Activity]:
    """Not verified yet, and hosted wholly where one may verify."""
    period, reach = month_of(month), access.orgs(by, PERMISSION)
    found = (
        Activity.objects.held().whole().filter(verified_at=None).between(period.start, period.end)
    )
    found = found.hosted_by(reach.filter(pk=org.pk) if alone else reach.below(org))
    return found.exclude(hosts__in=Org.objects.exclude(pk__in=reach.values("pk")))


def written_by(user: User, activities: Iterable[Activity]) -> set[int]:
    """Those that a user has recorded or corrected: somebody else verifies them."""
    listed = {f"activity:{activity.pk}": activity for activity in activities}
    events = Event.objects.filter(subject__in=listed, by=user, verb__in=WRITING)
    corrected = {listed[subject].pk for subject in events.values_list("subject", flat=True)}
    return corrected | {one.pk for one in listed.values() if one.recorded_by_id == user.pk}
