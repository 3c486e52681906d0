"""The form of a step: made from what the process file says the step writes down.

What the records know is shown, not asked. Not for deciding whether a step may be taken: the
action asks the engine, and what it refuses stands beside its field here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from guantong.processes import model as m
from guantong.records import case_facts, clock
from guantong.records.access import Refused
from guantong.records.actions.cases import Entry
from guantong.records.case_values import values, written
from guantong.records.handling import Handling
from guantong.records.models import Case, CaseStep, Person
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.span import on as lasting
from guantong.web import choices
from guantong.web.acting import ActionForm, DayField, NumberField, status_of

OFFERED: Final = 400  # people in one list of suggestions
LINES: Final = 8  # of a tally sheet, at least
COUNTS: Final = ("yes", "no", "abstain", "again")
YES_NO: Final = [("yes", "是"), ("no", "否")]
MOST: Final = 99_999  # people, votes or papers: no school has more
SHORT: Final = 4  # options shown as buttons, not as a list


def named_as(prefix: str, name: str) -> str:
    return f"{prefix}-{name}"


class PersonInput(forms.TextInput):
    template_name = "web/forms/person_input.html"

    def __init__(self, offered: Sequence[str]) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.offered = offered

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}-list"
        return {**context, "offered": self.offered}


class People:
    """Whom a step may name, found by what somebody types: a name, with the branch, or a number."""

    def __init__(self, found: PersonQuerySet, day: date) -> None:
        self.found, self.day = found, day
        listed = found.filter(lasting("memberships__", day)).values_list(
            "pk", "name", "memberships__org__short_name"
        )[:OFFERED]
        self.labels = {f"{name}（{branch}）": pk for pk, name, branch in listed}

    def label_of(self, pk: int) -> str:
        known = {pk: label for label, pk in self.labels.items()}
        if pk in known:
            return known[pk]
        person = Person.everyone.filter(pk=pk).first()
        return person.name if person else ""

    def read(self, text: str) -> int:
        if text in self.labels:
            return self.labels[text]
        same = list(self.found.filter(name=text)[:2]) or list(self.found.filter(number=text)[:2])
        if len(same) == 1:
            return same[0].pk
        if same:
            raise ValidationError(f"有不止一位{text}，请从列出的里面选，或写学工号。")
        raise ValidationError(f"没有找到“{text}”，请从列出的里面选择，或写全姓名。")


class PersonField(forms.CharField):
    def __init__(self, people: People, **more: Any) -> None:
        super().__init__(widget=PersonInput([*people.labels]), max_length=160, **more)
        self.people = people

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return self.people.read(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return self.people.label_of(value) if isinstance(value, int) else value


class VotesInput(forms.Widget):
    """A tally sheet: one line a candidate, some more for names written in."""

    template_name = "web/forms/votes_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        lines = list(value or ())
        blank: dict[str, Any] = {}
        lines += [blank] * max(LINES - len(lines), 2)
        return {**context, "lines": list(enumerate(lines)), "name": name}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        names = data.getlist(f"{name}-name") if hasattr(data, "getlist") else []
        cells = {part: data.getlist(f"{name}-{part}") for part in COUNTS} if names else {}
        ticked = {part: set(data.getlist(f"{name}-{part}")) for part in TICKED} if names else {}
        return [
            {
                "name": one.strip(),
                **{part: cells[part][i] if i < len(cells[part]) else "" for part in COUNTS},
                **{part: str(i) in ticked[part] for part in TICKED},
            }
            for i, one in enumerate(names)
            if one.strip()
        ]


TICKED: Final = ("elected", "written_in")


class VotesField(forms.Field):
    widget = VotesInput

    def clean(self, value: Any) -> Any:
        lines = super().clean(value)
        return tuple(self._line(line) for line in lines or ())

    def _line(self, line: Mapping[str, Any]) -> m.CandidateVotes:
        counts = {}
        for part in COUNTS:
            text = str(line[part]).strip() or ("" if part == "again" else "0")
            if part == "again" and not text:
                continue
            if not (text.isdecimal() and len(text) < 6):
                raise ValidationError(f"{line['name']}的票数应为整数，如 12。")
            counts[part] = int(text)
        name = forms.CharField(max_length=m.NAME).clean(line["name"])
        return m.CandidateVotes(
            name, **counts, elected=line["elected"], written_in=line["written_in"]
        )


def form_field(
    one: m.Field, people: Callable[[], People], branches: Callable[[], OrgQuerySet]
) -> forms.Field:
    """The field of a form for a field of a process."""
    common: dict[str, Any] = {"label": one.title, "required": one.required}
    match one.type:
        case m.FieldType.DAY:
            return DayField(**common)
        case m.FieldType.NUMBER:
            whole = dict.fromkeys(("invalid", "max_decimal_places"), "请填整数，如 12。")
            return NumberField(
                min_value=0, max_value=MOST if one.whole else None,
                max_digits=10, decimal_places=0 if one.whole else 2,
                error_messages=whole if one.whole else {},
                widget=forms.NumberInput(
                    attrs={"min": 0, "step": 1 if one.whole else "any", "inputmode": "decimal"}
                ),
                **common,
            )  # fmt: skip
        case m.FieldType.TEXT:
            area = forms.Textarea(attrs={"rows": 3})
            return forms.CharField(max_length=1000, widget=area, **common)
        case m.FieldType.CODE:
            return _chosen(list(one.options.items()), common)
        case m.FieldType.FLAG:
            return forms.TypedChoiceField(
                choices=YES_NO, coerce=lambda text: text == "yes", empty_value=None,
                widget=forms.RadioSelect, **common,
            )  # fmt: skip
        case m.FieldType.PERSON:
            hint = "输入姓名，从列出的里面选。"
            return PersonField(people(), help_text=hint, **common)
        case m.FieldType.ORG:
            return choices.org_field(branches(), only="branch", **common)
        case m.FieldType.VOTES:
            return VotesField(**common)


def _chosen(options: list[tuple[str, str]], common: dict[str, Any]) -> forms.Field:
    if len(options) <= SHORT and common["required"]:
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **common)
    return forms.ChoiceField(choices=[("", "请选择"), *options], **common)


def entered(value: Any) -> m.Value | None:
    """A cleaned value as the engine wants it."""
    match value:
        case None | "" | ():
            return None
        case Decimal() if value == value.to_integral_value():
            return int(value)
        case str() | bool() | int() | date() | tuple() | Decimal():
            plain: m.Value = value
            return plain
        case _:
            pk: int = value.pk
            return pk


class StepForm(ActionForm):
    """One step of one case. Fields are prefixed: f- what the process asks, a- what the records
    need besides, r- reasons. `on`: the day as of which the records are asked; today without."""

    on = DayField(label="办理日期", help_text="实际办成的那一天，不能早于上一步。")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self,
        *args: Any,
        case: Case,
        step: m.Step,
        kept: Handling,
        to_explain: Iterable[m.Rule] = (),
        last: CaseStep | None = None,
        on: date | None = None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.case, self.step, day = case, step, clock.today()
        self.initial.setdefault("version", case.version)
        people = _once(lambda: People(case_facts.nameable(case, day, step.name), day))
        orgs = partial(case_facts.branches, case, day)
        self.known = case_facts.derived(case, step, on or day, {})
        asked = [one for one in step.fields if kept.concerns(one.name, case.org.kind)]
        for one in asked:
            if one.name not in self.known and one.name not in case_facts.BY_FILLED:
                self.fields[named_as("f", one.name)] = form_field(one, people, orgs)
        settled = case_facts.settled(case, step.name)
        for name, one in kept.asked(step.name).items():
            if name in settled:
                continue
            self.fields[named_as("a", name)] = form_field(one, people, orgs)
        for rule in to_explain:
            self._ask_why(rule)
        if last is not None:
            self._suggest(last)

    def _suggest(self, last: CaseStep) -> None:
        """What the same step wrote down the last time, where it is taken again."""
        for name, value in values(self.step.fields, written(last)).items():
            field = self.fields.get(named_as("f", name))
            if isinstance(field, PersonField) and value is not None:
                self.initial.setdefault(named_as("f", name), value)

    def _ask_why(self, rule: m.Rule) -> None:
        self.fields[named_as("r", rule.id)] = forms.CharField(
            label=f"没有做到“{rule.says}”的原因",
            required=False,
            max_length=300,
            help_text="写明原因才能办理，原因留在办理过程里。",
        )

    def entry(self, **cleaned: Any) -> Entry:
        parts: dict[str, dict[str, Any]] = {"f": {}, "a": {}, "r": {}}
        for name, value in cleaned.items():
            prefix, _, bare = name.partition("-")
            if bare:
                parts[prefix][bare] = entered(value)
        return Entry(
            step=self.step.name,
            on=cleaned["on"],
            fields=parts["f"],
            asked=parts["a"],
            reasons={rule: why or "" for rule, why in parts["r"].items()},
        )

    def _show(self, refused: Refused) -> None:
        """Beside its field what belongs to one; a reason that is missing is asked for."""
        self.status = status_of(refused)
        rules = {rule.id: rule for rule in self.step.rules}
        beside = set()
        for name, why in refused.fields.items():
            if name in rules and named_as("r", name) not in self.fields:
                self._ask_why(rules[name])
            found = next((p for p in "far" if named_as(p, name) in self.fields), None)
            if found:
                self.add_error(named_as(found, name), why)
                beside.add(why)
        others = [line for line in refused.text.split("\n") if line not in beside]
        if others or not beside:
            self.add_error(None, "\n".join(others) or refused.text)


def _once[T](make: Callable[[], T]) -> Callable[[], T]:
    made: list[T] = []

    def look() -> T:
        if not made:
            made.append(make())
        return made[0]

    return look
