"""The reference: what every obligation means, in plain loops over rows in memory.

Slow and obvious on purpose. The compiled SQL (`compile.py`) must give the same entries;
`tests/spec/test_engines.py` holds it to that. It is also what the catalogue's examples run on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from guantong.conditions.evaluate import evaluate, some
from guantong.conditions.model import Condition
from guantong.obligations import model as m
from guantong.obligations.known import (
    Facts,
    Known,
    Row,
    covers,
    meeting,
    merged,
    runs_out,
)
from guantong.obligations.naive_measures import Amount, Answer, Bound, amount, state_counts
from guantong.periods import Every, Period, Rhythm


def entries(question: m.Question, facts: Facts) -> list[m.Entry]:
    """Return the sorted entries of every obligation asked about."""
    known = Known(question, facts)
    found = [e for o in question.obligations for e in _entries(o, question, known)]
    return sorted(found, key=lambda entry: entry.sort_key)


def _entries(o: m.Obligation, q: m.Question, known: Known) -> Iterator[m.Entry]:
    for bound in _bearers(o, q, known):
        if not o.binds(bound.period) or not _in_scope(bound, q.scope):
            continue
        found = amount(o, bound, known)
        standard = o.standard_on(bound.period.start)
        required = m.prorated(standard.value, bound.months) if o.pro_rata else standard.value
        yield m.Entry(
            obligation=o.name,
            bearer_kind=m.BEARER_KINDS[type(o.bearer)],
            org_id=bound.org_id,
            person_id=bound.person_id,
            period=bound.period,
            required=required,
            actual=_actual(found),
            verdict=_verdict(bound, found, standard.bound, required, q.on),
            numerator=found.certain if found.denominator is not None else None,
            denominator=found.denominator,
        )


def _verdict(
    bound: Bound, found: Amount, limit: m.Bound, required: Decimal, on: date
) -> m.Verdict:
    if bound.exempt:
        return m.Verdict.EXEMPT
    met = _met(found, limit, required)
    if bound.sure is None or bound.exempt is None or met is None:
        return m.Verdict.UNKNOWN
    if found.late:
        return m.Verdict.LATE
    if met:
        return m.Verdict.MET
    return m.Verdict.DUE if on <= bound.period.last_day else m.Verdict.SHORT


def _met(found: Amount, limit: m.Bound, required: Decimal) -> Answer:
    if found.certain is None:
        return None
    if found.denominator is not None:  # compared without dividing, so nothing is rounded
        required *= found.denominator
    at_most = limit is m.Bound.AT_MOST
    settled = found.certain > required if at_most else found.certain >= required
    open_still = found.possible is None or (
        found.possible > required if at_most else found.possible >= required
    )
    if settled:
        return not at_most
    return None if open_still else at_most


def _actual(found: Amount) -> Decimal | None:
    if found.denominator is None or found.certain is None:
        return found.certain
    return m.share(found.certain, found.denominator) if found.possible is not None else None


def _in_scope(bound: Bound, scope: m.Scope | None) -> bool:
    if scope is None:
        return True
    if bound.person_id is None:
        return bound.org_id in scope.org_ids
    return bound.person_id in scope.person_ids


# ---------------------------------------------------------------- bearers


def _bearers(o: m.Obligation, q: m.Question, known: Known) -> Iterator[Bound]:
    match o.bearer:
        case m.OrgBearer():
            for org in known.orgs.values():
                for period in _org_periods(o, org, q, known):
                    yield from _org(o, o.bearer, org, period, known)
        case m.MemberBearer(when):
            for (person,), rows in _by(("person_id",), _maybe(when, known.rows["memberships"])):
                for period in _periods(o.rhythm, rows, q):
                    yield from _member(o, o.bearer, person, rows, period, known)
        case m.PostBearer(when):
            held = _maybe(when, _posts(known))
            for (person, org_id), rows in _by(("person_id", "org_id"), held):
                for period in _periods(o.rhythm, rows, q):
                    yield from _holder(o, o.bearer, (person, org_id), rows, period, known)


def _org_periods(o: m.Obligation, org: Row, q: m.Question, known: Known) -> Iterator[Period]:
    if o.every is not Every.TERM:
        yield from _periods(o.rhythm, [org], q)
        return
    for term in known.rows["terms"]:
        due = runs_out(term)
        if term["org_id"] == org["org_id"] and max(term["elected_on"], q.span.start) <= due:
            period = Period(term["elected_on"], due + timedelta(days=1))
            if covers(org, q.day(period)):
                yield period


def _periods(rhythm: Rhythm, rows: list[Row], q: m.Question) -> Iterator[Period]:
    """The periods in which a bearer with these spans is there long enough to be bound."""
    spans = list(merged(rows))
    if rhythm.every is Every.WITHIN:
        for start, end in spans:
            period = Period(start, start + timedelta(days=rhythm.days + 1))
            if start in q.span and start <= q.on and (end is None or period.end <= end):
                yield period
        return
    for period in q.periods(rhythm):
        if any(
            start <= stretch.start and (end is None or stretch.end <= end)
            for stretch in rhythm.stretches(period)
            for start, end in spans
        ):
            yield period


def _org(
    o: m.Obligation, bearer: m.OrgBearer, org: Row, period: Period, known: Known
) -> Iterator[Bound]:
    day = known.question.day(period)
    answers = [evaluate(bearer.when, org)]
    for having in o.having:
        certain, possible = state_counts(having.state, org["org_id"], day, known)
        answers.append(
            True if certain >= having.at_least else None if possible >= having.at_least else False
        )
    if isinstance(o.measure, m.ON_THE_DAY) and not covers(org, day):
        return
    if False not in answers:
        sure = None if None in answers else True
        yield Bound(org["org_id"], None, period, sure, _exempt(o, [org]))


def _member(
    o: m.Obligation,
    bearer: m.MemberBearer,
    person_id: int,
    rows: list[Row],
    period: Period,
    known: Known,
) -> Iterator[Bound]:
    day = known.question.day(period)
    begun = [row for row in rows if row["valid_from"] <= day]
    if not begun:
        return
    row = max(begun, key=lambda r: (r["valid_from"], r["org_id"]))
    barred: Answer = False
    if bearer.without_post is not None:
        posts = (p for p in _posts(known, day) if p["person_id"] == person_id)
        barred = some(evaluate(bearer.without_post, post) for post in posts)
    if barred:
        return
    sure = None if barred is None else evaluate(bearer.when, row)
    months = _months_touched(rows, period)
    yield Bound(row["org_id"], person_id, period, sure, _exempt(o, [row]), months)


def _holder(
    o: m.Obligation,
    bearer: m.PostBearer,
    key: tuple[int, ...],
    rows: list[Row],
    period: Period,
    known: Known,
) -> Iterator[Bound]:
    person_id, org_id = key
    day = known.question.day(period)
    now = [row for row in rows if covers(row, day)] if bearer.on_day else meeting(rows, period)
    sure = some(evaluate(bearer.when, row) for row in now)
    if sure is False:
        return
    if bearer.linked and not known.linked_orgs(person_id, bearer.linked, day):
        return
    months = _months_touched(rows, period)
    yield Bound(org_id, person_id, period, sure, _exempt(o, now), months)


def _exempt(o: m.Obligation, rows: Iterable[Row]) -> Answer:
    return False if o.exempt is None else some(evaluate(o.exempt, row) for row in rows)


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


def _months_touched(rows: list[Row], period: Period) -> int:
    return sum(bool(meeting(rows, month)) for month in period.whole_months())
