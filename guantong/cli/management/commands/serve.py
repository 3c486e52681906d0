"""`python3 run serve`: the site of a real installation, behind the school's own proxy."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guantong.cli import server
from guantong.records.actions import ledger
from guantong.records.models import School


class Command(BaseCommand):
    help = "运行网站（正式安装）"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--address",
            type=server.address,
            default="127.0.0.1",
            metavar="地址",
            help="默认 127.0.0.1",
        )
        parser.add_argument(
            "--port", type=server.port, default=8000, metavar="端口", help="默认 8000"
        )
        parser.add_argument(
            "--workers", type=server.workers, default=2, metavar="个数", help="进程数，默认 2"
        )

    def handle(self, *args: Any, address: str, port: int, workers: int, **options: Any) -> None:
        if not School.objects.exists():
            raise CommandError("还没有设置学校。处理：先运行 python3 run set-up")
        if reason := server.why_not(address, port):
            raise CommandError(reason)
        ledger.bring_up_to_date(wait=True)  # no thread may be at work when the workers are forked
        self.stdout.write(f"网站在 http://{address}:{port}/ ，按 Ctrl-C 结束")
        self.stdout.flush()
        server.serve(address, port, workers=workers)
