"""`python3 run assess`: work a ledger out for a day, from the records or a folder of facts.

What is asked and what is there is checked before anything is worked out, and the file to write
is touched only once there is something to write.
"""

import re
import shutil
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from guantong.cli import files
from guantong.cli.days import day
from guantong.cli.pairs import pair
from guantong.conditions.parse import CatalogueError
from guantong.obligations import cluster, folder, run
from guantong.obligations import model as m
from guantong.obligations.faults import FactsError
from guantong.obligations.lines import Summary
from guantong.periods import Period
from guantong.records import catalogue, ledger
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.models import School

MASTER = re.compile(r"local(\[([1-9][0-9]*|\*)\])?|spark://[^/]+:\d+(,[^/]+:\d+)*|yarn|k8s://.+")


class Command(BaseCommand):
    help = "按计划核算台账，写成 CSV：用系统里的记录，或用一个目录里的事实表"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--plan",
            metavar="计划",
            help="计划文件名，默认是学校正在执行的计划；用 --facts 而计划不止一个时必须写",
        )
        parser.add_argument("--on", type=day, metavar="日期", help="截至日期，默认是系统日期")
        parser.add_argument(
            "--since", type=day, metavar="日期", help="只核算这一天及以后开始的周期"
        )
        parser.add_argument(
            "--facts", type=files.folder, metavar="目录", help="事实表目录（Parquet 或 CSV）"
        )
        parser.add_argument(
            "--without",
            metavar="责任",
            nargs="+",
            default=[],
            help="不核算哪些责任（用于目录；系统记录按本校设置）",
        )
        parser.add_argument(
            "--reading", action="append", type=pair, default=[], metavar="口径=读法",
            help="采用另一种读法，如 R-01=training-only（用于目录；系统记录按本校决定）",
        )  # fmt: skip
        parser.add_argument(
            "--engine",
            choices=["database", "duckdb", "spark"],
            help="在哪里核算，结果相同：数据库内（系统记录的默认）、DuckDB（目录的默认）"
            "或 Spark（只用于目录）",
        )
        parser.add_argument(
            "--master", metavar="地址", help="Spark 主节点，如 spark://主机:7077；默认用本机"
        )
        parser.add_argument(
            "--keep", metavar="名称", help="把系统记录的这本台账存档，以后用 kept 原样打印"
        )
        parser.add_argument(
            "--out", type=files.output, metavar="文件", help="写到哪个 CSV 文件；“-” 或不写为屏幕"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _require_fitting(options)
        with TemporaryDirectory(prefix="guantong-") as place:
            written = Path(place) / "ledger.csv"
            try:
                if options["facts"]:
                    asked, summary = self.from_folder(options["facts"], options, written)
                    _hand_over(written, options["out"])
                else:
                    asked, summary = self.from_records(options, written)
            except (FactsError, CatalogueError, cluster.EngineMissing) as error:
                raise CommandError(str(error)) from None
        self.tell(asked, summary)

    def from_folder(
        self, place: Path, options: dict[str, Any], written: Path
    ) -> tuple[m.Question, Summary]:
        rules = catalogue.current()
        plan = _plan(options["plan"] or _only_plan(rules.plans))
        on = options["on"] or date.today()
        span = _span(plan, options["since"], on)
        used = _read(_without(rules.of_plan(plan.name), options["without"]), options["reading"])
        asked = m.Question(used, on, span, rules.calendar_of(plan))
        if options["engine"] == "spark":
            with cluster.opened(place, options["master"] or "local[*]", rules.kinds) as spark:
                self.note(spark.notes)
                return asked, spark.write(asked, written)
        with folder.opened(place, rules.kinds) as facts:
            self.note(facts.notes)
            return asked, facts.write(asked, written)

    def from_records(self, options: dict[str, Any], written: Path) -> tuple[m.Question, Summary]:
        """Kept only once it is written, so that a second try keeps no second one."""
        school = School.objects.first()
        if school is None:
            raise CommandError(
                "系统里还没有学校。处理：先运行 demo 或按 README 完成安装，或用 --facts 指定目录"
            )
        plan = _plan(options["plan"] or school.plan)
        asked = ledger.question(on=options["on"], plan=plan.name, since=options["since"])
        _span(plan, options["since"], asked.on)
        name = options["keep"]
        if name is not None:
            try:
                upkeep.require_keepable(by=None, name=name, day=asked.on)
            except Refused as refused:
                raise CommandError(refused.text, returncode=2) from None
        in_duckdb = options["engine"] == "duckdb"
        found = ledger.answer_in_duckdb(asked) if in_duckdb else ledger.answer(asked)
        with written.open("w", encoding="utf-8", newline="") as file:
            run.write_csv(found, file)
        _hand_over(written, options["out"])
        if name is not None:
            engine = "duckdb" if in_duckdb else connection.vendor
            kept = upkeep.keep(
                by=None, name=name, plan=plan.name, asked=asked, found=found, engine=engine
            )
            self.stderr.write(
                f"已存档为第 {kept.pk} 号“{kept.name}”，打印：python3 run kept {kept.pk}"
            )
        return asked, Counter(entry.verdict for entry in found)

    def note(self, notes: tuple[str, ...]) -> None:
        for note in notes:
            self.stderr.write(f"注意：{note}")

    def tell(self, asked: m.Question, summary: Summary) -> None:
        """The span too: a folder begins with the plan, a school's records on a day of its own."""
        first, last = asked.span.start, asked.span.last_day
        words = "，".join(
            f"{catalogue.current().label('verdicts', v)} {summary[v]}"
            for v in m.Verdict
            if summary.get(v)
        )
        over = f"；计划已于 {last} 结束，此后没有周期" if asked.on > last else ""
        self.stderr.write(
            f"{sum(summary.values())} 条台账条目（{first} 至 {last} 开始的周期，"
            f"截至 {asked.on}{over}）：{words or '无'}"
        )


def _require_fitting(options: dict[str, Any]) -> None:
    """Options that contradict each other are wrong usage."""
    engine, facts, master = options["engine"], options["facts"], options["master"]
    wrong = ""
    if facts and engine == "database":
        wrong = "--facts 的事实表不在数据库里。处理：用 --engine duckdb 或 spark"
    elif engine == "spark" and not facts:
        wrong = (
            "Spark 核算目录里的事实表。处理：先 python3 run facts export 目录，再加 --facts 目录"
        )
    elif facts and options["keep"] is not None:
        wrong = "--keep 只能存系统记录的台账，不与 --facts 同用"
    elif (options["without"] or options["reading"]) and not facts:
        wrong = "--without、--reading 只与 --facts 同用：系统记录按本校的设置和决定核算"
    elif master and engine != "spark":
        wrong = "--master 只与 --engine spark 同用"
    elif master and not MASTER.fullmatch(master):
        wrong = f"--master {master} 不是主节点的地址。处理：写成 spark://主机:7077 或 local[2]"
    if wrong:
        raise CommandError(wrong, returncode=2)


def _hand_over(written: Path, out: Path | None) -> None:
    with written.open(encoding="utf-8", newline="") as source:
        if out is None or str(out) == "-":
            shutil.copyfileobj(source, sys.stdout)
            return
        with files.written(out) as file:
            shutil.copyfileobj(source, file)


def _only_plan(plans: Mapping[str, m.Plan]) -> str:
    """A folder of facts belongs to no school that could say which plan it carries out."""
    if len(plans) > 1:
        raise CommandError(f"有多个计划，请用 --plan 指明：{'、'.join(plans)}", returncode=2)
    return next(iter(plans))


def _plan(name: str) -> m.Plan:
    plans = catalogue.current().plans
    if name not in plans:
        raise CommandError(f"没有计划“{name}”。可用：{'、'.join(plans)}", returncode=2)
    return plans[name]


def _without(rules: Sequence[m.Obligation], names: Sequence[str]) -> tuple[m.Obligation, ...]:
    known = [o.name for o in rules]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"是不是 {near[0]}？" if near else ""
            raise CommandError(f"计划里没有责任“{name}”。{hint}", returncode=2)
    return tuple(o for o in rules if o.name not in names)


def _read(
    used: tuple[m.Obligation, ...], readings: Sequence[tuple[str, str]]
) -> tuple[m.Obligation, ...]:
    """The obligations, some under another reading."""
    rules = catalogue.current()
    for reading, option in readings:
        if option not in (known := rules.options(reading)):
            ways = f"可用：{'、'.join(known)}" if known else "没有这个口径，或没有别的读法"
            raise CommandError(f"--reading {reading}={option}：{ways}", returncode=2)
        used = tuple(
            o.read_as(option) if o.reading and o.reading.id == reading else o for o in used
        )
    return used


def _span(plan: m.Plan, since: date | None, on: date) -> Period:
    """The part of the plan that is asked about; wrong usage if no period could begin in it."""
    span, wrong = plan.span, ""
    if since is not None and since >= span.end:
        wrong = f"--since {since} 在计划期（{span.start} 至 {span.last_day}）之后"
    elif on < span.start:
        wrong = f"截至日期 {on} 在计划期（{span.start} 至 {span.last_day}）之前，没有可核算的周期"
    elif since is not None and since > on:
        wrong = f"--since {since} 晚于截至日期 {on}，没有可核算的周期"
    if wrong:
        raise CommandError(f"{wrong}。处理：改 --since 或 --on", returncode=2)
    return Period(max(span.start, since or span.start), span.end)
