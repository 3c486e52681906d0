"""`python3 run account`: open accounts, give and list roles, set a new password."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import get_random_string

from guantong.cli.days import day
from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import grants, users
from guantong.records.models import Org, Person, User


class Command(BaseCommand):
    help = "登录账号：open 开户，grant 授予角色，password 重设密码，show 查看角色"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="操作")
        opened = words.add_parser("open", help="开户；给了学号/工号的，角色随其任职自动取得和失去")
        opened.add_argument("username", metavar="账号")
        opened.add_argument("name", metavar="姓名")
        opened.add_argument("--person", metavar="学号/工号", help="对应名册里的哪个人")
        granted = words.add_parser("grant", help="授予角色")
        granted.add_argument("username", metavar="账号")
        roles = [name for name, role in catalogue.roles().roles.items() if not role.own]
        granted.add_argument("role", choices=roles, metavar="角色", help="、".join(roles))
        granted.add_argument("--org", metavar="党组织", help="哪个党组织及其下级；不写为全校")
        granted.add_argument("--to", type=day, metavar="日期", help="从哪天起不再有；检查组必须写")
        for word, text in (("password", "重设密码"), ("show", "查看角色")):
            words.add_parser(word, help=text).add_argument("username", metavar="账号")

    def handle(self, *args: Any, word: str, username: str, **options: Any) -> None:
        try:
            said = getattr(self, word)(username, options)
        except Refused as refused:
            raise CommandError(refused.text) from None
        self.stdout.write(said)

    def open(self, username: str, options: dict[str, Any]) -> str:
        person = None
        if options["person"]:
            person = Person.objects.filter(number=options["person"]).first()
            if person is None:
                raise CommandError(
                    f"名册里没有学号/工号 {options['person']}。请核对，或先导入名册", returncode=2
                )
        password = get_random_string(14)
        users.open_account(
            by=None, username=username, name=options["name"], password=password, person=person
        )
        return f"已开户：{username}，初始密码 {password}（只显示这一次）"

    def grant(self, username: str, options: dict[str, Any]) -> str:
        org = None
        if options["org"]:
            found = list(Org.objects.filter(name=options["org"], valid_to=None)[:2])
            found = found or list(Org.objects.filter(short_name=options["org"], valid_to=None)[:2])
            if len(found) != 1:
                raise CommandError(
                    f"{'没有' if not found else '不止一个'}党组织叫“{options['org']}”，请写全称",
                    returncode=2,
                )
            org = found[0]
        grants.give(
            by=None, user=_user(username), role=options["role"], org=org,
            valid_from=clock.today(), valid_to=options["to"], reason="命令行授予",
        )  # fmt: skip
        return self.show(username, options)

    def password(self, username: str, options: dict[str, Any]) -> str:
        password = get_random_string(14)
        users.set_password(by=None, user=_user(username), password=password)
        return f"{username} 的新密码：{password}（只显示这一次）"

    def show(self, username: str, options: dict[str, Any]) -> str:
        held = access.roles_of(_user(username))
        lines = [f"  {h.role.title}：{h.org.name if h.org else '全校'}" for h in held]
        return "\n".join([f"{username} 今天的角色：", *(lines or ["  无"])])


def _user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(
            f"没有账号“{username}”。开户：python3 run account open {username} 姓名", returncode=2
        )
    return user
