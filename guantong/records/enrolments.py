"""Who has a place, who waits, and which planned activities one may enrol for. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from guantong.records import access, clock
from guantong.records.access import Someone
from guantong.records.models import Activity, Enrolment, Membership, Org, Person, Places
from guantong.records.models.person import PersonQuerySet


@dataclass(frozen=True)
class Standing:
    """The enrolments in order; the first `places` of them have one."""

    places: int
    rows: Sequence[Enrolment]

    @property
    def placed(self) -> Sequence[Enrolment]:
        return self.rows[: self.places]

    @property
    def waiting(self) -> Sequence[Enrolment]:
        return self.rows[self.places :]

    @property
    def left(self) -> int:
        return max(0, self.places - len(self.rows))

    def says(self, person: Person) -> str:
        """Where somebody stands; empty for who is not enrolled."""
        for number, row in enumerate(self.rows, 1):
            if row.person_id == person.pk:
                over = number - self.places
                return "已报名" if over <= 0 else f"候补第 {over} 位"
        return ""


def standing(row: Places) -> Standing:
    return standings([row])[row.activity_id]


def standings(places: Sequence[Places]) -> dict[int, Standing]:
    """By activity. One query."""
    rows = Enrolment.objects.filter(
        activity__in=[row.activity_id for row in places], cancelled_at=None
    )
    enrolled = defaultdict[int, list[Enrolment]](list)
    for one in rows.select_related("person", "by").order_by("pk"):
        enrolled[one.activity_id].append(one)
    return {row.activity_id: Standing(row.places, enrolled[row.activity_id]) for row in places}


def open_to(person: Person) -> QuerySet[Places]:
    """What a member may enrol for: held by an organisation at or above the branch, not over."""
    branches = Membership.objects.on(clock.today()).filter(person=person).select_related("org")
    above = {step for span in branches for step in span.org.lineage()}
    rows = Places.objects.filter(activity__hosts__in=above, activity__planned=True)
    return rows.filter(activity__withdrawn_at=None).distinct()


def for_whom(user: Someone, activity: Activity) -> PersonQuerySet:
    """Whom a user may enrol: oneself, and members in reach whose branch the hosts stand above."""
    hosts = Org.objects.below(*activity.hosts.all())
    there = Membership.objects.on(clock.today()).filter(org__in=hosts)
    reach = access.people(user, "member.edit") | access.people(user, "activity.record")
    own = getattr(user, "person_id", None)
    people = Person.objects.filter(pk__in=there.values("person"))
    return people.filter(Q(pk__in=reach.values("pk")) | Q(pk=own))
