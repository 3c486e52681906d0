"""Several sets of facts side by side in one, with ids of their own: what holds in each is not
changed by the others, so that an engine that is slow to start answers many cases at once.
"""

from dataclasses import replace

from guantong.conditions.check import Type
from guantong.obligations.tables import TABLES

APART = 1_000_000  # more than any id within a world


def together(worlds):
    """The facts (table -> rows) of all worlds."""
    return {
        name: [
            {c: _moved(v, table.columns[c], n) for c, v in row.items()}
            for n, world in enumerate(worlds)
            for row in world.get(name, ())
        ]
        for name, table in TABLES.items()
    }


def asked_of_all(question, worlds):
    """The question, its scope meaning the same bearers in every world."""
    if question.scope is None:
        return question
    org_ids, person_ids = (
        frozenset(i + n * APART for i in ids for n in range(len(worlds)))
        for ids in (question.scope.org_ids, question.scope.person_ids)
    )
    return replace(question, scope=replace(question.scope, org_ids=org_ids, person_ids=person_ids))


def apart(entries, worlds):
    """The entries of each world, with its own ids."""
    found = [[] for _ in worlds]
    for entry in entries:
        n, org_id = divmod(entry.org_id, APART)
        person_id = None if entry.person_id is None else entry.person_id - n * APART
        found[n].append(replace(entry, org_id=org_id, person_id=person_id))
    return found


def _moved(value, kind, n):
    return value if kind is not Type.ID or value is None else value + n * APART
