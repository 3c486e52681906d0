"""The look keeps its promises: classes have rules, icons exist, text is readable."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from guantong.web.navigation import ITEMS
from guantong.web.verdicts import VERDICTS

WEB = Path(__file__).parents[2] / "guantong" / "web"
STATIC = WEB / "static" / "web"
CSS = re.sub(r"/\*.*?\*/", "", (STATIC / "app.css").read_text(encoding="utf-8"), flags=re.DOTALL)
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
TOKENS = dict(re.findall(r"--([\w-]+): (#\w+);", CSS))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_class_in_a_template_has_a_rule(template: Path) -> None:
    ruled = set(re.findall(r"\.([a-z][\w-]*)", CSS))

    assert set(classes(template)) <= ruled


def classes(template: Path) -> Iterator[str]:
    """The names written out; one put together by the template is the template's own affair."""
    text = re.sub(r"[\w-]*\{\{.*?\}\}[\w-]*", " ", template.read_text(encoding="utf-8"))
    for names in re.findall(r'class="([^"]*)"', TAG.sub(" ", text)):
        yield from names.split()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_nothing_that_the_content_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.findall(r"""\s(?:style|on[a-z]+)=["']""", text)
    assert not re.findall(r"<style|<script(?![^>]*\ssrc=)|javascript:", text)


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    held = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = {item.icon for item in ITEMS}
    for template in TEMPLATES:
        named |= set(re.findall(r'\{% icon "([\w-]+)"', template.read_text(encoding="utf-8")))

    assert named <= held


def test_no_file_of_ours_asks_another_host() -> None:
    ours = [*TEMPLATES, STATIC / "app.css", STATIC / "app.js"]

    assert not [path.name for path in ours if re.search(r"(?:https?:)?//\w", path.read_text())]


@pytest.mark.parametrize(
    ("ink", "ground"),
    [(code, f"{code}-soft") for code in VERDICTS]
    + [(code, "paper") for code in VERDICTS]
    + [("ink", "ground"), ("muted", "ground"), ("muted", "shade"), ("link", "ground")]
    + [("paper", "accent"), ("accent", "paper"), ("accent-dark", "accent-soft")]
    + [("muted", f"{code}-soft") for code in ("met", "short", "late")],
)
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    assert contrast(TOKENS[ink], TOKENS[ground]) >= 4.5  # WCAG 2.1 AA, 1.4.3


@pytest.mark.parametrize("part", ["edge", "focus"])
def test_a_control_stands_out_from_its_ground(part: str) -> None:
    assert contrast(TOKENS[part], TOKENS["paper"]) >= 3  # WCAG 2.1 AA, 1.4.11


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    red, green, blue = (linear(int(digits[place : place + 2], 16) / 255) for place in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
