"""Read a plan of the catalogue: its clauses, and which obligations serve them.

Not for a plan's own document: `guantong.plans` reads that.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from guantong.conditions.parse import Problem
from guantong.conditions.yaml_file import Fields, read
from guantong.obligations import model as m
from guantong.periods import Period


def load_plan(path: Path) -> m.Plan:
    f = read(path, f"plans/{path.name}")
    span = _span(f.fields("span"))
    plan = m.Plan(
        name=path.stem,
        title=f.text("title"),
        number=f.text("number"),
        issuer=f.text("issuer"),
        issued=f.day("issued"),
        instrument=f.text("instrument"),
        span=span,
        themes=_themes(f, span),
        clauses=tuple(_clause(c) for c in f.each("clauses")),
    )
    f.done()
    return plan


def _span(f: Fields) -> Period:
    start, end = f.day("from"), f.day("to")
    f.done()
    if end <= start:
        raise f.wrong("to", f"{end} 不晚于 {start}", "to 写计划期之后的第一天")
    if (start.month, start.day) == (2, 29):
        raise f.wrong("from", "计划年度不能从 2 月 29 日起算", "写成 2 月 28 日或 3 月 1 日")
    return Period(start, end)


def _themes(f: Fields, span: Period) -> dict[int, str]:
    themes: dict[int, str] = {}
    for y in f.each("years"):
        year = y.take("year", int)
        if year in themes or not span.start.year <= year <= span.last_day.year:
            raise y.wrong("year", f"{year} 写了两次或不在计划期内", "每年一次，从开始到结束")
        themes[year] = y.text("theme")
        y.done()
    return themes


def _clause(f: Fields) -> m.Clause:
    clause = m.Clause(
        path=f.text("path"),
        title=f.text("title"),
        summary=f.text("summary"),
        kind=m.ClauseKind(f.choice("kind", m.ClauseKind)),
        obligations=f.names("obligations", []),
        serves=f.text("serves", ""),
    )
    f.done()
    if (clause.kind is m.ClauseKind.COUNTED) != bool(clause.obligations):
        raise f.wrong("obligations", "counted 的条款要列出责任，其他条款不列")
    if clause.kind is m.ClauseKind.NARRATIVE and not clause.serves:
        raise f.wrong("serves", "叙述性条款要写明系统怎样为它服务")
    return clause


def crossings(plan: m.Plan, c: m.Catalogue, at: str) -> Iterator[Problem]:
    paths = [clause.path for clause in plan.clauses]
    for path in sorted({p for p in paths if paths.count(p) > 1}):
        yield Problem(at, f"条款 {path} 写了两次")
    for clause in plan.clauses:
        for name in clause.obligations:
            if name not in c.obligations:
                yield Problem(
                    f"{at} {clause.path}", f"没有 obligations/{name}.yaml", "补文件或改名"
                )
        for name in clause.obligations:
            yield from _cited_clauses(c.obligations.get(name), plan, paths)


def _cited_clauses(
    o: m.Obligation | None, plan: m.Plan, paths: Iterable[str]
) -> Iterator[Problem]:
    for basis in o.basis if o else ():
        if basis.instrument == plan.instrument and basis.place not in paths:
            at = f"obligations/{o.name if o else ''}.yaml: basis"
            yield Problem(at, f"计划里没有条款“{basis.place}”", "如 二/(二)/6")
