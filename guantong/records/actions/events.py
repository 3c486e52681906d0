"""One line of the trail per action, in the transaction of the change it tells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Model

from guantong.records import clock
from guantong.records.access import Refused
from guantong.records.actions.rows import Change
from guantong.records.models import Event, Org, User

_upon: ContextVar[tuple[Model, User | None, list[str]] | None] = ContextVar("upon", default=None)


def leave(
    verb: str,
    of: Model,
    *,
    by: User | None,
    org: Org | None = None,
    change: Change | None = None,
    **more: Any,
) -> Event:
    """Write what was done to a row. The caller keeps sealed values out of `change` and `more`."""
    detail = {name: _plain(value) for name, value in more.items() if value not in (None, "")}
    if change is not None:
        detail |= {"before": _plain(change.before), "after": _plain(change.after)}
    if by is None and (done := _upon.get()):
        case, by, made = done
        detail["case"] = case.pk
        made.append(subject(of))
    return Event.objects.create(
        at=clock.now(), by=by, verb=verb, subject=subject(of), org=org, detail=detail
    )


@contextmanager
def upon(case: Model, by: User | None) -> Iterator[list[str]]:
    """What verbs do in here, as the system, is done upon a step of a case by that user.

    The step's own checks have let it pass; the trail tells who took it. Yields the subjects of
    the rows that were written about.
    """
    made: list[str] = []
    token = _upon.set((case, by, made))
    try:
        yield made
    finally:
        _upon.reset(token)


def leave_each[M: Model](
    verb: str, rows: Sequence[M], *, by: User | None, org_of: Callable[[M], Org]
) -> None:
    """The same done to many rows that carry a version, each with a line of its own."""
    now = clock.now()
    Event.objects.bulk_create(
        Event(at=now, by=by, verb=verb, subject=subject(row), org=org_of(row),
              detail={"version": vars(row)["version"]})
        for row in rows
    )  # fmt: skip


def reasoned(reason: str, missing: str = "请写明原因。", field: str = "reason") -> str:
    """The reason as it is told; refuses where there is none, beside the `field` of the form."""
    if not reason.strip():
        raise Refused(missing, {field: missing})
    return reason.strip()


def subject(row: Model) -> str:
    return f"{row._meta.model_name}:{row.pk}"


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return value
