"""What is wrong with the rows of fact tables, asked in SQL of whichever engine holds them.

All checks of an engine travel as one query, since on Spark each query costs more than what it
looks at. Faults are errors. Loose ends, ids that lead nowhere, are only told: a withdrawn
activity leaves its hosts and attendances behind, and they count for nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlglot
from sqlglot import exp

from guantong.conditions.check import Type
from guantong.obligations.known import DEEPEST
from guantong.obligations.tables import TABLES

type Ask = Callable[[exp.Expr], Sequence[tuple[Any, ...]]]

# No two spans of these at once. Terms are not among them: a committee elected anew before its
# term runs out has two for a while, since `expires_on` is a deadline and no end.
ONE_AT_A_TIME = {
    "org_parents": ("org_id",),
    "memberships": ("person_id", "org_id"),
    "posts": ("person_id", "org_id", "post"),
}
# What the ledger multiplies by whole ten-thousandths twice and still holds in 64 bits.
MOST = 10_000_000
# Where the codes of kinds.yaml stand: table, column, group.
CODES = {
    "orgs": {"kind": "orgs", "category": "categories"},
    "memberships": {"status": "statuses"},
    "posts": {"post": "posts"},
    "activities": {"kind": "activities"},
    "attendances": {"role": "roles"},
    "relations": {"kind": "relations"},
    "figures": {"name": "figures"},
    "documents": {"class": "documents"},
}
LEADS_TO = {
    "activity_id": "activities",
    "org_id": "orgs",
    "parent_id": "orgs",
    "other_org_id": "orgs",
}
WRITTEN = {
    Type.ID: ("^-?[0-9]+$", "BIGINT", "写成整数"),
    Type.FLAG: ("(?i)^(true|false|t|f|1|0)$", "BOOLEAN", "写成 true 或 false"),
    Type.NUMBER: (r"^-?[0-9]*([.][0-9]{0,4}0*)?$", "DECIMAL(18, 4)", "写成至多四位小数的数"),
    Type.DAY: ("^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}$", "DATE", "写成 2023-06-30 这样的日期"),
}


class FactsError(Exception):
    """The folder does not hold what the contract of the fact tables says."""


@dataclass(frozen=True)
class Check:
    """A query (DuckDB's SQL, printed for others) whose rows are place, how many, an example.

    `says[place]` is the sentence; {n} and {example} stand in it.
    """

    query: str
    says: tuple[str, ...]


def require_none(ask: Ask, checks: Sequence[Check]) -> None:
    """Raise FactsError with everything that the checks find."""
    if told := found(ask, checks):
        raise FactsError("\n".join(told))


def found(ask: Ask, checks: Sequence[Check]) -> list[str]:
    """Ask all checks in one query; return what they say, in their order."""
    if not checks:
        return []
    says = [text for check in checks for text in check.says]
    first, queries = 0, []
    for check in checks:
        queries.append(
            sqlglot.select(f"c.place + {first} AS place", "c.n AS n", "c.example AS example")
            .from_(sqlglot.parse_one(check.query, dialect="duckdb", into=exp.Select).subquery("c"))
            .where("c.n > 0")
        )
        first += len(check.says)
    together = exp.union(*queries, distinct=False) if len(queries) > 1 else queries[0]
    return [
        says[int(place)].replace("{n}", str(n)).replace("{example}", str(example))
        for place, n, example in sorted(ask(together))
    ]


# ---------------------------------------------------------------- the rows of one table


def checks(name: str, shown: str) -> Iterator[Check]:
    """What must not be in a fact table whose columns have their types."""
    yield _rows(name, name, shown, _impossible(name))
    yield _doubled(name, shown)
    if name in ONE_AT_A_TIME:
        yield _overlapping(name, shown)
    if name == "org_parents":
        yield _circular(shown)


def unreadable(name: str, shown: str) -> Sequence[Check]:
    """Text of a CSV file, held as it is in `…_as_given`, that is no value of its column."""
    wrong = {}
    for column, kind in TABLES[name].columns.items():
        if kind is not Type.CODE:
            pattern, sql_type, remedy = WRITTEN[kind]
            text = f"NULLIF(TRIM({_q(column)}), '')"
            says = f"列 {column} 有 {{n}} 行不是{NAMES[kind]}（如 {{example}}）。处理：{remedy}"
            wrong[says] = (
                f"{text} IS NOT NULL AND NOT (REGEXP_MATCHES({text}, '{pattern}')"
                f" AND TRY_CAST({text} AS {sql_type}) IS NOT NULL)",
                column,
            )
    return [_rows(name, f"{name}_as_given", shown, wrong)]


def inexact(name: str, shown: str, given: Mapping[str, str]) -> Sequence[Check]:
    """Numbers in `…_as_given`, of the SQL types `given`, that four places cannot hold."""
    wrong = {}
    for column, sql_type in given.items():
        exact = f"TRY_CAST({_q(column)} AS DECIMAL(18, 4))"
        says = f"列 {column} 有 {{n}} 行装不下（如 {{example}}）。处理：写成至多四位小数的数"
        wrong[says] = (
            f"{exact} IS NULL OR CAST({exact} AS {sql_type}) <> {_q(column)}",
            column,
        )
    rows = {
        says: (f"{_q(column)} IS NOT NULL AND ({test})", column)
        for says, (test, column) in wrong.items()
    }
    return [_rows(name, f"{name}_as_given", shown, rows)]


NAMES = {Type.ID: "整数", Type.FLAG: "布尔值", Type.NUMBER: "数值", Type.DAY: "日期"}


def _impossible(name: str) -> dict[str, tuple[str, str]]:
    """Sentence -> SQL that is true of a faulty row, and the column to show."""
    table, wrong = TABLES[name], {}
    for column in sorted(table.required):
        says = f"列 {column} 有 {{n}} 行为空（如 {{example}}）。处理：这一列每行都要填"
        wrong[says] = (f"{_q(column)} IS NULL", column)
    for start, end in (("valid_from", "valid_to"), ("elected_on", "expires_on")):
        if start in table.columns:
            says = f"有 {{n}} 行 {end} 不晚于 {start}（如 {{example}}）。处理：结束日应晚于开始日"
            wrong[says] = (f"{end} <= {start}", end)
    for column, kind in table.columns.items():
        if kind is Type.DAY:
            says = f"列 {column} 有 {{n}} 行不在 1 至 9998 年（如 {{example}}）。处理：核对日期"
            wrong[says] = (f"{column} < '0001-01-01' OR {column} > '9998-12-31'", column)
        if kind is Type.NUMBER:
            says = f"列 {column} 有 {{n}} 行太大或小于 0（如 {{example}}）。处理：不超过 {MOST:,}"
            wrong[says] = (f"{column} < 0 OR {column} > {MOST}", column)
    if name == "cases":
        says = "有 {n} 行 closed_on 早于 opened_on（如 {example}）。处理：办结日不早于开始日"
        wrong[says] = ("closed_on < opened_on", "closed_on")
    if name == "org_parents":
        says = "有 {n} 行的上级是自己（如 {example}）。处理：改为真正的上级，最上级不写"
        wrong[says] = ("parent_id = org_id", "parent_id")
    return wrong


def _rows(name: str, source: str, shown: str, wrong: Mapping[str, tuple[str, str]]) -> Check:
    """Each row once, with the first thing that is wrong with it."""
    fault = " ".join(f"WHEN {test} THEN {i}" for i, (test, _) in enumerate(wrong.values()))
    example = " ".join(
        f"WHEN {test} THEN {_shown(dict.fromkeys((*TABLES[name].key, column)))}"
        for test, column in wrong.values()
    )
    rows = f"SELECT CASE {fault} END AS place, CASE {example} END AS example FROM {_q(source)}"
    return Check(
        f"SELECT place, COUNT(*) AS n, MIN(example) AS example FROM ({rows}) AS r"
        " WHERE place IS NOT NULL GROUP BY place",
        tuple(f"{shown}：{says}" for says in wrong),
    )


def _doubled(name: str, shown: str) -> Check:
    key = TABLES[name].key
    keys = ", ".join(map(_q, key))
    rows = f"SELECT {_shown(key)} AS example FROM {_q(name)} GROUP BY {keys} HAVING COUNT(*) > 1"
    return Check(
        f"SELECT 0 AS place, COUNT(*) AS n, MIN(example) AS example FROM ({rows}) AS r",
        (f"{shown}：有 {{n}} 个 {'、'.join(key)} 出现多次（如 {{example}}）。处理：每项只留一行",),
    )


def _overlapping(name: str, shown: str) -> Check:
    """Spans in order overlap somewhere if and only if one runs into the next."""
    key = ONE_AT_A_TIME[name]
    keys = ", ".join(map(_q, key))
    next_valid_from = (
        f"LEAD(valid_from) OVER (PARTITION BY {keys} ORDER BY valid_from) AS next_valid_from"
    )
    rows = f"SELECT {keys}, valid_from, valid_to, {next_valid_from} FROM {_q(name)}"
    example = _shown((*key, "valid_from", "next_valid_from"))
    return Check(
        f"SELECT 0 AS place, COUNT(*) AS n, MIN({example}) AS example FROM ({rows}) AS r"
        " WHERE next_valid_from > valid_from AND (valid_to IS NULL OR next_valid_from < valid_to)",
        (
            f"{shown}：同一 {'、'.join(key)} 的起止时间有 {{n}} 处重叠（如 {{example}}）。"
            "处理：前一段的 valid_to 不晚于后一段的 valid_from",
        ),
    )


def _circular(shown: str) -> Check:
    """Organisations that hang below themselves: seen on the day on which the circle closes."""
    steps = [f"p{i}" for i in range(DEEPEST)]
    chain = " ".join(
        f"LEFT JOIN org_parents AS {there} ON {there}.org_id = {here}.parent_id"
        f" AND {there}.valid_from <= p0.valid_from"
        f" AND ({there}.valid_to IS NULL OR {there}.valid_to > p0.valid_from)"
        for here, there in pairwise(steps)
    )
    met = " OR ".join(f"{step}.parent_id = p0.org_id" for step in steps[1:])
    example = "CONCAT('org_id=', p0.org_id, ' valid_from=', CAST(p0.valid_from AS VARCHAR))"
    return Check(
        f"SELECT 0 AS place, COUNT(*) AS n, MIN({example}) AS example"
        f" FROM org_parents AS p0 {chain} WHERE p0.parent_id <> p0.org_id AND ({met})",
        (
            f"{shown}：有 {{n}} 行使党组织绕一圈又隶属于自己（如 {{example}}）。"
            "处理：核对这一行的 parent_id",
        ),
    )


# ---------------------------------------------------------------- between tables


def unknown_codes(
    held: Mapping[str, str], kinds: Mapping[str, Collection[str]]
) -> Sequence[Check]:
    """Codes in the tables that are there (as a message names them) that kinds.yaml lacks."""
    return [
        _unknown(name, column, shown, kinds[group])
        for name, shown in held.items()
        for column, group in CODES.get(name, {}).items()
    ]


def _unknown(name: str, column: str, shown: str, known: Collection[str]) -> Check:
    listed = ", ".join(f"'{code}'" for code in sorted(known))
    return Check(
        f"SELECT 0 AS place, COUNT(*) AS n, MIN({_shown([*TABLES[name].key, column])}) AS example"
        f" FROM {_q(name)} WHERE {_q(column)} NOT IN ({listed})",
        (
            f"{shown}：列 {column} 有 {{n}} 行是 kinds.yaml 里没有的代码（如 {{example}}），"
            "没有责任会算到它们。处理：核对代码，或登记到 catalogue/kinds.yaml",
        ),
    )


def loose_ends(held: Collection[str]) -> Sequence[Check]:
    """Ids that lead to no row, in the tables that are there."""
    return [
        _loose(name, column, LEADS_TO[column])
        for name, table in TABLES.items()
        for column in table.columns
        if column in LEADS_TO and name in held and name != LEADS_TO[column]
    ]


def _loose(name: str, column: str, target: str) -> Check:
    (identity,) = TABLES[target].key
    missing = (
        f"NOT EXISTS (SELECT 1 FROM {_q(target)} AS o WHERE o.{_q(identity)} = t.{_q(column)})"
    )
    return Check(
        f"SELECT 0 AS place, COUNT(*) AS n, MIN({_shown([column])}) AS example"
        f" FROM {_q(name)} AS t WHERE t.{_q(column)} IS NOT NULL AND {missing}",
        (f"{name} 有 {{n}} 行的 {column} 在 {target} 里没有（如 {{example}}），这些行不起作用",),
    )


def _shown(columns: Collection[str]) -> str:
    """SQL for the values of some columns as a reader looks for them."""
    parts = [f"'{c}=', COALESCE(CAST({_q(c)} AS VARCHAR), '空')" for c in columns]
    return f"CONCAT({", ' ', ".join(parts)})"


def _q(name: str) -> str:
    return f'"{name}"'
