"""What was collected, planned and spent in a year, summed for one organisation. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum

from guantong.records import dues
from guantong.records.models import BudgetLine, DuesPayment, Org, Spending

NOTHING = Decimal(0)


def _yuan(total: Decimal | None) -> Decimal:
    """SQLite adds decimals up as floats: to the cent it is exact again."""
    return round(total or NOTHING, 2)


@dataclass(frozen=True)
class DuesYear:
    """Yuan. `collected` for the months of the year, by the organisation and all below it; `used`
    by heading, by the organisation itself. What is passed up or down is not in it.
    """

    collected: Decimal
    used: tuple[tuple[str, str, Decimal], ...]

    @property
    def spent(self) -> Decimal:
        return sum((amount for *_, amount in self.used), NOTHING)

    @property
    def left(self) -> Decimal:
        return self.collected - self.spent


def dues_year(org: Org, year: int) -> DuesYear:
    paid = DuesPayment.objects.filter(org__path__startswith=org.path, month__year=year)
    used = Spending.objects.live().filter(org=org, line=None, spent_on__year=year)
    sums = dict(used.order_by().values_list("heading").annotate(Sum("amount")))
    return DuesYear(
        collected=_yuan(paid.aggregate(all=Sum("amount"))["all"]),
        used=tuple(
            (code, title, _yuan(sums.get(code))) for code, title in dues.rates().headings.items()
        ),
    )


@dataclass(frozen=True)
class BudgetRow:
    """A line with what was spent from it; `left` below zero: overspent."""

    line: BudgetLine
    spent: Decimal

    @property
    def left(self) -> Decimal:
        return self.line.amount - self.spent


def budget(org: Org, year: int) -> list[BudgetRow]:
    live = Q(spendings__withdrawn_at=None)
    found = org.budget_lines.filter(year=year).annotate(
        spent=Sum("spendings__amount", filter=live)
    )
    return [BudgetRow(line, _yuan(line.spent)) for line in found.order_by("title")]


@dataclass(frozen=True)
class BudgetSum:
    """What an organisation and all below it planned and spent in a year, in yuan."""

    org: Org
    planned: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        return self.planned - self.spent


def budgets(orgs: Iterable[Org], year: int) -> list[BudgetSum]:
    """One sum an organisation; two queries, however many there are. Dues are not in it."""
    lines = BudgetLine.objects.filter(year=year).values_list("org__path", "amount")
    spendings = Spending.objects.live().filter(line__year=year).values_list("org__path", "amount")
    planned, used = list(lines), list(spendings)

    def below(org: Org, rows: Iterable[tuple[str, Decimal]]) -> Decimal:
        return sum((amount for path, amount in rows if path.startswith(org.path)), NOTHING)

    return [BudgetSum(org, below(org, planned), below(org, used)) for org in orgs]


def spent(org: Org, year: int) -> "list[Spending]":
    """Everything spent by the organisation in a year, withdrawn rows too, the newest first."""
    first, end = date(year, 1, 1), date(year + 1, 1, 1)
    found = Spending.objects.filter(org=org, spent_on__gte=first, spent_on__lt=end)
    return list(found.select_related("line", "activity", "by").order_by("-spent_on", "-pk"))
