"""The hand-written peer of the benchmark says what the plan says, on every example of it."""

import pytest

from bench import handwritten
from guantong.obligations import naive
from guantong.obligations.examples import examples
from tests.spec import engines
from tests.spec.test_catalogue import CATALOGUE

PLAN = CATALOGUE.of_plan("jyu-2021-2023")


@pytest.mark.django_db
@pytest.mark.parametrize("obligation", PLAN, ids=lambda o: o.name)
def test_it_agrees_on_every_example(obligation):
    for example in examples(obligation, CATALOGUE.calendar):
        wanted = handwritten.expected(naive.entries(example.question, example.facts))
        for engine in engines.available():
            found = {row for row in answered(engine, example) if row[0] == obligation.name}
            assert found == wanted, (engine, example.says)


def answered(engine, example):
    """The rows of the queries that are about the example's obligation."""
    execute = engines.connected(engine)
    engines.fill(engine, execute, example.facts)

    def plainly(text):
        return execute(text, ())

    asked = example.question
    (name,) = (o.name for o in asked.obligations)
    handwritten.make_calendar(plainly, asked)
    texts = [text for text in handwritten.queries(asked) if f"'{name}'" in text]
    return handwritten.comparable(handwritten.answer(plainly, texts))
