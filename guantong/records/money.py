"""What was collected, planned and spent in a year, summed for one organisation. Reads only."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from guantong.records import dues
from guantong.records.models import BudgetLine, DuesPayment, Org, Spending

NOTHING = Decimal(0)


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
        collected=paid.aggregate(all=Coalesce(Sum("amount"), NOTHING))["all"],
        used=tuple(
            (code, title, sums.get(code, NOTHING)) for code, title in dues.rates().headings.items()
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
        spent=Coalesce(Sum("spendings__amount", filter=live), NOTHING)
    )
    return [BudgetRow(line, line.spent) for line in found.order_by("title")]


def spent(org: Org, year: int) -> "list[Spending]":
    """Everything spent by the organisation in a year, withdrawn rows too, the newest first."""
    first, end = date(year, 1, 1), date(year + 1, 1, 1)
    found = Spending.objects.filter(org=org, spent_on__gte=first, spent_on__lt=end)
    return list(found.select_related("line", "activity", "by").order_by("-spent_on", "-pk"))
