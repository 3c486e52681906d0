"""`python3 run docs [--check]`: write docs/reference/ from the catalogue and the fact tables."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from guantong.cli.process_pages import process_page
from guantong.obligations import describe
from guantong.obligations import model as m
from guantong.obligations.faults import ONE_AT_A_TIME
from guantong.obligations.run import plain
from guantong.obligations.tables import TABLES
from guantong.processes.load import Loaded
from guantong.records import catalogue

PLACE = "docs/reference"
NOTICE = "<!-- 由 `python3 run docs` 生成，请改 catalogue/ 后重新生成，不要手改。 -->"


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
    processes = catalogue.processes()
    pages |= {f"process-{name}.md": _process(p, rules) for name, p in processes.items()}
    return {**pages, "regulations.md": _regulations(rules), "fact-tables.md": _tables(rules)}


def _process(loaded: Loaded, rules: m.Catalogue) -> Iterator[str]:
    yield NOTICE
    yield from process_page(loaded, rules)


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
    yield from ("", f"**{o.title}** `{o.name}`", "")
    yield f"- 要求：{o.demand}（{describe.LEVEL[o.level]}）"
    yield f"- 对象：{describe.bearer(o, rules)}"
    standards = "；".join(
        f"{s.since} 起{describe.BOUND[s.bound]} {plain(s.value)} {o.unit}" for s in o.standards
    )
    pro_rata = "，按月折算" if o.pro_rata else ""
    yield f"- 周期：{describe.rhythm(o)}；标准：{standards}{pro_rata}"
    yield f"- 计入：{describe.measured(o.measure, rules)}"
    if o.exempt is not None:
        yield f"- 豁免：{describe.exempt(o, rules)}。{o.exempt_reason}"
    if o.apart_from:
        others = "、".join(rules.obligations[name].title for name in o.apart_from)
        yield f"- 不重复计：已计入“{others}”的记录不再计入"
    yield "- 依据：" + "；".join(
        f"{describe.cited(b, rules)}（{describe.CONFIDENCE[b.confidence]}）" for b in o.basis
    )
    if r := o.reading:
        yield f"- 口径 {r.id}：{r.question} 采用：{r.chosen}。{r.why}"
    yield "- 例：" + "；".join(str(example["says"]) for example in o.examples)


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
    yield from (
        "",
        "A row is known by its key. Spans that share the last column do not overlap.",
        "",
    )
    yield from ("| table | key | one at a time |", "|---|---|---|")
    for name, table in TABLES.items():
        alone = ", ".join(f"`{column}`" for column in ONE_AT_A_TIME.get(name, ()))
        yield f"| {name} | {', '.join(f'`{column}`' for column in table.key)} | {alone} |"
