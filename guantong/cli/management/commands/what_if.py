"""`python3 run what-if`: the ledger under other rules: a dry run, the differences listed."""

import csv
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from guantong.cli import files
from guantong.cli.days import day
from guantong.cli.pairs import pair, pair_with_number
from guantong.conditions.parse import CatalogueError
from guantong.obligations.differences import Difference, summary
from guantong.obligations.load import load_catalogue
from guantong.obligations.model import Entry
from guantong.obligations.run import plain
from guantong.records import catalogue, clock, what_if
from guantong.records.access import Refused
from guantong.records.models import School

HEADER = [
    *("obligation", "bearer_kind", "org_id", "person_id", "period_start", "period_end"),
    *("required_before", "actual_before", "verdict_before"),
    *("required_after", "actual_after", "verdict_after"),
]


class Command(BaseCommand):
    help = "试算：换一种口径、标准、组织树或计划，台账会有哪些不同；不改动任何数据"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reading", action="append", type=pair, default=[], metavar="口径=读法",
            help="换一种读法，如 R-01=training-only；“R-01=”为目录自己的读法",
        )  # fmt: skip
        parser.add_argument(
            "--standard", action="append", type=pair_with_number, default=[], metavar="责任=值",
            help="换一个标准值，如 member-study-hours=40",
        )  # fmt: skip
        parser.add_argument("--plan", default="", metavar="计划", help="换一份计划")
        parser.add_argument(
            "--catalogue", type=files.catalogue_folder, metavar="目录", help="换一个规则目录"
        )
        parser.add_argument(
            "--tree", type=tree, metavar="now|日期", help="各周期都按这一天的组织树汇总"
        )
        parser.add_argument("--forecast", action="store_true", help="计划中的活动也算已开展")
        parser.add_argument("--on", type=day, metavar="日期", help="截至日期，默认是系统日期")
        parser.add_argument(
            "--out", type=files.output, metavar="文件", help="逐条的不同写到这个 CSV 文件"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not School.objects.exists():
            raise CommandError("系统里还没有学校。处理：先运行 demo 或按 README 完成安装")
        try:
            found = what_if.answer(self.change(options), on=options["on"])
        except Refused as refused:  # it names something that there is not
            raise CommandError(refused.text, returncode=2) from None
        except CatalogueError as error:
            raise CommandError(str(error)) from None
        for line in told(found):
            self.stdout.write(line)
        if options["out"]:
            save(found, options["out"])

    def change(self, options: dict[str, Any]) -> what_if.Change:
        return what_if.Change(
            readings=dict(options["reading"]),
            standards=_once(options["standard"]),
            tree_on=clock.today() if options["tree"] == "now" else options["tree"],
            forecast=options["forecast"],
            plan=options["plan"],
            rules=load_catalogue(options["catalogue"]) if options["catalogue"] else None,
        )


def _once(given: list[tuple[str, Decimal]]) -> dict[str, Decimal]:
    names = [name for name, _ in given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CommandError(f"--standard {'、'.join(twice)} 写了两次，只写一次", returncode=2)
    return dict(given)


def tree(text: str) -> date | str:
    return text if text == "now" else day(text)


def told(found: list[Difference]) -> Iterator[str]:
    rules = catalogue.current()
    if not found:
        yield "台账没有任何不同"
        return
    yield f"台账有 {len(found)} 条不同"
    for name, counts in summary(found).items():
        title = rules.obligations[name].title if name in rules.obligations else name
        yield f"  {title}（{name}）"
        for (before, after), count in counts.most_common():
            was, would = (rules.label("verdicts", v) if v else "不作要求" for v in (before, after))
            change = f"{was} → {would}" if was != would else f"{was}，数字不同"
            yield f"    {change}：{count} 条"


def save(found: list[Difference], path: Path) -> None:
    with files.written(path) as file:
        write(found, file)
    sys.stderr.write(f"逐条的不同已写到 {path}\n")


def write(found: list[Difference], file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for d in found:
        e = d.entry
        person = "" if e.person_id is None else e.person_id
        key = [e.obligation, e.bearer_kind, e.org_id, person, e.period.start, e.period.end]
        writer.writerow([*key, *_figures(d.before), *_figures(d.after)])


def _figures(entry: Entry | None) -> list[str]:
    if entry is None:
        return ["", "", ""]
    return [plain(entry.required), plain(entry.actual), entry.verdict.value]
