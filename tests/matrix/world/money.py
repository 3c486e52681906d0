"""Dues and budgets of the world."""

from datetime import date
from decimal import Decimal

from guantong.records.actions import dues, money
from tests.factories import TODAY
from tests.matrix.world.base import YESTERDAY, At, World

HEADING = "training"
JANUARY = date(2023, 1, 1)


def of_org(w: World, at: At) -> None:
    text = w.text(at)

    def spent(about: str, **more: object) -> object:
        given = {"spent_on": YESTERDAY, "amount": Decimal(5), "what": text(about), **more}
        return money.spend(by=None, org=at.org, **given)  # type: ignore[arg-type]

    def planned() -> object:
        return money.plan(
            by=None, org=at.org, year=TODAY.year, title=text("budgetline"), amount=Decimal(100),
            basis=text("budgetline"),
        )  # fmt: skip

    at.line, at.idle = planned(), planned()
    at.spending = spent("spending", line=at.line)
    at.used = spent("spending.dues", heading=HEADING, decided_on=YESTERDAY)
    for about, row in (
        ("spending", spent("spending", line=at.line)),
        ("spending.dues", spent("spending.dues", heading=HEADING, decided_on=YESTERDAY)),
    ):
        money.withdraw(by=None, spending=row, reason=text(about))  # type: ignore[arg-type]


def of_branch(w: World, at: At) -> None:
    text = w.text(at)
    dues.fix(
        by=None, person=at.person, month=JANUARY, payer="student", amount=Decimal(1),
        reason=text("duesrate"),
    )  # fmt: skip
    at.relief = dues.relieve(
        by=None, person=at.double, first=JANUARY, last=YESTERDAY, pays=Decimal(0),
        reason=text("duesrelief"), approval=text("duesrelief"),
    )  # fmt: skip
    paid = dues.Paid(at.person.pk, None, Decimal(1))
    dues.register(by=None, org=at.org, month=JANUARY, paid_on=YESTERDAY, entries=[paid])
