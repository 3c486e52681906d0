"""A real browser on the sample school, each test on a copy of its own."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request
from pytest_django.live_server_helper import LiveServer

from guantong.records.actions.sample.accounts import PASSWORD

THINK, POINT, PRESS, KEY = 1.35, 1.1, 0.2, 0.28  # seconds, see Hand
KEYS_A_CHARACTER = 3  # of Chinese written by sound


@dataclass
class Hand:
    """Somebody at a page, each touch of whom is counted: a click, a text, a choice.

    `seconds`: how long a person who is no typist takes for them, by the keystroke-level model
    (Card, Moran and Newell 1980): to make up one's mind, to point, to press, to hit a key.
    """

    page: Page
    site: str
    touches: list[str] = field(default_factory=list)
    seconds: float = 0

    def click(self, what: str) -> None:
        self._touch(f"click {what}", THINK + POINT + PRESS)
        self.page.locator(what).first.click()

    def enter(self, what: str, text: str) -> None:
        typing = len(text) * KEYS_A_CHARACTER * KEY
        self._touch(f"enter {what}", THINK + POINT + PRESS + typing)
        self.page.locator(what).press_sequentially(text)

    def choose(self, what: str, word: str) -> None:
        self._touch(f"choose {what}", THINK + 2 * (POINT + PRESS))
        self.page.locator(what).select_option(word)

    def _touch(self, what: str, seconds: float) -> None:
        self.touches.append(what)
        self.seconds += seconds

    def open(self, address: str) -> None:
        """Go to an address: no touch, for the test's own looking around."""
        self.page.goto(self.site + address)

    def sign_in(self, username: str) -> None:
        self.open("/")
        self.enter("[name=login]", username)
        self.enter("[name=password]", PASSWORD)
        self.click("main button[type=submit]")
        self.page.wait_for_url(f"{self.site}/")


@pytest.fixture
def hand(sample_copy: None, live_server: LiveServer, page: Page) -> Hand:
    page.set_default_timeout(15_000)
    return Hand(page, live_server.url)


@pytest.fixture
def complaints(context: BrowserContext, live_server: LiveServer) -> list[str]:
    """What the browser reports: errors, warnings of the content policy, requests elsewhere."""
    heard: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            heard.append(f"{request.frame.url} asks {request.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(f"{message.location.get('url', '')} {message.type}: {message.text}")

    context.on("request", asked)
    context.on("console", said)
    context.on("weberror", lambda error: heard.append(f"error: {error.error}"))
    return heard


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A phone, held upright."""
    return {**browser_context_args, "viewport": {"width": 390, "height": 844}}
