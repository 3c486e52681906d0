"""What the records know about a case, so that nobody types it again. Reads only.

`given` are the facts that a process looks at, `derived` the fields of a step that it says come
from the records. Each has one reader here. What the records do not know is None: then a form asks
for it, and a given fact may be stated in the case.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce

from guantong.periods import add_months
from guantong.processes import model as m
from guantong.records import catalogue, criteria, dues, headcounts, hours
from guantong.records.access import Refused
from guantong.records.case_actors import Place, Standing
from guantong.records.case_values import values, written
from guantong.records.models import (
    Activity,
    Attendance,
    Case,
    CaseStep,
    Document,
    Membership,
    Org,
    OrgParent,
    Person,
    Post,
    Quota,
)
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.once import kept

type Fields = Mapping[str, m.Value | None]
type Reader = Callable[[Case, date, Standing], m.Value | None]
type FieldReader = Callable[[Case, date, Fields], m.Value | None]


def given(case: Case, on: date, who: Standing | None) -> dict[str, m.Value | None]:
    """The given facts of a case's process on a day; what was stated where nothing is known."""
    process = catalogue.process(case.process, case.process_version)
    return {name: known(case, name, on, who) for name in process.given}


def known(case: Case, name: str, on: date, who: Standing | None) -> m.Value | None:
    found = from_records(case, name, on, who)
    return stated(case, name) if found is None else found


def from_records(case: Case, name: str, on: date, who: Standing | None) -> m.Value | None:
    who = who or Standing(None, on)
    key = ("given", case.pk, name, on, who.user and who.user.pk)
    return kept(key, lambda: GIVEN[name](case, on, who))


def stated(case: Case, name: str) -> m.Value | None:
    process = catalogue.process(case.process, case.process_version)
    return values([process.given[name]], case.stated).get(name)


def derived(case: Case, step: m.Step, on: date, filled: Fields) -> dict[str, m.Value]:
    """The fields of a step that the records know, by what else is filled in."""
    found = {
        field.name: DERIVED[case.process, field.name](case, on, filled)
        for field in step.fields
        if field.derived
    }
    return {name: value for name, value in found.items() if value is not None}


# ---------------------------------------------------------------- given facts


def _can_approve(case: Case, on: date, who: Standing) -> bool | None:
    return who.approves(Place.of(case))


def _quota_left(case: Case, on: date, who: Standing) -> int | None:
    """The year's number of the nearest organisation that has one, less those cleared in it."""
    quotas = Quota.objects.filter(process=case.process, year=on.year, call=None)
    quota = _nearest(quotas.select_related("org"), case.org)
    if quota is None:
        return None
    cleared = CaseStep.objects.standing().filter(
        step="clear", on_day__year=on.year, case__process=case.process
    )
    return quota.number - _in(cleared, quota.org).count()


def _places_left(case: Case, on: date, who: Standing) -> int | None:
    """The places that a notice gives, less those nominated; one taken back counts no more."""
    if case.call_id is None:
        return None
    quota = _nearest(Quota.objects.filter(call=case.call_id).select_related("org"), case.org)
    if quota is None:
        return None
    nominated = CaseStep.objects.standing().filter(step="nominate", case__call=case.call_id)
    return quota.number - _in(nominated, quota.org).exclude(case=case.pk).count()


def _nearest(quotas: QuerySet[Quota], org: Org) -> Quota | None:
    found = {q.org_id: q for q in quotas.filter(org__in=org.lineage())}
    return next((found[pk] for pk in reversed(org.lineage()) if pk in found), None)


def _in(steps: QuerySet[CaseStep], org: Org) -> QuerySet[CaseStep]:
    return steps.filter(case__org__path__startswith=org.path)


def _closes_on(case: Case, on: date, who: Standing) -> date | None:
    return case.call.closes_on if case.call else None


def _volunteer_hours(case: Case, on: date, who: Standing) -> Decimal | None:
    """Those of the whole sitting, where the service was another kind as well."""
    there = _attended(case, on).annotate(of=Coalesce("activity__part_of", "activity"))
    served = there.filter(activity__kind="volunteer")
    same = there.filter(of__in=served.values("of")).values_list("of", "activity__held_on")
    most = same.annotate(most=Max("hours")).order_by().values_list("most", flat=True)
    return sum((hours for hours in most if hours), Decimal(0))


def _last_seen_on(case: Case, on: date, who: Standing) -> date | None:
    """What a register says, else the last activity attended."""
    assert case.person is not None
    row = case.person.whereabouts.filter(kind="lost", valid_to=None).first()
    if row is not None and row.last_seen_on is not None:
        return row.last_seen_on
    last: date | None = _attended(case, on).aggregate(last=Max("activity__held_on"))["last"]
    return last


def _attended(case: Case, on: date) -> QuerySet[Attendance]:
    """Joined, not `activity__in`: SQLite would then begin with the activities of everybody."""
    return Attendance.objects.filter(
        person=case.person_id, activity__planned=False, activity__withdrawn_at=None,
        activity__held_on__lte=on,
    )  # fmt: skip


def _term(case: Case) -> tuple[date, date] | None:
    """Of the term that the case is to end: its last day, and the day with an extension."""
    return kept(("term", case.org_id, case.opened_on), lambda: _term_before(case))


def _term_before(case: Case) -> tuple[date, date] | None:
    before = case.org.terms.filter(elected_on__lte=case.opened_on)
    term = before.order_by("elected_on").last()
    return (term.expires_on, term.extended_to or term.expires_on) if term else None


def _expires_on(case: Case, on: date, who: Standing) -> date | None:
    term = _term(case)
    return term[0] if term else None


def _due_on(case: Case, on: date, who: Standing) -> date | None:
    term = _term(case)
    return term[1] if term else None


def _members(case: Case, on: date, who: Standing) -> int:
    return _heads(case.org, on).total


def _electorate(case: Case, on: date, who: Standing) -> int:
    return Membership.objects.on(on).filter(
        org__in=Org.objects.below(case.org), status__in=MEMBER_STATUSES
    ).count()  # fmt: skip


def _full(case: Case, on: date, who: Standing) -> int:
    return _heads(case.org, on).of("full_members")


def _exempt(case: Case, on: date, who: Standing) -> int:
    return _heads(case.org, on).exempt


def _heads(org: Org, on: date) -> headcounts.Heads:
    return headcounts.heads(Q(org=org), on)


def _secretaries(case: Case, on: date, who: Standing) -> int:
    """Those of the organisations directly below."""
    below = _below(case.org, on)
    held = Post.objects.on(on).filter(org__in=below, post="secretary", acting=False)
    return held.values("person").distinct().count()


def _below(org: Org, on: date) -> OrgQuerySet:
    children = OrgParent.objects.on(on).filter(parent=org)
    return Org.objects.on(on).filter(pk__in=children.values("org"))


def _branch_since(case: Case, on: date, who: Standing) -> date:
    return case.org.valid_from


def _double_leader(case: Case, on: date, who: Standing) -> bool | None:
    held = Post.objects.on(on).filter(org=case.org_id, post="secretary").first()
    return held.double_leader if held else None


def _plan_on_file(case: Case, on: date, who: Standing) -> bool:
    """One of the organisation's own, or of those above it."""
    plans = Document.objects.filter(doc_class="emergency_plan", org__in=case.org.lineage())
    return plans.on(on).exists()


def _months_unpaid(case: Case, on: date, who: Standing) -> int | None:
    """In a row, by the dues register; None where nobody has ever fixed what is owed."""
    if case.person is None or dues.due_per_month(case.person, on) is None:
        return None
    return dues.months_unpaid(case.person, on)


def _dues_settled(case: Case, on: date, who: Standing) -> bool | None:
    months = _months_unpaid(case, on, who)
    return None if months is None else months == 0


def _due_per_month(case: Case, on: date, who: Standing) -> Decimal | None:
    return dues.due_per_month(case.person, on) if case.person else None


GIVEN: Final[Mapping[str, Reader]] = {
    "can_approve": _can_approve,
    "quota_left": _quota_left,
    "places_left": _places_left,
    "closes_on": _closes_on,
    "volunteer_hours": _volunteer_hours,
    "last_seen_on": _last_seen_on,
    "expires_on": _expires_on,
    "due_on": _due_on,
    "members": _members,
    "electorate": _electorate,
    "full": _full,
    "exempt": _exempt,
    "secretaries": _secretaries,
    "branch_since": _branch_since,
    "double_leader": _double_leader,
    "plan_on_file": _plan_on_file,
    "dues_settled": _dues_settled,
    "months_unpaid": _months_unpaid,
    "due_per_month": _due_per_month,
}


# ---------------------------------------------------------------- fields of a step


def _birth_date(case: Case, on: date, filled: Fields) -> date | None:
    return case.person.birth_date if case.person else None


def _all_full(*names: str) -> FieldReader:
    """Whether all those named are full members on the day; None while nobody is named."""

    def reader(case: Case, on: date, filled: Fields) -> bool | None:
        named = {pk for name in names if isinstance(pk := filled.get(name), int)}
        full = Membership.objects.on(on).filter(person__in=named, status="full")
        return full.values("person").distinct().count() == len(named) if named else None

    return reader


def _may_vote(case: Case, on: date, filled: Fields) -> int:
    return _heads(case.org, on).of("may_vote")


def _may_elect(case: Case, on: date, filled: Fields) -> int:
    """The delegates of a congress, else those of the roll; less those whom the meeting leaves out
    with approval from above."""
    delegates, left_out = (
        last_written(case, "request").get("delegates"),
        filled.get("left_out") or 0,
    )
    assert isinstance(left_out, int | Decimal)
    all_told = int(delegates) if delegates else _heads(case.org, on).of("may_elect")
    return max(0, all_told - int(left_out))


def _full_members(case: Case, on: date, filled: Fields) -> int:
    return _heads(case.org, on).of("full_members")


def _present(case: Case, on: date, filled: Fields) -> int | None:
    """How many members came to the branch's appraisal of the year, if that is on record."""
    held = Activity.objects.held().filter(kind="appraisal", hosts=case.org_id, held_on__lte=on)
    last = held.filter(held_on__gte=case.opened_on).order_by("held_on").last()
    return last.attendances.count() if last else None


def _full_member_on(case: Case, on: date, filled: Fields) -> date | None:
    """The end of probation: a year after the meeting that accepted, or the day it was put off to.

    Party age runs from this day, whenever it is approved.
    """
    days: dict[str, date] = {}
    for row in case.steps.standing().order_by("number"):
        days[row.step] = row.on_day
        if row.step == "discuss" and (until := written(row).get("extended_to")):
            days["extended"] = date.fromisoformat(until)
    if "extended" in days:
        return days["extended"]
    return add_months(days["accept"], 12) if "accept" in days else None


def _hours(case: Case, on: date, filled: Fields) -> Decimal | None:
    """The hours of the year, to be taken along: those of the account and of a certificate."""
    return hours.of_year(case.person, on.year) if case.person else None


def _from_branch(case: Case, on: date, filled: Fields) -> int:
    return case.org_id


def _checked(case: Case, on: date, filled: Fields) -> int:
    return len(criteria.checked(case))


DERIVED: Final[Mapping[tuple[str, str], FieldReader]] = {
    ("recruitment", "birth_date"): _birth_date,
    ("recruitment", "contacts_full"): _all_full("contact_1", "contact_2"),
    ("recruitment", "sponsors_full"): _all_full("sponsor_1", "sponsor_2"),
    ("recruitment", "expected"): _may_vote,
    ("recruitment", "full_member_on"): _full_member_on,
    ("dues-arrears", "expected"): _may_vote,
    ("election", "expected"): _may_elect,
    ("election", "full_members"): _full_members,
    ("appraisal", "present"): _present,
    ("model-branch", "items"): _checked,
    ("model-college", "items"): _checked,
    ("transfer-out", "hours"): _hours,
    ("transfer-within", "from_branch"): _from_branch,
}


BY_FILLED: Final = frozenset({"contacts_full", "sponsors_full"})
"""Known only once the others of the step are filled in."""


# ---------------------------------------------------------------- whom and what a step may name


def nameable(case: Case, on: date, step: str = "") -> PersonQuerySet:
    """The people whom a step may name: members of the same second-level organisation, and those
    in a post there or above; at a committee's meeting, those elected to it by the tally, which
    knows names alone, and after a by-election the others too. Nobody else is offered, nor taken.
    """
    within = _near(case)
    members = Membership.objects.on(on).filter(org__in=within)
    posts = Post.objects.on(on).filter(Q(org__in=within) | Q(org__in=case.org.lineage()))
    named = Q(pk__in=members.values("person")) | Q(pk__in=posts.values("person"))
    found = Person.objects.filter(named).in_order()
    if (case.process, step) == ("election", "constitute"):
        there = Post.objects.on(on).filter(org=case.org_id, post__in=COMMITTEE)
        others = there.values("person") if by_election(case) else []
        return found.filter(Q(name__in=names_elected(case)) | Q(pk__in=others))
    return found


COMMITTEE: Final = ("secretary", "deputy_secretary", "committee_member")


def by_election(case: Case) -> bool:
    """Whether an election fills what fell vacant during the term."""
    return bool(last_written(case, "ask_by_election"))


def _near(case: Case) -> OrgQuerySet:
    """The second-level organisation of the case, with all below it."""
    return Org.objects.below_paths(["".join(f"{pk}/" for pk in case.org.lineage()[:2])])


def listed(case: Case, text: str, on: date) -> frozenset[int]:
    """The people of a list, one a line: a name, with the number behind it where it takes that."""
    found: set[int] = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        name, *number = line.split()
        same = nameable(case, on).filter(name=name)
        pks = (same.filter(number=number[0]) if number else same).values_list("pk", flat=True)[:2]
        if len(pks) != 1:
            why = (
                f"有不止一位{name}，请在姓名后面空一格写学工号。"
                if pks
                else f"名册里没有找到“{line}”，请核对姓名，或去掉这一行。"
            )
            raise Refused(why, {"members": why})
        if found & {*pks}:
            raise Refused(twice := f"{name}写了两次，请只留一行。", {"members": twice})
        found.update(pks)
    return frozenset(found)


def elected(case: Case) -> str:
    """The committee by the last tally, one a line, but for its secretary and deputy; empty where
    there is none, for then the tally elects the secretary."""
    chosen = last_written(case, "constitute")
    if not chosen and not (by_election(case) and last_written(case, "file_candidates")):
        return ""
    leaders = [pk for key in ("secretary", "deputy") if (pk := chosen.get(key))]
    known = set(Person.everyone.filter(pk__in=leaders).values_list("name", flat=True))
    return "\n".join(name for name in names_elected(case) if name not in known)


def settled(case: Case, step: str) -> frozenset[str]:
    """What a step need not ask besides: the secretary whom the committee has chosen."""
    chosen = (case.process, step) == ("election", "hand_over") and last_written(case, "constitute")
    return frozenset({"secretary"} if chosen else ())


def names_elected(case: Case) -> list[str]:
    votes = last_written(case, "hold").get("votes", ())
    return [line["name"] for line in votes if line["elected"]]


def last_written(case: Case, step: str) -> Mapping[str, Any]:
    """What a step wrote down the last time; nothing where it was not taken."""
    row = case.steps.standing().filter(step=step).order_by("number").last()
    return written(row) if row else {}


def branches(case: Case, on: date) -> OrgQuerySet:
    """The branches that a step may name: of the whole school where the other side agrees by a step
    of its own, else those of the same second-level organisation, which decides on them alone."""
    found = Org.objects.on(on).filter(kind="branch")
    asks_receiver = catalogue.handling().of[case.process].receiver
    return found if asks_receiver else found.filter(pk__in=_near(case).values("pk"))
