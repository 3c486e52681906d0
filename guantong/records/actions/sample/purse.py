"""Dues and the Party-building budgets of the sample school.

Four branches pay their dues; the others have fixed nothing yet, as in a school that has just
begun. Every committee has its budget in the ledger, but for one this year. Invented throughout:
the sums follow from no wage.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Model
from django.utils import timezone

from guantong.periods import add_months
from guantong.records.actions.sample import days
from guantong.records.actions.sample.days import chance
from guantong.records.actions.sample.offices import Offices
from guantong.records.models import (
    BudgetLine,
    Document,
    DocumentCheck,
    DuesPayment,
    DuesRate,
    DuesRelief,
    Org,
    Spending,
)

BRANCHES = (
    "化学学院教师第一党支部", "化学学院教师第二党支部", "化学学院学生第一党支部",
    "文学院教师第二党支部",
)  # fmt: skip
COLLEGE, LACKS, SCHOOL = "化学学院", "音乐学院党委", "示例大学党委"
YEAR = days.TODAY.year
SUMS = tuple(map(Decimal, ("48.00", "66.75", "82.50", "97.20", "128.40", "153.00")))
LINES = (("主题党日和党课", "12000"), ("党员教育培训", "18000"), ("阵地建设", "9000"))
BEHIND = 2  # of a branch, so many have not paid for the last months


def fill(offices: Offices, documents: Sequence[Document]) -> Iterator[Sequence[Model]]:
    """The tables in the order in which they can be written, each not empty."""
    college = offices.tree.college(COLLEGE)
    rates, payments, reliefs = _dues(offices)
    yield rates
    yield payments
    yield reliefs
    lines = [
        BudgetLine(org=org, year=year, title=title, amount=Decimal(amount), basis="示例预算批复")
        for org in (offices.tree.named[SCHOOL], *offices.tree.of("college_committee"))
        for year in range(days.SINCE.year, YEAR + 1)
        for title, amount in LINES
        if (org.name, year) != (LACKS, YEAR)
    ]
    yield lines
    yield list(_spent(college, [one for one in lines if (one.org, one.year) == (college, YEAR)]))
    yield [
        DocumentCheck(
            document=documents[1], on_day=date(YEAR, 4, 12), recorded_at=_at(date(YEAR, 4, 12)),
            found="抽查三个支部，组织生活会材料齐全，一个支部没有及时公布。", problem=True,
        )
    ]  # fmt: skip


def _at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(16)))


def _dues(offices: Offices) -> tuple[list[DuesRate], list[DuesPayment], list[DuesRelief]]:
    rng, since = chance("purse"), date(YEAR, 1, 1)
    rates: list[DuesRate] = []
    payments: list[DuesPayment] = []
    for name in BRANCHES:
        org = offices.tree.named[name]
        student = "学生" in name
        for place, person in enumerate(offices.roll.full(org, days.TODAY)):
            amount = Decimal("0.20") if student else rng.choice(SUMS)
            rates.append(
                DuesRate(
                    person=person, valid_from=since, payer="student" if student else "salaried",
                    computed=amount, amount=amount, at=_at(date(YEAR, 1, 6)),
                )
            )  # fmt: skip
            payments += _paid(rates[-1], org, 3 if place < BEHIND else 6)
    teacher = rates[BEHIND]
    relief = DuesRelief(
        person=teacher.person, valid_from=date(YEAR, 5, 1), valid_to=date(YEAR, 11, 1),
        pays=Decimal("20.00"), reason="生活困难", approval="示例〔2023〕7 号",
    )  # fmt: skip
    return rates, payments, [relief]


def _paid(rate: DuesRate, org: Org, months: int) -> Iterator[DuesPayment]:
    for back in range(months):
        month = add_months(rate.valid_from, back)
        paid_on = min(month + timedelta(days=9), days.TODAY)
        yield DuesPayment(
            person=rate.person, org=org, month=month, amount=rate.amount, paid_on=paid_on,
            recorded_at=_at(paid_on),
        )  # fmt: skip


def _spent(org: Org, lines: Sequence[BudgetLine]) -> Iterator[Spending]:
    told = (
        (lines[0], "", date(YEAR, 3, 8), "3200", "红色教育基地参观交通费"),
        (lines[2], "", date(YEAR, 4, 20), "9600", "党员活动室桌椅和展板"),
        (None, "media", date(YEAR, 5, 5), "680", "购买学习资料"),
    )
    for line, heading, day, amount, what in told:
        yield Spending(
            org=org, line=line, heading=heading, spent_on=day, amount=Decimal(amount), what=what,
            decided_on=day - timedelta(days=6), recorded_at=_at(day),
        )  # fmt: skip
