"""Read the catalogue: plans, obligations, kinds, regulations, calendar. Nothing is half-loaded."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from guantong.conditions.basis import CONFIDENCE, UNCERTAIN, read_bases
from guantong.conditions.check import Type, problems
from guantong.conditions.model import ALWAYS, Condition
from guantong.conditions.parse import CatalogueError, Problem, parse_condition
from guantong.conditions.yaml_file import Fields, read
from guantong.obligations import model as m
from guantong.obligations import tables
from guantong.obligations.activity_kinds import check_kinds, check_own, read_kinds
from guantong.obligations.calendar_file import load_calendar
from guantong.obligations.examples import checked, lacking
from guantong.obligations.guards import guard
from guantong.obligations.plan_file import crossings, load_plan
from guantong.periods import CALENDAR, Calendar, Every, Period, Rhythm

LEVELS = ["must", "generally"]
CHOOSABLE = {
    *("bearer", "every", "measure", "apart_from", "standard", "having", "exempt", "pro_rata"),
    "examples",
}
MOST = {"rolling": 120, "within": 3660, "longer_than_days": 36600}
PLACES = Decimal("0.0001")  # all numbers travel as whole ten-thousandths
STATE_TABLES = ["posts", "memberships", "terms", "relations", "documents", "budgets", "orgs"]


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
        for path in sorted(folder.glob("*.yml")):
            self.problems.append(
                Problem(f"{folder.name}/{path.name}", "后缀是 .yml，不会被读到", "改名为 .yaml")
            )
        loaded = {p.stem: self.one(partial(load, p)) for p in sorted(folder.glob("*.yaml"))}
        return {name: value for name, value in loaded.items() if value is not None}


def load_catalogue(folder: Path) -> m.Catalogue:
    """Load and check a whole folder; raise CatalogueError with every problem found."""
    attempts = _Attempts()
    obligations = attempts.each(folder / "obligations", load_obligation)
    catalogue = m.Catalogue(
        plans=attempts.each(folder / "plans", load_plan),
        obligations=attempts.one(lambda: _told_apart(obligations)) or {},
        regulations=attempts.one(lambda: _mapping(folder, "regulations.yaml")) or {},
        kinds=attempts.one(lambda: _mapping(folder, "kinds.yaml") | _process_words(folder)) or {},
        calendar=attempts.one(lambda: load_calendar(folder)) or Calendar(),
    )
    found = attempts.problems or [
        *_crossings(catalogue),
        *guard(catalogue),
        *check_kinds(catalogue.kinds, catalogue.regulations),
        *_own_fields(catalogue),
    ]
    if not catalogue.plans and not found:
        found = [Problem(str(folder), "没有 plans/*.yaml", "请确认目录是否正确")]
    if found:
        raise CatalogueError(*found)
    return catalogue


def _told_apart(obligations: dict[str, m.Obligation]) -> dict[str, m.Obligation]:
    """Give each measure those that it shares no record with (`apart_from`)."""
    return {name: _all_apart(o, obligations) for name, o in obligations.items()}


def _all_apart(o: m.Obligation, all_of_them: Mapping[str, m.Obligation]) -> m.Obligation:
    if o.reading is not None:
        others = tuple(
            replace(x, obligation=_apart(x.obligation, all_of_them)) if x.obligation else x
            for x in o.reading.others
        )
        o = replace(o, reading=replace(o.reading, others=others))
    return _apart(o, all_of_them)


def _apart(o: m.Obligation, all_of_them: Mapping[str, m.Obligation]) -> m.Obligation:
    if not o.apart_from:
        return o
    at = f"obligations/{o.name}.yaml: apart_from"
    others = []
    for name in o.apart_from:
        other = all_of_them.get(name)
        if other is None or other.name == o.name:
            raise CatalogueError(
                Problem(at, f"没有另一项责任“{name}”", "写 obligations 中的文件名")
            )
        if not isinstance(o.measure, m.CountActivities | m.Attended) or (
            type(other.measure) is not type(o.measure)
        ):
            raise CatalogueError(
                Problem(at, f"与“{name}”数的不是同一类记录", "只用于同一种 count")
            )
        if getattr(o.measure, "own", None) or getattr(other.measure, "own", None):
            raise CatalogueError(Problem(at, "用了 own 的责任不能相互排除", "去掉 own"))
        if other.apart_from:
            raise CatalogueError(Problem(at, f"“{name}”自己也有 apart_from", "不能连环排除"))
        if getattr(other.measure, "hosted_by", None) is m.HostedBy.OWN_ORG:
            raise CatalogueError(Problem(at, f"“{name}”按任职组织数，不能用来排除"))
        others.append(other.measure)
    measure = replace(o.measure, apart_from=tuple(others))  # type: ignore[arg-type]
    return replace(o, measure=measure)


def load_obligation(path: Path) -> m.Obligation:
    """Return the obligation that a file states; its name is the file's."""
    f = read(path, f"obligations/{path.name}")
    stated = dict(f.data)
    obligation = _obligation(path.stem, f)
    if lack := lacking(obligation):
        raise f.wrong("examples", lack, "至少三个：做到的（met）、没做到的（short）、临界的")
    if obligation.reading is None:
        return obligation
    options = tuple(_option(path.stem, o, stated, f) for o in obligation.reading.others)
    return replace(obligation, reading=replace(obligation.reading, others=options))


def _obligation(name: str, f: Fields) -> m.Obligation:
    in_force = f.fields("in_force")
    since, until = in_force.day("from"), in_force.maybe_day("to")
    in_force.done()
    if until is not None and until <= since:
        raise f.wrong("in_force.to", f"{until} 不晚于生效日 {since}", "改 from 或 to")
    bearer, row = _bearer(f.fields("bearer"))
    basis = read_bases(f, "没有依据的要求不能成为责任")
    obligation = m.Obligation(
        name=name,
        title=f.text("title"),
        demand=f.text("demand"),
        basis=basis,
        level=f.choice("level", LEVELS),
        confidence=f.choice("confidence", CONFIDENCE),
        switchable=f.take("switchable", bool, default=False),
        since=since,
        until=until,
        bearer=bearer,
        rhythm=_rhythm(f, since),
        measure=_measure(f.fields("measure")),
        apart_from=f.names("apart_from", []),
        standards=tuple(_standard(s, len(basis)) for s in f.each("standard")),
        unit=f.text("unit", "次"),
        remedy=f.text("remedy"),
        having=tuple(_having(h) for h in f.each("having", [])),
        exempt=_condition(f, "exempt", row, optional=True),
        exempt_reason=f.text("exempt_reason", ""),
        pro_rata=f.choice("pro_rata", ["months"]) == "months" if f.has("pro_rata") else False,
        reading=_reading(f.fields("reading")) if f.has("reading") else None,
        examples=tuple(checked(e) for e in f.each("examples")),
    )
    f.done()
    _check_sense(obligation, f)
    return obligation


def _option(name: str, option: m.Option, stated: dict[str, Any], f: Fields) -> m.Option:
    """A reading that can be chosen, as the whole obligation that it makes of the file."""
    if not option.changes:
        return option
    at = f.place(f"reading.others.{option.id}")
    if unknown := option.changes.keys() - CHOOSABLE:
        raise CatalogueError(
            Problem(at, f"读法不能改 {sorted(unknown)}", f"可改：{'、'.join(sorted(CHOOSABLE))}")
        )
    if not option.changes.get("examples"):
        raise CatalogueError(Problem(at, "这种读法没有例子", "在 with 里写 examples，至少一个"))
    so_read = {**stated, **option.changes}
    del so_read["reading"]
    return replace(option, obligation=_obligation(name, Fields(so_read, f"{at}:")))


def _rhythm(f: Fields, since: date) -> Rhythm:
    """`every: month`, or what needs a number: {rolling: 24}, {within: 183}, {once: 2021-12-31}."""
    if isinstance(f.data.get("every"), str):
        return Rhythm(Every(f.choice("every", sorted({*CALENDAR, Every.TERM}))))
    every = f.fields("every")
    if every.has("rolling"):
        rhythm = Rhythm(Every.ROLLING, months=_from(2, every, "rolling"))
    elif every.has("within"):
        rhythm = Rhythm(Every.WITHIN, days=_from(1, every, "within"))
    else:
        by = every.day("once")
        if by < since:
            raise every.wrong("once", f"{by} 早于生效日 {since}", "改期限，或改 in_force.from")
        rhythm = Rhythm(Every.ONCE, once=Period(since, by + timedelta(days=1)))
    every.done()
    return rhythm


def _from(least: int, f: Fields, key: str) -> int:
    number = f.take(key, int)
    if not least <= number <= MOST[key]:
        raise f.wrong(key, f"{number} 太小或太大", f"{least} 到 {MOST[key]} 之间")
    return number


def _check_sense(o: m.Obligation, f: Fields) -> None:
    """Refuse combinations that parse but mean nothing."""
    fits: dict[type, tuple[type, ...]] = {
        m.CountActivities: (m.OrgBearer,),
        m.State: (m.OrgBearer,),
        m.Ratio: (m.OrgBearer,),
        m.Coverage: (m.OrgBearer,),
        m.NextTerm: (m.OrgBearer,),
        m.Reached: (m.OrgBearer,),
        m.CaseTime: (m.OrgBearer,),
        m.Attended: (m.MemberBearer, m.PostBearer),
    }
    if not isinstance(o.bearer, fits[type(o.measure)]):
        raise f.wrong(
            "measure", "这种量法不能用于这类责任主体", "机构用 activities，个人用 attendances"
        )
    if isinstance(o.measure, m.NextTerm) and o.every is not Every.TERM:
        raise f.wrong("every", "deadline: terms 只与 every: term 一起用")
    if o.every is Every.TERM and not isinstance(o.bearer, m.OrgBearer):
        raise f.wrong("every", "every: term 只用于党组织", "个人的期限用 {within: 天数}")
    if o.rhythm.own and not _fits_own_periods(o.measure):
        raise f.wrong("measure", "这种量法不能按各自的期限（term、within）算", "改用日历周期")
    if o.rhythm.own and any(h.state.table == "orgs" for h in o.having):
        raise f.wrong("having", "按各自的期限（term、within）算时，不能看下属组织")
    yearly = {Every.YEAR, Every.PLAN_YEAR}
    if o.pro_rata and not (isinstance(o.measure, m.Attended) and o.every in yearly):
        raise f.wrong("pro_rata", "按月折算只用于个人的年度要求")
    if (o.exempt is None) != (not o.exempt_reason):
        raise f.wrong("exempt_reason", "豁免条件和豁免理由要一起写")
    if not o.standards or [s.since for s in o.standards] != sorted({s.since for s in o.standards}):
        raise f.wrong("standard", "至少一条，按生效日先后排列，同一日只能一条")
    if isinstance(o.measure, m.Ratio) and any(s.value > m.MOST_SHARE for s in o.standards):
        raise f.wrong("standard", "比率的标准太大", f"不超过 {m.MOST_SHARE}，或把比率倒过来写")
    if len({s.bound for s in o.standards}) > 1:
        raise f.wrong("standard", "各时期的标准须同为 at_least 或同为 at_most", "拆成两项责任")
    if o.confidence in UNCERTAIN and not o.switchable:
        raise f.wrong(
            "switchable", f"可信度 {o.confidence} 的要求必须可以关闭", "加 switchable: true"
        )
    by_post = isinstance(o.measure, m.Attended) and o.measure.hosted_by is m.HostedBy.OWN_ORG
    if by_post and not isinstance(o.bearer, m.PostBearer):
        raise f.wrong("measure.hosted_by", "own_org 只用于任职者")


def _fits_own_periods(measure: m.Measure) -> bool:
    below = isinstance(measure, m.State) and measure.table == "orgs"
    return not below and not isinstance(measure, m.Ratio | m.Coverage | m.CaseTime)


def _bearer(f: Fields) -> tuple[m.Bearer, Mapping[str, Type]]:
    """The bearer, and what the rows look like that say whether it is bound or exempt."""
    bearer: m.Bearer
    columns = tables.TABLES["memberships"].columns
    if f.has("org"):
        columns = tables.TABLES["orgs"].columns
        bearer = m.OrgBearer(_condition(f, "org", columns))
    elif f.has("member"):
        without = _condition(f, "without_post", tables.POST_ROW, optional=True)
        bearer = m.MemberBearer(_condition(f, "member", columns), without)
    elif f.has("post"):
        columns = tables.POST_ROW
        bearer = m.PostBearer(
            _condition(f, "post", tables.POST_ROW),
            on_day=f.choice("held", ["on_day", "during"]) == "on_day",
            linked=f.text("linked", "") or None,
        )
    else:
        raise CatalogueError(Problem(f.at, "没有写明责任主体", "写 org、member 或 post 之一"))
    f.done()
    return bearer, columns


def _measure(f: Fields) -> m.Measure:
    words = [word for word in MEASURES if f.has(word)]
    if len(words) != 1:
        known = "、".join(MEASURES)
        raise CatalogueError(Problem(f.at, "没有写明怎么量，或写了两种", f"{known} 之一"))
    measure = MEASURES[words[0]](f)
    f.done()
    return measure


def _count(f: Fields) -> m.Measure:
    if f.choice("count", ["activities", "attendances"]) == "activities":
        return m.CountActivities(_condition(f, "where", tables.ACTIVITY_ROW), own=_own(f))
    where = _condition(f, "where", tables.ATTENDANCE_ROW)
    return m.Attended(where, hosted_by=_hosted_by(f))


def _sum(f: Fields) -> m.Measure:
    f.choice("sum", ["hours"])
    f.choice("of", ["attendances"])
    where = _condition(f, "where", tables.ATTENDANCE_ROW)
    return m.Attended(where, sum_hours=True, hosted_by=_hosted_by(f))


def _different(f: Fields) -> m.Measure:
    """What is counted once: kinds or days of activities or attendances, or persons reached."""
    what = f.choice("distinct", [*m.Different, "persons"])
    of = f.choice("of", ["activities", "attendances"])
    if what == "persons":
        if of != "activities":
            raise f.wrong("of", "distinct: persons 数的是活动的参加人", "写 of: activities")
        return m.Reached(_condition(f, "where", tables.ATTENDANCE_ROW))
    different = m.Different(what)
    if of == "activities":
        where = _condition(f, "where", tables.ACTIVITY_ROW)
        return m.CountActivities(where, different, own=_own(f))
    where = _condition(f, "where", tables.ATTENDANCE_ROW)
    return m.Attended(where, hosted_by=_hosted_by(f), different=different)


def _own(f: Fields) -> m.Own | None:
    if not f.has("own"):
        return None
    own = f.fields("own")
    field = own.text("field")
    where = _condition(own, "where", tables.DETAIL_ROW, optional=True) or ALWAYS
    own.done()
    return m.Own(field, where)


def _hosted_by(f: Fields) -> m.HostedBy | None:
    return m.HostedBy(f.choice("hosted_by", m.HostedBy)) if f.has("hosted_by") else None


def _ratio(f: Fields) -> m.Measure:
    return m.Ratio(f.names("ratio"), f.names("to"))


def _deadline(f: Fields) -> m.Measure:
    f.choice("deadline", ["terms"])
    return m.NextTerm()


def _case(f: Fields) -> m.Measure:
    where = _condition(f, "case", tables.TABLES["cases"].columns)
    return m.CaseTime(where, _from(0, f, "longer_than_days"))


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


MEASURES: Mapping[str, Callable[[Fields], m.Measure]] = {
    "count": _count,
    "sum": _sum,
    "distinct": _different,
    "state": _state,
    "ratio": _ratio,
    "coverage": _coverage,
    "deadline": _deadline,
    "case": _case,
}


def _having(f: Fields) -> m.Having:
    having = m.Having(_state(f), f.take("at_least", int))
    f.done()
    return having


def _standard(f: Fields, bases: int) -> m.Standard:
    bound = m.Bound.AT_LEAST if f.has("at_least") else m.Bound.AT_MOST
    standard = m.Standard(f.day("from"), bound, f.number(bound), f.take("basis", int))
    f.done()
    value = standard.value
    if not 0 <= value <= m.MOST_REQUIRED or value != value.quantize(PLACES):
        remedy = f"写 0 到 {m.MOST_REQUIRED} 之间、至多四位小数的数"
        raise f.wrong(bound, f"{value} 太小、太大或小数太多", remedy)
    if not 0 <= standard.basis < bases:
        raise f.wrong("basis", f"依据只有 {bases} 条", "填 basis 列表中的序号，从 0 起")
    return standard


def _reading(f: Fields) -> m.Reading:
    others = tuple(_other(value, f) for value in f.take("others", list, []))
    reading = m.Reading(
        id=f.text("id"),
        question=f.text("question"),
        chosen=f.text("chosen"),
        others=others,
        why=f.text("why"),
        confidence=f.choice("confidence", CONFIDENCE) if f.has("confidence") else "",
    )
    f.done()
    ids = [option.id for option in others if option.id]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise f.wrong("others", f"读法 {'、'.join(twice)} 写了两次", "每种读法的 id 各不相同")
    return reading


def _other(value: object, f: Fields) -> m.Option:
    """A reading not taken: its words alone, or with an id and what it changes in the file."""
    if isinstance(value, str):
        return m.Option(value)
    option = Fields(value, f.place("others"))
    read = m.Option(option.text("says"), option.text("id"), changes=option.take("with", dict))
    option.done()
    return read


def _mapping(folder: Path, name: str) -> dict[str, Any]:
    data = read(folder / name, name).data
    if empty := [key for key, part in data.items() if not isinstance(part, dict)]:
        raise CatalogueError(
            *(Problem(f"{name}: {key}", "应是“键: 值”", "请补上内容或删去这一项") for key in empty)
        )
    return data


def _process_words(folder: Path) -> dict[str, Any]:
    """What processes and their states are called, for conditions on cases; not what they do."""
    titles: dict[str, str] = {}
    states: dict[str, str] = {}
    for path in sorted((folder / "processes").glob("*.yaml")):
        told = read(path, f"processes/{path.name}").data
        titles[path.stem] = str(told.get("title", ""))
        for code, state in dict(told.get("states") or {}).items():
            title = state.get("title", "") if isinstance(state, dict) else state
            states[f"{path.stem}/{code}"] = str(title)
    return {"processes": titles, "states": states} if titles else {}


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


def _own_fields(c: m.Catalogue) -> Iterator[Problem]:
    """Fields of activity kinds that obligations ask about and must not."""
    try:
        kinds = read_kinds(c.kinds)
    except CatalogueError:
        return  # told already
    for o in c.obligations.values():
        for read_as in (o, *(o.reading.options.values() if o.reading else ())):
            measure = read_as.measure
            counted = measure.by if isinstance(measure, m.Coverage) else measure
            if isinstance(counted, m.CountActivities) and counted.own:
                at = f"obligations/{o.name}.yaml: own"
                yield from check_own(counted.own, counted.where, kinds, at)


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
        yield from crossings(plan, c, at)
    served = {n for plan in c.plans.values() for n in plan.obligation_names()}
    for name in sorted(c.obligations.keys() - served):
        yield Problem(
            f"obligations/{name}.yaml", "没有哪个计划条款引用它", "在 plans 中列入，或删去"
        )
