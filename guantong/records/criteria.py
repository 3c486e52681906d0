"""Index sets: what each item of a self-check asks, and which records show it.

Reads `catalogue/criteria/*.yaml`. Figures come with the list behind them; nothing is weighed,
added up or compared between organisations.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from guantong.conditions.basis import Basis, read_bases
from guantong.conditions.parse import CatalogueError
from guantong.conditions.restraint import refused
from guantong.conditions.yaml_file import Fields, read
from guantong.obligations.model import Catalogue
from guantong.periods import add_months
from guantong.records import catalogue
from guantong.records.models import Activity, Case, Document, Entry, Org, Relation

SOURCES = ("obligations", "activities", "documents", "relations", "cases")
DONE = ("met", "late")
type Codes = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Item:
    """`shown_by`: by sort of record, the codes that show it."""

    code: str
    title: str
    asks: str
    basis: tuple[Basis, ...]
    shown_by: Mapping[str, tuple[str, ...]] = field(hash=False)


@dataclass(frozen=True)
class Criteria:
    """`years`: how far back the records are looked at."""

    name: str
    title: str
    years: int
    items: Mapping[str, Item] = field(hash=False)


@dataclass(frozen=True)
class Shown:
    """What the records of one sort show: how many there are, of how many owed where that is
    known. `code` leads to the list behind it."""

    source: str
    code: str
    title: str
    count: int
    of: int | None = None


def criteria(name: str) -> Criteria:
    return _sets(settings.CATALOGUE_DIR)[name]


@cache
def _sets(folder: Path) -> Mapping[str, Criteria]:
    return load_criteria(folder, catalogue.current(), catalogue.handling().of)


def load_criteria(
    folder: Path, rules: Catalogue, processes: Collection[str]
) -> Mapping[str, Criteria]:
    """Raise CatalogueError where an item asks for records that no code names."""
    groups = {group: rules.kinds[group] for group in ("activities", "documents", "relations")}
    codes = {"obligations": rules.obligations, "cases": processes, **groups}
    return {p.stem: _set(p, codes) for p in sorted((folder / "criteria").glob("*.yaml"))}


def _set(path: Path, codes: Codes) -> Criteria:
    f = read(path, f"criteria/{path.name}")
    listed = f.fields("items")
    found = Criteria(
        name=path.stem,
        title=f.text("title"),
        years=f.take("years", int),
        items={code: _item(code, listed.fields(code), codes) for code in list(listed.data)},
    )
    f.done()
    return found


def _item(code: str, f: Fields, codes: Codes) -> Item:
    shown_by = {source: f.names(source, []) for source in SOURCES}
    item = Item(code, f.text("title"), f.text("asks"), read_bases(f), shown_by)
    f.done()
    for source, names in shown_by.items():
        if unknown := [name for name in names if name not in codes[source]]:
            raise f.wrong(source, f"没有 {'、'.join(unknown)}", "用目录里的代码")
    if odd := [*refused(item.title, f.place("title")), *refused(item.asks, f.place("asks"))]:
        raise CatalogueError(*odd)
    return item


def shown(item: Item, org: Org, since: date, on: date) -> Iterator[Shown]:
    """What the records show of an item: of the organisation and all below it, between the days."""
    label = catalogue.current().label
    for name in item.shown_by["obligations"]:
        owed = Entry.objects.filter(
            assessment__live=True, obligation=name, org__path__startswith=org.path,
            due_on__gte=since, due_on__lte=on,
        ).exclude(verdict="exempt")  # fmt: skip
        title = catalogue.current().obligations[name].title
        done = owed.filter(verdict__in=DONE).count()
        yield Shown("obligations", name, title, done, owed.count())
    for kind in item.shown_by["activities"]:
        held = Activity.objects.held().filter(
            kind=kind, hosts__path__startswith=org.path, held_on__gte=since, held_on__lte=on
        )
        yield Shown("activities", kind, label("activities", kind), held.distinct().count())
    for kind in item.shown_by["documents"]:
        there = Document.objects.on(on).filter(doc_class=kind, org=org).count()
        yield Shown("documents", kind, f"{label('documents', kind)}制度", there)
    for kind in item.shown_by["relations"]:
        here = Q(org__path__startswith=org.path) | Q(other_org__path__startswith=org.path)
        members = Q(person__memberships__org__path__startswith=org.path)
        links = Relation.objects.on(on).filter(here | members, kind=kind)
        yield Shown("relations", kind, label("relations", kind), links.distinct().count())
    for name in item.shown_by["cases"]:
        closed = Case.objects.filter(
            process=name, org__path__startswith=org.path, closed_on__gte=since, closed_on__lte=on
        )
        yield Shown("cases", name, f"{catalogue.process(name).title}办结", closed.count())


def since(found: Criteria, on: date) -> date:
    return add_months(on, -12 * found.years)


def checked(case: Case) -> frozenset[str]:
    """The items of its self-check that the organisation has said something about."""
    found = criteria(catalogue.handling().of[case.process].criteria)
    return frozenset(case.checks.values_list("item", flat=True)) & found.items.keys()


def suggested(case: Case, on: date) -> dict[str, int]:
    """How many of the items that were checked the records show, where a step asks for it."""
    name = catalogue.handling().of[case.process].criteria
    if not name:
        return {}
    found, said = criteria(name), checked(case)
    first = since(found, on)
    with_records = {
        code
        for code, item in found.items.items()
        if any(one.count for one in shown(item, case.org, first, on))
    }
    return {"items_shown": len(said & with_records)}
