"""The records, as the fact tables that obligations are written against.

One SELECT per table, the same text for SQLite and PostgreSQL, with exactly the columns of
`obligations.tables`. Withdrawn activities are left out; their hosts and
attendances stay, and count for nothing alone. Who is not yet a member of the Party, or suspended,
is in no membership.
"""

from collections.abc import Iterable, Mapping

from guantong.obligations.activity_kinds import QUORUM, ActivityKind, Deciding, Sort
from guantong.records import catalogue, study_hours
from guantong.records.models.membership import MEMBER_STATUSES

_MEMBER = ", ".join(f"'{status}'" for status in MEMBER_STATUSES)

# Worked out for a kind whose quorum is a fact; of a plan it is taken for granted, and of an
# organisation that has nobody who may vote it is not known.
_QUORUM = (
    "SELECT q.activity_id, '{field}', 0, CASE WHEN q.planned THEN 'yes'"
    " WHEN q.came * {whole} > q.entitled * {part} THEN 'yes' ELSE 'no' END,"
    " NULL, NULL, NULL, NULL, NULL FROM (SELECT a.id AS activity_id, a.planned,"
    " COUNT(DISTINCT m.person_id) AS entitled, COUNT(DISTINCT t.person_id) AS came"
    " FROM records_activity AS a JOIN records_activityhost AS h ON h.activity_id = a.id"
    " JOIN records_membership AS m ON m.org_id = h.org_id AND m.status IN ({statuses})"
    " AND m.valid_from <= a.held_on AND (m.valid_to IS NULL OR m.valid_to > a.held_on)"
    " LEFT JOIN records_attendance AS t ON t.activity_id = a.id AND t.person_id = m.person_id"
    " WHERE a.withdrawn_at IS NULL AND a.kind = {kind} GROUP BY a.id, a.planned) AS q"
)

# The hours of one sitting in one year count once: with the row of the kind of most weight, however
# many of its rows they were written to. So what was recorded under an earlier rule is right, too.
_HOURS = (
    "CASE WHEN t.activity_id NOT IN (SELECT p.id FROM records_activity AS p"
    " WHERE p.part_of_id IS NOT NULL UNION SELECT p.part_of_id FROM records_activity AS p"
    " WHERE p.part_of_id IS NOT NULL) THEN t.hours"
    " WHEN t.activity_id = (SELECT b.id FROM {same}"
    " ORDER BY CASE b.kind {weights} ELSE 0 END DESC, b.id LIMIT 1)"
    " THEN (SELECT MAX(o.hours) FROM {same} JOIN records_attendance AS o"
    " ON o.activity_id = b.id AND o.person_id = t.person_id) ELSE 0 END"
)
_SAME = (
    "records_activity AS a JOIN records_activity AS b ON a.id = t.activity_id"
    " AND b.held_on = a.held_on AND (b.id = COALESCE(a.part_of_id, a.id)"
    " OR b.part_of_id = COALESCE(a.part_of_id, a.id))"
)

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
    "attendances": (
        "SELECT t.activity_id, t.person_id, t.role, {hours} AS hours FROM records_attendance AS t"
    ),
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
    """The SELECT of a fact table; which fields of a kind are facts, and how widely its hours are
    study, is for the catalogue to say."""
    if table == "attendances":
        weights = study_hours.weights().items()
        ranks = " ".join(f"WHEN {_listed([kind])} THEN {rank}" for kind, rank in weights)
        return _FACTS[table].format(hours=_HOURS.format(same=_SAME, weights=ranks))
    if table != "details":
        return _FACTS[table]
    kinds = catalogue.activity_kinds().values()
    own = [(kind.code, one) for kind in kinds for one in kind.own.values()]
    facts = [f"{kind}.{one.code}" for kind, one in own if one.fact]
    coded = [f"{kind}.{one.code}" for kind, one in own if one.sort in (Sort.CHOICE, Sort.YES_NO)]
    typed = _FACTS[table].format(facts=_among(facts), coded=_among(coded))
    worked_out = _quorums(kinds)
    return (
        f"SELECT * FROM ({' UNION ALL '.join([typed, *worked_out])}) AS own"
        if worked_out
        else typed
    )


def _quorums(kinds: Iterable[ActivityKind]) -> list[str]:
    return [
        _quorum(kind.code, kind.deciding) for kind in kinds if kind.deciding and kind.deciding.fact
    ]


def _quorum(kind: str, deciding: Deciding) -> str:
    statuses = catalogue.current().kinds["bases"][deciding.entitled]["statuses"]
    part, whole = deciding.quorum.as_integer_ratio()
    return _QUORUM.format(
        field=QUORUM, kind=_listed([kind]), statuses=_listed(statuses), part=part, whole=whole
    )


def _among(names: Iterable[str]) -> str:
    return f"a.kind || '.' || d.field IN ({_listed(names)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names) or "NULL"
