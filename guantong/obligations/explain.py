"""Why an entry says what it says: the rows that counted, those that did not and what they lack,
and the smallest act that closes it.

`Listing` holds the same conditions, compiled the same way, but one by one and row by row; the
database answers it, `explain` turns the answer into words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, assert_never

from sqlglot import exp, select

from guantong.conditions import model as c
from guantong.conditions.compile import compile_condition, literal
from guantong.obligations import model as m
from guantong.obligations.run import plain
from guantong.obligations.scans import (
    ATTENDANCE,
    IN_HAND,
    PERSONAL,
    case_tests,
    hosted_scan,
    own_answers,
    own_holds,
    own_host,
    state_rows,
    state_scan,
)
from guantong.obligations.spans import shared
from guantong.obligations.stages import Source, Stages, columns, compiled, not_false
from guantong.obligations.words import Words

MOST = 300  # rows that an explanation lists
HOSTED_BY = {
    m.HostedBy.OWN_BRANCH: "要求由本人当时所在党支部主办",
    m.HostedBy.CONTACT_POINT: "要求由本人联系点的党组织主办",
    m.HostedBy.OWN_ORG: "要求由本人任职的党组织主办",
}
DIFFERENT = {m.Different.KIND: "类别", m.Different.DAY: "日期"}


@dataclass(frozen=True)
class Candidate:
    """A row that could count. `counted` None: not known. `lacks`: what it fails or leaves open."""

    row: Mapping[str, Any]
    counted: bool | None
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Test:
    """One thing a row must pass: as SQL, and what is said of a row that fails it."""

    sql: exp.Expr
    condition: c.Condition | None = None
    said: str = ""
    counted_for: str = ""  # the obligation that a row which fails has been counted for
    own: m.Own | None = None


@dataclass(frozen=True)
class Listing:
    """The candidates of one entry: rows of which fact table, which columns, which tests."""

    table: str
    fields: tuple[str, ...]  # such as "a.kind"
    body: exp.Select
    tests: tuple[Test, ...]
    once: str = ""  # the column of which each value counts once

    def query(self) -> exp.Select:
        query = self.body.select(*self.fields)
        for i, test in enumerate(self.tests):
            flag = exp.case().when(test.sql, literal(1))
            flag = flag.when(exp.Not(this=exp.paren(test.sql.copy())), literal(0))
            query = query.select(exp.alias_(flag, f"c{i}"))
        return query.limit(MOST)

    def candidates(self, rows: Iterable[Sequence[Any]], words: Words) -> tuple[Candidate, ...]:
        """Turn the rows of `query` into candidates, those that counted first."""
        names = [field.rpartition(".")[2] for field in self.fields]
        found = []
        for values in rows:
            row = dict(zip(names, values, strict=False))
            passed = values[len(names) :]
            counted = False if 0 in passed else None if None in passed else True
            lacks = [
                _said(test, row, words) + ("" if flag == 0 else "（记录缺这一项）")
                for test, flag in zip(self.tests, passed, strict=True)
                if flag != 1
            ]
            found.append(Candidate(row, counted, tuple(lacks)))
        order = {True: 0, None: 1, False: 2}
        found.sort(key=lambda candidate: order[candidate.counted])
        return tuple(self._once(found, words)) if self.once else tuple(found)

    def _once(self, found: list[Candidate], words: Words) -> Iterator[Candidate]:
        """Of those that share a value only the first counts."""
        seen = set[Any]()
        again = f"同一{words.field(self.once)}只计一次"
        for candidate in found:
            value = candidate.row[self.once]
            if candidate.counted is not False and value in seen:
                yield replace(candidate, counted=False, lacks=(again,))
                continue
            if candidate.counted is not False and value is not None:
                seen.add(value)
            yield candidate


def _said(test: Test, row: Mapping[str, Any], words: Words) -> str:
    if test.counted_for:
        return f"已计入“{words.catalogue.obligations[test.counted_for].title}”，不重复计"
    if test.own is not None:
        return f"要求{words.own(test.own)}"
    return words.lack(test.condition, row) if test.condition is not None else test.said


# ---------------------------------------------------------------- where to look


def listing(o: m.Obligation, entry: m.Entry, asked: m.Question, source: Source) -> Listing:
    """Return the rows to look at for an entry, and what each must pass."""
    look = _Look(o, entry, asked, source)
    match o.measure:
        case m.CountActivities():
            return look.activities(o.measure)
        case m.Reached(where):
            return look.reached(where)
        case m.CaseTime():
            return look.cases(o.measure)
        case m.Attended():
            return look.attendances(o.measure)
        case m.State():
            return (
                look.orgs_below(o.measure.where, None)
                if o.measure.table == "orgs"
                else look.state(o.measure)
            )
        case m.Coverage(of, by):
            return look.orgs_below(of, by)
        case m.Ratio(of, to):
            return look.figures((*of, *to))
        case m.NextTerm():
            return look.terms()
        case _:
            assert_never(o.measure)


class _Look:
    """One entry's place in the facts."""

    def __init__(self, o: m.Obligation, entry: m.Entry, asked: m.Question, source: Source) -> None:
        self.o, self.entry = o, entry
        self.question = replace(asked, obligations=(o,), scope=None, within=entry.period)
        self.stages = Stages(self.question, source)
        self.day = literal(min(entry.due_on, asked.on))
        self.window = o.rhythm.window(entry.period)

    def activities(self, measure: m.CountActivities) -> Listing:
        body = self._held().join(
            self.stages.fact("hosts", "h"), on="h.activity_id = a.activity_id"
        )
        body = body.where(_is("h.org_id", self.entry.org_id))
        fields = ("a.activity_id", "a.kind", "a.held_on", "a.hours", "a.planned")
        tests = (*self._tests(measure.where, "a"), *self._apart(measure, "a"), *_named(measure))
        if measure.own is not None:
            answers = own_answers(measure.own, self.stages, [self.entry.org_id]).subquery("o")
            body = body.join(answers, on="o.activity_id = a.activity_id", join_type="left")
            tests = (*tests, Test(own_holds(), own=measure.own))
        return Listing("activities", fields, body, tests, measure.different or "")

    def reached(self, where: c.Condition) -> Listing:
        body = self._held().join(
            self.stages.fact("hosts", "h"), on="h.activity_id = a.activity_id"
        )
        body = body.join(self.stages.fact("attendances", "t"), on="t.activity_id = a.activity_id")
        body = body.where(_is("h.org_id", self.entry.org_id))
        tests = self._tests(where, "t", ATTENDANCE)
        fields = ("a.activity_id", "t.person_id", "a.kind", "a.held_on", "t.role", "a.planned")
        return Listing("attendances", fields, body, tests, "person_id")

    def attendances(self, measure: m.Attended) -> Listing:
        assert self.entry.person_id is not None
        body = self._held().join(
            self.stages.fact("attendances", "t"), on="t.activity_id = a.activity_id"
        )
        body = body.where(_is("t.person_id", self.entry.person_id))
        tests = self._tests(measure.where, "t", ATTENDANCE)
        if measure.hosted_by is not None:
            hosted = self._hosted_by(measure.hosted_by)
            tests = (*tests, Test(hosted, said=HOSTED_BY[measure.hosted_by]))
        tests = (*tests, *self._apart(measure, "t", ATTENDANCE))
        tests = (*tests, *_named(measure))
        if measure.sum_hours:
            tests = (*tests, Test(_known("t.hours"), said="学时"))
        fields = ("a.activity_id", "a.kind", "a.held_on", "t.role", "t.hours", "a.planned")
        return Listing("attendances", fields, body, tests, measure.different or "")

    def state(self, state: m.State) -> Listing:
        rows, on = state_rows(state.table, self.stages)
        day = select(exp.alias_(self.day, "day")).subquery("p")
        body = select().from_(rows).join(day, on=on).where(_is("f.org_id", self.entry.org_id))
        tests = self._conjuncts(state.where, "f")
        once = "person_id" if state.table in PERSONAL else ""
        return Listing(state.table, STATE_FIELDS[state.table], body, tests, once)

    def cases(self, measure: m.CaseTime) -> Listing:
        limit = min(self.entry.due_on, self.question.on) - timedelta(days=measure.days)
        days = select(exp.alias_(self.day, "day"), exp.alias_(literal(limit), "limit_day"))
        body = select().from_(self.stages.fact("cases", "f")).join(days.subquery("p"), on=IN_HAND)
        body = body.where(_is("f.org_id", self.entry.org_id)).order_by("f.opened_on", "f.case_id")
        body = body.where(not_false(compiled(c.about(measure.where, m.LASTING), "f")))
        tests = tuple(
            Test(sql, part, "" if part else f"在这一状态没有超过 {measure.days} 天")
            for part, sql in case_tests(measure)
        )
        fields = ("f.case_id", "f.process", "f.state", "f.state_since", "f.opened_on")
        return Listing("cases", fields, body, tests)

    def orgs_below(self, of: c.Condition, by: m.State | m.CountActivities | None) -> Listing:
        at = shared(self.o.rhythm, self.stages)
        body = select().from_(f"{self.stages.below(at.rhythm)} AS d")
        body = body.where(_is("d.ancestor_id", self.entry.org_id))
        body = body.where(
            exp.EQ(
                this=exp.column("period_start", "d"), expression=literal(self.entry.period.start)
            )
        )
        tests = self._conjuncts(of, "d")
        if by is not None:
            # Only those that belong to the population are candidates.
            whole = compile_condition(of, columns("d"))
            body = body.where(exp.func("COALESCE", exp.paren(whole), exp.true()))
            if isinstance(by, m.State):
                found = state_scan(by, at, self.stages, scoped=False)
            else:
                found = hosted_scan(by, at, self.stages, scoped=False)
            on = "s.org_id = d.org_id AND s.period_start = d.period_start"
            body = body.join(f"{found.stage} AS s", on=on, join_type="left")
            enough = exp.case().when(f"COALESCE(s.{found.certain}, 0) > 0", exp.true())
            enough = enough.when(f"COALESCE(s.{found.possible}, 0) > 0", exp.null())
            tests = (*tests, Test(enough.else_(exp.false()), said="没有符合要求的记录"))
        for name, stage in self.stages.in_order().items():
            body = body.with_(name, as_=stage, copy=False)
        return Listing("orgs", ("d.org_id", "d.kind", "d.category"), body, tests)

    def figures(self, names: tuple[str, ...]) -> Listing:
        ranked = (
            select("f.org_id", "f.name", "f.as_of", "f.value")
            .select("ROW_NUMBER() OVER (PARTITION BY f.name ORDER BY f.as_of DESC) AS place")
            .from_(self.stages.fact("figures", "f"))
            .where(_is("f.org_id", self.entry.org_id))
            .where(exp.LTE(this=exp.column("as_of", "f"), expression=self.day))
            .where(exp.In(this=exp.column("name", "f"), expressions=[literal(n) for n in names]))
        )
        body = select().from_(ranked.subquery("f")).order_by("f.as_of DESC")
        latest = Test(exp.condition("f.place = 1"), said="有更近的统计数")
        known = Test(_known("f.value"), said="数值")
        return Listing("figures", ("f.name", "f.as_of", "f.value"), body, (latest, known))

    def terms(self) -> Listing:
        body = select().from_(self.stages.fact("terms", "f"))
        body = body.where(_is("f.org_id", self.entry.org_id)).order_by("f.elected_on DESC")
        start = literal(self.entry.period.start)
        later = exp.GT(this=exp.column("elected_on", "f"), expression=start)
        return Listing("terms", STATE_FIELDS["terms"], body, (Test(later, said="不是下一届"),))

    def _held(self) -> exp.Select:
        """Activities of the window as `a`, planned ones too, each with the day as `day`."""
        start, end = literal(self.window.start), literal(self.window.end)
        held = exp.column("held_on", "x")
        facts = (
            select("x.activity_id", "x.kind", "x.held_on", "x.hours", "x.planned")
            .select(exp.alias_(self.day.copy(), "day"))
            .from_(exp.alias_(self.stages.source("activities"), "x", table=True))
            .where(exp.GTE(this=held, expression=start), exp.LT(this=held.copy(), expression=end))
        )
        return select().from_(facts.subquery("a")).order_by("a.held_on", "a.activity_id")

    def _tests(
        self, where: c.Condition, alias: str, names: dict[str, str] | None = None
    ) -> tuple[Test, ...]:
        on = exp.LTE(this=exp.column("held_on", "a"), expression=literal(self.question.on))
        known = Test(on, said="日期在截至日之后")
        held = Test(compile_condition(m.HELD, columns(alias, names)), m.HELD)
        return (*self._conjuncts(where, alias, names), held, known)

    def _conjuncts(
        self, where: c.Condition, alias: str, names: dict[str, str] | None = None
    ) -> tuple[Test, ...]:
        column = columns(alias, names)
        return tuple(Test(compile_condition(part, column), part) for part in c.conjuncts(where))

    def _apart(
        self,
        measure: m.CountActivities | m.Attended,
        alias: str,
        names: dict[str, str] | None = None,
    ) -> Iterator[Test]:
        """Whether a row counts for another obligation that shares no record with this one."""
        others: tuple[m.CountActivities | m.Attended, ...] = measure.apart_from
        for name, other in zip(self.o.apart_from, others, strict=True):
            there = compile_condition(other.where, columns(alias, names))
            if isinstance(other, m.Attended) and other.hosted_by is not None:
                there = exp.and_(there, self._hosted_by(other.hosted_by))
            yield Test(exp.Not(this=exp.paren(there)), counted_for=name)

    def _hosted_by(self, how: m.HostedBy) -> exp.Expr:
        if how is not m.HostedBy.OWN_ORG:
            return exp.Exists(this=own_host(how, self.stages))
        hosts = select("1").from_(self.stages.fact("hosts", "h"))
        hosts = hosts.where("h.activity_id = t.activity_id", _is("h.org_id", self.entry.org_id))
        return exp.Exists(this=hosts)


STATE_FIELDS = {
    "posts": (
        "f.person_id",
        "f.post",
        "f.double_leader",
        "f.full_time",
        "f.valid_from",
        "f.valid_to",
    ),
    "memberships": ("f.person_id", "f.status", "f.exempt", "f.valid_from", "f.valid_to"),
    "terms": ("f.elected_on", "f.expires_on", "f.extended_to"),
    "relations": ("f.relation_id", "f.kind", "f.person_id", "f.valid_from", "f.valid_to"),
    "documents": ("f.document_id", "f.class", "f.valid_from", "f.valid_to", "f.review_due"),
    "budgets": ("f.budget_id", "f.amount", "f.valid_from", "f.valid_to"),
}


def _is(column: str, value: int) -> exp.Expr:
    table, _, name = column.rpartition(".")
    return exp.EQ(this=exp.column(name, table), expression=literal(value))


def _named(measure: m.CountActivities | m.Attended) -> Iterator[Test]:
    """Where different kinds or days are counted: one without a name may be a new one."""
    if measure.different is not None:
        yield Test(_known(f"a.{measure.different}"), said=DIFFERENT[measure.different])


def _known(column: str) -> exp.Expr:
    """True, or null where the value is missing: then the row leaves the entry open."""
    return exp.condition(f"{column} = {column}")


# ---------------------------------------------------------------- the smallest act


def closing(o: m.Obligation, entry: m.Entry, candidates: Sequence[Candidate]) -> str:
    """Return the smallest act that closes the entry's gap; empty when nothing is owed."""
    if entry.verdict in {m.Verdict.MET, m.Verdict.EXEMPT, m.Verdict.LATE}:
        return ""
    if entry.verdict is m.Verdict.UNKNOWN:
        blank = sum(candidate.counted is None for candidate in candidates)
        if isinstance(o.measure, m.Ratio) and _complete(o.measure, candidates):
            return "作分母的各数合计为 0，算不出比例，请核对这些数"
        return (
            f"有 {blank} 条记录缺少必要的数据，补全后自动核算"
            if blank
            else "补全缺少的数据后自动核算"
        )
    gap = _gap(o, entry)
    day = entry.due_on
    if entry.verdict is m.Verdict.DUE:
        return f"{day.year}年{day.month}月{day.day}日前{gap}"
    return f"本期已过，{gap}；确已按期完成只是没有记录的，请补录并写明原因"


def _complete(measure: m.Ratio, candidates: Sequence[Candidate]) -> bool:
    """Whether every figure is there: if nothing is known all the same, they come to zero."""
    there = {candidate.row["name"] for candidate in candidates if candidate.counted}
    return there >= {*measure.of, *measure.to}


def _gap(o: m.Obligation, entry: m.Entry) -> str:
    if isinstance(o.measure, m.Coverage | m.Ratio) or entry.required is None:
        if entry.denominator and entry.numerator is not None and isinstance(o.measure, m.Coverage):
            rest = entry.denominator - entry.numerator
            return f"还有 {plain(rest)} 个没有达到要求，{o.remedy}"
        return o.remedy
    if isinstance(o.measure, m.State | m.NextTerm | m.CaseTime):
        return o.remedy
    missing = entry.required - (entry.actual or 0)
    return f"还差 {plain(missing)} {o.unit}：{o.remedy}"
