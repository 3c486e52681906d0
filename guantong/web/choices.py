"""What a select offers: the catalogue's words, and organisations and people in reach."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from guantong.records import catalogue, plain_words
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.span import on
from guantong.web import ids

type Choice = tuple[str, str]

MOST: Final = 50  # people in one select; more are found by typing another letter


def kinds(group: str, only: Collection[str] | None = None, *, every: str = "") -> list[Choice]:
    """The codes of one group of kinds.yaml, in its order; `every` is the word for no choice."""
    entries = catalogue.current().kinds[group].items()
    found = [(code, str(entry["title"])) for code, entry in entries if not only or code in only]
    return [("", every), *found] if every else found


def orgs(
    found: OrgQuerySet, *, only: str = "", every: str = ""
) -> list[Choice | tuple[str, list[Choice]]]:
    """Organisations (`only` of one kind) below the heading of the one they hang from."""
    rows = list(found.in_order().values_list("path", "short_name", "kind"))
    named = {path: name for path, name, _ in rows}
    top: list[Choice] = [("", every)] if every else []
    below = defaultdict[str, list[Choice]](list)
    for path, name, kind in rows:
        if only in ("", kind):
            *above, pk, _ = path.split("/")
            nearest = next((o for o in _upwards(above) if o in named), None)
            (below[named[nearest]] if nearest else top).append((pk, name))
    return [*top, *below.items()]


def _upwards(steps: list[str]) -> Iterator[str]:
    """The paths of the organisations above, the nearest first."""
    return ("".join(f"{pk}/" for pk in steps[:n]) for n in range(len(steps), 0, -1))


def org_field(
    found: OrgQuerySet, *, label: str, only: str = "", **more: Any
) -> "forms.ModelChoiceField[Org]":
    """A select of organisations, grouped; what it accepts is what it offers."""
    field = forms.ModelChoiceField(found.filter(kind=only) if only else found, label=label, **more)
    field.widget.choices = orgs(found, only=only, every="请选择")
    return field


class OrgsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Organisations to tick; Django alone would ask the database for a number without end."""

    def clean(self, value: Any) -> Any:
        for asked in value or ():
            if not ids.read(str(asked)):
                raise ValidationError(plain_words.CHOOSE)
        return super().clean(value)


def people(found: PersonQuerySet, day: date) -> list[Choice]:
    """The first of them who are on the roll, told apart by their branch."""
    rows = found.filter(on("memberships__", day)).in_order()
    named = rows.values_list("pk", "name", "memberships__org__short_name")[:MOST]
    return [(str(pk), f"{name}（{branch}）") for pk, name, branch in named]
