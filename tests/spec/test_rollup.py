"""Counts rolled up the dated tree are those that a plain walk up the tree gives."""

from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from guantong.obligations import rollup
from guantong.obligations.model import Verdict
from tests.spec import engines
from tests.spec.test_engines import DEEP

MAY = date(2023, 5, 1)
pytestmark = pytest.mark.django_db


@st.composite
def trees(draw):
    """Organisations 1 to n, each below an earlier one or none; some hung elsewhere before May."""
    size = draw(st.integers(1, 12))
    now = {n: draw(st.integers(0, min(n - 1, 7))) for n in range(1, size + 1)}
    before = {n: draw(st.integers(0, min(n - 1, 7))) for n in now if draw(st.booleans())}
    return size, now, before


def facts(size, now, before):
    orgs = [
        {"org_id": n, "kind": "branch", "category": None, **_span(None)}
        for n in range(1, size + 1)
    ]
    links = [
        {"org_id": n, "parent_id": parent, **_span(before.get(n))}
        for n, parent in now.items()
        if parent
    ]
    links += [
        {"org_id": n, "parent_id": p, "valid_from": date(2010, 1, 1), "valid_to": MAY}
        for n, p in before.items()
        if p
    ]
    return {"orgs": orgs, "org_parents": links}


def _span(moved):
    return {"valid_from": date(2000, 1, 1) if moved is None else MAY, "valid_to": None}


ENTRIES = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["theme-day", "appraisal"]),
              st.sampled_from(list(Verdict))),
    max_size=30,
)  # fmt: skip


@settings(max_examples=500 if DEEP else 100)
@given(trees(), ENTRIES, st.booleans())
def test_totals_are_those_of_a_plain_walk_up_the_tree(tree, entries, early):
    size, now, before = tree
    entries = [e for e in entries if e[0] <= size]
    parents = now | before if early else now
    wanted = _walked(entries, parents, inner=set(parents.values()) - {0})
    day = date(2023, 4, 30) if early else MAY
    for engine in engines.available():
        assert _rolled_up(engine, facts(*tree), entries, day) == wanted, engine


def _walked(entries, parents, inner):
    found = Counter()
    for org, obligation, verdict in entries:
        while org:
            if org in inner:
                found[org, obligation, verdict.value] += 1
            org = parents[org]
    return found


def _rolled_up(engine, facts, entries, day):
    execute = engines.connected(engine)
    engines.fill(engine, execute, facts)
    columns = "org_id BIGINT, obligation VARCHAR(20), verdict VARCHAR(9)"
    execute("DROP TABLE IF EXISTS given", ())
    execute(f"CREATE TEMP TABLE given ({columns})", ())
    for org, obligation, verdict in entries:
        execute(f"INSERT INTO given VALUES ({org}, '{obligation}', '{verdict}')", ())
    lineage, counts, totals = _texts(engine, day)
    for name, text in {"lineages": lineage, "counted": counts}.items():
        execute(f"DROP TABLE IF EXISTS {name}", ())
        execute(f"CREATE TEMP TABLE {name} AS {text}", ())
    found = Counter()
    for org, obligation, *numbers in execute(totals, ()).fetchall():
        for verdict, number in zip(rollup.COUNTS, numbers, strict=True):
            found[org, obligation, verdict] += int(number)
    return +found


@cache
def _texts(engine, day):
    queries = (
        rollup.lineage(exp.to_table, day),
        rollup.counts("given"),
        rollup.totals("lineages", "counted"),
    )
    return [query.sql(dialect=engine) for query in queries]
