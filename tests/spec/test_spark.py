"""Spark gives the entries of the naive interpreter, on a cluster of two workers.

Each query costs it most of a second whatever it reads, so many sets of facts are put to it at
once, side by side.
"""

from itertools import groupby
from time import monotonic, sleep

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dev import spark
from guantong.obligations import cluster, faults, folder, naive
from guantong.obligations import model as m
from guantong.obligations.faults import FactsError
from guantong.obligations.tables import TABLES
from tests.spec import engines, strategies, worlds
from tests.spec.test_catalogue import EXAMPLES
from tests.spec.test_engines import MEASURES

QUESTIONS = 12  # of each measure
WORLDS = 20  # sets of facts for each question

pytestmark = [
    pytest.mark.deep,
    # PySpark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def session(spark_master):
    with cluster.connected(spark_master, cluster.require(spark_master)) as opened:
        yield opened


@st.composite
def cases(draw, measure):
    question = draw(strategies.questions(measure))
    facts = strategies.facts(question)
    return question, draw(st.lists(facts, min_size=WORLDS, max_size=WORLDS))


def entries(session, question, facts):
    """The entries of the question in each world, as Spark finds them."""
    asked = worlds.asked_of_all(question, facts)
    found = engines.entries_on_spark(session, asked, worlds.together(facts))
    return worlds.apart(found, facts)


some_cases = settings(
    max_examples=QUESTIONS,
    deadline=None,
    phases=[Phase.generate],  # to shrink a case here would take hours
    suppress_health_check=list(HealthCheck),
)


def test_random_cases_have_the_entries_of_the_naive_interpreter(session):
    verdicts, measures = set(), set()

    def agree(case):
        question, facts = case
        expected = [naive.entries(question, world) for world in facts]
        found = entries(session, question, facts)
        assert [*map(engines.written, found)] == [*map(engines.written, expected)]
        rules = {o.name: o for o in question.obligations}
        for entry in (entry for world in expected for entry in world):
            verdicts.add(entry.verdict)
            measures.add(type(rules[entry.obligation].measure))

    for measure in MEASURES:
        some_cases(given(cases(measure))(agree))()
    assert verdicts >= {*m.Verdict} - {m.Verdict.LATE}  # rare; examples of the catalogue have it
    assert measures == set(MEASURES)


def test_every_example_of_the_catalogue(session):
    verdicts = set()
    examples = sorted((p.values[0] for p in EXAMPLES), key=lambda e: repr(e.question))
    for _, same in groupby(examples, key=lambda e: repr(e.question)):
        group = list(same)
        found = entries(session, group[0].question, [example.facts for example in group])
        for example, answers in zip(group, found, strict=True):
            assert not example.differences(answers), example.says
        verdicts.update(entry.verdict for world in found for entry in world)
    assert verdicts == set(m.Verdict)


def test_both_workers_take_part(session):
    tracker = session.sparkContext._jsc.sc().statusTracker()
    until = monotonic() + spark.PATIENCE
    while len(tracker.getExecutorInfos()) < 1 + spark.WORKERS:  # the driver is told among them
        assert monotonic() < until
        sleep(0.1)
    assert session.sparkContext.defaultParallelism == spark.WORKERS


FAULTY = {
    "orgs": "SELECT * FROM (VALUES (1, 'branch', NULL, DATE '2020-01-01', DATE '2019-01-01'),"
    " (2, 'branch', NULL, NULL, NULL), (2, 'branch', NULL, DATE '1900-02-28', NULL))"
    " AS t (org_id, kind, category, valid_from, valid_to)",
    "org_parents": "SELECT * FROM (VALUES (2, 1, DATE '2020-01-01', NULL),"
    " (2, 1, DATE '2021-01-01', NULL::DATE), (3, 3, DATE '2020-01-01', NULL))"
    " AS t (org_id, parent_id, valid_from, valid_to)",
    "attendances": "SELECT 7 AS activity_id, UNNEST([1, NULL]) AS person_id, 'chair' AS role,"
    " UNNEST([0.1::DOUBLE, 0.12345::DOUBLE]) AS hours",
    "figures": "SELECT 1 AS org_id, 'staff' AS name, DATE '2020-02-29' AS as_of,"
    " 0.123456789::DECIMAL(20, 9) AS value",
}


def test_what_is_wrong_with_the_facts_is_told_in_the_same_words(session, tmp_path):
    for name, rows in FAULTY.items():
        duckdb.execute(f"COPY ({rows}) TO '{tmp_path / name}.parquet'")
    with folder.loaded(tmp_path) as (held, copy):
        for name in TABLES:
            cluster.load(session, held.get(name), copy, name)
        told = []
        for ask in (folder.duckdb_ask(copy), cluster.spark_ask(session)):
            with pytest.raises(FactsError) as refused:
                folder.look(ask, held, held.keys())
            told.append([*str(refused.value).splitlines(), *faults.found(ask, LOOSE)])
    assert told[0] == told[1]
    assert len(told[0]) == 8 + 3


LOOSE = faults.loose_ends(["attendances", "org_parents"])
