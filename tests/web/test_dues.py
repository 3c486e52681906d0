"""Dues, the budget and the library on pages: entering, seeing, exporting, and who may not."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client

from guantong.records.actions import documents, dues, money
from guantong.records.models import DuesPayment, DuesRate, Org, Person, Spending, User
from guantong.sheets.write import table
from tests.factories import SINCE, TODAY, Cast, owner
from tests.web.answers import part, rows, shown
from tests.web.test_members import address, send

type SignIn = Callable[[User], Client]
DUES, MONTH, FIX = "/members/dues/", "/members/dues/month/", "/members/dues/fix/"
ARREARS, RELIEFS, STATEMENT = f"{DUES}arrears/", f"{DUES}reliefs/", f"{DUES}statement/"
BUDGET, LIBRARY = "/orgs/budget/", "/orgs/library/"


@pytest.fixture
def person(cast: Cast) -> Person:
    person = owner(cast.member)
    dues.fix(by=None, person=person, month=date(2022, 10, 1), payer="salaried", wage="5000.01")
    return person


def test_from_fixing_to_paying(cast: Cast, as_: SignIn) -> None:
    officer, person, other = as_(cast.officer), owner(cast.member), owner(cast.secretary)
    at = f"{FIX}?org={cast.branch.pk}"
    assert "党员甲" in shown(officer.get(at))
    typed = {
        f"{person.pk}-fix": "on", f"{person.pk}-payer": "salaried", f"{person.pk}-wage": "一",
        f"{other.pk}-payer": "salaried",
    }  # fmt: skip
    assert "请填数字" in shown(answer := officer.post(at, typed))
    assert answer.status_code == 422
    assert officer.post(at, {**typed, f"{person.pk}-wage": "5000.01"}).status_code == 302
    assert DuesRate.objects.get().amount == Decimal(75)  # the other was not ticked
    assert "5000.01" not in shown(officer.get(at))
    secretary = as_(cast.secretary)
    at = f"{MONTH}?org={cast.branch.pk}&month=2023-05"
    assert 'value="75.00"' in shown(secretary.get(at))
    typed = {"paid_on": "2023-05-09", "paid": [str(person.pk)], f"amount-{person.pk}": "七十五"}
    answer = secretary.post(at, typed)
    assert (answer.status_code, "党员甲：请写实交" in shown(answer)) == (422, True)
    assert "七十五" in shown(answer)  # nothing typed is lost
    assert secretary.post(at, {**typed, f"amount-{person.pk}": "75"}).status_code == 302
    assert "5月已交，应交 75.00，实交 75.00" in part(secretary, f"{DUES}?org={cast.branch.pk}")
    stale = secretary.post(at, {**typed, f"amount-{person.pk}": "80"})
    assert stale.status_code == 409


def test_a_month_from_a_sheet_is_looked_over_first(
    cast: Cast, as_: SignIn, person: Person
) -> None:
    client, at = as_(cast.secretary), f"{MONTH}?org={cast.branch.pk}&month=2023-05"
    header, *lines = rows(client.get(f"{at}&export=xlsx"))
    assert header == ["编号", "姓名", "应交", "实交"]
    assert ["党员甲", 75.0] in [line[1:3] for line in lines]

    def upload(*told: tuple[object, ...]) -> str:
        file = BytesIO(table(title="党费", header=header, rows=list(told)))
        file.name = "党费.xlsx"
        return shown(client.post(at, {"file": file}))

    assert "没有采用" in (text := upload((None, "谁也不是", 0, 5), (person.pk, "党员甲", 75, "x")))
    assert "第 4 行：谁也不是" in text
    assert "第 5 行：实交“x”不是金额" in text
    text = upload((person.pk, "党员甲", 75, 60))
    assert f'value="{person.pk}" checked' in text
    assert 'value="60.00"' in text
    assert not DuesPayment.objects.exists()


def test_what_each_role_sees_of_dues(cast: Cast, as_: SignIn, person: Person) -> None:
    for user in (cast.secretary, cast.officer, cast.office):
        for at in (DUES, RELIEFS, STATEMENT):
            assert as_(user).get(f"{at}?org={cast.branch.pk}").status_code == 200, (user, at)
    assert rows(as_(cast.office).get(ARREARS, {"export": "xlsx"}))[1][:3] == [
        "党员甲", cast.branch.name, 8,
    ]  # fmt: skip
    for user in (cast.outsider, cast.inspector, cast.member, cast.admin, cast.stranger):
        for at in (DUES, MONTH, FIX, ARREARS, RELIEFS, STATEMENT, f"{DUES}use/"):
            answer = as_(user).get(f"{at}?org={cast.branch.pk}")
            assert answer.status_code == 404, (user, at)
    for user in (cast.secretary, cast.outsider, cast.inspector, cast.member):
        assert as_(user).get(f"{FIX}?org={cast.branch.pk}").status_code == 404
        assert as_(user).get(address("relief-new", person)).status_code == 404
    told = shown(as_(cast.office).get(f"{DUES}?org={cast.college.pk}"))
    assert cast.branch.short_name in told
    assert "党员甲" not in told  # above the branch people are only counted
    Org.objects.filter(pk=cast.sibling.pk).update(valid_to=date(2023, 1, 1))
    years = {
        year: part(as_(cast.office), f"{DUES}?org={cast.college.pk}&year={year}")
        for year in (2022, 2023)
    }
    lists = [year for year, told in years.items() if cast.sibling.short_name in told]
    assert lists == [2022]  # a branch is listed for the years in which there was one


def test_relief_on_pages(cast: Cast, as_: SignIn, person: Person) -> None:
    client = as_(cast.officer)
    given = {"pays": "10", "reason": "生活困难", "approval": "批复"}
    answer = send(client, address("relief-new", person), **given, last="2023-01-01")
    assert "不早于" in shown(answer)
    assert send(client, address("relief-new", person), **given).status_code == 302
    assert "生活困难" in part(client, f"{RELIEFS}?org={cast.college.pk}")
    assert rows(client.get(RELIEFS, {"org": cast.branch.pk, "export": "xlsx"}))[1][0] == "党员甲"


def test_the_year_of_dues_and_of_the_budget(cast: Cast, as_: SignIn) -> None:
    secretary, officer = as_(cast.secretary), as_(cast.officer)
    use = {"heading": "media", "spent_on": "2023-05-01", "amount": "300", "what": "学习资料"}
    at = f"{DUES}use/?org={cast.branch.pk}"
    assert secretary.post(at, use).status_code == 422
    assert secretary.post(at, {**use, "decided_on": "2023-04-20"}).status_code == 302
    text = shown(secretary.get(f"{STATEMENT}?org={cast.branch.pk}"))
    assert "学习资料" in text
    assert "党员教育资料和设备" in text
    line = money.plan(by=None, org=cast.college, year=2023, title="主题党日", amount=Decimal(100))
    spend = {"spent_on": "2023-05-01", "amount": "130", "what": "交通费"}
    answer = officer.post(f"{BUDGET}{line.pk}/spend/", spend, follow=True)
    assert "已超支 30.00 元" in shown(answer)
    assert "超支" in shown(as_(cast.inspector).get(f"{BUDGET}?org={cast.college.pk}"))
    row = rows(officer.get(BUDGET, {"org": cast.college.pk, "export": "xlsx"}))[1]
    assert row == ["主题党日", "", 100.0, 130.0, -30.0]
    spending = Spending.objects.get(line=line)
    for user in (cast.secretary, cast.outsider, cast.inspector, cast.member):
        for name in (f"{BUDGET}{line.pk}/spend/", f"/orgs/spendings/{spending.pk}/withdraw/"):
            assert as_(user).get(name).status_code == 404, (user, name)
    at = f"/orgs/spendings/{spending.pk}/withdraw/"
    assert officer.post(at, {"reason": "重复"}).status_code == 302
    assert "已撤销" in shown(officer.get(f"{BUDGET}?org={cast.college.pk}"))


def test_the_library_from_record_to_check(cast: Cast, as_: SignIn) -> None:
    document = documents.record(
        by=None, org=cast.college, doc_class="org_life", title="组织生活细则", valid_from=SINCE,
        review_due=date(2023, 6, 20),
    )  # fmt: skip
    officer, at = as_(cast.officer), f"{LIBRARY}{document.pk}/"
    assert "组织生活细则" in part(officer, f"{LIBRARY}?q=生活")
    assert "没有符合条件的制度" in shown(officer.get(LIBRARY, {"q": "没有这个"}))
    assert "组织生活细则" in shown(as_(cast.secretary).get(LIBRARY)), "it binds those below"
    assert "组织生活细则" not in shown(as_(cast.outsider).get(LIBRARY))
    assert "制度应复核" in shown(officer.get("/"))
    assert "✗" in part(officer, f"{LIBRARY}coverage/")
    lacking = rows(officer.get(f"{LIBRARY}coverage/", {"export": "xlsx"}))
    assert lacking[1][-1] == "组织设置、组织运行、组织管理、组织监督"
    check = {"on_day": str(TODAY), "found": "没有记录", "problem": "on"}
    assert officer.post(f"{at}check/", check).status_code == 302
    assert "有问题待整改" in shown(officer.get(at))
    assert "待整改" in part(officer, f"{LIBRARY}?state=problem")
    new = {"title": "组织生活细则（修订）", "on": "2023-06-01"}
    assert officer.post(f"{at}replace/", new).status_code == 302
    assert "由它代替" in shown(officer.get(at))
    for user in (cast.outsider, cast.member, cast.stranger):
        assert as_(user).get(at).status_code == 404, user
    for user in (cast.secretary, cast.inspector, cast.outsider):
        assert as_(user).get(f"{at}check/").status_code == 404, user
