"""Periods: half-open, without gap or overlap, in calendar months."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.periods import Calendar, Every, Period, add_months, period_of, periods_from

CALENDARS = {Every.MONTH, Every.QUARTER, Every.SEMESTER, Every.YEAR}
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
SHIFTED = Calendar(given={2023: (date(2023, 2, 20), date(2023, 9, 1))})


@given(days, st.sampled_from(sorted(CALENDARS)), st.sampled_from([Calendar(), SHIFTED]))
def test_every_day_is_in_exactly_one_period(day, every, calendar):
    period = period_of(every, day, calendar)
    assert day in period
    after = period_of(every, period.end, calendar)
    assert after.start == period.end
    assert period_of(every, period.last_day, calendar) == period


@given(days, st.sampled_from(sorted(CALENDARS)))
def test_periods_from_a_day_begin_on_it_or_later_and_touch(day, every):
    found = list(periods_from(every, day, day + timedelta(days=800), Calendar()))
    assert found[0].start >= day
    assert all(a.end == b.start for a, b in pairwise(found))


def test_semesters_cross_the_year():
    assert period_of(Every.SEMESTER, date(2024, 1, 31), Calendar()) == Period(
        date(2023, 8, 1), date(2024, 2, 1)
    )


def test_a_school_may_give_its_own_semester_dates():
    assert period_of(Every.SEMESTER, date(2023, 2, 19), SHIFTED).end == date(2023, 2, 20)


def test_a_month_later_than_the_31st_is_the_last_day():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_a_period_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="begin before it ends"):
        Period(date(2024, 1, 1), date(2024, 1, 1))


def test_whole_months_leave_out_what_is_cut():
    period = Period(date(2023, 2, 20), date(2023, 9, 1))
    months = period.whole_months()
    assert (months[0].start, months[-1].end) == (date(2023, 3, 1), date(2023, 9, 1))
