"""`python3 run plan read FILE`: show how a plan document falls into clauses; `--save` keeps them.
`plan use`: carry out another plan. `plan sql`: show what an engine is asked for a plan. Only
`--save` and `use` need the database.
"""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from guantong.cli.days import day
from guantong.conditions import os_errors
from guantong.conditions.parse import CatalogueError
from guantong.obligations import in_duckdb, run
from guantong.obligations.model import Plan, Question
from guantong.obligations.plan_file import load_plan
from guantong.plans.attach import attach
from guantong.plans.model import Document, DocumentRefused, Head, Level, Remark
from guantong.plans.read import read_document
from guantong.records import catalogue
from guantong.records.access import Refused
from guantong.records.actions.plans import Wording, load_wording
from guantong.records.actions.school import use_plan
from guantong.records.models import School

DIALECTS = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "duckdb": "duckdb",
    "spark": "spark",
}
EXCERPT = 40  # characters that let a reader find the place


class Command(BaseCommand):
    help = "计划：read 读计划文件，use 换用一份计划，sql 显示核算的 SQL"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="子命令")
        read = words.add_parser("read", help="读一份 .txt 或 .docx，列出条款和没有归入的文字")
        read.add_argument("file", type=Path, metavar="文件")
        read.add_argument("--plan", metavar="计划", help="对照哪个计划，默认按文号找")
        instead = read.add_mutually_exclusive_group()
        instead.add_argument("--json", action="store_true", help="只输出条款，JSON 格式")
        instead.add_argument("--save", action="store_true", help="存下原文，显示在条款旁")
        read.set_defaults(run=self.read)
        use = words.add_parser("use", help="换用一份计划：台账从此按它核算")
        use.add_argument("plan", metavar="计划", help="规则目录 plans 下的文件名")
        use.set_defaults(run=self.use)
        sql = words.add_parser("sql", help="显示核算一份计划的 SQL，注明每一列为哪项责任而数")
        sql.add_argument("plan", nargs="?", metavar="计划", help="默认是目录里的第一份")
        sql.add_argument("--engine", choices=sorted(DIALECTS), default="duckdb", help="哪种 SQL")
        sql.add_argument("--on", type=day, metavar="日期", help="截至日期，默认是计划的最后一天")
        sql.add_argument("--obligation", metavar="责任", help="只看这一项责任")
        sql.set_defaults(run=self.sql)

    def handle(self, *args: Any, **options: Any) -> None:
        options["run"](**options)

    def read(
        self, *, file: Path, plan: str | None, json: bool, save: bool, **options: Any
    ) -> None:
        chosen = plan_called(plan) if plan else None
        document = document_in(file)
        notes = [*remarks("编号问题", document.problems, document.unit)]
        notes += remarks("没有归入条款的文字", document.unplaced, document.unit)
        if json:
            self.stdout.write(as_json(document))
            if document.problems or document.unplaced:
                self.stderr.write("\n".join(notes))
            return
        chosen = chosen or plan_numbered(document.head.number)
        shown = [*head(document.head), "", *tree(document), "", *comparison(document, chosen)]
        self.stdout.write("\n".join([*shown, *notes]))
        if save:
            self.stdout.write(f"已存下 {saved(document, chosen, file.name)} 条原文")

    def use(self, *, plan: str, **options: Any) -> None:
        chosen = plan_called(plan)
        try:
            use_plan(by=None, plan=chosen.name)
        except Refused as refused:
            raise CommandError(refused.text) from None
        except School.DoesNotExist:
            raise CommandError("系统里还没有学校。请先运行 demo 或 set-up") from None
        span = f"{chosen.span.start} 至 {chosen.span.last_day}"
        self.stdout.write(f"已换用计划“{chosen.title}”（{span}），台账已重新核算。")

    def sql(
        self,
        *,
        plan: str | None,
        engine: str,
        on: date | None,
        obligation: str | None,
        **options: Any,
    ) -> None:
        rules = catalogue.current()
        chosen = rules.plans[plan_called(plan).name] if plan else next(iter(rules.plans.values()))
        asked = rules.of_plan(chosen.name)
        if obligation and obligation not in chosen.obligation_names():
            raise CommandError(f"计划 {chosen.name} 没有责任“{obligation}”", returncode=2)
        question = Question(
            tuple(o for o in asked if obligation in {None, o.name}),
            on or chosen.span.last_day,
            chosen.span,
            rules.calendar_of(chosen),
        )
        if engine == "duckdb":
            text = in_duckdb.script(question)
        else:
            text = f"{run.sql(question, run.BY_NAME, DIALECTS[engine], pretty=True)};"
        self.stdout.write(f"-- {chosen.name}，截至 {question.on}，{engine}\n{text}")


# ---------------------------------------------------------------- what is read


def document_in(file: Path) -> Document:
    if not file.is_file():
        what = "是目录或设备，不是文件" if file.exists() else "没有这个文件"
        raise CommandError(f"{file}：{what}。请给出 .txt 或 .docx 文件的路径", returncode=2)
    try:
        return read_document(file)
    except DocumentRefused as refusal:
        raise CommandError(f"{file}：{refusal}") from None
    except OSError as error:
        raise CommandError(f"{file}：打不开。{os_errors.told(error)}") from None


def plan_called(name: str) -> Plan:
    known = plans()
    if name not in known:
        raise CommandError(f"规则目录没有计划“{name}”，可选：{'、'.join(known)}", returncode=2)
    return known[name]


def plan_numbered(number: str) -> Plan | None:
    return next((plan for plan in plans().values() if plan.number == number), None)


def plans() -> dict[str, Plan]:
    """Only the plans: a mistake in an obligation must not keep anybody from reading a document."""
    try:
        files = sorted((settings.CATALOGUE_DIR / "plans").glob("*.yaml"))
        return {file.stem: load_plan(file) for file in files}
    except CatalogueError as error:
        raise CommandError(f"规则目录里的计划有错：\n{error}") from None


def saved(document: Document, plan: Plan | None, source_name: str) -> int:
    """Keep the wording of the clauses that the catalogue knows; return how many."""
    if not plan:
        raise CommandError("没有存：规则目录没有同一文号的计划。请用 --plan 指定", returncode=2)
    found = attach(document.clauses, [clause.path for clause in plan.clauses]).attached
    wordings = [Wording(clause.path, clause.title, clause.text) for clause in found]
    try:
        load_wording(by=None, plan=plan.name, source_name=source_name, wordings=wordings)
    except Refused as refused:
        raise CommandError(f"没有存：{refused.text}") from None
    except (School.DoesNotExist, OperationalError, ProgrammingError):  # no row, no table
        raise CommandError("没有存：系统里还没有学校。请先运行 demo 或 set-up") from None
    return len(wordings)


# ---------------------------------------------------------------- what is shown


def as_json(document: Document) -> str:
    clauses = [
        {"path": clause.path, "number": clause.number, "title": clause.title, "text": clause.text}
        for clause in document.clauses
    ]
    return json.dumps(clauses, ensure_ascii=False, indent=1)


def head(head: Head) -> Iterator[str]:
    yield f"题目：{head.title or '没有认出'}"
    yield f"文号：{head.number or '没有认出'}"
    yield f"发文：{head.issuer or '没有认出'}"
    yield f"日期：{head.issued or '没有认出'}"
    yield f"主送：{head.addressee or '没有认出'}"
    yield f"条款之前：通知 {len(head.letter)} 字，前言 {len(head.preamble)} 字"


def tree(document: Document) -> Iterator[str]:
    chapters, sections, tasks = (len(list(document.of(level))) for level in Level)
    size = sum(len(clause.title) + len(clause.text) for clause in document.clauses)
    yield f"{chapters} 章，{sections} 节，{tasks} 项任务，共 {size} 字"
    for clause in document.clauses:
        body = f"　{len(clause.text)} 字" if clause.text else ""
        yield f"{'  ' * clause.path.count('/')}{clause.number} {clause.title}{body}"


def comparison(document: Document, plan: Plan | None) -> Iterator[str]:
    if not plan:
        yield "未与规则目录对照：没有同一文号的计划，可用 --plan 指定"
        return
    found = attach(document.clauses, [clause.path for clause in plan.clauses])
    yield f"与规则目录 {plan.name} 对照：{len(found.attached)} 条配上了原文"
    yield from paths("文件有、目录没有的条款", [clause.path for clause in found.unknown])
    yield from paths("文件里重复的条款（取第一处）", [clause.path for clause in found.repeated])
    yield from paths("目录有、文件没有的条款", found.without_wording)


def paths(heading: str, found: Sequence[str]) -> Iterator[str]:
    yield f"{heading}：{len(found)} 条" + "".join(f"\n  {path}" for path in found)


def remarks(heading: str, found: Sequence[Remark], unit: str) -> Iterator[str]:
    yield f"{heading}：{len(found)} 处"
    for remark in found:
        yield f"  第 {remark.line} {unit}：{remark.reason}：{shorten(remark.text)}"


def shorten(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
