"""What is kept of organisations and people of the world."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.records.actions import (
    activities,
    corrections,
    documents,
    figures,
    letters,
    memberships,
    recuts,
    registers,
    relations,
    restricted,
    terms,
)
from guantong.records.drafts import Attended, Draft, draft_of
from tests.factories import SINCE, TODAY
from tests.matrix.world.accounts import post_of
from tests.matrix.world.base import YESTERDAY, At, World


def papers(w: World, at: At) -> None:
    def text(about: str) -> str:
        return w.birds.text(about, at.place)

    at.holder = w.someone(at)
    at.post = post_of(w, at.holder, at.org, "committee_member")
    at.document = documents.record(
        by=None, org=at.org, doc_class="org_life", title=text("document"), number=text("document"),
        valid_from=SINCE, review_due=date(2023, 12, 1),
    )  # fmt: skip
    at.term = terms.record(by=None, org=at.org, elected_on=SINCE, expires_on=date(2023, 9, 1))
    at.figure = figures.record(
        by=None, org=at.org, name="staff", as_of=TODAY, value=Decimal(100), source=text("figure")
    )
    if at.org.kind == "branch":
        at.branch = at.org
        at.relation = relations.record(
            by=None, kind="pairing", org=at.org, valid_from=SINCE, partner=text("relation"),
            note=text("relation"),
        )  # fmt: skip
    elif at.org.kind != "group":
        draft = recuts.prepare(
            by=None, org=at.org, title=text("recut"), category="faculty", on_day=TODAY
        )
        at.committee = at.org
        at.recut = recuts.add_branch(by=None, recut=draft, name=text("recut"))


def held(w: World, at: At) -> None:
    """An activity with somebody absent; a planned one; one that was withdrawn."""

    def text(about: str = "activity") -> str:
        return w.birds.text(about, at.place)

    def drafted(**more: Any) -> Draft:
        given = {
            "kind": "collective_study", "title": text(), "held_on": YESTERDAY, "hours": Decimal(2),
            "hosts": (at.org,), "attended": (Attended(w.someone(at).pk),), "place": text(),
            "summary": text(), "own": {"studied": text("detail")}, **more,
        }  # fmt: skip
        return Draft(**given)

    absent: dict[int, str] = {}
    if at.org.kind == "branch":
        absent = {at.person.pk: w.birds.text("absence", at.place)}
    made = activities.record(by=None, draft=drafted(absent=absent))
    changed = replace(draft_of(made), title=text(), place=text(), late_reason=text())
    at.activity = activities.correct(by=None, activity=made, version=1, draft=changed)
    late = activities.record(by=None, draft=drafted(title=text()))
    at.withdrawn = activities.withdraw(by=None, activity=late, version=1, reason=text())


def matters(w: World, at: At) -> None:
    def text(about: str) -> str:
        return w.birds.text(about, at.place)

    at.span = at.person.memberships.get()
    memberships.set_exempt(
        by=None, person=at.double, exempt=True, on=YESTERDAY, reason=text("membership")
    )
    at.letter = letters.issue(
        by=None, person=at.sender, number=text("letter"), heading=text("letter") + "党委",
        to_unit=text("letter"), issued_on=YESTERDAY, valid_days=90, dues_until=TODAY,
    )  # fmt: skip
    at.register = registers.enter(
        by=None, person=at.person, kind="mobile", valid_from=SINCE, place=text("register")
    )
    registers.get_in_touch(by=None, person=at.person, on_day=SINCE, how=text("register"))
    at.request = corrections.ask(
        by=None, person=at.person, about=text("request"), says=text("request")
    )
    answered = corrections.ask(
        by=None, person=at.person, about=text("request"), says=text("request")
    )
    corrections.answer(by=None, request=answered, accepted=False, answer=text("request"))
    restricted.record(
        by=None, person=at.person, wage=w.birds.secret(at.place, f"{w.number + 76543}"),
        hardship=text("sealed"), political_review=text("sealed"),
    )  # fmt: skip
    at.pioneer = relations.record(
        by=None, kind="pioneer_post", person=at.person, org=at.org, valid_from=SINCE,
        note=text("relation"),
    )  # fmt: skip
