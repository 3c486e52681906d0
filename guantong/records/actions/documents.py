"""Institution documents of an organisation: in force from a day, reviewed, out of force."""

from datetime import date

from django.db import transaction

from guantong.records import access, days
from guantong.records.access import Refused
from guantong.records.actions import codes, events, ledger, rows, spans
from guantong.records.models import Document, Org, User

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


def _refresh(document: Document) -> None:
    touch = ledger.Touch(
        frozenset([document.org_id]), frozenset(), document.valid_from, None, TABLES
    )
    ledger.refresh(touch)
