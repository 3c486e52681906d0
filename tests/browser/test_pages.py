"""Every page that the navigation leads to, as the phone shows it."""

from collections.abc import Iterator
from datetime import date

import pytest

from guantong.records.actions import registers
from guantong.records.models import Activity, Entry, Org, Person, Recut, User
from tests.browser.conftest import Hand

WIDER = "document.documentElement.scrollWidth - window.innerWidth"
SMALL = """() => {  // alone and under 24 px to touch; a link within a sentence may be
  const block = (e) => getComputedStyle(e).display === "inline" ? block(e.parentElement) : e;
  const text = (e) => e.innerText.trim();
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const touched = "a[href], button, summary, select, input:not([type=hidden])";
  return [...document.querySelectorAll(touched)]
    .filter((e) => shown(e) && !e.closest(".sr-only, .skip") && text(block(e)) === text(e))
    .map((e) => [e, (e.closest("label") ?? e).getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
    .map(([e, box]) => `${e.tagName} ${text(e)} ${box.width}x${box.height}`);
}"""


def deeper(username: str) -> Iterator[str]:
    """Pages below the lists: one activity, entry, organisation and member, and the forms."""
    person = User.objects.get(username=username).person
    assert person is not None
    org = Org.objects.get(short_name="文学院教师第二党支部")
    yield "/activities/new/"
    yield "/activities/?view=month"
    yield f"/activities/{Activity.objects.held().filter(hosts=org)[0].pk}/"
    yield f"/ledger/entries/{Entry.objects.filter(org=org, assessment__live=True)[0].pk}/"
    yield f"/orgs/{org.pk}/"
    yield f"/orgs/{org.pk}/?on=2022-10-01"
    yield f"/orgs/{org.pk}/chart/"
    yield "/orgs/terms/"
    if username == "zuzhibu":
        college = org.lineage()[1]
        yield f"/orgs/{college}/"
        yield f"/orgs/{college}/recuts/"
        yield f"/orgs/{college}/recuts/{Recut.objects.get(org=college).pk}/"
        yield f"/orgs/{org.pk}/posts/"
        yield f"/orgs/{org.pk}/merge/"
    yield f"/members/{person.pk}/"
    yield "/members/me/held/"
    yield "/members/me/ask/"
    yield "/members/requests/"
    yield "/members/links/"
    yield "/members/links/lacking/"
    yield "/members/links/new/pioneer_post/"
    yield "/members/registers/"
    yield "/members/letters/"
    other = Person.objects.filter(memberships__org=org).exclude(pk=person.pk)[0]
    registers.enter(
        by=None, person=other, kind="lost", situation="graduated", valid_from=date(2023, 6, 1)
    )
    for form in ("", "suspend/", "exempt/", "register/", "contact/", "letter/", "leave/"):
        yield f"/members/{other.pk}/{form}"


@pytest.mark.parametrize("username", ["zhishu", "zuzhibu"])
def test_every_page_is_quiet_no_wider_than_the_phone_and_fit_for_fingers(
    hand: Hand, complaints: list[str], username: str
) -> None:
    hand.sign_in(username)
    links = hand.page.locator("nav.dock a, nav.side a")
    pages = {str(link.get_attribute("href")) for link in links.all()} | set(deeper(username))
    assert len(pages) > 12
    wide, small = {}, {}
    for address in sorted(pages):
        hand.open(address)
        if (over := hand.page.evaluate(WIDER)) > 0:
            wide[address] = over
        if found := hand.page.evaluate(SMALL):
            small[address] = found[:3]
    assert complaints == []
    assert (wide, small) == ({}, {})


def test_no_filter_is_out_of_sight_on_a_phone(hand: Hand) -> None:
    hand.sign_in("zuzhibu")
    for address in ("/ledger/", "/members/", "/activities/", "/orgs/"):
        hand.open(address)
        for control in hand.page.locator(".filters :is(select, input:visible, button)").all():
            box = control.bounding_box()
            assert box is None or box["x"] + box["width"] <= 390, address


def test_the_drawn_chart_is_zoomed_by_buttons_and_keys_and_printed(
    hand: Hand, complaints: list[str]
) -> None:
    hand.sign_in("zuzhibu")
    hand.open(f"/orgs/{Org.objects.get(kind='school_committee').pk}/chart/")
    chart = hand.page.locator("[data-chart] canvas")
    chart.wait_for()
    drawn = "echarts.getInstanceByDom(document.querySelector('[data-chart]'))"

    def zoom() -> float:
        return round(float(hand.page.evaluate(f"{drawn}.getOption().series[0].zoom")), 2)

    assert zoom() == 1
    hand.click("text=放大")
    assert zoom() == 1.25
    hand.page.locator("[data-chart]").focus()
    for key, now in (("-", 1), ("-", 0.8), ("ArrowLeft", 0.8), ("0", 1), ("=", 1.25)):
        hand.page.keyboard.press(key)
        assert zoom() == now, key
    hand.click("text=还原")
    assert zoom() == 1
    height = hand.page.locator("[data-chart]").evaluate("place => place.clientHeight")
    hand.page.emulate_media(media="print")
    hand.page.wait_for_timeout(300)  # what watches sizes has its turn
    on_paper = chart.bounding_box()
    assert on_paper
    assert on_paper["height"] >= height / 2, "the drawing is printed, too"
    assert not complaints
