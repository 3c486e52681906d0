"""`python3 run docs [--check]`: write docs/reference/ from the catalogue and the fact tables."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from guantong.obligations import model as m
from guantong.obligations.run import plain
from guantong.obligations.tables import TABLES
from guantong.obligations.words import Words
from guantong.periods import Every
from guantong.records import catalogue

PLACE = "docs/reference"
NOTICE = "<!-- 由 `python3 run docs` 生成，请改 catalogue/ 后重新生成，不要手改。 -->"
EVERY = {
    Every.MONTH: "每月",
    Every.QUARTER: "每季度",
    Every.SEMESTER: "每学期",
    Every.YEAR: "每年",
    Every.TERM: "每届任期",
}
BOUND = {m.Bound.AT_LEAST: "不少于", m.Bound.AT_MOST: "不超过"}
LEVEL = {"must": "必须", "generally": "一般应当"}
CONFIDENCE = {
    "PLAN": "计划自身的要求",
    "A": "已核对条文",
    "B": "据二手资料",
    "C": "待核对，可关闭",
    "L": "外校或地方做法，可关闭",
}


class Command(BaseCommand):
    help = "由规则目录生成参考文档；--check 只检查是否过时"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="过时则退出码为 1，不写文件")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        folder = settings.ROOT / PLACE
        pages = {folder / name: "\n".join(lines) + "\n" for name, lines in _pages().items()}
        stale = [path for path, text in pages.items() if _read(path) != text]
        if check and stale:
            names = "、".join(path.name for path in stale)
            raise CommandError(f"{PLACE} 已过时：{names}。处理：运行 python3 run docs 并提交")
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            for path in stale:
                path.write_text(pages[path], encoding="utf-8", newline="\n")
        self.stdout.write(
            f"{PLACE}：{len(pages)} 页，" + ("都是最新的" if not stale else "已更新")
        )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _pages() -> dict[str, Iterator[str]]:
    rules = catalogue.current()
    pages = {f"plan-{plan.name}.md": _plan(plan, rules) for plan in rules.plans.values()}
    return {**pages, "regulations.md": _regulations(rules), "fact-tables.md": _tables(rules)}


def _plan(plan: m.Plan, rules: m.Catalogue) -> Iterator[str]:
    yield from (NOTICE, f"# {plan.title}", "")
    yield f"{plan.issuer}，{plan.number}，{plan.issued}。"
    yield from ("", "| 年度 | 主题 |", "|---|---|")
    yield from (f"| {year} | {theme} |" for year, theme in plan.themes.items())
    for clause in plan.clauses:
        yield from ("", f"{'#' * (clause.path.count('/') + 2)} {clause.path} {clause.title}", "")
        yield clause.summary
        if clause.serves:
            yield from ("", f"系统怎样服务：{clause.serves}")
        for name in clause.obligations:
            yield from _obligation(rules.obligations[name], rules)


def _obligation(o: m.Obligation, rules: m.Catalogue) -> Iterator[str]:
    yield from ("", f"**{o.title}** `{o.name}`", "", f"- 要求：{o.demand}（{LEVEL[o.level]}）")
    yield f"- 对象：{_bearer(o, rules)}"
    standards = "；".join(
        f"{s.since} 起{BOUND[s.bound]} {plain(s.value)} {o.unit}" for s in o.standards
    )
    yield f"- 周期：{EVERY[o.every]}；标准：{standards}{'，按月折算' if o.pro_rata else ''}"
    yield f"- 计入：{_measure(o.measure, rules)}"
    if o.exempt is not None:
        yield f"- 豁免：{Words(rules, 'memberships').condition(o.exempt)}。{o.exempt_reason}"
    yield "- 依据：" + "；".join(_basis(basis, rules) for basis in o.basis)
    if r := o.reading:
        yield f"- 口径 {r.id}：{r.question} 采用：{r.chosen}。{r.why}"
    yield "- 例：" + "；".join(str(example["says"]) for example in o.examples)


def _bearer(o: m.Obligation, rules: m.Catalogue) -> str:
    match o.bearer:
        case m.OrgBearer(when):
            text = Words(rules, "orgs").condition(when) + "的党组织"
        case m.MemberBearer(when, without):
            text = Words(rules, "memberships").condition(when) + "的党员"
            text += (
                f"（不含{Words(rules, 'posts').condition(without)}的任职者）" if without else ""
            )
        case m.PostBearer(when, on_day, linked):
            held = "期末在任" if on_day else "期内任职满一个整月"
            text = f"{held}、{Words(rules, 'posts').condition(when)}的任职者"
            text += f"，且有{rules.label('relations', linked)}" if linked else ""
    having = "，".join(f"{_measure(h.state, rules)}不少于 {h.at_least}" for h in o.having)
    return text + (f"，当日{having}" if having else "")


def _measure(measure: m.Measure, rules: m.Catalogue) -> str:
    match measure:
        case m.CountActivities(where):
            return f"本组织主办、{Words(rules, 'activities').condition(where)}的活动次数"
        case m.Attended(where, hours, hosted_by):
            place = {
                None: "",
                m.HostedBy.OWN_BRANCH: "、由所在支部主办",
                m.HostedBy.CONTACT_POINT: "、由联系点主办",
                m.HostedBy.OWN_ORG: "、由任职组织主办",
            }[hosted_by]
            what = "学时之和" if hours else "次数"
            return f"本人参加、{Words(rules, 'attendances').condition(where)}{place}的活动{what}"
        case m.State(table, where):
            return f"当日{STATES[table]}（{Words(rules, table).condition(where)}）"
        case m.Ratio(of, to):
            top, under = (" + ".join(rules.label("figures", n) for n in part) for part in (of, to))
            return f"{top} ÷ （{under}），取最近一次统计"
        case m.Coverage(of, by):
            whole = Words(rules, "orgs").condition(of)
            return f"下属{whole}的组织中，有“{_measure(by, rules)}”的所占比例"
        case m.NextTerm():
            return "届满日（含批准延期）之前已选出下一届"


STATES = {
    "posts": "在任人数",
    "memberships": "党员人数",
    "terms": "在任期内的届数",
    "relations": "联系关系数",
    "documents": "有效制度数",
    "orgs": "下属组织数",
}


def _basis(basis: m.Basis, rules: m.Catalogue) -> str:
    place = f"第 {basis.place} 条" if basis.place.isdigit() else basis.place
    title = rules.regulations[basis.instrument]["title"]
    return f"{title} {place}（{CONFIDENCE[basis.confidence]}）".replace("  ", " ")


def _regulations(rules: m.Catalogue) -> Iterator[str]:
    yield from (
        NOTICE,
        "# 依据的文件",
        "",
        "| 代号 | 文件 | 文号 | 印发 | 说明 |",
        "|---|---|---|---|---|",
    )
    for key, r in rules.regulations.items():
        cells = (
            key,
            r["title"],
            r.get("number") or "",
            r.get("issued") or "",
            r.get("status") or "",
        )
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"


def _tables(rules: m.Catalogue) -> Iterator[str]:
    yield from (NOTICE, "# Fact tables", "", "All that obligations know about the records.", "")
    yield from ("| table | grain | column | type | null |", "|---|---|---|---|---|")
    for name, table in TABLES.items():
        for column, kind in table.columns.items():
            null = "never" if column in table.required else "not known"
            null = "lasts" if column == "valid_to" else null
            yield f"| {name} | {table.grain} | `{column}` | {kind} | {null} |"
