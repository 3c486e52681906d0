"""The yearly tables: every number is the length of the list behind it, for who may see it."""

import re
from collections.abc import Callable
from datetime import date

from django.test import Client
from django.urls import reverse

from guantong.records import statistics
from guantong.records.actions import memberships, registers
from guantong.records.models import User
from guantong.sheets import read
from tests.factories import TODAY, Cast, make_activity, make_person

As = Callable[[User], Client]


def test_every_number_is_as_long_as_its_list(cast: Cast) -> None:
    born = {"年": date(1987, 6, 16), "界": date(1987, 6, 15), "老": date(1950, 1, 1)}
    for name, day in born.items():
        make_person(f"{name}样", cast.branch, birth_date=day, gender="2",
                    full_member_on=date(2022, 6, 15))  # fmt: skip
    make_person("预样", cast.other_branch, status="probationary")
    make_person("申样", cast.branch, status="applicant")
    make_person("新样", cast.branch, since=date(2023, 3, 1), status="probationary")
    lost = make_person("失样", cast.branch, gender="2")
    registers.enter(by=None, person=lost, kind="lost", valid_from=date(2022, 6, 1),
                    situation="graduated", place="外地")  # fmt: skip
    make_activity(cast.branch, kind="appraisal", hours=None)
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
    assert statistics.table(cast.office, "mobile", TODAY).numbers["all", "all"] == 0
    assert members["party_age-1", "all"] == 3, "a whole year on the day"
    groups = ("age-", "party_age-")
    for group in groups:
        total = sum(
            n for (row, col), n in members.items() if row.startswith(group) and col == "full"
        )
        assert total == members["all", "full"]
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
    grid, *_, orgs = read.grids(client.get(page, {"export": "xlsx"}).content)
    assert [row[2] for row in grid.rows if row[1] == "党员总数"] == [2]
    assert orgs.name == "党组织情况"
    assert client.get(reverse("statistics-list"), {"table": "members"}).status_code == 404
    for user in (cast.member, cast.admin, cast.stranger):
        assert as_(user).get(page).status_code == 404
