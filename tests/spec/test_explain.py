"""An explanation lists exactly the rows that the entry counted, by the same conditions."""

from dataclasses import replace
from itertools import islice
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from sqlglot import exp

from guantong.conditions import model as c
from guantong.obligations import explain, naive
from guantong.obligations import model as m
from guantong.obligations.examples import all_examples, examples
from guantong.obligations.words import Words
from tests.spec import engines, strategies
from tests.spec.test_catalogue import CATALOGUE
from tests.spec.test_engines import CASES

MEASURES = get_args(m.Measure.__value__)
EACH = 4  # entries explained of a case


@pytest.mark.django_db
@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_the_rows_that_counted_add_up_to_the_entry(measure):
    explained = []

    def explain_all(case):
        question, facts = case
        asked = tuple(o for o in question.obligations if isinstance(o.measure, measure))
        question = replace(question, obligations=asked, forecast=False, scope=None)
        rules = {o.name: o for o in asked}
        found = naive.entries(question, facts)
        for engine in engines.available():
            execute = engines.connected(engine)
            engines.fill(engine, execute, facts)
            for entry in found[:EACH]:
                o = rules[entry.obligation]
                listing = explain.listing(o, entry, question, exp.to_table)
                rows = execute(listing.query().sql(dialect=engine), ()).fetchall()
                candidates = listing.candidates(rows, Words(CATALOGUE, listing.table))
                assert added_up(o.measure, candidates) == told(o.measure, entry), engine
                assert all(c.lacks for c in candidates if c.counted is not True)
                explained.append(entry.verdict)

    @settings(
        max_examples=CASES // 16,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(strategies.cases(measure))
    def agree(case):
        explain_all(case)

    agree()
    some = (e for e in all_examples(CATALOGUE) if isinstance(e.obligation.measure, measure))
    for example in islice(some, EACH):
        explain_all((example.question, example.facts))
    assert explained, "nothing was explained, so nothing was proved"


@pytest.mark.django_db
def test_a_row_without_hours_is_told_as_what_leaves_the_entry_open():
    example = next(examples(CATALOGUE.obligations["member-study-hours"], CATALOGUE.calendar))
    attendances = [{**row, "hours": None} for row in example.facts["attendances"]]
    facts = {**example.facts, "attendances": attendances}
    [entry] = naive.entries(example.question, facts)
    assert entry.verdict is m.Verdict.UNKNOWN
    for [candidate, *_] in explained(example.obligation, entry, example.question, facts):
        assert (candidate.counted, candidate.lacks) == (None, ("学时（记录缺这一项）",))


@pytest.mark.django_db
def test_an_activity_without_a_kind_is_open_where_kinds_are_counted():
    example = next(
        e for e in all_examples(CATALOGUE)
        if isinstance(e.obligation.measure, m.CountActivities) and e.facts["activities"]
    )  # fmt: skip
    measure = m.CountActivities(c.All(()), m.Different.KIND)
    o = replace(example.obligation, measure=measure)
    question = replace(example.question, obligations=(o,))
    nameless = [{**row, "kind": None} for row in example.facts["activities"]]
    facts = {**example.facts, "activities": nameless}
    for entry in naive.entries(question, facts):
        for found in explained(o, entry, question, facts):
            assert {candidate.counted for candidate in found} <= {None, False}
            assert all("类别（记录缺这一项）" in one.lacks for one in found)
    assert found


@pytest.mark.django_db
def test_a_ratio_of_nothing_says_that_its_figures_come_to_zero():
    example = next(e for e in all_examples(CATALOGUE) if isinstance(e.obligation.measure, m.Ratio))
    figures = [{**row, "value": 0} for row in example.facts["figures"]]
    said = set()
    for rows in (figures, figures[:1]):  # all of them, and one alone
        facts = {**example.facts, "figures": rows}
        [entry, *_] = naive.entries(example.question, facts)
        assert entry.verdict is m.Verdict.UNKNOWN
        for candidates in explained(example.obligation, entry, example.question, facts):
            said.add((len(rows), explain.closing(example.obligation, entry, candidates)))
    assert said == {
        (len(figures), "作分母的各数合计为 0，算不出比例，请核对这些数"),
        (1, "补全缺少的数据后自动核算"),
    }


def explained(o, entry, question, facts):
    """The candidates of an entry's explanation, by each engine."""
    for engine in engines.available():
        execute = engines.connected(engine)
        engines.fill(engine, execute, facts)
        listing = explain.listing(o, entry, question, exp.to_table)
        rows = execute(listing.query().sql(dialect=engine), ()).fetchall()
        yield listing.candidates(rows, Words(CATALOGUE, listing.table))


def added_up(measure, candidates):
    """What the counted rows come to, in the terms of the measure."""
    counted = [c.row for c in candidates if c.counted]
    match measure:
        case m.Attended(sum_hours=True):
            return sum(number(row["hours"]) for row in counted)
        case m.Attended(different=column) | m.CountActivities(different=column) if column:
            return len({row[column] for row in counted})
        case m.NextTerm():  # one that came too late is a next term all the same
            return bool(counted)
        case m.Ratio(of, to):
            # One figure may be missing, or those below come to zero: then nothing is known.
            values = {row["name"]: number(row["value"]) for row in counted}
            known = values.keys() >= {*of, *to} and sum(values[name] for name in to)
            return sum(values[name] for name in of) if known else None
        case _:
            return len(counted)


def told(measure, entry):
    """The same as the entry says it."""
    if isinstance(measure, m.NextTerm):
        return entry.actual == 1
    if isinstance(measure, m.Ratio | m.Coverage):
        nothing = 0 if isinstance(measure, m.Coverage) else None
        return nothing if entry.numerator is None else entry.numerator
    return entry.actual


def number(value):
    return round(float(value), 4)
