"""What an obligation reads: what tells a live update that it has nothing to do."""

from collections.abc import Collection
from typing import assert_never

from guantong.conditions.evaluate import evaluate
from guantong.conditions.model import about
from guantong.obligations import model as m
from guantong.obligations.activity_kinds import QUORUM
from guantong.periods import Every

HOSTED = frozenset({"activities", "hosts"})
BY: dict[m.HostedBy | None, str] = {
    m.HostedBy.OWN_BRANCH: "memberships",
    m.HostedBy.CONTACT_POINT: "relations",
}


def concerned(
    o: m.Obligation, tables: frozenset[str], kinds: Collection[str] | None = None
) -> bool:
    """Whether a change in these fact tables can change the obligation's entries.

    `kinds`: those of the activities that changed, where nothing else did.
    """
    if _who(o) & tables:
        return True
    return bool(_measure(o.measure) & tables) and (kinds is None or _may_count(o.measure, kinds))


def tables_of(o: m.Obligation) -> frozenset[str]:
    """The fact tables that the obligation reads."""
    return _who(o) | _measure(o.measure)


def _may_count(measure: m.Measure, kinds: Collection[str]) -> bool:
    counted = measure.by if isinstance(measure, m.Coverage) else measure
    if not isinstance(counted, m.CountActivities | m.Attended | m.Reached):
        return False
    where = about(counted.where, {"kind"})
    return any(evaluate(where, {"kind": kind}) for kind in kinds)


def _who(o: m.Obligation) -> frozenset[str]:
    terms = {"terms"} if o.every is Every.TERM else set()
    return _bearer(o.bearer) | {h.state.table for h in o.having} | terms


def _bearer(bearer: m.Bearer) -> frozenset[str]:
    match bearer:
        case m.OrgBearer():
            return frozenset({"orgs"})
        case m.MemberBearer(_, without_post):
            return frozenset({"memberships"} | ({"posts", "orgs"} if without_post else set()))
        case m.PostBearer(_, _, linked):
            return frozenset({"posts", "orgs"} | ({"relations"} if linked else set()))
        case _:
            assert_never(bearer)


def _measure(measure: m.Measure) -> frozenset[str]:
    match measure:
        case m.CountActivities():
            return HOSTED | (_own(measure.own) if measure.own else set())
        case m.Attended():
            hows = {measure.hosted_by, *(other.hosted_by for other in measure.apart_from)}
            return HOSTED | {"attendances"} | {BY[how] for how in hows if how in BY}
        case m.Reached():
            return HOSTED | {"attendances"}
        case m.CaseTime():
            return frozenset({"cases"})
        case m.State(table):
            return frozenset({"orgs", "org_parents"} if table == "orgs" else {table})
        case m.Ratio():
            return frozenset({"figures"})
        case m.Coverage(_, by):
            return frozenset({"orgs", "org_parents"}) | _measure(by)
        case m.NextTerm():
            return frozenset({"terms"})
        case _:
            assert_never(measure)


def _own(own: m.Own) -> frozenset[str]:
    """Whether a quorum was reached is worked out from who was entitled."""
    return frozenset({"details"} | ({"memberships"} if own.field == QUORUM else set()))


def looks_below(o: m.Obligation) -> bool:
    """Whether what happens in an organisation can change the entry of one above it."""
    return isinstance(o.measure, m.Coverage) or (
        isinstance(o.measure, m.State) and o.measure.table == "orgs"
    )
