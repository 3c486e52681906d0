"""Finds a Chromium for the browser tests, or installs one. It counts only after a real launch."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Error, Playwright, sync_playwright

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
)
MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
MISSING = """没有可用的 Chromium，浏览器测试不能进行，也不会跳过。
No usable Chromium: the tests fail rather than skip.
  请安装 Chromium、Chrome 或 Edge（Debian/Ubuntu：apt install chromium），
  或执行 .venv/bin/python -m playwright install chromium，
  或用 GUANTONG_BROWSER=程序路径 指定一个。"""


class NoBrowser(Exception):
    """Says in both languages how to mend it."""


def launch_args() -> list[str]:
    """Chromium refuses to run in its sandbox for root."""
    as_root = sys.platform != "win32" and os.geteuid() == 0
    return ["--no-sandbox"] if as_root else []


def find() -> str:
    """The path of a browser that starts; installs one when there is none."""
    with sync_playwright() as playwright:
        for path in candidates(playwright):
            if starts(playwright, path):
                return path
        for install in (by_playwright, by_apt):
            install()
            for path in candidates(playwright):
                if starts(playwright, path):
                    return path
    raise NoBrowser(MISSING)


def candidates(playwright: Playwright) -> Iterator[str]:
    given = os.environ.get("GUANTONG_BROWSER")
    if given:
        yield given
    yield from filter(None, map(shutil.which, NAMES))
    yield from (f"/Applications/{name}.app/Contents/MacOS/{name}" for name in MAC)
    for root in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        yield from (f"{os.environ.get(root, '')}/{name}" for name in WINDOWS)
    yield playwright.chromium.executable_path


def starts(playwright: Playwright, path: str) -> bool:
    if not Path(path).exists():
        return False
    try:
        playwright.chromium.launch(
            executable_path=path, args=launch_args(), timeout=30_000
        ).close()
    except Error:
        return False
    return True


def by_playwright() -> None:
    print("没有找到 Chromium，正在下载……", flush=True)
    quietly(sys.executable, "-m", "playwright", "install", "chromium", "--no-shell")


def by_apt() -> None:
    if sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("下载未成，改用 apt-get 安装 Chromium……", flush=True)
    quietly("apt-get", "update", "-qq")
    quietly("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def quietly(*command: str) -> None:
    subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
