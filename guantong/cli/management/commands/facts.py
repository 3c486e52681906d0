"""`python3 run facts export DIR`: write the records as fact tables, for `assess --facts`."""

import shlex
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guantong.obligations.faults import FactsError
from guantong.records import catalogue, clock, columns, ledger
from guantong.records.models import School


class Command(BaseCommand):
    help = "把系统里的记录导出成事实表（Parquet），供 assess --facts 在别处核算"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="子命令")
        export = words.add_parser("export", help="全部事实表写进一个目录，要么全有，要么全无")
        export.add_argument("folder", type=Path, metavar="目录", help="新的或空的目录")
        export.add_argument(
            "--partition", action="store_true", help="大表按最上级组织分成多个文件，便于集群同时读"
        )
        export.add_argument("--replace", action="store_true", help="替换目录里以前导出的事实表")

    def handle(
        self, *args: Any, folder: Path, partition: bool, replace: bool, **options: Any
    ) -> None:
        school = School.objects.first()
        if school is None:
            raise CommandError("系统里还没有学校。处理：先运行 demo 或按 README 完成安装")
        try:
            counts = columns.export(folder, partition=partition, replace=replace)
        except FactsError as error:
            raise CommandError(str(error)) from None
        for name, count in counts.items():
            self.stdout.write(f"  {name:<12} {count} 行")
        self.stdout.write(
            f"{folder}：{len(counts)} 个事实表，{sum(counts.values())} 行。"
            "只有编号、没有姓名，但仍是个人信息，请按保管要求存放。"
        )
        self.stdout.write(f"按本校口径核算：{_command(school, folder)}")


def _command(school: School, folder: Path) -> str:
    """What asks of the folder just what the school's own ledger asks."""
    words = [*("python3 run assess --facts", shlex.quote(str(folder)))]
    words += ["--plan", school.plan, "--since", str(school.records_since)]
    without = ["--without", *sorted(school.switched_off)] if school.switched_off else []
    known, chosen = catalogue.current().readings(), ledger.choices(clock.today()).values()
    readings = [
        f"--reading {c.reading}={c.option}" for c in chosen if c.option and c.reading in known
    ]
    return " ".join([*words, *readings, *without])
