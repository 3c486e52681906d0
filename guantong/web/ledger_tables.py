"""The ledger laid out: organisations or obligations down, obligations or months across."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from guantong.obligations.model import Catalogue, Clause, Obligation, Plan
from guantong.periods import Period
from guantong.sheets.write import Sheet
from guantong.web.ledger_cells import Cell, Links, Place, Tallies, Tally
from guantong.web.ledger_periods import code_of
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import period_words

MONTHS: Final = 12


@dataclass(frozen=True)
class Column:
    title: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Columns that belong to one clause of the plan."""

    title: str
    url: str
    size: int


@dataclass(frozen=True)
class Line:
    """What a row is about; `query` is what its cells' addresses add to the common part."""

    title: str
    url: str
    query: Mapping[str, str]
    total: bool = False
    note: str = ""


@dataclass(frozen=True)
class Row:
    line: Line
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Section:
    """Rows below a heading of their own; without a title, all rows of the table."""

    rows: tuple[Row, ...]
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    corner: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    groups: tuple[Group, ...] = ()


# ---------------------------------------------------------------- clauses

type ByClause = Sequence[tuple[Clause, Sequence[Obligation]]]


def by_clause(plan: Plan, rules: Catalogue, names: Collection[str]) -> ByClause:
    """The named obligations, in the plan's order, below the first clause that each serves."""
    found, seen = [], set[str]()
    for clause in plan.clauses:
        here = [n for n in clause.obligations if n in names and n not in seen]
        seen.update(here)
        if here:
            found.append((clause, [rules.obligations[n] for n in here]))
    return found


def clause_words(clause: Clause) -> str:
    """Return 任务4 学习制度和组织生活, or 三(一) 责任落实."""
    return f"{clause_number(clause)} {clause.title}"


def clause_number(clause: Clause) -> str:
    number = clause.path.rpartition("/")[2]
    return f"任务{number}" if number.isdecimal() else clause.path.replace("/", "")


def clause_url(clause: Clause) -> str:
    return reverse("plan-clause", args=[clause.path])


# ---------------------------------------------------------------- obligations across


def across_obligations(
    found: Tallies, lines: Mapping[int, Line], grouped: ByClause, links: Links
) -> Table:
    """One row an organisation, one column an obligation."""
    obligations = [o for _, those in grouped for o in those]
    rows = []
    for org, line in lines.items():
        cells = tuple(
            links.cell(found.get(Place(org, o.name)), {**line.query, "obligation": o.name})
            for o in obligations
        )
        if any(cells):
            rows.append(Row(line, cells))
    return Table(
        corner="组织",
        columns=tuple(
            Column(o.title, links.ledger(by="period", obligation=o.name, period=""), o.demand)
            for o in obligations
        ),
        sections=(Section(tuple(rows)),),
        groups=tuple(Group(clause_words(c), clause_url(c), len(those)) for c, those in grouped),
    )


# ---------------------------------------------------------------- months across

type Laid = Mapping[tuple[int, str], Sequence[tuple[Period, Tally]]]


def orgs_by_month(
    found: Tallies, lines: Mapping[int, Line], name: str, year: int, links: Links
) -> Table:
    """One row an organisation, all about one obligation."""
    laid = _by_row(found)
    rows = []
    for org, line in lines.items():
        query = {**line.query, "obligation": name}
        rows.append(Row(line, _months(laid.get((org, name), []), query, year, links)))
    return _over_months("组织", [Section(tuple(rows))])


def obligations_by_month(
    found: Tallies, org: int, grouped: ByClause, year: int, links: Links
) -> Table:
    """One row an obligation, all about one organisation."""
    laid = _by_row(found)
    sections = []
    for clause, obligations in grouped:
        rows = []
        for o in obligations:
            query = {"obligation": o.name}
            cells = _months(laid.get((org, o.name), []), query, year, links)
            line = Line(o.title, links.ledger(by="period", **query), query, note=o.demand)
            rows.append(Row(line, cells))
        sections.append(Section(tuple(rows), clause_words(clause), clause_url(clause)))
    return _over_months("责任", sections)


def _by_row(found: Tallies) -> Laid:
    laid: dict[tuple[int, str], list[tuple[Period, Tally]]] = {}
    for (org, name, period), tally in found.items():
        assert period is not None
        laid.setdefault((org, name), []).append((period, tally))
    return {row: sorted(periods, key=lambda pair: pair[0]) for row, periods in laid.items()}


def _months(
    periods: Sequence[tuple[Period, Tally]], query: Mapping[str, str], year: int, links: Links
) -> tuple[Cell | None, ...]:
    """Twelve columns; a cell is as wide as its period is long within the year."""
    cells: list[Cell | None] = []
    reached = 0
    for period, tally in periods:
        first, last = _months_in(period, year)
        cells += [None] * (first - reached)
        where = {**query, "period": code_of(period)}
        cell = links.cell(tally, where, last - first, period_words(period))
        cells += [cell] if cell else [None] * (last - first)
        reached = last
    return (*cells, *[None] * (MONTHS - reached))


def _months_in(period: Period, year: int) -> tuple[int, int]:
    """The first month of the year that a period covers, and the first after it, from zero."""
    first = (period.start.year - year) * MONTHS + period.start.month - 1
    last = (period.last_day.year - year) * MONTHS + period.last_day.month
    return max(first, 0), min(last, MONTHS)


def _over_months(corner: str, sections: Iterable[Section]) -> Table:
    """Leave out what has no cell."""
    kept = []
    for section in sections:
        rows = tuple(row for row in section.rows if any(row.cells))
        if rows:
            kept.append(Section(rows, section.title, section.url))
    columns = tuple(Column(f"{month}月") for month in range(1, MONTHS + 1))
    return Table(corner, columns, tuple(kept))


# ---------------------------------------------------------------- in a workbook


def header(table: Table) -> list[str]:
    """The clause has a column of its own where obligations make the rows."""
    return [
        *(["条款"] if _by_section(table) else []),
        table.corner,
        *(c.title for c in table.columns),
    ]


def groups(table: Table) -> list[tuple[str, int]]:
    """The clauses above the columns, with room for the first column."""
    return [("", 1), *((g.title, g.size) for g in table.groups)] if table.groups else []


def own_sheet(own: Iterable[tuple[Obligation, Cell]]) -> Sheet:
    """What only the organisation itself owes, apart as on the page."""
    rows = [[o.title, *_written(cell), o.demand] for o, cell in own]
    return Sheet("本级责任", ("责任", "结论", "要求"), rows)


def written(table: Table) -> Iterator[list[str]]:
    """The rows in words and fractions; what spans several months stands in each of them."""
    for section in table.sections:
        first = [section.title] if _by_section(table) else []
        for row in section.rows:
            cells = [text for cell in row.cells for text in _written(cell)]
            yield [*first, row.line.title, *cells]


def _by_section(table: Table) -> bool:
    return any(section.title for section in table.sections)


def _written(cell: Cell | None) -> list[str]:
    if cell is None:
        return [""]
    if cell.code:
        return [VERDICTS[cell.code].word] * cell.width
    shown = cell.tally.counts[cell.focus] if cell.focus else None
    text = str(shown) if shown is not None else f"{cell.tally.done}/{cell.tally.owed}"
    return [text] * cell.width
