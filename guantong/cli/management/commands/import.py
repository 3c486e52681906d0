"""`python3 run import`: a spreadsheet of members, activities, organisations, posts or hours;
taking an import back.
"""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from guantong.cli import files
from guantong.cli.days import day
from guantong.cli.numbers import whole
from guantong.records.access import Refused
from guantong.records.actions import imports
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import OUTCOME_TITLES, AnyParsed, Outcome
from guantong.records.imports.stored import NAMING
from guantong.records.models import ImportBatch, School, User
from guantong.sheets.parse import layouts, parse
from guantong.sheets.preflight import Refusal

SHOWN = 20
ALWAYS = (Outcome.NEW, Outcome.CHANGED, Outcome.SAME, Outcome.PROBLEM)


def row_numbers(text: str) -> set[int]:
    try:
        return {int(part) for part in text.replace("，", ",").split(",") if part.strip()}
    except ValueError:
        raise ArgumentTypeError(f"{text!r} 不是行号，如 5,12") from None


class Command(BaseCommand):
    help = "从 Excel 导入名册、活动、党组织、任职或学时，撤回整批导入（undo）"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="操作")
        for kind, layout in layouts().items():
            sheet = words.add_parser(kind, help=f"导入{layout.title}")
            sheet.add_argument("file", metavar="文件", help=".xlsx、.xls 或 .csv")
            sheet.add_argument(
                "--exclude", type=row_numbers, default=set(), metavar="行号", help="不导入这些行"
            )
            if layout.dated:
                sheet.add_argument(
                    "--as-of", type=day, metavar="日期", help="表格反映哪一天的情况，默认今天"
                )
            sheet.add_argument(
                "--all", action="store_true", help=f"列出全部问题和变更，不止前 {SHOWN} 处"
            )
            once = sheet.add_mutually_exclusive_group()
            once.add_argument("--dry-run", action="store_true", help="只预览（不写也是）")
            once.add_argument("--confirm", action="store_true", help="没有问题就写入")
        undo = words.add_parser("undo", help="撤回一批导入")
        undo.add_argument("batch", type=whole("批号"), metavar="批号", help="导入时显示的第几批")
        for word, one in words.choices.items():
            does = "撤回" if word == "undo" else "导入"
            one.add_argument("--by", metavar="账号", help=f"以谁的权限{does}，默认系统")

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        if not School.objects.exists():
            raise CommandError("系统里还没有学校。处理：先运行 demo，或按 README 完成安装")
        by = _user(options["by"])
        try:
            if word == "undo":
                self.undo(options["batch"], by)
            else:
                self.read(word, Path(options["file"]), by, options)
        except (Refused, Refusal) as refused:
            raise CommandError(refused.text) from None

    def read(self, kind: str, path: Path, by: User | None, options: dict[str, Any]) -> None:
        parsed = parse(kind, path.name, files.content(path))
        if unknown := options["exclude"] - {row.line for row in parsed.rows}:
            raise CommandError(f"--exclude：文件里没有第 {min(unknown)} 行", returncode=2)
        parsed = parsed.without(options["exclude"])
        as_of = options.get("as_of")
        decisions = imports.decide(by=by, parsed=parsed, as_of=as_of)
        self.tell(parsed, decisions, most=None if options["all"] else SHOWN)
        if options["confirm"]:
            self.confirm(parsed, decisions, by, as_of)
        else:
            self.stdout.write("只是预览，没有写入任何内容。核对后加 --confirm 写入。")

    @transaction.atomic
    def confirm(
        self, parsed: AnyParsed, decisions: Sequence[Decision], by: User | None, as_of: date | None
    ) -> None:
        """All or nothing: what is refused leaves no batch behind."""
        if all(d.outcome in (Outcome.SAME, Outcome.MISSING) for d in decisions):
            self.stdout.write("没有要写入的内容。")
            return
        batch = imports.preview(by=by, parsed=parsed, as_of=as_of)
        imports.confirm(by=by, batch=batch)
        self.stdout.write(
            f"已写入。这是第 {batch.pk} 批，撤回：python3 run import undo {batch.pk}"
        )

    def tell(self, parsed: AnyParsed, decisions: Sequence[Decision], *, most: int | None) -> None:
        counts = dict.fromkeys(Outcome, 0)
        for decision in decisions:
            counts[decision.outcome] += 1
        told = "，".join(
            f"{OUTCOME_TITLES[one]} {counts[one]} {'处' if one == Outcome.MISSING else '行'}"
            for one in Outcome
            if counts[one] or one in ALWAYS
        )
        self.stdout.write(f"{parsed.file_name}：读到 {len(parsed.rows)} 行，{told}")
        for note in parsed.notes:
            self.stdout.write(f"  {note}")
        problems = [(d.line, p.told(parsed.columns)) for d in decisions for p in d.problems]
        self.list("有问题", [f"第 {line} 行 {text}" for line, text in problems], most)
        self.list("变更", [
            f"第 {d.line} 行 {d.shown.get('name', '')}：{one.title} {one.before} → {one.after}"
            for d in decisions
            for one in d.differences
        ], most)  # fmt: skip
        self.list("表中没有", [
            "，".join(d.shown[name] for name in NAMING if name in d.shown)
            for d in decisions
            if d.outcome == Outcome.MISSING
        ], most)  # fmt: skip

    def list(self, title: str, lines: Sequence[str], most: int | None) -> None:
        if lines:
            cut = most is not None and len(lines) > most
            more = f"，先列 {most} 处；加 --all 全部列出" if cut else ""
            self.stdout.write(f"{title}（{len(lines)} 处{more}）：")
        for line in lines[:most]:
            self.stdout.write(f"  {line}")

    def undo(self, number: int, by: User | None) -> None:
        batch = ImportBatch.objects.filter(pk=number).first() if 0 < number < 2**63 else None
        if batch is None:
            raise CommandError(f"没有第 {number} 批导入", returncode=2)
        imports.undo(by=by, batch=batch)
        self.stdout.write(f"第 {number} 批“{batch.file_name}”已撤回，记录恢复到导入之前。")


def _user(username: str | None) -> User | None:
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"没有账号“{username}”", returncode=2)
    return user
