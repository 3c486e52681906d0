"""Every process file brings examples, and every rule one that it refuses or reminds of."""

from dataclasses import replace

import pytest
from django.conf import settings

from guantong.processes.examples import faults, tried
from tests.processes.folders import processes_of

PROCESSES = processes_of(settings.CATALOGUE_DIR)
STEPS = [(name, step) for name, x in PROCESSES.items() for step in x.process.steps.values()]
RULES = [(name, step.name, rule.id) for name, step in STEPS for rule in step.rules]
FOUR_EYES = [(name, step.name) for name, step in STEPS if step.not_by]


@pytest.mark.parametrize("name", PROCESSES)
def test_the_examples_come_out_as_they_say(name):
    assert list(faults(PROCESSES[name])) == []


def noticed(loaded, lax, step):
    """Whether an example that tries the step comes out otherwise."""
    trying = [e for e in tried(loaded) if e.move and e.move.attempt.step == step]
    return any(example.differences(lax) for example in trying)


@pytest.mark.parametrize(("name", "step", "rule"), RULES)
def test_an_example_notices_when_a_rule_is_taken_away(name, step, rule):
    loaded = PROCESSES[name]
    kept = tuple(r for r in loaded.process.steps[step].rules if r.id != rule)
    assert noticed(loaded, with_step(loaded.process, step, rules=kept), step)


@pytest.mark.parametrize(("name", "step"), FOUR_EYES)
def test_an_example_notices_when_the_second_pair_of_eyes_is_given_up(name, step):
    loaded = PROCESSES[name]
    assert noticed(loaded, with_step(loaded.process, step, not_by=()), step)


def with_step(process, step, **changes):
    return replace(process, steps={**process.steps, step: replace(process.steps[step], **changes)})
