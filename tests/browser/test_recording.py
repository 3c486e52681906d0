"""Sunday evening: the secretary of a branch records on the phone that the theme day was held."""

import re
from time import monotonic

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Hand

LIMIT = 12  # touches from the sign-in page to the saved record
MINUTE = 60
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
    hand.page.locator("#copy").focus()
    hand.page.keyboard.press("Enter")
    expect(hand.page.locator("#copied")).to_contain_text("已照")
    expect(hand.page.locator("#copy")).to_be_focused()
    expect(hand.page.locator("#copied")).to_be_in_viewport()
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


def test_a_routine_meeting_takes_few_inputs_and_less_than_a_minute(hand: Hand) -> None:
    """Title and place typed, two absent with their reasons, chair and recorder, one more kind.

    By the clock, for what the machine takes, and the seconds of somebody who is no typist.
    """
    hand.sign_in("zhishu")
    hand.touches.clear()
    hand.seconds, start = 0, monotonic()
    hand.open("/activities/new/?kind=branch_assembly")
    assert hand.page.locator("[name=held_on]").input_value()
    assert hand.page.locator("[name=starts_at]").input_value()  # both by the branch's habit
    hand.enter("[name=title]", "学习二十大报告")
    for place in (2, 3):
        hand.click(f".roster li:nth-child({place}) label")
        hand.choose(f".roster li:nth-child({place}) select", "请假")
    for role in ("chair", "recorder"):
        box = hand.page.locator(f"[name={role}]")
        hand.choose(f"[name={role}]", box.locator("option").nth(5).inner_text())
    hand.click("#what summary:has-text('同时也是')")
    hand.click("#what label:has([name=also][value=theme_day])")
    expect(hand.page.locator("[name=hours]")).to_have_value("2")
    hand.enter("[name=place]", "会议室")
    hand.click("#end .primary")
    expect(hand.page.locator("#messages")).to_contain_text("缺席 2 人")
    assert len(hand.touches) <= LIMIT, hand.touches
    assert hand.seconds + monotonic() - start < MINUTE, (hand.seconds, hand.touches)
    for done in ("支部党员大会", "主题党日"):
        expect(hand.page.locator("#closed")).to_contain_text(done)
    expect(hand.page.locator("#parts")).to_contain_text("主题党日")


def test_a_lost_connection_loses_nothing_and_signing_out_leaves_nothing(hand: Hand) -> None:
    def kept() -> list[str]:
        return hand.page.evaluate("Object.keys(localStorage)")  # type: ignore[no-any-return]

    def write_without_connection(title: str) -> None:
        hand.page.context.set_offline(True)
        hand.enter("[name=title]", title)
        hand.click("#end .primary")
        expect(hand.page.locator("#messages")).to_contain_text("存在这台设备上")
        assert len(kept()) == 1

    hand.page.on("dialog", lambda dialog: dialog.accept())
    title = hand.page.locator("[name=title]")
    hand.sign_in("zhishu")
    hand.open("/activities/new/?kind=theme_day")
    hand.click(".roster li:nth-child(2) label")
    write_without_connection("断网时写的")
    hand.page.goto("about:blank")
    hand.page.context.set_offline(False)
    hand.open("/activities/new/?kind=theme_day")
    expect(hand.page.locator("#kept-here")).to_be_visible()
    assert kept() == []  # the server has it: whoever looks elsewhere first loses nothing
    hand.open("/activities/new/?kind=theme_day")
    hand.click("#kept a")
    expect(title).to_have_value("断网时写的")
    expect(hand.page.locator("output[data-count=absent]")).to_have_text("1")

    write_without_connection("又断了")
    hand.page.context.set_offline(False)
    expect(hand.page.locator("#messages")).to_contain_text("请再点一次保存")  # sent by itself
    assert kept() == []

    hand.enter("[name=title]", "没等存就走")
    hand.open("/activities/new/")
    hand.click("#kept a, #kept-here a")  # whether or not the last request got through
    expect(title).to_have_value(re.compile("没等存就走"))

    write_without_connection("人走了")
    hand.page.goto("about:blank")
    hand.page.context.clear_cookies()
    hand.page.context.set_offline(False)
    hand.open("/")
    assert kept() == []
