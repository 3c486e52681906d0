"""The Party-building budget, and what is spent from it or from dues."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from guantong.records import access, clock, days, dues
from guantong.records.access import Refused
from guantong.records.actions import events, ledger, rows, spans
from guantong.records.models import Activity, BudgetLine, Org, Spending, User

BUDGET, DUES = "budget.edit", "dues.record"
MOST = Decimal(100_000_000)
TABLES = frozenset({"budgets"})
TOLD = ("heading", "spent_on", "amount", "what", "decided_on", "activity")


@transaction.atomic
def plan(
    *, by: User | None, org: Org, year: int, title: str, amount: Decimal, basis: str = ""
) -> BudgetLine:
    """Enter a line of a year's budget, or correct it: the title says which one."""
    access.require(by, BUDGET, org)
    if year not in days.YEARS:
        raise Refused("请核对年度。", {"year": "请核对年度。"})
    rows.locked(org)
    told = {"amount": _yuan(amount), "basis": basis.strip()}
    row = org.budget_lines.filter(year=year, title=title.strip()).first()
    if row is None:
        row = rows.insert(BudgetLine(org=org, year=year, title=title.strip(), **told))
        change = rows.Change({}, told)
    else:
        change = rows.change(row, **told)
    events.leave("budget.planned", row, by=by, org=org, year=year, title=row.title, change=change)
    _refresh(row)
    return row


@transaction.atomic
def strike(*, by: User | None, line: BudgetLine, reason: str) -> None:
    """Take out a line that was entered by mistake: only while nothing was ever spent from it."""
    line = rows.locked(line)
    access.require(by, BUDGET, line.org)
    reason = events.reasoned(reason)
    if line.spendings.exists():
        raise Refused("已有支出记在这一项上，不能去掉；可以更正金额。")
    before = {"year": line.year, "title": line.title, "amount": line.amount}
    events.leave("budget.struck", line, by=by, org=line.org, reason=reason, before=before)
    line.delete()
    _refresh(line)


def _refresh(line: BudgetLine) -> None:
    first = date(line.year, 1, 1)
    ledger.refresh(ledger.Touch(frozenset([line.org_id]), frozenset(), first, None, TABLES))


@transaction.atomic
def spend(
    *,
    by: User | None,
    org: Org,
    spent_on: date,
    amount: Decimal,
    what: str,
    line: BudgetLine | None = None,
    heading: str = "",
    decided_on: date | None = None,
    activity: Activity | None = None,
) -> Spending:
    """From a line of the organisation's own budget, or from dues under one of their headings."""
    access.require(by, BUDGET if line else DUES, org)
    if line is not None and line.org_id != org.pk:
        raise Refused("这一项不是本组织的预算。", {"line": "请另选一项。"})
    if (line is None) is (heading == ""):
        raise Refused("请选择从哪一项预算、或党费的哪一个项目支出。")
    if line is None:
        _require_dues_rules(heading, decided_on)
    elif spent_on.year != line.year:
        why = f"这是 {line.year} 年的预算，支出日期应在这一年。"
        raise Refused(why, {"spent_on": why})
    spans.require_come(spent_on=spent_on)
    if decided_on is not None and decided_on > spent_on:
        raise Refused("集体研究应不晚于支出。", {"decided_on": "应不晚于支出日期。"})
    _require_own(activity, org)
    row = rows.insert(
        Spending(
            org=org, line=line, heading=heading, spent_on=spent_on, amount=_yuan(amount, least=0),
            what=what.strip(), decided_on=decided_on, activity=activity,
            recorded_at=clock.now(), by=by,
        )
    )  # fmt: skip
    told = {name: getattr(row, name) for name in TOLD}
    events.leave("money.spent", row, by=by, org=org, line=line and line.title, after=told)
    return row


def _require_dues_rules(heading: str, decided_on: date | None) -> None:
    headings = dues.rates().headings
    if heading not in headings:
        text = f"党费只用于：{'、'.join(headings.values())}。"
        raise Refused(text, {"heading": text})
    if decided_on is None:
        raise Refused("使用党费要集体研究，请写研究日期。", {"decided_on": "请写集体研究日期。"})


def _require_own(activity: Activity | None, org: Org) -> None:
    if activity is None:
        return
    if activity.withdrawn_at or not activity.hosts.filter(path__startswith=org.path).exists():
        raise Refused("只能关联本组织或下级主办的活动。", {"activity": "请另选活动。"})


@transaction.atomic
def withdraw(*, by: User | None, spending: Spending, reason: str) -> Spending:
    """Take back a sum entered by mistake; the row stays and says so."""
    spending = rows.locked(spending)
    access.require(by, BUDGET if spending.line_id else DUES, spending.org)
    if spending.withdrawn_at:
        raise Refused("这笔支出已经撤销。")
    reason = events.reasoned(reason, "请写明撤销原因。")
    change = rows.change(spending, withdrawn_at=clock.now(), withdrawn_reason=reason)
    events.leave(
        "money.withdrawn", spending, by=by, org=spending.org, reason=reason, change=change
    )
    return spending


def _yuan(amount: Decimal, least: int = -1) -> Decimal:
    right = amount.is_finite() and least < amount < MOST and amount == round(amount, 2)
    if not right or amount < 0:
        raise Refused("请写元数，最多两位小数。", {"amount": "请写元数，最多两位小数。"})
    return round(amount, 2)
