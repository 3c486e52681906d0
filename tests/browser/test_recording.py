"""Sunday evening: the secretary of a branch records on the phone that the theme day was held."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand

LIMIT = 12  # touches from the sign-in page to the saved record
THEME_DAY = "a[href*='kind=theme_day']"


with_and_without_script = pytest.mark.parametrize(
    "script",
    [
        pytest.param(True, id="script"),
        pytest.param(
            False,
            id="no script",
            marks=pytest.mark.browser_context_args(java_script_enabled=False),
        ),
    ],
)


@with_and_without_script
def test_a_theme_day_with_one_absent_is_recorded_in_few_touches(hand: Hand, script: bool) -> None:
    hand.sign_in("zhishu")
    due = hand.page.locator(".due-list li", has=hand.page.locator(THEME_DAY))
    cell = due.locator("h3 a").get_attribute("href")
    assert cell
    hand.click(f".due-list {THEME_DAY}")
    hand.click(".roster li:nth-child(2) label")
    count = hand.page.locator("output[data-count=absent]")
    expect(count).to_have_text("1" if script else "0")  # only a script counts along
    hand.choose(".roster li:nth-child(2) select", "病假")
    hand.click("#end .primary")

    assert len(hand.touches) < LIMIT, hand.touches
    expect(hand.page.locator("#messages")).to_contain_text("缺席 1 人")
    expect(hand.page.locator("#closed")).to_contain_text("主题党日")
    hand.open(cell)
    expect(hand.page.locator("h1 .verdict.met")).to_contain_text("✓")
    hand.open("/")
    expect(hand.page.locator(THEME_DAY)).to_have_count(0)


def test_another_kind_brings_other_people_and_keeps_what_was_typed(hand: Hand) -> None:
    hand.sign_in("zhishu")
    hand.open("/activities/new/?kind=theme_day")
    everyone = hand.page.locator("#people .roster").first.locator("li")
    whole = everyone.count()
    hand.enter("[name=title]", "写了一半")
    hand.click("label:has([value=branch_committee])")

    expect(everyone).not_to_have_count(whole)
    expect(hand.page.locator("[name=title]")).to_have_value("写了一半")
    expect(hand.page.locator("[name=hours]")).to_have_value("")


def test_enter_saves_from_the_keyboard_alone(hand: Hand) -> None:
    hand.sign_in("zhishu")
    hand.open("/activities/new/?kind=theme_day")
    hand.page.locator(".roster input").first.focus()
    hand.page.keyboard.press("Space")
    expect(hand.page.locator("output[data-count=absent]")).to_have_text("1")
    hand.page.locator("[name=title]").focus()
    hand.page.keyboard.type("键盘")
    hand.page.keyboard.press("Enter")
    expect(hand.page.locator("h1")).to_contain_text("键盘")
    expect(hand.page.locator("#messages")).to_contain_text("缺席 1 人")


@with_and_without_script
def test_going_back_and_saving_again_ticks_nothing_else_and_is_noticed(
    hand: Hand, script: bool
) -> None:
    hand.sign_in("zhishu")
    hand.open("/activities/new/?kind=theme_day")
    hand.click("label:has([value=party_lecture])")
    hand.enter("[name=title]", "一堂党课")
    hand.click("#end .primary")
    expect(hand.page.locator("#messages")).to_contain_text("已记录")

    hand.page.go_back()
    expect(hand.page.locator("#just")).to_contain_text("一堂党课")
    expect(hand.page.locator("[name=kind]:checked")).to_have_value("theme_day")
    expect(hand.page.locator("[name=title]")).to_have_value("")
