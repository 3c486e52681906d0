"""The reference: what every obligation means, in plain loops over rows in memory.

Slow and obvious on purpose. The compiled SQL (`compile.py`) must give the same entries;
`tests/spec/test_engines.py` holds it to that. It is also what the catalogue's examples run on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from guantong.conditions.evaluate import evaluate, some
from guantong.conditions.model import Condition
from guantong.obligations import model as m
from guantong.obligations.known import (
    Facts,
    Known,
    Row,
    covers,
    linked_org,
    meeting,
    merged,
    runs_out,
)
from guantong.periods import Every, Period

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


def entries(question: m.Question, facts: Facts) -> list[m.Entry]:
    """Return the sorted entries of every obligation asked about."""
    known = Known(question, facts)
    found = [e for o in question.obligations for e in _entries(o, question, known)]
    return sorted(found, key=lambda entry: entry.sort_key)


def _entries(o: m.Obligation, q: m.Question, known: Known) -> Iterator[m.Entry]:
    for bound in _bearers(o, q, known):
        if not o.binds(bound.period) or not _in_scope(bound, q.scope):
            continue
        amount = _amount(o, bound, known)
        standard = o.standard_on(bound.period.start)
        required = m.prorated(standard.value, bound.months) if o.pro_rata else standard.value
        yield m.Entry(
            obligation=o.name,
            bearer_kind=m.BEARER_KINDS[type(o.bearer)],
            org_id=bound.org_id,
            person_id=bound.person_id,
            period=bound.period,
            required=required,
            actual=_actual(amount),
            verdict=_verdict(bound, amount, standard.bound, required, q.on),
            numerator=amount.certain if amount.denominator is not None else None,
            denominator=amount.denominator,
        )


def _verdict(
    bound: Bound, amount: Amount, limit: m.Bound, required: Decimal, on: date
) -> m.Verdict:
    if bound.exempt:
        return m.Verdict.EXEMPT
    met = _met(amount, limit, required)
    if bound.sure is None or bound.exempt is None or met is None:
        return m.Verdict.UNKNOWN
    if amount.late:
        return m.Verdict.LATE
    if met:
        return m.Verdict.MET
    return m.Verdict.DUE if on <= bound.period.last_day else m.Verdict.SHORT


def _met(amount: Amount, limit: m.Bound, required: Decimal) -> Answer:
    if amount.certain is None:
        return None
    if amount.denominator is not None:  # compared without dividing, so nothing is rounded
        required *= amount.denominator
    at_most = limit is m.Bound.AT_MOST
    settled = amount.certain > required if at_most else amount.certain >= required
    open_still = amount.possible is None or (
        amount.possible > required if at_most else amount.possible >= required
    )
    if settled:
        return not at_most
    return None if open_still else at_most


def _actual(amount: Amount) -> Decimal | None:
    if amount.denominator is None or amount.certain is None:
        return amount.certain
    return m.share(amount.certain, amount.denominator) if amount.possible is not None else None


def _in_scope(bound: Bound, scope: m.Scope | None) -> bool:
    if scope is None:
        return True
    if bound.person_id is None:
        return bound.org_id in scope.org_ids
    return bound.person_id in scope.person_ids


# ---------------------------------------------------------------- bearers


def _bearers(o: m.Obligation, q: m.Question, known: Known) -> Iterator[Bound]:
    match o.bearer, o.measure:
        case m.OrgBearer(when), m.NextTerm():
            yield from _terms(o, when, q, known)
        case m.OrgBearer(when), _:
            for period in q.periods(o.every):
                for org in known.orgs.values():
                    if _exists([org], period, o.every):
                        yield from _org(o, when, org, period, known)
        case m.MemberBearer(), _:
            for period in q.periods(o.every):
                yield from _members(o, o.bearer, period, known)
        case m.PostBearer(), _:
            for period in q.periods(o.every):
                yield from _holders(o, o.bearer, period, known)


def _org(
    o: m.Obligation, when: Condition, org: Row, period: Period, known: Known
) -> Iterator[Bound]:
    day = known.question.day(period)
    answers = [evaluate(when, org)]
    for having in o.having:
        certain, possible = _state(having.state, org["org_id"], day, known)
        answers.append(
            True if certain >= having.at_least else None if possible >= having.at_least else False
        )
    if isinstance(o.measure, m.ON_THE_DAY) and not covers(org, day):
        return
    if False not in answers:
        yield Bound(org["org_id"], None, period, None if None in answers else True)


def _terms(o: m.Obligation, when: Condition, q: m.Question, known: Known) -> Iterator[Bound]:
    for term in known.rows["terms"]:
        org = known.orgs.get(term["org_id"])
        due = runs_out(term)
        if org is None or due < term["elected_on"] or due < q.span.start:
            continue
        period = Period(term["elected_on"], date.fromordinal(due.toordinal() + 1))
        if covers(org, q.day(period)):
            yield from _org(o, when, org, period, known)


def _members(
    o: m.Obligation, bearer: m.MemberBearer, period: Period, known: Known
) -> Iterator[Bound]:
    day = known.question.day(period)
    for person_id, rows in _by(("person_id",), _maybe(bearer.when, known.rows["memberships"])):
        begun = [row for row in rows if row["valid_from"] <= day]
        if not begun or not _exists(rows, period, o.every):
            continue
        row = max(begun, key=lambda r: (r["valid_from"], r["org_id"]))
        barred: Answer = False
        if bearer.without_post is not None:
            posts = (p for p in _posts(known, day) if p["person_id"] == person_id[0])
            barred = some(evaluate(bearer.without_post, post) for post in posts)
        if barred:
            continue
        sure = None if barred is None else evaluate(bearer.when, row)
        exempt = evaluate(o.exempt, row) if o.exempt is not None else False
        months = _months_touched(rows, period)
        yield Bound(row["org_id"], person_id[0], period, sure, exempt, months)


def _holders(
    o: m.Obligation, bearer: m.PostBearer, period: Period, known: Known
) -> Iterator[Bound]:
    day = known.question.day(period)
    rows = list(_maybe(bearer.when, _posts(known)))
    for (person_id, org_id), held in _by(("person_id", "org_id"), rows):
        if not _exists(held, period, o.every):
            continue
        now = [row for row in held if covers(row, day)] if bearer.on_day else meeting(held, period)
        sure = some(evaluate(bearer.when, row) for row in now)
        if sure is False:
            continue
        if bearer.linked and not known.linked_orgs(person_id, bearer.linked, day):
            continue
        yield Bound(org_id, person_id, period, sure, months=_months_touched(held, period))


def _posts(known: Known, day: date | None = None) -> Iterator[Row]:
    """Posts with what is known of their organisation, on the day if one is given."""
    for post in known.rows["posts"]:
        org = known.orgs.get(post["org_id"])
        if org is not None and (day is None or covers(post, day)):
            yield {**post, "org_kind": org["kind"], "org_category": org["category"]}


def _maybe(condition: Condition, rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if evaluate(condition, row) is not False)


def _by(key: tuple[str, ...], rows: Iterable[Row]) -> Iterable[tuple[tuple[int, ...], list[Row]]]:
    groups = defaultdict[tuple[int, ...], list[Row]](list)
    for row in rows:
        groups[tuple(row[k] for k in key)].append(row)
    return groups.items()


def _exists(rows: list[Row], period: Period, every: Every) -> bool:
    """Bound rule: a whole calendar month of the period; for months, its last day."""
    if every is Every.MONTH:
        return any(covers(row, period.last_day) for row in rows)
    spans = list(merged(rows))
    return any(
        start <= month.start and (end is None or month.end <= end)
        for month in period.whole_months()
        for start, end in spans
    )


def _months_touched(rows: list[Row], period: Period) -> int:
    return sum(bool(meeting(rows, month)) for month in period.whole_months())


# ---------------------------------------------------------------- measures


def _amount(o: m.Obligation, bound: Bound, known: Known) -> Amount:
    day = known.question.day(bound.period)
    match o.measure:
        case m.CountActivities(where):
            return _counted(*_hosted(where, bound.org_id, bound.period, known))
        case m.Attended():
            return _attended(o.measure, bound, known)
        case m.State():
            return _counted(*_state(o.measure, bound.org_id, day, known))
        case m.Ratio(of, to):
            return _ratio(of, to, bound.org_id, day, known)
        case m.Coverage():
            return _coverage(o.measure, bound, day, known)
        case m.NextTerm():
            return _next_term(bound, known)
        case _:
            assert_never(o.measure)


def _counted(certain: int, possible: int) -> Amount:
    return Amount(Decimal(certain), Decimal(possible))


def _tally(answers: Iterable[Answer]) -> tuple[int, int]:
    """How many hold, and how many hold or may hold."""
    seen = list(answers)
    return seen.count(True), len(seen) - seen.count(False)


def _with_planned(where: Condition, row: Row, planned: Answer) -> Answer:
    holds = evaluate(where, row)
    if holds is False or planned:
        return False
    return None if planned is None else holds


def _hosted(where: Condition, org_id: int, period: Period, known: Known) -> tuple[int, int]:
    return _tally(
        _with_planned(where, activity, activity["planned"])
        for activity_id, activity in known.activities.items()
        if activity["held_on"] in period and org_id in known.hosts[activity_id]
    )


def _attended(measure: m.Attended, bound: Bound, known: Known) -> Amount:
    rows, answers = [], []
    for attendance in known.rows["attendances"]:
        activity = known.activities.get(attendance["activity_id"])
        if activity is None or attendance["person_id"] != bound.person_id:
            continue
        if activity["held_on"] not in bound.period:
            continue
        if not _hosted_by(measure.hosted_by, activity, bound, known):
            continue
        row = {**attendance, "kind": activity["kind"], "activity_hours": activity["hours"]}
        rows.append(row)
        answers.append(_with_planned(measure.where, row, activity["planned"]))
    if not measure.sum_hours:
        return _counted(*_tally(answers))
    known_hours = sum(
        (r["hours"] or Decimal(0) for r, a in zip(rows, answers, strict=True) if a), Decimal(0)
    )
    settled = all(
        a is False or (a and r["hours"] is not None) for r, a in zip(rows, answers, strict=True)
    )
    return Amount(known_hours, known_hours if settled else None)


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


def _state(state: m.State, org_id: int, day: date, known: Known) -> tuple[int, int]:
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


def _coverage(measure: m.Coverage, bound: Bound, day: date, known: Known) -> Amount:
    """Left open as soon as one flag is not known, even where the rest would settle it."""
    covered: list[Answer] = []
    for org in known.below(bound.org_id, day):
        counts = evaluate(measure.of, org)
        if counts is False:
            continue
        if isinstance(measure.by, m.State):
            certain, possible = _state(measure.by, org["org_id"], day, known)
        else:
            certain, possible = _hosted(measure.by.where, org["org_id"], bound.period, known)
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
