"""Every page that the navigation leads to, as the phone shows it."""

from collections.abc import Iterator

import pytest

from guantong.records.models import Activity, Entry, Org, User
from tests.browser.conftest import Hand

WIDER = "document.documentElement.scrollWidth - window.innerWidth"


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
    yield f"/members/{person.pk}/"


@pytest.mark.parametrize("username", ["zhishu", "zuzhibu"])
def test_every_page_is_quiet_and_no_wider_than_the_phone(
    hand: Hand, complaints: list[str], username: str
) -> None:
    hand.sign_in(username)
    links = hand.page.locator("nav.dock a, nav.side a")
    pages = {str(link.get_attribute("href")) for link in links.all()} | set(deeper(username))
    assert len(pages) > 12
    wide = {}
    for address in sorted(pages):
        hand.open(address)
        if (over := hand.page.evaluate(WIDER)) > 0:
            wide[address] = over
    assert complaints == []
    assert wide == {}
