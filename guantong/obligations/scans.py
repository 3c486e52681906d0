"""What counts, as SQL: one scan per fact table, key and period length, shared by obligations."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from sqlglot import exp, select, union

from guantong.conditions import model as c
from guantong.conditions.compile import literal
from guantong.obligations import model as m
from guantong.obligations.stages import (
    NO_LIMIT,
    SCALE,
    WHOLE,
    Asked,
    Found,
    Scan,
    Stages,
    Timeline,
    cases,
    compiled,
    covers,
    holds,
    literal_rows,
    may_hold,
    not_false,
    number_of,
)
from guantong.obligations.tables import TABLES

ATTENDANCE = {"kind": "a.kind", "activity_hours": "a.hours", "planned": "a.planned"}
ACTIVITY = frozenset({"kind", "activity_hours", "planned"})
PERSONAL = {"posts", "memberships"}

type Pair = tuple[exp.Expr, exp.Expr]


def hosted_scan(
    measure: m.CountActivities, at: Timeline, stages: Stages, *, scoped: bool
) -> Found:
    """Activities by host: keyed by org_id and period_start."""

    def make() -> Scan:
        body = _dated(select().from_(stages.fact("hosts", "h")), "h", at, stages)
        if scoped:
            body = stages.only(body, "h.org_id", stages.org_ids)
        if answers:
            on = "o.activity_id = h.activity_id"
            body = body.join(f"{answers} AS o", on=on, join_type="left")
        return Scan(lambda _: body, ("h.org_id", f"{_days_of(at)}.period_start"))

    own = measure.own
    answers = _stage_of_answers(own, stages, scoped=scoped) if own else ""
    name = f"hosted_by_{at.name}" + ("" if scoped else "_anywhere")
    name += f"_with_{answers}" if answers else ""
    elsewhere = c.Any(tuple(other.where for other in measure.apart_from))
    where = c.All((measure.where, c.Not(elsewhere))) if measure.apart_from else measure.where

    def asked(_: Scan) -> Asked:
        held = _held(where, "a", None, stages)
        held = exp.and_(held, own_holds()) if answers else held
        return Asked(*_counted(held, measure.different), needed=compiled(where, "a"))

    return stages.ask(name, make, measure, asked)


def _stage_of_answers(own: m.Own, stages: Stages, *, scoped: bool) -> str:
    orgs = stages.org_ids if scoped else None
    return stages.stage("own_answers", lambda: own_answers(own, stages, orgs), own, scoped)


def own_answers(own: m.Own, stages: Stages, org_ids: Collection[int] | None) -> exp.Select:
    """By activity whether a value of its field holds: 2 yes, 1 not known, 0 no; no row where the
    field is blank. `org_ids`: only what these host, or None.
    """
    condition = compiled(own.where, "d")
    no = exp.Not(this=exp.paren(condition.copy()))
    answer = cases((condition, literal(2)), (no, literal(0)), default=literal(1))
    wanted = exp.EQ(this=exp.column("field", "d"), expression=literal(own.field))
    rows = select("d.activity_id").from_(stages.fact("details", "d")).where(wanted)
    if org_ids is not None:
        hosted = select("n.activity_id").from_(stages.fact("hosts", "n"))
        theirs = stages.only(hosted, "n.org_id", org_ids)
        rows = rows.where(exp.column("activity_id", "d").isin(query=theirs))
    return rows.select(exp.alias_(exp.Max(this=answer), "answer")).group_by("d.activity_id")


def own_holds() -> exp.Expr:
    """The answer joined as `o`, as a condition."""
    yes, no = (exp.condition(f"o.answer = {answer}") for answer in (2, 0))
    return exp.paren(cases((yes, exp.true()), (no, exp.false())))


def _dated(
    body: exp.Select, alias: str, at: Timeline, stages: Stages, flags: Sequence[exp.Expr] = ()
) -> exp.Select:
    """Join to rows with an activity_id the activity as `a`, with its period or, where periods
    are joined, the period as `p`. With flags only activities for which one may hold.
    """
    same = f"a.activity_id = {alias}.activity_id"
    if not at.joined:
        held = f"{stages.held(at.rhythm)} AS a"
        return body.join(_flagged(held, flags) if flags else held, on=same)
    in_time = "a.held_on >= p.window_start AND a.held_on < p.period_end"
    if at.key:
        mine = f"p.{at.key[0]} = {alias}.{at.key[0]}"
        in_time = f"{mine} AND a.held_on >= p.period_start AND a.held_on <= p.due_on"
    activities = stages.fact("activities", "a")
    # CROSS keeps SQLite to this order: few rows first, not an index made of all of them.
    body = body.join(_flagged(activities, flags) if flags else activities, join_type="cross")
    return body.join(f"{at.stage} AS p", join_type="cross").where(same, in_time)


def _flagged(activities: str | exp.Expr, flags: Sequence[exp.Expr]) -> exp.Expr:
    query = select("a.*").from_(activities)
    for i, flag in enumerate(flags, 1):
        query = query.select(exp.alias_(flag.copy(), f"flag_{i}"), copy=False)
    return query.where(exp.or_(*map(not_false, flags)), copy=False).subquery("a")


def _days_of(at: Timeline) -> str:
    """The alias under which `_dated` leaves period_start and day."""
    return "p" if at.joined else "a"


def reached_scan(where: c.Condition, at: Timeline, stages: Stages) -> Found:
    """Different persons at activities by host: keyed by org_id and period_start. Whole counts."""

    def make() -> Scan:
        body = _dated(select().from_(stages.fact("hosts", "h")), "h", at, stages)
        body = body.join(stages.fact("attendances", "t"), on="t.activity_id = h.activity_id")
        body = stages.only(body, "h.org_id", stages.org_ids)
        return Scan(lambda _: body, ("h.org_id", f"{_days_of(at)}.period_start"))

    def asked(_: Scan) -> Asked:
        counted = _persons(_held(where, "t", ATTENDANCE, stages), "t")
        return Asked(*counted, needed=compiled(where, "t", ATTENDANCE))

    return stages.ask(f"reached_by_{at.name}", make, where, asked)


def attended_scan(measure: m.Attended, at: Timeline, stages: Stages, among: str | None) -> Found:
    """Attendances by person: keyed by person_id, period_start and, for own_org or where each post
    has periods of its own, org_id.

    `among`: a stage with all the persons who bear it, where they are few. They alone are looked
    at then, unless the members are asked the same anyhow.
    """
    how, days = measure.hosted_by, _days_of(at)
    few = among if not at.joined and measure not in stages.of_members else None
    elsewhere = [other.hosted_by for other in measure.apart_from if other.hosted_by]

    def body(scan: Scan) -> exp.Select:
        rows = select().from_(stages.fact("attendances", "t", scan.among))
        query = _dated(rows, "t", at, stages, scan.flags)
        query = stages.only(query, "t.person_id", stages.person_ids)
        if how is m.HostedBy.OWN_ORG:
            on = "h.activity_id = a.activity_id"
            on += " AND h.org_id = p.org_id" if "org_id" in at.key else ""
            query = query.join(stages.fact("hosts", "h"), on=on)
        if how in BY_HOST:
            query = query.where(exp.Exists(this=own_host(how, stages, days)))
        for other in dict.fromkeys(elsewhere):
            query = _beside_hosted(query, other, at, stages)
        return query

    def make() -> Scan:
        for other in elsewhere:
            _attendances_at(other, at, stages)
        group: tuple[str, ...] = ("t.person_id", f"{days}.period_start")
        if how is m.HostedBy.OWN_ORG:
            group = (*group, "h.org_id")
        elif "org_id" in at.key:
            group = (*group, "p.org_id")
        return Scan(body, group)

    name = f"attended_by_{at.name}" + (f"_at_{how.value}" if how else "")
    name += "".join(f"_not_at_{other.value}" for other in dict.fromkeys(elsewhere))
    name += "_of_holders" if few else ""
    return stages.ask(name, make, measure, lambda scan: _attendances(measure, scan, stages), few)


BY_HOST = (m.HostedBy.OWN_BRANCH, m.HostedBy.CONTACT_POINT)


def _beside_hosted(query: exp.Select, how: m.HostedBy, at: Timeline, stages: Stages) -> exp.Select:
    """Join as `how` the attendances that were hosted so: joined, since not every engine takes an
    EXISTS inside a sum.
    """
    alias, stage = how.value, _attendances_at(how, at, stages)
    on = f"{alias}.activity_id = t.activity_id AND {alias}.person_id = t.person_id"
    on += f" AND {alias}.period_start = {_days_of(at)}.period_start"
    return query.join(f"{stage} AS {alias}", on=on, join_type="left")


def _attendances_at(how: m.HostedBy, at: Timeline, stages: Stages) -> str:
    def make() -> exp.Query:
        days = _days_of(at)
        rows = _dated(select().from_(stages.fact("attendances", "t")), "t", at, stages)
        rows = stages.only(rows, "t.person_id", stages.person_ids)
        rows = rows.where(exp.Exists(this=own_host(how, stages, days)))
        return rows.select("t.activity_id", "t.person_id", f"{days}.period_start").distinct()

    return stages.stage(f"attendances_at_{how.value}_by_{at.name}", make)


def own_host(how: m.HostedBy | None, stages: Stages, days: str = "a") -> exp.Select:
    """Whether a host of the activity is the person's branch then, or a linked organisation on
    the day in column `day` of alias `days`.

    What it says of the rows outside stands in WHERE: in an ON, Spark pairs every host with every
    day before it looks.
    """
    query = select("1").from_(stages.fact("hosts", "h")).where("h.activity_id = t.activity_id")
    if how is m.HostedBy.OWN_BRANCH:
        query = query.join(stages.fact("memberships", "b"), on="b.org_id = h.org_id")
        return query.where(f"b.person_id = t.person_id AND {covers('b', 'a.held_on')}")
    linked = exp.EQ(this=exp.column("kind", "r"), expression=literal("contact_point"))
    there = "COALESCE(r.other_org_id, r.org_id) = h.org_id"
    query = query.join(stages.fact("relations", "r"), on=there)
    return query.where(linked, f"r.person_id = t.person_id AND {covers('r', f'{days}.day')}")


def _held(
    where: c.Condition, alias: str, names: dict[str, str] | None, stages: Stages
) -> exp.Expr:
    """The condition, of activities that have been held or are to count as held."""
    held = c.ALWAYS if stages.question.forecast else m.HELD
    return compiled(c.All((where, held)), alias, names)


def _attendances(measure: m.Attended, scan: Scan, stages: Stages) -> Asked:
    parts = [*c.conjuncts(measure.where), *([] if stages.question.forecast else [m.HELD])]
    of_activity = [part for part in parts if c.fields_of(part) <= ACTIVITY]
    condition = scan.flag(compiled(c.All(tuple(of_activity)), "a", ATTENDANCE))
    for part in parts:
        if part not in of_activity:
            condition = exp.and_(condition, compiled(part, "t", ATTENDANCE))
    for other in measure.apart_from:
        there = compiled(other.where, "t", ATTENDANCE)
        if other.hosted_by is not None:
            there = exp.and_(there, f"{other.hosted_by.value}.activity_id IS NOT NULL")
        condition = exp.and_(condition, exp.Not(this=exp.paren(there)))
    if not measure.sum_hours:
        return Asked(*_counted(condition, measure.different), needed=condition)
    # Scaled after adding up: hours have four places at most, so nothing is lost, much saved.
    hours = exp.Sum(this=cases((condition.copy(), exp.column("hours", "t"))))
    known = exp.func("COALESCE", number_of(hours), literal(0))
    settled = exp.or_(
        exp.Not(this=exp.paren(condition)), exp.and_(condition, "t.hours IS NOT NULL")
    )
    open_still = exp.Count(this=cases((settled, exp.null()), default=literal(1)))
    no_limit = cases((exp.GT(this=open_still, expression=literal(0)), literal(NO_LIMIT)))
    more = exp.func("COALESCE", no_limit, literal(0))
    possible = exp.Add(this=known.copy(), expression=exp.cast(more, WHOLE))
    return Asked(known, possible, needed=condition)


def _counted(condition: exp.Expr, different: m.Different | None) -> Pair:
    """How many rows, or different kinds or days of their activities. In ten-thousandths."""
    if different is None:
        maybe = exp.Mul(this=exp.paren(may_hold(condition)), expression=literal(SCALE))
        return _sum(holds(condition, SCALE)), _sum(maybe)
    value = exp.column(different.value, "a")
    certain = _distinct(cases((condition.copy(), value.copy())))
    no = exp.Not(this=exp.paren(condition))
    possible = _distinct(cases((no, exp.null()), default=value.copy()))
    nameless = exp.and_(f"a.{different.value} IS NULL", not_false(condition.copy()))
    each_new = exp.Add(this=possible, expression=exp.Sum(this=holds(nameless)))
    return _scaled(certain), _scaled(exp.paren(each_new))


def _scaled(count: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Mul(this=count, expression=literal(SCALE)), WHOLE)


def _sum(value: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Sum(this=value), WHOLE)


# ---------------------------------------------------------------- states on the day


def state_scan(state: m.State, at: Timeline, stages: Stages, *, scoped: bool) -> Found:
    """What holds on the day, by organisation: keyed by org_id and period_start. Whole counts."""

    def make() -> Scan:
        if state.table == "orgs":
            body = select().from_(f"{stages.below(at.rhythm)} AS f")
            body = stages.only(body, "f.ancestor_id", stages.org_ids) if scoped else body
            return Scan(lambda _: body, ("f.ancestor_id", "f.period_start"))
        rows, on = state_rows(state.table, stages)
        body = select().from_(rows).join(f"{at.stage} AS p", on=on)
        if at.key:
            body = body.where("p.org_id = f.org_id")
        body = stages.only(body, "f.org_id", stages.org_ids) if scoped else body
        return Scan(lambda _: body, ("f.org_id", "p.period_start"))

    name = f"{state.table}_on_day_by_{at.name}" + ("" if scoped else "_anywhere")

    def asked(_: Scan) -> Asked:
        return Asked(*_state_pair(state), needed=compiled(state.where, "f"))

    return stages.ask(name, make, state.where, asked)


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
    return _persons(condition, "f")


def _persons(condition: exp.Expr, alias: str) -> Pair:
    person = exp.column("person_id", alias)
    sure = cases((condition.copy(), person.copy()))
    maybe = cases((exp.Not(this=exp.paren(condition)), exp.null()), default=person)
    return _distinct(sure), _distinct(maybe)


def _distinct(value: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[value]))


# ---------------------------------------------------------------- cases


def case_scan(measure: m.CaseTime, at: Timeline, stages: Stages) -> Found:
    """Cases too long in a state on the day: keyed by org_id and period_start. Whole counts."""

    def make() -> Scan:
        body = select().from_(stages.fact("cases", "f"))
        body = body.join(f"{_limits(measure.days, at, stages)} AS p", on=IN_HAND)
        body = stages.only(body, "f.org_id", stages.org_ids)
        return Scan(lambda _: body, ("f.org_id", "p.period_start"))

    def asked(_: Scan) -> Asked:
        condition = exp.and_(*(sql for _, sql in case_tests(measure)))
        return Asked(
            exp.Sum(this=holds(condition)),
            exp.Sum(this=may_hold(condition)),
            needed=compiled(c.about(measure.where, m.LASTING), "f"),
        )

    return stages.ask(f"cases_over_{measure.days}_by_{at.name}", make, measure, asked)


IN_HAND = "f.opened_on <= p.day AND (f.closed_on IS NULL OR f.closed_on > p.day)"


def case_tests(measure: m.CaseTime) -> Iterator[tuple[c.Condition | None, exp.Expr]]:
    """What a case must pass, each part of the condition for itself, and last (None) that it has
    been in the state since before p.limit_day. Unknown of a day before its present state began,
    but for what lasts as long as the case, and unless the case itself is younger.
    """
    in_it = exp.condition("f.state_since <= p.day")
    for part in c.conjuncts(measure.where):
        sql = compiled(part, "f")
        lasts = c.fields_of(part) <= m.LASTING
        yield part, sql if lasts else cases((in_it.copy(), sql))
    long_enough = exp.condition("f.state_since < p.limit_day")
    too_young = exp.condition("f.opened_on >= p.limit_day")
    yield None, cases((in_it, long_enough), (too_young, exp.false()))


def _limits(days: int, at: Timeline, stages: Stages) -> str:
    """Periods with the day before which a state that has lasted longer must have begun."""

    def make() -> exp.Query:
        rows = [
            {"period_start": p.start, "day": day, "limit_day": day - timedelta(days=days)}
            for p in stages.question.periods(at.rhythm)
            for day in [stages.question.day(p)]
        ]
        return literal_rows(rows, ("period_start", "day", "limit_day"))

    return stages.stage(f"{at.rhythm.name}s_less_{days}_days", make)
