"""The ledger's tables and the list of entries behind each of their figures."""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from guantong.records import clock
from guantong.records.actions import orgs
from guantong.records.actions.ledger import RECOMPUTE
from guantong.records.models import Entry, Job, Org, User
from tests.factories import TODAY, Cast, make_activity, make_org, make_person, owner

type SignIn = Callable[[User], Client]
LEDGER, ENTRIES = "/ledger/", "/ledger/entries/"
LAYOUTS = [
    "",
    "?period=2023",
    "?period=2023-05",
    "?period=2022-Q4",
    "?period=2023-S1",
    "?by=period",
    "?by=period&period=2022",
    "?by=period&obligation=theme-day",
    "?level=branch&period=2023",
    "?period=2023&verdict=short",
    "?clause=二/(二)/6",
    "?on=2023-03-31",
]
FIGURE = re.compile(
    r'<td class="sum[^"]*"[^>]*><a href="([^"]+)"[^>]*><span><b>(\d+)</b><i>/(\d+)</i></span>'
)
SIGN = re.compile(r'<td class="(\w+)"[^>]*><a href="(/ledger/entries/\d+/)"')
CHIP = re.compile(r'<a class="verdict (\w+)" href="([^"]+)"><b[^>]*>.</b>\w+ (\d+)</a>')


def shown(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def figures(page: str) -> Iterator[tuple[str, int, int]]:
    for address, done, owed in FIGURE.findall(page):
        yield html.unescape(address), int(done), int(owed)


def rows_of(response: Any) -> list[str]:
    return [
        row.line.title for section in response.context["table"].sections for row in section.rows
    ]


def cell_of(response: Any, row: str, title: str) -> Any:
    """The cell of a row below the column of an obligation."""
    table = response.context["table"]
    place = [column.title for column in table.columns].index(title)
    rows = [row_ for section in table.sections for row_ in section.rows]
    return next(r for r in rows if r.line.title == row).cells[place]


# What the table says


def test_the_office_sees_the_colleges_and_the_sums_of_their_branches(
    as_: SignIn, held: Cast
) -> None:
    response = as_(held.office).get(LEDGER, {"period": "2023-05"})

    assert rows_of(response) == ["合计", "甲学院党委", "乙学院党委"]
    everything = cell_of(response, "合计", "主题党日")
    assert (everything.tally.done, everything.tally.owed) == (1, 3)
    assert everything.state == "gap"
    assert cell_of(response, "甲学院党委", "主题党日").tally.counts == {"met": 1, "short": 1}
    assert cell_of(response, "乙学院党委", "主题党日").code == "short"


def test_an_officer_sees_the_branches_of_the_college(as_: SignIn, held: Cast) -> None:
    response = as_(held.officer).get(LEDGER, {"period": "2023-05"})

    assert rows_of(response) == ["合计", "甲学院教师第一党支部", "甲学院教师第二党支部"]
    assert cell_of(response, "甲学院教师第一党支部", "主题党日").code == "met"


def test_a_branch_is_shown_month_by_month(as_: SignIn, held: Cast) -> None:
    response = as_(held.secretary).get(LEDGER)

    assert [column.title for column in response.context["table"].columns][4] == "5月"
    theme_days = cells_named(response, "主题党日")
    assert [cell.code if cell else "" for cell in theme_days] == [
        *("short", "short", "short", "met", "met", "due"),
        *("", "", "", "", "", ""),
    ]
    assert [cell.width for cell in cells_named(response, "支部党员大会") if cell] == [3, 3]


def cells_named(response: Any, title: str) -> Any:
    rows = [row for section in response.context["table"].sections for row in section.rows]
    return next(row for row in rows if row.line.title == title).cells


def test_the_current_periods_are_the_latest_that_have_begun(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(LEDGER)

    assert cell_of(response, "合计", "主题党日").tally.counts == {"due": 3}
    assert cell_of(response, "合计", "支部党员大会").tally.counts == {"due": 3}


def test_what_was_missed_earlier_in_the_year_is_said(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    count, address = client.get(LEDGER).context["before"]

    assert count == Entry.objects.filter(verdict="short", period_start__year=2023).count() > 0
    assert ("short", count) in [figure[:2] for figure in client.get(address).context["summary"]]


def test_what_only_the_organisation_itself_owes_stands_apart(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(LEDGER)

    across = {column.title for column in response.context["table"].columns}
    own = {obligation.title for obligation, _ in response.context["own"]}
    assert "党委全委会" in own
    assert not across & own


def test_a_verdict_narrows_the_table_to_where_it_occurs(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(LEDGER, {"period": "2023-05", "verdict": "met"})

    assert rows_of(response) == ["合计", "甲学院党委"]
    assert [column.title for column in response.context["table"].columns] == ["主题党日"]


# Every figure is a link to exactly what it counts


def some[T](found: Iterable[T]) -> list[T]:
    """About thirty, from all over."""
    different = sorted(set(found), key=repr)
    return different[:: len(different) // 30 + 1]


@pytest.mark.parametrize("who", ["office", "officer", "secretary", "inspector"])
def test_a_figure_counts_the_entries_it_leads_to(as_: SignIn, held: Cast, who: str) -> None:
    client = as_(getattr(held, who))
    pages = [shown(client.get(LEDGER + layout)) for layout in LAYOUTS]

    for address, done, owed in some(figure for page in pages for figure in figures(page)):
        counts = dict(client.get(address).context["counts"])
        assert counts.get("met", 0) + counts.get("late", 0) == done, address
        assert sum(counts.values()) - counts.get("exempt", 0) == owed, address
    for verdict, address in some(sign for page in pages for sign in SIGN.findall(page)):
        assert client.get(address).context["entry"].verdict == verdict
    for verdict, address, count in some(chip for page in pages for chip in CHIP.findall(page)):
        listed = client.get(html.unescape(address))
        assert listed.context["page"].paginator.count == int(count)
        assert {line.entry.verdict for line in listed.context["lines"]} == {verdict}


# Who sees what


def test_an_organisation_out_of_reach_is_as_good_as_absent(as_: SignIn, held: Cast) -> None:
    client = as_(held.secretary)
    for page in (LEDGER, ENTRIES):
        assert client.get(page, {"org": held.other_branch.pk}).status_code == 404
        assert client.get(page, {"org": 987654}).status_code == 404
        assert client.get(page, {"org": "x"}).status_code == 404


def test_an_entry_out_of_reach_is_as_good_as_absent(as_: SignIn, held: Cast) -> None:
    theirs = Entry.objects.filter(org=held.other_branch).first()
    assert theirs is not None
    assert as_(held.outsider).get(f"{ENTRIES}{theirs.pk}/").status_code == 200
    for user in (held.secretary, held.officer, held.member, held.stranger, held.admin):
        assert as_(user).get(f"{ENTRIES}{theirs.pk}/").status_code == 404


def test_a_member_sees_his_own_entries_and_no_table(as_: SignIn, held: Cast) -> None:
    response = as_(held.member).get(LEDGER, follow=True)

    assert response.redirect_chain == [(ENTRIES, 302)]
    assert response.context["lines"]
    assert {line.entry.person for line in response.context["lines"]} == {owner(held.member)}


@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_who_answers_for_nothing_has_no_ledger(as_: SignIn, held: Cast, who: str) -> None:
    assert as_(getattr(held, who)).get(LEDGER, follow=True).status_code == 404


# Narrowing


def test_the_list_begins_with_what_is_not_done(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(ENTRIES)

    order = [line.entry.verdict for line in response.context["lines"]]
    assert order == sorted(order, key=["short", "unknown", "due", "late", "met"].index)


def test_the_list_can_be_narrowed(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)

    def listed(**query: Any) -> set[tuple[int, str, int | None]]:
        lines = client.get(ENTRIES, query).context["lines"]
        return {(li.entry.org_id, li.entry.obligation, li.entry.person_id) for li in lines}

    assert {org for org, _, _ in listed(org=held.college.pk, own="1")} == {held.college.pk}
    assert {name for _, name, _ in listed(obligation="theme-day")} == {"theme-day"}
    member = owner(held.member).pk
    assert {person for _, _, person in listed(person=member)} == {member}
    assert {person for _, _, person in listed(q="党员甲")} == {member}
    assert listed(due_from="2023-06-01", due_to="2023-06-30", period="2023-05") == set()


@pytest.mark.parametrize(
    "query",
    ["?period=1", "?period=2023-13", "?verdict=x", "?clause=x", "?on=x", "?by=x", "?sort=x"],
)
def test_nonsense_in_the_address_narrows_nothing(as_: SignIn, held: Cast, query: str) -> None:
    client = as_(held.office)
    assert client.get(LEDGER + query).status_code == 200
    assert client.get(ENTRIES + query).status_code == 200


# As of another day


def test_the_ledger_of_another_day_knows_nothing_later(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(LEDGER, {"period": "2023-05", "on": "2023-05-10"})

    assert cell_of(response, "合计", "主题党日").tally.counts == {"due": 3}
    assert "截至 2023-05-10" in shown(response)
    entry = cell_of(response, "乙学院党委", "主题党日").url
    assert as_(held.office).get(entry).context["entry"].assessment.on_day == date(2023, 5, 10)


@pytest.mark.parametrize("day", ["2023-06-16", "2021-12-31"])
def test_a_day_outside_the_ledger_is_refused_with_the_days_that_are_not(
    as_: SignIn, held: Cast, day: str
) -> None:
    response = as_(held.office).get(LEDGER, {"on": day})

    assert "请选 2022-01-01 至 2023-06-15 之间的一天" in shown(response)
    assert response.context["on"] == TODAY


# The same for a page, its part and its workbook


@pytest.mark.parametrize("address", [LEDGER, ENTRIES])
def test_the_part_for_htmx_is_the_part_of_the_page(as_: SignIn, held: Cast, address: str) -> None:
    client = as_(held.office)
    whole = shown(client.get(address, {"period": "2023"}))
    part = shown(client.get(address, {"period": "2023"}, headers={"HX-Request": "true"}))

    assert part.strip().startswith("<div id=")
    assert part.strip() in whole


def workbook(response: Any, sheet: int = 0) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(BytesIO(response.content))
    return book.get_sheet_by_index(sheet).to_python()


def test_the_table_as_a_workbook(as_: SignIn, held: Cast) -> None:
    response = as_(held.office).get(LEDGER, {"period": "2023-05", "export": "xlsx"})

    _, about, groups, header, *rows = workbook(response)
    assert about[0].startswith("示例大学党委 · 截至 2023-06-15 · 周期：2023年5月 · ")
    assert groups[1] == "任务4 学习制度和组织生活"
    named = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert named["合计"]["主题党日"] == "1/3"
    assert named["乙学院党委"]["主题党日"] == "未完成"


def test_a_workbook_says_what_it_was_narrowed_to(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    narrowed = {"period": "2023", "clause": "二/(二)/4", "verdict": "short", "export": "xlsx"}
    _, about, *_ = workbook(client.get(LEDGER, narrowed | {"level": "branch"}))
    for told in ("周期：2023年", "条款：任务4 学习", "结论：未完成", "组织层级：所有党支部"):
        assert told in about[0]

    _, about, *_ = workbook(client.get(ENTRIES, narrowed | {"obligation": "theme-day", "q": "甲"}))
    for told in ("周期：2023年", "条款：任务4", "结论：未完成", "责任：主题党日", "党员：甲"):
        assert told in about[0]


@pytest.mark.parametrize(
    ("address", "query", "told"),
    [
        ("/members/", {"q": "甲", "status": "full"}, "找人：甲 · 类别：正式党员"),
        ("/orgs/", {"kind": "branch"}, "类别：党支部"),
        ("/activities/", {"kind": "theme_day", "from": "2023-05-01"}, "主题党日 · 从：2023-05-01"),
    ],
)
def test_the_workbook_of_a_list_says_so_too(
    as_: SignIn, held: Cast, address: str, query: dict[str, str], told: str
) -> None:
    _, about, *_ = workbook(as_(held.office).get(address, query | {"export": "xlsx"}))

    assert told in about[0]


def test_a_workbook_has_the_columns_of_the_page(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    page = client.get(LEDGER).context
    book = client.get(LEDGER, {"export": "xlsx"})
    _, _, groups, header, *_ = workbook(book)

    assert header[1:] == [column.title for column in page["table"].columns]
    assert [group for group in groups if group] == [g.title for g in page["table"].groups]
    _, _, _, *own = workbook(book, sheet=1)
    assert [row[0] for row in own] == [obligation.title for obligation, _ in page["own"]]


def test_the_months_as_a_workbook(as_: SignIn, held: Cast) -> None:
    _, _, header, *rows = workbook(as_(held.secretary).get(LEDGER, {"export": "xlsx"}))

    theme_days = next(dict(zip(header, row, strict=True)) for row in rows if row[1] == "主题党日")
    assert theme_days["条款"] == "任务4 学习制度和组织生活"
    assert (theme_days["4月"], theme_days["6月"], theme_days["7月"]) == ("已完成", "未到期", "")


def test_the_list_as_a_workbook_holds_all_rows(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    _, _, header, *rows = workbook(client.get(ENTRIES, {"export": "xlsx"}))

    assert len(rows) == client.get(ENTRIES).context["page"].paginator.count
    assert {"条款", "责任", "要求", "已有", "结论"} <= set(header)


# Cost


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_the_school(as_: SignIn, held: Cast) -> None:
    client = as_(held.office)
    addresses = ["/", ENTRIES, *(LEDGER + layout for layout in LAYOUTS)]
    few = {address: queries(client, address) for address in addresses}
    for number in range(12):
        branch = make_org(
            f"甲学院学生第{number}党支部", "branch", held.college, category="student"
        )
        make_person(f"学生{number}", branch)
        make_activity(branch)
    assert {address: queries(client, address) for address in addresses} == few


# As it was then


def test_a_branch_that_moved_is_counted_where_it_hung_on_the_day(as_: SignIn, held: Cast) -> None:
    orgs.move(by=None, org=held.branch, parent=held.other_college, on=date(2023, 5, 1))
    client = as_(held.office)

    def theme_days(on: str) -> dict[str, int]:
        query = {"period": "2023-04", "on": on}
        response = client.get(LEDGER, query)
        found = {}
        for row in ("合计", "甲学院党委", "乙学院党委"):
            cell = cell_of(response, row, "主题党日")
            found[row] = cell.tally.total
            listed = client.get(cell.url).context
            assert "page" not in listed or listed["page"].paginator.count == cell.tally.total
        return found

    assert theme_days("2023-04-30") == {"合计": 3, "甲学院党委": 2, "乙学院党委": 1}
    assert theme_days("2023-06-15") == {"合计": 3, "甲学院党委": 1, "乙学院党委": 2}


def test_the_page_of_a_past_day_shows_the_branches_of_that_day(as_: SignIn, held: Cast) -> None:
    orgs.move(by=None, org=held.branch, parent=held.other_college, on=date(2023, 5, 1))
    client = as_(held.office)

    def rows(org: Org, on: str) -> list[str]:
        return rows_of(client.get(LEDGER, {"org": org.pk, "on": on}))[1:]

    moved, stayed = held.branch.short_name, held.sibling.short_name
    assert rows(held.college, "2023-04-30") == [moved, stayed]
    assert rows(held.other_college, "2023-04-30") == [held.other_branch.short_name]
    assert rows(held.college, "2023-05-01") == [stayed]
    crumbs = client.get(LEDGER, {"org": held.branch.pk, "on": "2023-04-30"}).context["crumbs"]
    assert [name for name, _ in crumbs] == ["示例大学党委", "甲学院党委"]


def test_what_was_below_and_is_out_of_reach_now_is_not_shown(as_: SignIn, held: Cast) -> None:
    orgs.move(by=None, org=held.branch, parent=held.other_college, on=date(2023, 5, 1))
    response = as_(held.officer).get(LEDGER, {"on": "2023-04-30"})

    assert rows_of(response)[1:] == [held.sibling.short_name]


# Levels


def test_the_rows_can_be_the_organisations_of_one_kind(as_: SignIn, held: Cast) -> None:
    general = make_org("图书馆党总支", "general_branch", held.school)
    make_org("图书馆第一党支部", "branch", general, category="staff")
    make_org("校医院直属党支部", "branch", held.school, category="staff")
    client = as_(held.office)

    def rows(level: str) -> list[str]:
        shown = rows_of(client.get(LEDGER, {"level": level, "period": "2023"}))
        return [row for row in shown if row not in ("合计", "本级")]

    offered = dict(client.get(LEDGER).context["form"].fields["level"].choices)
    assert list(offered.values()) == [
        *("下一级", "机关党委", "学院党委", "党总支", "直属党支部", "所有党支部", "党小组")
    ]
    assert rows("college_committee") == ["甲学院党委", "乙学院党委"]
    assert rows("general_branch") == ["图书馆党总支"]
    assert rows("direct") == ["校医院直属党支部"]
    assert len(rows("branch")) == 5
    college = client.get(LEDGER, {"org": held.college.pk}).context["form"].fields["level"]
    assert [title for _, title in college.choices][:2] == ["下一级", "党总支"]


def test_the_ledger_says_that_it_was_not_recomputed_to_the_end(as_: SignIn, cast: Cast) -> None:
    Job.objects.create(
        kind=RECOMPUTE, done=3, total=50, started_at=clock.now(), seen_at=clock.now(),
        ended_at=clock.now(), trouble="OSError：磁盘已满",
    )  # fmt: skip
    page = shown(as_(cast.office).get(LEDGER))
    assert "重算到第 3 步（共 50 步）出了错" in page
    assert "磁盘已满" in page
