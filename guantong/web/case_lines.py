"""Cases as lines of a list: what each is about, where it stands, by when what is due.

Not for which cases: `records.access` says whose a user may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q

from guantong.records import access, catalogue, clock
from guantong.records.case_actors import Place, Standing
from guantong.records.models import Case
from guantong.records.models.case import CaseQuerySet
from guantong.web.due_items import SOON
from guantong.web.wording import distance

OVERDUE: Final = "overdue"
STATES: Final = {
    "": "办理中", "waiting": "等我办理", OVERDUE: "已过应办日期", "soon": "两周内应办",
    "closed": "已办结", "all": "全部",
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


def lines(found: Iterable[Case]) -> list[Line]:
    """Cases with `org`, `person`, `other_org` at hand."""
    today = clock.today()
    return [line(case, today) for case in found]


def line(case: Case, today: date) -> Line:
    process = catalogue.process(case.process, case.process_version)
    due = case.due_on
    step = process.steps.get(case.due_step)
    return Line(
        case=case,
        process=process.title,
        about=str(case),
        state=process.states[case.state].title,
        org=case.org.short_name,
        due=distance(due, today) if due else "",
        due_step=step.title if step else "",
        look=look(case, today),
    )


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
        case "closed":
            return found.exclude(closed_on=None)
        case "waiting":
            return found.filter(pk__in=[case.pk for case in waiting(found, user)])
        case _:
            return found


APART: Final = frozenset({"branch", "owner"})
NEEDED: Final = (  # of thousands of cases, to tell who takes the next step
    *("process", "process_version", "variants", "state"),
    *("org__path", "other_org_id", "person_id"),
)


def waiting(found: CaseQuerySet, user: access.Someone) -> list[Case]:
    """Those whose next step is for the user, by his place above, for the school, by name, or as
    the person concerned. What a branch does itself is told by its due days."""
    from guantong.records.models import User

    if not isinstance(user, User):
        return []
    who, mine = Standing.today(user), []
    found = found.open()
    standing = found.order_by().values_list("process", "process_version", "state").distinct()
    near = Q(pk=None)
    for process, version, state in standing:
        if any(not APART & set(step) for step in _steps(process, version, None, state)):
            near |= Q(process=process, process_version=version, state=state)
    for case in found.filter(near).select_related("org").only(*NEEDED):
        variants = frozenset(case.variants)
        step = next(iter(_steps(case.process, case.process_version, variants, case.state)), None)
        if step and not APART & set(step) and who.actors_at(Place.of(case), step):
            mine.append(case)
    return mine


def _steps(
    name: str, version: int, variants: frozenset[str] | None, state: str
) -> list[tuple[str, ...]]:
    """Who takes each step that leads on from a state; `variants` None: whichever are on."""
    process = catalogue.process(name, version)
    if variants is not None:
        process = process.with_variants(variants)
    return [step.who for step in process.out_of(state) if step.target]


def matching(found: CaseQuerySet, text: str) -> CaseQuerySet:
    """By part of the name, the pinyin or the number of whom it is about; by what it is about."""
    from guantong.records.models import Person

    text = text.strip()
    if not text:
        return found
    people = Person.objects.search(text)
    named = Q(person__in=people) | Q(title__contains=text) | Q(org__short_name__contains=text)
    return found.filter(named)
