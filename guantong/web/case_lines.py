"""Cases as lines of a list: what each is about, where it stands, by when what is due.

Not for which cases: `records.access` says whose a user may see.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Final

from django.db.models import Q

from guantong.records import access, catalogue, clock
from guantong.records.case_actors import Place, Standing
from guantong.records.models import Case, Org
from guantong.records.models.case import CaseQuerySet
from guantong.web.due_items import SOON
from guantong.web.wording import distance

OVERDUE: Final = "overdue"
STATES: Final = {
    "": "办理中", "waiting": "等我办理", OVERDUE: "已过应办日期", "soon": "两周内应办",
    "opens": "已到或两周内到可办日期", "closed": "已办结", "all": "全部",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One case. `look`: the verdict whose look its due day has."""

    case: Case
    process: str
    about: str
    state: str
    org: str
    due: str
    due_step: str
    look: str
    opens: str
    opens_step: str


def lines(found: Iterable[Case]) -> list[Line]:
    """Cases with `org`, `person`, `other_org` at hand."""
    today = clock.today()
    return [line(case, today) for case in found]


def line(case: Case, today: date) -> Line:
    process = catalogue.process(case.process, case.process_version)
    due = case.due_on
    step, opens = process.steps.get(case.due_step), process.steps.get(case.opens_step)
    return Line(
        case=case,
        process=process.title,
        about=str(case),
        state=process.states[case.state].title,
        org=case.org.short_name,
        due=distance(due, today) if due else "",
        due_step=step.title if step else "",
        look=look(case, today),
        opens=_opens(case.opens_on, today),
        opens_step=opens.title if opens else "",
    )


def _opens(day: date | None, today: date) -> str:
    if day is None:
        return ""
    return distance(day, today) if day > today else "现在可办"


def look(case: Case, today: date) -> str:
    if case.closed_on is not None:
        return "met"
    if case.due_on is None or case.due_on > today + SOON:
        return "due"
    return "short" if case.due_on < today else "late"


def in_state(found: CaseQuerySet, state: str, user: access.Someone) -> CaseQuerySet:
    today = clock.today()
    match state:
        case "":
            return found.open()
        case "overdue":
            return found.open().filter(due_on__lt=today)
        case "soon":
            return found.open().filter(due_on__gte=today, due_on__lte=today + SOON)
        case "opens":
            return found.open().filter(opens_on__lte=today + SOON)
        case "closed":
            return found.exclude(closed_on=None)
        case "waiting":
            return found.filter(pk__in=[*waiting(found.order_by(), user)])
        case _:
            return found


READ: Final = 500  # at once; who needs a few reads no more
APART: Final = frozenset({"branch", "owner"})
NEXT: Final = ("process", "process_version", "state", "variants")  # tell who takes the next step
PLACED: Final = ("pk", "org", "org__path", "other_org", "person")


def waiting(found: CaseQuerySet, user: access.Someone) -> Iterator[int]:
    """The ids of those whose next step is for the user, by his place above, for the school, by
    name, or as the person concerned. What a branch does itself is told by its due days."""
    from guantong.records.models import User

    if not isinstance(user, User):
        return
    who = Standing.today(user)
    next_step = cache(partial(_next_step, who))  # thousands of cases, few kinds of them
    told = found.open().values_list(*PLACED, *NEXT)
    for pk, org, path, other, person, *kind, variants in told.iterator(chunk_size=READ):
        step, anywhere = next_step(*kind, frozenset(variants))
        place = Place(Org(pk=org, path=path), other, person, pk) if step and not anywhere else None
        if anywhere or (place and who.actors_at(place, step)):
            yield pk


def _next_step(
    who: Standing, name: str, version: int, state: str, variants: frozenset[str]
) -> tuple[tuple[str, ...], bool]:
    """Who takes it, and whether the user may wherever the case lies; of what is for a branch,
    nobody."""
    out = catalogue.process(name, version).with_variants(variants).out_of(state)
    step = next((step.who for step in out if step.target), ())
    return ((), False) if APART & set(step) else (step, who.is_anywhere(step))


def matching(found: CaseQuerySet, text: str) -> CaseQuerySet:
    """By part of the name, the pinyin or the number of whom it is about; by what it is about."""
    from guantong.records.models import Person

    text = text.strip()
    if not text:
        return found
    people = Person.objects.search(text)
    named = Q(person__in=people) | Q(title__contains=text) | Q(org__short_name__contains=text)
    return found.filter(named)
