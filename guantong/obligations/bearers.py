"""Who is bound, as SQL: one stage per kind of bearer and period length, shared by obligations.

Every stage made here has the columns org_id, person_id (not for organisations), period_start,
due_on, day, `sure` (1: bound, 0: not known whether), `excused` (1 exempt, null not known) and,
where a standard is pro rata, `months`.
"""

from sqlglot import exp, select

from guantong.conditions.compile import literal
from guantong.conditions.model import Condition
from guantong.obligations import model as m
from guantong.obligations.scans import state_scan
from guantong.obligations.stages import Stages, compiled, covers, holds, may_hold, not_false
from guantong.periods import Every

POST_COLUMNS = {"org_kind": "o.kind", "org_category": "o.category"}


def bearers(o: m.Obligation, stages: Stages) -> str:
    """Return the name of the stage that lists the bearers of an obligation."""
    match o.bearer:
        case m.OrgBearer(when):
            return _orgs(o, when, stages)
        case m.MemberBearer():
            return _members(o, o.bearer, stages)
        case m.PostBearer():
            return _holders(o, o.bearer, stages)


# ---------------------------------------------------------------- organisations


def _orgs(o: m.Obligation, when: Condition, stages: Stages) -> str:
    every, there_still = o.every, isinstance(o.measure, m.ON_THE_DAY)

    def make() -> exp.Query:
        there = _terms(stages) if every is Every.TERM else _orgs_present(every, stages)
        bound = compiled(when, "b")
        query = select("b.org_id", "b.period_start", "b.due_on", "b.day").from_(f"{there} AS b")
        query = query.where(not_false(bound))
        if there_still:
            query = query.where(covers("b", "b.day"))
        sure: list[exp.Expr] = [holds(bound)]
        for i, having in enumerate(o.having):
            scan = state_scan(having.state, every, stages, scoped=True)
            query = query.join(
                f"{scan.stage} AS h{i}",
                on=f"h{i}.org_id = b.org_id AND h{i}.period_start = b.period_start",
                join_type="left",
            )
            enough = f"COALESCE(h{i}.{{}}, 0) >= {int(having.at_least)}"
            query = query.where(enough.format(scan.possible))
            sure.append(holds(exp.condition(enough.format(scan.certain))))
        return query.select(exp.alias_(_product(sure), "sure"), "0 AS excused", "12 AS months")

    return stages.stage(f"bound_orgs_by_{every.value}", make, when, o.having, there_still)


def _product(factors: list[exp.Expr]) -> exp.Expr:
    product = factors[0]
    for factor in factors[1:]:
        product = exp.Mul(this=product, expression=factor)
    return product


def _orgs_present(every: Every, stages: Stages) -> str:
    def make() -> exp.Query:
        query = select("o.org_id", "o.kind", "o.category", "o.valid_from", "o.valid_to").from_(
            stages.fact("orgs", "o")
        )
        query = stages.only(stages.present(query, "o", every), "o.org_id", stages.org_ids)
        return query.select("p.period_start", "p.due_on", "p.day").distinct()

    return stages.stage(f"orgs_by_{every.value}", make)


def _terms(stages: Stages) -> str:
    """Each term that runs out in the span or later is a period of its own."""

    def make() -> exp.Query:
        on, first = literal(stages.question.on), literal(stages.question.span.start)
        due = "COALESCE(t.extended_to, t.expires_on)"
        day = (
            exp.case()
            .when(f"{due} < t.today", exp.maybe_parse(due))
            .else_(exp.column("today", "t"))
        )
        terms = (
            select("f.org_id", "f.elected_on", "f.expires_on", "f.extended_to")
            .select(exp.alias_(on, "today"))
            .from_(stages.fact("terms", "f"))
            .subquery("t")
        )
        dated = (
            select("t.org_id", "t.elected_on AS period_start", f"{due} AS due_on")
            .select(exp.alias_(day, "day"))
            .from_(terms)
            .where(f"{due} >= t.elected_on", exp.GTE(this=exp.maybe_parse(due), expression=first))
            .subquery("d")
        )
        query = (
            select("o.org_id", "o.kind", "o.category", "o.valid_from", "o.valid_to")
            .select("d.period_start", "d.due_on", "d.day")
            .from_(dated)
            .join(stages.fact("orgs", "o"), on=f"o.org_id = d.org_id AND {covers('o', 'd.day')}")
        )
        return stages.only(query, "o.org_id", stages.org_ids)

    return stages.stage("orgs_by_term", make)


# ---------------------------------------------------------------- members


def _members(o: m.Obligation, bearer: m.MemberBearer, stages: Stages) -> str:
    every = o.every

    def make() -> exp.Query:
        spans = stages.stage("member_spans", lambda: _spans(bearer.when, stages), bearer.when)
        query = _last_row(spans, every, stages)
        present = _present(spans, ("person_id",), every, stages)
        query = query.join(
            f"{present} AS e", on="e.person_id = x.person_id AND e.period_start = x.period_start"
        )
        query = query.where("x.place = 1")
        sure: list[exp.Expr] = [exp.column("sure", "x")]
        if bearer.without_post is not None:
            barred = _barred(bearer.without_post, every, stages)
            query = query.join(
                f"{barred} AS w",
                on="w.person_id = x.person_id AND w.period_start = x.period_start",
                join_type="left",
            ).where("COALESCE(w.certain, 0) = 0")
            sure.append(holds(exp.condition("COALESCE(w.possible, 0) = 0")))
        excused: exp.Expr = literal(0)
        if o.exempt is not None:
            condition = compiled(o.exempt, "x")
            excused = (
                exp.case()
                .when(condition, literal(1))
                .when(exp.Not(this=exp.paren(condition.copy())), literal(0))
            )
        query = query.select(exp.alias_(_product(sure), "sure"), exp.alias_(excused, "excused"))
        return _with_months(query, spans, ("person_id",), o, stages)

    key = (bearer, o.exempt, o.pro_rata)
    return stages.stage(f"bound_members_by_{every.value}", make, *key)


def _spans(when: Condition, stages: Stages) -> exp.Query:
    bound = compiled(when, "f")
    query = (
        select("f.person_id", "f.org_id", "f.status", "f.exempt", "f.valid_from", "f.valid_to")
        .select(exp.alias_(holds(bound), "sure"))
        .from_(stages.fact("memberships", "f"))
        .where(not_false(bound))
    )
    return stages.only(query, "f.person_id", stages.person_ids)


def _last_row(spans: str, every: Every, stages: Stages) -> exp.Select:
    """The membership that answers for a person: the last begun by the day."""
    place = (
        "ROW_NUMBER() OVER (PARTITION BY s.person_id, p.period_start"
        " ORDER BY s.valid_from DESC, s.org_id DESC) AS place"
    )
    ranked = (
        select("s.*", "p.period_start", "p.due_on", "p.day", place)
        .from_(f"{spans} AS s")
        .join(f"{stages.periods(every)} AS p", on="s.valid_from <= p.day")
    )
    return select("x.person_id", "x.org_id", "x.period_start", "x.due_on", "x.day").from_(
        ranked.subquery("x")
    )


def _barred(without: Condition, every: Every, stages: Stages) -> str:
    """Persons who hold such a post on the day."""

    def make() -> exp.Query:
        bar = compiled(without, "f", POST_COLUMNS)
        query = (
            select("f.person_id", "p.period_start")
            .select(exp.alias_(exp.Max(this=holds(bar)), "certain"))
            .select(exp.alias_(exp.Max(this=may_hold(bar)), "possible"))
            .from_(stages.fact("posts", "f"))
            .join(stages.fact("orgs", "o"), on="o.org_id = f.org_id")
            .join(f"{stages.periods(every)} AS p", on=covers("f", "p.day"))
        )
        query = stages.only(query, "f.person_id", stages.person_ids)
        return query.group_by("f.person_id", "p.period_start")

    return stages.stage(f"post_holders_by_{every.value}", make, without)


# ---------------------------------------------------------------- persons in posts


def _holders(o: m.Obligation, bearer: m.PostBearer, stages: Stages) -> str:
    every, key = o.every, ("person_id", "org_id")

    def make() -> exp.Query:
        spans = stages.stage("post_spans", lambda: _post_spans(bearer.when, stages), bearer.when)
        present = _present(spans, key, every, stages)
        in_time = (
            covers("s", "p.day")
            if bearer.on_day
            else _meets("s", "p.period_start", "p.period_end")
        )
        held = (
            select("s.person_id", "s.org_id", "p.period_start", "p.due_on", "p.day")
            .select("MAX(s.sure) AS sure")
            .from_(f"{spans} AS s")
            .join(f"{stages.periods(every)} AS p", on=in_time)
            .group_by("s.person_id", "s.org_id", "p.period_start", "p.due_on", "p.day")
        )
        query = (
            select("x.person_id", "x.org_id", "x.period_start", "x.due_on", "x.day", "x.sure")
            .select("0 AS excused")
            .from_(held.subquery("x"))
            .join(
                f"{present} AS e",
                on="e.person_id = x.person_id AND e.org_id = x.org_id"
                " AND e.period_start = x.period_start",
            )
        )
        if bearer.linked:
            links = (
                select("1")
                .from_(stages.fact("relations", "r"))
                .where("r.person_id = x.person_id", covers("r", "x.day"))
                .where(exp.EQ(this=exp.column("kind", "r"), expression=literal(bearer.linked)))
            )
            query = query.where(exp.Exists(this=links))
        return _with_months(query, spans, key, o, stages)

    return stages.stage(f"bound_posts_by_{every.value}", make, bearer, o.pro_rata)


def _post_spans(when: Condition, stages: Stages) -> exp.Query:
    bound = compiled(when, "f", POST_COLUMNS)
    query = (
        select("f.person_id", "f.org_id", "f.valid_from", "f.valid_to")
        .select(exp.alias_(holds(bound), "sure"))
        .from_(stages.fact("posts", "f"))
        .join(stages.fact("orgs", "o"), on="o.org_id = f.org_id")
        .where(not_false(bound))
    )
    return stages.only(query, "f.person_id", stages.person_ids)


# ---------------------------------------------------------------- spans of a person


def _meets(alias: str, start: str, end: str) -> str:
    return (
        f"{alias}.valid_from < {end} AND ({alias}.valid_to IS NULL OR {alias}.valid_to > {start})"
    )


def _present(spans: str, key: tuple[str, ...], every: Every, stages: Stages) -> str:
    """Who is there long enough to be bound in which period; touching spans count as one."""
    merged = stages.stage("merged_spans", lambda: _merged(spans, key), spans)

    def make() -> exp.Query:
        query = select(*(f"i.{column}" for column in key)).from_(f"{merged} AS i")
        return stages.present(query, "i", every).select("p.period_start").distinct()

    return stages.stage(f"present_by_{every.value}", make, spans)


def _merged(spans: str, key: tuple[str, ...]) -> exp.Query:
    far = "COALESCE(s.valid_to, {})".format(exp.cast("'9999-12-31'", "date").sql())
    keys = ", ".join(f"s.{column}" for column in key)
    outer = ", ".join(f"t.{column}" for column in key)
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    starts = (
        select(*(f"s.{column}" for column in key), "s.valid_from", f"{far} AS valid_to")
        .select(
            f"CASE WHEN s.valid_from <= MAX({far}) OVER"
            f" (PARTITION BY {keys} ORDER BY s.valid_from, {far} {before})"
            " THEN 0 ELSE 1 END AS opens"
        )
        .from_(f"{spans} AS s")
    )
    numbered = (
        select("t.*")
        .select(
            f"SUM(t.opens) OVER (PARTITION BY {outer} ORDER BY t.valid_from, t.valid_to,"
            " t.opens DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island"
        )
        .from_(starts.subquery("t"))
    )
    names = [f"u.{column}" for column in key]
    return (
        select(*names, "MIN(u.valid_from) AS valid_from", "MAX(u.valid_to) AS valid_to")
        .from_(numbered.subquery("u"))
        .group_by(*names, "u.island")
    )


def _with_months(
    query: exp.Select, spans: str, key: tuple[str, ...], o: m.Obligation, stages: Stages
) -> exp.Select:
    """Add `months`: how many months of the period the bearer's spans touch."""
    if not o.pro_rata:
        return query.select("12 AS months")

    def make() -> exp.Query:
        names = [f"s.{column}" for column in key]
        return (
            select(*names, "n.period_start", "COUNT(DISTINCT n.month_start) AS months")
            .from_(f"{spans} AS s")
            .join(f"{stages.months(o.every)} AS n", on=_meets("s", "n.month_start", "n.month_end"))
            .group_by(*names, "n.period_start")
        )

    touched = stages.stage(f"months_touched_by_{o.every.value}", make, spans)
    same = " AND ".join(f"g.{column} = x.{column}" for column in key)
    return query.join(f"{touched} AS g", on=f"{same} AND g.period_start = x.period_start").select(
        "g.months"
    )
