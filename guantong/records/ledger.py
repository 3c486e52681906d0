"""The ledger's questions, put to the application's own database. Reads only.

`answer` runs inside the caller's connection and transaction, so that what was just saved counts.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import sqlglot
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from sqlglot import exp

from guantong.obligations import explain, in_duckdb, run
from guantong.obligations import model as m
from guantong.obligations.words import Words
from guantong.periods import FIRST_DAY, LAST_DAY, Period, month_of
from guantong.records import catalogue, clock, columns
from guantong.records.facts import select
from guantong.records.models import Assessment, Entry, ReadingChoice, School
from guantong.records.once import kept

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}
# Stand where the ids of a scope belong while the text is cached; no row has such an id.
ORG_MARK, PERSON_MARK = -7_000_001, -7_000_002


def plan() -> m.Plan:
    """The plan that the school carries out."""
    return catalogue.plan(School.objects.get().plan)


def question(
    *,
    on: date | None = None,
    plan: str = "",
    since: date | None = None,
    rules: m.Catalogue | None = None,
) -> m.Question:
    """What the school's ledger asks: its plan's obligations, since records are kept.

    Obligations are read as the school had decided by the day. `rules`: another catalogue.
    """
    school, rules = School.objects.get(), rules or catalogue.current()
    day = on or clock.today()
    chosen = catalogue.plan(plan or school.plan, rules)
    span, decided = chosen.span, choices(day)
    first = max(span.start, school.records_since, since or FIRST_DAY)
    # A school whose records begin after the plan has run out is asked nothing.
    used = rules.of_plan(chosen.name) if first < span.end else ()
    return m.Question(
        obligations=tuple(read_as(o, decided) for o in used if o.name not in school.switched_off),
        on=day,
        span=Period(first, max(span.end, first + timedelta(days=1))),
        calendar=rules.calendar_of(chosen),
    )


def choices(day: date) -> Mapping[str, ReadingChoice]:
    """The decision in force on a day, by reading."""
    return kept(("reading choices", day), lambda: _choices(day))


def _choices(day: date) -> Mapping[str, ReadingChoice]:
    made = ReadingChoice.objects.filter(decided_on__lte=day).order_by("decided_on")
    return {choice.reading: choice for choice in made}


def read_as(o: m.Obligation, chosen: Mapping[str, ReadingChoice]) -> m.Obligation:
    choice = chosen.get(o.reading.id) if o.reading else None
    return o.read_as(choice.option) if choice else o


def obligation(name: str, on: date | None = None) -> m.Obligation:
    """An obligation as the school reads it."""
    return read_as(catalogue.current().obligations[name], choices(on or clock.today()))


def obligations(on: date | None = None) -> dict[str, m.Obligation]:
    """Every obligation of the catalogue as the school reads it, by name."""
    decided = choices(on or clock.today())
    return {o.name: read_as(o, decided) for o in catalogue.current().obligations.values()}


def narrowed(
    asked: m.Question,
    *,
    obligations: Collection[m.Obligation],
    scope: m.Scope,
    first_day: date,
    last_day: date | None,
) -> m.Question:
    """The same question for some bearers and the months between two days."""
    start = month_of(max(first_day, FIRST_DAY)).start
    end = month_of(last_day).end if last_day else LAST_DAY
    within = Period(start, end)
    return replace(asked, obligations=tuple(obligations), scope=scope, within=within)


def answer(asked: m.Question) -> list[m.Entry]:
    """Return the entries of a question, from the records as they are now."""
    if not asked.obligations:
        return []
    with connection.cursor() as cursor, for_all(asked, cursor):
        cursor.execute(sql(asked))
        return run.entries(cursor.fetchall())


@contextmanager
def for_all(asked: m.Question, cursor: CursorWrapper) -> Iterator[None]:
    """Keep PostgreSQL from taking a whole school's stages for one row each, and looping over them
    in one another: minutes instead of seconds. For few bearers such loops are just right.
    """
    if asked.scope is not None or connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def answer_in_duckdb(asked: m.Question) -> list[m.Entry]:
    """The same entries, from the committed records, worked out in DuckDB."""
    if not asked.obligations:
        return []
    with columns.copied() as copy, in_duckdb.worked_out(copy, asked) as text:
        return run.entries(copy.execute(text).fetchall())


def sql(asked: m.Question) -> str:
    """The question as text for this database. Compiled once per shape, whatever the bearers."""
    scope = asked.scope
    if scope is not None:
        marked = m.Scope(frozenset({ORG_MARK}), frozenset({PERSON_MARK}))
        asked = replace(asked, scope=marked)
    text = _compiled(asked, DIALECTS[connection.vendor])
    if scope is None:
        return text
    return text.replace(str(ORG_MARK), _listed(scope.org_ids)).replace(
        str(PERSON_MARK), _listed(scope.person_ids)
    )


def source(table: str) -> exp.Expr:
    """A fact table, as a query over the records."""
    return _parsed(select(table)).copy()


@lru_cache(maxsize=128)
def _compiled(asked: m.Question, dialect: str) -> str:
    # Percent signs would be taken for parameters; the text has none but in such a mistake.
    text = run.sql(asked, source, dialect)
    assert "%" not in text
    return text


@lru_cache
def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="postgres", into=exp.Select).subquery()


def _listed(ids: Collection[int]) -> str:
    return ", ".join(str(int(i)) for i in sorted(ids)) or "NULL"


@dataclass(frozen=True)
class Explanation:
    """What was looked at for an entry, and the smallest act that closes it ("" if none)."""

    table: str  # the candidates are rows of this fact table
    candidates: tuple[explain.Candidate, ...]
    closing: str


def explanation(row: Entry) -> Explanation:
    """Explain a stored entry from the records as they are now."""
    rules = catalogue.current()
    day = row.assessment.on_day
    owed, entry = obligation(row.obligation, day), value_of(row)
    listing = explain.listing(owed, entry, question(on=day), source)
    with connection.cursor() as cursor:
        cursor.execute(listing.query().sql(dialect=DIALECTS[connection.vendor]))
        process = owed.measure.process if isinstance(owed.measure, m.CaseTime) else ""
        words = Words(rules, listing.table, process)
        candidates = listing.candidates(cursor.fetchall(), words)
    return Explanation(listing.table, candidates, explain.closing(owed, entry, candidates))


def entries_of(assessment: Assessment) -> list[m.Entry]:
    """The stored entries of a ledger, as the engine gave them."""
    found = (value_of(row) for row in assessment.entries.all().iterator(chunk_size=5000))
    return sorted(found, key=lambda entry: entry.sort_key)


def value_of(row: Entry) -> m.Entry:
    """A stored entry as the engine's value."""
    return m.Entry(
        obligation=row.obligation,
        bearer_kind=row.bearer_kind,
        org_id=row.org_id,
        person_id=row.person_id,
        period=Period(row.period_start, row.period_end),
        required=row.required,
        actual=row.actual,
        verdict=m.Verdict(row.verdict),
        numerator=row.numerator,
        denominator=row.denominator,
    )
