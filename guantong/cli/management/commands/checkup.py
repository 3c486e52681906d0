"""`python3 run checkup FILE`: dates of recruitment files against the rules. Nothing is kept."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guantong.cli import files
from guantong.sheets import case_dates
from guantong.sheets.preflight import Refusal

PROCESS = "recruitment"


class Command(BaseCommand):
    help = "核对发展党员材料的日期：每一处矛盾和依据的规则；只核对，不保存"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="文件", help="一人一行的 Excel 或 CSV 表")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            rows, notes = case_dates.checked(PROCESS, files.content(file))
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        for note in notes:
            self.stdout.write(note)
        for row in rows:
            told = row.told
            for text in (*told.problems, *(one.says for one in row.found)):
                self.stdout.write(f"第 {told.line} 行 {told.name} {told.number}：{text}")
        wrong = sum(bool(row.found) for row in rows)
        unread = sum(bool(row.told.problems) for row in rows)
        also = f"，{unread} 份有日期没能核对" if unread else ""
        self.stdout.write(f"核对 {len(rows)} 份，{wrong} 份有矛盾{also}")
        if wrong or unread:
            raise SystemExit(1)
