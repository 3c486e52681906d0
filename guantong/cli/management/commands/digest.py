"""`python3 run digest`: what a timer should start on a weekday morning, and some times after."""

from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from guantong.messages.settings import EXAMPLE, load_settings
from guantong.records.access import Refused
from guantong.records.actions import digests

WORDS: Final = {
    "sent": "已发出",
    "quiet": "没有要说的，没有发",
    "waiting": "没有发成，稍后再试",
    "refused": "对方不收",
    "unsure": "不能确定是否收到，不再重发",
}


class Command(BaseCommand):
    help = "每周一次：把一周事项发给订阅的人和工作群；没发成的再运行一次会重试"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = f"设置写在 {settings.NOTIFY.name}，例如：{EXAMPLE.splitlines()[0]}"

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = load_settings(settings.NOTIFY)
        if wanted.mail is None and not wanted.bots:
            self.stdout.write(
                f"没有设置邮件服务器和机器人（{settings.NOTIFY}），什么也不发。写法："
            )
            self.stdout.write(EXAMPLE)
            return
        try:
            for one in digests.send_week(wanted):
                why = f"：{one.says}" if one.says else ""
                self.stdout.write(f"{one.channel}  {WORDS.get(one.state, one.state)}{why}")
        except Refused as refused:
            raise CommandError(refused.text) from None
