"""Who may do what, and who sees which rows. The only way a page gets at records.

A role is held through a grant with dates or through a post while it lasts (roles.yaml), for an
organisation and all that hangs below it today; a role of scope "own" is held by everyone on the
roll and reaches that person's own records. Each function here costs a constant number of queries,
whatever the size of the tree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from guantong.records import catalogue, clock
from guantong.records.models import (
    Activity,
    ActivityHost,
    Assessment,
    Attendance,
    Call,
    Case,
    CaseHand,
    CorrectionRequest,
    Discrepancy,
    Entry,
    Event,
    FollowUp,
    Grant,
    ImportBatch,
    ImportSource,
    Membership,
    Org,
    OrgParent,
    Person,
    Post,
    Relation,
    User,
)
from guantong.records.models.activity import ActivityQuerySet
from guantong.records.models.batch import PERMISSIONS, RECONCILE
from guantong.records.models.case import CaseQuerySet
from guantong.records.models.event import EventQuerySet
from guantong.records.models.meeting import FollowUpQuerySet
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.relation import RelationQuerySet
from guantong.records.once import kept
from guantong.records.roles import Role

type Someone = User | AnonymousUser


class Refused(Exception):
    """The user may not, or not like this. `text` is Chinese and fit to show.

    `fields` holds the same reasons by the field they belong to, where they belong to one.
    """

    def __init__(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        self.text = text
        self.fields = dict(fields or {})
        super().__init__(text)

    @classmethod
    def about(cls, fields: Mapping[str, str], labels: Mapping[str, str]) -> Self:
        """One refusal for several fields, named as the user knows them."""
        named = [f"{labels.get(name, name)}：{reason}" for name, reason in fields.items()]
        return cls("\n".join(named), fields)


class Forbidden(Refused):
    """The user may not do this, however he goes about it."""


class Conflict(Refused):
    """Somebody else changed the record since the user opened it."""


@dataclass(frozen=True)
class Held:
    """A role that somebody holds; `org` None or the top of the tree: for the whole school.

    An `own` role has the branch of which its holder is a member; None for who is none yet.
    """

    role: Role
    org: Org | None

    @property
    def path(self) -> str:
        return self.org.path if self.org and len(self.org.lineage()) > 1 else ""


def roles_of(user: Someone, on: date | None = None) -> tuple[Held, ...]:
    """The roles held on a day (today), from grants, posts and membership."""
    if not isinstance(user, User) or not user.is_active:
        return ()
    day = on or clock.today()
    return kept(("roles", user.pk, day), lambda: _roles_of(user, day))


def _roles_of(user: User, day: date) -> tuple[Held, ...]:
    roles = catalogue.roles()
    grants = Grant.objects.on(day).filter(user=user).select_related("org")
    held = [Held(roles.roles[g.role], g.org) for g in grants if g.role in roles.roles]
    if user.person_id is None:
        return tuple(held)
    for post in Post.objects.on(day).filter(person=user.person_id).select_related("org"):
        held += [Held(role, post.org) for role in roles.from_post(post.post, post.org.kind)]
    own = [role for role in roles.roles.values() if role.own]
    for span in Membership.objects.on(day).filter(person=user.person_id).select_related("org"):
        member = span.status in MEMBER_STATUSES  # others see their own records, not the branch's
        held += [Held(role, span.org if member else None) for role in own]
    return tuple(dict.fromkeys(held))


@dataclass(frozen=True)
class Reach:
    """How far a permission goes: subtrees by path, and for own records a person and a branch."""

    day: date
    paths: frozenset[str]
    own_persons: frozenset[int]
    own_orgs: frozenset[int]

    @property
    def whole(self) -> bool:
        return "" in self.paths

    def orgs(self) -> OrgQuerySet:
        return Org.objects.all() if self.whole else Org.objects.below_paths(self.paths)


def reach(user: Someone, permission: str, on: date | None = None) -> Reach:
    day = on or clock.today()
    allowing = catalogue.roles().allowing(permission)
    held = [h for h in roles_of(user, day) if h.role.name in allowing]
    own = [h for h in held if h.role.own]
    me = user.person_id if own and isinstance(user, User) else None
    return Reach(
        day=day,
        paths=frozenset(h.path for h in held if not h.role.own),
        own_persons=frozenset([me] if me else []),
        own_orgs=frozenset(h.org.pk for h in own if h.org),
    )


# What a user may see


def orgs(user: Someone, permission: str, on: date | None = None) -> OrgQuerySet:
    return reach(user, permission, on).orgs()


def people(user: Someone, permission: str, on: date | None = None) -> PersonQuerySet:
    """Those whose last known branch is in reach, those in a post there, and oneself."""
    far = reach(user, permission, on)
    if far.whole:
        return Person.objects.all()
    later = Membership.objects.filter(
        person=OuterRef("person"), valid_from__gt=OuterRef("valid_from"), valid_from__lte=far.day
    )
    members = Membership.objects.filter(~Exists(later), org__in=far.orgs())
    posts = Post.objects.on(far.day).filter(org__in=far.orgs())
    return Person.objects.filter(
        Q(pk__in=members.values("person"))
        | Q(pk__in=posts.values("person"))
        | Q(pk__in=far.own_persons)
    )


def activities(user: Someone, permission: str, on: date | None = None) -> ActivityQuerySet:
    """Those hosted in reach, withdrawn ones too; a member's own branch's and those attended."""
    far = reach(user, permission, on)
    if far.whole:
        return Activity.objects.all()
    hosts = ActivityHost.objects.filter(Q(org__in=far.orgs()) | Q(org__in=far.own_orgs))
    attended = Attendance.objects.filter(person__in=far.own_persons)
    return Activity.objects.filter(
        Q(pk__in=hosts.values("activity")) | Q(pk__in=attended.values("activity"))
    )


def follow_ups(user: Someone) -> FollowUpQuerySet:
    """What meetings hosted in reach left to do, and what is left to oneself; none of withdrawn."""
    far = reach(user, "activity.view")
    stands = FollowUp.objects.filter(activity__withdrawn_at=None)
    if far.whole:
        return stands
    hosts = ActivityHost.objects.filter(org__in=far.orgs())
    return stands.filter(Q(activity__in=hosts.values("activity")) | Q(owner__in=far.own_persons))


def relations(user: Someone) -> RelationQuerySet:
    """Links that name an organisation or a person in reach."""
    far = reach(user, "org.view")
    if far.whole:
        return Relation.objects.all()
    there, known = far.orgs(), people(user, "member.view").values("pk")
    named = Q(org__in=there) | Q(other_org__in=there)
    return Relation.objects.filter(named | Q(person__in=known) | Q(other_person__in=known))


def entries(user: Someone, assessment: Assessment | None = None) -> QuerySet[Entry]:
    """Rows of the ledger (the live one): of organisations in reach, and one's own."""
    far = reach(user, "ledger.view")
    seen = Q() if far.whole else Q(org__in=far.orgs()) | Q(person__in=far.own_persons)
    live = Subquery(Assessment.objects.filter(live=True).values("pk")[:1])
    return Entry.objects.filter(seen, assessment=assessment.pk if assessment else live)


def events(user: Someone) -> EventQuerySet:
    return Event.objects.filter(_at(reach(user, "event.view")))


def history(user: Someone, activity: Activity) -> EventQuerySet:
    """What was done to a record, for those who see the trail there or may correct it."""
    may = _at(reach(user, "event.view")) | _at(reach(user, "activity.record"))
    return Event.objects.about(f"activity:{activity.pk}").filter(may)


def looks(user: Someone, person: Person) -> EventQuerySet:
    """Who opened a person's sealed fields: for that person, and for who sees the trail there."""
    own = isinstance(user, User) and user.person_id == person.pk
    rows = [person.pk, *Person.everyone.filter(merged_into=person).values_list("pk", flat=True)]
    seen = Event.objects.filter(subject__in=[f"person:{pk}" for pk in rows])
    found = seen.filter(verb="person.revealed").order_by("id")
    return found if own else found.filter(_at(reach(user, "event.view")))


def corrections(user: Someone) -> QuerySet[CorrectionRequest]:
    """Those that the user may answer."""
    return CorrectionRequest.objects.filter(person__in=people(user, "member.edit"))


def cases(user: Someone, on: date | None = None) -> CaseQuerySet:
    """Those of organisations in reach, on either side; one's own; those one is named in.

    Of a restricted process only what lies at an organisation where the user himself handles
    cases, or directly below it; a general branch between them decides nothing and counts for none.
    """
    far, closed = reach(user, "case.view", on), catalogue.handling().names("restricted")
    if not isinstance(user, User) or not user.is_active:
        return Case.objects.none()
    named = CaseHand.objects.filter(user=user, ended_at=None)
    there = Q() if far.whole else Q(org__in=far.orgs()) | Q(other_org__in=far.orgs())
    if not far.whole and not far.paths:
        there = Q(pk__in=())
    return Case.objects.filter(
        there & ~Q(process__in=closed)
        | Q(process__in=closed, org__in=_near(user, far.day))
        | Q(person__in=far.own_persons)
        | Q(pk__in=named.values("case"))
    )


def calls(user: Someone) -> QuerySet[Call]:
    """Notices of organisations above or below those in reach: whom they address sees them."""
    far = reach(user, "case.view")
    if far.whole:
        return Call.objects.all()
    above = {pk for path in far.paths for pk in path.split("/") if pk}
    return Call.objects.filter(Q(org__in=far.orgs()) | Q(org__in=above))


def counted_cases(user: Someone, on: date | None = None) -> CaseQuerySet:
    """Those that may be counted, though not looked at: restricted ones in reach too."""
    return Case.objects.filter(org__in=reach(user, "case.view", on).orgs())


def _near(user: User, day: date) -> OrgQuerySet:
    held = [h for h in roles_of(user, day) if "case.handle" in h.role.permissions]
    top = Q(kind="school_committee") if any(not h.path for h in held) else Q(pk__in=())
    own = Org.objects.filter(Q(pk__in=[h.org.pk for h in held if h.org]) | top)
    hung = OrgParent.objects.on(day)
    through = hung.filter(parent__in=own, org__kind="general_branch")
    below = hung.filter(Q(parent__in=own) | Q(parent__in=through.values("org")))
    return Org.objects.filter(Q(pk__in=own) | Q(pk__in=below.values("org")))


def batches(user: Someone) -> QuerySet[ImportBatch]:
    return ImportBatch.objects.filter(_by_kind(user))


def sources(user: Someone) -> QuerySet[ImportSource]:
    """Remembered columns of sheets that the user may import; the school's are everybody's."""
    kinds = {kind for kind, needed in PERMISSIONS.items() if reach(user, needed).paths}
    shared = Q(org=None, kind__in=kinds)
    if reach(user, RECONCILE).paths:
        shared |= Q(org=None) & ~Q(kind__in=PERMISSIONS)
    return ImportSource.objects.filter(_by_kind(user) | shared)


def discrepancies(user: Someone) -> QuerySet[Discrepancy]:
    return Discrepancy.objects.filter(_at(reach(user, RECONCILE)))


def _by_kind(user: Someone) -> Q:
    found = Q(_at(reach(user, RECONCILE))) & ~Q(kind__in=PERMISSIONS)
    for kind, needed in PERMISSIONS.items():
        found |= Q(_at(reach(user, needed)), kind=kind)
    return found


def _at(far: Reach) -> Q:
    """Rows of organisations in reach; those of no organisation need the whole school."""
    return Q() if far.whole else Q(org__in=far.orgs())


# What a user may do. Empty: he may.


def check(user: Someone | None, permission: str, org: Org | None) -> str:
    """Why not, for an organisation or (None) for the whole school. No user: the system itself."""
    if user is None:
        return ""
    if org is None:
        far = reach(user, permission)
        return "" if far.whole else _missing(permission, "全校")
    if orgs(user, permission).filter(pk=org.pk).exists():
        return ""
    return _missing(permission, "该党组织")


def permissions_at(user: Someone, org: Org) -> frozenset[str]:
    """All that the user may do at an organisation; what is held about himself is not in it."""
    held = [h for h in roles_of(user) if not h.role.own and org.path.startswith(h.path)]
    return frozenset().union(*(h.role.permissions for h in held))


def check_person(user: Someone | None, permission: str, person: Person) -> str:
    if user is None or people(user, permission).filter(pk=person.pk).exists():
        return ""
    return _missing(permission, "该党员")


def require(user: Someone | None, permission: str, org: Org | None) -> None:
    if reason := check(user, permission, org):
        raise Forbidden(reason)


def require_person(user: Someone | None, permission: str, person: Person) -> None:
    if reason := check_person(user, permission, person):
        raise Forbidden(reason)


def require_other(user: User | None, person_id: int, text: str) -> None:
    """Nobody decides about himself; the system may."""
    if user is not None and user.person_id == person_id:
        raise Forbidden(text)


def _missing(permission: str, where: str) -> str:
    title = catalogue.roles().titles[permission]
    return f"您没有对{where}“{title}”的权限。需要时请联系上级党组织或学校党委组织部。"
