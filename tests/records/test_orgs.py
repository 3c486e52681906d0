"""The tree: founding, renaming, moving, dissolving and cutting branches anew."""

from datetime import date, timedelta
from typing import Any

from guantong.records.actions import orgs, successions
from guantong.records.models import Org, OrgParent, OrgSuccession
from tests.factories import (
    SINCE,
    TODAY,
    Cast,
    appoint,
    make_activity,
    make_org,
    owner,
)
from tests.records.conftest import refused

TOMORROW = TODAY + timedelta(days=1)


def below(org: Org) -> set[str]:
    org.refresh_from_db()
    return {found.short_name for found in Org.objects.below(org)}


def test_found_hangs_an_organisation_into_the_tree(cast: Cast) -> None:
    made = orgs.found(
        by=cast.officer,
        name=" 甲学院学生第一党支部 ",
        short_name="学生一支部",
        kind="branch",
        category="student",
        parent=cast.college,
        valid_from=TODAY,
    )
    assert made.path == f"{cast.college.path}{made.pk}/"
    assert (made.name, made.short_name) == ("甲学院学生第一党支部", "学生一支部")
    assert OrgParent.objects.get(org=made).valid_from == TODAY
    assert list(Org.objects.above(made).order_by("path")) == [cast.school, cast.college]


def test_found_refuses_a_place_that_makes_no_sense(cast: Cast) -> None:
    with refused("要有上级"):
        make_org("无上级", "branch", None)
    with refused("已有最上级党组织"):
        make_org("第二党委", "school_committee", None)
    with refused("党小组的上级应是党支部"):
        make_org("小组", "group", cast.college)
    with refused("没有“club”"):
        make_org("社团", "club", cast.college)
    with refused("没有“red”"):
        make_org("支部", "branch", cast.college, category="red")
    with refused("已有“甲学院教师第一党支部”"):
        make_org(cast.branch.name, "branch", cast.college)
    with refused("名称"):
        make_org("  ", "branch", cast.college)
    with refused("不存在"):
        orgs.found(
            by=None, name="早", kind="branch", parent=cast.college, valid_from=date(2021, 1, 1)
        )


def test_an_external_code_is_given_once(cast: Cast) -> None:
    make_org("有码", "branch", cast.college, external_code="001")
    with refused("001 已被使用"):
        make_org("同码", "branch", cast.college, external_code="001")


def test_rename_keeps_the_tree(cast: Cast) -> None:
    renamed = orgs.rename(by=cast.officer, org=cast.branch, name="甲学院教师党支部", on=TODAY)
    assert (renamed.short_name, renamed.path) == ("甲学院教师党支部", cast.branch.path)
    with refused("下已有"):
        orgs.rename(by=cast.officer, org=cast.branch, name=cast.sibling.name, on=TODAY)
    for unseen in ("\ud7ff", "\u202e部支", "新\u200b名"):
        with refused("看不见的字符"):
            orgs.rename(by=cast.officer, org=cast.branch, name=unseen, on=TODAY)


def test_a_name_lasts_until_the_next_one_begins(cast: Cast) -> None:
    def rename(name: str, on: date) -> None:
        orgs.rename(by=cast.officer, org=cast.branch, name=name, on=on)

    with refused("不能预先办理"):
        rename("明天的", TOMORROW)
    rename("第二个", date(2022, 9, 1))
    rename("第三个", date(2023, 3, 1))
    with refused("从 2023-03-01 起使用"):
        rename("第四个", date(2023, 2, 1))
    rename("第三个，写对了", date(2023, 3, 1))
    former = cast.branch.former_names.order_by("valid_from")
    assert list(former.values_list("name", "valid_from", "valid_to")) == [
        (cast.branch.name, SINCE, date(2022, 9, 1)),
        ("第二个", date(2022, 9, 1), date(2023, 3, 1)),
    ]


def test_move_takes_all_below_along_and_remembers_where_it_hung(cast: Cast) -> None:
    group = make_org("第一党小组", "group", cast.branch)
    orgs.move(by=cast.office, org=cast.branch, parent=cast.other_college, on=TODAY)
    assert below(cast.other_college) >= {"甲学院教师第一党支部", "第一党小组"}
    assert below(cast.college) == {"甲学院党委", "甲学院教师第二党支部"}
    group.refresh_from_db()
    assert group.lineage() == [
        cast.school.pk, cast.other_college.pk, cast.branch.pk, group.pk
    ]  # fmt: skip
    hung = OrgParent.objects.filter(org=cast.branch)
    assert hung.on(TODAY - timedelta(days=1)).get().parent == cast.college
    assert hung.on(TODAY).get().parent == cast.other_college


def test_move_refuses_loops_the_future_and_no_change(cast: Cast) -> None:
    with refused("自己的下级"):
        orgs.move(by=None, org=cast.college, parent=cast.branch, on=TODAY)
    with refused("不能预先办理"):
        orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=TOMORROW)
    with refused("现在就隶属于"):
        orgs.move(by=None, org=cast.branch, parent=cast.college, on=TODAY)
    with refused("党支部的上级应是"):
        orgs.move(by=None, org=cast.branch, parent=cast.sibling, on=TODAY)
    make_org(cast.branch.name, "branch", cast.other_college)
    with refused("下已有"):
        orgs.move(by=None, org=cast.branch, parent=cast.other_college, on=TODAY)
    with refused("最上级"):
        orgs.move(by=None, org=cast.school, parent=cast.college, on=TODAY)
    later = make_org("丙学院党委", "college_committee", cast.school)
    with refused("应在开始日 2022-01-01 之后|不存在"):
        orgs.move(by=None, org=cast.branch, parent=later, on=SINCE - timedelta(days=1))


def test_everything_hangs_below_one_organisation(cast: Cast) -> None:
    """`Org.is_top` rests on it: below the top hangs all there is."""
    new: dict[str, Any] = {"by": None, "parent": None, "valid_from": TODAY}
    with refused("已有最上级党组织“示例大学党委”"):
        orgs.found(name="又一所大学党委", kind="school_committee", **new)
    with refused("要有上级党组织"):
        orgs.found(name="丙学院党委", kind="college_committee", **new)
    with refused("上级应是|不能有上级|没有上级"):
        make_org("又一所大学党委", "school_committee", cast.school)
    with refused("最上级党组织不能撤销"):
        successions.dissolve(by=None, org=cast.school, on=TODAY, reason="撤", heir=cast.college)
    tops = Org.objects.exclude(pk__in=OrgParent.objects.values("org"))
    assert [org for org in Org.objects.all() if org.is_top] == list(tops) == [cast.school]


def test_dissolve_ends_the_posts_and_names_the_successor(cast: Cast) -> None:
    empty = make_org("空党支部", "branch", cast.college)
    post = appoint(owner(cast.secretary), empty, "committee_member")
    successions.dissolve(
        by=cast.officer, org=empty, on=TODAY, reason="合并", successors=[cast.sibling]
    )
    empty.refresh_from_db()
    post.refresh_from_db()
    assert (empty.valid_to, post.valid_to) == (TODAY, TODAY)
    assert OrgSuccession.objects.get().successor == cast.sibling
    assert not OrgParent.objects.on(TODAY).filter(org=empty).exists()
    with refused("已于 2023-06-15 撤销"):
        successions.dissolve(by=cast.officer, org=empty, on=TOMORROW, reason="再次")


def test_dissolve_refuses_while_anything_is_left(cast: Cast) -> None:
    with refused("还有 2 个党组织"):
        successions.dissolve(by=None, org=cast.college, on=TODAY, reason="无")
    with refused("还有 2 名党员"):
        successions.dissolve(by=None, org=cast.branch, on=TODAY, reason="无")
    empty = make_org("空党支部", "branch", cast.college)
    make_activity(empty, cast.branch)
    with refused("“空党支部”.+还有 1 项活动，请先更正或撤销：2023-06-"):
        successions.dissolve(by=None, org=empty, on=date(2023, 6, 1), reason="无")
    with refused("成立日"):
        successions.dissolve(by=None, org=empty, on=SINCE, reason="无")


def test_an_organisation_is_not_founded_or_dissolved_before_the_day(cast: Cast) -> None:
    with refused("不能预先办理"):
        orgs.found(
            by=cast.officer, name="新", kind="branch", parent=cast.college, valid_from=TOMORROW
        )
    empty = make_org("空党支部", "branch", cast.college)
    with refused("不能预先办理"):
        successions.dissolve(by=cast.officer, org=empty, on=TOMORROW, reason="合并")
