"""The reference page of a process: its diagram, and every step with rules, fields and basis."""

from collections.abc import Iterable, Iterator

from guantong.conditions.basis import Basis
from guantong.obligations import describe
from guantong.obligations.model import Catalogue
from guantong.processes import model as m
from guantong.processes.diagram import mermaid
from guantong.processes.examples import tried
from guantong.processes.load import Loaded

LEVEL = {
    m.Level.MUST: "",
    m.Level.UNLESS_REASON: "，写明原因可以办理",
    m.Level.GENERALLY: "，只提醒",
}
TYPE = {
    m.FieldType.DAY: "日期",
    m.FieldType.NUMBER: "数",
    m.FieldType.TEXT: "文字",
    m.FieldType.CODE: "选项",
    m.FieldType.FLAG: "是否",
    m.FieldType.PERSON: "人员",
    m.FieldType.ORG: "党组织",
    m.FieldType.VOTES: "计票表",
}


def process_page(loaded: Loaded, rules: Catalogue) -> Iterator[str]:
    process = loaded.process
    yield from (f"# {process.title}", "", f"{process.about}。第 {process.version} 版。", "")
    yield f"服务条款：{_cited(process.serves, rules)}"
    yield from ("", "```mermaid", mermaid(process), "```")
    if process.given:
        yield from ("", "由系统给出：" + "；".join(map(_field, process.given.values())) + "。")
    if process.variants:
        yield from ("", "## 可以开关的做法", "", "| 做法 | 默认 | 依据 |", "|---|---|---|")
        yield from (_variant(v, process, rules) for v in process.variants.values())
    yield from ("", "## 步骤")
    for step in process.steps.values():
        yield from _step(step, process, rules)
    yield from ("", "## 例子", "")
    yield from (f"- {example.says}" for example in tried(loaded) if example.move)


def _step(step: m.Step, process: m.Process, rules: Catalogue) -> Iterator[str]:
    number = f"{step.number} " if step.number else ""
    yield from ("", f"### {number}{step.title}{_tag(step.variant, process)}", "")
    sources = "、".join(process.states[s].title for s in step.sources)
    target = process.states[step.target].title if step.target else "不变"
    yield f"- 状态：{sources} → {target}"
    yield f"- 由谁：{'、'.join(process.actors[code].title for code in step.who)}"
    if step.not_by:
        others = "、".join(process.steps[other].title for other in step.not_by)
        yield f"- 不能与这些步骤由同一人办理：{others}"
    for rule in step.rules:
        basis = f"（{_cited(rule.basis, rules)}）" if rule.basis != step.basis else ""
        yield f"- 规则：{rule.says}{LEVEL[rule.level]}{basis}{_tag(rule.variant, process)}"
    if step.fields:
        tagged = (f"{_field(f)}{_tag(f.variant, process)}" for f in step.fields)
        yield "- 记录：" + "；".join(tagged)
    if step.documents:
        yield "- 材料：" + "；".join(
            f"{d.title}{_tag(d.variant, process)}" for d in step.documents
        )
    yield f"- 依据：{_cited(step.basis, rules)}"


def _field(field: m.Field) -> str:
    choices = f"：{'、'.join(field.options.values())}" if field.options else ""
    optional = "" if field.required else "，可不填"
    derived = f"，取自{field.derived}" if field.derived else ""
    return f"{field.title}（{TYPE[field.type]}{choices}{optional}{derived}）"


def _variant(v: m.Variant, process: m.Process, rules: Catalogue) -> str:
    instead = f"，代替“{process.variants[v.instead_of].title}”" if v.instead_of else ""
    return f"| {v.title}{instead} | {'开' if v.on else '关'} | {_cited(v.basis, rules)} |"


def _tag(variant: str, process: m.Process) -> str:
    return f"〔可开关：{process.variants[variant].title}〕" if variant else ""


def _cited(basis: Iterable[Basis], rules: Catalogue) -> str:
    return "；".join(
        f"{describe.cited(b, rules)}（{describe.CONFIDENCE[b.confidence]}）" for b in basis
    )
