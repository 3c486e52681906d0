"""Whether a rule is kept, over the facts of one case; where not, what stands against it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import assert_never

from guantong.conditions.evaluate import evaluate
from guantong.conditions.model import fields_of
from guantong.periods import add_months
from guantong.processes import ballots
from guantong.processes import model as m

KEPT = ""
RELATION = {
    m.Relation.IS: "应等于",
    m.Relation.AT_LEAST: "不得少于",
    m.Relation.AT_MOST: "不得多于",
    m.Relation.MORE_THAN: "须超过",
    m.Relation.NOT_MORE_THAN: "未超过",
}


@dataclass(frozen=True)
class Look:
    """What a rule looks at: the row, the days on which a step was taken, and what columns are."""

    row: m.Values
    days_of: Callable[[str], tuple[date, ...]]
    title: Callable[[str], str]
    field: Callable[[str], m.Field | None]

    def unknown(self, names: Iterable[str]) -> str:
        return "，".join(self._unknown(name) for name in names if self.row.get(name) is None)

    def _unknown(self, name: str) -> str:
        one, on = self.field(name), self.row.get("on")
        if one is None or not one.derived:
            return f"未填：{self.title(name)}"
        day = said(on) if isinstance(on, date) else ""
        return f"{day}还没有{self.title(name)}，它来自{one.derived}，请先登记"

    def told(self, name: str) -> str:
        one, value = self.field(name), self.row[name]
        return one.options.get(value, value) if one and isinstance(value, str) else shown(value)

    def day(self, name: str) -> date:
        found = self.row[name]
        assert isinstance(found, date)
        return found

    def number(self, name: str) -> Fraction:
        found = self.row[name]
        assert isinstance(found, int | Decimal)
        return Fraction(found)

    def votes(self, name: str) -> tuple[m.CandidateVotes, ...]:
        found = self.row[name]
        assert isinstance(found, tuple)
        return found


def lack(rule: m.Rule, look: Look) -> str:
    """Return what stands against the rule; the empty text where it is kept, or not asked."""
    return _lack(rule.test, look) if asked(rule, look.row) else KEPT


def asked(rule: m.Rule, row: m.Values) -> bool:
    return rule.where is None or evaluate(rule.where, row) is True  # type: ignore[arg-type]


def _lack(test: m.Test, look: Look) -> str:
    match test:
        case m.Span():
            return _span(test, look)
        case m.Holds(when):
            return _holds(test, look) if evaluate(when, look.row) is not True else KEPT  # type: ignore[arg-type]
        case m.Amount():
            return _amount(test, look)
        case m.Different(names):
            known = [(look.row[n], look.title(n)) for n in names if look.row.get(n) is not None]
            return _same(known)
        case m.Paced():
            return _paced(test, look)
        case m.Ballots(votes, valid, seats):
            return look.unknown((votes, valid, seats)) or _tally(test, look)
        case m.Listed(votes):
            return look.unknown((votes,)) or _listed(test, look)
        case m.Majority(votes, of):
            return look.unknown((votes, of)) or _majority(test, look)
        case _:
            assert_never(test)


# ---------------------------------------------------------------- days


def limit(span: m.Span, row: m.Values) -> date | None:
    """The first day that will do, or the last; None while the anchor is not known."""
    anchors = [d for d in map(row.get, (span.anchor, span.later)) if isinstance(d, date)]
    return _moved(span, max(anchors)) if row.get(span.anchor) is not None else None


def _moved(span: m.Span, anchor: date) -> date:
    match span.unit:
        case m.Unit.MONTHS:
            return add_months(anchor, span.amount)
        case m.Unit.DAYS:
            return anchor + timedelta(days=span.amount)
        case m.Unit.WEEKDAYS:
            return weekdays_later(anchor, span.amount)
        case _:
            assert_never(span.unit)


def weekdays_later(day: date, count: int) -> date:
    """The first day after so many days from Monday to Friday have gone by since `day`."""
    day -= timedelta(days=max(day.weekday() - 4, 0))  # from a weekend as from the Friday before
    whole, rest = divmod(count, 5)
    day += timedelta(weeks=whole)
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day


def _span(span: m.Span, look: Look) -> str:
    edge = limit(span, look.row)
    if edge is None or look.row.get(span.day) is None:
        return KEPT if span.if_known else look.unknown((span.day, span.anchor))
    day = look.day(span.day)
    kept = day >= edge if span.way is m.Way.NOT_BEFORE else day <= edge
    word = "最早" if span.way is m.Way.NOT_BEFORE else "最迟"
    return KEPT if kept else f"{word} {said(edge)}，{look.title(span.day)}是 {said(day)}"


def said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _paced(paced: m.Paced, look: Look) -> str:
    if unknown := look.unknown((paced.since,)):
        return unknown
    since, on = look.day(paced.since), look.day("on")
    days = [since, *(d for d in sorted(look.days_of(paced.step)) if d >= since), on]
    for before, after in pairwise(days):
        if after > (latest := add_months(before, paced.months)):
            return f"{said(before)}之后，最迟 {said(latest)}应有一次"
    return KEPT


# ---------------------------------------------------------------- numbers and persons


def _holds(test: m.Holds, look: Look) -> str:
    names = sorted(fields_of(test.when))
    return look.unknown(names) or "现为：" + "，".join(
        f"{look.title(n)} {look.told(n)}" for n in names
    )


def shown(value: object) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case date():
            return said(value)
        case _:
            return str(value)


def _amount(test: m.Amount, look: Look) -> str:
    if unknown := look.unknown((*test.parts, *test.of)):
        return KEPT if test.if_known else unknown
    found = sum(map(look.number, test.parts), Fraction(0))
    base = sum(map(look.number, test.of), Fraction(0)) if test.of else Fraction(1)
    if _compares(found, test.relation, test.share * base + test.more):
        return KEPT
    titles = "、".join(map(look.title, test.parts))
    together = "合计" if len(test.parts) > 1 else ""
    return f"{titles}{together} {plain(found)}，{RELATION[test.relation]}{wanted(test, look)}"


def wanted(test: m.Amount, look: Look) -> str:
    if not test.of:
        return f" {plain(test.share)}"
    base = "与".join(look.title(n) for n in test.of)
    value = plain(sum(map(look.number, test.of), Fraction(0)))
    more = f"加 {test.more}" if test.more else ""
    return f"{base} {value}{more}" + ("" if test.share == 1 else f" 的 {test.share}")


def plain(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else f"{float(number):g}"


def _compares(left: Fraction, relation: m.Relation, right: Fraction) -> bool:
    match relation:
        case m.Relation.IS:
            return left == right
        case m.Relation.AT_LEAST:
            return left >= right
        case m.Relation.AT_MOST | m.Relation.NOT_MORE_THAN:
            return left <= right
        case m.Relation.MORE_THAN:
            return left > right
        case _:
            assert_never(relation)


def _same(known: list[tuple[m.Value | None, str]]) -> str:
    for i, (value, title) in enumerate(known):
        for other, other_title in known[i + 1 :]:
            if value == other:
                return f"{title}和{other_title}是同一个"
    return KEPT


# ---------------------------------------------------------------- ballots


def _tally(test: m.Ballots, look: Look) -> str:
    valid, seats = (int(look.number(name)) for name in (test.valid, test.seats))
    return "；".join(ballots.faults(look.votes(test.votes), valid=valid, seats=seats))


def _listed(test: m.Listed, look: Look) -> str:
    if look.row.get(test.candidates) is None:
        return KEPT
    listed = sum(not v.written_in for v in look.votes(test.votes))
    wanted = int(look.number(test.candidates))
    return KEPT if listed == wanted else f"计票结果列了 {listed} 名，候选人是 {wanted} 名"


def _majority(test: m.Majority, look: Look) -> str:
    base = int(look.number(test.of))
    names = "、".join(ballots.without_majority(look.votes(test.votes), base))
    return f"{names}的赞成票没有超过{look.title(test.of)} {base} 的一半" if names else KEPT
