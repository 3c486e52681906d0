"""Every page by every account: who sees it, who may act, and that nothing leaks.

The school is built once, in a database of its own; what a test sends is rolled back. What is held
against it: `pages` (one line a page), `oracle` (who may do what), `canaries` (who may read what).
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import get_resolver, reverse

from guantong.records import clock
from guantong.records.actions import merging, snapshots
from guantong.records.merging import RULES
from guantong.records.models import Detail, Event, Merge, Person, SignIn
from tests.conftest import database_named, database_of_its_own
from tests.matrix import canaries
from tests.matrix.lines import Page
from tests.matrix.oracle import READERS, Reader, position
from tests.matrix.pages import PAGES
from tests.matrix.world import At, World, build, columns, name_of
from tests.matrix.world.accounts import client_of
from tests.records.conftest import fingerprint
from tests.test_architecture import PUBLIC, urls

pytestmark = pytest.mark.django_db
SIGN_IN: Final = "/account/login/"
TOKEN: Final = re.compile(r'"\w{64}"')  # against forgery; another one each time
WRITES: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)", re.IGNORECASE)
OF_ALLAUTH: Final = {"account_reauthenticate", "account_change_password"}  # of one's own account
NOT_RECORDS: Final = {"django_session"}
DEEP: Final = bool(os.environ.get("GUANTONG_DEEP"))
ASKING: Final = [reader for reader in READERS if reader.name in ("officer", "secretary", "member")]
OFFICE: Final = READERS[0]
ASKED: Final = ["q=ZKQX&export=xlsx", "q=ZKQX"]
METHODS: Final = ["put", "patch", "delete", "options", "trace"]
ONCE: Final = list({line.read_as: line for line in reversed(PAGES)}.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def _attached_files(settings: Any, folder: Path) -> None:
    settings.MEDIA_ROOT = folder


@pytest.fixture(scope="module")
def school(django_db_setup: None, django_db_blocker: Any, folder: Path) -> Iterator[World]:
    own = database_of_its_own("matrix", django_db_blocker, build)
    with override_settings(MEDIA_ROOT=folder), own as (name, world), database_named(name):
        with django_db_blocker.unblock():
            world.fingerprint = fingerprint()
        yield world


@dataclass
class Walk:
    """A walk through pages, and what it met that should not be."""

    world: World
    wrong: list[str] = field(default_factory=list)

    def visit(
        self, reader: Reader, method: str, where: str, given: Any = None, shows: str = ""
    ) -> Any:
        client = self.world.clients[reader.name]
        response = getattr(client, method)(where, given)
        client.cookies.pop("messages", None)  # or the next page would tell of this one
        told = canaries.said(response)
        for typed in (given or {}).values():
            if canaries.MARK.search(str(typed)):
                told = told.replace(str(typed), "")  # what he knew himself
        for canary in self.world.birds.seen_in(told):
            if canary.about != shows and not canary.may_be_seen_by(reader):
                self.say(f"{reader.name} reads {canary} on {where}")
        if reader.closed and not response.get("Location", "").startswith(SIGN_IN):
            self.say(f"{reader.name} is not sent to sign in by {where}")
        return response

    def require(self, reader: Reader, at: At | None, response: Any, right: set[int]) -> None:
        if response.status_code not in right:
            asked = response.wsgi_request
            where = f"{asked.get_full_path()} ({at.place if at else ''})"
            form = (response.context or {}).get("form")
            why = form.errors.as_json(escape_html=False) if form is not None else ""
            self.say(
                f"{reader.name} {asked.method} {where}: "
                f"{response.status_code}, not {sorted(right)} {why}"
            )

    def say(self, what: str) -> None:
        if what not in self.wrong:
            self.wrong.append(what)

    @contextmanager
    def nothing_written(self, what: str) -> Iterator[None]:
        def watch(execute: Any, sql: str, *more: Any) -> Any:
            found = WRITES.match(sql)
            if found and found[1] not in NOT_RECORDS:
                self.say(f"{what} wrote: {sql[:80]}")
            return execute(sql, *more)

        with connection.execute_wrapper(watch):
            yield


@contextmanager
def walking(school: World) -> Iterator[Walk]:
    walk = Walk(school)
    yield walk
    if walk.wrong:
        pytest.fail("\n".join(walk.wrong), pytrace=False)


def visits(line: Page, world: World) -> Iterator[tuple[Reader, list[At | None]]]:
    """For each reader one place for each way in which it can lie, seen from there.

    Of those who hold one role, the others go only where it lies otherwise. Unless the run is a
    deep one: one place for each answer that is right, another one from line to line.
    """
    turn = PAGES.index(line)
    for number, (reader, places) in enumerate(all_visits(line, world)):
        if DEEP or not line.about:
            yield reader, places
            continue
        by_answer = defaultdict[Any, list[At | None]](list)
        for at in places:
            place = at.place if at else ""
            right = [line.expected(reader, place, sent=sent) for sent in (False, True)]
            by_answer[str(right), place in line.works].append(at)
        yield reader, [at for group in by_answer.values() for at in some(group, turn + number)]


def some[T](among: list[T], turn: int) -> list[T]:
    """One of them, if there is any; each in its turn."""
    return among[turn % len(among) :][:1] if among else []


def all_visits(line: Page, world: World) -> Iterator[tuple[Reader, list[At | None]]]:
    met = set()
    for reader in READERS:
        ways: dict[Any, At] = {}
        for at in world.places(line.kinds) if line.about else ():
            way = (reader.role or reader.name, position(reader, at.place))
            if way not in met or at.place in line.works:
                ways.setdefault((way, at.place in line.works), at)
        met |= {way for way, _ in ways}
        yield reader, [*ways.values()] if line.about else [None]


# Reading


@pytest.mark.parametrize("line", ONCE, ids=str)
def test_a_page_is_seen_by_whom_it_is_for(school: World, line: Page) -> None:
    with walking(school) as walk:
        for reader, places in visits(line, school):
            told = {read(walk, reader, line, at) for at in places} - {""}
            if told and line.about and not line.about.startswith(">") and reader in ASKING:
                where = line.address_of_nothing(school, places[0], reader)
                told.add(plain(walk.visit(reader, "get", where)))
                if len(told) > 1:
                    walk.say(f"{reader.name} can tell what he may not see from what is not there")


def read(walk: Walk, reader: Reader, line: Page, at: At | None) -> str:
    """What is told of a page that is not found; nothing, if it is or should be."""
    where = line.address(walk.world, at, reader)
    with walk.nothing_written(f"{reader.name} reading {where}"):
        response = walk.visit(reader, "get", where, shows=line.tells)
    right = line.expected(reader, at.place if at else "", sent=False)
    walk.require(reader, at, response, right)
    return plain(response) if right == {404} else ""


def plain(response: Any) -> str:
    """An answer without what differs each time, and without its own address."""
    headers = sorted((k, v) for k, v in response.items() if k != "Content-Length")
    body = TOKEN.sub("", response.content.decode())
    return f"{headers}\n{body.replace(response.wsgi_request.get_full_path(), '')}"


# Sending


@pytest.mark.parametrize("line", PAGES, ids=str)
def test_a_form_is_sent_by_whom_it_is_for(school: World, line: Page) -> None:
    with walking(school) as walk:
        for reader, places in visits(line, school):
            send(walk, reader, line, places)


def send(walk: Walk, reader: Reader, line: Page, places: list[At | None]) -> None:
    """Done once where the reader may; refused the same way only once, too."""
    met = set()
    for at in places:
        place = at.place if at else ""
        right = line.expected(reader, place, sent=True)
        if line.sends is None or not line.allows(reader, place):
            if (way := str(right)) not in met:
                refuse(walk, reader, line, at, right)
        elif (way := "done") not in met and (not line.works or place in line.works):
            accept(walk, reader, line, at, right)
        else:
            continue
        met.add(way)


def refuse(walk: Walk, reader: Reader, line: Page, at: At | None, right: set[int]) -> None:
    where = line.address(walk.world, at, reader)
    with transaction.atomic(), walk.nothing_written(f"{reader.name} sending {where}"):
        response = walk.visit(reader, "post", where, line.form(walk.world, at, reader))
        transaction.set_rollback(True)
    walk.require(reader, at, response, right)


def accept(walk: Walk, reader: Reader, line: Page, at: At | None, right: set[int]) -> None:
    """The events are left, by the reader; then all is undone."""
    last = Event.objects.latest("id").pk
    where = line.address(walk.world, at, reader)
    with transaction.atomic():
        response = walk.visit(reader, "post", where, line.form(walk.world, at, reader), line.shows)
        left = list(Event.objects.filter(pk__gt=last).values_list("verb", "by"))
        transaction.set_rollback(True)
    walk.require(reader, at, response, right)
    if line.leaves.endswith("+"):
        left = list(dict.fromkeys(left))
    verbs = line.leaves.rstrip("+").split()
    if left != [(verb, walk.world.users[reader.name].pk) for verb in verbs]:
        walk.say(f"{reader.name} sends {where} and leaves {left}")


# Other ways of asking


@pytest.mark.parametrize("line", [line for line in ONCE if not line.in_path], ids=str)
def test_no_list_tells_more_when_it_is_searched_or_exported(school: World, line: Page) -> None:
    """What is in no list is in no file of it, and is not found in it either."""
    with walking(school) as walk:
        for reader, places in visits(line, school):
            at = places[0] if places else None
            if not at and line.about.startswith("?"):
                continue
            if line.expected(reader, at.place if at else "", sent=False) == {200, 302}:
                for asked in ASKED if DEEP else some(ASKED, PAGES.index(line)):
                    where = line.address(school, at, reader)
                    where += f"{'&' if '?' in where else '?'}{asked}"
                    response = walk.visit(reader, "get", where)
                    walk.require(reader, at, response, {200, 302})


def test_a_part_is_found_below_its_whole_alone(school: World) -> None:
    """Who may see both finds none of one place in the address of another."""
    with walking(school) as walk:
        for line in ONCE:
            first, *parts = line.kinds.split() or [""]
            for part in parts:
                here, there = school.places(line.kinds)[:2]
                ids = [getattr(here, first).pk, getattr(there, part).pk]
                method = "post" if line.only_takes else "get"
                response = walk.visit(OFFICE, method, reverse(line.name, args=[*ids, *line.args]))
                walk.require(OFFICE, here, response, {404})


def test_who_is_named_in_a_case_finds_that_one_and_no_other(school: World) -> None:
    client = client_of(school.users["named"])
    for at in school.places("problem planned")[:2]:
        found = [client.get(reverse("case", args=[row.pk])) for row in (at.problem, at.planned)]
        assert [one.status_code for one in found] == [200, 404], at.place


def test_pages_are_got_and_forms_are_posted_and_nothing_else(school: World) -> None:
    with walking(school) as walk:
        for line in ONCE:
            at = next(iter(school.places(line.kinds)), None) if line.about else None
            for method in METHODS if DEEP else some(METHODS, PAGES.index(line)):
                response = walk.visit(OFFICE, method, line.address(school, at, OFFICE))
                walk.require(OFFICE, at, response, {405})


def test_nothing_is_done_for_a_form_of_another_site(school: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = school.clients[OFFICE.name].cookies
    for line in PAGES:
        if line.sends is not None:
            at = next(iter(school.places(line.kinds)), None) if line.about else None
            where, form = line.address(school, at, OFFICE), line.form(school, at, OFFICE)
            assert client.post(where, form).status_code == 403


# Whole


def test_every_page_has_its_line(school: World) -> None:
    known = {name for name, _ in urls(get_resolver().url_patterns)}
    lacking = known - PUBLIC - OF_ALLAUTH - {line.name for line in PAGES}
    assert not lacking, f"add a line in tests/matrix/pages/ for {sorted(lacking)}"


def test_every_text_column_has_its_canary(school: World) -> None:
    """Of every table; a new one is furnished in `world`, so that its texts are watched."""
    lacking = {
        name_of(column)
        for model, column in columns()
        if not model._base_manager.filter(**{f"{column.name}__contains": "ZK"}).exists()
    }
    assert not lacking, f"furnish tests/matrix/world/ with {sorted(lacking)}"


def test_all_that_hangs_on_a_person_moves_with_a_merge_and_comes_back(school: World) -> None:
    """Of people who have something of every kind between them one is made, and several again."""
    with transaction.atomic():
        at = school.at["leaf"]
        SignIn.objects.create(activity=at.activity, person=at.person, at=clock.now())
        Detail.objects.create(activity=at.activity, field="talked_to", person=at.person)
        kept, *others = _people_with_everything(school)
        before = _everything()
        made = [merging.merge(by=None, kept=kept, absorbed=one, reason="同一人") for one in others]
        for model, names in _naming_people():
            for name in names:
                assert not model._base_manager.filter(**{f"{name}__in": others}).exists(), model
        for merge in reversed(made):
            merging.undo(by=None, merge=merge)
        assert _everything() == before
        transaction.set_rollback(True)


def _naming_people() -> Iterator[tuple[type[Model], list[str]]]:
    for model in RULES:
        yield model, [f.name for f in model._meta.fields if f.related_model is Person]


def _people_with_everything(school: World) -> list[Person]:
    """The branch's member, and whoever else it takes to have a row of every kind."""
    found, lacking = [school.at["branch"].person], set(RULES)
    for model, names in _naming_people():
        everyone = Person.objects.exclude(pk__in=[one.pk for one in found])
        if model in lacking:
            found += everyone.filter(pk__in=model._base_manager.values(names[0]))[:1]
        for other, links in _naming_people():
            if any(other._base_manager.filter(**{f"{one}__in": found}).exists() for one in links):
                lacking.discard(other)
    assert not lacking
    Person.objects.filter(pk__in=[one.pk for one in found[1:]]).update(id_index=None)
    return [Person.objects.get(pk=one.pk) for one in found]


def _everything() -> dict[str, list[Any]]:
    """All rows but the trail and the merges themselves; what was worked out without its ids."""
    found = {
        model.__name__: sorted(map(snapshots.plain, model._base_manager.all()), key=str)
        for model in apps.get_app_config("records").get_models()
        if model not in (Event, Merge)
    }
    found["Entry"] = sorted(({**row, "id": 0} for row in found["Entry"]), key=str)
    return found


def test_nothing_that_was_sent_is_left(school: World) -> None:
    """The last of all: what was done was taken back, and what was refused left no trace."""
    assert fingerprint() == school.fingerprint
