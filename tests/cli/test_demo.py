"""The demo as people start it: a process of its own on a data folder of its own."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from guantong.records.actions.sample.accounts import PASSWORD, SIGN_INS

ROOT = Path(__file__).parent.parent.parent
ENV = {**os.environ, "DATABASE_URL": "", "PYTHONUTF8": "1"}
QUIET_END = {0, 130}


def command(*words: object) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *map(str, words)]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=ENV, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo started where there was nothing: its data folder and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "--no-serve", "--data", folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


@pytest.fixture
def data(first_start: tuple[Path, str], tmp_path: Path) -> Path:
    """The data folder of somebody who has started the demo before."""
    return Path(shutil.copytree(first_start[0], tmp_path / "data"))


@contextmanager
def taken_port() -> Iterator[int]:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def free_port() -> int:
    with taken_port() as port:
        return port


def fetched(address: str, process: subprocess.Popen[str]) -> bytes:
    """What the site answers, once it does."""
    for _ in range(300):
        assert process.poll() is None, process.communicate()
        try:
            with urlopen(address, timeout=30) as response:
                found: bytes = response.read()
                return found
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the site did not answer")


def test_the_first_start_tells_the_day_the_sign_ins_and_the_ledger(
    first_start: tuple[Path, str],
) -> None:
    told = first_start[1]
    assert "示例大学（虚构），今天是 2023-06-15" in told
    for sign_in in SIGN_INS:
        assert sign_in.username in told
    for word in (PASSWORD, "已完成", "未到期", "未完成", "逾期完成", "豁免", "数据缺失"):
        assert word in told
    assert "二(二) 理想信念教育" in told


def test_the_second_start_tells_the_same_and_builds_nothing(
    first_start: tuple[Path, str], data: Path
) -> None:
    done = run("demo", "--no-serve", "--data", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert first_start[1].endswith(done.stdout)
    assert first_start[1] != done.stdout


def signed_in(address: str) -> str:
    """Where somebody gets who signs in: it takes a write."""
    browser = build_opener(HTTPCookieProcessor())
    with browser.open(f"{address}account/login/") as form:
        token = form.read().decode().partition('csrfmiddlewaretoken" value="')[2][:64]
    given = {"login": "zhishu", "password": PASSWORD, "csrfmiddlewaretoken": token}
    with browser.open(f"{address}account/login/", urlencode(given).encode()) as page:
        return str(page.url)


def test_the_site_is_served_with_its_fonts_and_ends_quietly(data: Path) -> None:
    """After a new release too, of which the ledger is worked out anew on the way."""
    with closing(sqlite3.connect(data / "guantong.sqlite3")) as database, database:
        hours = '$."member-study-hours"'
        database.execute(
            "UPDATE records_assessment SET catalogue_hash = '1', rules = json_remove(rules, ?)",
            [hours],
        )
    port = free_port()
    with subprocess.Popen(
        command("demo", "--port", port, "--data", data),
        env=ENV,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            page = fetched(f"http://127.0.0.1:{port}/", process).decode()
            font = fetched(
                f"http://127.0.0.1:{port}/static/web/vendor/noto-sans-sc-400.woff2", process
            )
            week = signed_in(f"http://127.0.0.1:{port}/")
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert 'name="login"' in page
    assert week == f"http://127.0.0.1:{port}/"
    assert font.startswith(b"wOF2")
    assert f"http://127.0.0.1:{port}/" in out
    assert process.returncode in QUIET_END
    assert err == ""
    assert "Traceback" not in out


def test_a_taken_port_is_one_line_and_nothing_is_built(tmp_path: Path) -> None:
    with taken_port() as port:
        done = run("demo", "--port", port, "--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"错误：端口 {port} 已被占用，请用 --port 换一个，如 --port {port + 1}\n"
    )
    assert not (tmp_path / "guantong.sqlite3").exists()


def test_a_port_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    done = run("demo", "--port", "99999", "--data", tmp_path)
    assert done.returncode == 2
    assert "端口应为 1 到 65535 的整数" in done.stderr


def test_reset_builds_the_school_anew(data: Path) -> None:
    done = run("demo", "--reset", "--no-serve", "--data", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "正在建立示例学校" in done.stdout


def test_a_real_school_is_neither_overwritten_nor_removed(tmp_path: Path) -> None:
    run("set-up", "--name", "某校", "--since", "2022-01-01", "--data", tmp_path)
    before = (tmp_path / "guantong.sqlite3").read_bytes()
    for words in (["--no-serve"], ["--no-serve", "--reset"]):
        done = run("demo", *words, "--data", tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith("错误：")
        assert "请用 --data 另指一个目录" in done.stderr
    assert (tmp_path / "guantong.sqlite3").read_bytes() == before
