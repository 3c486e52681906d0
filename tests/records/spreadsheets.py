"""Rows of spreadsheets as `sheets` hands them over, and what came of them."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps

from guantong.records.actions import imports
from guantong.records.id_number import check_digit
from guantong.records.imports.decisions import Decision
from guantong.records.imports.rows import EVERYONE, STUCK, ActivityRow, Heading, Parsed, RollRow
from guantong.records.models import Entry, ImportBatch, Person, User

A1, A2, B1 = "甲学院教师第一党支部", "甲学院教师第二党支部", "乙学院学生第一党支部"
NOT_RECORDS = {"Event", "ImportBatch", "ImportRow", "Job", "Assessment", "Entry"}


def an_id(number: int = 1, born: str = "19900101") -> str:
    first = f"110105{born}{number:03}"
    return first + check_digit(first)


def roll(*rows: dict[str, Any], line: int = 2) -> Parsed[RollRow]:
    """Rows of a roll; one that says nothing else is a full member of branch A1."""
    usual = {"org": A1, "status": "full"}
    titles = {"name": "姓名", "org": "所在党支部", "status": "人员类别"}
    columns = {f: Heading("ABC"[i], t, t) for i, (f, t) in enumerate(titles.items())}
    found = tuple(RollRow(line=line + i, **{**usual, **row}) for i, row in enumerate(rows))
    return Parsed(
        "roll", "名册.xlsx", hashlib.sha256(repr(found).encode()).hexdigest(), columns, found
    )


def held(*rows: dict[str, Any]) -> Parsed[ActivityRow]:
    """Rows of activities; one that says nothing else is yesterday's theme day of A1."""
    usual: dict[str, Any] = {
        "hosts": (A1,), "kind": "theme_day", "title": "学习", "held_on": date(2023, 6, 14),
        "hours": Decimal(2), "attended": EVERYONE,
    }  # fmt: skip
    found = tuple(ActivityRow(line=2 + i, **{**usual, **row}) for i, row in enumerate(rows))
    return Parsed(
        "activities", "活动.xlsx", hashlib.sha256(repr(found).encode()).hexdigest(), {}, found
    )


def decided(parsed: Any, by: User | None = None, **more: Any) -> Any:
    """The decision about a file's only row."""
    (decision,) = of_rows(parsed, by, **more)
    return decision


def of_rows(parsed: Any, by: User | None = None, **more: Any) -> list[Decision]:
    """Without those about whom the file does not have."""
    return [d for d in imports.decide(by=by, parsed=parsed, **more) if d.line]


def problem(parsed: Any, by: User | None = None, **more: Any) -> str:
    decision = decided(parsed, by, **more)
    assert decision.outcome in STUCK
    (found,) = decision.problems
    return found.told(parsed.columns)


def run(parsed: Any, by: User | None = None, **more: Any) -> ImportBatch:
    return imports.confirm(by=by, batch=imports.preview(by=by, parsed=parsed, **more))


def records() -> dict[str, list[Any]]:
    """Every row of the records; what is derived or tells of imports apart."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_app_config("records").get_models()
        if model.__name__ not in NOT_RECORDS
    }


def entries() -> set[tuple[Any, ...]]:
    columns = ("obligation", "org", "person", "period_start", "required", "actual", "verdict")
    return set(Entry.objects.filter(assessment__live=True).values_list(*columns))


def spans(person: Person) -> list[tuple[Any, ...]]:
    columns = ("org__name", "status", "valid_from", "valid_to")
    return list(person.memberships.order_by("valid_from").values_list(*columns))
