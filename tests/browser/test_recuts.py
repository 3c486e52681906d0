"""A rearrangement of branches, drawn up with the mouse and, without script, by selects."""

from typing import Any

import pytest
from playwright.sync_api import expect

from guantong.records.models import Membership, Org, Recut
from guantong.records.recutting import Preview
from tests.browser.conftest import Hand


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desk, and a page that shows both ends of every drag."""
    return {**browser_context_args, "viewport": {"width": 1366, "height": 1400}}


def begun(hand: Hand) -> Org:
    """The organisation department has begun to rearrange the student branches of a college."""
    college = Org.objects.get(short_name="文学院")
    hand.sign_in("zuzhibu")
    hand.open(f"/orgs/{college.pk}/recuts/")
    hand.enter("[name=title]", "秋季调整")
    hand.click("main .primary")
    hand.enter("#new-name", "书院党支部")
    hand.click("button[value=add]")
    expect(hand.page.locator("[data-drop=n1]")).to_be_visible()
    return college


def expect_in_new(hand: Hand, count: int) -> None:
    expect(hand.page.locator("[data-drop=n1]")).to_contain_text(f"/ {count}")


def test_members_are_dragged_one_or_all_that_are_ticked(hand: Hand, complaints: list[str]) -> None:
    begun(hand)
    people, new = hand.page.locator("[data-drag]"), hand.page.locator("[data-drop=n1]")
    people.nth(0).drag_to(new)
    expect_in_new(hand, 1)
    for n in range(3):
        people.nth(n).click()
    people.nth(1).drag_to(new)
    expect_in_new(hand, 4)
    people.nth(0).click()
    people.nth(5).drag_to(new)  # not ticked: it goes alone
    expect_in_new(hand, 5)
    assert complaints == []


@pytest.mark.parametrize(
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
def test_the_keyboard_does_the_same_and_the_whole_is_undone(hand: Hand, script: bool) -> None:
    college = begun(hand)
    for _ in range(4):
        hand.page.locator("[name=person]").first.focus()
        hand.page.keyboard.press("Space")
        hand.page.locator("#to").select_option("n1")
        hand.page.locator("button[value=move]").focus()
        hand.page.keyboard.press("Enter")
        hand.page.wait_for_load_state()
    expect_in_new(hand, 4)
    draft = Recut.objects.latest("pk")
    moved = set(Preview(draft).moves)
    if script:
        hand.page.on("dialog", lambda dialog: dialog.accept())
    hand.click("button[value=carry-out]")
    expect(hand.page.locator("main")).to_contain_text("整批撤回")
    made = Org.objects.below(college).get(name="书院党支部")
    assert set(Membership.objects.filter(org=made).values_list("person", flat=True)) == moved
    hand.click("button[value=undo]")
    expect(hand.page.locator("main")).to_contain_text("已整批撤回")
    assert not Org.objects.filter(name="书院党支部").exists()
