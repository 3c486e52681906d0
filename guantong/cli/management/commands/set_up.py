"""`python3 run set-up`: the first step of a real installation, once, on an empty database."""

import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.crypto import get_random_string

from guantong.cli import files
from guantong.cli.days import day
from guantong.obligations.model import Plan
from guantong.records import catalogue
from guantong.records.access import Refused
from guantong.records.actions import grants, ledger, orgs, school, users


class Command(BaseCommand):
    help = "正式安装的第一步：建表，登记学校和学校党委，开两个账号"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, metavar="学校", help="学校名称，如 示例大学")
        parser.add_argument(
            "--committee", metavar="名称", help="学校党委的全称，默认“中共…委员会”"
        )
        parser.add_argument("--founded", type=day, default=date(2000, 1, 1), metavar="日期",
                            help="学校党委自何日起（用于历史查询），默认 2000-01-01")  # fmt: skip
        parser.add_argument("--since", type=day, required=True, metavar="日期",
                            help="从哪天开始在本系统记录；更早开始的周期不核算")  # fmt: skip
        parser.add_argument("--catalogue", type=files.catalogue_folder, metavar="目录",
                            help="本校的规则目录；以后用 GUANTONG_CATALOGUE 指到它")  # fmt: skip
        parser.add_argument("--plan", metavar="计划",
                            help="规则目录 plans 下的文件名，默认是没有结束的第一份")  # fmt: skip
        parser.add_argument(
            "--office", default="zuzhibu", metavar="账号", help="组织部账号，默认 zuzhibu"
        )
        parser.add_argument(
            "--admin", default="guanli", metavar="账号", help="系统管理员账号，默认 guanli"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["catalogue"]:
            settings.CATALOGUE_DIR = options["catalogue"].resolve()
        plan = options["plan"] = _plan(options["plan"], options["since"])
        call_command("migrate", verbosity=0)
        try:
            passwords = self.build(options)
        except Refused as refused:
            raise CommandError(refused.text) from None
        self.stdout.write(
            f"已设置“{options['name']}”。首次登录的账号（密码只显示这一次，请尽快修改）："
        )
        for username, (title, password) in passwords.items():
            self.stdout.write(f"  {username:<12}{password}  {title}")
        self.stdout.write(
            "下一步：python3 run serve，用组织部账号登录，建立下级党组织，再导入党员名册。"
        )
        self.stdout.flush()
        for line in _warnings(catalogue.plan(plan), options):
            self.stderr.write(line)

    @transaction.atomic
    def build(self, options: dict[str, Any]) -> dict[str, tuple[str, str]]:
        name, since = options["name"], options["since"]
        school.set_up(name=name, records_since=since, plan=options["plan"])
        orgs.found(
            by=None,
            name=options["committee"] or f"中共{name}委员会",
            kind="school_committee",
            parent=None,
            valid_from=min(options["founded"], since),
        )
        made = {}
        for username, role, title in (
            (options["office"], "school_office", "学校党委组织部"),
            (options["admin"], "system_admin", "系统管理员"),
        ):
            password = get_random_string(14)
            user = users.open_account(by=None, username=username, name=title, password=password)
            grants.give(
                by=None,
                user=user,
                role=role,
                org=None,
                valid_from=min(since, date.today()),
                reason="首次安装",
            )
            made[username] = (title, password)
        ledger.rebuild()
        return made


def _plan(asked: str | None, since: date) -> str:
    """The plan asked for, else the first that has not run out; else the first of all."""
    plans = catalogue.current().plans
    if asked and asked not in plans:
        raise CommandError(f"没有计划“{asked}”。可用：{'、'.join(plans)}", returncode=2)
    return asked or next((n for n, p in plans.items() if since < p.span.end), next(iter(plans)))


def _warnings(plan: Plan, options: dict[str, Any]) -> Iterator[str]:
    if plan.span.end <= max(options["since"], date.today()):
        yield (
            f"\n注意：计划“{plan.title}”到 {plan.span.last_day} 为止，已经结束，"
            "台账不会再有新的条目。\n处理：按 docs/how-to/load-a-plan.md 写好本校的计划，"
            "再运行 python3 run plan use 计划名。"
        )
    if options["catalogue"]:
        yield (
            "\n注意：以后每次运行之前都要指明规则目录："
            f"export GUANTONG_CATALOGUE={shlex.quote(str(settings.CATALOGUE_DIR))}"
        )
