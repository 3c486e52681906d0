"""What counts, as SQL: one scan per fact table, key and period length, shared by obligations."""

from sqlglot import exp, select, union

from guantong.conditions.compile import literal
from guantong.conditions.model import All, Compare, Condition, Op, about
from guantong.obligations import model as m
from guantong.obligations.stages import (
    NO_LIMIT,
    SCALE,
    WHOLE,
    Found,
    Scan,
    Stages,
    cases,
    compiled,
    covers,
    holds,
    may_hold,
    number,
)
from guantong.obligations.tables import TABLES
from guantong.periods import Every

HELD = Compare("planned", Op.EQ, value=False)
ATTENDANCE = {"kind": "a.kind", "activity_hours": "a.hours", "planned": "a.planned"}
ACTIVITY = {"kind", "activity_hours"}
PERSONAL = {"posts", "memberships"}


def hosted_scan(where: Condition, every: Every, stages: Stages, *, scoped: bool) -> Found:
    """Activities by host: keyed by org_id and period_start."""

    def make() -> Scan:
        body = (
            select()
            .from_(stages.fact("hosts", "h"))
            .join(f"{stages.held(every)} AS a", on="a.activity_id = h.activity_id")
        )
        if scoped:
            body = stages.only(body, "h.org_id", stages.org_ids)
        return Scan(body, ("h.org_id", "a.period_start"))

    name = f"hosted_by_{every.value}" + ("" if scoped else "_anywhere")
    needed = compiled(where, "a")
    return stages.ask(name, make, where, lambda: _rows_that(All((where, HELD)), "a"), needed)


def attended_scan(measure: m.Attended, every: Every, stages: Stages) -> Found:
    """Attendances by person: keyed by person_id, period_start and, for own_org, org_id."""
    how = measure.hosted_by

    def make() -> Scan:
        body = (
            select()
            .from_(stages.fact("attendances", "t"))
            .join(f"{stages.held(every)} AS a", on="a.activity_id = t.activity_id")
        )
        body = stages.only(body, "t.person_id", stages.person_ids)
        group: tuple[str, ...] = ("t.person_id", "a.period_start")
        if how is m.HostedBy.OWN_ORG:
            body = body.join(stages.fact("hosts", "h"), on="h.activity_id = a.activity_id")
            group = (*group, "h.org_id")
        elif how is not None:
            body = body.where(exp.Exists(this=own_host(how, stages)))
        return Scan(body, group)

    name = f"attended_by_{every.value}" + (f"_at_{how.value}" if how else "")
    key = (measure.where, measure.sum_hours)
    # Said of the activity alone as well: few activities may do, and then few attendances are read.
    needed = (about(measure.where, ACTIVITY), measure.where)
    conditions = (compiled(where, "t", ATTENDANCE) for where in needed)
    return stages.ask(name, make, key, lambda: _attendances(measure), *conditions)


def own_host(how: m.HostedBy, stages: Stages) -> exp.Select:
    """Whether a host of the activity is the person's branch then, or a linked organisation."""
    query = select("1").from_(stages.fact("hosts", "h")).where("h.activity_id = t.activity_id")
    if how is m.HostedBy.OWN_BRANCH:
        mine = f"b.person_id = t.person_id AND b.org_id = h.org_id AND {covers('b', 'a.held_on')}"
        return query.join(stages.fact("memberships", "b"), on=mine)
    linked = exp.EQ(this=exp.column("kind", "r"), expression=literal("contact_point"))
    there = "r.person_id = t.person_id AND COALESCE(r.other_org_id, r.org_id) = h.org_id"
    return query.join(
        stages.fact("relations", "r"), on=exp.and_(linked, f"{there} AND {covers('r', 'a.day')}")
    )


def _attendances(measure: m.Attended) -> tuple[exp.Expr, exp.Expr]:
    condition = compiled(All((measure.where, HELD)), "t", ATTENDANCE)
    if not measure.sum_hours:
        return _rows_that(All((measure.where, HELD)), "t", ATTENDANCE)
    hours = exp.func("COALESCE", number("t.hours"), literal(0))
    known = _sum(holds(condition, hours))
    none_left = exp.or_(
        exp.Not(this=exp.paren(condition)), exp.and_(condition, "t.hours IS NOT NULL")
    )
    no_limit = exp.Max(this=cases((none_left, literal(0)), default=literal(NO_LIMIT)))
    return known, exp.Add(this=known.copy(), expression=exp.cast(no_limit, WHOLE))


def _rows_that(
    condition: Condition, alias: str, names: dict[str, str] | None = None
) -> tuple[exp.Expr, exp.Expr]:
    sql = compiled(condition, alias, names)
    return _sum(holds(sql, SCALE)), _sum(
        exp.Mul(this=exp.paren(may_hold(sql)), expression=literal(SCALE))
    )


def _sum(value: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Sum(this=value), WHOLE)


# ---------------------------------------------------------------- states on the day


def state_scan(state: m.State, every: Every, stages: Stages, *, scoped: bool) -> Found:
    """What holds on the day, by organisation: keyed by org_id and period_start. Whole counts."""

    def make() -> Scan:
        if state.table == "orgs":
            body = select().from_(f"{stages.below(every)} AS f")
            body = stages.only(body, "f.ancestor_id", stages.org_ids) if scoped else body
            return Scan(body, ("f.ancestor_id", "f.period_start"))
        rows, on = state_rows(state.table, stages)
        days = _days(every, stages)
        body = select().from_(rows).join(f"{days} AS p", on=on)
        if every is Every.TERM:
            body = body.where("p.org_id = f.org_id")
        body = stages.only(body, "f.org_id", stages.org_ids) if scoped else body
        return Scan(body, ("f.org_id", "p.period_start"))

    name = f"{state.table}_on_day_by_{every.value}" + ("" if scoped else "_anywhere")
    needed = compiled(state.where, "f")
    return stages.ask(name, make, state.where, lambda: _state_pair(state), needed)


def _days(every: Every, stages: Stages) -> str:
    return "orgs_by_term" if every is Every.TERM else stages.periods(every)


def state_rows(table: str, stages: Stages) -> tuple[exp.Expr, str]:
    """The rows as `f`, keyed by the organisation they concern, and when they hold on p.day."""
    if table == "terms":
        return stages.fact(table, "f"), (
            "f.elected_on <= p.day AND COALESCE(f.extended_to, f.expires_on) >= p.day"
        )
    if table != "relations":
        return stages.fact(table, "f"), covers("f", "p.day")
    columns = [f"r.{c}" for c in TABLES[table].columns if c != "org_id"]
    linked = select("COALESCE(r.other_org_id, r.org_id) AS org_id", *columns)
    linked = linked.from_(stages.fact(table, "r"))
    between = select("r.org_id", *columns).from_(stages.fact(table, "r"))
    between = between.where("r.person_id IS NULL AND r.other_org_id <> r.org_id")
    return union(linked, between, distinct=False).subquery("f"), covers("f", "p.day")


def _state_pair(state: m.State) -> tuple[exp.Expr, exp.Expr]:
    condition = compiled(state.where, "f")
    if state.table not in PERSONAL:
        return exp.Sum(this=holds(condition)), exp.Sum(this=may_hold(condition))
    person = exp.column("person_id", "f")
    sure = cases((condition.copy(), person.copy()))
    maybe = cases((exp.Not(this=exp.paren(condition)), exp.null()), default=person)
    return _distinct(sure), _distinct(maybe)


def _distinct(value: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[value]))
