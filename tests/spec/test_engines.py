"""One meaning, every engine: random obligations over random facts give the same entries."""

import os
from collections import Counter
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from sqlglot import exp

from guantong.conditions import model as c
from guantong.obligations import model as m
from guantong.obligations import naive
from guantong.obligations.compile import compile_question
from guantong.obligations.examples import examples
from guantong.periods import Every
from tests.spec import engines, strategies
from tests.spec.test_catalogue import CATALOGUE

DEEP = bool(os.environ.get("GUANTONG_DEEP"))
CASES = 20_000 if DEEP else 500
MEASURES = get_args(m.Measure.__value__)
some_cases = settings(
    max_examples=CASES // len(MEASURES) + 1,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# In the deep run each measure is a test of its own, so that processors share them.
TOGETHER = [[measure] for measure in MEASURES] if DEEP else [MEASURES]


@pytest.mark.django_db
@pytest.mark.parametrize("measures", TOGETHER, ids=lambda some: f"{len(some)}x{some[0].__name__}")
def test_every_engine_gives_the_entries_of_the_naive_interpreter(measures):
    reached = Counter()

    def agree(case):
        question, facts = case
        expected = naive.entries(question, facts)
        query = compile_question(question, exp.to_table)
        for engine in engines.available():
            found = engines.entries(engine, question, facts, query)
            assert engines.written(found) == engines.written(expected), engine
        reached.update(_told(question, expected))

    for measure in measures:
        some_cases(given(strategies.cases(measure))(agree))()
    # Chance seldom elects a committee late; the catalogue's examples do.
    for example in examples(CATALOGUE.obligations["branch-term"], CATALOGUE.calendar):
        agree((example.question, example.facts))
    # The random cases reach everything, or they would prove little.
    everything = {*m.Verdict, *MEASURES, *Every, *NODES, *m.HostedBy, *m.Different, *m.Bound}
    missing = everything - set(reached)
    assert not missing
    assert all(reached["entries", measure] for measure in MEASURES), reached


NODES = get_args(c.Condition.__value__)


def _told(question, entries):
    """All that a case has reached: what its rules are made of, and what came out of them."""
    yield from (entry.verdict for entry in entries)
    rules = {o.name: o for o in question.obligations}
    for entry in entries:
        rule = rules[entry.obligation]
        yield from (("entries", type(rule.measure)), rule.every)
    for rule in rules.values():
        yield from _parts(rule)


def _parts(value):
    """The types and codes in a value of nested dataclasses."""
    if is_dataclass(value):
        yield type(value)
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, StrEnum):
        yield value
