"""The live ledger: after any sequence of changes it equals the ledger worked out from nothing."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guantong.records import catalogue, ledger
from guantong.records.access import Refused
from guantong.records.actions import (
    activities,
    figures,
    orgs,
    terms,
)
from guantong.records.actions import (
    ledger as upkeep,
)
from guantong.records.models import (
    Assessment,
    Entry,
    Event,
    School,
)
from tests.factories import TODAY, make_activity, make_cast, make_org, make_person
from tests.records.changes import VERBS, link

pytestmark = pytest.mark.django_db
days = st.dates(date(2022, 1, 1), TODAY)
picks = st.integers(0, 10**6)
FIELDS = ("required", "actual", "numerator", "denominator", "verdict", "due_on", "period_end")


@st.composite
def sequences(draw):
    """Some changes: a verb, a day, and numbers that choose the rows it is about."""
    verbs = draw(st.permutations(sorted(VERBS)))[: draw(st.integers(3, 9))]
    return [(verb, draw(days), draw(picks), draw(picks)) for verb in verbs]


def test_incremental_equals_full_after_random_changes():
    _make_history(make_cast())
    upkeep.rebuild()
    done = Counter()

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(sequences())
    @example([(verb, date(2023, 3, 1), n, n) for n, verb in enumerate(VERBS, 1)])
    def holds(sequence):
        with transaction.atomic():
            for verb, day, a, b in sequence:
                try:
                    with transaction.atomic():
                        VERBS[verb](day, a, b)
                    done[verb] += 1
                except Refused:  # by the action, or there is no such row yet
                    done["refused"] += 1
            assert live() == afresh(), sequence
            transaction.set_rollback(True)

    holds()
    # Nearly every verb was carried out, or little would be proved.
    assert len(set(VERBS) - set(done)) <= len(VERBS) // 5, done


def _make_history(cast):
    """Something for every verb to work on."""
    make_activity(cast.branch)
    wrong = make_activity(cast.sibling)
    activities.withdraw(by=None, activity=wrong, version=1, reason="重复")
    for _ in range(3):
        make_person("无职党员", cast.sibling)
    make_org("空支部", "branch", cast.college, category="faculty")
    start = date(2022, 1, 1)
    new = {"status": "probationary", "joined_on": start}
    make_person("预备党员", cast.sibling, **new)
    orgs.rename(by=None, org=cast.sibling, name="更名支部", on=start)
    terms.record(by=None, org=cast.branch, elected_on=start, expires_on=date(2023, 6, 1))
    link(start, 0, 1)


def live():
    rows = Entry.objects.filter(assessment__live=True)
    return {(e.obligation, e.org_id, e.person_id, e.period_start): _values(e) for e in rows}


def afresh():
    rows = (upkeep._row(Assessment(), e) for e in ledger.answer(ledger.question()))
    return {(e.obligation, e.org_id, e.person_id, e.period_start): _values(e) for e in rows}


def _values(entry):
    return tuple(getattr(entry, field) for field in FIELDS)


def test_a_record_turns_its_entry_in_the_same_transaction():
    cast = make_cast()
    upkeep.rebuild()
    june = Entry.objects.get(
        assessment__live=True,
        obligation="theme-day",
        org=cast.branch,
        period_start=date(2023, 6, 1),
    )
    assert june.verdict == "due"
    with transaction.atomic():
        make_activity(cast.branch)
        june.refresh_from_db()
        assert june.verdict == "met"
        transaction.set_rollback(True)
    june.refresh_from_db()
    assert june.verdict == "due"


def test_the_day_turns_due_into_short_and_the_entry_keeps_its_address():
    cast = make_cast()
    upkeep.rebuild()
    before = set(Entry.objects.values_list("pk", flat=True))
    School.objects.update(today=date(2023, 7, 1))
    upkeep.bring_up_to_date()
    june = Entry.objects.get(
        assessment__live=True,
        obligation="theme-day",
        org=cast.branch,
        period_start=date(2023, 6, 1),
    )
    assert june.verdict == "short"
    assert before <= set(Entry.objects.values_list("pk", flat=True))


def test_a_record_on_the_morning_after_counts_for_the_new_day():
    cast = make_cast()
    upkeep.rebuild()
    School.objects.update(today=date(2023, 7, 3))
    make_activity(cast.branch, held_on=date(2023, 7, 3))
    july = Entry.objects.get(
        assessment__live=True,
        obligation="theme-day",
        org=cast.branch,
        period_start=date(2023, 7, 1),
    )
    assert july.verdict == "met"


def test_a_ledger_of_another_day_is_kept_until_a_record_changes():
    cast = make_cast()
    first = upkeep.as_of(date(2023, 3, 31))
    assert upkeep.as_of(date(2023, 3, 31)) == first
    make_activity(cast.branch)
    assert Event.objects.exists()
    again = upkeep.as_of(date(2023, 3, 31))
    assert again != first
    assert not Entry.objects.filter(assessment=first.pk).exists()


def test_what_begins_after_the_day_is_not_known_yet():
    cast = make_cast()
    make_activity(cast.branch, held_on=date(2023, 4, 3), late_reason="当时未录入")
    march = upkeep.as_of(date(2023, 3, 31))
    assert not march.entries.filter(period_start__gt=date(2023, 3, 31)).exists()
    quarter = upkeep.as_of(date(2023, 4, 2)).entries.get(
        obligation="theme-day", org=cast.branch, period_start=date(2023, 4, 1)
    )
    assert quarter.verdict == "due"


def test_an_explanation_agrees_with_the_entry_it_explains():
    cast = make_cast()
    make_activity(cast.branch)
    make_activity(cast.branch, kind="branch_assembly", title="支部大会")
    upkeep.rebuild()
    june = Entry.objects.get(
        assessment__live=True,
        obligation="theme-day",
        org=cast.branch,
        period_start=date(2023, 6, 1),
    )
    said = ledger.explanation(june)
    assert [c.counted for c in said.candidates] == [True, False]
    assert said.candidates[1].lacks == ("要求类别是主题党日，记录为支部党员大会",)
    assert said.closing == ""


def test_every_kind_of_entry_can_be_explained_and_the_counted_rows_add_up():
    cast = make_cast()
    make_activity(cast.branch)
    figures.record(
        by=None, org=cast.school, name="staff", as_of=date(2023, 1, 1), value=Decimal(90)
    )
    upkeep.rebuild()
    seen = set()
    for entry in Entry.objects.filter(assessment__live=True).select_related("assessment"):
        rule = catalogue.current().obligations[entry.obligation]
        said = ledger.explanation(entry)
        seen.add(type(rule.measure).__name__)
        counted = sum(1 for c in said.candidates if c.counted)
        if rule.unit != "学时" and entry.denominator is None and entry.actual is not None:
            distinct = {
                c.row.get("person_id", i) for i, c in enumerate(said.candidates) if c.counted
            }
            assert len(distinct) == entry.actual, (entry.obligation, counted)
        if entry.verdict in {"due", "short"}:
            assert said.closing
    assert {"CountActivities", "Attended", "State", "Ratio", "Coverage"} <= seen
