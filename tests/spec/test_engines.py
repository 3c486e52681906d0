"""One meaning, every engine: random obligations over random facts give the same entries."""

import io
import os

import pytest
from hypothesis import HealthCheck, given, settings

from guantong.obligations import run
from tests.spec import engines, strategies

CASES = 20_000 if os.environ.get("GUANTONG_DEEP") else 500
every_case = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.django_db
@pytest.mark.parametrize("engine", engines.available())
def test_an_engine_gives_the_entries_of_the_naive_interpreter(engine):
    @every_case
    @given(strategies.questions(), strategies.facts())
    def agree(question, facts):
        assert _bytes(engine, question, facts) == _bytes("naive", question, facts)

    agree()


def _bytes(engine, question, facts):
    file = io.StringIO()
    run.write_csv(engines.entries(engine, question, facts), file)
    return file.getvalue()
