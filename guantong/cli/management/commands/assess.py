"""`python3 run assess`: work a ledger out for a day, from the records or a folder of facts."""

import sys
from argparse import ArgumentParser
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from guantong.cli import files
from guantong.cli.days import day
from guantong.conditions.parse import CatalogueError
from guantong.obligations import folder, run
from guantong.obligations import model as m
from guantong.periods import Period
from guantong.records import catalogue, ledger
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.models import School


class Command(BaseCommand):
    help = "按计划核算台账，写成 CSV：用系统里的记录，或用一个目录里的事实表"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", metavar="计划", help="计划文件名，默认是学校正在执行的计划")
        parser.add_argument("--on", type=day, metavar="日期", help="截至日期，默认是系统日期")
        parser.add_argument(
            "--since", type=day, metavar="日期", help="只核算这一天及以后开始的周期"
        )
        parser.add_argument(
            "--facts", type=files.folder, metavar="目录", help="事实表目录（Parquet 或 CSV）"
        )
        parser.add_argument(
            "--engine",
            choices=["database", "duckdb"],
            help="系统记录在哪里核算：数据库内（默认）或 DuckDB；结果相同",
        )
        parser.add_argument(
            "--keep", metavar="名称", help="把系统记录的这本台账存档，以后用 kept 原样打印"
        )
        parser.add_argument(
            "--out", type=files.output, metavar="文件", help="写到哪个 CSV 文件；“-” 或不写为屏幕"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["facts"] and options["keep"]:
            raise CommandError("--keep 只能存系统记录的台账，不与 --facts 同用", returncode=2)
        if options["facts"] and options["engine"] == "database":
            raise CommandError("事实表在 DuckDB 里核算，--engine database 不与 --facts 同用",
                               returncode=2)  # fmt: skip
        try:
            if options["facts"]:
                found = self.from_folder(options["facts"], options)
            else:
                found = self.from_records(options)
        except (folder.FactsError, CatalogueError) as error:
            raise CommandError(str(error)) from None
        self.write(found, options["out"])

    def from_folder(self, place: Path, options: dict[str, Any]) -> list[m.Entry]:
        rules = catalogue.current()
        plan = _plan(options["plan"] or next(iter(rules.plans)))
        span = _since(plan.span, options["since"])
        asked = m.Question(
            rules.of_plan(plan.name), options["on"] or date.today(), span, rules.calendar_of(plan)
        )
        found = folder.assess(asked, place)
        if absent := folder.missing(place):
            self.stderr.write(f"注意：{place} 没有这些表，按空表核算：{'、'.join(absent)}")
        return found

    def from_records(self, options: dict[str, Any]) -> list[m.Entry]:
        school = School.objects.first()
        if school is None:
            raise CommandError(
                "系统里还没有学校。处理：先运行 demo 或按 README 完成安装，或用 --facts 指定目录"
            )
        plan = _plan(options["plan"] or school.plan)
        asked = ledger.question(on=options["on"], plan=plan.name, since=options["since"])
        in_duckdb = options["engine"] == "duckdb"
        found = ledger.answer_in_duckdb(asked) if in_duckdb else ledger.answer(asked)
        if options["keep"] is not None:
            self.keep(options["keep"], asked, found, "duckdb" if in_duckdb else connection.vendor)
        return found

    def keep(self, name: str, asked: m.Question, found: list[m.Entry], engine: str) -> None:
        try:
            kept = upkeep.keep(by=None, name=name, asked=asked, found=found, engine=engine)
        except Refused as refused:
            raise CommandError(refused.text, returncode=2) from None
        self.stderr.write(
            f"已存档为第 {kept.pk} 号“{kept.name}”，打印：python3 run kept {kept.pk}"
        )

    def write(self, found: list[m.Entry], out: Path | None) -> None:
        if out is None or str(out) == "-":
            run.write_csv(found, sys.stdout)
        else:
            with files.written(out) as file:
                run.write_csv(found, file)
        counts = Counter(entry.verdict for entry in found)
        words = "，".join(
            f"{catalogue.current().label('verdicts', v)} {counts[v]}"
            for v in m.Verdict
            if counts[v]
        )
        self.stderr.write(f"{len(found)} 条台账条目：{words or '无'}")


def _plan(name: str) -> m.Plan:
    plans = catalogue.current().plans
    if name not in plans:
        raise CommandError(f"没有计划“{name}”。可用：{'、'.join(plans)}", returncode=2)
    return plans[name]


def _since(span: Period, since: date | None) -> Period:
    if since is None or since <= span.start:
        return span
    if since >= span.end:
        raise CommandError(
            f"--since {since} 在计划期（{span.start} 至 {span.last_day}）之后", returncode=2
        )
    return Period(since, span.end)
