"""Read the catalogue: plans, obligations, kinds, regulations, calendar. Nothing is half-loaded."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from guantong.conditions.check import Type, problems
from guantong.conditions.model import ALWAYS, Condition
from guantong.conditions.parse import CatalogueError, Problem, parse_condition
from guantong.obligations import model as m
from guantong.obligations import tables
from guantong.obligations.guards import guard
from guantong.obligations.yaml_file import Fields, read
from guantong.periods import Calendar, Every, Period

LEVELS = ["must", "generally"]
CONFIDENCE = ["PLAN", "A", "B", "C", "L"]
UNCERTAIN = {"C", "L"}
STATE_TABLES = ["posts", "memberships", "terms", "relations", "documents", "orgs"]


class _Attempts:
    """Loads file by file and keeps the problems, so that all are reported at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def one[T](self, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except CatalogueError as error:
            self.problems.extend(error.problems)
            return None

    def each[T](self, folder: Path, load: Callable[[Path], T]) -> dict[str, T]:
        loaded = {p.stem: self.one(partial(load, p)) for p in sorted(folder.glob("*.yaml"))}
        return {name: value for name, value in loaded.items() if value is not None}


def load_catalogue(folder: Path) -> m.Catalogue:
    """Load and check a whole folder; raise CatalogueError with every problem found."""
    attempts = _Attempts()
    catalogue = m.Catalogue(
        plans=attempts.each(folder / "plans", load_plan),
        obligations=attempts.each(folder / "obligations", load_obligation),
        regulations=attempts.one(lambda: _mapping(folder, "regulations.yaml")) or {},
        kinds=attempts.one(lambda: _mapping(folder, "kinds.yaml")) or {},
        calendar=attempts.one(lambda: _calendar(folder)) or Calendar(),
    )
    found = attempts.problems or [*_crossings(catalogue), *guard(catalogue)]
    if not catalogue.plans and not found:
        found = [Problem(str(folder), "没有 plans/*.yaml", "请确认目录是否正确")]
    if found:
        raise CatalogueError(*found)
    return catalogue


def load_obligation(path: Path) -> m.Obligation:
    """Return the obligation that a file states; its name is the file's."""
    f = read(path, f"obligations/{path.name}")
    in_force = f.fields("in_force")
    since, until = in_force.day("from"), in_force.maybe_day("to")
    in_force.done()
    every = Every(f.choice("every", Every))
    bearer = _bearer(f.fields("bearer"))
    basis = tuple(_basis(b) for b in f.each("basis"))
    if not basis:
        raise f.wrong("basis", "没有依据的要求不能成为责任", "写明出自哪份文件哪一条")
    obligation = m.Obligation(
        name=path.stem,
        title=f.text("title"),
        demand=f.text("demand"),
        basis=basis,
        level=f.choice("level", LEVELS),
        confidence=f.choice("confidence", CONFIDENCE),
        switchable=f.take("switchable", bool, default=False),
        since=since,
        until=until,
        bearer=bearer,
        every=every,
        measure=_measure(f.fields("measure")),
        standards=tuple(_standard(s, len(basis)) for s in f.each("standard")),
        unit=f.text("unit", "次"),
        remedy=f.text("remedy"),
        having=tuple(_having(h) for h in f.each("having", [])),
        exempt=_condition(f, "exempt", tables.TABLES["memberships"].columns, optional=True),
        exempt_reason=f.text("exempt_reason", ""),
        pro_rata=f.choice("pro_rata", ["months"]) == "months" if f.has("pro_rata") else False,
        reading=_reading(f.fields("reading")) if f.has("reading") else None,
        examples=tuple(e.data for e in f.each("examples")),
    )
    f.done()
    _check_sense(obligation, f)
    return obligation


def _check_sense(o: m.Obligation, f: Fields) -> None:
    """Refuse combinations that parse but mean nothing."""
    fits: dict[type, tuple[type, ...]] = {
        m.CountActivities: (m.OrgBearer,),
        m.State: (m.OrgBearer,),
        m.Ratio: (m.OrgBearer,),
        m.Coverage: (m.OrgBearer,),
        m.NextTerm: (m.OrgBearer,),
        m.Attended: (m.MemberBearer, m.PostBearer),
    }
    if not isinstance(o.bearer, fits[type(o.measure)]):
        raise f.wrong(
            "measure", "这种量法不能用于这类责任主体", "机构用 activities，个人用 attendances"
        )
    if (o.every is Every.TERM) != isinstance(o.measure, m.NextTerm):
        raise f.wrong("every", "every: term 与 deadline: terms 必须一起用")
    if o.pro_rata and not (isinstance(o.measure, m.Attended) and o.every is Every.YEAR):
        raise f.wrong("pro_rata", "按月折算只用于个人的年度要求")
    if o.exempt is not None and not isinstance(o.bearer, m.MemberBearer):
        raise f.wrong("exempt", "豁免条件只用于党员个人")
    if not o.standards or [s.since for s in o.standards] != sorted({s.since for s in o.standards}):
        raise f.wrong("standard", "至少一条，按生效日先后排列，同一日只能一条")
    if len({s.bound for s in o.standards}) > 1:
        raise f.wrong("standard", "各时期的标准须同为 at_least 或同为 at_most", "拆成两项责任")
    if o.confidence in UNCERTAIN and not o.switchable:
        raise f.wrong(
            "switchable", f"可信度 {o.confidence} 的要求必须可以关闭", "加 switchable: true"
        )
    by_post = isinstance(o.measure, m.Attended) and o.measure.hosted_by is m.HostedBy.OWN_ORG
    if by_post and not isinstance(o.bearer, m.PostBearer):
        raise f.wrong("measure.hosted_by", "own_org 只用于任职者")
    if len(o.examples) < 3:
        raise f.wrong("examples", "至少三个例子：做到的、没做到的、临界的")


def _bearer(f: Fields) -> m.Bearer:
    bearer: m.Bearer
    if f.has("org"):
        bearer = m.OrgBearer(_condition(f, "org", tables.TABLES["orgs"].columns))
    elif f.has("member"):
        without = _condition(f, "without_post", tables.POST_ROW, optional=True)
        bearer = m.MemberBearer(
            _condition(f, "member", tables.TABLES["memberships"].columns), without
        )
    elif f.has("post"):
        bearer = m.PostBearer(
            _condition(f, "post", tables.POST_ROW),
            on_day=f.choice("held", ["on_day", "during"]) == "on_day",
            linked=f.text("linked", "") or None,
        )
    else:
        raise CatalogueError(Problem(f.at, "没有写明责任主体", "写 org、member 或 post 之一"))
    f.done()
    return bearer


def _measure(f: Fields) -> m.Measure:
    measure: m.Measure
    if f.has("count") and f.data["count"] == "activities":
        f.take("count", str)
        measure = m.CountActivities(_condition(f, "where", tables.ACTIVITY_ROW))
    elif f.has("count") or f.has("sum"):
        summed = f.has("sum")
        f.choice("sum", ["hours"]) if summed else None
        f.choice("of" if summed else "count", ["attendances"])
        hosted = m.HostedBy(f.choice("hosted_by", m.HostedBy)) if f.has("hosted_by") else None
        measure = m.Attended(_condition(f, "where", tables.ATTENDANCE_ROW), summed, hosted)
    elif f.has("state"):
        measure = _state(f)
    elif f.has("ratio"):
        measure = m.Ratio(f.names("ratio"), f.names("to"))
    elif f.has("coverage"):
        measure = _coverage(f)
    elif f.has("deadline"):
        f.choice("deadline", ["terms"])
        measure = m.NextTerm()
    else:
        raise CatalogueError(
            Problem(f.at, "没有写明怎么量", "count、sum、state、ratio、coverage、deadline 之一")
        )
    f.done()
    return measure


def _state(f: Fields) -> m.State:
    table = f.choice("state", STATE_TABLES)
    return m.State(
        table, _condition(f, "where", tables.TABLES[table].columns, optional=True) or ALWAYS
    )


def _coverage(f: Fields) -> m.Coverage:
    population = _condition(f, "coverage", tables.TABLES["orgs"].columns)
    by = _measure(f.fields("by"))
    if not isinstance(by, m.State | m.CountActivities) or getattr(by, "table", "") == "orgs":
        raise f.wrong("by", "覆盖率只能按 state 或 count: activities 判断")
    return m.Coverage(population, by)


def _having(f: Fields) -> m.Having:
    having = m.Having(_state(f), f.take("at_least", int))
    f.done()
    return having


def _standard(f: Fields, bases: int) -> m.Standard:
    bound = m.Bound.AT_LEAST if f.has("at_least") else m.Bound.AT_MOST
    standard = m.Standard(f.day("from"), bound, f.number(bound), f.take("basis", int, 0))
    f.done()
    if not 0 <= standard.basis < bases:
        raise f.wrong("basis", f"依据只有 {bases} 条", "填 basis 列表中的序号，从 0 起")
    return standard


def _basis(f: Fields) -> m.Basis:
    place = f.text("clause") if f.has("clause") else f.text("article", "")
    basis = m.Basis(f.text("instrument"), place, f.choice("confidence", CONFIDENCE))
    f.done()
    return basis


def _reading(f: Fields) -> m.Reading:
    reading = m.Reading(
        f.text("id"), f.text("question"), f.text("chosen"), f.names("others", []), f.text("why")
    )
    f.done()
    return reading


def load_plan(path: Path) -> m.Plan:
    f = read(path, f"plans/{path.name}")
    span = f.fields("span")
    plan = m.Plan(
        name=path.stem,
        title=f.text("title"),
        number=f.text("number"),
        issuer=f.text("issuer"),
        issued=f.day("issued"),
        instrument=f.text("instrument"),
        span=Period(span.day("from"), span.day("to")),
        themes={y.take("year", int): y.text("theme") for y in f.each("years")},
        clauses=tuple(_clause(c) for c in f.each("clauses")),
    )
    f.done()
    return plan


def _clause(f: Fields) -> m.Clause:
    clause = m.Clause(
        path=f.text("path"),
        title=f.text("title"),
        summary=f.text("summary", ""),
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


def _calendar(folder: Path) -> Calendar:
    f = read(folder / "calendar.yaml", "calendar.yaml")
    semesters = f.fields("semesters")
    starts = [_month_day(semesters.fields(name)) for name in ("spring", "autumn")]
    semesters.done()
    given = {g.take("year", int): (g.day("spring"), g.day("autumn")) for g in f.each("given", [])}
    f.done()
    return Calendar(starts[0], starts[1], given)


def _month_day(f: Fields) -> tuple[int, int]:
    text = f.text("from")
    try:
        day = date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise f.wrong("from", f"{text!r} 不是月-日", "写成 02-01 的样子") from None
    return day.month, day.day


def _mapping(folder: Path, name: str) -> dict[str, Any]:
    return read(folder / name, name).data


def _condition(
    f: Fields, key: str, columns: Mapping[str, Type], *, optional: bool = False
) -> Condition | Any:
    if optional and not f.has(key):
        f.known.append(key)
        return None
    condition = parse_condition(f.take(key, dict), f.place(key))
    if found := list(problems(condition, columns, f.place(key))):
        raise CatalogueError(*found)
    return condition


def _crossings(c: m.Catalogue) -> Iterator[Problem]:
    """What only shows when all files are there: names that lead nowhere."""
    for o in c.obligations.values():
        for i, basis in enumerate(o.basis):
            if basis.instrument not in c.regulations:
                at = f"obligations/{o.name}.yaml: basis[{i}].instrument"
                yield Problem(at, f"regulations.yaml 里没有“{basis.instrument}”", "先登记该文件")
    for plan in c.plans.values():
        at = f"plans/{plan.name}.yaml: clauses"
        if plan.instrument not in c.regulations:
            yield Problem(at, f"regulations.yaml 里没有“{plan.instrument}”", "先登记该文件")
        yield from _plan_crossings(plan, c, at)
    served = {n for plan in c.plans.values() for n in plan.obligation_names()}
    for name in sorted(c.obligations.keys() - served):
        yield Problem(
            f"obligations/{name}.yaml", "没有哪个计划条款引用它", "在 plans 中列入，或删去"
        )


def _plan_crossings(plan: m.Plan, c: m.Catalogue, at: str) -> Iterator[Problem]:
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
