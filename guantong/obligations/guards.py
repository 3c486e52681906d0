"""What no obligation may ask, whoever writes it: see `conditions.restraint` for the words.

Here is where they could be smuggled in: any text that people are shown, codes, and narrative
clauses too.
"""

from collections.abc import Iterator
from typing import Any

from guantong.conditions import model as c
from guantong.conditions.parse import Problem
from guantong.conditions.restraint import refused
from guantong.obligations import model as m
from guantong.obligations.words import GROUPS


def guard(catalogue: m.Catalogue) -> Iterator[Problem]:
    """Yield what the catalogue asks that it must not, and codes that kinds.yaml does not know."""
    for o in catalogue.obligations.values():
        for key, text in _said(o):
            yield from refused(text, f"obligations/{o.name}.yaml: {key}")
    for o in _as_may_be_read(catalogue):
        at = f"obligations/{o.name}.yaml"
        yield from refused(" ".join((o.name, *_codes(o))), at)
        yield from _unknown_codes(o, catalogue, at)
    for plan in catalogue.plans.values():
        for clause in plan.clauses:
            at = f"plans/{plan.name}.yaml: clauses {clause.path}"
            yield from refused(f"{clause.title}；{clause.summary}；{clause.serves}", at)
    for group, entries in catalogue.kinds.items():
        yield from refused(f"{group} {entries!r}", f"kinds.yaml: {group}")


def _said(o: m.Obligation) -> Iterator[tuple[str, str]]:
    """Every text of an obligation that people are shown, with its key."""
    for key in ("title", "demand", "remedy", "unit", "exempt_reason"):
        yield key, getattr(o, key)
    if o.reading:
        for key in ("question", "chosen", "why"):
            yield f"reading.{key}", getattr(o.reading, key)
        yield from (("reading.others", other.says) for other in o.reading.others)


def _as_may_be_read(catalogue: m.Catalogue) -> Iterator[m.Obligation]:
    for o in catalogue.obligations.values():
        yield o
        yield from o.reading.options.values() if o.reading else ()


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
            for group, value in _in(where, ""):
                yield group, f"{measure.process}/{value}" if group == "states" else value
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
