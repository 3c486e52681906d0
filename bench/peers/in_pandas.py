"""The same obligations as `in_polars`, in pandas: column operations only, no row loops."""

from pathlib import Path

import numpy as np
import pandas as pd
from common import HOSTED, LEADER, LEADERS, MEMBER, ON, STUDY, YEAR_END, YEAR_START, tell

START, END, TODAY = map(pd.Timestamp, (YEAR_START, YEAR_END, ON))
LAST = END - pd.Timedelta(days=1)
FAR = pd.Timestamp("2200-01-01")


def assess(facts: Path) -> pd.DataFrame:
    held = _read(facts, "activities", ["activity_id", "kind", "held_on", "planned"])
    held = held[~held["planned"].astype(bool) & held["held_on"].between(START, LAST)]
    found = [*hosted(facts, held), *study(facts, held)]
    return pd.concat(found, ignore_index=True)


def _read(facts: Path, table: str, columns: list[str]) -> pd.DataFrame:
    read = pd.read_parquet(facts / f"{table}.parquet", columns=columns)
    for column in {"held_on", "valid_from", "valid_to"} & set(columns):
        read[column] = pd.to_datetime(read[column])
    if "valid_to" in columns:
        read["valid_to"] = read["valid_to"].fillna(FAR)
    return read


def _whole_month(since: pd.Series) -> pd.Series:
    """The first day of the first month that begins on the day or later."""
    month = since.dt.to_period("M").dt.to_timestamp()
    return month.where(month == since, month + pd.offsets.MonthBegin(1))


def hosted(facts: Path, held: pd.DataFrame) -> list[pd.DataFrame]:
    lengths = {kind: months for _, kind, months, _ in HOSTED}
    counted = held[held["kind"].isin(lengths)]
    counted = counted.assign(
        period=(counted["held_on"].dt.month - 1) // counted["kind"].map(lengths).astype("int32")
    )
    counted = counted.merge(_read(facts, "hosts", ["activity_id", "org_id"]), on="activity_id")
    counted = counted.groupby(["kind", "org_id", "period"], observed=True).size()
    orgs = _read(facts, "orgs", ["org_id", "kind", "valid_from", "valid_to"])
    return [_meetings(orgs, counted, *rule) for rule in HOSTED]


def _meetings(
    orgs: pd.DataFrame, counted: pd.Series, name: str, kind: str, months: int, of: list[str]
) -> pd.DataFrame:
    firsts = pd.date_range(START, END, freq=pd.offsets.MonthBegin(months), inclusive="left")
    periods = pd.DataFrame({"period": range(len(firsts)), "first": firsts})
    periods["end"] = periods["first"] + pd.DateOffset(months=months)
    bound = orgs[orgs["kind"].isin(of)].merge(periods, how="cross")
    if months == 1:  # there on the month's last day
        there = (bound["valid_from"] < bound["end"]) & (bound["valid_to"] >= bound["end"])
    else:
        whole = _whole_month(bound[["valid_from", "first"]].max(axis=1))
        until = bound[["valid_to", "end"]].min(axis=1)
        there = whole + pd.offsets.MonthBegin(1) <= until
    bound = bound[there]
    times = counted.loc[kind].rename("times").reset_index()
    found = bound.merge(times, on=["org_id", "period"], how="left")
    times = found["times"].fillna(0)
    return pd.DataFrame(
        {
            "obligation": name,
            "org_id": found["org_id"],
            "person_id": pd.array([pd.NA] * len(found), dtype="Int64"),
            "period_start": found["first"],
            "verdict": np.where(times >= 1, "met", "short"),
            "actual": times,
        }
    )


def study(facts: Path, held: pd.DataFrame) -> list[pd.DataFrame]:
    attended = _attended(facts, held[held["kind"].isin(STUDY)])
    posts = _read(facts, "posts", ["person_id", "org_id", "post", "valid_from", "valid_to"])
    posts = posts[posts["post"].isin(LEADERS) & (posts["valid_from"] <= TODAY)]
    leaders = _leaders(posts).join(attended, on="person_id")
    members = _members(facts, posts).join(attended, on="person_id")
    trained = leaders["trainings"].fillna(0)
    verdict = np.where(trained >= 1, "met", "short")
    return [
        _hours("member-study-hours", members, MEMBER),
        _hours("leader-study-hours", leaders, LEADER),
        _entries("leader-central-training", leaders, verdict, trained),
    ]


def _attended(facts: Path, held: pd.DataFrame) -> pd.DataFrame:
    rows = _read(facts, "attendances", ["activity_id", "person_id", "role", "hours"])
    rows["hours"] = rows["hours"].astype("float64")
    rows["counts"] = rows["role"] != "recorder"
    kinds = held.set_index("activity_id")["kind"]
    rows = rows.drop(columns="role").merge(
        (kinds == "central_training").rename("training"), left_on="activity_id", right_index=True
    )
    rows["unsure"] = rows["counts"] & rows["hours"].isna()
    rows["hours"] = rows["hours"].where(rows["counts"], 0.0)
    found = rows.groupby("person_id")[["hours", "unsure", "training"]].sum()
    return found.rename(columns={"training": "trainings"})


def _members(facts: Path, posts: pd.DataFrame) -> pd.DataFrame:
    columns = ["person_id", "org_id", "exempt", "valid_from", "valid_to"]
    spans = _read(facts, "memberships", columns)
    spans = spans[spans["valid_from"] <= TODAY].sort_values(["person_id", "valid_from"])
    same = spans["person_id"] == spans["person_id"].shift()
    spans["island"] = (~(same & (spans["valid_from"] == spans["valid_to"].shift()))).cumsum()
    grouped = spans.groupby("island")
    spells = pd.DataFrame(
        {
            "person_id": grouped["person_id"].first(),
            "since": grouped["valid_from"].min().clip(lower=START),
            "until": grouped["valid_to"].max().clip(upper=END),
        }
    )
    spells = spells[spells["since"] < spells["until"]]
    spells["bound"] = _whole_month(spells["since"]) + pd.offsets.MonthBegin(1) <= spells["until"]
    first = spells["since"].dt.month
    last = (spells["until"] - pd.Timedelta(days=1)).dt.month
    # Two spells may share the month in which one ends and the other begins.
    shared = (spells["person_id"] == spells["person_id"].shift()) & (first == last.shift())
    spells["months"] = last - first + 1 - shared
    months = spells.groupby("person_id").agg({"months": "sum", "bound": "any"})
    months = months.loc[months["bound"], ["months"]]
    answering = (
        spans[spans["valid_from"] <= LAST].groupby("person_id")[["org_id", "exempt"]].last()
    )
    found = answering.join(months, how="inner").reset_index()
    barred = posts[(posts["valid_from"] <= LAST) & (posts["valid_to"] > LAST)]["person_id"]
    return found[~found["person_id"].isin(barred)]


def _leaders(posts: pd.DataFrame) -> pd.DataFrame:
    """In office on the last day and for a whole month; these facts have one span a post."""
    grouped = posts.groupby(["person_id", "org_id"])
    held = grouped.agg({"valid_from": "min", "valid_to": "max"}).reset_index()
    since = held["valid_from"].clip(lower=START)
    held["months"] = 13 - since.dt.month
    held["exempt"] = False
    there = (held["valid_from"] <= LAST) & (held["valid_to"] > LAST)
    return held[there & (_whole_month(since) + pd.offsets.MonthBegin(1) <= END)]


def _hours(name: str, bound: pd.DataFrame, standard: list[float]) -> pd.DataFrame:
    required = np.asarray(standard)[bound["months"].to_numpy(dtype="int64") - 1]
    hours = bound["hours"].fillna(0)
    verdict = np.select(
        [bound["exempt"].astype(bool), hours.round(2) >= required, bound["unsure"].fillna(0) > 0],
        ["exempt", "met", "unknown"],
        "short",
    )
    return _entries(name, bound, verdict, hours)


def _entries(
    name: str, bound: pd.DataFrame, verdict: np.ndarray, actual: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "obligation": name,
            "org_id": bound["org_id"],
            "person_id": bound["person_id"],
            "period_start": START,
            "verdict": verdict,
            "actual": actual,
        }
    )


if __name__ == "__main__":
    tell(assess, lambda answer, file: answer.to_parquet(file))
