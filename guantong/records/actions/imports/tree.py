"""Writes what was decided about a sheet of organisations: those above first, then the changes."""

from collections.abc import Sequence

from guantong.records.actions import changes, ledger, orgs, rows
from guantong.records.actions.traces import Trace, between
from guantong.records.imports.decisions import Decision, ForOrg
from guantong.records.models import Org, OrgParent

NAMES = ("name", "short_name")


def write(work: Sequence[Decision]) -> tuple[list[Trace], ledger.Touch]:
    """Return what undoing needs, and what the ledger has to look at again."""
    asked = {one.line or 0: one.work for one in work if isinstance(one.work, ForOrg)}
    known = {one.org_id for one in asked.values() if one.org_id}
    before = changes.rows_of((), known)
    new: dict[int, Org] = {}
    for line, one in asked.items():
        if one.org_id is None:
            _found(line, asked, new)
    moved = {pk for one in asked.values() if one.org_id for pk in _change(one.org_id, one, new)}
    after = changes.rows_of((), known | {org.pk for org in new.values()})
    above = {one.above for one in asked.values() if one.above}
    touch = ledger.Touch(
        frozenset({*known, *above, *moved, *(org.pk for org in new.values())}),
        first_day=min(one.on for one in asked.values()),
        tables=orgs.TABLES,
    )
    return between(before, after), touch


def _found(line: int, asked: dict[int, ForOrg], new: dict[int, Org]) -> Org:
    if line not in new:
        one = asked[line]
        fields = dict(one.fields)
        units = fields.pop("units")
        above = _above(one, new) or _found(one.above_line or 0, asked, new)
        new[line] = orgs.plant(parent=above, valid_from=one.on, **fields)
        rows.change(new[line], units=units)
    return new[line]


def _change(pk: int, one: ForOrg, new: dict[int, Org]) -> list[int]:
    """Return the one that it hung below until now, if it is another now."""
    org = Org.objects.select_for_update().get(pk=pk)
    names = {name: one.fields.get(name, getattr(org, name)) for name in NAMES}
    orgs.call(org, **names, on=one.on)
    rows.change(org, **{k: v for k, v in one.fields.items() if k not in NAMES})
    above = _above(one, new)
    if above is None:
        return []
    span = OrgParent.objects.get(org=org, valid_to=None)
    was = span.parent_id
    orgs.hang(org, span, above, one.on)
    return [was]


def _above(one: ForOrg, new: dict[int, Org]) -> Org | None:
    return Org.objects.get(pk=one.above) if one.above else new.get(one.above_line or 0)
