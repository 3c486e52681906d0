"""The yearly tables: every number is the length of the list behind it, for who may see it."""

import re
from collections.abc import Callable
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from guantong.records import clock, statistics
from guantong.records.actions import memberships, registers
from guantong.records.models import Case, CaseStep, User
from guantong.sheets import read
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.sheets.workbooks import workbook
from tests.web.answers import shown

As = Callable[[User], Client]


def test_every_number_is_as_long_as_its_list(cast: Cast) -> None:
    born = {"年": date(1987, 6, 16), "界": date(1987, 6, 15), "老": date(1950, 1, 1)}
    for name, day in born.items():
        make_person(f"{name}样", cast.branch, birth_date=day, gender="2",
                    full_member_on=date(2022, 6, 15))  # fmt: skip
    make_person("预样", cast.other_branch, status="probationary")
    make_person("申样", cast.branch, status="applicant")
    make_person("新样", cast.branch, since=date(2023, 3, 1), status="probationary")
    lost = make_person("失样", cast.branch, gender="2", schooling="junior_college")
    registers.enter(by=None, person=lost, kind="lost", valid_from=date(2022, 6, 1),
                    situation="graduated", place="外地")  # fmt: skip
    make_activity(cast.branch, kind="appraisal", hours=None)
    for person, on in ((lost, date(2023, 5, 1)), (owner(cast.secretary), date(2022, 5, 1))):
        honoured = Case.objects.create(
            process="award", process_version=1, org=cast.branch, person=person, state="awarded",
            state_since=on, opened_on=on, closed_on=on,
        )  # fmt: skip
        CaseStep.objects.create(
            case=honoured, number=1, step="nominate", source="called", target="nominated",
            on_day=on, at=clock.now(), fields={"award": "member"},
        )  # fmt: skip
    for name in statistics.TITLES:
        table = statistics.table(cast.office, name, TODAY)
        for (row, column), number in table.numbers.items():
            found = statistics.behind(cast.office, name, TODAY, row, column)
            assert found is not None
            assert found.count() == number, (name, row, column)
    members = statistics.table(cast.office, "members", TODAY).numbers
    assert members["all", "all"] == 10
    assert members["all", "probationary"] == 2
    assert members["age-1", "women"] == 1, "35 until the day before the 36th birthday"
    assert members["age-2", "women"] == 1
    assert members["age-9", "women"] == 1
    assert members["appraised", "all"] == 7
    joined = statistics.table(cast.office, "joined", TODAY).numbers
    assert (joined["all", "all"], joined["category-faculty", "all"]) == (1, 1)
    found = statistics.table(cast.office, "lost", TODAY).numbers
    assert (found["lost-2", "all"], found["situation-graduated", "women"]) == (1, 1)
    assert (found["schooled-0", "women"], found["schooling-unknown", "all"]) == (1, 0)
    assert members["schooling-junior_college", "all"] == 1
    assert statistics.table(cast.office, "mobile", TODAY).numbers["all", "all"] == 0
    assert members["party_age-1", "all"] == 3, "a whole year on the day"
    groups = ("age-", "party_age-")
    for group in groups:
        total = sum(
            n for (row, col), n in members.items() if row.startswith(group) and col == "full"
        )
        assert total == members["all", "full"]
    honours = statistics.table(cast.office, "honours", TODAY).numbers
    assert (honours["award-member", "all"], honours["award-member", "women"]) == (1, 1)
    earlier = statistics.table(cast.office, "honours", date(2022, 12, 31)).numbers
    assert (earlier["award-member", "secretaries"], earlier["award-worker", "all"]) == (1, 0)
    orgs = statistics.table(cast.office, "orgs", TODAY).numbers
    assert (orgs["kind-branch", "all"], orgs["category-faculty", "all"]) == (3, 2)
    assert (orgs["appraised", "all"], orgs["renewed", "all"], orgs["expired", "all"]) == (1, 0, 0)


def test_another_day_is_compared_and_only_ones_own_is_counted(cast: Cast, as_: As) -> None:
    gone = make_person("离样", cast.branch, gender="2")
    memberships.leave(by=None, person=gone, on=date(2023, 6, 1), reason="转出")
    client, page = as_(cast.secretary), reverse("statistics")
    text = client.get(page, {"than": "2023-05-01", "changed": "on"}).content.decode()
    assert "（原 3）" in text
    assert "预备党员" in text
    link = re.search(r'href="(/members/statistics/list/[^"]*row=all[^"]*)"', text)
    assert link
    listed = client.get(link[1].replace("&amp;", "&")).content.decode()
    assert "党员甲" in listed
    assert "支书乙" not in listed
    assert "离样" not in listed
    then = client.get(link[1].replace("&amp;", "&").replace(str(TODAY), "2023-05-01"))
    assert "离样" in then.content.decode()
    grid, *_, orgs, _honours = read.grids(client.get(page, {"export": "xlsx"}).content)
    assert [row[2] for row in grid.rows if row[1] == "党员总数"] == [2]
    assert orgs.name == "党组织情况"
    assert client.get(reverse("statistics-list"), {"table": "members"}).status_code == 404
    for user in (cast.member, cast.admin, cast.stranger):
        assert as_(user).get(page).status_code == 404


def test_a_table_from_elsewhere_is_compared_number_by_number(cast: Cast, as_: As) -> None:
    client, at = as_(cast.office), reverse("statistics-check")
    own = client.get(reverse("statistics"), {"export": "xlsx"}).content

    def checked(content: bytes, **more: str) -> HttpResponse:
        sent = {"on": str(TODAY), "file": SimpleUploadedFile("统计.xlsx", content), **more}
        return client.post(at, sent)

    assert "个一致。" in shown(checked(own)), "what we hand out is read back whole"
    theirs = workbook([
        ["", "二、党员基本情况", "", ""],
        ["指标", "", "总计", "女党员"],
        ["党员总计", "", 7, None],
        ["年龄", "30岁及以下", 1, 0],
        ["", "31~35岁", "两人", 0],
        ["党龄", "不满1年", 0, 0],
        ["民族", "少数民族", 1, 1],
    ])  # fmt: skip
    answer = checked(theirs)
    ours = statistics.table(cast.office, "members", TODAY).numbers["all", "all"]
    (one, *others) = answer.context["found"]
    assert (one.row, one.column, one.theirs, one.ours, one.cell) == (
        "党员总数", "合计", 7, ours, "“党员情况”C3"
    )  # fmt: skip
    assert [two.row for two in others] == ["30 岁及以下"]
    assert client.get(one.url).status_code == 200
    notes = shown(answer)
    assert "“党员情况”C5 不是整数" in notes
    assert "第 7 行“少数民族”不是本页的项目" in notes
    sheet = read.grids(checked(theirs, **{"as": "xlsx"}).content)[0]
    assert sheet.rows[-1][4:7] == [1, 0, 1]
    nothing = checked(workbook([["姓名"], ["某人"]]))
    assert (nothing.status_code, "没有认出统计表" in shown(nothing)) == (422, True)
    assert checked(theirs, on="2023-06-16").status_code == 422
    assert as_(cast.member).get(at).status_code == 404
