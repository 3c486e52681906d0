"""The school of the matrix: in every place one thing of every kind, each text of it a canary.

A new kind of record gets a line where its like is furnished; `test_every_text_column` says so.
"""

from typing import Final

from django.db.models import Model
from django.test import Client

from guantong.records.actions import ledger, merging, orgs, people, plans, readings, school
from guantong.records.models import Assessment, Entry, Membership, Org, OrgChange, OrgName, Post
from tests.factories import SINCE, TODAY
from tests.matrix.oracle import BRANCHES, READERS, SELVES, TREE
from tests.matrix.world import cases, meetings, money, records, sheets
from tests.matrix.world.accounts import account, client_of, people_of
from tests.matrix.world.base import YESTERDAY, At, World
from tests.matrix.world.columns import columns, fill, name_of, places_of

__all__ = ["At", "World", "build", "columns", "name_of"]
KINDS: Final = {"school": "school_committee", "general": "general_branch", "group": "group"}


def build() -> World:
    w = World()
    school.set_up(
        name=w.birds.text("school", "", word="大学"), records_since=SINCE, plan="jyu-2021-2023",
        today=TODAY,
    )  # fmt: skip
    for place in TREE:
        w.at[place] = At(place=place, org=_org(w, place))
    for branch in BRANCHES:
        people_of(w, w.at[branch])
    for reader in READERS:
        account(w, reader)
    for place in TREE:
        records.papers(w, w.at[place])
        records.held(w, w.at[place])
    for branch in BRANCHES:
        records.matters(w, w.at[branch])
    _touched(w)
    _furnish(w)
    _whole(w)
    fill(w)
    _last(w)
    _linked(w)
    _sign_in(w)
    return w


def _furnish(w: World) -> None:
    """All that the other modules know."""
    sheets.trusting(w)
    sheets.everybodys(w)
    for place in TREE:
        for of_org in (meetings.of_org, money.of_org, sheets.of_org):
            of_org(w, w.at[place])
    for branch in BRANCHES:
        for of_branch in (meetings.of_branch, money.of_branch, sheets.of_branch):
            of_branch(w, w.at[branch])
    for reader in READERS:
        if reader.own:
            meetings.of_oneself(w, w.at[reader.own], w.at[reader.member_of])
    meetings.forms(w)
    cases.furnish(w)
    sheets.compared(w)
    sheets.reminders(w)


def _org(w: World, place: str) -> Org:
    up = w.at[TREE[place]].org if TREE[place] else None
    kind = "branch" if place in BRANCHES else KINDS.get(place, "college_committee")
    org = orgs.found(
        by=None, name=w.birds.text("org", place, word="组织"), kind=kind, parent=up,
        short_name=w.birds.text("org", place, word="简称"), valid_from=SINCE,
        external_code=w.birds.text("org", place),
        category="faculty" if kind == "branch" else None,
    )  # fmt: skip
    return orgs.rename(
        by=None, org=org, name=w.birds.text("org", place, word="今名"), on=YESTERDAY,
        short_name=w.birds.text("org", place, word="今简称"),
    )  # fmt: skip


def _whole(w: World) -> None:
    """What concerns the school: the wording of the plan, a decided reading, the ledger."""
    plans.load_wording(
        by=None, plan="jyu-2021-2023", source_name=w.birds.text("plan", ""),
        wordings=[plans.Wording("一", w.birds.text("plan", ""), w.birds.text("plan", ""))],
    )  # fmt: skip
    readings.choose(
        by=None, reading="R-01", option="training-only", decided_by=w.birds.text("plan", ""),
        decided_on=TODAY, why=w.birds.text("plan", ""),
    )  # fmt: skip
    ledger.rebuild()
    name = w.birds.text("kept", "school")
    w.at["school"].kept = ledger.keep_day(by=None, name=name, day=TODAY)
    live = Entry.objects.filter(assessment=Assessment.objects.get(live=True)).order_by("pk")
    for at in w.at.values():
        if org := getattr(at, "org", None):
            at.entry = live.filter(org=org, person=None).first()
            if at.entry is None:
                del at.entry
        if person := getattr(at, "person", None):
            branch = person.memberships.latest("valid_from").org
            at.hours = live.filter(person=person, org=branch).first()
    sheets.issued(w)


def _touched(w: World) -> None:
    """Corrections, so that the trail holds texts that no record holds any more."""
    for branch in BRANCHES:
        at = w.at[branch]
        for former in (at.person.name, at.person.number):
            w.birds.retell(former, about="event")
        at.person = people.correct(
            by=None, person=at.person, name=w.birds.text("person", branch, word="今人"),
            number=w.birds.text("person.number", branch),
        )  # fmt: skip


def _linked(w: World) -> None:
    """Whoever holds or held a post is known there, and the organisation with him or a member."""
    for span in Membership.objects.select_related("org", "person"):
        (person,) = places_of(w, span.person)
        for name in _names(span.org):
            w.birds.add(name, told_by=person)
    for post in Post.objects.select_related("org", "person"):
        (org,), (person,) = places_of(w, post.org), places_of(w, post.person)
        for name in _names(post.org):
            w.birds.add(name, told_by=person, above=org)
        w.birds.add(post.person.name, places=org, above=org)
    for user in ("named", "office", *cases.HANDLERS.values()):  # who did something is known there
        w.birds.retell(w.users[user].called, about="case", places=(*TREE, *SELVES))


def _names(org: Org) -> list[str]:
    """All that it was ever called."""
    names = OrgName.objects.filter(org=org).values_list("name", "short_name")
    return [*(name for pair in names for name in pair), org.name, org.short_name]


def _last(w: World) -> None:
    """What can be taken back, which it could not if it were changed afterwards."""
    for place in TREE:
        at = w.at[place]
        at.org = orgs.rename(by=None, org=at.org, name=w.birds.text("org", place), on=TODAY)
        at.change = OrgChange.objects.latest("pk")
    for branch in BRANCHES:
        at, reason = w.at[branch], w.birds.text("merge", branch)
        at.merge = merging.merge(by=None, kept=at.merged, absorbed=at.absorbed, reason=reason)


def _sign_in(w: World) -> None:
    for reader in READERS:
        user = w.users.get(reader.name)
        if reader.name not in w.clients:
            w.clients[reader.name] = client_of(user) if user else Client()
    for at in w.at.values():
        for row in vars(at).values():
            if isinstance(row, Model):
                row.refresh_from_db()
