"""The reference, its measures: what is found for a bearer in a period, in plain loops."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import assert_never

from guantong.conditions.evaluate import evaluate, every, some
from guantong.conditions.model import All, Any, Condition, Not, conjuncts, fields_of
from guantong.obligations import model as m
from guantong.obligations.known import (
    Known,
    Row,
    covers,
    linked_org,
    runs_out,
)
from guantong.periods import Period

type Answer = bool | None  # None: not known


@dataclass(frozen=True)
class Bound:
    """A bearer bound in a period. `sure` None: not known whether it is."""

    org_id: int
    person_id: int | None
    period: Period
    sure: Answer
    exempt: Answer = False
    months: int = 12


@dataclass(frozen=True)
class Amount:
    """What was found: certainly, and at most (None: no limit known) if unknowns turn out well.

    A ratio has a denominator, and no `certain` where it cannot be known.
    """

    certain: Decimal | None
    possible: Decimal | None
    denominator: Decimal | None = None
    late: bool = False


def amount(o: m.Obligation, bound: Bound, known: Known) -> Amount:
    day = known.question.day(bound.period)
    window = o.rhythm.window(bound.period)
    match o.measure:
        case m.CountActivities():
            return _activities(o.measure, bound.org_id, window, known)
        case m.Attended():
            return _attended(o.measure, bound, window, known)
        case m.Reached(where):
            return _reached(where, bound.org_id, window, known)
        case m.State():
            return _counted(*state_counts(o.measure, bound.org_id, day, known))
        case m.Ratio(of, to):
            return _ratio(of, to, bound.org_id, day, known)
        case m.Coverage():
            return _coverage(o.measure, bound.org_id, window, day, known)
        case m.NextTerm():
            return _next_term(bound, known)
        case m.CaseTime():
            return _counted(*_tally(_overdue(o.measure, bound.org_id, day, known)))
        case _:
            assert_never(o.measure)


def _counted(certain: int, possible: int) -> Amount:
    return Amount(Decimal(certain), Decimal(possible))


def _tally(answers: Iterable[Answer]) -> tuple[int, int]:
    """How many hold, and how many hold or may hold."""
    seen = list(answers)
    return seen.count(True), len(seen) - seen.count(False)


def _different(found: Iterable[tuple[Answer, object]]) -> tuple[int, int]:
    """How many different values hold, and how many may; a value not known may be a new one."""
    seen = [(answer, value) for answer, value in found if answer is not False]
    certain = {value for answer, value in seen if answer and value is not None}
    possible = {value for _, value in seen if value is not None}
    return len(certain), len(possible) + sum(value is None for _, value in seen)


def _with_planned(where: Condition, row: Row, known: Known) -> Answer:
    """Whether a row fulfils `where` and its activity has been held, or counts as held."""
    held = True if known.question.forecast else evaluate(m.HELD, row)
    return every([evaluate(where, row), held])


def _hosted(
    measure: m.CountActivities, org_id: int, window: Period, known: Known
) -> list[tuple[Answer, Row]]:
    """The activities that the organisation hosts in the window, and whether each counts."""
    elsewhere = Any(tuple(other.where for other in measure.apart_from))
    where = All((measure.where, Not(elsewhere)))
    return [
        (
            every([_with_planned(where, activity, known), _own(measure, activity_id, known)]),
            activity,
        )
        for activity_id, activity in known.activities.items()
        if activity["held_on"] in window and org_id in known.hosts[activity_id]
    ]


def _own(measure: m.CountActivities, activity_id: int, known: Known) -> Answer:
    if measure.own is None:
        return True
    rows = known.details[activity_id, measure.own.field]
    return some(evaluate(measure.own.where, row) for row in rows) if rows else None


def _activities(measure: m.CountActivities, org_id: int, window: Period, known: Known) -> Amount:
    found = _hosted(measure, org_id, window, known)
    if measure.different is None:
        return _counted(*_tally(answer for answer, _ in found))
    return _counted(*_different((answer, row[measure.different]) for answer, row in found))


def _reached(where: Condition, org_id: int, window: Period, known: Known) -> Amount:
    answers = defaultdict[int, list[Answer]](list)
    for row, activity in _attendances(known, window):
        if org_id in known.hosts[activity["activity_id"]]:
            answers[row["person_id"]].append(_with_planned(where, row, known))
    return _counted(*_tally(some(of_one) for of_one in answers.values()))


def _attendances(known: Known, window: Period) -> Iterator[tuple[Row, Row]]:
    """Attendances in the window with what is known of their activity, and the activity."""
    for attendance in known.rows["attendances"]:
        activity = known.activities.get(attendance["activity_id"])
        if activity is not None and activity["held_on"] in window:
            about = {"kind": activity["kind"], "activity_hours": activity["hours"]}
            yield {**attendance, **about, "planned": activity["planned"]}, activity


def _attended(measure: m.Attended, bound: Bound, window: Period, known: Known) -> Amount:
    rows = [
        ({**row, "held_on": activity["held_on"]}, _attends(measure, row, activity, bound, known))
        for row, activity in _attendances(known, window)
        if row["person_id"] == bound.person_id
    ]
    if measure.different is not None:
        return _counted(*_different((answer, row[measure.different]) for row, answer in rows))
    if not measure.sum_hours:
        return _counted(*_tally(answer for _, answer in rows))
    hours = sum((row["hours"] or Decimal(0) for row, answer in rows if answer), Decimal(0))
    settled = all(answer is False or (answer and row["hours"] is not None) for row, answer in rows)
    return Amount(hours, hours if settled else None)


def _attends(measure: m.Attended, row: Row, activity: Row, bound: Bound, known: Known) -> Answer:
    """Whether an attendance counts: as asked, hosted as asked, and not counted elsewhere."""
    if not _hosted_by(measure.hosted_by, activity, bound, known):
        return False
    answers = [_with_planned(measure.where, row, known)]
    for other in measure.apart_from:
        there = evaluate(other.where, row)
        hosted = _hosted_by(other.hosted_by, activity, bound, known)
        answers.append((None if there is None else not there) if hosted else True)
    return every(answers)


def _hosted_by(how: m.HostedBy | None, activity: Row, bound: Bound, known: Known) -> bool:
    hosts = known.hosts[activity["activity_id"]]
    match how:
        case None:
            return True
        case m.HostedBy.OWN_ORG:
            return bound.org_id in hosts
        case m.HostedBy.CONTACT_POINT:
            assert bound.person_id is not None
            day = known.question.day(bound.period)
            return bool(hosts & known.linked_orgs(bound.person_id, "contact_point", day))
        case m.HostedBy.OWN_BRANCH:
            return any(
                row["person_id"] == bound.person_id
                and row["org_id"] in hosts
                and covers(row, activity["held_on"])
                for row in known.rows["memberships"]
            )
        case _:
            assert_never(how)


def state_counts(state: m.State, org_id: int, day: date, known: Known) -> tuple[int, int]:
    """How many certainly hold on the day, and how many may."""
    if state.table == "orgs":
        return _tally(evaluate(state.where, row) for row in known.below(org_id, day))
    rows = [row for row in known.rows[state.table] if _concerns(state.table, row, org_id, day)]
    if state.table not in {"posts", "memberships"}:
        return _tally(evaluate(state.where, row) for row in rows)
    persons = defaultdict[int, list[Answer]](list)
    for row in rows:
        persons[row["person_id"]].append(evaluate(state.where, row))
    return _tally(some(answers) for answers in persons.values())


def _concerns(table: str, row: Row, org_id: int, day: date) -> bool:
    if table == "terms":
        return bool(row["org_id"] == org_id and row["elected_on"] <= day <= runs_out(row))
    if table == "relations":
        between_orgs = row["person_id"] is None and row["org_id"] == org_id
        return covers(row, day) and (linked_org(row) == org_id or between_orgs)
    return row["org_id"] == org_id and covers(row, day)


def _ratio(
    of: tuple[str, ...], to: tuple[str, ...], org_id: int, day: date, known: Known
) -> Amount:
    def total(names: tuple[str, ...]) -> Decimal | None:
        values = [_latest(name, org_id, day, known) for name in names]
        return None if None in values else sum((v for v in values if v is not None), Decimal(0))

    numerator, denominator = total(of), total(to)
    if numerator is None or not denominator:
        return Amount(None, None)
    return Amount(numerator, numerator, denominator)


def _latest(name: str, org_id: int, day: date, known: Known) -> Decimal | None:
    rows = [
        row
        for row in known.rows["figures"]
        if row["org_id"] == org_id and row["name"] == name and row["as_of"] <= day
    ]
    return max(rows, key=lambda row: row["as_of"])["value"] if rows else None


def _coverage(measure: m.Coverage, org_id: int, window: Period, day: date, known: Known) -> Amount:
    """Left open as soon as one flag is not known, even where the rest would settle it."""
    covered: list[Answer] = []
    for org in known.below(org_id, day):
        counts = evaluate(measure.of, org)
        if counts is False:
            continue
        if isinstance(measure.by, m.State):
            certain, possible = state_counts(measure.by, org["org_id"], day, known)
        else:
            rows = _hosted(measure.by, org["org_id"], window, known)
            certain, possible = _tally(answer for answer, _ in rows)
        has = True if certain else None if possible else False
        covered.append(None if counts is None else has)
    if not covered:
        return Amount(None, None)
    known_part = Decimal(covered.count(True))
    unknown = None in covered
    return Amount(known_part, None if unknown else known_part, Decimal(len(covered)))


def _next_term(bound: Bound, known: Known) -> Amount:
    later = [
        term["elected_on"]
        for term in known.rows["terms"]
        if term["org_id"] == bound.org_id and term["elected_on"] > bound.period.start
    ]
    if not later:
        return _counted(0, 0)
    in_time = min(later) <= bound.period.last_day
    return Amount(Decimal(1), Decimal(1), late=not in_time)


def _overdue(measure: m.CaseTime, org_id: int, day: date, known: Known) -> Iterator[Answer]:
    limit = day - timedelta(days=measure.days)
    for case in known.rows["cases"]:
        open_still = case["opened_on"] <= day and (
            not case["closed_on"] or day < case["closed_on"]
        )
        if case["org_id"] != org_id or not open_still:
            continue
        since = case["state_since"]
        if since is not None and since <= day:
            yield every([evaluate(measure.where, case), since < limit])
        else:  # in which state it was then is not known; but none can be older than the case
            lasting = (
                evaluate(part, case)
                for part in conjuncts(measure.where)
                if fields_of(part) <= m.LASTING
            )
            yield every([*lasting, None if case["opened_on"] < limit else False])
