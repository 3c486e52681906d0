"""The obligations that read the large tables, in Polars: lazy, streaming, one query.

Hosted meetings of branches and groups, hours of study, central training of those in office.
"""

from datetime import date
from pathlib import Path

import polars as pl
from common import HOSTED, LEADER, LEADERS, MEMBER, ON, STUDY, YEAR_END, YEAR_START, tell

START, END, TODAY = map(date.fromisoformat, (YEAR_START, YEAR_END, ON))
FAR = date(9999, 12, 31)
LAST = date(2023, 12, 31)
COLUMNS = ("obligation", "org_id", "person_id", "period_start", "verdict", "actual")


def assess(facts: Path) -> pl.DataFrame:
    tables = {path.stem: pl.scan_parquet(path) for path in facts.glob("*.parquet")}
    held = tables["activities"].filter(
        ~pl.col("planned"), pl.col("held_on").is_between(START, END, closed="left")
    )
    found = [*hosted(tables, held), *study(tables, held)]
    return pl.concat(found).collect(engine="streaming")


def hosted(tables: dict[str, pl.LazyFrame], held: pl.LazyFrame) -> list[pl.LazyFrame]:
    """One count per organisation, kind and month; quarters and years are sums of months."""
    kinds = pl.DataFrame(
        {"kind": [kind for _, kind, _, _ in HOSTED], "months": [n for _, _, n, _ in HOSTED]}
    )
    month = pl.col("held_on").dt.month().cast(pl.Int32)
    period = ((month - 1) // pl.col("months")).cast(pl.Int32)
    counted = (
        held.join(kinds.lazy(), on="kind")
        .with_columns(period=period)
        .join(tables["hosts"], on="activity_id")
        .group_by("org_id", "kind", "period")
        .agg(times=pl.len())
    )
    return [_meetings(tables["orgs"], counted, *rule) for rule in HOSTED]


def _meetings(
    orgs: pl.LazyFrame, counted: pl.LazyFrame, name: str, kind: str, months: int, of: list[str]
) -> pl.LazyFrame:
    periods = pl.DataFrame(
        {
            "period": list(range(12 // months)),
            "first": [date(2023, 1 + months * i, 1) for i in range(12 // months)],
            "end": [
                date(2023 + (months * (i + 1)) // 12, 1 + months * (i + 1) % 12, 1)
                for i in range(12 // months)
            ],
        },
        schema_overrides={"period": pl.Int32},
    )
    since = pl.max_horizontal("valid_from", "first")
    whole = (
        pl.when(since.dt.day() == 1)
        .then(since)
        .otherwise(since.dt.offset_by("1mo").dt.month_start())
    )
    until = pl.min_horizontal(pl.col("valid_to").fill_null(FAR), "end")
    bound = (
        (pl.col("valid_from") < pl.col("end"))
        & (pl.col("valid_to").fill_null(FAR) >= pl.col("end"))
        if months == 1
        else whole.dt.offset_by("1mo") <= until
    )
    if months == 1:  # there on the month's last day
        bound = bound & (pl.col("valid_from") < pl.col("end"))
    return (
        orgs.filter(pl.col("kind").is_in(of))
        .join(periods.lazy(), how="cross")
        .filter(bound)
        .join(
            counted.filter(pl.col("kind") == kind).drop("kind"),
            on=["org_id", "period"],
            how="left",
        )
        .select(
            obligation=pl.lit(name),
            org_id="org_id",
            person_id=pl.lit(None, dtype=pl.Int64),
            period_start="first",
            verdict=pl.when(pl.col("times") >= 1).then(pl.lit("met")).otherwise(pl.lit("short")),
            actual=pl.col("times").fill_null(0).cast(pl.Float64),
        )
    )


def study(tables: dict[str, pl.LazyFrame], held: pl.LazyFrame) -> list[pl.LazyFrame]:
    counts = pl.col("role") != "recorder"
    attended = (
        tables["attendances"]
        .join(
            held.filter(pl.col("kind").is_in(STUDY)).select("activity_id", "kind"),
            on="activity_id",
        )
        .group_by("person_id")
        .agg(
            hours=pl.col("hours").cast(pl.Float64).filter(counts).sum(),
            unsure=(pl.col("hours").is_null() & counts).any(),
            trainings=(pl.col("kind") == "central_training").sum(),
        )
    )
    leaders = _leaders(tables["posts"], attended)
    return [_members(tables, attended), _leader_hours(leaders), _trained(leaders)]


def _members(tables: dict[str, pl.LazyFrame], attended: pl.LazyFrame) -> pl.LazyFrame:
    until = pl.col("valid_to").fill_null(FAR)
    spans = (
        tables["memberships"]
        .filter(pl.col("valid_from") <= TODAY)
        .with_columns(until=until)
        .sort("person_id", "valid_from")
        .with_columns(
            opens=pl.col("valid_from") != pl.col("until").shift(1).over("person_id"),
        )
        .with_columns(island=pl.col("opens").fill_null(value=True).cum_sum())
    )
    spells = spans.group_by("person_id", "island").agg(
        pl.col("valid_from").min(), pl.col("until").max()
    )
    since = pl.max_horizontal("valid_from", pl.lit(START))
    end = pl.min_horizontal("until", pl.lit(END))
    whole = (
        pl.when(since.dt.day() == 1)
        .then(since)
        .otherwise(since.dt.offset_by("1mo").dt.month_start())
    )
    last_month = (end - pl.duration(days=1)).dt.month().cast(pl.Int32)
    months = (
        spells.filter(pl.col("valid_from") < END, pl.col("until") > START)
        .with_columns(
            bound=whole.dt.offset_by("1mo") <= end,
            first=since.dt.month().cast(pl.Int32),
            last=last_month,
        )
        .sort("person_id", "first")
        # Two spells may share the month in which one ends and the other begins.
        .with_columns(
            shared=(pl.col("first") == pl.col("last").shift(1).over("person_id")).fill_null(
                value=False
            )
        )
        .group_by("person_id")
        .agg(
            months=(pl.col("last") - pl.col("first") + 1 - pl.col("shared").cast(pl.Int32)).sum(),
            bound=pl.col("bound").any(),
        )
        .filter("bound")
    )
    answering = (
        spans.filter(pl.col("valid_from") <= LAST)
        .group_by("person_id")
        .agg(
            pl.col("org_id").sort_by("valid_from").last(),
            pl.col("exempt").sort_by("valid_from").last(),
        )
    )
    barred = (
        tables["posts"].filter(pl.col("post").is_in(LEADERS), _on_last_day()).select("person_id")
    )
    bound = answering.join(months, on="person_id").join(barred, on="person_id", how="anti")
    return _hours("member-study-hours", bound.join(attended, on="person_id", how="left"), MEMBER)


def _on_last_day() -> pl.Expr:
    return (pl.col("valid_from") <= LAST) & (pl.col("valid_to").fill_null(FAR) > LAST)


def _leaders(posts: pl.LazyFrame, attended: pl.LazyFrame) -> pl.LazyFrame:
    """In office on the last day and for a whole month; these facts have one span a post."""
    since = pl.max_horizontal("valid_from", pl.lit(START))
    whole = (
        pl.when(since.dt.day() == 1)
        .then(since)
        .otherwise(since.dt.offset_by("1mo").dt.month_start())
    )
    months = 13 - since.dt.month().cast(pl.Int32)
    return (
        posts.filter(pl.col("post").is_in(LEADERS), pl.col("valid_from") <= TODAY)
        .group_by("person_id", "org_id")
        .agg(pl.col("valid_from").min(), pl.col("valid_to").fill_null(FAR).max())
        .filter(_on_last_day(), whole.dt.offset_by("1mo") <= pl.lit(END))
        .with_columns(months=months, exempt=pl.lit(value=False))
        .join(attended, on="person_id", how="left")
    )


def _leader_hours(leaders: pl.LazyFrame) -> pl.LazyFrame:
    return _hours("leader-study-hours", leaders, LEADER)


def _hours(name: str, bound: pl.LazyFrame, standard: list[float]) -> pl.LazyFrame:
    required = pl.col("months").replace_strict(
        list(range(1, 13)), standard, return_dtype=pl.Float64
    )
    hours = pl.col("hours").fill_null(0)
    verdict = (
        pl.when("exempt").then(pl.lit("exempt"))
        .when(hours.round(2) >= required).then(pl.lit("met"))
        .when("unsure").then(pl.lit("unknown"))
        .otherwise(pl.lit("short"))
    )  # fmt: skip
    return _entries(name, bound, verdict, hours)


def _trained(leaders: pl.LazyFrame) -> pl.LazyFrame:
    times = pl.col("trainings").fill_null(0)
    verdict = pl.when(times >= 1).then(pl.lit("met")).otherwise(pl.lit("short"))
    return _entries("leader-central-training", leaders, verdict, times.cast(pl.Float64))


def _entries(name: str, bound: pl.LazyFrame, verdict: pl.Expr, actual: pl.Expr) -> pl.LazyFrame:
    return bound.select(
        obligation=pl.lit(name),
        org_id="org_id",
        person_id="person_id",
        period_start=pl.lit(START),
        verdict=verdict,
        actual=actual,
    )


if __name__ == "__main__":
    tell(assess, lambda answer, file: answer.write_parquet(file))
