"""The obligations of the plan jyu-2021-2023 as an experienced engineer would write them in SQL.

The peer of the compiled ledger: the same entries from the same fact tables, by queries written
for this one plan (`bench/sql/`). Obligations that differ only in a kind and a number share one.
They lean on what the author of one database may know and the engine may not: which columns are
never null, that every standard was in force before records were kept, that a member has one
branch at a time. The text is the same for SQLite, DuckDB and PostgreSQL.

Besides the fact tables they read a calendar. `periods.day` is the last day, or the as-of day if
that is earlier; `limits.limit_day` is so many days before it. `stretches`: who is there from
`since` to `until` (included) for one stretch of a period is bound in it. `half_years`: by what day
who begins on `since` is to have done it.
`:on` is the as-of day, `:since` the day from which the ledger runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from guantong.obligations import model as m
from guantong.periods import CALENDAR as SHARED_PERIODS
from guantong.periods import Every, Rhythm

type Execute = Callable[[str], Any]  # runs a statement and gives a cursor
type Row = tuple[str, int, int | None, date, str, Decimal | None]

FOLDER = Path(__file__).with_name("sql")
WAITS = (31, 90, 92)  # days: a month, the validity of a letter, three months
SHARED = ("there", "holders")  # common table expressions that several queries begin with
CALENDAR = {
    "periods": "every VARCHAR(16), period_start DATE, period_end DATE, due_on DATE, day DATE",
    "stretches": "every VARCHAR(16), period_start DATE, since DATE, until DATE",
    "half_years": "since DATE, due_on DATE",
    "limits": "every VARCHAR(16), period_start DATE, days INTEGER, limit_day DATE",
}


def queries(question: m.Question) -> tuple[str, ...]:
    """The text of every query. Rows: obligation, org, person, period_start, verdict, actual."""
    texts = _texts(FOLDER)
    shared = {name: texts.pop(name).rstrip() for name in SHARED}
    return tuple(_filled(text, shared, question) for text in texts.values())


def tuned(question: m.Question) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For DuckDB and many schools: what is made first, and the queries that read it.

    Common table expressions become temporary tables, and the queries over the largest tables
    are written for this engine (`bench/sql/duckdb/`).
    """
    texts = _texts(FOLDER)
    shared = {name: texts.pop(name).rstrip() for name in SHARED}
    texts |= _texts(FOLDER / "duckdb")
    first = _filled(texts.pop("prepare"), shared, question).split(";\n")
    made = {name: f"{name}_is_a_table AS (SELECT 1)" for name in SHARED}
    return tuple(first), tuple(_filled(text, made, question) for text in texts.values())


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def _filled(text: str, shared: Mapping[str, str], question: m.Question) -> str:
    for name, part in shared.items():
        text = text.replace(f"{{{name}}}", part)
    days = {":on": question.on, ":since": question.span.start}
    for mark, day in days.items():
        text = text.replace(mark, f"'{day}'")
    return text


def make_calendar(execute: Execute, question: m.Question) -> None:
    """Make the calendar tables anew; whoever writes such queries has them already."""
    rows = {
        "periods": list(_periods(question)),
        "stretches": list(_stretches(question)),
        "half_years": list(_half_years(question)),
        "limits": list(_limits(question)),
    }
    for name, columns in CALENDAR.items():
        execute(f"DROP TABLE IF EXISTS {name}")
        execute(f"CREATE TEMP TABLE {name} ({columns})")
        if rows[name]:
            execute(f"INSERT INTO {name} VALUES {', '.join(map(_listed, rows[name]))}")


def _periods(question: m.Question) -> Iterator[tuple[str, date, date, date, date]]:
    for every in SHARED_PERIODS:
        for p in question.periods(Rhythm(every)):
            yield every, p.start, p.end, p.last_day, question.day(p)


def _stretches(question: m.Question) -> Iterator[Sequence[object]]:
    """Whole calendar months; for a month its last day."""
    for every in SHARED_PERIODS:
        for p in question.periods(Rhythm(every)):
            for month in p.whole_months():
                since = month.last_day if every is Every.MONTH else month.start
                yield every, p.start, since, month.last_day


def _half_years(question: m.Question) -> Iterator[Sequence[object]]:
    day = question.span.start
    while day <= min(question.on, question.span.last_day):
        yield day, day + timedelta(days=183)
        day += timedelta(days=1)


def _limits(question: m.Question) -> Iterator[Sequence[object]]:
    """Before which day a state must have begun that has lasted longer than so many days."""
    for every, start, _, _, day in _periods(question):
        for days in WAITS:
            yield every, start, days, day - timedelta(days=days)


def _listed(values: Sequence[object]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def answer(execute: Execute, texts: Sequence[str]) -> list[tuple[Any, ...]]:
    """Run every query and fetch its rows, as the database gives them."""
    return [row for text in texts for row in execute(text).fetchall()]


def comparable(rows: Sequence[tuple[Any, ...]]) -> set[Row]:
    """The rows in the form of `expected`, whatever types a database has for days and numbers."""
    return {
        (
            name,
            org_id,
            person_id,
            date.fromisoformat(str(start)[:10]),
            verdict,
            _four_places(actual),
        )
        for name, org_id, person_id, start, verdict, actual in rows
    }


def expected(entries: Sequence[m.Entry]) -> set[Row]:
    return {
        (e.obligation, e.org_id, e.person_id, e.period.start, e.verdict.value, e.actual)
        for e in entries
    }


def _four_places(value: Any) -> Decimal | None:
    return None if value is None else round(Decimal(str(value)), 4)
