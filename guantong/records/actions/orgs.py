"""Founding, renaming, moving and describing organisations.

This module alone derives `Org.path` and `Org.sort_key`. What ends or continues organisations is
in `successions`, the prepared rearrangement of branches in `recuts`.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr

from guantong.records import access, names, org_rules
from guantong.records.access import Refused
from guantong.records.actions import changes, codes, events, ledger, rows, spans
from guantong.records.models import Org, OrgName, OrgParent, User
from guantong.records.models.org import OrgQuerySet
from guantong.records.rosters import BRANCH

TABLES = frozenset({"orgs", "org_parents"})
TERM_YEARS = range(1, 11)


@transaction.atomic
def found(
    *,
    by: User | None,
    name: str,
    kind: str,
    parent: Org | None,
    valid_from: date,
    short_name: str = "",
    category: str | None = None,
    external_code: str | None = None,
) -> Org:
    access.require(by, "org.edit", parent)
    spans.require_come(valid_from=valid_from)
    org = plant(
        name=name, kind=kind, parent=parent, valid_from=valid_from, short_name=short_name,
        category=category, external_code=external_code,
    )  # fmt: skip
    if parent is not None:
        changes.keep(
            parent, "org.founded", by=by, on=valid_from, before={}, asked=[parent],
            after=changes.rows_of((), [org.pk]), touch=_touch([org, parent], valid_from),
        )  # fmt: skip
    events.leave(
        "org.founded",
        org,
        by=by,
        org=parent or org,
        name=org.name,
        kind=kind,
        parent=parent,
        on=valid_from,
    )
    ledger.refresh(_touch([org], valid_from))
    return org


@transaction.atomic
def rename(*, by: User | None, org: Org, name: str, on: date, short_name: str = "") -> Org:
    """Call an organisation otherwise from a day on; from the day on which its name began, that
    name was wrong and is corrected.
    """
    org = rows.locked(org)
    access.require(by, "org.edit", org)
    spans.require_come(on=on)
    above = org.parents.filter(valid_to=None).select_related("parent").first()
    _require_unlike(name.strip(), above.parent if above else None, org)
    before = changes.rows_of((), [org.pk])
    change = call(org, name.strip(), short_name.strip() or name.strip(), on)
    if change.after:
        changes.keep(
            org, "org.renamed", by=by, on=on, before=before, asked=[org],
            after=changes.rows_of((), [org.pk]),
        )  # fmt: skip
    events.leave("org.renamed", org, by=by, org=org, change=change, on=on)
    return org


@transaction.atomic
def move(*, by: User | None, org: Org, parent: Org, on: date) -> Org:
    """Hang the organisation, with all below it, under another from a day on."""
    org, parent = rows.locked(org), rows.locked(parent)
    span = OrgParent.objects.filter(org=org, valid_to=None).select_related("parent").first()
    access.require(by, "org.edit", span.parent if span else None)
    access.require(by, "org.edit", parent)
    if span is None:
        raise Refused("最上级组织或已撤销的组织不能调整隶属关系。")
    spans.require_come(on=on)
    _require_unlike(org.name, parent, org)
    above, before = span.parent, changes.rows_of((), [org.pk])
    hang(org, span, parent, on)
    touch = _touch([org, above, parent], on)
    changes.keep(
        org, "org.moved", by=by, on=on, before=before, asked=[above, parent],
        after=changes.rows_of((), [org.pk]), touch=touch,
    )  # fmt: skip
    events.leave(
        "org.moved", org, by=by, org=org, on=on, before={"parent": above.pk},
        after={"parent": parent.pk},
    )  # fmt: skip
    ledger.refresh(touch)
    return org


@transaction.atomic
def describe(
    *, by: User | None, org: Org, units: str, term_years: int | None, reason: str = ""
) -> Org:
    """Say for which units a joint branch was set up, and how many years a term lasts here.

    `term_years` None: as usual for its kind; a length of its own needs a reason.
    """
    org = rows.locked(org)
    access.require(by, "org.edit", org)
    if term_years is not None and term_years not in TERM_YEARS:
        text = f"每届年数应在 {TERM_YEARS[0]} 至 {TERM_YEARS[-1]} 之间。"
        raise Refused(text, {"term_years": text})
    if term_years != org.term_years and not reason.strip():
        text = "改每届年数要写明依据，例如批复文号。"
        raise Refused(text, {"reason": text})
    lines = [line.strip() for line in units.splitlines() if line.strip()]
    if lines and org.kind != BRANCH:
        text = "只有党支部写联合设立的单位。"
        raise Refused(text, {"units": text})
    change = rows.change(org, units="\n".join(dict.fromkeys(lines)), term_years=term_years)
    if change.after:
        events.leave("org.described", org, by=by, org=org, change=change, reason=reason.strip())
    return org


# For the other actions: no access, no event


def plant(
    *,
    name: str,
    kind: str,
    parent: Org | None,
    valid_from: date,
    short_name: str = "",
    category: str | None = None,
    external_code: str | None = None,
) -> Org:
    """Insert an organisation and hang it into the tree."""
    require_place(kind, parent, valid_from)
    if category is not None:
        codes.kind("categories", category)
    _require_free(name, parent, external_code)
    org = rows.insert(
        Org(
            name=name.strip(),
            short_name=short_name.strip() or name.strip(),
            kind=kind,
            category=category,
            external_code=external_code or None,
            valid_from=valid_from,
            sort_key=names.sort_key(name),
        )
    )
    org.path = f"{parent.path if parent else ''}{org.pk}/"
    org.save(update_fields=["path"])
    if parent:
        rows.insert(OrgParent(org=org, parent=parent, valid_from=valid_from))
    return org


def call(org: Org, name: str, short_name: str, on: date) -> rows.Change:
    """Give an organisation its names from a day on; refuses a day before those of now began."""
    last = org.former_names.order_by("valid_to").last()
    first = last.valid_to if last and last.valid_to else org.valid_from
    if on < first:
        text = f"现在的名称从 {first} 起使用，更名的日期应不早于这一天。"
        raise Refused(text, {"on": text})
    former = OrgName(
        org=org, name=org.name, short_name=org.short_name, valid_from=first, valid_to=on
    )
    change = rows.change(org, name=name, short_name=short_name, sort_key=names.sort_key(name))
    if change.after and on > first:
        rows.insert(former)
    return change


def hang(org: Org, span: OrgParent, parent: Org, on: date) -> None:
    """Let the organisation, with all below it, hang below another from a day on."""
    if parent.path.startswith(org.path):
        raise Refused("不能隶属于自己或自己的下级。")
    if parent.pk == span.parent_id:
        raise Refused(f"“{org.short_name}”现在就隶属于“{parent.short_name}”。")
    require_place(org.kind, parent, on)
    spans.succeed(span, on, parent=parent)
    rehang(org, parent)


def rehang(org: Org, parent: Org) -> None:
    """Give the organisation and all below it their path under another parent."""
    old, new = org.path, f"{parent.path}{org.pk}/"
    Org.objects.filter(path__startswith=old).update(
        path=Concat(Value(new), Substr("path", len(old) + 1))
    )
    org.path = new


# What may not be


def require_place(kind: str, parent: Org | None, on: date) -> None:
    entry = codes.kind("orgs", kind)
    if parent is None:
        if entry["below"]:
            raise Refused(f"{entry['title']}要有上级党组织，请选择。")
        if top := Org.objects.exclude(pk__in=OrgParent.objects.values("org")).first():
            raise Refused(f"已有最上级党组织“{top.short_name}”，不能再建一个，请选择上级党组织。")
        return
    if reason := org_rules.misplaced(kind, parent, on):
        raise Refused(reason)


def _require_free(name: str, parent: Org | None, external_code: str | None) -> None:
    _require_unlike(name.strip(), parent)
    if external_code and Org.objects.filter(external_code=external_code).exists():
        raise Refused(f"组织代码 {external_code} 已被使用，请核对。")


def _require_unlike(name: str, parent: Org | None, org: Org | None = None) -> None:
    """No other organisation of the name hangs there."""
    others = namesakes(name, parent.pk) if parent else Org.objects.none()
    if parent and (others.exclude(pk=org.pk) if org else others).exists():
        text = f"“{parent.short_name}”下已有“{name}”，请换个名称。"
        raise Refused(text, {"name": text})


def namesakes(name: str, parent: int | None) -> OrgQuerySet:
    """Those of a name that hang below an organisation today."""
    return Org.objects.filter(
        name=name, valid_to=None, parents__parent=parent, parents__valid_to=None
    )


# The ledger


def _touch(orgs: Iterable[Org], first: date) -> ledger.Touch:
    return ledger.Touch(frozenset(o.pk for o in orgs), frozenset(), first, None, TABLES)
