"""Ending what lasts, and letting something else follow on without a gap; how far ahead.

The days are named as the forms name them, so that a refusal stands beside its field.
"""

from datetime import date
from typing import Any

from guantong.records import days
from guantong.records.access import Refused
from guantong.records.actions import rows
from guantong.records.models.span import Span


def require_come(**named: date) -> None:
    """Refuse to record a change before its day."""
    for name, day in named.items():
        if reason := days.not_come(day):
            raise Refused(reason, {name: reason})


def require_near(years: int, **named: date | None) -> None:
    """Refuse what is agreed for a day more than so many years ahead."""
    for name, day in named.items():
        if reason := days.too_far(day, years):
            raise Refused(reason, {name: reason})


def end(span: Span, on: date, **more: Any) -> rows.Change:
    """Make `on` the first day on which the span is over; `more` are fields to set with it."""
    if on <= span.valid_from:
        raise Refused(f"结束日 {on} 应在开始日 {span.valid_from} 之后。")
    return rows.change(span, valid_to=on, **more)


def succeed[S: Span](span: S, on: date, *, ending: str = "", **changes: Any) -> S:
    """From `on` the row says something else: return the row that does.

    The span ends and a copy with the changes follows; a span that begins on that very day is
    changed in place. `ending` is the end_reason of a span that has one.
    """
    if on == span.valid_from:
        rows.change(span, **changes)
        return span
    new = follower(span, on, **changes)
    end(span, on, **({"end_reason": ending} if ending else {}))
    return rows.insert(new)


def follower[S: Span](span: S, on: date, **changes: Any) -> S:
    """A copy that lasts from `on` to the end of the span, with the changes; the caller saves."""
    kept = {
        field.attname: getattr(span, field.attname)
        for field in span._meta.concrete_fields
        if not field.primary_key
    }
    new = type(span)(**kept)
    for name, value in {**changes, "valid_from": on}.items():
        setattr(new, name, value)
    return new
