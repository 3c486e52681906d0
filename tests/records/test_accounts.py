"""Grants and accounts, the school's one row, the plan's wording, and the trail itself."""

from datetime import date

import pytest
from django.contrib.auth import authenticate

from guantong.records import clock
from guantong.records.actions import grants, plans, school, users
from guantong.records.models import Event, PlanWording, School
from tests.factories import SINCE, TODAY, Cast, make_person, make_user, owner
from tests.records.conftest import refused


def test_an_inspector_s_grant_needs_an_end(cast: Cast) -> None:
    user = make_user("visitor")
    with refused("要写明结束日") as caught:
        grants.give(by=cast.office, user=user, role="inspector", org=None, valid_from=TODAY)
    assert set(caught.value.fields) == {"valid_to"}
    grants.give(
        by=cast.office, user=user, role="inspector", org=None,
        valid_from=TODAY, valid_to=date(2023, 7, 1),
    )  # fmt: skip


def test_nobody_gives_a_role_to_himself(cast: Cast) -> None:
    with refused("不能给自己"):
        grants.give(
            by=cast.admin, user=cast.admin, role="school_office", org=None, valid_from=TODAY
        )


@pytest.mark.parametrize("role", ["member", "emperor"])
def test_roles_that_follow_from_the_roll_or_are_unknown_are_not_given(
    cast: Cast, role: str
) -> None:
    with refused("可以授予的角色"):
        grants.give(by=cast.office, user=cast.member, role=role, org=None, valid_from=TODAY)


def test_a_grant_is_not_given_twice_nor_ended_twice(cast: Cast) -> None:
    with refused("已有这个角色"):
        grants.give(
            by=cast.admin, user=cast.office, role="school_office", org=None, valid_from=TODAY
        )
    grant = grants.end(by=cast.admin, grant=cast.office.grants.get(), on=TODAY)
    with refused("已于 2023-06-15 收回"):
        grants.end(by=cast.admin, grant=grant, on=TODAY)


def test_an_account_opens_with_a_good_password_or_none(cast: Cast) -> None:
    with refused("密码："):
        users.open_account(by=cast.admin, username="weak", name="弱", password="123")
    with refused("已被使用"):
        users.open_account(by=cast.admin, username="MEMBER", name="同名")
    with refused("username|用户名"):
        users.open_account(by=cast.admin, username="a b", name="空格")
    users.open_account(by=cast.admin, username="later", name="以后", password=None)
    assert authenticate(username="later", password="") is None


def test_a_password_is_set_and_not_told(cast: Cast) -> None:
    users.set_password(by=cast.admin, user=cast.member, password="correct-horse-9")
    assert authenticate(username="member", password="correct-horse-9") == cast.member
    assert Event.objects.latest("id").detail == {}


def test_a_person_has_one_account_and_nobody_links_himself(cast: Cast) -> None:
    with refused("已有账号"):
        users.open_account(by=cast.admin, username="second", name="二", person=owner(cast.member))
    with refused("已有账号"):
        users.link(by=cast.admin, user=cast.stranger, person=owner(cast.member))
    someone = make_person("某人", cast.branch)
    with refused("自己的账号"):
        users.link(by=cast.admin, user=cast.admin, person=someone)
    with refused("自己的账号"):
        users.disable(by=cast.admin, user=cast.admin)


def test_the_school_is_set_up_once(cast: Cast) -> None:
    with refused("已经设置过"):
        school.set_up(name="又一个", records_since=SINCE, plan="jyu-2021-2023")


@pytest.mark.django_db
def test_the_school_needs_a_plan_of_the_catalogue() -> None:
    with refused("没有计划“other”"):
        school.set_up(name="示例大学", records_since=SINCE, plan="other")


def test_the_clock_is_the_school_s(cast: Cast) -> None:
    assert clock.today() == TODAY == clock.now().date()
    School.objects.update(today=None)
    assert clock.today() > TODAY
    assert clock.now().date() == clock.today()


def test_wording_is_replaced_as_a_whole(cast: Cast) -> None:
    def load(*paths: str) -> None:
        words = [plans.Wording(path, "题", f"{path} 的文字") for path in paths]
        plans.load_wording(
            by=cast.office, plan="jyu-2021-2023", source_name="计划.docx", wordings=words
        )

    load("一", "二/(一)/1")
    load("二")
    assert [w.path for w in PlanWording.objects.all()] == ["二"]
    with refused("没有这些条款：九"):
        load("一", "九")
    with refused("出现了两次"):
        load("一", "一")
    with refused("没有读到任何条款"):
        load()


def test_the_trail_is_never_changed(cast: Cast) -> None:
    event = Event.objects.latest("id")
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    with pytest.raises(TypeError):
        Event.objects.all().delete()
    with pytest.raises(TypeError):
        Event.objects.filter(pk=event.pk).update(verb="nothing.happened")
