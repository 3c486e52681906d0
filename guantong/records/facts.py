"""The records, as the fact tables that obligations are written against.

One SELECT per table, the same text for SQLite and PostgreSQL, with exactly the columns of
`obligations.tables`. Withdrawn activities are left out; their hosts and
attendances stay, and count for nothing alone. Who is not yet a member of the Party, or suspended,
is in no membership.
"""

from collections.abc import Iterable, Mapping

from guantong.obligations.activity_kinds import Sort
from guantong.records import catalogue
from guantong.records.models.membership import MEMBER_STATUSES

_MEMBER = ", ".join(f"'{status}'" for status in MEMBER_STATUSES)

_FACTS: Mapping[str, str] = {
    "orgs": "SELECT id AS org_id, kind, category, valid_from, valid_to FROM records_org",
    "org_parents": "SELECT org_id, parent_id, valid_from, valid_to FROM records_orgparent",
    "memberships": (
        "SELECT person_id, org_id, status, exempt, valid_from, valid_to FROM records_membership"
        f" WHERE status IN ({_MEMBER})"
    ),
    "posts": (
        "SELECT person_id, org_id, post, double_leader, full_time, valid_from, valid_to"
        " FROM records_post"
    ),
    "activities": (
        "SELECT id AS activity_id, kind, held_on, hours, planned FROM records_activity"
        " WHERE withdrawn_at IS NULL"
    ),
    "hosts": "SELECT activity_id, org_id FROM records_activityhost",
    "attendances": "SELECT activity_id, person_id, role, hours FROM records_attendance",
    # Of fields that a kind marks as a fact, and never what was written in free text: `of_details`.
    "details": (
        "SELECT d.activity_id, d.field, d.place, CASE WHEN {coded} THEN d.text END AS code,"
        " d.number, d.day, d.org_id, d.person_id, d.other_id AS other_person_id"
        " FROM records_detail AS d JOIN records_activity AS a ON a.id = d.activity_id"
        " WHERE a.withdrawn_at IS NULL AND {facts}"
    ),
    "relations": (
        "SELECT id AS relation_id, kind, person_id, org_id, other_org_id, other_person_id,"
        " valid_from, valid_to FROM records_relation"
    ),
    "figures": "SELECT org_id, name, as_of, value FROM records_figure",
    "terms": "SELECT org_id, elected_on, expires_on, extended_to FROM records_term",
    "documents": (
        'SELECT id AS document_id, org_id, doc_class AS "class", valid_from, valid_to, review_due'
        " FROM records_document"
    ),
    # In force for the calendar year. (A cast would read a text as a number in SQLite.)
    "budgets": (
        "SELECT id AS budget_id, org_id, amount, date(year || '-01-01') AS valid_from,"
        " date((year + 1) || '-01-01') AS valid_to FROM records_budgetline"
    ),
    # `outcome`: the state in which it was closed.
    "cases": (
        "SELECT id AS case_id, process, org_id, person_id, state, state_since, opened_on,"
        " closed_on, CASE WHEN closed_on IS NULL THEN NULL ELSE state END AS outcome"
        " FROM records_case"
    ),
}

TABLES = _FACTS.keys()


def select(table: str) -> str:
    """The SELECT of a fact table; which fields of a kind are facts is for the catalogue to say."""
    if table != "details":
        return _FACTS[table]
    own = [
        (kind.code, one)
        for kind in catalogue.activity_kinds().values()
        for one in kind.own.values()
    ]
    facts = [f"{kind}.{one.code}" for kind, one in own if one.fact]
    coded = [f"{kind}.{one.code}" for kind, one in own if one.sort in (Sort.CHOICE, Sort.YES_NO)]
    return _FACTS[table].format(facts=_among(facts), coded=_among(coded))


def _among(names: Iterable[str]) -> str:
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in names) or "NULL"
    return f"a.kind || '.' || d.field IN ({listed})"
