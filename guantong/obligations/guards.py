"""What the catalogue may not say, whoever writes it: the restraint of the product, as checks.

No ranking of people or branches, no online time, no compulsory photo or check-in, no score of
anybody. The grammar has no measure for any of these; here is what could still be smuggled in by
a word or a code.
"""

import re
from collections.abc import Iterator
from typing import Any

from guantong.conditions import model as c
from guantong.conditions.parse import Problem
from guantong.obligations import model as m
from guantong.obligations.words import GROUPS

REFUSED = {
    "不给人和支部排名次": r"排名|名次|排行|末位|倒数|积分榜|\brank",
    "不登记在线时长、登录次数": r"在线时长|登录次数|登录率|活跃度|online|login",
    "不强制拍照、打卡、定位": r"打卡|人脸|定位签到|必须拍照|须附照片|photo|check_?in\b|gps",
    "不给人的思想和表现打分": r"打分|扣分|得分|评分|积分|画像|score|profil",
}
REMEDY = "删去这项要求；确有规定的，写成叙述性条款，由人办理"


def guard(catalogue: m.Catalogue) -> Iterator[Problem]:
    """Yield what the catalogue asks that it must not, and codes that kinds.yaml does not know."""
    for o in _as_may_be_read(catalogue):
        at = f"obligations/{o.name}.yaml"
        said = " ".join((o.name, o.title, o.demand, o.remedy, o.unit))
        yield from _refused(said + " " + " ".join(_codes(o)), at)
        yield from _unknown_codes(o, catalogue, at)
    for group, entries in catalogue.kinds.items():
        yield from _refused(f"{group} {entries!r}", f"kinds.yaml: {group}")


def _as_may_be_read(catalogue: m.Catalogue) -> Iterator[m.Obligation]:
    for o in catalogue.obligations.values():
        yield o
        yield from o.reading.options.values() if o.reading else ()


def _refused(text: str, at: str) -> Iterator[Problem]:
    for reason, pattern in REFUSED.items():
        if found := re.search(pattern, text, re.IGNORECASE):
            yield Problem(at, f"“{found[0]}”不能作为要求：本系统{reason}", REMEDY)


def _codes(o: m.Obligation) -> Iterator[str]:
    for _, value in _values(o):
        if isinstance(value, str):
            yield value


def _unknown_codes(o: m.Obligation, catalogue: m.Catalogue, at: str) -> Iterator[Problem]:
    for group, code in _values(o):
        known = catalogue.kinds.get(group)
        if known is not None and code not in known:
            yield Problem(at, f"kinds.yaml 的 {group} 里没有“{code}”", f"可用：{'、'.join(known)}")


def _values(o: m.Obligation) -> Iterator[tuple[str, Any]]:
    """Every code that the obligation mentions, with the group of kinds.yaml it belongs to."""
    match o.bearer:
        case m.OrgBearer(when):
            yield from _in(when, "orgs")
        case m.MemberBearer(when, without):
            yield from _in(when, "")
            yield from _in(without or c.ALWAYS, "")
        case m.PostBearer(when, _, linked):
            yield from _in(when, "")
            yield from [("relations", linked)] if linked else []
    for having in o.having:
        yield from _in(having.state.where, having.state.table)
    yield from _in(o.exempt or c.ALWAYS, "orgs" if isinstance(o.bearer, m.OrgBearer) else "")
    yield from _measured(o.measure)


def _measured(measure: m.Measure) -> Iterator[tuple[str, Any]]:
    match measure:
        case m.CountActivities(where) | m.Attended(where) | m.Reached(where):
            yield from _in(where, "activities")
        case m.State(table, where):
            yield from _in(where, table)
        case m.Ratio(of, to):
            yield from (("figures", name) for name in (*of, *to))
        case m.Coverage(of, by):
            yield from _in(of, "orgs")
            yield from _measured(by)
        case m.CaseTime(where):
            yield from _in(where, "")
        case m.NextTerm():
            pass


def _in(condition: c.Condition, kinds: str) -> Iterator[tuple[str, Any]]:
    """`kinds` is the group that the codes of a column called `kind` come from."""
    match condition:
        case c.Compare(field, _, value):
            yield GROUPS.get(field, kinds if field == "kind" else ""), value
        case c.OneOf(field, values):
            yield from ((GROUPS.get(field, kinds if field == "kind" else ""), v) for v in values)
        case c.All(parts) | c.Any(parts):
            for part in parts:
                yield from _in(part, kinds)
        case c.Not(part):
            yield from _in(part, kinds)
        case c.Missing():
            pass
