"""The examples that every obligation file brings: small facts, and the entries they must give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.conditions.check import Type
from guantong.conditions.parse import CatalogueError, Problem
from guantong.conditions.yaml_file import Fields
from guantong.obligations import model as m
from guantong.obligations.tables import TABLES
from guantong.periods import CALENDAR, Calendar, Every, Period, period_of

DEFAULTS: Mapping[str, Any] = {
    "valid_from": date(2000, 1, 1),
    "status": "full",
    "exempt": False,
    "role": "attendee",
    "planned": False,
}
SHOWN = {
    **dict.fromkeys(("org_id", "person_id"), Type.ID),
    **dict.fromkeys(("period_start", "period_end", "due_on"), Type.DAY),
    **dict.fromkeys(("required", "actual"), Type.NUMBER),
    "verdict": Type.CODE,
}
WRITTEN: Mapping[Type, tuple[Any, str]] = {
    Type.ID: (int, "整数"),
    Type.CODE: (str, "文字"),
    Type.FLAG: (bool, "true 或 false"),
    Type.NUMBER: ((int, float), "数"),
    Type.DAY: (date, "日期，如 2022-03-25"),
}


@dataclass(frozen=True)
class Example:
    says: str
    question: m.Question
    facts: dict[str, list[dict[str, Any]]]
    expected: tuple[dict[str, Any], ...]

    @property
    def obligation(self) -> m.Obligation:
        return self.question.obligations[0]

    def differences(self, found: list[m.Entry]) -> list[str]:
        """What the entries found differ in from those expected; empty when they agree."""
        missing = list(self.expected)
        extra = []
        for entry in found:
            match = next((e for e in missing if _agrees(e, entry)), None)
            if match is None:
                extra.append(f"多出：{_shown(entry)}")
            else:
                missing.remove(match)
        return extra + [f"缺少：{e}" for e in missing]


def all_examples(catalogue: m.Catalogue) -> Iterator[Example]:
    """Yield every example of the catalogue, those of readings that can be chosen included."""
    for o in catalogue.obligations.values():
        yield from examples(o, catalogue.calendar)
        for option in o.reading.options.values() if o.reading else ():
            yield from examples(option, catalogue.calendar)


def examples(o: m.Obligation, calendar: Calendar) -> Iterator[Example]:
    """Yield an obligation's examples, with defaults filled in; CatalogueError if malformed."""
    for i, data in enumerate(o.examples):
        at = f"obligations/{o.name}.yaml: examples[{i}]"
        span = _span(o, data["period"], calendar)
        question = m.Question((o,), data["on"], span, calendar)
        yield Example(data["says"], question, _facts(data["facts"], at), tuple(data["entries"]))


def checked(f: Fields) -> dict[str, Any]:
    """One example as the file states it, its keys checked."""
    data = dict(f.data)
    f.text("says")
    f.day("period")
    f.day("on")
    f.take("facts", dict)
    for entry in f.each("entries"):
        if unknown := entry.data.keys() - SHOWN:
            raise CatalogueError(
                Problem(entry.at, f"条目没有 {sorted(unknown)}", f"可用：{'、'.join(SHOWN)}")
            )
        _require_types(entry.data, SHOWN, entry.at)
    f.done()
    return data


def lacking(o: m.Obligation) -> str:
    """What the examples of an obligation leave out; empty if nothing."""
    cases = [{key: data[key] for key in data if key != "says"} for data in o.examples]
    for i, case in enumerate(cases):
        if case in cases[:i]:
            return f"第 {cases.index(case) + 1} 例和第 {i + 1} 例是同一个例子"
    if len(cases) < 3:
        return "不到三个例子"
    verdicts = {entry.get("verdict") for data in o.examples for entry in data["entries"]}
    missing = [v for v in (m.Verdict.MET, m.Verdict.SHORT) if v not in verdicts]
    return f"没有结论为 {'、'.join(missing)} 的例子" if missing else ""


def _span(o: m.Obligation, day: date, calendar: Calendar) -> Period:
    """Just the period looked at; for terms and triggers, all from that day on."""
    if o.every in CALENDAR:
        return period_of(o.every, day, calendar)
    if o.every is Every.ROLLING:
        return period_of(Every.MONTH, day, calendar)
    return Period(day, date(2200, 1, 1))


def _facts(given: Mapping[str, Any], at: str) -> dict[str, list[dict[str, Any]]]:
    facts: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    rows = Fields(given, f"{at}.facts")
    for table in given:
        if table not in TABLES:
            raise CatalogueError(Problem(rows.at, f"没有事实表“{table}”", "、".join(TABLES)))
        for n, row in enumerate(rows.each(table), 1):
            _add(facts, table, row.data, n, row.at)
    return facts


def _add(
    facts: dict[str, list[dict[str, Any]]], table: str, row: dict[str, Any], n: int, at: str
) -> None:
    if table in {"activities", "relations", "documents", "budgets", "cases"}:
        row.setdefault(TABLES[table].key[0], n)
    if table == "activities":  # hosts and attendances may be written inside
        for key in ("hosts", "attended", "details"):
            if not isinstance(row.get(key, []), list):
                raise CatalogueError(Problem(at, f"{key} 应是列表", "写成 [1, 2]"))
        for org_id in row.pop("hosts", ()):
            _add(facts, "hosts", {"activity_id": row["activity_id"], "org_id": org_id}, n, at)
        for place, detail in enumerate(row.pop("details", ())):
            detail = {"activity_id": row["activity_id"], "place": place, **detail}
            _add(facts, "details", detail, n, at)
        for attended in row.pop("attended", ()):
            attendance = attended if isinstance(attended, dict) else {"person_id": attended}
            attendance = {"activity_id": row["activity_id"], **attendance}
            _add(facts, "attendances", attendance, n, at)
    facts[table].append(complete(table, row, at))


def complete(table: str, row: Mapping[str, Any], at: str) -> dict[str, Any]:
    """Return the row with every column of the table; what is not given takes its default."""
    columns = TABLES[table].columns
    if unknown := row.keys() - columns.keys():
        raise CatalogueError(Problem(at, f"没有列 {sorted(unknown)}", "、".join(columns)))
    _require_types(row, columns, at)
    full = {c: row[c] if c in row else DEFAULTS.get(c) for c in columns}
    if empty := [c for c in TABLES[table].required if full[c] is None]:
        raise CatalogueError(Problem(at, f"缺少 {sorted(empty)}"))
    return {
        c: Decimal(str(v)) if columns[c] is Type.NUMBER and v is not None else v
        for c, v in full.items()
    }


def _require_types(row: Mapping[str, Any], columns: Mapping[str, Type], at: str) -> None:
    for name, value in row.items():
        wanted, called = WRITTEN[columns[name]]
        if value is not None and (
            not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)
        ):
            raise CatalogueError(Problem(f"{at}.{name}", f"{value!r} 不是{called}", "请改写"))


def _agrees(expected: Mapping[str, Any], entry: m.Entry) -> bool:
    shown = _shown(entry)
    return all(
        (Decimal(str(value)) if isinstance(value, int | float) else value)
        == (Decimal(shown[key]) if isinstance(shown[key], int) else shown[key])
        for key, value in expected.items()
    )


def _shown(entry: m.Entry) -> dict[str, Any]:
    return {
        "org_id": entry.org_id,
        "person_id": entry.person_id,
        "period_start": entry.period.start,
        "period_end": entry.period.end,
        "due_on": entry.due_on,
        "required": entry.required,
        "actual": entry.actual,
        "verdict": entry.verdict.value,
    }
