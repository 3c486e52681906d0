"""Read one rule of a step from the YAML of a process file."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from guantong.conditions.basis import Basis, read_basis
from guantong.conditions.parse import CatalogueError, Problem, parse_condition
from guantong.conditions.yaml_file import Fields
from guantong.processes import model as m

LENGTH = re.compile(r"(\d+) (year|month|week|day|weekday)s?")
UNITS = {
    "year": (12, m.Unit.MONTHS),
    "month": (1, m.Unit.MONTHS),
    "week": (7, m.Unit.DAYS),
    "day": (1, m.Unit.DAYS),
    "weekday": (1, m.Unit.WEEKDAYS),
}
SHARE = re.compile(r"(?:(\d+(?:/\d+)?) of )?([a-z_.][a-z_.0-9]*(?: \+ [a-z_.][a-z_.0-9]*)*)")


def read_rule(f: Fields, of_step: tuple[Basis, ...]) -> m.Rule:
    """A rule rests on the basis of its step unless it names its own."""
    level = m.Level(f.choice("level", m.Level)) if f.has("level") else m.Level.MUST
    own = tuple(read_basis(b) for b in f.each("basis", []))
    rule = m.Rule(
        id=f.text("id"),
        says=f.text("says"),
        test=_test(f),
        level=level,
        basis=own or of_step,
        variant=f.text("variant", ""),
        where=parse_condition(f.take("where", dict), f.place("where")) if f.has("where") else None,
    )
    f.known += ["level", "where"]
    f.done()
    return rule


def _test(f: Fields) -> m.Test:
    words = [word for word in TESTS if f.has(word)]
    if len(words) != 1:
        raise CatalogueError(
            Problem(f.at, "没有写明怎么判断，或写了两种", f"{'、'.join(TESTS)} 之一")
        )
    return TESTS[words[0]](f)


def _when(f: Fields) -> m.Test:
    return m.Holds(parse_condition(f.take("when", dict), f.place("when")))


def _span(f: Fields) -> m.Test:
    """`{from: apply.on, at_least: 12 months}`, `{until: term.end, at_least: 6 months}` ..."""
    s = f.fields("span")
    ahead = s.has("until")
    anchor = s.text("until") if ahead else s.text("from")
    least = s.has("at_least")
    amount, unit = _length(s, "at_least" if least else "at_most")
    span = m.Span(
        day=s.text("day", "on"),
        way=m.Way.NOT_BEFORE if least is not ahead else m.Way.NOT_AFTER,
        anchor=anchor,
        amount=-amount if ahead else amount,
        unit=unit,
        later=s.text("or", ""),
        if_known=s.take("if_known", bool, default=False),
    )
    s.done()
    if ahead and unit is m.Unit.WEEKDAYS:
        raise s.wrong("until", "工作日只能从某一天往后数", "改用 from")
    return span


def _length(f: Fields, key: str) -> tuple[int, m.Unit]:
    text = f.text(key)
    found = LENGTH.fullmatch(text)
    if not found:
        raise f.wrong(key, f"{text!r} 不是一段时间", "写成 12 months、1 year、5 weekdays 的样子")
    times, unit = UNITS[found[2]]
    return int(found[1]) * times, unit


def _amount(f: Fields) -> m.Test:
    """`{sum: [yes], more_than: 1/2 of expected}`, `{sum: [days], at_least: 3}` ..."""
    a = f.fields("amount")
    parts = a.names("sum")
    words = [r for r in m.Relation if a.has(r)]
    if len(words) != 1:
        raise CatalogueError(Problem(a.at, "应只有一种比较", f"{'、'.join(m.Relation)} 之一"))
    [relation] = words
    share, of = _share(a, relation)
    known, more = a.take("if_known", bool, default=False), a.take("more", int, 0)
    amount = m.Amount(parts, relation, share, of, known, more)
    a.done()
    return amount


def _share(f: Fields, key: str) -> tuple[Fraction, tuple[str, ...]]:
    if isinstance(f.data.get(key), int):
        return Fraction(f.take(key, int)), ()
    value = f.text(key)
    found = SHARE.fullmatch(value)
    if not found:
        raise f.wrong(key, f"看不懂 {value!r}", "写成 3、present 或 1/2 of expected 的样子")
    return Fraction(found[1] or 1), tuple(found[2].split(" + "))


def _different(f: Fields) -> m.Test:
    return m.Different(f.names("different"))


def _paced(f: Fields) -> m.Test:
    p = f.fields("paced")
    months, unit = _length(p, "at_most")
    paced = m.Paced(p.text("step"), p.text("from"), months)
    p.done()
    if unit is not m.Unit.MONTHS:
        raise p.wrong("at_most", "间隔按月算", "写成 6 months 的样子")
    return paced


def _ballots(f: Fields) -> m.Test:
    b = f.fields("ballots")
    ballots = m.Ballots(b.text("votes"), b.text("valid"), b.text("seats"))
    b.done()
    return ballots


def _listed(f: Fields) -> m.Test:
    b = f.fields("listed")
    listed = m.Listed(b.text("votes"), b.text("of"))
    b.done()
    return listed


def _majority(f: Fields) -> m.Test:
    b = f.fields("majority")
    majority = m.Majority(b.text("votes"), b.text("of"))
    b.done()
    return majority


TESTS: Mapping[str, Callable[[Fields], m.Test]] = {
    "when": _when,
    "span": _span,
    "amount": _amount,
    "different": _different,
    "paced": _paced,
    "ballots": _ballots,
    "listed": _listed,
    "majority": _majority,
}
