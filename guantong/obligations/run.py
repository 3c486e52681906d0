"""Run a question: print its SQL for an engine, turn rows into entries, entries into a file."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import IO, Any

from sqlglot import exp

from guantong.obligations import model as m
from guantong.obligations.compile import compile_question
from guantong.obligations.stages import Source, unscaled
from guantong.periods import Period

BY_NAME: Source = exp.to_table  # the fact tables as they are called
HEADER = [
    "obligation",
    "bearer_kind",
    "org_id",
    "person_id",
    "period_start",
    "period_end",
    "due_on",
    "required",
    "actual",
    "verdict",
]


def sql(question: m.Question, source: Source, dialect: str, *, pretty: bool = False) -> str:
    """Return the query of a question as text for `sqlite`, `postgres`, `duckdb` or `spark`.

    `pretty`: for people, in lines and with a comment that tells which obligation asks for what.
    """
    query = compile_question(question, source)
    return query.sql(dialect=dialect, pretty=pretty, comments=pretty, copy=False)


def entries(rows: Iterable[Sequence[Any]]) -> list[m.Entry]:
    """Turn the rows of a question's query into sorted entries."""
    return sorted(map(_entry, rows), key=lambda entry: entry.sort_key)


def _entry(row: Sequence[Any]) -> m.Entry:
    (
        name,
        bearer_kind,
        org_id,
        person_id,
        start,
        due_on,
        required,
        found,
        possible,
        under,
        verdict,
    ) = row
    numerator, denominator = unscaled(found), unscaled(under)
    actual = numerator
    if denominator is not None and numerator is not None:
        actual = m.share(numerator, denominator) if possible is not None else None
    return m.Entry(
        obligation=name,
        bearer_kind=bearer_kind,
        org_id=org_id,
        person_id=person_id,
        period=_period(start, due_on),
        required=unscaled(required),
        actual=actual,
        verdict=m.Verdict(verdict),
        numerator=numerator if denominator is not None else None,
        denominator=denominator,
    )


@lru_cache(maxsize=4096)
def _period(start: date | str, due_on: date | str) -> Period:
    return Period(_day(start), _day(due_on) + timedelta(days=1))


def _day(value: date | str) -> date:
    """SQLite keeps days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def write_csv(found: Iterable[m.Entry], file: IO[str]) -> None:
    """Write entries as the contract of the fact tables lays them out."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for entry in found:
        writer.writerow(
            [
                entry.obligation,
                entry.bearer_kind,
                entry.org_id,
                "" if entry.person_id is None else entry.person_id,
                entry.period.start,
                entry.period.end,
                entry.due_on,
                plain(entry.required),
                plain(entry.actual),
                entry.verdict.value,
            ]
        )


def plain(value: Decimal | None) -> str:
    """A number without needless zeros; empty where not known."""
    if value is None:
        return ""
    text = f"{value + 0:f}"  # a small negative share rounds to -0, which is 0
    return text.rstrip("0").rstrip(".") if "." in text else text
