"""The ledger as it would be under other rules: worked out, compared, and nothing stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from guantong.obligations import model as m
from guantong.obligations.differences import Difference, differences
from guantong.records import catalogue, ledger
from guantong.records.access import Refused


@dataclass(frozen=True)
class Change:
    """What to suppose; whatever is not given stays as it is.

    `readings`: option by reading, "" for the catalogue's own. `standards`: a value by obligation,
    for all periods. `tree_on`: the tree of that day for every period. `forecast`: planned
    activities count. `plan`, `rules`: another plan, another catalogue.
    """

    readings: Mapping[str, str] = field(default_factory=dict)
    standards: Mapping[str, Decimal] = field(default_factory=dict)
    tree_on: date | None = None
    forecast: bool = False
    plan: str = ""
    rules: m.Catalogue | None = None


def supposed(asked: m.Question, change: Change) -> m.Question:
    """The school's question, changed; Refused where it names what there is not."""
    rules = change.rules or catalogue.current()
    if change.plan and change.plan not in rules.plans:
        raise Refused(f"没有计划“{change.plan}”。可用：{'、'.join(rules.plans)}。")
    if change.plan or change.rules:
        asked = ledger.question(on=asked.on, plan=change.plan, rules=rules)
    for reading, option in change.readings.items():
        if reading not in rules.readings():
            raise Refused(f"没有口径“{reading}”。可用：{'、'.join(rules.readings())}。")
        if option and option not in rules.options(reading):
            known = "、".join(rules.options(reading)) or "没有可选的"
            raise Refused(f"口径 {reading} 没有读法“{option}”。可用：{known}。")
    names = {o.name for o in asked.obligations}
    if unknown := sorted(change.standards.keys() - names):
        raise Refused(f"台账里没有责任“{'、'.join(unknown)}”。")
    for o in asked.obligations:
        share = isinstance(o.measure, m.Ratio)
        if change.standards.get(o.name, 0) > (most := m.MOST_SHARE if share else m.MOST_REQUIRED):
            raise Refused(f"“{o.title}”的标准不能超过 {most}。")
    return replace(
        asked,
        obligations=tuple(_so(o, rules, change) for o in asked.obligations),
        tree_on=change.tree_on,
        forecast=change.forecast,
    )


def _so(o: m.Obligation, rules: m.Catalogue, change: Change) -> m.Obligation:
    if o.reading and o.reading.id in change.readings:
        o = rules.obligations[o.name].read_as(change.readings[o.reading.id])
    if o.name in change.standards:
        value = change.standards[o.name]
        o = replace(o, standards=tuple(replace(s, value=value) for s in o.standards))
    return o


def answer(change: Change, *, on: date | None = None) -> list[Difference]:
    """Return what would differ from the ledger of the day."""
    asked = ledger.question(on=on)
    then, now = _apart(asked, supposed(asked, change))
    return differences(ledger.answer(then), ledger.answer(now))


def _apart(one: m.Question, other: m.Question) -> tuple[m.Question, m.Question]:
    """Both without the obligations that say the same, where nothing but obligations differs."""
    if replace(one, obligations=()) != replace(other, obligations=()):
        return one, other
    same = {*one.obligations} & {*other.obligations}
    first, second = (
        replace(q, obligations=tuple(o for o in q.obligations if o not in same))
        for q in (one, other)
    )
    return first, second
