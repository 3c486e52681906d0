"""Serving the site from the command line, for one machine and one school."""

import errno
import socket
from argparse import ArgumentTypeError

from django.db import connection
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from guantong.cli.numbers import whole

TARGET = "guantong.config.wsgi:application"
THREADS = 4
REASONS = {errno.EADDRINUSE: "已被占用", errno.EACCES: "没有权限使用"}


port, workers = whole("端口", 65535), whole("进程数", 64)


def address(text: str) -> str:
    """An address of this machine."""
    try:
        family, *_, place = socket.getaddrinfo(text, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(place)
    except (OSError, UnicodeError):
        raise ArgumentTypeError(
            f"这台机器没有地址 {text}，请用 127.0.0.1（只限本机）或 0.0.0.0（所有网卡）"
        ) from None
    return text


def why_not(address: str, port: int) -> str:
    """Why the site cannot listen there, in Chinese; empty if it can."""
    family, *_, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as error:
            why = REASONS.get(error.errno or 0, "用不了")
            return f"端口 {port} {why}，请用 --port 换一个，如 --port {port % 65535 + 1}"
    return ""


def serve(address: str, port: int, *, workers: int = 1) -> None:
    """Serve until Ctrl-C. Only what goes wrong is logged.

    No connection goes along into the worker processes: a pool that was opened before the fork has
    no threads there, and every request would wait in vain; with SQLite every write would find the
    database locked for good. So no work may be going on beside either when this is called.
    """
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]
    Granian(
        TARGET,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
    ).serve()
