"""Terms of office of committees: elections and approved extensions."""

from datetime import date

from django.db import transaction

from guantong.records import access, clock, days
from guantong.records.access import Refused
from guantong.records.actions import events, ledger, rows, spans
from guantong.records.models import Org, Term, User

TABLES = frozenset({"terms"})


@transaction.atomic
def record(*, by: User | None, org: Org, elected_on: date, expires_on: date) -> Term:
    access.require(by, "post.edit", org)
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
def extend(*, by: User | None, term: Term, extended_to: date, reason: str) -> Term:
    """Enter an extension that the upper organisation approved."""
    term = rows.locked(term)
    access.require(by, "post.edit", term.org)
    if extended_to <= term.expires_on:
        raise Refused(f"延期应晚于任期届满日 {term.expires_on}。")
    spans.require_near(days.LASTING, extended_to=extended_to)
    if not reason.strip():
        raise Refused("请写明批准延期的文件或原因。", {"reason": "请写明批准延期的文件或原因。"})
    change = rows.change(term, extended_to=extended_to)
    events.leave("term.extended", term, by=by, org=term.org, change=change, reason=reason.strip())
    _refresh(term)
    return term


def _refresh(term: Term) -> None:
    """An election closes the term before it, so all terms of the organisation are reached."""
    first = term.org.terms.order_by("elected_on").values_list("elected_on", flat=True)[0]
    ledger.refresh(ledger.Touch(frozenset([term.org_id]), frozenset(), first, None, TABLES))
