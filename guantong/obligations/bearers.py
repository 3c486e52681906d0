"""Who is bound, as SQL: one stage per kind of bearer and period length, shared by obligations.

Every stage made here has the columns org_id, person_id (not for organisations), period_start,
due_on, day, `sure` (1: bound, 0: not known whether), `excused` (1 exempt, null not known) and,
where a standard is pro rata, `months`.
"""

from dataclasses import dataclass

from sqlglot import exp, select, union

from guantong.conditions.compile import literal
from guantong.conditions.model import Condition
from guantong.obligations import model as m
from guantong.obligations import spans
from guantong.obligations.scans import state_scan
from guantong.obligations.stages import (
    Stages,
    Timeline,
    cases,
    compiled,
    covers,
    holds,
    may_hold,
    not_false,
)
from guantong.periods import Every, Rhythm

ORG_COLUMNS = ("o.org_id", "o.kind", "o.category", "o.valid_from", "o.valid_to")
POST_COLUMNS = {"org_kind": "o.kind", "org_category": "o.category"}


@dataclass(frozen=True)
class Bearers:
    """The stage that lists who is bound when, and the periods that scans are to count by.

    `among`: a stage with the person_id of everybody who may be bound, where they are few.
    """

    stage: str
    at: Timeline
    among: str | None = None


def bearers(o: m.Obligation, stages: Stages) -> Bearers:
    """Return the bearers of an obligation."""
    match o.bearer:
        case m.OrgBearer(when):
            return _orgs(o, when, stages)
        case m.MemberBearer():
            return _members(o, o.bearer, stages)
        case m.PostBearer():
            return _holders(o, o.bearer, stages)


# ---------------------------------------------------------------- organisations


def _orgs(o: m.Obligation, when: Condition, stages: Stages) -> Bearers:
    there_still = isinstance(o.measure, m.ON_THE_DAY)
    there, at = _orgs_there(o.rhythm, stages)

    def make() -> exp.Query:
        bound = compiled(when, "b")
        query = select("b.org_id", "b.period_start", "b.due_on", "b.day").from_(f"{there} AS b")
        query = query.where(not_false(bound))
        if there_still:
            query = query.where(covers("b", "b.day"))
        sure: list[exp.Expr] = [holds(bound)]
        for i, having in enumerate(o.having):
            scan = state_scan(having.state, at, stages, scoped=True)
            query = query.join(
                f"{scan.stage} AS h{i}",
                on=f"h{i}.org_id = b.org_id AND h{i}.period_start = b.period_start",
                join_type="left",
            )
            enough = f"COALESCE(h{i}.{{}}, 0) >= {int(having.at_least)}"
            query = query.where(enough.format(scan.possible))
            sure.append(holds(exp.condition(enough.format(scan.certain))))
        excused = exp.alias_(_excused(o, "b"), "excused")
        return query.select(exp.alias_(_product(sure), "sure"), excused, "12 AS months")

    key = (when, o.having, o.exempt, there_still)
    return Bearers(stages.stage(f"bound_orgs_by_{o.rhythm.name}", make, *key), at)


def _excused(o: m.Obligation, alias: str) -> exp.Expr:
    """1 exempt, 0 not, null not known."""
    if o.exempt is None:
        return literal(0)
    condition = compiled(o.exempt, alias)
    no = exp.Not(this=exp.paren(condition.copy()))
    return cases((condition, literal(1)), (no, literal(0)))


def _product(factors: list[exp.Expr]) -> exp.Expr:
    product = factors[0]
    for factor in factors[1:]:
        product = exp.Mul(this=product, expression=factor)
    return product


def _orgs_there(rhythm: Rhythm, stages: Stages) -> tuple[str, Timeline]:
    """Organisations with the periods in which they are there; in periods of their own, both."""
    if not rhythm.own:
        return _orgs_present(rhythm, stages), spans.shared(rhythm, stages)
    there = _terms(stages) if rhythm.every is Every.TERM else _orgs_within(rhythm, stages)
    return there, Timeline(there, rhythm, there, ("org_id",), joined=True)


def _orgs_present(rhythm: Rhythm, stages: Stages) -> str:
    def make() -> exp.Query:
        query = select(*ORG_COLUMNS).from_(stages.fact("orgs", "o"))
        query = stages.only(stages.present(query, "o", rhythm), "o.org_id", stages.org_ids)
        return query.select("p.period_start", "p.due_on", "p.day").distinct()

    return stages.stage(f"orgs_by_{rhythm.name}", make)


def _orgs_within(rhythm: Rhythm, stages: Stages) -> str:
    """From the day an organisation was founded, if it was there to the end."""

    def make() -> exp.Query:
        dated = spans.from_trigger("s", rhythm, stages).select("s.org_id")
        dated = dated.from_(stages.fact("orgs", "s"))
        query = select(*ORG_COLUMNS, "d.period_start", "d.due_on", "d.day")
        query = query.from_(dated.subquery("d")).join(
            stages.fact("orgs", "o"),
            on="o.org_id = d.org_id AND (o.valid_to IS NULL OR o.valid_to > d.due_on)",
        )
        return stages.only(query, "o.org_id", stages.org_ids)

    return stages.stage(f"orgs_by_{rhythm.name}", make)


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
            select(*ORG_COLUMNS, "d.period_start", "d.due_on", "d.day")
            .from_(dated)
            .join(stages.fact("orgs", "o"), on=f"o.org_id = d.org_id AND {covers('o', 'd.day')}")
        )
        return stages.only(query, "o.org_id", stages.org_ids)

    return stages.stage("orgs_by_term", make)


# ---------------------------------------------------------------- members


def _members(o: m.Obligation, bearer: m.MemberBearer, stages: Stages) -> Bearers:
    rows = stages.stage("member_spans", lambda: _spans(bearer.when, stages), bearer.when)
    key = ("person_id",)
    at = spans.timeline(rows, key, o.rhythm, stages)

    def make() -> exp.Query:
        query = _answering(rows, at, stages)
        if not at.key:
            present = spans.present(rows, key, o.rhythm, stages)
            query = query.join(f"{present} AS e", on=spans.same(key, "e", "x"))
        sure: list[exp.Expr] = [exp.column("sure", "x")]
        if bearer.without_post is not None:
            barred = _barred(bearer.without_post, at, stages)
            query = query.join(
                f"{barred} AS w", on=spans.same(key, "w", "x"), join_type="left"
            ).where("COALESCE(w.certain, 0) = 0")
            sure.append(holds(exp.condition("COALESCE(w.possible, 0) = 0")))
        excused = exp.alias_(_excused(o, "x"), "excused")
        query = query.select(exp.alias_(_product(sure), "sure"), excused)
        return _with_months(query, rows, key, o, stages)

    named = (bearer, o.exempt, o.pro_rata)
    return Bearers(stages.stage(f"bound_members_by_{o.rhythm.name}", make, *named), at)


def _spans(when: Condition, stages: Stages) -> exp.Query:
    bound = compiled(when, "f")
    query = (
        select("f.person_id", "f.org_id", "f.status", "f.exempt", "f.valid_from", "f.valid_to")
        .select(exp.alias_(holds(bound), "sure"))
        .from_(stages.fact("memberships", "f"))
        .where(not_false(bound))
    )
    return stages.only(query, "f.person_id", stages.person_ids)


def _answering(rows: str, at: Timeline, stages: Stages) -> exp.Select:
    """The membership that answers for a person as `x`: the last begun by the day.

    Few people have more than one; only for them is there anything to put in order.
    """
    often = spans.often(rows, ("person_id",), stages)
    mine = "p.person_id = s.person_id AND " if at.key else ""
    begun = select("s.*", "p.period_start", "p.due_on", "p.day").from_(f"{rows} AS s")
    begun = begun.join(f"{at.stage} AS p", on=f"{mine}s.valid_from <= p.day")
    alone = begun.copy().join(f"{often} AS o", on="o.person_id = s.person_id", join_type="left")
    place = (
        "ROW_NUMBER() OVER (PARTITION BY s.person_id, p.period_start"
        " ORDER BY s.valid_from DESC, s.org_id DESC) AS place"
    )
    among = begun.join(f"{often} AS o", on="o.person_id = s.person_id").select(place)
    columns = [f"r.{column}" for column in ANSWERING]
    last = select(*columns).from_(among.subquery("r")).where("r.place = 1")
    alone = select(*columns).from_(alone.where("o.person_id IS NULL").subquery("r"))
    both = union(alone, last, distinct=False).subquery("x")
    return select("x.person_id", "x.org_id", "x.period_start", "x.due_on", "x.day").from_(both)


ANSWERING = (
    *("person_id", "org_id", "status", "exempt", "valid_from", "valid_to", "sure"),
    *("period_start", "due_on", "day"),
)


def _barred(without: Condition, at: Timeline, stages: Stages) -> str:
    """Persons who hold such a post on the day."""

    def make() -> exp.Query:
        bar = compiled(without, "f", POST_COLUMNS)
        mine = "p.person_id = f.person_id AND " if at.key else ""
        query = (
            select("f.person_id", "p.period_start")
            .select(exp.alias_(exp.Max(this=holds(bar)), "certain"))
            .select(exp.alias_(exp.Max(this=may_hold(bar)), "possible"))
            .from_(stages.fact("posts", "f"))
            .join(stages.fact("orgs", "o"), on="o.org_id = f.org_id")
            .join(f"{at.stage} AS p", on=mine + covers("f", "p.day"))
        )
        query = stages.only(query, "f.person_id", stages.person_ids)
        return query.group_by("f.person_id", "p.period_start")

    return stages.stage(f"post_holders_by_{at.name}", make, without)


# ---------------------------------------------------------------- persons in posts


def _holders(o: m.Obligation, bearer: m.PostBearer, stages: Stages) -> Bearers:
    key = ("person_id", "org_id")
    rows = stages.stage("post_spans", lambda: _post_spans(bearer.when, stages), bearer.when)
    at = spans.timeline(rows, key, o.rhythm, stages)

    def make() -> exp.Query:
        query = (
            select("x.person_id", "x.org_id", "x.period_start", "x.due_on", "x.day", "x.sure")
            .select("x.excused")
            .from_(_held_in(rows, o, bearer, at).subquery("x"))
        )
        if not at.key:
            present = spans.present(rows, key, o.rhythm, stages)
            query = query.join(f"{present} AS e", on=spans.same(key, "e", "x"))
        if bearer.linked:
            links = (
                select("1")
                .from_(stages.fact("relations", "r"))
                .where("r.person_id = x.person_id", covers("r", "x.day"))
                .where(exp.EQ(this=exp.column("kind", "r"), expression=literal(bearer.linked)))
            )
            query = query.where(exp.Exists(this=links))
        return _with_months(query, rows, key, o, stages)

    named = (bearer, o.exempt, o.pro_rata)
    return Bearers(stages.stage(f"bound_posts_by_{o.rhythm.name}", make, *named), at, rows)


def _held_in(rows: str, o: m.Obligation, bearer: m.PostBearer, at: Timeline) -> exp.Select:
    """Who holds such a post on the day or in the period; what any of the posts says counts."""
    in_time = (
        covers("s", "p.day") if bearer.on_day else spans.meets("s", "p.period_start", "p.due_on")
    )
    if at.key:
        in_time = f"p.person_id = s.person_id AND p.org_id = s.org_id AND {in_time}"
    excused: exp.Expr = literal(0)
    if o.exempt is not None:
        condition = compiled(o.exempt, "s")
        certain, possible = (
            exp.EQ(this=exp.Max(this=flag), expression=literal(1))
            for flag in (holds(condition), may_hold(condition))
        )
        excused = cases((certain, literal(1)), (possible, exp.null()), default=literal(0))
    columns = ("s.person_id", "s.org_id", "p.period_start", "p.due_on", "p.day")
    return (
        select(*columns, "MAX(s.sure) AS sure")
        .select(exp.alias_(excused, "excused"))
        .from_(f"{rows} AS s")
        .join(f"{at.stage} AS p", on=in_time)
        .group_by(*columns)
    )


def _post_spans(when: Condition, stages: Stages) -> exp.Query:
    bound = compiled(when, "f", POST_COLUMNS)
    query = (
        select("f.person_id", "f.org_id", "f.valid_from", "f.valid_to", "f.post")
        .select("f.double_leader", "f.full_time", "o.kind AS org_kind")
        .select("o.category AS org_category", exp.alias_(holds(bound), "sure"))
        .from_(stages.fact("posts", "f"))
        .join(stages.fact("orgs", "o"), on="o.org_id = f.org_id")
        .where(not_false(bound))
    )
    return stages.only(query, "f.person_id", stages.person_ids)


def _with_months(
    query: exp.Select, rows: str, key: tuple[str, ...], o: m.Obligation, stages: Stages
) -> exp.Select:
    """Add `months`: how many months of the period the bearer's spans touch."""
    if not o.pro_rata:
        return query.select("12 AS months")
    touched = spans.months_touched(rows, key, o.rhythm, stages)
    return query.join(f"{touched} AS g", on=spans.same(key, "g", "x")).select("g.months")
