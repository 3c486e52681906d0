"""How much a member pays in dues each month: exact decimals, by the rates of `dues.yaml`. Pure.

It stands by itself: dues are neither an obligation that is counted nor a case that moves. The
register of what was paid, reductions and exemptions, are records; arrears are a process. How a
month stands, and how many in a row are unpaid, is told here from those records.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from guantong.conditions.basis import Basis, read_bases
from guantong.conditions.yaml_file import Fields, read

WHOLE = Decimal(0)


@dataclass(frozen=True)
class Bracket:
    """`up_to` in yuan, itself included; None is everything above."""

    up_to: Decimal | None
    rate: Decimal


@dataclass(frozen=True)
class Payer:
    """A kind of member: a fixed sum a month, or a rate on the whole base by its bracket."""

    code: str
    title: str
    basis: tuple[Basis, ...]
    fixed: Decimal | None = None
    brackets: tuple[Bracket, ...] = ()

    def rate(self, base: Decimal) -> Decimal:
        """The rate on the whole of a base in yuan a month."""
        return next(b.rate for b in self.brackets if b.up_to is None or base <= b.up_to)


@dataclass(frozen=True)
class Rates:
    """`counted`, `deducted`: items of the pay slip, code to title. `quantum`: to what is rounded.

    In force from `since` on, and before `until` where that is known. `headings`: what dues may be
    used for. `arrears_months`: so many unpaid in a row and a case may be opened; `back_months`: so
    many may generally be paid afterwards.
    """

    since: date
    until: date | None
    payers: Mapping[str, Payer]
    counted: Mapping[str, str]
    deducted: Mapping[str, str]
    month_cap: Decimal
    quantum: Decimal
    headings: Mapping[str, str]
    arrears_months: int
    back_months: int


def base(rates: Rates, slip: Mapping[str, Decimal]) -> Decimal:
    """The base in yuan a month from the items of a pay slip; what is not named does not count."""
    counted = sum((slip.get(item, WHOLE) for item in rates.counted), WHOLE)
    deducted = sum((slip.get(item, WHOLE) for item in rates.deducted), WHOLE)
    return max(counted - deducted, WHOLE)


def monthly(rates: Rates, payer: str, monthly_base: Decimal) -> Decimal:
    """What is to be paid a month, in yuan. Those who pay a fixed sum need no base."""
    if monthly_base < 0:
        raise ValueError(f"a base is not negative: {monthly_base}")
    kind = rates.payers[payer]
    exact = monthly_base * kind.rate(monthly_base) if kind.fixed is None else kind.fixed
    return exact.quantize(rates.quantum, ROUND_HALF_UP)


def above_cap(rates: Rates, amount: Decimal) -> bool:
    """Whether it is more than is generally asked of one member a month."""
    return amount > rates.month_cap


@dataclass(frozen=True)
class Month:
    """What one member owes and paid for a month. `due` None: nobody has fixed it. `paid` None:
    nothing was paid. `relieved`: it is less than the rate, by a decision. `over`: it has passed.
    """

    month: date
    due: Decimal | None
    paid: Decimal | None = None
    paid_on: date | None = None
    relieved: bool = False
    over: bool = True

    @property
    def state(self) -> str:
        """`unfixed`, `exempt`, `paid`, `paid_late`, `part`, `due` or `unpaid`."""
        if self.due is None:
            return "unfixed"
        if not self.due:
            return "exempt"
        if self.paid is None or self.paid < self.due:
            return "part" if self.paid else "unpaid" if self.over else "due"
        return "paid_late" if self.late else "paid"

    @property
    def late(self) -> bool:
        paid_on = self.paid_on
        return paid_on is not None and (paid_on.year, paid_on.month) > (
            self.month.year, self.month.month,
        )  # fmt: skip


def unpaid_in_a_row(months: Sequence[Month]) -> int:
    """How many of the latest months that have passed are wholly unpaid, one after the other.

    A month that nobody fixed says nothing and ends the row: nobody is told to be in arrears for
    what was never asked.
    """
    count = 0
    for month in reversed([one for one in months if one.over]):
        if month.state != "unpaid":
            break
        count += 1
    return count


# ---------------------------------------------------------------- the file


def load_rates(path: Path) -> Rates:
    """Read `dues.yaml`; raise CatalogueError with place and remedy."""
    f = read(path, path.name)
    in_force = f.fields("in_force")
    since, until = in_force.day("from"), in_force.maybe_day("to")
    in_force.done()
    slip = f.fields("base")
    read_bases(slip)
    rates = Rates(
        since=since,
        until=until,
        payers=_payers(f.fields("payers")),
        counted=_titles(slip, "counted"),
        deducted=_titles(slip, "deducted"),
        month_cap=_value(f.fields("month_cap")),
        quantum=_value(f.fields("quantum")),
        headings=_headings(f.fields("headings")),
        arrears_months=int(_value(f.fields("arrears_months"))),
        back_months=int(_value(f.fields("back_months"))),
    )
    slip.done()
    f.done()
    return rates


def _payers(f: Fields) -> dict[str, Payer]:
    found: dict[str, Payer] = {}
    for code in list(f.data):
        found[code] = _payer(code, f.fields(code), found)
    return found


def _payer(code: str, f: Fields, before: Mapping[str, Payer]) -> Payer:
    title, basis = f.text("title"), read_bases(f)
    if f.has("fixed"):
        payer = Payer(code, title, basis, fixed=f.number("fixed"))
    elif f.has("like"):
        like = f.choice("like", sorted(before))
        payer = Payer(code, title, basis, before[like].fixed, before[like].brackets)
    else:
        payer = Payer(code, title, basis, brackets=tuple(_brackets(f)))
    f.done()
    return payer


def _brackets(f: Fields) -> Iterator[Bracket]:
    least = WHOLE
    rows = f.each("brackets")
    for i, row in enumerate(rows):
        last = i == len(rows) - 1
        if row.has("up_to") is last:
            raise row.wrong("up_to", "最后一档写 null，其他各档写上限")
        bound = row.number("up_to") if row.has("up_to") else None
        row.data.pop("up_to", None)
        if bound is not None and bound <= least:
            raise row.wrong("up_to", f"{bound} 不高于前一档", "各档由低到高")
        least = bound or least
        yield Bracket(bound, row.number("rate"))
        row.done()


def _titles(f: Fields, key: str) -> dict[str, str]:
    items = f.fields(key)
    return {code: items.text(code) for code in list(items.data)}


def _headings(f: Fields) -> dict[str, str]:
    read_bases(f)
    found = _titles(f, "titles")
    f.done()
    return found


def _value(f: Fields) -> Decimal:
    value = f.number("value")
    read_bases(f)
    f.done()
    if value <= 0:
        raise f.wrong("value", f"{value} 应大于零")
    return value
