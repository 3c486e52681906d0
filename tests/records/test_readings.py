"""Readings (口径): decided by somebody, on a day, for a reason; the ledger follows at once."""

from datetime import date
from decimal import Decimal

import pytest

from guantong.records import crediting, ledger
from guantong.records.access import Refused
from guantong.records.actions import ledger as upkeep
from guantong.records.actions import memberships, readings, relations
from guantong.records.drafts import Attended
from guantong.records.models import Entry, Event, Person, ReadingChoice
from tests.factories import TODAY, appoint, make_activity, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast):
    """The learner has 30 hours of theme days and 4 of training; the ledger is worked out."""
    learner = make_person("学员", cast.branch)
    for kind, hours in (("theme_day", 30), ("central_training", 4)):
        make_activity(
            cast.branch, kind=kind, hours=Decimal(hours),
            attended=(Attended(learner.pk, "attendee", Decimal(hours)),),
        )  # fmt: skip
    upkeep.rebuild()
    return cast


def choose(cast, option, decided_on=TODAY, **more):
    given = {"decided_by": "学校党委会", "why": "主题党日另有要求", **more}
    return readings.choose(
        by=cast.office, reading="R-01", option=option, decided_on=decided_on, **given
    )


def hours():
    return Entry.objects.get(
        assessment__live=True, obligation="member-study-hours",
        person__name="学员", period_start__year=TODAY.year,
    )  # fmt: skip


def test_a_decision_changes_what_counts_in_the_same_transaction(cast):
    assert hours().actual == 34
    choose(cast, "training-only")
    assert hours().actual == 4
    assert Event.objects.latest("id").verb == "reading.chosen"


def test_a_later_decision_goes_back_to_the_catalogue_s_own_reading(cast):
    choose(cast, "training-only", date(2023, 6, 1))
    choose(cast, "")
    assert hours().actual == 34


def test_a_ledger_of_an_earlier_day_is_read_as_it_was_then(cast):
    choose(cast, "training-only", date(2023, 6, 10))
    before, after = (ledger.obligation("member-study-hours", on=date(2023, 6, d)) for d in (9, 10))
    assert before.measure != after.measure
    assert after.reading.chosen == "只算集中培训和专门的集体学习"


def test_other_entries_stay_as_they_are(cast):
    others = Entry.objects.filter(assessment__live=True).exclude(obligation="member-study-hours")
    before = set(others.values_list("pk", "verdict"))
    choose(cast, "training-only")
    assert set(others.values_list("pk", "verdict")) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"option": "whatever"}, "没有这种读法"),
        ({"option": "training-only", "decided_by": " "}, "由谁决定"),
        ({"option": "training-only", "why": ""}, "理由"),
        ({"option": "training-only", "decided_on": date(2030, 1, 1)}, "不能在今天之后"),
    ],
)
def test_a_decision_without_author_reason_or_past_day_is_refused(cast, wrong, said):
    with pytest.raises(Refused, match=said):
        choose(cast, **wrong)
    assert not ReadingChoice.objects.exists()


def test_one_decision_a_day(cast):
    choose(cast, "training-only")
    with pytest.raises(Refused, match="已有决定"):
        choose(cast, "all-org-life")


def test_only_the_organisation_department_decides(cast):
    with pytest.raises(Refused):
        readings.choose(
            by=cast.secretary, reading="R-01", option="training-only", decided_by="支部",
            decided_on=TODAY, why="方便",
        )  # fmt: skip


def test_an_activity_says_that_it_counts_for_one_of_two_that_share_no_record(cast):
    """The branch of a leading cadre is his contact point, too: one lecture, one of two demands."""
    cadre = make_person("领导", cast.branch)
    appoint(cadre, cast.school, "leading_cadre")
    relations.record(
        by=None, kind="contact_point", valid_from=date(2022, 1, 1), person=cadre, org=cast.branch
    )
    lecture = make_activity(
        cast.branch, kind="party_lecture", attended=(Attended(cadre.pk, "lecturer", Decimal(2)),)
    )
    upkeep.rebuild()
    both = {"leading-cadre-lecture-branch", "leading-cadre-lecture-contact-point"}
    assert both <= credited(lecture)
    readings.choose(
        by=cast.office, reading="X-17", option="not-twice", decided_by="党委会",
        decided_on=TODAY, why="一次只算一处",
    )  # fmt: skip
    assert both & credited(lecture) == {"leading-cadre-lecture-branch"}


def test_whether_an_assembly_without_its_quorum_counts_is_for_the_school_to_say(cast):
    """One came of the three who may vote; what is stored is what the whole ledger would say."""
    secretary = cast.secretary.person_id
    held = make_activity(
        cast.branch, kind="branch_assembly", hours=None, attended=(Attended(secretary),)
    )

    def verdict():
        entry = Entry.objects.get(
            assessment__live=True, obligation="branch-assembly", org=cast.branch,
            period_start=date(2023, 4, 1),
        )  # fmt: skip
        assert ledger.value_of(entry) in ledger.answer(ledger.question())
        return entry.verdict, "branch-assembly" in credited(held)

    assert verdict() == ("met", True)
    readings.choose(
        by=cast.office, reading="R-20", option="quorate", decided_by="党委会", decided_on=TODAY,
        why="从严",
    )  # fmt: skip
    assert verdict() == ("due", False)
    for person in (cast.member.person, Person.objects.get(name="学员")):
        memberships.leave(by=cast.office, person=person, on=date(2023, 6, 1), reason="转出")
    assert verdict() == ("met", True), "those who had left before had no vote"


def credited(activity):
    return {entry.obligation for entry in crediting.counted_for(activity)}
