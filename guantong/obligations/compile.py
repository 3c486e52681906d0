"""Compile a question to one SQL query that means the same on every engine.

The query's rows are entries: obligation, bearer_kind, org_id, person_id, period_start, due_on,
required, found, possible, denominator (whole ten-thousandths) and verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from sqlglot import exp, select, union

from guantong.conditions.compile import literal
from guantong.obligations import model as m
from guantong.obligations.bearers import Bearers, bearers
from guantong.obligations.scans import (
    attended_scan,
    case_scan,
    hosted_scan,
    reached_scan,
    state_scan,
)
from guantong.obligations.stages import (
    SCALE,
    WHOLE,
    Found,
    Source,
    Stages,
    Timeline,
    cases,
    compiled,
    holds,
    not_false,
    number,
    scaled,
)

ENTRY = (
    *("obligation", "bearer_kind", "org_id", "person_id", "period_start", "due_on"),
    *("required", "found", "possible", "denominator"),
)
JOIN_ORG = "s.org_id = b.org_id AND s.period_start = b.period_start"
JOIN_ANCESTOR = "s.ancestor_id = b.org_id AND s.period_start = b.period_start"
JOIN_PERSON = "s.person_id = b.person_id AND s.period_start = b.period_start"


def compile_question(question: m.Question, source: Source) -> exp.Query:
    """Return the query whose rows are the entries, unsorted.

    `source` gives the SQL that stands for a fact table: a table, or a query in parentheses.
    """
    stages, query = _over_stages(question, source)
    for name, stage in stages.in_order().items():
        query = query.with_(name, as_=stage, copy=False)
    return query


def compile_steps(question: m.Question, source: Source) -> tuple[dict[str, exp.Query], exp.Query]:
    """Return the same in steps: every scan, to be kept as a table of its name, each after those
    that it reads, and the query of the entries.
    """
    stages, query = _over_stages(question, source)
    order = stages.in_order()
    scans = {
        name: _with_others(stage, order, stages)
        for name, stage in order.items()
        if name in stages.scans
    }
    return scans, _with_others(query, order, stages)


def _with_others(query: exp.Query, order: Mapping[str, exp.Query], stages: Stages) -> exp.Query:
    """The query with all the stages that it needs, but for the scans."""
    needed: set[str] = set()
    waiting = [query]
    while waiting:
        read = {table.name for table in waiting.pop().find_all(exp.Table)} & order.keys()
        more = read - needed - stages.scans.keys()
        needed |= more
        waiting += [order[name] for name in more]
    query = query.copy()
    for name, stage in order.items():
        if name in needed:
            query = query.with_(name, as_=stage.copy(), copy=False)
    return query


def _over_stages(question: m.Question, source: Source) -> tuple[Stages, exp.Query]:
    """The query of the entries, and the stages that it reads."""
    stages = Stages(question, source)
    findings = [_findings(o, stages) for o in question.obligations]
    together = union(*findings, distinct=False, copy=False) if len(findings) > 1 else findings[0]
    query = select(*(exp.column(name, "f") for name in ENTRY), copy=False)
    query = query.select(exp.alias_(_verdict(question), "verdict"), copy=False)
    return stages, query.from_(together.subquery("f", copy=False), copy=False)


def _findings(o: m.Obligation, stages: Stages) -> exp.Select:
    """Each bearer and period of one obligation, with all that its verdict depends on."""
    stages.asking = o.name
    bound = bearers(o, stages)
    query = select().from_(f"{bound.stage} AS b", copy=False)
    due = exp.column("due_on", "b")
    query = query.where(exp.GTE(this=due, expression=literal(o.since)), copy=False)
    if o.until is not None:
        until = exp.LT(this=due.copy(), expression=literal(o.until))
        query = query.where(until, copy=False)
    measured = _measured(o, query, bound, stages)
    personal = not isinstance(o.bearer, m.OrgBearer)
    columns: dict[str, exp.Expr] = {
        "obligation": literal(o.name),
        "bearer_kind": literal(m.BEARER_KINDS[type(o.bearer)]),
        "org_id": exp.column("org_id", "b"),
        "person_id": exp.column("person_id", "b") if personal else _nothing(),
        "period_start": exp.column("period_start", "b"),
        "due_on": exp.column("due_on", "b"),
        "required": _required(o),
        "found": measured.found,
        "possible": measured.possible,
        "denominator": measured.denominator or _nothing(),
        "at_most": literal(int(o.standards[0].bound is m.Bound.AT_MOST)),
        "late": measured.late or literal(0),
        "sure": exp.column("sure", "b"),
        "excused": exp.column("excused", "b"),
    }
    named = [exp.alias_(value, name) for name, value in columns.items()]
    named[0].add_comments([o.title])
    return measured.query.select(*named, copy=False)


def _verdict(question: m.Question) -> exp.Expr:
    """The same ladder as in `naive`: exempt, unknown, late, met, then due or short.

    Compared without dividing, so nothing is rounded; `possible` is null where nothing limits it.
    """
    needed = f"f.required * COALESCE(f.denominator, {SCALE})"
    found, possible = f"f.found * {SCALE}", f"f.possible * {SCALE}"
    over_time = exp.LTE(this=literal(question.on), expression=exp.column("due_on", "f"))
    unmet = cases((over_time, _word(m.Verdict.DUE)), default=_word(m.Verdict.SHORT))
    ladder = {
        "f.excused = 1": m.Verdict.EXEMPT,
        "f.sure = 0 OR f.excused IS NULL OR f.found IS NULL": m.Verdict.UNKNOWN,
        "f.late = 1": m.Verdict.LATE,
        f"f.at_most = 0 AND {found} >= {needed}": m.Verdict.MET,
        f"f.at_most = 1 AND {possible} <= {needed}": m.Verdict.MET,
        f"f.at_most = 0 AND COALESCE({possible} >= {needed}, TRUE)": m.Verdict.UNKNOWN,
        f"f.at_most = 1 AND {found} <= {needed}": m.Verdict.UNKNOWN,
    }
    steps = ((exp.condition(when), _word(verdict)) for when, verdict in ladder.items())
    return cases(*steps, default=unmet)


def _word(verdict: m.Verdict) -> exp.Expr:
    return literal(verdict.value)


def _nothing() -> exp.Expr:
    return exp.cast(exp.null(), WHOLE)


# ---------------------------------------------------------------- what is required


def _required(o: m.Obligation) -> exp.Expr:
    """The standard in force when the period begins, in twelfths of it where pro rata."""
    first, *others = o.standards
    start = exp.column("period_start", "b")
    later = (
        (exp.GTE(this=start.copy(), expression=literal(s.since)), _by_months(o, s))
        for s in reversed(others)
    )
    return cases(*later, default=_by_months(o, first)) if others else _by_months(o, first)


def _by_months(o: m.Obligation, standard: m.Standard) -> exp.Expr:
    if not o.pro_rata:
        return _whole(standard.value)
    parts = (
        (exp.condition(f"b.months = {months}"), _whole(m.prorated(standard.value, months)))
        for months in range(1, 12)
    )
    return cases(*parts, default=_whole(m.prorated(standard.value, 12)))


def _whole(value: Decimal) -> exp.Expr:
    return exp.cast(literal(scaled(value)), WHOLE)


# ---------------------------------------------------------------- what was found


@dataclass(frozen=True)
class Measured:
    """The query with what the measure needs joined as `s`; what was found, and what may be.

    `denominator`: a ratio's. `late`: 1 where it was done after it was due.
    """

    query: exp.Select
    found: exp.Expr
    possible: exp.Expr
    denominator: exp.Expr | None = None
    late: exp.Expr | None = None


def _measured(o: m.Obligation, query: exp.Select, bound: Bearers, stages: Stages) -> Measured:
    at = bound.at
    match o.measure:
        case m.CountActivities():
            scan = hosted_scan(o.measure, at, stages, scoped=True)
            query = _beside(query, scan.stage, JOIN_ORG)
            return Measured(query, _or_none(scan.certain), _or_none(scan.possible))
        case m.Attended():
            scan = attended_scan(o.measure, at, stages, bound.among)
            by_org = o.measure.hosted_by is m.HostedBy.OWN_ORG or "org_id" in at.key
            on = f"{JOIN_PERSON} AND s.org_id = b.org_id" if by_org else JOIN_PERSON
            query = _beside(query, scan.stage, on)
            return Measured(query, _or_none(scan.certain), _or_none(scan.possible))
        case m.Reached(where):
            return _whole_counts(query, reached_scan(where, at, stages))
        case m.State(table):
            scan = state_scan(o.measure, at, stages, scoped=True)
            return _whole_counts(query, scan, JOIN_ANCESTOR if table == "orgs" else JOIN_ORG)
        case m.CaseTime():
            return _whole_counts(query, case_scan(o.measure, at, stages))
        case m.Ratio():
            return _ratio(o.measure, query, o, stages)
        case m.Coverage():
            return _coverage(o.measure, query, at, stages)
        case m.NextTerm():
            return _next_term(query, stages)
        case _:
            assert_never(o.measure)


def _whole_counts(query: exp.Select, scan: Found, on: str = JOIN_ORG) -> Measured:
    query = _beside(query, scan.stage, on)
    return Measured(query, _times(scan.certain), _times(scan.possible))


def _beside(query: exp.Select, stage: str, on: str, alias: str = "s") -> exp.Select:
    return query.join(f"{stage} AS {alias}", on=on, join_type="left", copy=False)


def _or_none(column: str) -> exp.Expr:
    return exp.func("COALESCE", exp.column(column, "s"), literal(0))


def _times(column: str) -> exp.Expr:
    return exp.cast(exp.Mul(this=_or_none(column), expression=literal(SCALE)), WHOLE)


def _ratio(measure: m.Ratio, query: exp.Select, o: m.Obligation, stages: Stages) -> Measured:
    """Latest figures on or before the day; null as soon as one is missing."""
    totals = []
    for i, name in enumerate((*measure.of, *measure.to)):
        latest = _latest(name, o, stages)
        on = f"f{i}.org_id = b.org_id AND f{i}.period_start = b.period_start AND f{i}.place = 1"
        query = _beside(query, latest, on, f"f{i}")
        totals.append(f"f{i}.value")
    split = len(measure.of)
    top, under = (" + ".join(part) for part in (totals[:split], totals[split:]))
    denominator = f"NULLIF({under}, 0)"
    known = exp.condition(f"CASE WHEN {denominator} IS NOT NULL THEN {top} END")
    return Measured(query, known, known.copy(), exp.condition(denominator))


def _latest(name: str, o: m.Obligation, stages: Stages) -> str:
    """The values of a figure as known on the day, the newest in place 1."""

    def make() -> exp.Query:
        place = (
            "ROW_NUMBER() OVER (PARTITION BY f.org_id, p.period_start ORDER BY f.as_of DESC)"
            " AS place"
        )
        wanted = exp.EQ(this=exp.column("name", "f"), expression=literal(name))
        return (
            select("f.org_id", "p.period_start", place)
            .select(exp.alias_(number("f.value"), "value"), copy=False)
            .from_(stages.fact("figures", "f"), copy=False)
            .join(f"{stages.periods(o.rhythm)} AS p", on="f.as_of <= p.day", copy=False)
            .where(wanted, copy=False)
        )

    return stages.stage(f"figure_by_{o.rhythm.name}", make, name)


def _coverage(measure: m.Coverage, query: exp.Select, at: Timeline, stages: Stages) -> Measured:
    """Organisations below with at least one, out of all; unknown ones are left open."""
    covered = stages.stage(
        f"coverage_by_{at.name}", lambda: _covered(measure, at, stages), measure
    )
    query = _beside(query, covered, JOIN_ANCESTOR)
    certain, population = (
        exp.cast(exp.Mul(this=exp.column(c, "s"), expression=literal(SCALE)), WHOLE)
        for c in ("certain", "population")
    )
    possible = cases((exp.condition("s.unsure = 0"), certain.copy()))
    return Measured(query, certain, possible, population)


def _covered(measure: m.Coverage, at: Timeline, stages: Stages) -> exp.Query:
    if isinstance(measure.by, m.State):
        scan = state_scan(measure.by, at, stages, scoped=False)
    else:
        scan = hosted_scan(measure.by, at, stages, scoped=False)
    counts = compiled(measure.of, "d")
    certain, possible = (f"COALESCE(s.{c}, 0) > 0" for c in (scan.certain, scan.possible))
    sure = exp.and_(counts.copy(), certain)
    unknown = exp.Is(this=exp.paren(counts.copy()), expression=exp.null())
    maybe = exp.or_(unknown, f"NOT {certain} AND {possible}")
    query = (
        select("d.ancestor_id", "d.period_start", "COUNT(*) AS population")
        .select(exp.alias_(exp.Sum(this=holds(sure)), "certain"), copy=False)
        .select(exp.alias_(exp.Sum(this=holds(maybe)), "unsure"), copy=False)
        .from_(f"{stages.below(at.rhythm)} AS d", copy=False)
        .where(not_false(counts), copy=False)
        .group_by("d.ancestor_id", "d.period_start", copy=False)
    )
    return _beside(query, scan.stage, "s.org_id = d.org_id AND s.period_start = d.period_start")


def _next_term(query: exp.Select, stages: Stages) -> Measured:
    stage = stages.stage("next_terms", lambda: _later_terms(stages))
    query = _beside(query, stage, JOIN_ORG)
    found = cases((exp.condition("s.elected_on IS NULL"), literal(0)), default=literal(SCALE))
    late = holds(exp.condition("s.elected_on > b.due_on"))
    return Measured(query, found, found.copy(), late=late)


def _later_terms(stages: Stages) -> exp.Query:
    on = "n.org_id = t.org_id AND n.elected_on > t.period_start"
    return (
        select("t.org_id", "t.period_start", "MIN(n.elected_on) AS elected_on")
        .from_("orgs_by_term AS t", copy=False)
        .join(stages.fact("terms", "n"), on=on, copy=False)
        .group_by("t.org_id", "t.period_start", copy=False)
    )
