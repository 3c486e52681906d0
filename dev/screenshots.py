"""`python3 run screenshots`: the pictures in the README, taken from the sample school.

With arguments `--user NAME --to FILE [--phone] PATH…` it photographs any pages, for the eye.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dev import browser
from dev.check import ROOT

IMAGES = ROOT / "docs" / "images"
PASSWORD = "guantong-demo"
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@contextmanager
def site(data: str) -> Iterator[str]:
    """The demo, served from a folder; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "demo", "--data", data, "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def signed_in(chromium: Browser, address: str, user: str, size: dict[str, int]) -> Page:
    """A page of a new browser in which the user has signed in."""
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        locale="zh-CN",
        device_scale_factor=1 if size is DESKTOP else 2,
    )
    page = context.new_page()
    page.goto(f"{address}/account/login/")
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    return page


def readme(chromium: Browser, address: str) -> None:
    office = signed_in(chromium, address, "zuzhibu", DESKTOP)
    office.goto(f"{address}/ledger/")
    take(office, IMAGES / "ledger.png")
    secretary = signed_in(chromium, address, "zhishu", DESKTOP)
    secretary.goto(f"{address}/ledger/entries/?verdict=due&obligation=theme-day")
    secretary.locator("a[href*='/ledger/entries/']").last.click()
    secretary.wait_for_load_state("networkidle")
    take(secretary, IMAGES / "cell.png")
    phone = signed_in(chromium, address, "zhishu", PHONE)
    phone.goto(f"{address}/activities/new/?kind=theme_day")
    take(phone, IMAGES / "record.png")


def take(page: Page, to: Path, *, whole: bool = False) -> None:
    page.wait_for_load_state("networkidle")
    to.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=to, full_page=whole)
    print(to)


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 run screenshots")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--user", default="zuzhibu")
    parser.add_argument("--to", default="page.png")
    parser.add_argument("--phone", action="store_true")
    parser.add_argument("--data", help="folder of a demo that is already built")
    chosen = parser.parse_args(args)
    path = os.environ.get("GUANTONG_BROWSER") or browser.find()
    with (
        tempfile.TemporaryDirectory(prefix="guantong-shots-") as scratch,
        site(chosen.data or scratch) as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=path, args=browser.launch_args())
        if not chosen.paths:
            readme(chromium, address)
            return 0
        page = signed_in(chromium, address, chosen.user, PHONE if chosen.phone else DESKTOP)
        for number, where in enumerate(chosen.paths, 1):
            page.goto(address + where)
            to = Path(chosen.to)
            take(page, to.with_stem(f"{to.stem}-{number}"), whole=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
