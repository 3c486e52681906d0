"""A small school in which the courses of the process files can be walked on the real database.

Every number of a course becomes somebody: the person concerned, whoever acts (with the post or
grant that makes such an actor), whomever a step names. What the files say is given by the records
is put on record here, so that the application finds it by itself.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guantong.processes import model as m
from guantong.processes.examples import SUBJECT, Example, Move
from guantong.records import case_facts, catalogue, criteria
from guantong.records.actions import (
    activities,
    case_beside,
    cases,
    documents,
    grants,
    people,
    posts,
    school,
    terms,
    users,
)
from guantong.records.actions import orgs as org_actions
from guantong.records.actions.cases import Entry
from guantong.records.drafts import Attended, Draft
from guantong.records.models import Activity, Call, Case, CaseStep, Org, Person, Quota, User

BEGAN, TODAY = date(2018, 9, 10), date(2026, 3, 1)
POSTS = {
    "branch": ["secretary", "deputy_secretary", "committee_member"],
    "owner": ["deputy_secretary"],
    "college": ["organiser"],
    "receiver": ["secretary"],
}
MEMBERS = {"appraisal": (18, 2)}  # full and probationary, where a file counts both
AT_COLLEGE = ("secretary-review", "model-college")
SECRETARIES = 10
ELECTED = dict(enumerate("甲乙丙丁戊", start=11))  # by name, as on the tally sheet


@dataclass
class Stage:
    """Who and what there is for the courses of one process."""

    process: m.Process
    courses: list[Example]
    top: Org = field(init=False)
    college: Org = field(init=False)
    own: Org = field(init=False)
    near: Org = field(init=False)
    subject: Person | None = field(init=False, default=None)
    users: dict[int, User] = field(init=False, default_factory=dict)
    named: dict[int, Person] = field(init=False, default_factory=dict)
    call: Call | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        school.set_up(name="示例大学", records_since=BEGAN, plan="jyu-2021-2023", today=TODAY)
        self.top = found("示例大学党委", "school_committee", None)
        self.college = found("甲学院党委", "college_committee", self.top)
        branch, self.near, self.far = (
            found(f"甲学院教师第{n}党支部", "branch", self.college, category="faculty")
            for n in "一二三"
        )
        self.own = self.college if self.process.name in AT_COLLEGE else branch
        self._fill(branch)
        self._cast()
        self._give()

    @property
    def moves(self) -> list[Move]:
        return [move for course in self.courses for move in course.before]

    def _cast(self) -> None:
        """Everybody is there beforehand, so that any step can be taken back."""
        for number in ELECTED if self.process.name == "election" else ():
            self.person(number)
        for move in self.moves:
            (actor,) = move.attempt.actors
            self.actor(move.attempt.by, actor)
            kinds = {f.name: f.type for f in self.process.steps[move.attempt.step].fields}
            for name, value in (move.attempt.fields or {}).items():
                if kinds[name] is m.FieldType.PERSON:
                    self.person(value)

    def _fill(self, branch: Org) -> None:
        """As many members as the courses say, the person concerned among them."""
        name = self.process.name
        if self.process.of_person and name != "transfer-in":
            status = "applicant" if name == "recruitment" else "full"
            self.subject = enrol("当事人", branch, status)
        full, probationary = MEMBERS.get(name, (self._expected(), 0))
        full -= self.subject is not None and name != "recruitment"
        for n in range(full):
            enrol(f"党员{n}", branch)
        for n in range(probationary):
            enrol(f"预备{n}", branch, "probationary")

    def _expected(self) -> int:
        told = [pair for move in self.moves for pair in (move.attempt.fields or {}).items()]
        found = [value for name, value in told if name in COUNTED]
        return int(found[0]) if found else 3

    def _give(self) -> None:
        """What the process is given, on record."""
        kept, given = catalogue.handling().of[self.process.name], self.process.given
        if kept.called:
            self.call = Call.objects.create(
                process=self.process.name, org=self.top, title="通知", opens_on=date(2021, 1, 1),
                closes_on=date(2022, 5, 31) if "closes_on" in given else None,
            )  # fmt: skip
            Quota.objects.create(
                org=self.college, process=self.process.name, year=2021, call=self.call, number=2
            )
        for year in (2023, 2024):
            Quota.objects.create(org=self.college, process="recruitment", year=year, number=3)
        if "expires_on" in given:
            expires = date(2024, 6, 30)
            terms.record(by=None, org=self.own, elected_on=date(2021, 6, 30), expires_on=expires)
        if "plan_on_file" in given:
            documents.record(
                by=None, org=self.college, doc_class="emergency_plan", title="预案",
                valid_from=BEGAN,
            )  # fmt: skip
        if "secretaries" in given:
            for n in range(SECRETARIES):
                branch = found(f"分支{n}", "branch", self.college, category="mixed")
                appoint(enrol(f"书记{n}", self.near), branch, "secretary")

    # ---------------------------------------------------------------- who

    def actor(self, number: int, actor: str) -> User:
        user = self.users.get(number)
        if actor == "self":
            user = user or account(self.subject)
        if user is None:
            user = account(enrol(f"经办{number}", self.near))
        self.users[number] = user
        self._make(user, actor)
        return user

    def _make(self, user: User, actor: str) -> None:
        where = {"college": self.college, "receiver": self.far}.get(actor, self.own)
        if actor == "college" and self.own == self.college:
            where = self.top
        match actor:
            case "branch" | "owner" | "college" | "receiver":
                if user.person.posts.filter(org=where).exists():
                    return
                taken = set(where.posts.values_list("post", flat=True))
                post = next(p for p in POSTS[actor] if p not in taken or p != "secretary")
                leads = {"double_leader": True} if post == "secretary" else {}
                appoint(user.person, where, post, **leads)
            case "school" | "inspector":
                role = {"school": "school_office"}.get(actor, actor)
                if not user.grants.filter(role=role).exists():
                    until = date(2026, 12, 31)
                    grants.give(
                        by=None, user=user, role=role, org=None, valid_from=BEGAN, valid_to=until
                    )

    def person(self, number: int) -> Person:
        if number == SUBJECT and self.subject:
            return self.subject
        if number not in self.named:
            elected = self.process.name == "election" and ELECTED.get(number)
            name = elected or f"人员{number}"
            self.named[number] = enrol(name, self.near)
        return self.named[number]

    # ---------------------------------------------------------------- walking

    def begin(self) -> Case:
        on = min((move.attempt.on for move in self.moves), default=date(2022, 1, 1))
        kept = catalogue.handling().of[self.process.name]
        title = "新来的人" if kept.newcomer else "某件事" if kept.titled else ""
        return cases.begin(
            by=None, process=self.process.name, org=self.own, on=on, person=self.subject,
            title=title, call=self.call,
        )  # fmt: skip

    def take(self, case: Case, move: Move, **more: Any) -> CaseStep:
        attempt = move.attempt
        (actor,) = attempt.actors
        case.refresh_from_db()
        user = self.actor(attempt.by, actor)
        if actor in ("reviewer", "served") and not user.case_hands.filter(case=case).exists():
            case_beside.name_hand(by=None, case=case, actor=actor, username=user.username)
        self.state(case, move)
        if (case.process, attempt.step) == ("appraisal", "hold"):
            meet(self.own, attempt.on, int(attempt.fields["present"]))
        if attempt.step == "apply" and "items" in (attempt.fields or {}):
            for item in criteria.criteria(case.process).items:
                case_beside.check_item(by=None, case=case, item=item, says="已做到")
        case.refresh_from_db()
        entry = Entry(
            step=attempt.step, on=attempt.on, fields=self.fields(attempt.step, attempt.fields),
            asked={**self.asked(case, attempt.step), **more},
            reasons=dict(attempt.reasons or {}),
        )  # fmt: skip
        return cases.take_step(by=user, case=case, version=case.version, entry=entry)

    def asked(self, case: Case, step: str) -> dict[str, Any]:
        if (case.process, step) == ("election", "hand_over"):
            return {"members": case_facts.elected(case)}
        return ASKED.get((case.process, step), {})

    def state(self, case: Case, move: Move) -> None:
        """What no table holds yet is stated in the case, once."""
        for name in ("dues_settled", "months_unpaid", "due_per_month", "last_seen_on"):
            if name in self.process.given and name not in case.stated:
                case_beside.state_fact(
                    by=None, case=case, version=case.version, name=name, value=move.given[name],
                    reason="台账",
                )  # fmt: skip
                case.refresh_from_db()

    def fields(self, step: str, told: m.Values | None) -> dict[str, Any]:
        """Without what the records know, and with real people and branches."""
        known = {f.name: f for f in self.process.steps[step].fields}
        found: dict[str, Any] = {}
        for name, value in (told or {}).items():
            one = known[name]
            if one.derived:
                continue
            if one.type is m.FieldType.PERSON:
                value = self.person(value).pk
            if one.type is m.FieldType.ORG:
                value = (self.far if name == "to_branch" else self.own).pk
            found[name] = value
        return found


COUNTED = ("expected", "full_members")
ASKED: dict[tuple[str, str], dict[str, Any]] = {
    ("transfer-out", "issue"): {"number": "1", "dues_until": date(2024, 6, 1)},
    ("transfer-out", "reissue"): {"number": "2", "dues_until": date(2024, 10, 1)},
    ("transfer-in", "accept"): {"status": "full", "joined_on": date(2019, 5, 1)},
    ("election", "approve_extension"): {"approval": "批复"},
}


def found(name: str, kind: str, parent: Org | None, **more: Any) -> Org:
    return org_actions.found(
        by=None, name=name, kind=kind, parent=parent, valid_from=BEGAN, **more
    )


def enrol(name: str, branch: Org, status: str = "full") -> Person:
    complete: dict[str, Any] = {}
    if name == "当事人":
        complete = {"id_number": "11010119900307395X", "phone": "13800138000"}
        complete |= {"birth_date": date(2002, 5, 1)} if status == "applicant" else {
            "birth_date": date(1990, 3, 7), "joined_on": date(2010, 5, 1),
            "full_member_on": date(2011, 5, 1),
        }  # fmt: skip
        if status == "applicant":
            complete.pop("id_number")
    return people.register(by=None, org=branch, status=status, since=BEGAN, name=name, **complete)


def meet(branch: Org, on: date, present: int) -> None:
    """The branch's appraisal as an activity, at which so many were there."""
    who = Person.objects.filter(memberships__org=branch).in_order()[:present]
    draft = Draft(
        kind="appraisal", title="民主评议党员", held_on=on, hosts=(branch,), late_reason="补录",
        attended=tuple(Attended(one.pk) for one in who),
    )  # fmt: skip
    if not Activity.objects.filter(kind="appraisal", hosts=branch, held_on=on).exists():
        activities.record(by=None, draft=draft)


def account(person: Person | None) -> User:
    assert person is not None
    return users.open_account(
        by=None,
        username=f"u{person.pk}",
        name=person.name,
        password="long-enough-7",
        person=person,
    )


def appoint(person: Person, org: Org, post: str, **more: Any) -> None:
    posts.appoint(by=None, person=person, org=org, post=post, valid_from=BEGAN, **more)
