"""One meaning, every engine: random obligations over random facts give the same entries."""

import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from sqlglot import exp

from guantong.obligations import model as m
from guantong.obligations import naive, run
from guantong.obligations.compile import compile_question
from tests.spec import engines, strategies

CASES = 20_000 if os.environ.get("GUANTONG_DEEP") else 500
every_case = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MEASURES = {m.CountActivities, m.Attended, m.State, m.Ratio, m.Coverage, m.NextTerm}


@pytest.mark.django_db
def test_every_engine_gives_the_entries_of_the_naive_interpreter():
    verdicts, measures, periods = set(), set(), set()

    @every_case
    @given(strategies.questions(), strategies.facts())
    def agree(question, facts):
        expected = naive.entries(question, facts)
        query = compile_question(question, exp.to_table)
        for engine in engines.available():
            found = engines.entries(engine, question, facts, query)
            assert _written(found) == _written(expected), engine
        verdicts.update(entry.verdict for entry in expected)
        met = {e.obligation for e in expected}
        measures.update(type(o.measure) for o in question.obligations if o.name in met)
        periods.update(o.every for o in question.obligations if o.name in met)

    agree()
    # The random cases reach everything, or they would prove little.
    assert verdicts == set(m.Verdict)
    assert measures == MEASURES
    assert len(periods) == 5


def _written(found):
    file = io.StringIO()
    run.write_csv(found, file)
    return file.getvalue()
