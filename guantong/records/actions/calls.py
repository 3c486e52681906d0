"""What cases answer and what bounds them: notices, places and yearly numbers, local practice."""

from collections.abc import Collection
from datetime import date
from types import EllipsisType

from django.db import transaction

from guantong.periods import add_months
from guantong.processes import model as m
from guantong.records import access, cases, catalogue, clock, days
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, rows, spans
from guantong.records.models import Call, Org, Quota, School, User, VariantChoice

PERMISSION = "case.call"


@transaction.atomic
def issue(
    *,
    by: User | None,
    process: str,
    org: Org,
    title: str,
    opens_on: date,
    closes_on: date | None = None,
    about: str = "",
) -> Call:
    """Call for cases of a process from an organisation and all below it."""
    access.require(by, PERMISSION, org)
    kept = catalogue.handling().of.get(process)
    if kept is None or not kept.called:
        raise Refused("这个流程不用发通知。", {"process": "请选择流程。"})
    spans.require_near(days.AGREED, opens_on=opens_on, closes_on=closes_on)
    if closes_on is not None and closes_on < opens_on:
        raise Refused("截止日应不早于开始日。", {"closes_on": "应不早于开始日。"})
    call = rows.insert(
        Call(
            process=process, org=org, title=title.strip(), about=about.strip(),
            opens_on=opens_on, closes_on=closes_on,
        )
    )  # fmt: skip
    events.leave("call.issued", call, by=by, org=org, title=call.title, on=opens_on)
    return call


@transaction.atomic
def set_quota(
    *,
    by: User | None,
    org: Org,
    process: str,
    number: int,
    year: int | None = None,
    call: Call | None = None,
    was: int | EllipsisType | None = ...,
) -> Quota:
    """Say how many an organisation may have, with all below it: in a year, or in a call.

    `was`: the number as the user saw it.
    """
    above = call.org if call else _parent(org)
    access.require(by, PERMISSION, above)
    if call is not None and (call.process != process or not org.path.startswith(call.org.path)):
        raise Refused("这个党组织不在通知的范围内。")
    year = call.opens_on.year if call else year
    if year is None or year not in range(days.FIRST.year, add_months(clock.today(), 24).year + 1):
        raise Refused("请核对年度。", {"year": "请核对年度。"})
    if not 0 <= number <= MOST:
        raise Refused(f"名额应在 0 至 {MOST} 之间。", {"number": f"应在 0 至 {MOST} 之间。"})
    rows.locked(org)
    row = Quota.objects.filter(org=org, process=process, year=year, call=call).first()
    if was is not ... and was != (row and row.number):
        now = row.number if row else "没有下达"
        raise Conflict(f"刚刚有人改过，现在是：{now}。请核对后再保存。")
    if row is None:
        row = rows.insert(Quota(org=org, process=process, year=year, call=call, number=number))
        change = rows.Change({}, {"number": number})
    else:
        change = rows.change(row, number=number)
    if change.after:
        title = catalogue.process(process).title
        events.leave("quota.set", row, by=by, org=org, change=change, title=title, year=year)
    return row


MOST = 9999


def _parent(org: Org) -> Org:
    """Numbers are handed down: set by the organisation above, by the top for itself."""
    lineage = org.lineage()
    return Org.objects.get(pk=lineage[-2]) if len(lineage) > 1 else org


@transaction.atomic
def decide_variants(
    *,
    by: User | None,
    process: str,
    variants: Collection[str],
    reason: str,
    seen: int | None = None,
) -> VariantChoice:
    """Choose the variants that cases opened from now on are under. `seen`: the latest decision's
    id as the user saw it."""
    access.require(by, "reading.decide", None)
    known = catalogue.process(process)
    rows.locked(School.objects.get())  # two people deciding at once: the other waits here
    last = VariantChoice.objects.filter(process=process).order_by("-id").first()
    if last is not None and last.pk != seen:
        who, now = last.by.called if last.by else "系统", _titles(known, last.variants)
        raise Conflict(f"{who}刚刚改为：{now}。依据：{last.reason}。请核对后再决定。")
    chosen = frozenset(variants)
    if unknown := chosen - known.variants.keys():
        raise Refused(f"没有这些做法：{'、'.join(sorted(unknown))}。")
    for one in known.variants.values():
        if one.id in chosen and one.instead_of in chosen:
            other = known.variants[one.instead_of].title
            raise Refused(f"“{one.title}”和“{other}”只能用一种。")
    if chosen == cases.chosen_variants(known):
        raise Refused("和现在的做法一样，没有改动。")
    row = rows.insert(
        VariantChoice(
            process=process, variants=sorted(chosen), reason=events.reasoned(reason)[:200],
            at=clock.now(), by=by,
        )
    )  # fmt: skip
    titles = _titles(known, chosen)
    events.leave(
        "variants.decided", row, by=by, process=process, title=known.title,
        after={"variants": titles}, reason=row.reason,
    )  # fmt: skip
    return row


def _titles(process: m.Process, chosen: Collection[str]) -> str:
    return "、".join(v.title for v in process.variants.values() if v.id in chosen) or "都不采用"
