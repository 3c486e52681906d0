"""The named intermediate tables of a compiled question, each made once and shared.

Dates become literals here: a stage per period length holds its periods, so that no engine is
ever asked for date arithmetic. Numbers travel as whole ten-thousandths, so that sums are exact
and the same everywhere.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import NamedTuple

from sqlglot import exp, select, union

from guantong.conditions.compile import Column, compile_condition, literal
from guantong.conditions.model import Condition
from guantong.obligations.known import BEGINS, DEEPEST
from guantong.obligations.model import MemberBearer, Question
from guantong.obligations.tables import TABLES
from guantong.periods import FIRST_DAY, LAST_DAY, Every, Period, Rhythm

SCALE = 10_000
MONTH = ("period_start", "month_start", "month_end", "before")
NO_LIMIT = 10**14  # more than any sum: what may yet be found is not bounded
WHOLE = exp.DataType.Type.BIGINT

type Source = Callable[[str], exp.Expr]


def scaled(value: Decimal) -> int:
    return int((value * SCALE).quantize(Decimal(1), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def unscaled(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / SCALE


def number(column: str) -> exp.Expr:
    """A number column in whole ten-thousandths."""
    return number_of(exp.column(*_split(column)))


def number_of(value: exp.Expr) -> exp.Expr:
    scaled_up = exp.Mul(this=value, expression=literal(SCALE))
    return exp.cast(exp.func("ROUND", scaled_up), WHOLE)


def _split(column: str) -> tuple[str, ...]:
    table, _, name = column.rpartition(".")
    return (name, table) if table else (name,)


def cases(*steps: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Expr:
    """The value of the first step whose condition is true."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in steps], default=default)


def holds(condition: exp.Expr, then: exp.Expr | int = 1) -> exp.Expr:
    """`then` where the condition is true, else 0."""
    value = literal(then) if isinstance(then, int) else then
    return cases((condition.copy(), value), default=literal(0))


def may_hold(condition: exp.Expr) -> exp.Expr:
    """1 where the condition is true or not known, else 0."""
    return cases((exp.Not(this=exp.paren(condition)), literal(0)), default=literal(1))


def not_false(condition: exp.Expr) -> exp.Expr:
    return exp.func("COALESCE", exp.paren(condition), exp.true())


def columns(alias: str, names: Mapping[str, str] | None = None) -> Column:
    """Fields as columns of one joined table, some under another table or name."""

    def column(field: str) -> exp.Expr:
        return exp.column(*_split((names or {}).get(field, f"{alias}.{field}")))

    return column


def compiled(condition: Condition, alias: str, names: Mapping[str, str] | None = None) -> exp.Expr:
    return compile_condition(condition, columns(alias, names))


def days_later(column: str, days: int) -> exp.Expr:
    """The only date arithmetic left to the engines: each bearer has a first day of its own."""
    first = exp.cast(exp.column(*_split(column)), exp.DataType.Type.DATE)
    later = exp.DateAdd(this=first, expression=literal(days), unit=exp.var("DAY"))
    return exp.cast(later, exp.DataType.Type.DATE)


def covers(alias: str, day: str) -> str:
    """SQL for: the span of `alias` includes the day in column `day`."""
    return (
        f"{alias}.valid_from <= {day} AND ({alias}.valid_to IS NULL OR {alias}.valid_to > {day})"
    )


@dataclass(frozen=True)
class Timeline:
    """The periods that a scan counts by: a stage with period_start, due_on and day.

    Without `key` all bearers share them; with it the stage has a row per bearer and period, and
    those columns name the bearer. `joined`: scans join activities and periods row by row, as
    they must where bearers have periods of their own, and had better where few rows are asked
    about; else they share one stage of activities with their periods.
    """

    name: str
    rhythm: Rhythm
    stage: str
    key: tuple[str, ...] = ()
    joined: bool = False


class Asked(NamedTuple):
    """A question to a scan, as a pair of columns: what holds, and what may hold if missing values
    turn out well. Rows of which `needed` is false are not in question.
    """

    certain: exp.Expr
    possible: exp.Expr
    needed: exp.Expr


@dataclass
class Scan:
    """A shared pass over a fact table: what it reads and groups by, and the columns asked for.

    Rows that no question is about are left out. What `body` must see to, since it knows the
    tables: of the persons only those in the stages `among`, if there are any; and `flags`,
    conditions on the activities alone, answered before those are joined to many rows: it gives
    each activity the columns flag_1, flag_2, ...
    """

    body: Callable[["Scan"], exp.Select]
    group: tuple[str, ...]
    asked: dict[object, Asked] = field(default_factory=dict)
    asked_by: dict[object, list[str]] = field(default_factory=dict)
    among: set[str] = field(default_factory=set)
    flags: list[exp.Expr] = field(default_factory=list)

    def flag(self, condition: exp.Expr) -> exp.Expr:
        """The column that answers a condition on the activity `a`."""
        if condition not in self.flags:
            self.flags.append(condition)
        return exp.column(f"flag_{self.flags.index(condition) + 1}", "a")

    def build(self) -> exp.Select:
        query = self.body(self).select(*self.group)
        needed = dict.fromkeys(asked.needed for asked in self.asked.values())
        if exp.true() not in needed:
            query = query.where(exp.or_(*map(not_false, needed)), copy=False)
        for i, (key, asked) in enumerate(self.asked.items(), 1):
            certain = exp.alias_(asked.certain, f"certain_{i}")
            certain.add_comments(self.asked_by[key])
            query = query.select(certain, exp.alias_(asked.possible, f"possible_{i}"), copy=False)
        return query.group_by(*self.group, copy=False)


@dataclass(frozen=True)
class Found:
    """Where the answer to a scan's question stands: a stage, and its two columns."""

    stage: str
    certain: str
    possible: str


class Stages:
    """Collects the WITH clause of one question. `source` gives a fact table by its name."""

    def __init__(self, question: Question, source: Source) -> None:
        self.question = question
        self.source = source
        self.made: dict[str, exp.Query] = {}
        self.scans: dict[str, Scan] = {}
        # What is asked of all members, too, needs no scan of a few.
        self.of_members = {
            o.measure for o in question.obligations if isinstance(o.bearer, MemberBearer)
        }
        self.asking = ""  # the obligation being compiled: the text tells what serves which
        self._names: dict[tuple[object, ...], str] = {}

    def stage(self, name: str, make: Callable[[], exp.Query], *key: object) -> str:
        """Return the name of the stage for (name, key), making it and what it needs once."""
        full = (name, *key)
        if full not in self._names:
            taken = sum(1 for n, *_ in self._names if n == name)
            self._names[full] = f"{name}_{taken + 1}" if taken else name
            query = make()
            self.made[self._names[full]] = query
        return self._names[full]

    def ask(
        self,
        name: str,
        make: Callable[[], Scan],
        key: object,
        asked: Callable[[Scan], Asked],
        among: str | None = None,
    ) -> Found:
        """Put a question to the scan of that name, making it once; the same question is shared."""
        if name not in self.scans:
            self.scans[name] = make()
        scan = self.scans[name]
        scan.among |= {among} if among else set()
        if key not in scan.asked:
            scan.asked[key] = asked(scan)
        asked_by = scan.asked_by.setdefault(key, [])
        if self.asking not in asked_by:
            asked_by.append(self.asking)
        place = list(scan.asked).index(key) + 1
        return Found(name, f"certain_{place}", f"possible_{place}")

    def in_order(self) -> dict[str, exp.Query]:
        """All stages and scans, each after those it reads."""
        waiting = self.made | {name: scan.build() for name, scan in self.scans.items()}
        reads = {
            name: {table.name for table in query.find_all(exp.Table)} & waiting.keys()
            for name, query in waiting.items()
        }
        return {name: waiting[name] for name in TopologicalSorter(reads).static_order()}

    # ------------------------------------------------------------ facts

    def fact(self, table: str, alias: str, among: Collection[str] = ()) -> exp.Expr:
        """The rows of a fact table that begin by the as-of day, of the persons in some stages."""
        rows = exp.alias_(self.source(table), "x", table=True, copy=False)
        columns = (exp.column(c, "x") for c in TABLES[table].columns)
        query = select(*columns, copy=False).from_(rows, copy=False)
        if table in BEGINS:
            begins = exp.column(BEGINS[table], "x")
            known: exp.Expr = exp.LTE(this=begins, expression=literal(self.question.on))
            if self.question.forecast and table == "activities":
                planned = exp.EQ(this=exp.column("planned", "x"), expression=exp.true())
                known = exp.or_(known, planned)
            query = query.where(known, copy=False)
        if among:
            persons = [select("s.person_id").from_(f"{stage} AS s") for stage in sorted(among)]
            either = union(*persons) if len(persons) > 1 else persons[0]
            mine = exp.In(this=exp.column("person_id", "x"), query=either.subquery())
            query = query.where(mine, copy=False)
        return query.subquery(alias, copy=False)

    def only(self, query: exp.Select, column: str, ids: Collection[int] | None) -> exp.Select:
        """Narrow to the bearers in scope, if the question has one."""
        if ids is None:
            return query
        wanted = [literal(i) for i in sorted(ids)] or [exp.null()]
        mine = exp.In(this=exp.column(*_split(column)), expressions=wanted)
        return query.where(mine, copy=False)

    @property
    def org_ids(self) -> Collection[int] | None:
        scope = self.question.scope
        return None if scope is None else scope.org_ids

    @property
    def person_ids(self) -> Collection[int] | None:
        scope = self.question.scope
        return None if scope is None else scope.person_ids

    # ------------------------------------------------------------ calendar

    def periods(self, rhythm: Rhythm) -> str:
        """Columns: period_start, period_end, due_on, day, window_start."""
        names = ("period_start", "period_end", "due_on", "day", "window_start")

        def make() -> exp.Query:
            rows = [
                dict(
                    zip(
                        names,
                        (p.start, p.end, p.last_day, self.question.day(p), window.start),
                        strict=True,
                    )
                )
                for p in self.question.periods(rhythm)
                for window in [rhythm.window(p)]
            ]
            return literal_rows(rows, names)

        return self.stage(f"{rhythm.name}s", make)

    def months(self, rhythm: Rhythm) -> str:
        """The whole calendar months of each period: period_start, month_start, month_end, and
        `before`, the first day of the month before, or of time.
        """

        def make() -> exp.Query:
            rows = [
                dict(zip(MONTH, (p.start, month.start, month.end, before), strict=True))
                for p in self.question.periods(rhythm)
                for month, before in _with_before(p.whole_months())
            ]
            return literal_rows(rows, MONTH)

        return self.stage(f"months_of_{rhythm.name}s", make)

    def months_beside(self, rhythm: Rhythm) -> tuple[str, int]:
        """The same, the months of a period in one row: period_start, since and until of them all,
        start_1, end_1, ...; where a period has fewer, a month that nothing falls in. And how many.
        """
        months = {p.start: p.whole_months() for p in self.question.periods(rhythm)}
        most = max(map(len, months.values()), default=0)

        def make() -> exp.Query:
            bounds = [f"{side}_{n}" for n in range(1, most + 1) for side in ("start", "end")]
            names = ("period_start", "since", "until", *bounds)
            rows = [
                (start, whole[0].start, whole[-1].end, *_bounds(whole, most))
                for start, whole in months.items()
                if whole
            ]
            return literal_rows([dict(zip(names, row, strict=True)) for row in rows], names)

        return self.stage(f"months_in_{rhythm.name}s", make), most

    def present(self, query: exp.Select, spans: str, rhythm: Rhythm) -> exp.Select:
        """Join periods as `p` to spans: those in which a span makes its bearer bound."""
        first = {
            Every.MONTH: "p.due_on",
            Every.ONCE: "p.due_on",
            Every.ROLLING: "p.window_start",
        }.get(rhythm.every)
        ends = f"({spans}.valid_to IS NULL OR {spans}.valid_to >= {{}})"
        if first:
            whole = f"{spans}.valid_from <= {first} AND {ends.format('p.period_end')}"
            return query.join(f"{self.periods(rhythm)} AS p", on=whole)
        # The first month that begins when or after the span does: one row, not one per month.
        soonest = f"{spans}.valid_from <= m.month_start AND {spans}.valid_from > m.before"
        whole = f"{soonest} AND {ends.format('m.month_end')}"
        return query.join(f"{self.months(rhythm)} AS m", on=whole).join(
            f"{self.periods(rhythm)} AS p", on="p.period_start = m.period_start"
        )

    # ------------------------------------------------------------ tree and activities

    def held(self, rhythm: Rhythm) -> str:
        """Activities with the periods whose window they fall in."""

        def make() -> exp.Query:
            return (
                select("a.activity_id", "a.kind", "a.hours", "a.planned", "a.held_on")
                .select("p.period_start", "p.day")
                .from_(self.fact("activities", "a"))
                .join(
                    f"{self.periods(rhythm)} AS p",
                    on="a.held_on >= p.window_start AND a.held_on < p.period_end",
                )
            )

        return self.stage(f"held_by_{rhythm.name}", make)

    def below(self, rhythm: Rhythm) -> str:
        """Organisations under each other on the day: ancestor_id, org_id, period_start, ..."""
        name = rhythm.name

        def make() -> exp.Query:
            links = self.stage(f"links_by_{name}", lambda: self._links(rhythm))
            levels = [select("org_id", "parent_id AS ancestor_id", "period_start").from_(links)]
            names = [self.stage(f"level_1_by_{name}", lambda: levels[0])]
            for depth in range(2, DEEPEST + 1):
                query = (
                    select("l.org_id", "k.parent_id AS ancestor_id", "l.period_start")
                    .from_(f"{names[-1]} AS l")
                    .join(
                        f"{links} AS k",
                        on="k.org_id = l.ancestor_id AND k.period_start = l.period_start",
                    )
                    .distinct()
                )
                names.append(self.stage(f"level_{depth}_by_{name}", lambda q=query: q))  # type: ignore[misc]
            pairs = union(*[select("*").from_(name) for name in names], distinct=True)
            return (
                select(
                    "t.ancestor_id", "t.org_id", "t.period_start", "p.day", "o.kind", "o.category"
                )
                .select("o.valid_from", "o.valid_to")
                .from_(pairs.subquery("t"))
                .join(f"{self.periods(rhythm)} AS p", on="p.period_start = t.period_start")
                .join(self.fact("orgs", "o"), on=f"o.org_id = t.org_id AND {covers('o', 'p.day')}")
            )

        return self.stage(f"below_by_{name}", make)

    def _links(self, rhythm: Rhythm) -> exp.Query:
        """Who hangs below whom in the tree of the period's day, or of the one day asked for."""
        tree = self.question.tree_on
        day = literal(tree).sql() if tree else "p.day"
        return (
            select("f.org_id", "f.parent_id", "p.period_start")
            .from_(self.fact("org_parents", "f"))
            .join(f"{self.periods(rhythm)} AS p", on=covers("f", day))
            .distinct()
        )


def _with_before(months: Sequence[Period]) -> Iterator[tuple[Period, date]]:
    return zip(months, (date.min, *(month.start for month in months)), strict=False)


def _bounds(months: Sequence[Period], most: int) -> Iterator[date]:
    for month in months:
        yield from (month.start, month.end)
    for _ in range(most - len(months)):
        yield from (LAST_DAY, FIRST_DAY)


def literal_rows(rows: Sequence[Mapping[str, date]], names: tuple[str, ...]) -> exp.Query:
    """A small literal table of days; without rows, one that has the columns and is empty."""
    selects = [select(*(exp.alias_(literal(row[name]), name) for name in names)) for row in rows]
    if not selects:
        blank = select(*(exp.alias_(literal(FIRST_DAY), name) for name in names))
        return blank.where(exp.false())
    return union(*selects, distinct=False, copy=False) if len(selects) > 1 else selects[0]
