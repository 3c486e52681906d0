"""How long somebody is there, as SQL: spans joined, and the periods and months that they fill.

Rows are spans of memberships or posts: the columns of a key, valid_from and valid_to. Nearly
everybody has one; what needs an order or a distinct count is done for the others alone.
"""

from sqlglot import exp, select, union

from guantong.conditions.compile import literal
from guantong.obligations.stages import Stages, Timeline, cases, days_later
from guantong.periods import Rhythm

FAR = "COALESCE(s.valid_to, {})".format(exp.cast("'9999-12-31'", "date").sql())

type Key = tuple[str, ...]


def same(key: Key, one: str, other: str) -> str:
    """SQL for: the same bearer and period."""
    return " AND ".join(f"{one}.{c} = {other}.{c}" for c in (*key, "period_start"))


def meets(alias: str, first: str, last: str) -> str:
    """SQL for: the span of `alias` has a day from `first` to `last`, both included."""
    ends = f"({alias}.valid_to IS NULL OR {alias}.valid_to > {first})"
    return f"{alias}.valid_from <= {last} AND {ends}"


def often(rows: str, key: Key, stages: Stages) -> str:
    """The keys of which there is more than one row."""

    def make() -> exp.Query:
        names = [f"s.{column}" for column in key]
        return select(*names).from_(f"{rows} AS s").group_by(*names).having("COUNT(*) > 1")

    return stages.stage(f"often_in_{rows}", make, rows)


def merged(rows: str, key: Key, stages: Stages) -> str:
    """Spans that touch or overlap, as one; valid_to is never null."""

    def make() -> exp.Query:
        several = often(rows, key, stages)
        names = [f"s.{column}" for column in key]
        on = " AND ".join(f"o.{column} = s.{column}" for column in key)
        alone = (
            select(*names, "s.valid_from", f"{FAR} AS valid_to")
            .from_(f"{rows} AS s")
            .join(f"{several} AS o", on=on, join_type="left")
            .where(f"o.{key[0]} IS NULL")
        )
        return union(alone, _islands(rows, key, several, on), distinct=False)

    return stages.stage("merged_spans", make, rows)


def _islands(rows: str, key: Key, several: str, on: str) -> exp.Select:
    keys = ", ".join(f"s.{column}" for column in key)
    outer = ", ".join(f"t.{column}" for column in key)
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    starts = (
        select(*(f"s.{column}" for column in key), "s.valid_from", f"{FAR} AS valid_to")
        .select(
            f"CASE WHEN s.valid_from <= MAX({FAR}) OVER"
            f" (PARTITION BY {keys} ORDER BY s.valid_from, {FAR} {before})"
            " THEN 0 ELSE 1 END AS opens"
        )
        .from_(f"{rows} AS s")
        .join(f"{several} AS o", on=on)
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


def timeline(rows: str, key: Key, rhythm: Rhythm, stages: Stages) -> Timeline:
    """The shared periods, or from the day a bearer's spans began, if they last to the end."""
    if not rhythm.own:
        return shared(rhythm, stages)

    def make() -> exp.Query:
        query = from_trigger("s", rhythm, stages).select(*(f"s.{column}" for column in key))
        due = days_later("s.valid_from", rhythm.days)
        lasts = exp.GT(this=exp.column("valid_to", "s"), expression=due)
        return query.from_(f"{merged(rows, key, stages)} AS s").where(lasts)

    stage = stages.stage(f"{key[-1]}s_by_{rhythm.name}", make, rows)
    return Timeline(stage, rhythm, stage, key, joined=True)


def shared(rhythm: Rhythm, stages: Stages) -> Timeline:
    """The periods that all bearers share."""
    few = stages.question.scope is not None
    return Timeline(rhythm.name, rhythm, stages.periods(rhythm), joined=few)


def from_trigger(alias: str, rhythm: Rhythm, stages: Stages) -> exp.Select:
    """period_start, due_on and day of the spans `alias` that begin in the time asked about."""
    question, due = stages.question, days_later(f"{alias}.valid_from", rhythm.days)
    on, start = literal(question.on), exp.column("valid_from", alias)
    day = cases((exp.LT(this=due, expression=on), due.copy()), default=on.copy())
    return (
        select(f"{alias}.valid_from AS period_start")
        .select(exp.alias_(due.copy(), "due_on"), exp.alias_(day, "day"))
        .where(exp.GTE(this=start, expression=literal(question.span.start)))
        .where(exp.LTE(this=start.copy(), expression=on.copy()))
        .where(exp.LT(this=start.copy(), expression=literal(question.span.end)))
    )


def present(rows: str, key: Key, rhythm: Rhythm, stages: Stages) -> str:
    """Who is there long enough to be bound in which period; touching spans count as one."""

    def make() -> exp.Query:
        query = select(*(f"i.{column}" for column in key))
        query = query.from_(f"{merged(rows, key, stages)} AS i")
        return stages.present(query, "i", rhythm).select("p.period_start").distinct()

    return stages.stage(f"present_by_{rhythm.name}", make, rows)


def months_touched(rows: str, key: Key, rhythm: Rhythm, stages: Stages) -> str:
    """Key, period_start and `months`: how many months of the period the spans share a day with.

    A month that two spans share counts once, so those with gaps between are counted by month.
    """

    def make() -> exp.Query:
        whole = merged(rows, key, stages)
        broken = often(whole, key, stages)
        names = [f"i.{column}" for column in key]
        on = " AND ".join(f"o.{column} = i.{column}" for column in key)
        months, most = stages.months_beside(rhythm)
        lasting = (
            select(*names, "m.period_start", exp.alias_(_shared_months(most), "months"))
            .from_(f"{whole} AS i")
            .join(f"{months} AS m", on="i.valid_from < m.until AND i.valid_to > m.since")
            .join(f"{broken} AS o", on=on, join_type="left")
            .where(f"o.{key[0]} IS NULL")
        )
        gappy = (
            select(*names, "n.period_start", "COUNT(DISTINCT n.month_start) AS months")
            .from_(f"{whole} AS i")
            .join(f"{broken} AS o", on=on)
            .join(
                f"{stages.months(rhythm)} AS n",
                on="i.valid_from < n.month_end AND i.valid_to > n.month_start",
            )
            .group_by(*names, "n.period_start")
        )
        return union(lasting, gappy, distinct=False)

    return stages.stage(f"months_touched_by_{rhythm.name}", make, rows)


def _shared_months(most: int) -> exp.Expr:
    """In how many of the months of `m` the span `i` has a day: added up in each row, which is far
    less work than a row for each month.
    """
    touched = "CASE WHEN i.valid_from < m.end_{0} AND i.valid_to > m.start_{0} THEN 1 ELSE 0 END"
    return exp.condition(" + ".join(touched.format(n) for n in range(1, most + 1)) or "0")
