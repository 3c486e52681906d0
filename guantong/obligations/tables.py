"""The fact tables: all that obligations know about the records.

`records.facts` supplies tables of exactly these shapes from the application's database; the same
tables can come as a folder of Parquet or CSV files. Ids are integers, days ISO dates. A span is
half-open: `valid_from` the first day in it, `valid_to` the first day after it, null while it
lasts. Elsewhere null means "not known" and makes a verdict unknown where a rule needs the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from guantong.conditions.check import Type
from guantong.conditions.model import Scalar

ID, CODE, FLAG, NUMBER, DAY = Type.ID, Type.CODE, Type.FLAG, Type.NUMBER, Type.DAY

type FactRow = Mapping[str, Scalar | None]


@dataclass(frozen=True)
class Table:
    """One fact table. `required` columns are never null; `key` columns identify a row."""

    grain: str
    columns: Mapping[str, Type]
    required: frozenset[str]
    key: tuple[str, ...]


def _table(grain: str, key: str, required: str = "", /, **columns: Type) -> Table:
    keys = tuple(key.split())
    return Table(grain, columns, frozenset({*keys, *required.split()}), keys)


SPAN = {"valid_from": DAY, "valid_to": DAY}

TABLES: Mapping[str, Table] = {
    "orgs": _table(
        "organisation", "org_id", "valid_from", org_id=ID, kind=CODE, category=CODE, **SPAN
    ),
    "org_parents": _table(
        "organisation x span", "org_id valid_from", "parent_id", org_id=ID, parent_id=ID, **SPAN
    ),
    "memberships": _table(
        "person x branch x span",
        "person_id org_id valid_from",
        person_id=ID,
        org_id=ID,
        status=CODE,
        exempt=FLAG,
        **SPAN,
    ),
    "posts": _table(
        "person x post x span",
        "person_id org_id post valid_from",
        person_id=ID,
        org_id=ID,
        post=CODE,
        double_leader=FLAG,
        full_time=FLAG,
        **SPAN,
    ),
    "activities": _table(
        "activity",
        "activity_id",
        "held_on",
        activity_id=ID,
        kind=CODE,
        held_on=DAY,
        hours=NUMBER,
        planned=FLAG,
    ),
    "hosts": _table("activity x host", "activity_id org_id", activity_id=ID, org_id=ID),
    "attendances": _table(
        "activity x person",
        "activity_id person_id",
        activity_id=ID,
        person_id=ID,
        role=CODE,
        hours=NUMBER,
    ),
    "details": _table(
        "activity x field of its kind x place in a list",
        "activity_id field place",
        activity_id=ID,
        field=CODE,
        place=ID,
        code=CODE,
        number=NUMBER,
        day=DAY,
        org_id=ID,
        person_id=ID,
        other_person_id=ID,
    ),
    "relations": _table(
        "dated link",
        "relation_id",
        "valid_from",
        relation_id=ID,
        kind=CODE,
        person_id=ID,
        org_id=ID,
        other_org_id=ID,
        other_person_id=ID,
        **SPAN,
    ),
    "figures": _table(
        "organisation x figure x day",
        "org_id name as_of",
        org_id=ID,
        name=CODE,
        as_of=DAY,
        value=NUMBER,
    ),
    "terms": _table(
        "committee x term",
        "org_id elected_on",
        "expires_on",
        org_id=ID,
        elected_on=DAY,
        expires_on=DAY,
        extended_to=DAY,
    ),
    "documents": _table(
        "institution document",
        "document_id",
        "org_id valid_from",
        document_id=ID,
        org_id=ID,
        **{"class": CODE},
        **SPAN,
        review_due=DAY,
    ),
    "budgets": _table(
        "budget line of an organisation and a year",
        "budget_id",
        "org_id amount valid_from",
        budget_id=ID,
        org_id=ID,
        amount=NUMBER,
        **SPAN,
    ),
    "cases": _table(
        "case",
        "case_id",
        "opened_on",
        case_id=ID,
        process=CODE,
        org_id=ID,
        person_id=ID,
        state=CODE,
        state_since=DAY,
        opened_on=DAY,
        closed_on=DAY,
        outcome=CODE,
    ),
}
"""`activities.recorded_at` of the contract is not read by any measure."""

# What a row of each table looks like to a condition, where it is joined to another table.
ATTENDANCE_ROW: Mapping[str, Type] = {
    "role": CODE,
    "hours": NUMBER,
    "kind": CODE,
    "activity_hours": NUMBER,
}
ACTIVITY_ROW: Mapping[str, Type] = {"kind": CODE, "hours": NUMBER}
DETAIL_ROW: Mapping[str, Type] = {
    name: kind
    for name, kind in TABLES["details"].columns.items()
    if name not in TABLES["details"].key
}
POST_ROW: Mapping[str, Type] = {
    **TABLES["posts"].columns,
    "org_kind": CODE,
    "org_category": CODE,
}
