"""`python3 run demo`: the sample school, its sign-ins, its ledger at a glance, and the site."""

from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterator
from shutil import rmtree
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.models import Count

from guantong.cli import server
from guantong.cli.columns import left, right
from guantong.obligations.model import Clause, Verdict
from guantong.records import access, catalogue, clock, ledger
from guantong.records.access import Refused
from guantong.records.actions import attachments, sample
from guantong.records.actions import ledger as keep
from guantong.records.actions.sample.accounts import PASSWORD, SIGN_INS
from guantong.records.models import Entry, School, User
from guantong.sheets import pdf

ADDRESS, PORT = "127.0.0.1", 8000
MADE_BY_DEMO = ("cache", "files", "static")  # beside the database; keys stay
TITLE, FRACTION, COUNT = 24, 16, 10  # columns


class Command(BaseCommand):
    help = "建立示例学校（虚构）并打开网站"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=server.port, default=PORT, metavar="端口", help=f"默认 {PORT}"
        )
        parser.add_argument("--no-serve", action="store_true", help="只建立并显示概况，不打开网站")
        parser.add_argument("--reset", action="store_true", help="先清空示例数据，重新建立")
        parser.epilog = "--data 目录：数据放在哪里，默认 var/"

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.REAL:
            raise CommandError("设置了 ALLOWED_HOSTS，这里是正式安装，不能运行演示")
        number, serves = options["port"], not options["no_serve"]
        if serves and (reason := server.why_not(ADDRESS, number)):
            raise CommandError(reason)
        if options["reset"]:
            _clear()
        call_command("migrate", verbosity=0)
        self.prepare()
        for line in (*_sign_ins(), *_summary()):
            self.stdout.write(line)
        if serves:
            self.stdout.write(f"\n打开 http://{ADDRESS}:{number}/ ，按 Ctrl-C 结束")
            self.stdout.flush()
            server.serve(ADDRESS, number)

    def prepare(self) -> None:
        if sample.is_built():
            keep.bring_up_to_date(wait=True)  # before the worker is forked
            return
        self.stdout.write("正在建立示例学校（约十几秒）……")
        self.stdout.flush()
        try:
            sample.build()
            _attach_minutes()
        except Refused as refused:
            raise CommandError(refused.text) from None


def _attach_minutes() -> None:
    """What the secretary has filed with the last meeting of the branch's committee."""
    secretary = User.objects.get(username="zhishu")
    seen = access.activities(secretary, "activity.record").held().whole()
    meeting = seen.filter(kind="branch_committee").newest_first()[0]
    there = meeting.attendances.select_related("person").order_by("person__pinyin")
    said: list[pdf.Block] = [
        pdf.Facts([
            ("时间", str(meeting.held_on)), ("地点", meeting.place),
            ("到会", "、".join(row.person.name for row in there)),
        ]),
        *(pdf.Text(f"{n}. {item.title}。{item.resolution}")
          for n, item in enumerate(meeting.agenda.all(), 1)),
    ]  # fmt: skip
    attachments.attach(
        by=secretary, activity=meeting, kind="pdf", name=f"{meeting.title}记录.pdf",
        content=pdf.pdf(f"{meeting.title}记录", said),
    )  # fmt: skip


def _clear() -> None:
    """Remove what demo made; refuse to touch anything else."""
    if connection.vendor != "sqlite":
        raise CommandError("--reset 只清空 SQLite 的示例数据。其他数据库请自行重建空库")
    database = settings.DATABASES["default"]["NAME"]
    if not database.exists():
        return
    try:
        holds_others = "records_school" in connection.introspection.table_names() and (
            School.objects.exists() and not sample.is_built()
        )
    except DatabaseError:
        holds_others = True
    connection.close()
    if holds_others:
        raise CommandError(f"{database} 里不是示例数据，不删除。请用 --data 另指一个目录")
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    for name in MADE_BY_DEMO:
        rmtree(settings.DATA / name, ignore_errors=True)


def _sign_ins() -> Iterator[str]:
    yield f"{School.objects.get().name}，今天是 {clock.today()}（演示日期，页面上有标明）"
    yield f"\n账号（密码都是 {PASSWORD}）"
    for sign_in in SIGN_INS:
        yield f"  {left(sign_in.username, 10)}  {left(sign_in.called, 12)}{sign_in.sees}"


def _summary() -> Iterator[str]:
    """The ledger: how many entries have which verdict, and per group of clauses done of owed."""
    rules, plan = catalogue.current(), ledger.plan()
    live = Entry.objects.filter(assessment__live=True).values_list("obligation", "verdict")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, verdict, number in live.annotate(Count("id")):
        counts[_section(plan.clause_of(name))][verdict] += number
    total = sum(counts.values(), Counter[str]())
    words = [
        f"{rules.kinds['verdicts'][v]['sign']} {rules.label('verdicts', v)} {total[v]:,}"
        for v in Verdict
    ]
    yield f"\n台账，截至 {clock.today()}，共 {total.total():,} 条\n  {'   '.join(words)}\n"
    heads = ("未到期", "未完成", "数据缺失")
    yield (
        left("  计划条款", TITLE)
        + right("已完成/应完成", FRACTION)
        + "".join(right(head, COUNT) for head in heads)
    )
    for clause in plan.clauses:
        if found := counts.get(clause.path):
            done, owed = found["met"] + found["late"], found.total() - found["exempt"]
            line = left(f"  {clause.path.replace('/', '')} {clause.title}", TITLE)
            line += right(f"{done:,}/{owed:,}", FRACTION)
            yield line + "".join(
                right(f"{found[v]:,}", COUNT) for v in ("due", "short", "unknown")
            )


def _section(clause: Clause) -> str:
    """The path of the section, such as 二/(二), that a clause is in."""
    return "/".join(clause.path.split("/")[:2])
