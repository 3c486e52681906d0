"""What a process file may not say although it can be read: names that lead nowhere, states that
nobody reaches or leaves, rules without a firm basis that cannot be switched off.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from guantong.conditions.basis import UNCERTAIN, Basis
from guantong.conditions.check import Type, problems
from guantong.conditions.parse import Problem
from guantong.conditions.restraint import refused
from guantong.processes import model as m
from guantong.processes.facts import columns_for
from guantong.processes.paths import reached

RESERVED = {"on", "by", "first", "count", "subject"}


def nonsense(
    process: m.Process,
    at: str,
    regulations: Collection[str],
    clauses: Mapping[str, Collection[str]],
) -> Iterator[Problem]:
    yield from _states(process, at)
    yield from _variants(process, at)
    for text, key in _said(process):
        yield from refused(text, f"{at}: {key}")
    for step in process.steps.values():
        here = f"{at}: steps.{step.name}"
        yield from _step(process, step, here)
        for rule in step.rules:
            yield from _rule(process, step, rule, f"{here}.rules {rule.id}")
    for basis, key in _bases(process):
        if basis.instrument not in regulations:
            what = f"regulations.yaml 里没有“{basis.instrument}”"
            yield Problem(f"{at}: {key}", what, "先登记该文件")
        elif basis.place not in clauses.get(basis.instrument, {basis.place}):
            yield Problem(f"{at}: {key}", f"计划里没有条款“{basis.place}”", "核对条款编号")
    ids = Counter(rule.id for step in process.steps.values() for rule in step.rules)
    for name in [name for name, times in ids.items() if times > 1]:
        yield Problem(f"{at}: steps", f"规则“{name}”写了两次", "每条规则用自己的 id")


def _states(process: m.Process, at: str) -> Iterator[Problem]:
    left = {s for step in process.steps.values() for s in step.sources if step.target}
    reachable = reached(process, process.initial)
    for code, state in process.states.items():
        here = f"{at}: states.{code}"
        if code not in reachable:
            yield Problem(here, "没有哪一步能走到这个状态", "补上走到它的步骤，或删去")
        if state.closed and code in left:
            yield Problem(here, "已办结的状态不能再有步骤走出去", "去掉 closed，或去掉那一步")
        if not state.closed and code not in left:
            yield Problem(here, "到了这个状态就没有出路", "补上步骤，或写 closed: true")


def _variants(process: m.Process, at: str) -> Iterator[Problem]:
    used = {v for v in _used_variants(process) if v}
    known = set(process.variants)
    for name in sorted(used - known):
        yield Problem(f"{at}: variants", f"没有登记变体“{name}”", "在 variants 下写明")
    for name in sorted(known - used):
        yield Problem(f"{at}: variants.{name}", "没有规则、步骤或材料属于它", "删去")
    for v in process.variants.values():
        if v.instead_of and v.instead_of not in known - {v.id}:
            yield Problem(f"{at}: variants.{v.id}.instead_of", f"没有变体“{v.instead_of}”")


def _used_variants(process: m.Process) -> Iterator[str]:
    for step in process.steps.values():
        yield step.variant
        yield from (f.variant for f in step.fields)
        yield from (r.variant for r in step.rules)
        yield from (d.variant for d in step.documents)


def _step(process: m.Process, step: m.Step, at: str) -> Iterator[Problem]:
    for state in {*step.sources, step.target} - {""} - process.states.keys():
        yield Problem(at, f"没有状态“{state}”", f"可用：{'、'.join(process.states)}")
    for code in set(step.who) - process.actors.keys():
        yield Problem(f"{at}.who", f"没有“{code}”", f"可用：{'、'.join(process.actors)}")
    if not step.who:
        yield Problem(f"{at}.who", "没有写明由谁办理")
    for other in set(step.not_by) - process.steps.keys():
        yield Problem(f"{at}.not_by", f"没有步骤“{other}”")
    for field in step.fields:
        if field.name in RESERVED or "." in field.name:
            yield Problem(f"{at}.records.{field.name}", "这个名称另有用处", "换一个")
    if all(b.confidence in UNCERTAIN for b in step.basis) and not step.variant:
        yield Problem(f"{at}.basis", "依据都没有核对过的步骤必须可以关闭", "归入一个 variant")


def _rule(process: m.Process, step: m.Step, rule: m.Rule, at: str) -> Iterator[Problem]:
    if rule.uncertain and not (rule.variant or step.variant):
        yield Problem(at, "依据都没有核对过的规则必须可以关闭", "归入一个 variant")
    columns = columns_for(process, step)
    if rule.where is not None:
        yield from problems(rule.where, columns, f"{at}.where")
    match rule.test:
        case m.Holds(when):
            yield from problems(when, columns, at)
        case m.Ballots(votes, valid, seats):
            yield from _votes(step, votes, at)
            yield from _typed((valid, seats), Type.NUMBER, columns, at)
        case m.Listed(votes, of) | m.Majority(votes, of):
            yield from _votes(step, votes, at)
            yield from _typed((of,), Type.NUMBER, columns, at)
        case test:
            kind = {m.Amount: Type.NUMBER, m.Different: Type.ID}.get(type(test), Type.DAY)
            yield from _typed(m.named_in(test), kind, columns, at)


def _votes(step: m.Step, name: str, at: str) -> Iterator[Problem]:
    if name not in {f.name for f in step.fields if f.type is m.FieldType.VOTES}:
        yield Problem(at, f"“{name}”不是本步骤的计票表", "在 records 里写 type: votes")


def _typed(
    names: Collection[str], kind: Type, columns: Mapping[str, Type], at: str
) -> Iterator[Problem]:
    for name in names:
        if name not in columns:
            yield Problem(at, f"没有“{name}”", "写 步骤.on、步骤.项目，或本步骤的项目")
        elif columns[name] is not kind:
            yield Problem(at, f"“{name}”不是这条规则要的类型（{columns[name]}）", f"应为 {kind}")


def _said(process: m.Process) -> Iterator[tuple[str, str]]:
    """Every text that people are shown, with its key."""
    yield from ((process.title, "title"), (process.about, "about"))
    yield from ((s.title, f"states.{code}") for code, s in process.states.items())
    yield from ((v.title, f"variants.{v.id}") for v in process.variants.values())
    yield from ((f.title, f"given.{f.name}") for f in process.given.values())
    for step in process.steps.values():
        at = f"steps.{step.name}"
        yield step.title, at
        for field in step.fields:
            yield " ".join((field.title, *field.options.values())), f"{at}.records.{field.name}"
        yield from ((r.says, f"{at}.rules {r.id}") for r in step.rules)
        yield from ((d.title, f"{at}.documents") for d in step.documents)


def _bases(process: m.Process) -> Iterator[tuple[Basis, str]]:
    yield from ((basis, "serves") for basis in process.serves)
    for variant in process.variants.values():
        yield from ((b, f"variants.{variant.id}.basis") for b in variant.basis)
    for step in process.steps.values():
        yield from ((b, f"steps.{step.name}.basis") for b in step.basis)
        for rule in step.rules:
            yield from ((b, f"steps.{step.name}.rules {rule.id}") for b in rule.basis)
