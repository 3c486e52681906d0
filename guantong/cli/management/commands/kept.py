"""`python3 run kept`: the ledgers that were stored for good, and one of them printed again."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime

from guantong.cli import files
from guantong.cli.numbers import whole
from guantong.obligations import run
from guantong.records import ledger
from guantong.records.models import Assessment


class Command(BaseCommand):
    help = "列出存档的台账；给出号码则把那一本原样打印成 CSV"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", nargs="?", type=whole("号码"), metavar="号码")
        parser.add_argument(
            "--out", type=files.output, metavar="文件", help="写到这个文件，默认是屏幕"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kept = Assessment.objects.filter(kept=True)
        if options["number"] is None:
            for one in kept.order_by("pk"):
                self.stdout.write(
                    f"{one.pk}  {one.name}  截至 {one.on_day}  {one.plan}  {one.engine}"
                    f"  {one.entries.count()} 条  规则 {one.catalogue_hash[:12]}"
                    f"  存于 {localtime(one.made_at):%Y-%m-%d %H:%M}"
                )
            if not kept:
                self.stdout.write("还没有存档。存一本：python3 run assess --keep 名称")
            return
        found = kept.filter(pk=options["number"]).first()
        if found is None:
            raise CommandError(
                f"没有第 {options['number']} 号存档。列出全部：python3 run kept", returncode=2
            )
        self.write(found, options["out"])

    def write(self, assessment: Assessment, out: Path | None) -> None:
        entries = ledger.entries_of(assessment)
        if out is None:
            run.write_csv(entries, sys.stdout)
            return
        with files.written(out) as file:
            run.write_csv(entries, file)
        self.stderr.write(f"{len(entries)} 条已写到 {out}")
