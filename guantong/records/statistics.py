"""The yearly statistics' tables of members and organisations, as of a day, in reach of the user.

Each number is a condition on memberships or organisations: the list behind it asks the same one.
Nobody types a figure here; what is not on record (nationality) is not counted. What
happened "this year" happened in the calendar year of the day, no later than it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Model,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Coalesce

from guantong.conditions.yaml_file import Fields, read
from guantong.periods import add_months
from guantong.records import access, catalogue
from guantong.records.models import (
    Activity,
    ActivityHost,
    Attendance,
    Case,
    CaseStep,
    Membership,
    Org,
    Post,
    Term,
)
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.span import on

MEMBERS, JOINED, MOBILE, LOST, ORGS = "members", "joined", "mobile", "lost", "orgs"
HONOURS = "honours"
TITLES: Mapping[str, str] = {
    MEMBERS: "党员情况",
    JOINED: "本年发展党员情况",
    MOBILE: "流动党员情况",
    LOST: "失去联系党员情况",
    ORGS: "党组织情况",
    HONOURS: "本年党内表彰情况",
}
NOMINATING, HONOUR = "nominate", "award"  # the step of a commendation that names the honour
COMMENDING: Mapping[str, str] = {
    "award": "个人",
    "award-org": "党组织",
}  # process and whom it is for

EVERY = Q(pk__isnull=False)


@dataclass(frozen=True)
class Line:
    """A row or column: a code for addresses, its title, the group it stands in, whom it counts."""

    code: str
    title: str
    counts: Q
    group: str = ""


UNTOLD = Line("schooling-unknown", "学历不详", Q(person__schooling=None), "学历")


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
    """`up_to`: title and highest whole month, None for the last band. `confidence`: B or C."""

    confidence: str
    up_to: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Layout:
    """`spelt`: how tables from elsewhere write our titles besides."""

    bands: Mapping[str, Bands]
    spelt: Mapping[str, Sequence[str]]


def layout() -> Layout:
    return load_layout(settings.CATALOGUE_DIR / "statistics.yaml")


@cache
def load_layout(path: Path) -> Layout:
    """The bands and titles of the tables; raise CatalogueError."""
    f = read(path, path.name)
    bands = {name: _one(f.fields(name)) for name in ("age", "party_age", "lost_age", "lost")}
    spelt = {}
    for one in f.each("spelt", []):
        spelt[one.text("title")] = one.names("also")
        one.done()
    f.done()
    return Layout(bands, spelt)


def _one(f: Fields) -> Bands:
    each = [(b.text("title"), _months(b)) for b in f.each("bands")]
    found = Bands(f.text("confidence"), tuple(each))
    f.done()
    ends = [end for _, end in each if end is not None]
    if len(ends) != len(each) - 1 or each[-1][1] is not None or ends != sorted({*ends}):
        raise f.wrong("bands", "各段没有接上", "up_to 从小到大，只有最后一段不写")
    return found


def _months(f: Fields) -> int | None:
    if f.has("months"):
        return f.take("months", int)
    return 12 * f.take("up_to", int) + 11 if f.has("up_to") else None


def table(user: access.Someone, name: str, day: date, within: Org | None = None) -> Table:
    """One table, asked of the database at once: the rows are counted among those who are alike
    in all columns, which are a few groups."""
    rows, columns = lines(name, day)
    parts = columns[1:] or columns  # the first counts all
    alike = {f"k{j}": ExpressionWrapper(part.counts, BooleanField())
             for j, part in enumerate(parts)}  # fmt: skip
    asked = {f"n{i}": Count("pk", filter=None if row.counts is EVERY else row.counts)
             for i, row in enumerate(rows)}  # fmt: skip
    population = _population(user, name, day, within).order_by().annotate(**alike)
    numbers = {(row.code, column.code): 0 for row in rows for column in columns}
    for group in population.values_list(*alike).annotate(**asked):
        for column, counts in zip(columns, (True, *group), strict=False):
            for row, n in zip(rows, group[len(parts) :], strict=True):
                numbers[row.code, column.code] += n if counts else 0
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
    if name == JOINED:
        return _joined(orgs, day)
    if name == HONOURS:
        return _commended(user, orgs, day)
    members = Membership.objects.on(day).of_members().filter(org__in=orgs)
    members = members.select_related("person", "org")
    return members if name == MEMBERS else _on_register(members, name, day)


def _joined(orgs: QuerySet[Org], day: date) -> QuerySet[Membership]:
    """Who became a probationary member this year and was in the Party nowhere before."""
    new = Membership.objects.filter(status="probationary", org__in=orgs).filter(
        valid_from__gte=date(day.year, 1, 1), valid_from__lte=day
    )
    earlier = Membership.objects.filter(
        person=OuterRef("person"), valid_from__lt=OuterRef("valid_from")
    ).filter(status__in=(*MEMBER_STATUSES, "suspended"))
    elsewhere = Q(person__joined_on__lt=date(day.year, 1, 1))
    return new.exclude(Exists(earlier)).exclude(elsewhere).select_related("person", "org")


def _commended(user: access.Someone, orgs: QuerySet[Org], day: date) -> QuerySet[Case]:
    """The commendations of this year that the user may look at."""
    found = access.cases(user).filter(process__in=COMMENDING, state="awarded", org__in=orgs)
    found = found.filter(closed_on__gte=date(day.year, 1, 1), closed_on__lte=day)
    return found.select_related("person", "org")


def _on_register(members: QuerySet[Membership], name: str, day: date) -> QuerySet[Membership]:
    """Those on a register, with the day since when and how contact was lost. Nobody stands on
    one twice on the same day."""
    path = "person__whereabouts"
    there = Q(**{f"{path}__kind": name}) & on(f"{path}__", day)
    return (
        members.annotate(listed=FilteredRelation(path, condition=there))
        .filter(listed__isnull=False)
        .annotate(
            since=Coalesce("listed__last_seen_on", "listed__valid_from"),
            situation=F("listed__situation"),
        )
    )


def lines(name: str, day: date) -> tuple[Sequence[Line], Sequence[Line]]:
    """The rows and the columns of a table."""
    if name == ORGS:
        return list(_org_rows(day)), [Line("all", "个数", EVERY)]
    women = Line("women", "女", Q(person__gender="2"))
    if name == HONOURS:
        held = Post.objects.filter(person=OuterRef("person"), post="secretary")
        held = held.filter(valid_from__lte=OuterRef("closed_on"))
        held = held.filter(Q(valid_to=None) | Q(valid_to__gt=OuterRef("closed_on")))
        secretaries = Line("secretaries", "其中书记", Q(Exists(held)))
        return list(_honour_rows()), [Line("all", "合计", EVERY), women, secretaries]
    if name == JOINED:
        return list(_joined_rows(day)), [Line("all", "合计", EVERY), women]
    columns = [
        Line("all", "合计", EVERY),
        Line("full", "正式党员", Q(status="full")),
        Line("probationary", "预备党员", Q(status="probationary")),
        women,
    ]
    rows = _member_rows(day) if name == MEMBERS else _register_rows(name, day)
    return list(rows), columns


def _member_rows(day: date) -> Iterator[Line]:
    yield Line("all", "党员总数", EVERY)
    yield from _branches()
    yield from _banded("age", "年龄", "person__birth_date", day)
    yield from _banded("party_age", "党龄（正式党员）", "person__full_member_on", day)
    for code, entry in catalogue.current().kinds["schooling"].items():
        yield Line(f"schooling-{code}", str(entry["title"]), Q(person__schooling=code), "学历")
    yield UNTOLD
    there = Attendance.objects.filter(activity__in=_appraisals(day)).values("person")
    yield Line("appraised", "参加民主评议", Q(person__in=there), "本年民主评议")


def _joined_rows(day: date) -> Iterator[Line]:
    yield Line("all", "发展党员总数", EVERY)
    yield from _branches()
    yield from _banded("age", "年龄", "person__birth_date", day)


def _honour_rows() -> Iterator[Line]:
    """Each honour, as the step that nominates for it names it."""
    for process, group in COMMENDING.items():
        written = catalogue.process(process).steps[NOMINATING].fields
        (honour,) = (one for one in written if one.name == HONOUR)
        for code, title in honour.options.items():
            step = CaseStep.objects.standing().filter(case=OuterRef("pk"), step=NOMINATING)
            counts = Q(process=process) & Q(Exists(step.filter(**{f"fields__{HONOUR}": code})))
            yield Line(f"{process}-{code}", title, counts, group)


def _register_rows(name: str, day: date) -> Iterator[Line]:
    yield Line("all", "总数", EVERY)
    yield from _branches()
    yield from _banded("lost_age", "年龄", "person__birth_date", day)
    if name == LOST:
        yield from _banded("party_age", "党龄（正式党员）", "person__full_member_on", day)
        yield from _schooled()
        yield from _banded("lost", "失去联系时间", "since", day)
        for code, entry in catalogue.current().kinds["situations"].items():
            yield Line(f"situation-{code}", str(entry["title"]), Q(situation=code), "失联情形")


def _schooled() -> Iterator[Line]:
    """The bands of schooling."""
    bands = defaultdict[str, list[str]](list)
    for code, entry in catalogue.current().kinds["schooling"].items():
        bands[str(entry["band"])].append(code)
    for i, (title, codes) in enumerate(bands.items()):
        yield Line(f"schooled-{i}", title, Q(person__schooling__in=codes), "学历")
    yield UNTOLD


def _branches() -> Iterator[Line]:
    for code, entry in catalogue.current().kinds["categories"].items():
        yield Line(f"category-{code}", f"{entry['title']}支部", Q(org__category=code), "所在支部")


def _appraisals(day: date) -> QuerySet[Activity]:
    held = Activity.objects.held().filter(kind="appraisal")
    return held.between(date(day.year, 1, 1), day + timedelta(days=1))


def _banded(name: str, group: str, path: str, day: date) -> Iterator[Line]:
    """Whole years between the date at `path` and the day; who has no date, apart."""
    known = Q(status="full") if name == "party_age" else Q()
    last = day + timedelta(days=1)
    for i, (title, up_to) in enumerate(layout().bands[name].up_to):
        within = Q(**{f"{path}__lt": last})
        if up_to is not None:
            last = add_months(day, -(up_to + 1)) + timedelta(days=1)
            within &= Q(**{f"{path}__gte": last})
        yield Line(f"{name}-{i}", title, known & within, group)
    yield Line(f"{name}-unknown", "日期不详", known & Q(**{f"{path}__isnull": True}), group)


def _org_rows(day: date) -> Iterator[Line]:
    kinds = catalogue.current().kinds
    for code, entry in kinds["orgs"].items():
        yield Line(f"kind-{code}", str(entry["title"]), Q(kind=code), "组织类别")
    for code, entry in kinds["categories"].items():
        counts = Q(kind="branch", category=code)
        yield Line(f"category-{code}", f"{entry['title']}支部", counts, "党支部")
    yield Line("joint", "联合党支部", Q(kind="branch") & ~Q(units=""), "党支部")
    terms = Term.objects.filter(org=OuterRef("pk"), elected_on__lte=day)
    lasting = terms.annotate(end=Coalesce("extended_to", "expires_on")).filter(end__gt=day)
    renewed = Q(Exists(terms.filter(elected_on__gte=date(day.year, 1, 1))))
    yield Line("renewed", "本年换届", renewed, "换届")
    yield Line("expired", "届满未换届", Q(Exists(terms)) & ~Q(Exists(lasting)), "换届")
    hosted = ActivityHost.objects.filter(activity__in=_appraisals(day)).values("org")
    appraised = Q(kind="branch", pk__in=hosted)
    yield Line("appraised", "开展民主评议的党支部", appraised, "本年民主评议")
