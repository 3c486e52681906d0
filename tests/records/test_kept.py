"""A ledger that is kept says for ever what it said on the day."""

import io
from datetime import date

import pytest

from guantong.obligations import run
from guantong.records import ledger
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.actions import orgs, readings
from guantong.records.models import Assessment
from tests.factories import TODAY, make_activity, make_cast, make_org

pytestmark = pytest.mark.django_db


def printed(assessment):
    file = io.StringIO()
    run.write_csv(ledger.entries_of(assessment), file)
    return file.getvalue()


def test_it_prints_the_same_after_records_tree_and_rules_have_changed():
    cast = make_cast()
    make_activity(cast.branch)
    kept = upkeep.keep_day(by=cast.office, name="年中", day=TODAY)
    before = printed(kept)
    make_activity(cast.branch, kind="branch_assembly", title="支部大会")
    other = make_org("另一学院", "college_committee", cast.school)
    orgs.move(by=cast.office, org=cast.branch, parent=other, on=TODAY)
    readings.choose(
        by=cast.office, reading="R-01", option="training-only", decided_by="党委会",
        decided_on=TODAY, why="从严",
    )  # fmt: skip
    upkeep.forget_other_days()
    again = Assessment.objects.get(pk=kept.pk)
    assert printed(again) == before
    assert printed(upkeep.rebuild()) != before


def test_it_says_which_rules_it_rests_on():
    cast = make_cast()
    kept = upkeep.keep_day(by=cast.office, name="年中", day=TODAY)
    rule = kept.rules["member-study-hours"]
    assert rule["title"] == "党员年度学习学时"
    assert rule["hash"] == ledger.obligation("member-study-hours").fingerprint
    assert kept.by == cast.office
    assert kept.engine in {"sqlite", "postgresql"}


def test_a_day_to_come_and_a_ledger_without_name_are_refused():
    cast = make_cast()
    with pytest.raises(Refused, match="还没有到"):
        upkeep.keep_day(by=cast.office, name="年终", day=date(2023, 12, 31))
    with pytest.raises(Refused, match="名称"):
        upkeep.keep_day(by=cast.office, name=" ", day=TODAY)
    for name in ("长" * 101, "两\n行", "\x1b[31m红"):
        with pytest.raises(Refused, match="一行"):
            upkeep.keep_day(by=cast.office, name=name, day=TODAY)
    assert not Assessment.objects.filter(kept=True).exists()


def test_a_secretary_keeps_none():
    cast = make_cast()
    with pytest.raises(Refused):
        upkeep.keep_day(by=cast.secretary, name="我的", day=TODAY)
