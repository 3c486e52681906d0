"""A case as the engine sees it: its history from the rows, its facts from the records.

Reads only. Who may act is told by `case_actors`, what the records know by `case_facts`; what is
decided, by `processes.engine`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from guantong.processes import engine
from guantong.processes import model as m
from guantong.records import catalogue
from guantong.records.case_actors import Standing
from guantong.records.case_facts import given
from guantong.records.case_values import values, written
from guantong.records.handling import Handling
from guantong.records.models import Case, CaseStep, User, VariantChoice

SYSTEM_THEN, SYSTEM_NOW = 0, -1  # the system is never the same hand twice


def process_of(case: Case) -> m.Process:
    """As the case has it: in its version, with its variants."""
    whole = catalogue.process(case.process, case.process_version)
    return whole.with_variants(frozenset(case.variants))


def handling_of(case: Case) -> Handling:
    return catalogue.handling().of[case.process]


def chosen_variants(process: m.Process) -> frozenset[str]:
    """Those that the school has on now: by its latest decision, else as the file says."""
    last = VariantChoice.objects.filter(process=process.name).order_by("-id").first()
    return process.usual() if last is None else frozenset(last.variants) & set(process.variants)


def hand(user: User | None, nobody: int = SYSTEM_THEN) -> int:
    """Whose hand it is: the person's, or that of an account without one."""
    if user is None:
        return nobody
    return user.person_id or -user.pk - 1


def told(case: Case, steps: Iterable[CaseStep] | None = None) -> m.Case:
    """The case with its history; `steps` in order, with `by`, where they are at hand."""
    process = process_of(case)
    rows = standing(case) if steps is None else steps
    return m.Case(
        process=case.process,
        version=case.process_version,
        variants=frozenset(case.variants),
        state=case.state,
        person_id=case.person_id,
        history=tuple(_event(process, row) for row in rows),
    )


def standing(case: Case) -> list[CaseStep]:
    return list(case.steps.standing().select_related("by").order_by("number"))


def _event(process: m.Process, row: CaseStep) -> m.Event:
    step = process.steps[row.step]
    return m.Event(
        step=row.step,
        source=row.source,
        target=row.target,
        on=row.on_day,
        by=hand(row.by),
        fields=values(step.fields, written(row)),
        documents=tuple(row.documents),
        passed_over=tuple((rule, why) for rule, why in row.passed_over),
        reminders=tuple(row.reminders),
    )


# ---------------------------------------------------------------- what may happen next


def options(
    case: Case, who: Standing, on: date, history: m.Case | None = None
) -> list[engine.Option]:
    """The steps out of the present state, open to the user or not."""
    return engine.options(
        process_of(case),
        history or told(case),
        on=on,
        by=hand(who.user, SYSTEM_NOW),
        actors=who.actors(case),
        given=given(case, on, who),
    )


def next_due(case: Case, on: date, history: m.Case | None = None) -> engine.Due | None:
    """The earliest day that a rule sets for a step out of the present state.

    What has to be done again and again is due itself, not the step that looks for it.
    """
    process, facts = process_of(case), given(case, on, None)
    return earliest(process, engine.due(process, history or told(case), on=on, given=facts))


def next_opening(case: Case, on: date) -> engine.Due | None:
    """The first day of a step that only time still closes."""
    facts = given(case, on, None)
    return next(iter(engine.opening(process_of(case), told(case), on=on, given=facts)), None)


def earliest(process: m.Process, found: list[engine.Due]) -> engine.Due | None:
    if not found:
        return None
    test = found[0].rule.test
    again = process.steps.get(test.step) if isinstance(test, m.Paced) else None
    return replace(found[0], step=again) if again else found[0]
