"""Cases in words: what a step wrote down, what it made, what stands on the timeline.

People and organisations are named in bulk, whatever the number of steps. Whoever sees a case sees
the names that it holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from guantong.conditions.basis import Basis
from guantong.obligations import describe
from guantong.obligations.run import plain
from guantong.processes import model as m
from guantong.records import catalogue
from guantong.records.actions.case_taking_over import ON_PAPER
from guantong.records.case_values import values, written
from guantong.records.models import Case, CaseStep, Org, Person

MADE: Final = {
    "membership": "名册", "person": "名册", "whereabouts": "登记册", "contactmade": "联系记录",
    "transferletter": "介绍信", "correctionrequest": "更正申请", "term": "届期", "post": "任职",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What ids are called."""

    people: Mapping[int, str]
    orgs: Mapping[int, str]


@dataclass(frozen=True)
class Step:
    """One line of a timeline."""

    row: CaseStep
    title: str
    number: int | None
    by: str
    fields: tuple[tuple[str, str], ...]
    votes: tuple[m.CandidateVotes, ...]
    passed_over: tuple[tuple[str, str], ...]
    reminders: tuple[str, ...]
    made: str
    leads: str  # the state that it led to, empty where it stayed

    @property
    def undone(self) -> datetime | None:
        return self.row.undone_at


def timeline(process: m.Process, rows: Iterable[CaseStep]) -> list[Step]:
    """Steps in words, in the order of the rows (with `by`)."""
    told = [(row, _values(process, row)) for row in rows]
    names = named(process, [(process.steps[row.step], found) for row, found in told])
    return [_step(process, row, found, names) for row, found in told]


def _values(process: m.Process, row: CaseStep) -> dict[str, m.Value | None]:
    return values(process.steps[row.step].fields, written(row))


def named(process: m.Process, told: Sequence[tuple[m.Step, Mapping[str, Any]]]) -> Names:
    people, orgs = set[int](), set[int]()
    for step, found in told:
        for one in step.fields:
            value = found.get(one.name)
            if isinstance(value, int) and one.type is m.FieldType.PERSON:
                people.add(value)
            if isinstance(value, int) and one.type is m.FieldType.ORG:
                orgs.add(value)
    everyone = Person.everyone.filter(pk__in=people).values_list("pk", "name")
    branches = Org.objects.filter(pk__in=orgs).values_list("pk", "short_name")
    return Names(dict(everyone) if people else {}, dict(branches) if orgs else {})


def _step(
    process: m.Process, row: CaseStep, found: Mapping[str, m.Value | None], names: Names
) -> Step:
    step = process.steps[row.step]
    rules = {ON_PAPER: "以前办的，据纸质材料登记"} | {rule.id: rule.says for rule in step.rules}
    votes = [v for v in found.values() if isinstance(v, tuple)]
    return Step(
        row=row,
        title=step.title,
        number=step.number,
        by=row.by.called if row.by else "系统",
        fields=tuple(
            (one.title, value_words(one, found[one.name], names))
            for one in step.fields
            if found.get(one.name) is not None and one.type is not m.FieldType.VOTES
        ),
        votes=votes[0] if votes else (),
        passed_over=tuple((rules.get(rule, rule), why) for rule, why in row.passed_over),
        reminders=tuple(rules.get(rule, rule) for rule in row.reminders),
        made="、".join(dict.fromkeys(MADE.get(s.partition(":")[0], "记录") for s in row.made)),
        leads=process.states[row.target].title if row.target != row.source else "",
    )


OTHERS: Final = Names({}, {})


def value_words(one: m.Field, value: m.Value | None, names: Names) -> str:
    match value:
        case None:
            return "不清楚"
        case bool():
            return "是" if value else "否"
        case date():
            return value.isoformat()
        case int() if one.type is m.FieldType.PERSON:
            return names.people.get(value, "（他人）")
        case int() if one.type is m.FieldType.ORG:
            return names.orgs.get(value, "（其他党组织）")
        case int() | Decimal():
            return plain(Decimal(value))
        case str() if one.options:
            return one.options.get(value, value)
        case tuple():
            return "、".join(line.name for line in value if line.elected)
        case _:
            return str(value)


def held(row: Case | CaseStep, field: str) -> str | None:
    """What a column holds, for the person that the case is about; None where it speaks for itself.

    Whom else a step names is left out: that is about them.
    """
    case = row if isinstance(row, Case) else row.case
    process = catalogue.process(case.process, case.process_version)
    match row, field:
        case Case(), "process":
            return process.title
        case Case(), "state":
            return process.states[case.state].title
        case Case(), "due_step" | "opens_step" if getattr(case, field):
            return process.steps[getattr(case, field)].title
        case CaseStep(), "step":
            return process.steps[row.step].title
        case CaseStep(), "source" | "target":
            return process.states[getattr(row, field)].title
        case CaseStep(), "fields":
            found = _values(process, row)
            return "；".join(
                f"{one.title}：{value_words(one, found[one.name], OTHERS)}"
                for one in process.steps[row.step].fields
                if found.get(one.name) is not None
            )
        case CaseStep(), "sealed":
            return "（见填写的内容）" if row.sealed else ""
        case _:
            return None


def cited(rule: m.Rule | m.Step) -> str:
    """What a rule or a step rests on, with how sure it is."""
    return bases(rule.basis)


def state_title(case: Case) -> str:
    process = catalogue.process(case.process, case.process_version)
    return process.states[case.state].title


def bases(found: Iterable[Basis]) -> str:
    rules = catalogue.current()
    return "；".join(
        f"{describe.cited(basis, rules)}（{describe.CONFIDENCE[basis.confidence]}）"
        for basis in found
    )
