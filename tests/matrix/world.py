"""The school of the matrix: in every place one thing of every kind, each text of it a canary.

A new kind of record gets a line where its like is furnished; `test_every_text_column` says so.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

from django.apps import apps
from django.db.models import CharField, Model, TextField
from django.test import Client

from guantong.records import qualification
from guantong.records.actions import (
    activities,
    corrections,
    documents,
    figures,
    grants,
    imports,
    ledger,
    letters,
    memberships,
    merging,
    orgs,
    people,
    plans,
    posts,
    readings,
    recuts,
    registers,
    relations,
    restricted,
    school,
    terms,
    users,
)
from guantong.records.drafts import Attended, Draft, draft_of
from guantong.records.models import (
    Activity,
    Assessment,
    Entry,
    Membership,
    Org,
    OrgChange,
    Person,
    PlanWording,
    Post,
    ReadingChoice,
    School,
    User,
)
from tests.factories import SINCE, TODAY
from tests.matrix.canaries import Aviary
from tests.matrix.oracle import BRANCHES, READERS, SELVES, TREE, Reader
from tests.records.spreadsheets import an_id, held, roll

YESTERDAY: Final = TODAY - timedelta(days=1)
KINDS: Final = {"school": "school_committee", "general": "general_branch", "group": "group"}
ROLES: Final = {"office": "school_office", "admin": "system_admin", "inspector": "inspector"}
# Columns that hold a code, a digest or what is derived from others: no place for a text.
CODES: Final = {
    "activity.kind", "assessment.catalogue_hash", "assessment.engine", "assessment.plan",
    "attendance.role", "document.doc_class", "entry.bearer_kind", "entry.obligation",
    "entry.verdict", "event.subject", "event.verb", "figure.name", "grant.role",
    "importbatch.kind", "importbatch.sha256", "importbatch.state", "job.kind",
    "membership.departure", "membership.status", "org.category", "org.kind", "org.path",
    "org.sort_key", "person.gender", "person.id_index", "person.letters", "person.pinyin",
    "calendarfeed.digest", "orgchange.kind", "signinsheet.secret",
    "planwording.path", "planwording.plan", "post.post", "post.qualified_as",
    "readingchoice.option", "readingchoice.reading", "recut.category", "recut.state",
    "relation.kind", "school.plan", "user.password", "whereabouts.kind",
    "whereabouts.situation",
}  # fmt: skip
# Tables that came while this was made and wait for being furnished. Nothing new goes here.
TABLES_WAITING: Final = {
    "agendaitem", "attachment", "budgetline", "call", "case", "casehand", "casenote",
    "casestep", "closedmonth", "criterioncheck", "delivery", "detail", "discrepancy",
    "documentcheck", "duespayment", "duesrate", "duesrelief", "followup", "hourscertificate",
    "importrow", "importsource", "paper", "papertemplate", "quota", "reconciliation",
    "spending", "storedfile", "trustedissuer", "unfinishedform", "variantchoice",
}  # fmt: skip
# Texts of no place, which no page shows.
NOWHERE: Final = {"job.trouble"}


class At(SimpleNamespace):
    """What there is in one place, by kind."""

    place: str

    def ids(self, kinds: str) -> list[int]:
        return [getattr(self, kind).pk for kind in kinds.split()]


@dataclass
class World:
    birds: Aviary = field(default_factory=Aviary)
    at: dict[str, At] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    number: int = 0
    fingerprint: str = ""

    def places(self, kinds: str) -> list[At]:
        """Where there is one of every kind named."""
        return [at for at in self.at.values() if all(hasattr(at, kind) for kind in kinds.split())]

    def new(self, text: str = "新") -> str:
        """A text that stands nowhere yet."""
        self.number += 1
        return f"{text}{self.number}"


def build() -> World:
    w = World()
    school.set_up(
        name=w.birds.text("school", "", word="大学"), records_since=SINCE, plan="jyu-2021-2023",
        today=TODAY,
    )  # fmt: skip
    for place in TREE:
        w.at[place] = At(place=place, org=_org(w, place))
    for branch in BRANCHES:
        _people(w, w.at[branch])
    for reader in READERS:
        _account(w, reader)
    for place in TREE:
        _papers(w, w.at[place])
        _held(w, w.at[place])
    for branch in BRANCHES:
        _matters(w, w.at[branch])
    _whole(w)
    _touched(w)
    _fill(w)
    _last(w)
    _linked(w)
    _sign_in(w)
    return w


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


# People


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


def _people(w: World, at: At) -> None:
    def one(status: str = "full", **more: Any) -> Person:
        return _person(w, at.place, at.org, status, **more)

    at.person, at.sender, at.double = one(), one(), one()
    at.twin = one(id_number=None)
    at.activist, at.probationer, at.suspended = map(one, ("activist", "probationary", "suspended"))
    at.leaver, at.merged, at.absorbed = one(), one(), one(id_number=None)
    memberships.leave(
        by=None, person=at.leaver, on=YESTERDAY, reason=w.birds.text("membership", at.place)
    )


def _account(w: World, reader: Reader) -> None:
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
        _post(w, person, w.at[reader.place].org, "organiser")
    elif reader.role == "secretary" and person is not None:
        _post(w, person, w.at[reader.place].org, "secretary")
    elif reader.role:
        org = w.at[reader.place].org if reader.place not in ("", "school") else None
        until = date(2023, 7, 1) if reader.role == "inspector" else None
        _grant(w, user, ROLES[reader.role], org, until)
    for place in reader.formerly:
        _formerly(w, user, w.at[place].org)
    if reader.name == "disabled":
        w.clients[reader.name] = _client(user)
        users.disable(by=None, user=user)


def _post(w: World, person: Person, org: Org, post: str, **more: Any) -> Any:
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
        _post(w, user.person, org, "deputy_secretary", valid_to=TODAY)
    _grant(w, user, "college_officer", org, TODAY)


# What an organisation has


def _papers(w: World, at: At) -> None:
    def text(about: str) -> str:
        return w.birds.text(about, at.place)

    at.holder = _someone(w, at)
    at.post = _post(w, at.holder, at.org, "committee_member")
    at.document = documents.record(
        by=None, org=at.org, doc_class="org_life", title=text("document"), number=text("document"),
        valid_from=SINCE, review_due=date(2023, 12, 1),
    )  # fmt: skip
    at.term = terms.record(by=None, org=at.org, elected_on=SINCE, expires_on=date(2023, 9, 1))
    at.figure = figures.record(
        by=None, org=at.org, name="staff", as_of=TODAY, value=Decimal(100), source=text("figure")
    )
    at.relation = relations.record(
        by=None, kind="pairing", org=at.org, valid_from=SINCE, partner=text("relation"),
        note=text("relation"),
    )  # fmt: skip
    if at.org.kind not in ("branch", "group"):
        draft = recuts.prepare(
            by=None, org=at.org, title=text("recut"), category="faculty", on_day=TODAY
        )
        at.committee = at.org
        at.recut = recuts.add_branch(by=None, recut=draft, name=text("recut"))


def _someone(w: World, at: At) -> Person:
    """A member of the branch itself, or of one below."""
    if at.org.kind == "branch":
        return w.at[at.place].double
    below = {"school": "branch", "college": "branch", "general": "leaf", "group": "branch"}
    return w.at[below.get(at.place, "other branch")].double


def _held(w: World, at: At) -> None:
    """An activity with somebody absent; a planned one; one that was withdrawn."""

    def text(about: str = "activity") -> str:
        return w.birds.text(about, at.place)

    def drafted(**more: Any) -> Draft:
        given = {
            "kind": "collective_study", "title": text(), "held_on": YESTERDAY, "hours": Decimal(2),
            "hosts": (at.org,), "attended": (Attended(_someone(w, at).pk),), "place": text(),
            "summary": text(), **more,
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


# What goes on about people


def _matters(w: World, at: At) -> None:
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
    row = {"hosts": (at.org.name,), "title": text("batch"), "place": text("batch")}
    parsed: Any = replace(held(row), file_name=text("batch"))
    at.batch = imports.preview(by=None, parsed=parsed)
    row = {"name": text("roll"), "org": at.org.name, "number": text("roll")}
    parsed = replace(roll(row), file_name=text("roll"))
    at.roll = imports.preview(by=None, parsed=parsed)


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
        for name in (span.org.name, span.org.short_name):
            w.birds.add(name, told_by=person)
    for post in Post.objects.select_related("org", "person"):
        (org,), (person,) = places_of(w, post.org), places_of(w, post.person)
        for name in (post.org.name, post.org.short_name):
            w.birds.add(name, told_by=person, above=org)
        w.birds.add(post.person.name, places=org, above=org)


# Every other column


def places_of(w: World, row: Model) -> tuple[str, ...]:
    """Where a row belongs: itself a place, or where what it leads to does."""
    match row:
        case Org():
            return (next(at.place for at in w.at.values() if getattr(at, "org", None) == row),)
        case Person():
            return (_place_of_person(w, row),)
        case User():
            return tuple(name for name, user in w.users.items() if user == row)
        case Activity():
            return tuple(place for host in row.hosts.all() for place in places_of(w, host))
        case PlanWording() | ReadingChoice() | School():
            return ("",)
    for names in (("kept",), ("person", "other_person", "org", "other_org"), ("activity",)):
        leads = [getattr(row, name, None) for name in names]
        if found := [place for to in leads if to for place in places_of(w, to)]:
            return tuple(dict.fromkeys(found))
    return ("school",)


def _place_of_person(w: World, person: Person) -> str:
    own = {at.person.pk: at.place for at in w.at.values() if at.place in SELVES}
    if person.pk in own:
        return own[person.pk]
    if person.merged_into is not None:
        return _place_of_person(w, person.merged_into)
    (place,) = places_of(w, person.memberships.latest("valid_from").org)
    return place


def columns() -> list[tuple[type[Model], Any]]:
    """Every column that may hold a text of somebody's."""
    return [
        (model, column)
        for model in apps.get_app_config("records").get_models()
        if model._meta.model_name not in TABLES_WAITING
        for column in model._meta.concrete_fields
        if isinstance(column, CharField | TextField) and name_of(column) not in CODES | NOWHERE
    ]


def name_of(column: Any) -> str:
    return f"{column.model._meta.model_name}.{column.name}"


def _fill(w: World) -> None:
    """A canary into every text that has none yet."""
    for model, column in columns():
        manager = getattr(model, "everyone", model._default_manager)
        for row in manager.all():
            if "ZK" in (getattr(row, column.name) or ""):
                continue
            text = w.birds.text(name_of(column), *places_of(w, row))
            model._base_manager.filter(pk=row.pk).update(**{column.name: text})


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
            w.clients[reader.name] = _client(user) if user else Client()
    for at in w.at.values():
        for row in vars(at).values():
            if isinstance(row, Model):
                row.refresh_from_db()


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
