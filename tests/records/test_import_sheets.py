"""Sheets of organisations, posts and hours: what each row would do, writing it, taking it back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guantong.records.actions import imports, ledger, posts
from guantong.records.drafts import Attended
from guantong.records.imports.decisions import Decision
from guantong.records.models import Activity, Attendance, ImportBatch, Org, Post, User
from guantong.sheets.parse import parse
from tests.factories import Cast, appoint, make_activity, make_org, make_person, owner
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import A1, A2, B1, entries, records
from tests.sheets.workbooks import workbook

pytestmark = pytest.mark.django_db

COLLEGE = "甲学院党委"
ORGS = ["党组织名称", "类别", "上级党组织", "支部类别", "简称", "组织代码", "成立日期", "联合单位"]
POSTS = ["姓名", "党组织", "职务", "任职日期", "免职日期", "双带头人", "认定文件"]
HOURS = ["姓名", "学号", "党支部", "日期", "活动名称", "类型", "学时", "总学时"]
DAY = date(2023, 6, 14)


def decided(kind: str, *rows: list[Any], by: User | None = None, **more: Any) -> list[Decision]:
    header = {"orgs": ORGS, "posts": POSTS, "hours": HOURS}[kind]
    parsed = parse(kind, "表.xlsx", workbook([header, *rows]))
    return imports.decide(by=by, parsed=parsed, **more)


def told(kind: str, *rows: list[Any], **more: Any) -> list[tuple[str, str]]:
    """The outcome of each row, with what is wrong or differs; then whom the file lacks."""
    return [
        (
            str(one.outcome),
            "；".join(p.what for p in one.problems)
            or "；".join(f"{d.title} {d.before}→{d.after}" for d in one.differences)
            or (one.shown["name"] if one.line is None else ""),
        )
        for one in decided(kind, *rows, **more)
    ]


def require_told(kind: str, rows: list[tuple[list[Any], str]], by: User) -> None:
    """Each row by itself is refused with these words."""
    for row, says in rows:
        outcome, what = told(kind, row + [""] * (8 - len(row)), by=by)[0]
        assert outcome in ("problem", "conflict"), row
        assert says in what, row


def run_and_undo(kind: str, *rows: list[Any], by: User) -> ImportBatch:
    """Confirmed and taken back, every row of the records and the ledger is as before."""
    ledger.rebuild()
    before, owed = records(), entries()
    header = {"orgs": ORGS, "posts": POSTS, "hours": HOURS}[kind]
    batch = imports.preview(by=by, parsed=parse(kind, "表.xlsx", workbook([header, *rows])))
    with one_event("import.confirmed"):
        imports.confirm(by=by, batch=batch)
    live = entries()
    ledger.rebuild()
    assert entries() == live, "the ledger kept step"
    imports.undo(by=by, batch=batch)
    assert records() == before
    assert entries() == owed
    again = imports.preview(by=by, parsed=parse(kind, "表.xlsx", workbook([header, *rows])))
    return imports.confirm(by=by, batch=again)


# Organisations


def test_organisations_are_founded_below_each_other_and_changed(cast: Cast) -> None:
    Org.objects.filter(pk=cast.sibling.pk).update(external_code="A2")
    general = make_org("甲总支", "general_branch", cast.college)
    rows = [
        ["新建支部", "党支部", "新总支", "学生", "", "N1", "2023-05-01", "一系、二系"],
        ["新总支", "党总支", COLLEGE, "", "", "", "2023-04-01", ""],
        ["甲学院教师二支部", "", "甲总支", "", "教二", "A2", "", ""],
        [A1, "党支部", "中共" + COLLEGE, "", "", "A1", "", ""],
    ]
    assert told("orgs", *rows) == [
        ("new", ""),
        ("new", ""),
        ("changed", f"简称 {A2}→教二；名称 {A2}→甲学院教师二支部；"
                    "上级党组织 甲学院党委→甲总支（自 2023-06-15 起）"),
        ("changed", "组织代码 （空）→A1"),
    ]  # fmt: skip
    batch = run_and_undo("orgs", *rows, by=cast.officer)
    assert batch.org == cast.college
    new = Org.objects.get(name="新建支部")
    path = Org.objects.get(name="新总支").path
    assert (new.path, new.category, new.unit_names()) == (
        f"{path}{new.pk}/",
        "student",
        ["一系", "二系"],
    )
    moved = Org.objects.get(pk=cast.sibling.pk)
    assert (moved.name, moved.path) == ("甲学院教师二支部", f"{general.path}{moved.pk}/")
    assert moved.former_names.get().name == A2
    make_person("后来", new, since=date(2023, 6, 1))
    with refused("“新建支部”已有组织关系"):
        imports.undo(by=cast.officer, batch=batch)


NOT_IN_TREE: list[tuple[list[Any], str]] = [
    (["某支部", "", COLLEGE], "要新建但没有写类别"),
    (["某支部", "党支部", ""], "要新建但没有写上级"),
    (["某支部", "党支部", "无此党委", "教师"], "没有“无此党委”"),
    (["某支部", "党支部", "乙学院党委", "教师"], "没有“乙学院党委”"),
    (["某支部", "党支部", "某支部", "教师"], "上级又隶属于这一行"),
    (["某小组", "党小组", COLLEGE], "党小组的上级应是党支部"),
    (["某总支", "党总支", COLLEGE, "教师"], "只有党支部写支部类别"),
    (["某支部", "党支部", COLLEGE, "教师", "", "", "2023-07-01"], "还没到"),
    (["某支部", "党支部", COLLEGE], "没有写支部类别"),
    ([A1, "党总支", COLLEGE], "系统中是党支部"),
    ([A1, "", COLLEGE, "学生"], "系统中是教师"),
    ([A1, "", COLLEGE, "", "", "", "2020-01-01"], "系统中的成立日期是 2022-01-01"),
    (["乙支", "党支部", COLLEGE, "", "", "B1"], "您无权调整的党组织"),
    (["中共甲学院教师第二支部委员会", "党支部", COLLEGE, "教师", "", "A9"], "，代码是 A2"),
    (["甲学院教师第一党支部", "", COLLEGE, "", "", "A2"], "下已有“甲学院教师第一党支部”"),
]


def test_what_may_not_be_in_the_tree_is_told(cast: Cast) -> None:
    for org, code in ((cast.other_branch, "B1"), (cast.sibling, "A2")):
        Org.objects.filter(pk=org.pk).update(external_code=code)
    require_told("orgs", NOT_IN_TREE, cast.officer)


def test_a_sheet_of_organisations_tells_what_it_lacks_and_what_is_double(cast: Cast) -> None:
    row = [A1, "", "", "", "", "", "", ""]
    new = [A2, "党支部", "乙学院党委", "学生", "", "", "", ""]
    assert told("orgs", row, row, new) == [
        ("same", ""),
        ("problem", "与第 2 行是同一个党组织"),
        ("new", "请核对 “甲学院党委”下已有同名党组织→同一个的请写组织代码，或在组织页调整隶属"),
        ("missing", A2),
        ("missing", B1),
    ]


# Posts


def test_posts_are_given_ended_and_described(cast: Cast) -> None:
    make_person("新书记", cast.branch, full_member_on=date(2015, 1, 1))
    appoint(make_person("宣委", cast.branch), cast.branch, "committee_member")
    rows = [
        ["新书记", A1, "支部书记", "2023-06-01", "", "是", "校党发〔2023〕8号"],
        ["支书甲", A1, "书记", "2022-01-01", "2023-06-01", "", ""],
        ["宣委", A1, "宣传委员", "2022-01-01", "", "", ""],
    ]
    assert told("posts", *rows) == [
        ("new", ""),
        ("changed", "免职日期 （空）→2023-06-01"),
        ("same", ""),
    ]
    batch = run_and_undo("posts", *rows, by=cast.officer)
    held = Post.objects.on(DAY).get(org=cast.branch, post="secretary")
    assert (held.person.name, held.double_leader, held.evidence) == (
        "新书记",
        True,
        "校党发〔2023〕8号",
    )
    posts.end(by=None, post=held, on=date(2023, 6, 10))
    with refused("“新书记”的任职后来改过"):
        imports.undo(by=cast.officer, batch=batch)


NOT_IN_POST: list[tuple[list[Any], str]] = [
    (["支书乙", A1, "委员", "2023-01-01"], "没有“支书乙”"),
    (["党员甲", A1, "书记", "2023-01-01"], "支书甲自 2022-01-01 至今已任"),
    (["预备", A1, "委员", "2023-01-01"], "还不是正式党员"),
    (["党员甲", A1, "委员", "2021-01-01"], "在 2021-01-01 不存在"),
    (["党员甲", A1, "委员", "2023-01-01", "2022-12-01"], "应在任职日期之后"),
    (["支书甲", A1, "书记", "2022-03-01"], "系统中自 2022-01-01 起任职"),
    (["组织员甲", COLLEGE, "组织员", "2022-01-01"], "本人的任免要由别人办理"),
    (["重名", A1, "委员", "2023-01-01"], "有 2 名“重名”"),
    (["党员甲", A1, "院长", "2023-01-01"], "没有院长这一职务"),
]


def test_who_may_not_hold_a_post_is_told(cast: Cast) -> None:
    make_person("预备", cast.branch, status="probationary")
    for number in "12":
        make_person("重名", cast.branch, number=number)
    require_told("posts", NOT_IN_POST, cast.officer)


def test_holders_of_whom_a_sheet_is_silent_are_listed(cast: Cast) -> None:
    row = ["党员甲", A1, "委员", "2023-01-01", "", "", ""]
    assert told("posts", row, row) == [
        ("new", ""),
        ("conflict", "与第 2 行是同一个任职"),
        ("missing", "支书甲"),
    ]
    secretary = ["支书甲", A1, "书记", "2022-01-01", "", "", ""]
    make_person("另一人", cast.branch)
    appoint(make_person("副书记", cast.branch), cast.branch, "deputy_secretary")
    assert told("posts", secretary, ["另一人", A1, "副书记", "2023-01-01", "", "", ""])[2:] == [
        ("missing", "副书记")
    ]


# Hours


def test_hours_are_added_corrected_and_recorded_anew(cast: Cast) -> None:
    member, secretary = owner(cast.member), owner(cast.secretary)
    there = make_activity(cast.branch, attended=(Attended(secretary.pk), Attended(member.pk)))
    rows = [
        ["支书甲", "", A1, str(DAY), "学习讨论", "", 3, 40],
        ["组织员甲", "", A1, str(DAY), "学习讨论", "", 2, 40],
        ["支书甲", "", A1, "2023-06-01", "新学习", "集体学习", 4, 40],
        ["党员甲", "", A1, "2023-06-01", "新学习", "集体学习", 2.5, 40],
    ]
    assert told("hours", *rows) == [
        ("changed", "学时 2→3"),
        ("changed", "参加 没有→参加 2 学时"),
        ("new", ""),
        ("new", ""),
        ("missing", "党员甲"),
    ]
    run_and_undo("hours", *rows, by=cast.officer)
    there.refresh_from_db()
    kept = dict(there.attendances.values_list("person__name", "hours"))
    assert (there.version, kept) == (2, {"支书甲": 3, "党员甲": 2, "组织员甲": 2})
    new = Attendance.objects.filter(activity=Activity.objects.get(title="新学习"))
    assert dict(new.values_list("person", "hours")) == {
        secretary.pk: Decimal(4),
        member.pk: Decimal("2.5"),
    }


NO_HOURS: list[tuple[list[Any], str]] = [
    (["无此人", "", A1, str(DAY), "学习讨论", "", 2], "不在您可登记的名册中"),
    (["支书甲", "", A1, str(DAY), "别的", "", 2], "系统中没有"),
    (["支书甲", "", A1, str(DAY), "别的", "主题党日", 2], "学时会重复计算"),
    (["支书甲", "", A1, str(DAY), "", "", 2], "没有写活动名称"),
    (["支书甲", "", A1, "2023-07-01", "将来", "集体学习", 2], "在今天（2023-06-15）之后"),
    (["支书甲", "", A1, "2023-06", "学习讨论", "", 2], "只有年月"),
    (["党员甲", "X9", A1, str(DAY), "学习讨论", "", 2], "学工号不同"),
    (["党员甲", "", A1, str(DAY), "学习讨论", "", 2], "登记为缺席"),
    (["支书甲", "", A2, "2023-06-13", "合办", "", 2], "与您无权登记的单位合办"),
]


def test_hours_that_do_not_fit_are_told(cast: Cast) -> None:
    member = owner(cast.member)
    type(member).objects.filter(pk=member.pk).update(number="D1")
    who = (Attended(owner(cast.secretary).pk),)
    make_activity(cast.branch, attended=who, absent={member.pk: "病"})
    make_activity(cast.sibling, cast.other_branch, title="合办", held_on=date(2023, 6, 13),
                  attended=who)  # fmt: skip
    require_told("hours", NO_HOURS, cast.officer)


def test_one_person_twice_at_one_activity_is_told(cast: Cast) -> None:
    row = ["支书甲", "", A1, "2023-06-01", "新学习", "集体学习", 4, ""]
    assert told("hours", row, row) == [
        ("new", ""),
        ("problem", "与第 2 行是同一人、同一次活动"),
    ]
