"""Which days people may write."""

from datetime import date

import pytest

from guantong.records import days
from guantong.records.actions import activities, posts
from tests.factories import Cast, make_draft, owner
from tests.records.conftest import refused


def test_a_day_lies_where_months_and_years_can_be_counted_from() -> None:
    assert days.odd(date(1900, 1, 1)) == days.odd(date(2099, 12, 31)) == ""
    assert "1900-01-01 至 2099-12-31" in days.odd(date(9999, 12, 31))
    assert days.odd(date(202, 6, 15))


@pytest.mark.parametrize("day", [date(202, 6, 15), date(9999, 12, 31)])
def test_an_action_refuses_a_day_that_nobody_can_mean(cast: Cast, day: date) -> None:
    for planned in (True, False):
        with refused("日期"):
            activities.record(by=None, draft=make_draft(cast.branch, held_on=day, planned=planned))
    with refused():
        posts.appoint(
            by=None, person=owner(cast.member), org=cast.college, post="dean", valid_from=day
        )
    with refused():
        posts.end(by=None, post=cast.secretary_post, on=day)


def test_a_meeting_is_planned_two_years_ahead_at_most(cast: Cast) -> None:
    with refused("最远可以写到 2 年后的 2025-06-15"):
        activities.record(
            by=None, draft=make_draft(cast.branch, held_on=date(2025, 6, 16), planned=True)
        )
