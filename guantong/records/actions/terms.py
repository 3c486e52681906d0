"""Terms of office of committees: elections and approved extensions."""

from datetime import date

from django.db import transaction

from guantong.periods import add_months
from guantong.records import access, clock, days, org_rules
from guantong.records.access import Refused
from guantong.records.actions import events, ledger, rows, spans
from guantong.records.models import Org, Term, User

TABLES = frozenset({"terms"})


@transaction.atomic
def record(*, by: User | None, org: Org, elected_on: date, expires_on: date | None = None) -> Term:
    """`expires_on` None: after as many years as a term lasts in the organisation."""
    access.require(by, "post.edit", org)
    years = org_rules.term_years(org.kind, org.term_years, elected_on)
    expires_on = expires_on or add_months(elected_on, 12 * years)
    if not org.exists_on(elected_on):
        raise Refused(f"“{org.short_name}”在 {elected_on} 不存在。")
    if elected_on > clock.today():
        raise Refused("当选日期在今天之后，请在选举之后登记。")
    if expires_on <= elected_on:
        raise Refused("任期届满日应在当选日期之后。")
    spans.require_near(days.LASTING, expires_on=expires_on)
    if org.terms.filter(elected_on=elected_on).exists():
        raise Refused(f"{elected_on} 当选的这一届已登记。")
    term = rows.insert(Term(org=org, elected_on=elected_on, expires_on=expires_on))
    events.leave(
        "term.recorded", term, by=by, org=org, elected_on=elected_on, expires_on=expires_on
    )
    _refresh(term)
    return term


@transaction.atomic
def extend(
    *, by: User | None, term: Term, extended_to: date, approval: str, approved_on: date
) -> Term:
    """Enter an extension that the upper organisation approved, within the time that a rule sets.

    `approval`: the document by which it was approved.
    """
    term = rows.locked(term)
    access.require(by, "post.edit", term.org)
    wrong = {
        "extended_to": _extension_problem(term, extended_to),
        "approval": "" if approval.strip() else "请写明批准延期的文件。",
        "approved_on": _approval_problem(term, approved_on),
    }
    if wrong := {name: reason for name, reason in wrong.items() if reason}:
        raise Refused("\n".join(wrong.values()), wrong)
    change = rows.change(
        term, extended_to=extended_to, approval=approval.strip(), approved_on=approved_on
    )
    events.leave("term.extended", term, by=by, org=term.org, change=change)
    _refresh(term)
    return term


def _approval_problem(term: Term, on: date) -> str:
    if on > clock.today():
        return "批准日期还没到。"
    return "" if on >= term.elected_on else f"批准日期早于这一届的当选日期 {term.elected_on}。"


def _extension_problem(term: Term, extended_to: date) -> str:
    if extended_to <= term.expires_on:
        return f"延期应晚于任期届满日 {term.expires_on}。"
    rule = org_rules.rule("term_extension_months")
    last = add_months(term.expires_on, rule.on(term.expires_on))
    if extended_to > last:
        return f"最迟延到 {last}：{rule.demand}（{rule.cited}）。"
    return ""


def _refresh(term: Term) -> None:
    """An election closes the term before it, so all terms of the organisation are reached."""
    first = term.org.terms.order_by("elected_on").values_list("elected_on", flat=True)[0]
    ledger.refresh(ledger.Touch(frozenset([term.org_id]), frozenset(), first, None, TABLES))
