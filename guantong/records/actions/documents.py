"""Institution documents of an organisation: in force from a day, reviewed, out of force."""

from datetime import date

from django.db import transaction

from guantong.records import access, clock, days
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Document, DocumentCheck, Org, User

TABLES = frozenset({"documents"})


@transaction.atomic
def record(
    *,
    by: User | None,
    org: Org,
    doc_class: str,
    title: str,
    valid_from: date,
    number: str = "",
    valid_to: date | None = None,
    review_due: date | None = None,
) -> Document:
    access.require(by, "post.edit", org)
    codes.kind("documents", doc_class)
    if not org.exists_on(valid_from):
        raise Refused(f"“{org.short_name}”在 {valid_from} 不存在。")
    if valid_to is not None and valid_to <= valid_from:
        raise Refused("结束日应在开始日之后。")
    spans.require_near(days.AGREED, valid_from=valid_from)
    spans.require_near(days.LASTING, valid_to=valid_to)
    if review_due is not None and review_due <= valid_from:
        raise Refused("应复核日期应在开始日之后。")
    spans.require_near(days.LASTING, review_due=review_due)
    document = rows.insert(
        Document(
            org=org, doc_class=doc_class, title=title.strip(), number=number.strip(),
            valid_from=valid_from, valid_to=valid_to, review_due=review_due,
        )
    )  # fmt: skip
    events.leave(
        "document.recorded", document, by=by, org=org, title=document.title, on=valid_from
    )
    _refresh(document)
    return document


@transaction.atomic
def review(*, by: User | None, document: Document, review_due: date) -> Document:
    """Note that a document was looked at again, and when it is due next."""
    document = rows.locked(document)
    access.require(by, "post.edit", document.org)
    if document.review_due is not None and review_due <= document.review_due:
        raise Refused(f"下次复核日期应在 {document.review_due} 之后。")
    if review_due <= document.valid_from:
        raise Refused("应复核日期应在开始日之后。")
    spans.require_near(days.LASTING, review_due=review_due)
    change = rows.change(document, review_due=review_due)
    events.leave("document.reviewed", document, by=by, org=document.org, change=change)
    _refresh(document)
    return document


@transaction.atomic
def end(*, by: User | None, document: Document, on: date) -> Document:
    document = rows.locked(document)
    access.require(by, "post.edit", document.org)
    if document.valid_to is not None and document.valid_to <= on:
        raise Refused(f"已于 {document.valid_to} 停止执行。")
    spans.require_near(days.LASTING, on=on)
    change = spans.end(document, on)
    events.leave("document.ended", document, by=by, org=document.org, change=change)
    _refresh(document)
    return document


@transaction.atomic
def replace(
    *, by: User | None, document: Document, title: str, number: str, on: date,
    review_due: date | None = None,
) -> Document:  # fmt: skip
    """Let another document of its class follow on a day; return the new one. One event."""
    document = rows.locked(document)
    access.require(by, "post.edit", document.org)
    if document.valid_to is not None:
        raise Refused(f"已于 {document.valid_to} 停止执行，不能再被代替；请另行登记。")
    spans.require_near(days.AGREED, on=on)
    spans.require_near(days.LASTING, review_due=review_due)
    if review_due is not None and review_due <= on:
        raise Refused("应复核日期应在施行日期之后。", {"review_due": "应在施行日期之后。"})
    new = rows.insert(
        Document(
            org=document.org, doc_class=document.doc_class, title=title.strip(),
            number=number.strip(), valid_from=on, review_due=review_due,
        )
    )  # fmt: skip
    spans.end(document, on, replaced_by=new)
    events.leave(
        "document.replaced", document, by=by, org=document.org, on=on, new=new, title=new.title
    )
    _refresh(document)
    return new


@transaction.atomic
def check(
    *, by: User | None, document: Document, on_day: date, found: str, problem: bool = False
) -> DocumentCheck:
    """Note that somebody looked whether a document is carried out, and what was found."""
    document = rows.locked(document)
    access.require(by, "post.edit", document.org)
    spans.require_come(on_day=on_day)
    if not document.covers(on_day):
        why = f"{on_day} 这份制度不在执行，请核对日期。"
        raise Refused(why, {"on_day": why})
    row = rows.insert(
        DocumentCheck(
            document=document, on_day=on_day, found=found.strip(), problem=problem,
            recorded_at=clock.now(), by=by,
        )
    )  # fmt: skip
    told = {"on_day": on_day, "found": row.found, "problem": problem}
    events.leave("document.checked", document, by=by, org=document.org, check=row, after=told)
    return row


@transaction.atomic
def close_problem(
    *, by: User | None, check: DocumentCheck, closed_on: date, closed_how: str
) -> DocumentCheck:
    """Note how what a check found was put right."""
    check = rows.locked(check)
    document = check.document
    access.require(by, "post.edit", document.org)
    if not check.problem or check.closed_on:
        raise Refused("没有待整改的问题，或已经整改完成。")
    spans.require_come(closed_on=closed_on)
    if closed_on < check.on_day:
        raise Refused("整改完成应不早于检查。", {"closed_on": "应不早于检查日期。"})
    how = events.reasoned(closed_how, "请写明整改情况。", "closed_how")
    change = rows.change(check, closed_on=closed_on, closed_how=how)
    events.leave(
        "document.problem_closed", document, by=by, org=document.org, check=check, change=change
    )
    return check


def _refresh(document: Document) -> None:
    touch = ledger.Touch(
        frozenset([document.org_id]), frozenset(), document.valid_from, None, TABLES
    )
    ledger.refresh(touch)
