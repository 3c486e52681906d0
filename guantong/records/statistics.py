"""The yearly statistics' tables of members and organisations, as of a day, in reach of the user.

Each number is a condition on memberships or organisations: the list behind it asks the same one.
Nobody types a figure here; what is not on record (schooling, nationality) is not counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Model, Q, QuerySet

from guantong.conditions.yaml_file import Fields, read
from guantong.periods import add_months
from guantong.records import access, catalogue
from guantong.records.models import Membership, Org

MEMBERS, ORGS = "members", "orgs"
TITLES: Mapping[str, str] = {MEMBERS: "党员情况", ORGS: "党组织情况"}


@dataclass(frozen=True)
class Line:
    """A row or column: a code for addresses, its title, the group it stands in, whom it counts."""

    code: str
    title: str
    counts: Q
    group: str = ""


@dataclass(frozen=True)
class Table:
    """`numbers` by the codes of row and column."""

    name: str
    title: str
    rows: Sequence[Line]
    columns: Sequence[Line]
    numbers: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Bands:
    """`up_to`: title and highest whole year, None for the last band. `confidence`: B or C."""

    confidence: str
    up_to: tuple[tuple[str, int | None], ...]


def bands() -> Mapping[str, Bands]:
    return load_bands(settings.CATALOGUE_DIR / "statistics.yaml")


@cache
def load_bands(path: Path) -> Mapping[str, Bands]:
    """The age bands of the tables; raise CatalogueError."""
    f = read(path, path.name)
    found = {name: _one(f.fields(name)) for name in ("age", "party_age")}
    f.done()
    return found


def _one(f: Fields) -> Bands:
    each = [
        (b.text("title"), b.take("up_to", int) if b.has("up_to") else None)
        for b in f.each("bands")
    ]
    found = Bands(f.text("confidence"), tuple(each))
    f.done()
    ends = [end for _, end in each if end is not None]
    if len(ends) != len(each) - 1 or each[-1][1] is not None or ends != sorted({*ends}):
        raise f.wrong("bands", "各段没有接上", "up_to 从小到大，只有最后一段不写")
    return found


def table(user: access.Someone, name: str, day: date, within: Org | None = None) -> Table:
    """One table, asked of the database at once."""
    rows, columns = lines(name, day)
    cells = {f"c{i}_{j}": row.counts & column.counts
             for i, row in enumerate(rows) for j, column in enumerate(columns)}  # fmt: skip
    asked = {code: Count("pk", filter=which) for code, which in cells.items()}
    found = _population(user, name, day, within).aggregate(**asked)
    numbers = {
        (row.code, column.code): found[f"c{i}_{j}"]
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
    }
    return Table(name, TITLES[name], rows, columns, numbers)


def behind(
    user: access.Someone, name: str, day: date, row: str, column: str, within: Org | None = None
) -> QuerySet[Model] | None:
    """The rows that a number counts; None where there is no such number."""
    rows, columns = lines(name, day)
    found = [line for line in rows if line.code == row], [c for c in columns if c.code == column]
    if not all(found):
        return None
    return _population(user, name, day, within).filter(found[0][0].counts, found[1][0].counts)


def _population(user: access.Someone, name: str, day: date, within: Org | None) -> QuerySet[Model]:
    orgs = access.orgs(user, "member.view")
    if within is not None:
        orgs = orgs.below(within)
    if name == ORGS:
        return orgs.on(day)
    members = Membership.objects.on(day).of_members().filter(org__in=orgs)
    return members.select_related("person", "org")


def lines(name: str, day: date) -> tuple[Sequence[Line], Sequence[Line]]:
    """The rows and the columns of a table."""
    if name == ORGS:
        return list(_org_rows()), [Line("all", "个数", Q(pk__isnull=False))]
    columns = [
        Line("all", "合计", Q(pk__isnull=False)),
        Line("full", "正式党员", Q(status="full")),
        Line("probationary", "预备党员", Q(status="probationary")),
        Line("women", "女", Q(person__gender="2")),
    ]
    return list(_member_rows(day)), columns


def _member_rows(day: date) -> Iterator[Line]:
    yield Line("all", "党员总数", Q(pk__isnull=False))
    for code, entry in catalogue.current().kinds["categories"].items():
        yield Line(f"category-{code}", f"{entry['title']}支部", Q(org__category=code), "所在支部")
    yield from _banded("age", "年龄", "person__birth_date", day)
    yield from _banded("party_age", "党龄（正式党员）", "person__full_member_on", day)


def _banded(name: str, group: str, path: str, day: date) -> Iterator[Line]:
    """Whole years between the date at `path` and the day; who has no date, apart."""
    known = Q(status="full") if name == "party_age" else Q()
    last = day + timedelta(days=1)
    for i, (title, up_to) in enumerate(bands()[name].up_to):
        within = Q(**{f"{path}__lt": last})
        if up_to is not None:
            last = add_months(day, -12 * (up_to + 1)) + timedelta(days=1)
            within &= Q(**{f"{path}__gte": last})
        yield Line(f"{name}-{i}", title, known & within, group)
    yield Line(f"{name}-unknown", "日期不详", known & Q(**{f"{path}__isnull": True}), group)


def _org_rows() -> Iterator[Line]:
    kinds = catalogue.current().kinds
    for code, entry in kinds["orgs"].items():
        yield Line(f"kind-{code}", str(entry["title"]), Q(kind=code), "组织类别")
    for code, entry in kinds["categories"].items():
        counts = Q(kind="branch", category=code)
        yield Line(f"category-{code}", f"{entry['title']}支部", counts, "党支部")
    yield Line("joint", "联合党支部", Q(kind="branch") & ~Q(units=""), "党支部")
