"""Taking back a change of the organisations, from the history on their pages."""

from functools import partial

from guantong.records.actions import orgs, successions
from guantong.records.models import OrgChange
from tests.factories import TODAY, Cast
from tests.web.answers import shown
from tests.web.test_orgs import SignIn, address, page


def test_a_change_is_taken_back_from_the_history_unless_something_was_built_on_it(
    cast: Cast, as_: SignIn
) -> None:
    client = as_(cast.officer)
    orgs.rename(by=None, org=cast.branch, name="写错了", on=TODAY)
    orgs.rename(by=None, org=cast.branch, name="又改了", on=TODAY)
    later, first = (one.pk for one in OrgChange.objects.about(cast.branch)[:2])
    undo = partial(address, "org-undo", cast.branch)
    text = shown(client.get(page(cast.branch)))
    assert undo(change_pk=later) in text
    blocked = shown(client.get(undo(change_pk=first)))
    assert "后来改过" in blocked
    assert 'type="submit">撤回' not in blocked
    assert client.post(undo(change_pk=first)).status_code == 409
    for change in (later, first):
        assert client.post(undo(change_pk=change)).status_code == 302
    cast.branch.refresh_from_db()
    assert cast.branch.name == "甲学院教师第一党支部"
    assert client.get(undo(change_pk=first)).status_code == 404
    for who in (cast.secretary, cast.outsider, cast.inspector):
        assert as_(who).get(undo(change_pk=later)).status_code == 404


def test_the_heirs_page_offers_what_made_it_one(cast: Cast, as_: SignIn) -> None:
    successions.dissolve(by=None, org=cast.branch, heir=cast.sibling, on=TODAY, reason="批复")
    change = OrgChange.objects.latest("pk").pk
    at = address("org-undo", cast.sibling, change_pk=change)
    client = as_(cast.officer)
    assert at in shown(client.get(page(cast.sibling)))
    assert client.post(at, follow=True).redirect_chain[-1][0] == page(cast.branch)
    cast.branch.refresh_from_db()
    assert cast.branch.exists_on(TODAY)
