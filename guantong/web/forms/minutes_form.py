"""The part of the record form that only the chosen kind asks: its own fields, pairs, the agenda,
what is to follow. `recording.RecordForm` is the whole; inputs that repeat are read by `minutes`.
"""

from abc import abstractmethod
from datetime import date
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import QueryDict

from guantong.obligations.activity_kinds import ActivityKind, Sort
from guantong.records import catalogue, rosters
from guantong.records.drafts import Draft
from guantong.records.models import Org
from guantong.web.acting import ActionForm
from guantong.web.forms import minutes, own_fields
from guantong.web.forms.people import ROLES, People


class MinutesForm(ActionForm):
    """Asks the whole form for the kind, the day, the hosts and the people."""

    typed: QueryDict | None
    on_record: Draft | None

    @property
    @abstractmethod
    def chosen(self) -> ActivityKind: ...

    @property
    @abstractmethod
    def chosen_day(self) -> date: ...

    @property
    @abstractmethod
    def hosts(self) -> tuple[Org, ...]: ...

    @property
    @abstractmethod
    def people(self) -> People: ...

    # What was entered so far

    @cached_property
    def rows(self) -> minutes.Rows:
        """The inputs that repeat."""
        if self.typed is not None:
            return minutes.typed_rows(self.typed)
        if self.on_record is None:
            return minutes.Rows()
        ends = self.on_record.own.get(self.pairs_code, ())
        return minutes.rows_of(self.on_record, ends if isinstance(ends, tuple) else ())

    @property
    def pairs_code(self) -> str:
        """The field of the chosen kind that holds pairs; empty where it has none."""
        own = self.chosen.own.values()
        return next((one.code for one in own if one.sort is Sort.PAIRS), "")

    @cached_property
    def roster_counts(self) -> dict[str, int]:
        """应到, 实到 and 有表决权 as the roster and the ticks have them."""
        there = {row.pk for row in self.people.present}
        voting = rosters.entitled(self.chosen, self.hosts, self.chosen_day)
        expected = {row.pk for row in self.people.expected}
        return {
            "expected": len(expected),
            "present": len(expected & there),
            "voting": len(voting & there),
        }

    # What is shown

    @property
    def own(self) -> list[BoundField]:
        """The fields of the chosen kind, pairs apart."""
        names = [f"{own_fields.PREFIX}{code}" for code in self.chosen.own]
        return [
            self[name]
            for code, name in zip(self.chosen.own, names, strict=True)
            if code != self.pairs_code
        ]

    @property
    def own_open(self) -> bool:
        """Whether one of them is filled, wrong or wanted."""
        return any(field.value() or field.errors or field.field.required for field in self.own)

    @property
    def roster_last(self) -> bool:
        """Whom the pairs name is there; the roster only adds to them."""
        return bool(self.pairs_code)

    @property
    def pair_field(self) -> BoundField | None:
        return self[f"{own_fields.PREFIX}{self.pairs_code}"] if self.pairs_code else None

    @property
    def more(self) -> str:
        """Of which repeated inputs one more is wanted."""
        return self.typed.get("more", "") if self.typed is not None else ""

    @property
    def shown_rows(self) -> dict[str, list[tuple[int, Any]]]:
        """The repeated inputs with a blank one where one is wanted."""
        blank = {"agenda": minutes.AgendaRow(), "tasks": minutes.TaskRow()}
        blank |= {"pairs": minutes.PairRow()}
        return {
            part: minutes.shown(getattr(self.rows, part), row, self.more == part)
            for part, row in blank.items()
        }

    @property
    def major_matters(self) -> list[tuple[str, str]]:
        entries = catalogue.current().kinds["major_matters"].items()
        return [(code, str(entry["title"])) for code, entry in entries]

    # What is saved

    def clean_rows(self) -> None:
        """What the repeated inputs mean, beside the other fields."""
        leading = {self.cleaned_data.get(role) for role in ROLES} - {None, ""}
        there = len(leading | {str(row.pk) for row in self.people.present})
        counts = {**self.roster_counts, "there": there} if self.rows.agenda else {}
        for name, mean in (
            ("agenda", lambda: minutes.agenda(self.rows.agenda, counts)),
            ("follow_ups", lambda: minutes.tasks(self.rows.tasks)),
            (f"{own_fields.PREFIX}{self.pairs_code}", lambda: minutes.pairs(self.rows.pairs)),
        ):
            try:
                self.cleaned_data[name] = mean()
            except ValidationError as error:
                self.add_error(name if name in self.fields else None, error)
