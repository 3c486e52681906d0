"""The small standing cast of the tests: one school, two colleges, and who acts in them.

Everything is made by the actions themselves, as the system. The school lives on TODAY.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.records.actions import activities, grants, orgs, people, posts, school, users
from guantong.records.drafts import Draft
from guantong.records.models import Activity, Org, Person, Post, User

TODAY = date(2023, 6, 15)
SINCE = date(2022, 1, 1)


@dataclass(frozen=True)
class Cast:
    """A school with college A (branches A1 and A2) and college B (branch B1)."""

    school: Org
    college: Org
    branch: Org
    sibling: Org
    other_college: Org
    other_branch: Org

    secretary: User  # of branch A1, by post
    officer: User  # organiser of college A, by post
    office: User  # the organisation department, by grant
    inspector: User  # for the whole school until 1 July, by grant
    outsider: User  # secretary of branch B1, by post
    admin: User  # system administrator, by grant
    member: User  # of branch A1, nothing else
    stranger: User  # an account that belongs to nobody

    secretary_post: Post

    def everyone(self) -> dict[str, User]:
        return {name: row for name, row in vars(self).items() if isinstance(row, User)}


def make_cast() -> Cast:
    school.set_up(name="示例大学", records_since=SINCE, plan="jyu-2021-2023", today=TODAY)
    top = make_org("示例大学党委", "school_committee", None)
    college, other_college = (
        make_org(f"{name}学院党委", "college_committee", top) for name in ("甲", "乙")
    )
    branch, sibling = (
        make_org(f"甲学院教师第{n}党支部", "branch", college, category="faculty") for n in "一二"
    )
    other_branch = make_org("乙学院学生第一党支部", "branch", other_college, category="student")
    secretary = make_person("支书甲", branch)
    outsider = make_person("支书乙", other_branch)
    officer = make_person("组织员甲", sibling)
    secretary_post = appoint(secretary, branch, "secretary")
    appoint(outsider, other_branch, "secretary")
    appoint(officer, college, "organiser", full_time=True)
    return Cast(
        school=top,
        college=college,
        branch=branch,
        sibling=sibling,
        other_college=other_college,
        other_branch=other_branch,
        secretary=make_user("secretary", secretary),
        officer=make_user("officer", officer),
        office=make_user("office", role="school_office"),
        inspector=make_user("inspector", role="inspector", valid_to=date(2023, 7, 1)),
        outsider=make_user("outsider", outsider),
        admin=make_user("admin", role="system_admin"),
        member=make_user("member", make_person("党员甲", branch)),
        stranger=make_user("stranger"),
        secretary_post=secretary_post,
    )


def make_org(name: str, kind: str, parent: Org | None, **more: Any) -> Org:
    return orgs.found(by=None, name=name, kind=kind, parent=parent, valid_from=SINCE, **more)


def make_person(name: str, branch: Org, *, since: date = SINCE, **more: Any) -> Person:
    more = {"status": "full", **more}
    return people.register(by=None, org=branch, since=since, name=name, **more)


def appoint(person: Person, org: Org, post: str, **more: Any) -> Post:
    more = {"valid_from": SINCE, **more}
    return posts.appoint(by=None, person=person, org=org, post=post, **more)


def make_user(
    username: str,
    person: Person | None = None,
    *,
    role: str | None = None,
    org: Org | None = None,
    valid_to: date | None = None,
) -> User:
    """An account whose password is its own name, four times over."""
    user = users.open_account(
        by=None, username=username, name=username, password=username * 4, person=person
    )
    if role:
        grants.give(by=None, user=user, role=role, org=org, valid_from=SINCE, valid_to=valid_to)
    return user


def owner(user: User) -> Person:
    """The person to whom an account of the cast belongs."""
    assert user.person is not None
    return user.person


def make_draft(*hosts: Org, **more: Any) -> Draft:
    """A theme day of two hours, held yesterday, with everyone there."""
    content = {
        "kind": "theme_day",
        "title": "学习讨论",
        "held_on": date(2023, 6, 14),
        "hours": Decimal(2),
        **more,
    }
    return Draft(hosts=hosts, **content)


def make_activity(*hosts: Org, by: User | None = None, **more: Any) -> Activity:
    return activities.record(by=by, draft=make_draft(*hosts, **more))
