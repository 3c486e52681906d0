"""Compile a question to one SQL query that means the same on every engine.

The query's rows are entries: obligation, bearer_kind, org_id, person_id, period_start, due_on,
required, found, denominator (whole ten-thousandths) and verdict.
"""

from typing import assert_never

from sqlglot import exp, select, union

from guantong.conditions.compile import literal
from guantong.obligations import model as m
from guantong.obligations.bearers import bearers
from guantong.obligations.scans import attended_scan, hosted_scan, state_scan
from guantong.obligations.stages import SCALE, WHOLE, Source, Stages, compiled, number, scaled

NOTHING = exp.cast(exp.null(), WHOLE)
JOIN_ORG = "s.org_id = b.org_id AND s.period_start = b.period_start"
JOIN_PERSON = "s.person_id = b.person_id AND s.period_start = b.period_start"


def compile_question(question: m.Question, source: Source) -> exp.Query:
    """Return the query whose rows are the entries, unsorted.

    `source` gives the SQL that stands for a fact table: a table, or a query in parentheses.
    """
    stages = Stages(question, source)
    arms = [_entries(o, stages) for o in question.obligations]
    query: exp.Query = union(*arms, distinct=False) if len(arms) > 1 else arms[0]
    for name, stage in stages.in_order().items():
        query = query.with_(name, as_=stage, copy=False)
    return query


def _entries(o: m.Obligation, stages: Stages) -> exp.Select:
    query = select().from_(f"{bearers(o, stages)} AS b")
    query, found, possible, denominator = _measured(o, query, stages)
    required = _required(o)
    personal = not isinstance(o.bearer, m.OrgBearer)
    columns: dict[str, exp.Expr] = {
        "obligation": literal(o.name),
        "bearer_kind": literal(m.BEARER_KINDS[type(o.bearer)]),
        "org_id": exp.column("org_id", "b"),
        "person_id": exp.column("person_id", "b") if personal else NOTHING,
        "period_start": exp.column("period_start", "b"),
        "due_on": exp.column("due_on", "b"),
        "required": required,
        "found": found,
        "possible": possible,
        "denominator": denominator,
        "verdict": _verdict(o, required, found, possible, denominator, stages),
    }
    query = query.select(*(exp.alias_(value.copy(), name) for name, value in columns.items()))
    due = exp.column("due_on", "b")
    query = query.where(exp.GTE(this=due, expression=literal(o.since)))
    if o.until is not None:
        query = query.where(exp.LT(this=due.copy(), expression=literal(o.until)))
    return query


# ---------------------------------------------------------------- what is required


def _required(o: m.Obligation) -> exp.Expr:
    """The standard in force when the period begins, in twelfths of it where pro rata."""
    start = exp.column("period_start", "b")
    case = exp.case()
    for later in reversed(o.standards[1:]):
        since = exp.GTE(this=start.copy(), expression=literal(later.since))
        case = case.when(since, _by_months(o, later))
    first = _by_months(o, o.standards[0])
    return case.else_(first) if len(o.standards) > 1 else first


def _by_months(o: m.Obligation, standard: m.Standard) -> exp.Expr:
    if not o.pro_rata:
        return exp.cast(literal(scaled(standard.value)), WHOLE)
    case = exp.case()
    for months in range(1, 12):
        part = literal(scaled(m.prorated(standard.value, months)))
        case = case.when(f"b.months = {months}", part)
    return case.else_(exp.cast(literal(scaled(m.prorated(standard.value, 12))), WHOLE))


# ---------------------------------------------------------------- what was found

type Measured = tuple[exp.Select, exp.Expr, exp.Expr, exp.Expr]


def _measured(o: m.Obligation, query: exp.Select, stages: Stages) -> Measured:
    """Join what the measure needs as `s`; return what was found, what may be, and out of what."""
    match o.measure:
        case m.CountActivities(where):
            found = hosted_scan(where, o.every, stages, scoped=True)
            query = query.join(f"{found.stage} AS s", on=JOIN_ORG, join_type="left")
            return query, _or_none(found.certain), _or_none(found.possible), NOTHING
        case m.Attended():
            found = attended_scan(o.measure, o.every, stages)
            own = o.measure.hosted_by is m.HostedBy.OWN_ORG
            on = f"{JOIN_PERSON} AND s.org_id = b.org_id" if own else JOIN_PERSON
            query = query.join(f"{found.stage} AS s", on=on, join_type="left")
            return query, _or_none(found.certain), _or_none(found.possible), NOTHING
        case m.State():
            found = state_scan(o.measure, o.every, stages, scoped=True)
            key = "ancestor_id" if o.measure.table == "orgs" else "org_id"
            query = query.join(
                f"{found.stage} AS s",
                on=JOIN_ORG.replace("s.org_id", f"s.{key}"),
                join_type="left",
            )
            return query, _times(found.certain), _times(found.possible), NOTHING
        case m.Ratio():
            return _ratio(o.measure, query, o, stages)
        case m.Coverage():
            return _coverage(o.measure, query, o, stages)
        case m.NextTerm():
            return _next_term(query, stages)
        case _:
            assert_never(o.measure)


def _or_none(column: str) -> exp.Expr:
    return exp.func("COALESCE", exp.column(column, "s"), literal(0))


def _times(column: str) -> exp.Expr:
    return exp.cast(exp.Mul(this=_or_none(column), expression=literal(SCALE)), WHOLE)


def _ratio(measure: m.Ratio, query: exp.Select, o: m.Obligation, stages: Stages) -> Measured:
    """Latest figures on or before the day; null as soon as one is missing."""
    totals = []
    for i, name in enumerate((*measure.of, *measure.to)):
        wanted = exp.EQ(this=exp.column("name", "f"), expression=literal(name))
        ranked = (
            select("f.org_id", "p.period_start")
            .select(exp.alias_(number("f.value"), "value"))
            .select(
                "ROW_NUMBER() OVER (PARTITION BY f.org_id, p.period_start"
                " ORDER BY f.as_of DESC) AS place"
            )
            .from_(stages.fact("figures", "f"))
            .join(f"{stages.periods(o.every)} AS p", on="f.as_of <= p.day")
            .where(wanted)
        )
        latest = stages.stage(f"figure_by_{o.every.value}", lambda r=ranked: r, name)  # type: ignore[misc]
        on = f"f{i}.org_id = b.org_id AND f{i}.period_start = b.period_start AND f{i}.place = 1"
        query = query.join(f"{latest} AS f{i}", on=on, join_type="left")
        totals.append(f"f{i}.value")
    split = len(measure.of)
    top, under = (exp.condition(" + ".join(part)) for part in (totals[:split], totals[split:]))
    denominator = exp.func("NULLIF", exp.paren(under), literal(0))
    known = exp.case().when(
        exp.Not(this=exp.Is(this=denominator.copy(), expression=exp.null())), exp.paren(top)
    )
    return query, known, known.copy(), denominator


def _coverage(measure: m.Coverage, query: exp.Select, o: m.Obligation, stages: Stages) -> Measured:
    """Organisations below with at least one, out of all; unknown ones are left open."""
    if isinstance(measure.by, m.State):
        found = state_scan(measure.by, o.every, stages, scoped=False)
    else:
        found = hosted_scan(measure.by.where, o.every, stages, scoped=False)
    counts = compiled(measure.of, "d")
    sure = exp.and_(counts.copy(), f"COALESCE(s.{found.certain}, 0) > 0")
    maybe = exp.or_(
        exp.Is(this=exp.paren(counts.copy()), expression=exp.null()),
        f"COALESCE(s.{found.certain}, 0) = 0 AND COALESCE(s.{found.possible}, 0) > 0",
    )
    covered = (
        select("d.ancestor_id", "d.period_start", "COUNT(*) AS population")
        .select(
            exp.alias_(
                exp.Sum(this=exp.case().when(sure, literal(1)).else_(literal(0))), "certain"
            )
        )
        .select(
            exp.alias_(
                exp.Sum(this=exp.case().when(maybe, literal(1)).else_(literal(0))), "unsure"
            )
        )
        .from_(f"{stages.below(o.every)} AS d")
        .join(
            f"{found.stage} AS s",
            on="s.org_id = d.org_id AND s.period_start = d.period_start",
            join_type="left",
        )
        .where(exp.func("COALESCE", exp.paren(counts.copy()), exp.true()))
        .group_by("d.ancestor_id", "d.period_start")
    )
    stage = stages.stage(f"coverage_by_{o.every.value}", lambda: covered, measure)
    on = "s.ancestor_id = b.org_id AND s.period_start = b.period_start"
    query = query.join(f"{stage} AS s", on=on, join_type="left")
    certain, population = (
        exp.cast(exp.Mul(this=exp.column(c, "s"), expression=literal(SCALE)), WHOLE)
        for c in ("certain", "population")
    )
    possible = exp.case().when("s.unsure = 0", certain.copy()).else_(exp.null())
    return query, certain, possible, population


def _next_term(query: exp.Select, stages: Stages) -> Measured:
    later = (
        select("t.org_id", "t.period_start", "MIN(n.elected_on) AS elected_on")
        .from_("orgs_by_term AS t")
        .join(
            stages.fact("terms", "n"), on="n.org_id = t.org_id AND n.elected_on > t.period_start"
        )
        .group_by("t.org_id", "t.period_start")
    )
    stage = stages.stage("next_terms", lambda: later)
    query = query.join(f"{stage} AS s", on=JOIN_ORG, join_type="left")
    found = exp.case().when("s.elected_on IS NULL", literal(0)).else_(literal(SCALE))
    return query, found, found.copy(), NOTHING


# ---------------------------------------------------------------- the verdict


def _verdict(
    o: m.Obligation,
    required: exp.Expr,
    found: exp.Expr,
    possible: exp.Expr,
    denominator: exp.Expr,
    stages: Stages,
) -> exp.Expr:
    """The same ladder as in `naive`: exempt, unknown, late, met, then due or short."""
    over_time = exp.LTE(this=literal(stages.question.on), expression=exp.column("due_on", "b"))
    case = exp.case().when("b.excused = 1", _word(m.Verdict.EXEMPT))
    case = case.when("b.sure = 0 OR b.excused IS NULL", _word(m.Verdict.UNKNOWN))
    if isinstance(o.measure, m.NextTerm):
        case = case.when("s.elected_on > b.due_on", _word(m.Verdict.LATE))
    at_most = o.standards[0].bound is m.Bound.AT_MOST
    ratio = isinstance(o.measure, m.Ratio | m.Coverage)
    needed, got, may = required.copy(), found.copy(), possible.copy()
    if ratio:  # compared without dividing, so nothing is rounded
        needed = exp.Mul(this=exp.paren(needed), expression=exp.paren(denominator.copy()))
        got, may = (exp.Mul(this=exp.paren(x), expression=literal(SCALE)) for x in (got, may))
        case = case.when(
            exp.Is(this=exp.paren(found.copy()), expression=exp.null()), _word(m.Verdict.UNKNOWN)
        )
    reached: type[exp.Binary] = exp.GT if at_most else exp.GTE
    settled: exp.Expr = reached(this=exp.paren(got), expression=exp.paren(needed))
    still_open: exp.Expr = reached(this=exp.paren(may), expression=exp.paren(needed.copy()))
    if ratio:
        still_open = exp.or_(
            exp.Is(this=exp.paren(possible.copy()), expression=exp.null()), still_open
        )
    unmet = exp.case().when(over_time, _word(m.Verdict.DUE)).else_(_word(m.Verdict.SHORT))
    case = case.when(settled, unmet.copy() if at_most else _word(m.Verdict.MET))
    case = case.when(still_open, _word(m.Verdict.UNKNOWN))
    return case.else_(_word(m.Verdict.MET) if at_most else unmet)


def _word(verdict: m.Verdict) -> exp.Expr:
    return literal(verdict.value)
