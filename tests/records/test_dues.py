"""Dues and money: what is owed and paid, relief, arrears; budget lines and what is spent."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guantong.records import dues, money
from guantong.records.actions import dues as actions
from guantong.records.actions import memberships, merging
from guantong.records.actions import money as spending
from guantong.records.actions.dues import Paid
from guantong.records.models import DuesPayment, DuesRate, Event, Person, Restricted
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.records.conftest import one_event, refused

JANUARY, MAY = date(2023, 1, 1), date(2023, 5, 1)
YUAN = Decimal


def fix(person: Person, **more: Any) -> DuesRate:
    given = {"by": None, "month": JANUARY, "payer": "salaried", "wage": "5000.01", **more}
    return actions.fix(person=person, **given)


def pay(cast: Cast, month: date, *entries: Paid, **more: Any) -> int:
    given = {"by": cast.secretary, "org": cast.branch, "paid_on": TODAY, **more}
    return actions.register(month=month, entries=entries, **given)


def states(person: Person) -> list[str]:
    listed = dues.months(JANUARY, date(2023, 7, 1))
    (line,) = [one for one in dues.lines([org_of(person)], listed) if one.person == person]
    return [one.state for one in line.months]


def org_of(person: Person) -> int:
    return int(person.memberships.get(valid_to=None).org_id)


@pytest.fixture
def person(cast: Cast) -> Person:
    return owner(cast.member)


def test_a_year_is_fixed_from_a_sealed_base(cast: Cast, person: Person) -> None:
    with one_event("dues.fixed") as told:
        row = fix(person, by=cast.officer)
    assert (row.computed, row.amount) == (YUAN("75.00"), YUAN("75.00"))
    kept = Restricted.objects.get(person=person)
    assert b"5000.01" not in bytes(kept.wage or b"")
    assert "5000" not in str(told[0].detail)
    anew = {"wage": "", "payer": "retired"}
    with refused("年内重新核定"):
        fix(person, by=cast.officer, **anew)
    with one_event("dues.fixed"):
        again = fix(person, by=cast.officer, **anew, reason="类别选错了")
    assert (again.pk, again.amount) == (row.pk, YUAN("50.00"))


def test_what_is_refused_when_fixing(cast: Cast, person: Person) -> None:
    with refused("还没有党费计算基数"):
        fix(person, wage="")
    with refused("请填数字"):
        fix(person, wage="五千")
    with refused("写明原因"):
        fix(person, amount=YUAN(60))
    with refused("由别人核定"):
        fix(owner(cast.officer), by=cast.officer)
    for user in (cast.secretary, cast.outsider, cast.inspector):
        with refused("权限"):
            fix(person, by=user)
    fix(person)
    with refused("年内重新核定"):
        fix(person, month=MAY)
    assert fix(person, month=MAY, reason="职务变动").valid_from == MAY
    with refused():
        actions.fix_all(
            by=None,
            entries=[
                {"person": owner(cast.secretary), "month": JANUARY, "payer": "student"},
                {"person": person, "month": JANUARY, "payer": "nobody"},
            ],
        )


def test_a_month_of_a_branch_is_entered_in_one_go(cast: Cast, person: Person) -> None:
    other = owner(cast.secretary)
    fix(person)
    fix(other, payer="student", wage="")
    with one_event("dues.registered"):
        both = (Paid(person.pk, None, YUAN(75)), Paid(other.pk, None, YUAN("0.20")))
        assert pay(cast, MAY, *both, paid_on=date(2023, 5, 9)) == 2
    assert states(person) == ["unpaid"] * 4 + ["paid", "due"]
    assert pay(cast, MAY, Paid(person.pk, YUAN(75), YUAN(75))) == 0
    assert pay(cast, JANUARY, Paid(person.pk, None, YUAN(70))) == 1
    assert states(person)[0] == "part"
    pay(cast, JANUARY, Paid(person.pk, YUAN(70), YUAN(75)))
    assert states(person)[0] == "paid_late"
    pay(cast, JANUARY, Paid(person.pk, YUAN(75), None))
    assert states(person)[0] == "unpaid"


def test_what_is_refused_when_paying(cast: Cast, person: Person) -> None:
    fix(person)
    entry = Paid(person.pk, None, YUAN(75))
    with refused("权限"):
        pay(cast, MAY, entry, by=cast.outsider)
    with refused("权限"):
        pay(cast, MAY, entry, by=cast.inspector)
    with refused("不在"):
        pay(cast, MAY, Paid(owner(cast.outsider).pk, None, YUAN(1)))
    with refused("还没到"):
        pay(cast, MAY, entry, paid_on=date(2023, 6, 16))
    with refused("最多预交一个季度"):
        pay(cast, date(2023, 9, 1), entry)
    with refused("合适的金额"):
        pay(cast, MAY, Paid(person.pk, None, YUAN("1.005")))
    pay(cast, MAY, entry)
    with refused("刚刚有人登记过"):
        pay(cast, MAY, entry)


def test_relief_ends_by_itself_and_is_never_an_arrear(cast: Cast, person: Person) -> None:
    fix(person)
    given = {"reason": "生活困难", "approval": "批复一号", "pays": YUAN(0)}
    span = {"first": date(2023, 2, 3), "last": date(2023, 4, 30)}
    with one_event("dues.relieved"):
        row = actions.relieve(by=cast.officer, person=person, **given, **span)
    assert (row.valid_from, row.valid_to) == (date(2023, 2, 1), MAY)
    assert states(person) == ["unpaid", "exempt", "exempt", "exempt", "unpaid", "due"]
    assert dues.months_unpaid(person, TODAY) == 1
    with refused("已有减免"):
        actions.relieve(by=cast.officer, person=person, **given, **span)
    with refused("应更少"):
        actions.relieve(by=None, person=person, first=MAY, last=MAY, **{**given, "pays": YUAN(75)})
    with refused("最长一年"):
        actions.relieve(by=None, person=person, first=MAY, last=date(2024, 6, 1), **given)
    with refused("权限"):
        actions.relieve(by=cast.secretary, person=person, first=MAY, last=MAY, **given)
    with one_event("dues.relief_ended"):
        actions.end_relief(by=cast.officer, relief=row, month=date(2023, 3, 1))
    assert states(person)[1:4] == ["exempt", "unpaid", "unpaid"]
    with one_event("dues.relief_struck"):
        actions.end_relief(by=cast.officer, relief=row, month=date(2023, 2, 1))
    assert "exempt" not in states(person)


def test_arrears_are_told_and_nothing_follows(cast: Cast, person: Person) -> None:
    assert dues.arrears([cast.branch.pk]) == []  # nobody fixed anything: nobody is behind
    fix(person, month=date(2022, 10, 1))
    (one,) = dues.arrears([cast.branch.pk])
    assert (one.person, one.months, one.since) == (person.pk, 8, date(2022, 10, 1))
    assert one.owed == YUAN(600)
    assert dues.arrears([cast.branch.pk], 9) == []
    events = Event.objects.count()
    dues.arrears([cast.branch.pk])
    assert Event.objects.count() == events
    assert person.memberships.filter(valid_to=None).exists()
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=date(2023, 3, 10))
    assert dues.arrears([cast.branch.pk]) == []
    assert dues.arrears([cast.sibling.pk])[0].months == 8  # the months before came along
    pay(cast, MAY, Paid(person.pk, None, YUAN(75)), by=None, org=cast.sibling)
    assert dues.arrears([cast.sibling.pk]) == []


def test_who_joins_and_who_only_applies(cast: Cast) -> None:
    new = make_person("新党员", cast.branch, since=date(2023, 4, 20), status="probationary")
    make_person("申请人", cast.branch, since=date(2023, 2, 1), status="applicant")
    fix(new, payer="student", wage="")
    assert states(new) == ["unpaid", "unpaid", "due"]  # from the month of the branch meeting
    names = {one.person.name for one in dues.lines([cast.branch.pk], dues.year_months(2023)[:6])}
    assert "申请人" not in names


def test_the_register_costs_the_same_for_any_branch(cast: Cast) -> None:
    with constant_queries(5):
        dues.lines([cast.branch.pk, cast.sibling.pk], dues.year_months(2023))
    for number in range(5):
        fix(make_person(f"某{number}", cast.branch))
    with constant_queries(5):
        dues.lines([cast.branch.pk, cast.sibling.pk], dues.year_months(2023))


@contextmanager
def constant_queries(most: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as queries:
        yield
    assert len(queries) <= most, [query["sql"] for query in queries]


def test_a_merge_keeps_one_payment_a_month(cast: Cast, person: Person) -> None:
    double = make_person("党员甲二", cast.sibling)
    for one, org in ((person, cast.branch), (double, cast.sibling)):
        fix(one)
        pay(cast, MAY, Paid(one.pk, None, YUAN(75)), by=None, org=org)
    pay(cast, JANUARY, Paid(double.pk, None, YUAN(75)), by=None, org=cast.sibling)
    done = merging.merge(by=None, kept=person, absorbed=double, reason="同一身份证号")
    months = DuesPayment.objects.filter(person=person).values_list("month", flat=True)
    assert sorted(months) == [JANUARY, MAY]
    merging.undo(by=None, merge=done)
    assert DuesPayment.objects.filter(person=double).count() == 2


# Money


def test_dues_are_used_under_the_five_headings_after_a_decision(cast: Cast) -> None:
    given = {"org": cast.branch, "spent_on": MAY, "amount": YUAN(300), "what": "学习资料"}
    with refused("党费只用于"):
        spending.spend(by=cast.secretary, heading="travel", decided_on=MAY, **given)
    with refused("集体研究"):
        spending.spend(by=cast.secretary, heading="media", **given)
    with refused("不晚于"):
        spending.spend(by=cast.secretary, heading="media", decided_on=TODAY, **given)
    with refused("权限"):
        spending.spend(by=cast.outsider, heading="media", decided_on=MAY, **given)
    with one_event("money.spent"):
        row = spending.spend(by=cast.secretary, heading="media", decided_on=MAY, **given)
    person = owner(cast.member)
    fix(person)
    pay(cast, MAY, Paid(person.pk, None, YUAN(500)))
    year = money.dues_year(cast.branch, 2023)
    assert (year.collected, year.spent, year.left) == (YUAN(500), YUAN(300), YUAN(200))
    assert money.dues_year(cast.school, 2023).collected == YUAN(500)
    with one_event("money.withdrawn"):
        spending.withdraw(by=cast.secretary, spending=row, reason="重复登记")
    assert money.dues_year(cast.branch, 2023).spent == 0
    with refused("已经撤销"):
        spending.withdraw(by=cast.secretary, spending=row, reason="重复登记")


def test_a_budget_line_tells_what_is_overspent(cast: Cast) -> None:
    plan = {"org": cast.college, "year": 2023, "title": "主题党日", "amount": YUAN(1000)}
    with refused("权限"):
        spending.plan(by=cast.secretary, **plan)
    with one_event("budget.planned"):
        line = spending.plan(by=cast.officer, **plan)
    assert spending.plan(by=cast.officer, **{**plan, "amount": YUAN(800)}).pk == line.pk
    held, elsewhere = make_activity(cast.branch), make_activity(cast.other_branch)
    given = {"org": cast.college, "line": line, "what": "交通费", "amount": YUAN(900)}
    with refused("下级主办的活动"):
        spending.spend(by=cast.officer, spent_on=MAY, activity=elsewhere, **given)
    with refused("应在这一年"):
        spending.spend(by=cast.officer, spent_on=date(2022, 12, 31), **given)
    with refused("不是本组织的预算"):
        spending.spend(by=None, spent_on=MAY, **{**given, "org": cast.branch})
    spending.spend(by=cast.officer, spent_on=MAY, activity=held, **given)
    (row,) = money.budget(cast.college, 2023)
    assert (row.spent, row.left) == (YUAN(900), YUAN(-100))
    with refused("已有支出"):
        spending.strike(by=cast.officer, line=line, reason="登记错了")
    empty = spending.plan(by=cast.officer, **{**plan, "title": "写错的"})
    with one_event("budget.struck"):
        spending.strike(by=cast.officer, line=empty, reason="登记错了")
    assert len(money.budget(cast.college, 2023)) == 1
