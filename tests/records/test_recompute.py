"""A change of the catalogue recomputes what it touches, in steps that can be watched."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from guantong.periods import Every, Rhythm
from guantong.records import catalogue, crediting, ledger
from guantong.records.actions import jobs
from guantong.records.actions import ledger as upkeep
from guantong.records.models import Entry, Job
from tests.factories import make_activity, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def stricter(monkeypatch):
    """The catalogue, edited while the school is running: a theme day is due twice a month."""
    make_activity(make_cast().branch)
    upkeep.rebuild()
    old = catalogue.current()
    rule = old.obligations["theme-day"]
    twice = replace(rule, standards=tuple(replace(s, value=Decimal(2)) for s in rule.standards))
    new = replace(old, obligations={**old.obligations, "theme-day": twice})
    monkeypatch.setattr(catalogue, "current", lambda: new)
    monkeypatch.setattr(catalogue, "fingerprint", lambda: "edited")


def test_only_the_obligation_that_changed_is_worked_out_anew(stricter):
    live = upkeep.bring_up_to_date()
    job = Job.objects.get()
    assert (job.kind, job.done, job.total) == (upkeep.RECOMPUTE, 2, 2)  # theme-day, and the hash
    assert job.ended_at is not None
    assert {e.required for e in Entry.objects.filter(assessment=live, obligation="theme-day")} == {
        2
    }
    assert live.catalogue_hash == "edited"
    assert upkeep.stale(live) == []


def test_the_result_is_that_of_a_rebuild(stricter):
    def rows():
        live = Entry.objects.filter(assessment__live=True)
        return set(live.values_list("obligation", "org", "person", "period_start", "verdict"))

    upkeep.bring_up_to_date()
    step_by_step = rows()
    upkeep.rebuild()
    assert rows() == step_by_step


def test_other_semesters_recompute_what_is_counted_by_them(monkeypatch):
    make_cast()
    live = upkeep.rebuild()
    old = catalogue.current()
    new = replace(old, calendar=replace(old.calendar, spring=(2, 20)))
    monkeypatch.setattr(catalogue, "current", lambda: new)
    monkeypatch.setattr(catalogue, "fingerprint", lambda: "edited")
    starts = Entry.objects.filter(assessment=live, obligation="school-committee-special-meeting")
    starts = starts.values_list("period_start", flat=True)
    assert date(2023, 2, 1) in starts
    upkeep.bring_up_to_date()
    assert date(2023, 2, 20) in starts.all()
    assert date(2023, 2, 1) not in starts.all()


def test_an_obligation_that_is_dropped_takes_its_entries_along(monkeypatch):
    make_cast()
    upkeep.rebuild()
    asked = ledger.question()
    fewer = replace(asked, obligations=asked.obligations[1:])
    monkeypatch.setattr(ledger, "question", lambda **_: fewer)
    gone = asked.obligations[0].name
    upkeep.recompute_one(gone)
    assert not Entry.objects.filter(assessment__live=True, obligation=gone).exists()


def test_one_job_of_a_kind_at_a_time_and_a_failed_one_says_why():
    seen = []

    def second():
        seen.append(jobs.carry_out("k", list))

    assert jobs.carry_out("k", lambda: [second])
    assert seen == [False]

    def broken():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        jobs.carry_out("k", lambda: [broken])
    assert Job.objects.latest("pk").trouble == "ValueError：no"
    assert jobs.running("k") is None
    assert jobs.to_tell("k").trouble
    assert jobs.carry_out("k", list)
    assert jobs.to_tell("k") is None


def test_a_long_step_lives_as_long_as_it_tells_how_far_it_is():
    def long() -> None:
        Job.objects.update(seen_at=timezone.now() - 2 * jobs.DEAD_AFTER)
        assert jobs.running("k") is None
        assert list(jobs.counted("k", "写入", 2, "ab")) == ["a", "b"]
        assert jobs.told("k") == "写入 2 / 2"
        assert jobs.running("k")

    assert jobs.carry_out("k", lambda: [long])
    assert jobs.told("k") == ""


def test_a_record_counts_in_each_period_whose_window_rolls_over_its_day(monkeypatch):
    cast = make_cast()
    old = catalogue.current()
    rolling = replace(old.obligations["theme-day"], rhythm=Rhythm(Every.ROLLING, months=3))
    new = replace(old, obligations={**old.obligations, "theme-day": rolling})
    monkeypatch.setattr(catalogue, "current", lambda: new)
    held = make_activity(cast.branch, held_on=date(2023, 1, 31), late_reason="补记")
    upkeep.rebuild()
    counted = {
        e.period_start: e.actual
        for e in crediting.counted_for(held)
        if e.obligation == "theme-day"
    }
    assert counted == {date(2023, 1, 1): 1, date(2023, 2, 1): 1, date(2023, 3, 1): 1}
