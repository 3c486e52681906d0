"""The fields that only one kind of activity has (kinds.yaml, `own`), as fields of the record form.

Pairs are rows, and are in `minutes`. A school's own kind needs nothing here.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict

from guantong.obligations.activity_kinds import ActivityKind, Own, Sort
from guantong.obligations.describe import cited
from guantong.obligations.faults import MOST
from guantong.records import access, catalogue
from guantong.records.meetings import Value
from guantong.records.models import User
from guantong.web import ids
from guantong.web.acting import DayField, NumberField

PREFIX: Final = "own-"
YES_NO: Final = [("", "未填"), ("yes", "是"), ("no", "否")]


def built(
    kind: ActivityKind, by: User, day: date, people: list[tuple[str, str]]
) -> dict[str, forms.Field]:
    """By name, in the catalogue's order."""
    return {
        f"{PREFIX}{code}": _field(own, by, day, people)
        for code, own in kind.own.items()
        if own.sort is not Sort.PAIRS
    }


def _field(own: Own, by: User, day: date, people: list[tuple[str, str]]) -> forms.Field:
    said: dict[str, Any] = {"label": own.title, "required": own.required}
    match own.sort:
        case Sort.NUMBER:
            widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
            return NumberField(
                **said, min_value=0, max_value=MOST, decimal_places=2, widget=widget
            )
        case Sort.DAY:
            return DayField(**said)
        case Sort.YES_NO:
            return forms.ChoiceField(**said, choices=YES_NO)
        case Sort.CHOICE:
            return forms.ChoiceField(**said, choices=[("", "未填"), *own.options.items()])
        case Sort.ORG:
            return forms.ChoiceField(**said, choices=[("", "未填"), *_orgs(by, day)])
        case Sort.PEOPLE | Sort.PAIRS:
            boxes = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(**said, choices=people, widget=boxes)
        case Sort.TEXT:
            area = forms.Textarea(attrs={"rows": 2})
            return forms.CharField(**said, max_length=2000, widget=area)


def _orgs(by: User, day: date) -> Iterator[tuple[str, str]]:
    for org in access.orgs(by, "org.view").on(day).in_order():
        yield str(org.pk), org.short_name


def typed_in(kind: ActivityKind, typed: QueryDict) -> dict[str, Any]:
    """What was typed, for showing it again: lists where several may be ticked."""
    return {
        name: typed.getlist(name) if own.sort is Sort.PEOPLE else typed.get(name, "")
        for code, own in kind.own.items()
        if (name := f"{PREFIX}{code}") in typed
    }


def entered(kind: ActivityKind, own: Mapping[str, Value]) -> dict[str, Any]:
    """A record as the values of the fields."""
    return {
        f"{PREFIX}{code}": _entered(kind.own[code].sort, value)
        for code, value in own.items()
        if kind.own[code].sort is not Sort.PAIRS
    }


def _entered(sort: Sort, value: Any) -> Any:
    match sort:
        case Sort.PEOPLE | Sort.PAIRS:
            return [str(pk) for ends in value for pk in ends]
        case Sort.YES_NO:
            return "yes" if value else "no"
        case Sort.ORG:
            return str(value)
        case _:
            return value


def meant(kind: ActivityKind, cleaned: Mapping[str, Any]) -> dict[str, Value]:
    """The cleaned values as a draft has them; blank ones are left out."""
    found = {}
    for code, own in kind.own.items():
        value = cleaned.get(f"{PREFIX}{code}")
        if value not in (None, "", []):
            found[code] = _meant(own.sort, value)
    return found


def _meant(sort: Sort, value: Any) -> Value:
    match sort:
        case Sort.PEOPLE:
            return tuple((ids.read(pk),) for pk in value)
        case Sort.YES_NO:
            return bool(value == "yes")
        case Sort.ORG:
            return ids.read(value)
        case _:
            kept: Value = value
            return kept


def bases(kind: ActivityKind) -> dict[str, str]:
    """What each field rests on; those that rest on nothing say so by being optional."""
    return {
        f"{PREFIX}{code}": cited(own.basis, catalogue.current())
        for code, own in kind.own.items()
        if own.basis
    }
