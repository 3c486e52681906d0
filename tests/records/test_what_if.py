"""What if: the ledger under other rules, compared, with nothing stored."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from guantong.records import what_if
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.actions import orgs
from guantong.records.drafts import Attended
from guantong.records.models import Entry
from guantong.records.what_if import Change
from tests.factories import TODAY, make_activity, make_cast, make_org, make_person
from tests.records.conftest import fingerprint

pytestmark = pytest.mark.django_db


def by_name(found):
    return {d.entry.obligation for d in found}


def this_year(found, person):
    mine = (d for d in found if d.entry.person_id == person.pk)
    return next(d for d in mine if d.entry.period.start.year == TODAY.year)


def test_nothing_supposed_is_no_difference():
    make_cast()
    assert what_if.answer(Change()) == []


def test_another_standard_changes_what_is_required_and_stores_nothing():
    cast = make_cast()
    learner = make_person("学员", cast.branch)
    make_activity(
        cast.branch, hours=Decimal(33), attended=(Attended(learner.pk, "attendee", Decimal(33)),)
    )
    upkeep.rebuild()
    before = fingerprint()
    found = what_if.answer(Change(standards={"member-study-hours": Decimal(40)}))
    assert by_name(found) == {"member-study-hours"}
    mine = this_year(found, learner)
    assert (mine.before.verdict, mine.after.verdict) == ("met", "due")
    assert (mine.before.required, mine.after.required) == (32, 40)
    assert fingerprint() == before


def test_another_reading_is_tried_without_being_decided():
    cast = make_cast()
    learner = make_person("学员", cast.branch)
    make_activity(
        cast.branch, hours=Decimal(33), attended=(Attended(learner.pk, "attendee", Decimal(33)),)
    )
    found = what_if.answer(Change(readings={"R-01": "training-only"}))
    mine = this_year(found, learner)
    assert (mine.before.actual, mine.after.actual) == (33, 0)


def test_the_forecast_counts_what_is_planned():
    cast = make_cast()
    make_activity(cast.branch, held_on=TODAY + timedelta(days=3), planned=True)
    upkeep.rebuild()
    june = Entry.objects.get(
        assessment__live=True, obligation="theme-day", org=cast.branch,
        period_start=date(2023, 6, 1),
    )  # fmt: skip
    assert june.verdict == "due"
    found = what_if.answer(Change(forecast=True))
    mine = next(d for d in found if d.entry.org_id == cast.branch.pk)
    assert mine.entry.obligation == "theme-day"
    assert (mine.before.verdict, mine.after.verdict) == ("due", "met")


def test_the_tree_of_today_instead_of_that_of_each_period():
    cast = make_cast()
    other = make_org("另一学院", "college_committee", cast.school)
    orgs.move(by=None, org=cast.branch, parent=other, on=TODAY)
    as_then = what_if.answer(Change(), on=TODAY)
    as_now = what_if.answer(Change(tree_on=date(2022, 1, 1)), on=TODAY)
    assert as_then == []
    assert {d.entry.obligation for d in as_now} <= {
        "double-leader-coverage",
        "contact-point-colleges",
    }


@pytest.mark.parametrize(
    "change",
    [
        Change(readings={"R-99": ""}),
        Change(readings={"R-01": "nope"}),
        Change(standards={"nope": Decimal(1)}),
        Change(plan="nope"),
    ],
)
def test_what_there_is_not_is_refused(change):
    make_cast()
    with pytest.raises(Refused, match="没有"):
        what_if.answer(change)
