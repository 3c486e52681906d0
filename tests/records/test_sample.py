"""The sample school is invented, whole, and the same every time; what is planted is found."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Count, Model

from guantong.obligations.model import Verdict
from guantong.records import drafts, id_number, sealing
from guantong.records.access import Refused, roles_of
from guantong.records.actions import sample
from guantong.records.actions.sample import accounts, days
from guantong.records.actions.sample.gaps import CAST, GAPS, Gap
from guantong.records.models import (
    Activity,
    Attendance,
    Entry,
    Event,
    Membership,
    Org,
    OrgParent,
    OrgSuccession,
    Person,
    Post,
    Term,
    User,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample_school")]
ROOT = Path(__file__).parent.parent.parent


def digest(rows: Iterable[object]) -> str:
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()


def told(story: sample.Draft) -> dict[str, str]:
    """A digest of each table of the story, as it is told before anything is written."""

    def columns(rows: Iterable[Model], *names: str) -> str:
        return digest(tuple(getattr(row, name) for name in names) for row in rows)

    return {
        "orgs": columns(story.tree.orgs, "pk", "name", "path", "valid_from", "valid_to"),
        "people": columns(story.people.all, "pk", "name", "number", "birth_date", "joined_on"),
        "memberships": columns(
            story.roll.rows, "person_id", "org_id", "status", "exempt", "valid_from", "valid_to"
        ),
        "posts": columns(
            story.offices.posts, "person_id", "org_id", "post", "valid_from", "valid_to"
        ),
        "terms": columns(story.offices.terms, "org_id", "elected_on", "expires_on"),
        "activities": columns(
            (held.activity for held in story.diary.held), "pk", "kind", "held_on", "recorded_at"
        ),
        "attendances": digest(
            (held.activity.pk, *row) for held in story.diary.held for row in held.present
        ),
    }


@pytest.fixture(scope="module")
def story() -> sample.Draft:
    return sample.draft()


# The same every time


def test_the_same_seed_tells_the_same_story_in_another_process(story: sample.Draft) -> None:
    code = (
        "import django; django.setup()\n"
        "from tests.records.test_sample import sample, told\n"
        "print(told(sample.draft()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "guantong.config.settings",
            "PYTHONHASHSEED": "1",
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == repr(told(story)), done.stderr


def test_what_is_told_is_written(story: sample.Draft) -> None:
    for model, rows, names in [
        (Membership, story.roll.rows, ("person_id", "org_id", "status", "valid_from", "valid_to")),
        (Post, story.offices.posts, ("person_id", "org_id", "post", "valid_from", "valid_to")),
        (Term, story.offices.terms, ("org_id", "elected_on", "expires_on", "extended_to")),
    ]:
        assert list(model._default_manager.order_by("id").values_list(*names)) == [
            tuple(getattr(row, name) for name in names) for row in rows
        ]
    withdrawn = Activity.objects.exclude(withdrawn_at=None)
    assert withdrawn.count() == accounts.TAKEN_BACK
    assert Attendance.objects.exclude(activity__in=withdrawn).count() == sum(
        len(held.present) for held in story.diary.held
    )


def test_it_is_one_event() -> None:
    assert list(Event.objects.values_list("verb", "by")) == [(sample.BUILT, None)]


def test_it_is_built_in_an_empty_database_only() -> None:
    with pytest.raises(Refused, match="只能建在空库里"):
        sample.build()


# Whole


def test_it_has_the_promised_size() -> None:
    today = Org.objects.on(days.TODAY)
    top = today.get(kind="school_committee")
    second = OrgParent.objects.on(days.TODAY).filter(parent=top).count()
    members = Membership.objects.on(days.TODAY).count()
    assert 23 <= second <= 27
    assert 170 <= today.filter(kind="branch").count() <= 195
    assert 3800 <= members <= 4300
    assert today.filter(kind="group").count() == 6
    held = Activity.objects.held()
    assert {day.year * 12 + day.month for day in held.dates("held_on", "month")} == set(
        range(2022 * 12 + 1, 2023 * 12 + 7)
    )
    assert not held.filter(held_on__gt=days.TODAY).exists()
    assert Activity.objects.filter(planned=True, held_on__gt=days.TODAY).count() > 100
    assert not Activity.objects.filter(planned=True, held_on__lte=days.TODAY).exists()


def test_every_kind_of_record_is_there() -> None:
    empty = {"Paper", "PaperTemplate", "StoredFile"}  # what a school uploads and files
    empty |= {"ImportBatch", "ImportRow", "ImportSource", "Job", "PlanWording", "ReadingChoice"}
    empty |= {"UnfinishedForm"}  # what somebody typed and has not saved
    # Made by its owner, who alone is told the address.
    empty |= {"CalendarFeed", "DigestSubscription", "Delivery"}
    empty |= {"Discrepancy", "Reconciliation"}  # there is no other system's list to compare
    empty |= {"Attachment"}  # its file lies outside the database
    for model in apps.get_app_config("records").get_models():
        if model.__name__ not in empty:
            assert model._default_manager.exists(), model


def test_what_is_recorded_is_what_the_record_form_accepts() -> None:
    """All but the hours that are planted as missing."""
    some = Activity.objects.filter(withdrawn_at=None, pk__in=range(1, 20000, 53))
    for activity in some:
        draft = drafts.draft_of(activity)
        if not draft.planned and not draft.attended:
            continue
        found = drafts.problems(
            draft, by=None, recorded_on=activity.recorded_at.date(), closed=frozenset()
        )
        unknown_hours = draft.kind == "theme_day" and draft.hours is None
        assert found.keys() <= ({"hours"} if unknown_hours else set()), (activity.pk, found)


def test_nobody_belongs_to_two_branches_on_one_day() -> None:
    spans = Membership.objects.order_by("person", "valid_from").values_list(
        "person", "valid_from", "valid_to", "org__valid_from", "org__valid_to"
    )
    last: tuple[Any, date | None] = (None, None)
    for person, begins, ends, org_begins, org_ends in spans:
        if person == last[0]:
            assert last[1] is not None
            assert last[1] <= begins
        assert begins >= org_begins
        assert org_ends is None or (ends is not None and ends <= org_ends)
        last = (person, ends)


def test_late_entries_are_marked_and_counted() -> None:
    late = Activity.objects.exclude(late_reason="")
    assert 20 < late.count() < Activity.objects.count() * 0.03
    assert all(
        drafts.late_by(held_on, recorded_at.date())
        for held_on, recorded_at in late.values_list("held_on", "recorded_at")
    )


# What is planted


def whose(gap: Gap) -> dict[str, Any]:
    if gap.number:
        return {"person__number": gap.number}
    if gap.post:
        day = min(gap.period.last_day, days.TODAY)
        return {"person": Post.objects.on(day).get(org__name=gap.org, post=gap.post).person}
    return {"person": None}


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap.obligation}-{gap.org}-{gap.verdict}")
def test_a_planted_line_is_in_the_live_ledger(gap: Gap) -> None:
    entry = Entry.objects.get(
        assessment__live=True,
        obligation=gap.obligation,
        org__name=gap.org,
        period_start=gap.period.start,
        **whose(gap),
    )
    assert entry.period_end == gap.period.end
    assert entry.verdict == gap.verdict, (entry.required, entry.actual)


def test_every_verdict_occurs_and_most_is_done() -> None:
    counts = dict(
        Entry.objects.filter(assessment__live=True)
        .values_list("verdict")
        .annotate(number=Count("id"))
    )
    assert counts.keys() == {verdict.value for verdict in Verdict}
    closed = sum(counts.values()) - counts["due"]
    assert counts["met"] / closed > 0.95


def test_the_re_cut_kept_what_was_before() -> None:
    dissolved = Org.objects.filter(valid_to=days.RECUT)
    founded = Org.objects.filter(valid_from=days.RECUT)
    assert {org.category for org in dissolved | founded} == {"student"}
    assert dissolved.count() == 24
    assert founded.count() == 30
    old, new = dissolved[0], founded[0]
    assert OrgSuccession.objects.filter(predecessor=old, on_day=days.RECUT).exists()
    moved = Person.objects.filter(memberships__org=old).filter(memberships__org=new)
    before, after = moved[0].memberships.order_by("-valid_from")[:2][::-1]
    assert (before.org, before.valid_to) == (old, days.RECUT)
    assert (after.org, after.valid_from) == (new, days.RECUT)
    held = {"kind": "theme_day", "attendances__person": moved[0]}
    assert Activity.objects.filter(hosts=old, held_on__lt=days.RECUT, **held).exists()
    assert Activity.objects.filter(hosts=new, held_on__gte=days.RECUT, **held).exists()
    months = Entry.objects.filter(assessment__live=True, obligation="theme-day")
    assert max(months.filter(org=old).values_list("period_start")) == (date(2022, 8, 1),)
    assert min(months.filter(org=new).values_list("period_start")) == (days.RECUT,)


# Invented


def test_id_numbers_are_few_and_nobodys() -> None:
    with_one = Person.objects.exclude(id_number=None)
    assert {person.number for person in with_one} == set(CAST)
    for person in with_one:
        number = sealing.unseal(person, "id_number")
        assert number.startswith("000000")
        assert not id_number.problem(number)
        assert sealing.unseal(person, "phone").startswith("100")


def test_every_name_is_from_the_tables() -> None:
    names = list(Person.objects.values_list("name", flat=True))
    assert len(set(names)) == len(names)
    for name in names:
        surname, stem, plant = name
        assert surname in sample.people.SURNAMES
        assert stem in sample.people.STEMS
        assert plant in sample.people.PLANTS


# Those who sign in


@pytest.mark.parametrize(
    ("username", "roles"),
    [
        ("zuzhibu", {("school_office", "示例大学党委"), ("member", "机关第二党支部")}),
        ("xueyuan", {("college_officer", "文学院党委"), ("member", "文学院教师第一党支部")}),
        (
            "zhishu",
            {("branch_secretary", "文学院教师第二党支部"), ("member", "文学院教师第二党支部")},
        ),
        ("jiancha", {("inspector", "示例大学党委")}),
        ("dangyuan", {("member", "文学院教师第二党支部")}),
        ("guanli", {("system_admin", "示例大学党委")}),
    ],
)
def test_an_account_holds_its_roles(username: str, roles: set[tuple[str, str]]) -> None:
    user = User.objects.get(username=username)
    assert user.check_password(accounts.PASSWORD)
    assert {(held.role.name, held.org.name) for held in roles_of(user) if held.org} == roles


def test_the_inspectors_grant_ends_with_the_year() -> None:
    user = User.objects.get(username="jiancha")
    assert roles_of(user, date(2023, 12, 31))
    assert not roles_of(user, date(2024, 1, 1))
