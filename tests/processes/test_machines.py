"""Cases driven at random through every process keep its promises.

Chance chooses the step, the day, who takes it and what is written down; what the engine refuses
changes nothing. What it lets pass is held against plain statements here, not against the engine.
"""

import os
from calendar import monthrange
from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
from django.conf import settings as django
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.processes import model as m
from guantong.processes.engine import StepRefused, advance, due, options
from guantong.processes.examples import SUBJECT, tried
from guantong.processes.facts import Attempt
from guantong.processes.paths import needed
from tests.processes.folders import processes_of

RUNS = 10_000 if os.environ.get("GUANTONG_DEEP") else 300
PROCESSES = processes_of(django.CATALOGUE_DIR)
TODAY = date(2030, 1, 1)
some_runs = settings(
    max_examples=RUNS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# What nobody may come to without: by process, a state and the steps behind it.
APPROVALS = {
    ("recruitment", "cultivated"): {"apply", "talk", "recommend", "file_activist", "contacts"},
    ("recruitment", "approved"): {"file_candidate", "sponsors", "review_politically", "clear",
                                  "accept", "interview", "approve"},
    ("recruitment", "full"): {"approve", "swear", "request", "discuss", "approve_full"},
    ("recruitment", "cancelled"): {"discuss", "approve_cancelling"},
    ("election", "done"): {"permit", "approve_candidates", "hold", "report", "approve_result"},
    ("transfer-out", "received"): {"check", "issue", "receive"},
    ("transfer-in", "received"): {"check", "assign", "accept"},
    ("transfer-within", "received"): {"release", "confirm", "receive"},
    ("branch-rectification", "done"): {"list", "plan", "claim", "pass"},
    ("problem", "checked"): {"plan", "claim", "close", "check_again"},
    ("lost-contact", "removed"): {"ask_suspension", "approve_suspension", "ask_removal",
                                  "approve_removal"},
    ("lost-contact", "restored"): {"reappear", "restore"},
    ("correction", "upheld"): {"ask", "refuse", "appeal", "uphold"},
    ("appraisal", "done"): {"hold", "judge", "approve", "tell"},
    ("secretary-review", "done"): {"hold", "judge", "tell"},
    ("model-college", "accepted"): {"recommend", "choose", "report_midway", "finish", "accept"},
    ("model-branch", "accepted"): {"recommend", "choose", "report_midway", "finish", "accept"},
    ("double-leader-studio", "accepted"): {"recommend", "choose", "finish", "accept"},
    ("innovation-project", "accepted"): {"recommend", "choose", "finish", "accept"},
    ("submission", "published"): {"admit", "review", "choose", "publish"},
    ("livelihood-project", "done"): {"adopt", "claim", "confirm"},
    ("award", "awarded"): {"nominate", "check", "decide"},
    ("care", "helped"): {"verify", "decide", "help"},
    ("hazard", "closed"): {"assess", "settle", "close"},
    ("drill", "done"): {"plan", "hold", "review"},
    ("award-org", "awarded"): {"nominate", "check", "decide"},
    ("dues-relief", "relieved"): {"ask", "agree", "approve"},
    ("deadline-correction", "handed_on"): {"propose", "approve", "judge", "hand_on"},
    ("dues-arrears", "removed"): {"ask", "warn", "propose", "approve"},
}  # fmt: skip


@pytest.mark.parametrize(("name", "state"), APPROVALS)
def test_no_way_leads_round_an_approval(name, state):
    process = PROCESSES[name].process
    for step in process.steps.values():
        if step.target == state and step.sources != (state,):
            behind = {*needed(process)[step.name], step.name}
            assert APPROVALS[name, state] <= behind, step.name


@pytest.mark.parametrize("step", ["accept", "discuss"])
def test_votes_add_up_whichever_way_of_counting_a_school_has_switched_off(step):
    process = PROCESSES["recruitment"].process
    for chosen in (process.usual(), process.usual() - {"written-opinions"}, frozenset()):
        rules = process.with_variants(chosen).steps[step].rules
        assert sum("adds-up" in rule.id for rule in rules) == 1, chosen


# ---------------------------------------------------------------- chance


def usual_moves(loaded):
    """By step, every way in which an example or a course takes it."""
    found = {}
    for example in tried(loaded):
        for move in (*example.before, *([example.move] if example.move else [])):
            found.setdefault(move.attempt.step, []).append(move)
    return found


MOVES = {name: usual_moves(loaded) for name, loaded in PROCESSES.items()}
NEEDS = {name: needed(x.process) for name, x in PROCESSES.items()}
WAYS = {name: [example.before for example in tried(x)] for name, x in PROCESSES.items()}
LEAPS = [0, 1, 7, 28, 30, 31, 89, 90, 91, 180, 181, 183, 184, 364, 365, 366, 730, 731]
ANYBODY = (SUBJECT, 100, 101, 102, 103, 104)


def attempt_at(chance, name, case):
    """A step as somebody might take it, mostly sensible, often not; and the facts beside it."""
    process = PROCESSES[name].process.with_variants(case.variants)
    every = [*process.steps.values()]
    here = process.out_of(case.state) if chance.randrange(10) else every
    step = chance.choice(here or every)
    like = chance.choice([*MOVES[name].get(step.name, []), None])
    known = {f.name for f in step.fields}
    fields = dict(like.attempt.fields) if like else {}
    fields = {k: v for k, v in fields.items() if k in known}
    leap = chance.choice([chance.randrange(41), chance.choice(LEAPS)])
    on = (case.last_on or date(2020, 1, 1)) + timedelta(days=leap)
    for field in step.fields:
        if field.name not in fields or not chance.randrange(5):
            fields[field.name] = value_of(chance, field, on)
    reasons = {r.id: "写明的原因" for r in step.rules} if chance.randrange(2) else {}
    who = step.who if chance.randrange(10) else [*process.actors]
    actors = frozenset({chance.choice(who)})
    by = SUBJECT if "self" in actors else chance.choice(ANYBODY)
    given = dict(like.given) if like else usual_given(name)
    return Attempt(step.name, on, by, actors, fields, reasons), given


def usual_given(name):
    return dict(next(iter(MOVES[name].values()))[0].given)


VALUES = {
    m.FieldType.NUMBER: (*range(13), 30),
    m.FieldType.TEXT: ("文字",),
    m.FieldType.FLAG: (True, True, True, False),
    m.FieldType.PERSON: (SUBJECT, 20, 21, 22),
    m.FieldType.ORG: (3, 4),
    m.FieldType.VOTES: ((m.CandidateVotes("甲", 5, elected=True),),),
}


def value_of(chance, field, on):
    if field.type is m.FieldType.DAY:
        near = on + timedelta(days=chance.randint(-800, 800))
        return chance.choice([near, near, date(2000, 2, 29)])
    if field.type is m.FieldType.CODE:
        return chance.choice([*field.options, ""])
    return chance.choice(VALUES[field.type])


@pytest.mark.parametrize("name", PROCESSES)
def test_a_case_driven_at_random_keeps_the_promises(name):
    process = PROCESSES[name].process
    reached = Counter()

    @some_runs
    @given(st.integers(0, 2**32), st.lists(st.integers(0, 2**32), min_size=1, max_size=15))
    def run(beginning, seeds):  # a failure shrinks to few attempts
        case = begun(Random(beginning), process)
        for seed in seeds:
            attempt, given_facts = attempt_at(Random(seed), name, case)
            case = tries(process, case, attempt, given_facts)
            reached.update([case.state])

    run()
    assert 2 * len(reached) > len(process.states), "chance went nowhere, and so proved nothing"


def begun(chance, process):
    """A case as new, or part of the way along one of the examples; with some variants switched."""
    off = {one for one in process.variants if chance.randrange(4) == 0}
    person = SUBJECT if process.of_person else None
    case = m.open_case(process, person_id=person, variants=process.usual() ^ off)
    way = chance.choice([(), *WAYS[process.name]])
    for move in way[: chance.randint(0, len(way))]:
        case = tries(process, case, move.attempt, move.given)
    return case


def tries(process, case, attempt, given_facts):
    try:
        after = advance(process, case, attempt, today=TODAY, given=given_facts)
    except StepRefused as refused:
        says_why(refused)
        return case
    kept = process.with_variants(case.variants)
    event = one_event_more(kept, case, after)
    assert event.on <= TODAY
    assert all(event.on >= earlier.on for earlier in case.history)
    by_the_right_hands(kept, case, event, attempt)
    in_its_time(kept, case, event, given_facts)
    after_what_it_needs(kept, case, event)
    was_on_offer(process, case, attempt, given_facts)
    votes_add_up(event)
    return after


def says_why(refused):
    assert refused.reasons
    assert all(reason.strip() for reason in refused.reasons)


def one_event_more(process, before, after):
    assert after.history[:-1] == before.history
    assert len(after.history) == len(before.history) + 1
    event = after.history[-1]
    step = process.steps[event.step]
    assert before.state == event.source
    assert event.source in step.sources
    assert after.state == event.target == (step.target or before.state)
    assert not process.states[before.state].closed
    assert (after.version, after.variants) == (before.version, before.variants)
    return event


def by_the_right_hands(process, case, event, attempt):
    step = process.steps[event.step]
    assert attempt.actors & set(step.who)
    if event.by == case.person_id:
        assert "self" in step.who
    for earlier in case.history:
        assert not (earlier.step in step.not_by and earlier.by == event.by)


def in_its_time(process, case, event, given_facts):
    """Time limits, with a calendar of their own."""
    methods = [e.fields["method"] for e in case.history if "method" in e.fields]
    for rule in process.steps[event.step].rules:
        if rule.id in OF_LETTERS and methods[-1:] != ["letter"]:  # the last one counts
            continue
        if SETTLED.get(rule.id) in {e.step for e in case.history}:
            continue
        excused = rule.id in event.reminders or rule.id in dict(event.passed_over)
        if not isinstance(rule.test, m.Span) or rule.test.unit is not m.Unit.MONTHS or excused:
            continue
        span, known = rule.test, days_known(case, event, given_facts)
        day, anchor = known.get(span.day), known.get(span.anchor)
        if span.later in known:
            anchor = max(anchor, known[span.later])
        if None in (day, anchor):
            assert span.if_known, rule.id
        elif span.way is m.Way.NOT_BEFORE:
            assert day >= later(anchor, span.amount), rule.id
        else:
            assert day <= later(anchor, span.amount), rule.id


SETTLED = {"early-with-approval": "approve_advance"}  # asked only until that step is taken
OF_LETTERS = {"receipt-within-a-month", "receipt-sent-in-a-month"}


def days_known(case, event, given_facts):
    found = dict(given_facts)
    for e in case.history:
        found |= {f"{e.step}.on": e.on} | {f"{e.step}.{k}": v for k, v in e.fields.items()}
    found |= {"on": event.on, **event.fields}
    return {name: day for name, day in found.items() if isinstance(day, date)}


def later(day, months):
    """The same day so many months on, found by going through the months one by one."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        year, month = (
            (year + 1, 1) if month == 13 else (year - 1, 12) if month == 0 else (year, month)
        )
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def after_what_it_needs(process, case, event):
    taken = {e.step for e in case.history}
    assert set(NEEDS[process.name][event.step]) <= taken


def was_on_offer(process, case, attempt, given_facts):
    """What could be taken had been shown as open, for the same person on the same day."""
    offered = options(
        process, case, on=attempt.on, by=attempt.by, actors=attempt.actors, given=given_facts
    )
    assert [o for o in offered if o.step.name == attempt.step and not o.reasons]
    assert all(d.rule.says for d in due(process, case, on=attempt.on, given=given_facts))


def votes_add_up(event):
    cast = [event.fields.get(name) for name in ("yes", "no", "abstain")]
    present = event.fields.get("present")
    if None not in cast and present is not None:
        assert sum(cast) in {present, present + (event.fields.get("written") or 0)}
        assert 2 * event.fields["yes"] > event.fields["expected"] >= present
