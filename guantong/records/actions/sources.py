"""Where sheets come from and what their columns hold: remembered, changed, forgotten."""

from collections.abc import Mapping

from django.db import transaction

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.actions import events, rows
from guantong.records.actions.imports import working
from guantong.records.models import ImportSource, User
from guantong.records.models.batch import permission as permission_for


@transaction.atomic
def remember(*, by: User | None, kind: str, name: str, columns: Mapping[str, str]) -> ImportSource:
    """Keep what the headers of a source hold, beside what is kept of it already.

    It is for the highest organisation where the user may import such sheets.
    """
    org = working.highest(by, kind)
    access.require(by, permission_for(kind), org)
    name = _named(name)
    known = ImportSource.objects.select_for_update().filter(kind=kind, name=name, org=org).first()
    if known is None:
        known = rows.insert(
            ImportSource(
                kind=kind, name=name, org=org, by=by, columns=dict(columns),
                changed_at=clock.now(),
            )
        )  # fmt: skip
        events.leave("source.remembered", known, by=by, org=org, name=name, columns=columns)
        return known
    return _changed(by, known, name, {**known.columns, **columns})


@transaction.atomic
def change(
    *, by: User | None, source: ImportSource, name: str, columns: Mapping[str, str]
) -> ImportSource:
    """Call a source otherwise, or say otherwise what its headers hold."""
    source = rows.locked(source)
    access.require(by, permission_for(source.kind), source.org)
    name = _named(name)
    same = ImportSource.objects.filter(kind=source.kind, name=name, org=source.org)
    if same.exclude(pk=source.pk).exists():
        raise Refused(f"已有来源“{name}”，请换个名称。", {"name": "已有同名的来源。"})
    return _changed(by, source, name, dict(columns))


@transaction.atomic
def forget(*, by: User | None, source: ImportSource) -> None:
    """What was imported from it stays; the next file is read by the usual headers alone."""
    source = rows.locked(source)
    access.require(by, permission_for(source.kind), source.org)
    events.leave(
        "source.forgotten", source, by=by, org=source.org, name=source.name,
        columns=source.columns,
    )  # fmt: skip
    source.delete()


def _changed(
    by: User | None, source: ImportSource, name: str, columns: Mapping[str, str]
) -> ImportSource:
    change = rows.change(source, name=name, columns=dict(columns))
    if change.after:
        rows.change(source, changed_at=clock.now())
        events.leave("source.changed", source, by=by, org=source.org, change=change)
    return source


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("请写来源的名称，例如“学工系统导出”。", {"name": "请写来源的名称。"})
    return name
