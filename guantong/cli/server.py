"""Serving the site from the command line, for one machine and one school."""

import errno
import socket

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

TARGET = "guantong.config.wsgi:application"
THREADS = 4
REASONS = {errno.EADDRINUSE: "已被占用", errno.EACCES: "没有权限使用"}


def why_not(address: str, port: int) -> str:
    """Why the site cannot listen there, in Chinese; empty if it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            why = REASONS.get(error.errno or 0, "用不了")
            return f"端口 {port} {why}，请用 --port 换一个，如 --port {port + 1}"
    return ""


def serve(address: str, port: int, *, workers: int = 1) -> None:
    """Serve until Ctrl-C. Only what goes wrong is logged."""
    Granian(
        TARGET,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
    ).serve()
