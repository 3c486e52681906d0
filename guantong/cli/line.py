"""The command line as a whole: what is common to all commands before and after one of them runs.

Wrong usage ends with 2, refused input (CommandError) with 1, both with a Chinese sentence and no
traceback. Dashes in a command's name stand for underscores. Every command takes `--data DIR`.
"""

import argparse
import os
import re
import sys
from difflib import get_close_matches

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import (
    CommandError,
    ManagementUtility,
    get_commands,
    load_command_class,
)
from django.db import DatabaseError, OperationalError

from guantong.conditions.parse import CatalogueError

PROGRAM = "python3 run"
FRAMEWORK_OPTIONS = {
    *("--version", "--verbosity", "--settings", "--pythonpath", "--traceback"),
    *("--no-color", "--force-color", "--skip-checks"),
}
ARGPARSE_WORDS = {
    "usage: ": "用法：",
    "options": "选项",
    "positional arguments": "参数",
    "subcommands": "子命令",
    "show this help message and exit": "显示这份说明",
    "%(prog)s: error: %(message)s\n": "%(prog)s：用法有误：%(message)s\n",
    "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s",
    "the following arguments are required: %s": "缺少参数 %s",
    "unrecognized arguments: %s": "没有这样的参数：%s",
    "one of the arguments %s is required": "%s 之中要给一个",
    "not allowed with argument %s": "不能与 %s 同时使用",
    "expected one argument": "后面要跟一个值",
    "expected at most one argument": "后面至多跟一个值",
    "expected at least one argument": "后面至少跟一个值",
    "ignored explicit argument %r": "不带值，多出了 %r",
    "invalid %(type)s value: %(value)r": "%(value)r 不是合适的值（需要 %(type)s）",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r 不在可选范围：%(choices)s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s 可能指 %(matches)s",
}
DATABASE_WORDS = {
    r"no such (table|column)|(relation|column) .* does not exist": (
        "数据库里还没有建表，或还是旧版的表。处理：新装的先运行 demo 或 set-up；"
        f"用过的先备份，再运行 {PROGRAM} migrate"
    ),
    r"not a database|malformed": (
        "数据目录里的 guantong.sqlite3 不是数据库，或已损坏。"
        "处理：用 --data 另指一个目录，或从备份恢复"
    ),
    r"unable to open|readonly": (
        "数据目录里的 guantong.sqlite3 打不开或不能写。处理：检查权限，或用 --data 另指一个目录"
    ),
    r"get a connection|connect|password|database .* does not exist": (
        "连不上数据库。处理：检查数据库服务是否在运行，"
        "以及 DATABASE_URL 里的主机、端口、用户、密码和库名"
    ),
    r"is locked": "另一个程序正在写这个数据库。处理：稍后再试",
    r"is full": "磁盘满了。处理：腾出空间再试",
}


def main(args: list[str]) -> int:
    """Run one command; the answer is the exit code."""
    speak_chinese()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
    try:
        name, *rest = take_data_folder(args) or ["help"]
        django.setup()  # until then Django knows its own commands only
        return run(name.replace("-", "_"), rest)
    except (CommandError, ImproperlyConfigured) as error:
        sys.stderr.write(f"错误：{error}\n")
        return error.returncode if isinstance(error, CommandError) else 1
    except CatalogueError as error:
        sys.stderr.write(f"错误：规则目录有 {len(error.problems)} 处问题：\n{error}\n")
        return 1
    except DatabaseError as error:
        if not (why := database_words(error)):
            raise
        sys.stderr.write(f"错误：{why}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def database_words(error: DatabaseError) -> str:
    """Why the database cannot be used; empty where the mistake is in our own SQL."""
    for pattern, words in DATABASE_WORDS.items():
        if re.search(pattern, str(error)):
            return words
    if isinstance(error, OperationalError):
        return f"数据库用不了（{error}）。处理：检查 DATABASE_URL 和数据库服务"
    return ""


def speak_chinese() -> None:
    """argparse looks its texts up in a function of its module; this one knows Chinese."""
    vars(argparse)["_"] = lambda text: ARGPARSE_WORDS.get(text, text)


def take_data_folder(args: list[str]) -> list[str]:
    """`--data DIR` is for the settings, which are read before any command sees its arguments."""
    parser = argparse.ArgumentParser(prog=PROGRAM, add_help=False, allow_abbrev=False)
    parser.add_argument("--data", metavar="目录")
    options, rest = parser.parse_known_args(args)
    if options.data is not None:
        if not options.data.strip():
            parser.error("--data 后面要写目录")
        os.environ["GUANTONG_DATA"] = options.data
    return rest


def run(name: str, rest: list[str]) -> int:
    if name == "help":
        return run(rest[0].replace("-", "_"), ["--help"]) if rest else print_commands()
    if name not in get_commands():
        return unknown(name.replace("_", "-"))
    command = ManagementUtility().fetch_command(name)
    # Those of the framework, which speak English and of which nobody needs to know here.
    command.suppressed_base_arguments = FRAMEWORK_OPTIONS
    # With --traceback Django hands a CommandError on instead of printing it in its own words.
    command.run_from_argv([PROGRAM, name.replace("_", "-"), "--traceback", *rest])
    return 0


def print_commands() -> int:
    own = sorted(name for name, app in get_commands().items() if app == "guantong.cli")
    for name in own:
        text = load_command_class("guantong.cli", name).help
        sys.stdout.write(f"  {name.replace('_', '-'):<18}{text}\n")
    others = ", ".join(sorted(get_commands().keys() - set(own)))
    sys.stdout.write(f"另有框架自带的命令：{others}\n")
    return 0


def unknown(name: str) -> int:
    near = get_close_matches(name, [known.replace("_", "-") for known in get_commands()], n=1)
    hint = f"是不是 {near[0]}？" if near else ""
    sys.stderr.write(f"没有“{name}”这个命令。{hint}全部命令：{PROGRAM} help\n")
    return 2
