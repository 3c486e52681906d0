"""Links as their kinds say, and who lacks one: lists to work from, in reach."""

from datetime import date
from typing import Any

import pytest

from guantong.records import catalogue
from guantong.records.actions import relations
from guantong.records.models import User
from guantong.records.uncovered import Uncovered, uncovered
from tests.factories import SINCE, TODAY, Cast, make_person, owner
from tests.records.conftest import refused


def lacking(by: User, kind: str) -> Uncovered:
    return next(one for one in uncovered(by, TODAY) if one.kind == kind)


def names(rows: Any) -> list[str]:
    return [str(row) for row in rows]


def record(kind: str, **sides: Any) -> None:
    relations.record(**{"by": None, "kind": kind, "valid_from": SINCE, **sides})


def test_every_kind_of_link_has_two_sides_and_a_basis() -> None:
    for kind, entry in catalogue.current().kinds["relations"].items():
        assert {entry["from"], entry["to"]} <= {"person", "org"}, kind
        assert entry["basis"]["instrument"] in catalogue.current().regulations, kind


def test_colleges_without_a_leader_who_looks_after_them(cast: Cast) -> None:
    assert names(lacking(cast.office, "contact_point").orgs) == ["甲学院党委", "乙学院党委"]
    record("contact_point", person=owner(cast.member), other_org=cast.college)
    assert names(lacking(cast.office, "contact_point").orgs) == ["乙学院党委"]
    assert names(lacking(cast.officer, "contact_point").orgs) == []


def test_colleges_where_no_branch_has_a_team(cast: Cast) -> None:
    assert names(lacking(cast.office, "team").orgs) == ["甲学院党委", "乙学院党委"]
    record("team", person=owner(cast.member), other_org=cast.branch, note="社区志愿服务队")
    assert names(lacking(cast.office, "team").orgs) == ["乙学院党委"]
    assert names(lacking(cast.office, "contact_point").orgs) == ["甲学院党委", "乙学院党委"]


def test_a_link_that_has_ended_covers_nothing(cast: Cast) -> None:
    record(
        "contact_point", person=owner(cast.member), other_org=cast.college,
        valid_to=date(2023, 1, 1),
    )  # fmt: skip
    assert cast.college in lacking(cast.office, "contact_point").orgs


def test_branches_that_are_not_paired_on_either_side_or_outside(cast: Cast) -> None:
    record("pairing", org=cast.branch, other_org=cast.sibling)
    assert names(lacking(cast.office, "pairing").orgs) == ["乙学院学生第一党支部"]
    record("pairing", org=cast.other_branch, partner="梅州市某村党支部")
    assert names(lacking(cast.office, "pairing").orgs) == []


def test_young_activists_among_the_teachers_without_a_leader(cast: Cast) -> None:
    born = {"young": date(1983, 6, 16), "older": date(1982, 6, 15), "unknown": None}
    people = {
        name: make_person(name, cast.branch, status="activist", birth_date=day)
        for name, day in born.items()
    }
    make_person("student", cast.other_branch, status="activist", birth_date=date(2003, 1, 1))
    found = lacking(cast.office, "activist_link")
    assert (names(found.people), found.unknown) == (["young"], 1)
    record("activist_link", person=owner(cast.officer), other_person=people["young"])
    assert names(lacking(cast.office, "activist_link").people) == []


@pytest.mark.parametrize(
    ("kind", "sides", "reason"),
    [
        ("contact_point", {"org": "branch", "other_org": "sibling"}, "要从联系领导开始"),
        ("mentor", {"person": "member", "org": "branch"}, "另一方是青年教师"),
        ("pairing", {"person": "member", "org": "branch", "other_org": "sibling"}, "要从党支部"),
        ("pairing", {"org": "branch", "other_org": "college"}, "“甲学院党委”不是党支部"),
        ("pioneer_post", {"person": "member", "other_person": "officer"}, "另一方是所在组织"),
        ("team", {"person": "member", "org": "branch", "partner": "外单位"}, "不登记校外单位"),
    ],
)
def test_a_link_has_the_sides_of_its_kind(
    cast: Cast, kind: str, sides: dict[str, str], reason: str
) -> None:
    given: dict[str, Any] = {}
    for name, who in sides.items():
        row = getattr(cast, who, who)
        given[name] = owner(row) if isinstance(row, User) else row
    with refused(reason):
        record(kind, **given)


def test_a_branch_names_its_own_pioneers_and_teams_and_nothing_else(cast: Cast) -> None:
    who = {"person": owner(cast.member), "other_org": cast.branch, "by": cast.secretary}
    for kind in ("pioneer_post", "commando", "team"):
        record(kind, note="实验室安全岗", **who)
    with refused("权限"):
        record("contact_point", **who)
    with refused("权限"):
        record("pioneer_post", **{**who, "by": cast.outsider})
