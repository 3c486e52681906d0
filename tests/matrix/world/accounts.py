"""People and accounts of the world: who holds which role, and who held one until yesterday."""

from datetime import date, timedelta
from typing import Any, Final

from django.test import Client

from guantong.records import qualification
from guantong.records.actions import grants, memberships, people, posts, users
from guantong.records.models import Org, Person, User
from tests.factories import SINCE, TODAY
from tests.matrix.oracle import SELVES, Reader
from tests.matrix.world.base import YESTERDAY, At, World
from tests.matrix.world.columns import places_of
from tests.records.spreadsheets import an_id

ROLES: Final = {"office": "school_office", "admin": "system_admin", "inspector": "inspector"}


def _person(w: World, place: str, branch: Org, status: str = "full", **more: Any) -> Person:
    """With everything that is kept of somebody, but for what `more` says otherwise."""
    w.number += 1
    birth = date(1980, 1, 1) + timedelta(days=w.number)
    given = {
        "name": w.birds.text("person", place, word="人"), "birth_date": birth,
        "number": w.birds.text("person.number", place),
        "id_number": w.birds.secret(place, an_id(w.number, f"{birth:%Y%m%d}")),
        "phone": w.birds.secret(place, f"139{w.number:08}"),
        "address": w.birds.text("sealed", place, word="某省某市"),
        "joined_on": date(2019, 1, 1) if status != "activist" else None,
        "full_member_on": date(2020, 1, 1) if status == "full" else None, **more,
    }  # fmt: skip
    return people.register(by=None, org=branch, status=status, since=SINCE, **given)


def people_of(w: World, at: At) -> None:
    def one(status: str = "full", **more: Any) -> Person:
        return _person(w, at.place, at.org, status, **more)

    at.person, at.sender, at.double = one(), one(), one()
    at.twin = one(id_number=None)
    at.activist, at.probationer, at.suspended = map(one, ("activist", "probationary", "suspended"))
    at.leaver, at.merged, at.absorbed = one(), one(), one(id_number=None)
    memberships.leave(
        by=None, person=at.leaver, on=YESTERDAY, reason=w.birds.text("membership", at.place)
    )


def account(w: World, reader: Reader) -> None:
    if reader.name == "anonymous":
        return
    person = None
    if reader.own:
        person = _person(w, reader.own, w.at[reader.member_of].org)
        w.at[reader.own] = At(place=reader.own, person=person)
    user = users.open_account(
        by=None, username=w.birds.text("user", reader.name),
        name=w.birds.text("user", reader.name), password="matrix-of-pages", person=person,
    )  # fmt: skip
    w.users[reader.name] = user
    if reader.role == "officer" and person is not None:
        post_of(w, person, w.at[reader.place].org, "organiser")
    elif reader.role == "secretary" and person is not None:
        post_of(w, person, w.at[reader.place].org, "secretary")
    elif reader.role:
        org = w.at[reader.place].org if reader.place not in ("", "school") else None
        until = date(2023, 7, 1) if reader.role == "inspector" else None
        _grant(w, user, ROLES[reader.role], org, until)
    for place in reader.formerly:
        _formerly(w, user, w.at[place].org)
    if reader.name == "disabled":
        w.clients[reader.name] = client_of(user)
        users.disable(by=None, user=user)


def post_of(w: World, person: Person, org: Org, post: str, **more: Any) -> Any:
    places = places_of(w, org) + tuple(one for one in places_of(w, person) if one in SELVES)
    evidence = qualification.Evidence(document=w.birds.text("post", *places))
    given = {"valid_from": SINCE, "evidence": evidence, **more}
    return posts.appoint(by=None, person=person, org=org, post=post, **given)


def _grant(w: World, user: User, role: str, org: Org | None, until: date | None) -> None:
    grants.give(
        by=None, user=user, role=role, org=org, valid_from=SINCE, valid_to=until,
        reason=w.birds.text("event", "school"),
    )  # fmt: skip


def _formerly(w: World, user: User, org: Org) -> None:
    """A post and a grant that ended yesterday."""
    assert user.person is not None
    if org.kind == "branch":
        post_of(w, user.person, org, "deputy_secretary", valid_to=TODAY)
    _grant(w, user, "college_officer", org, TODAY)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
