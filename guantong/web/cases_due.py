"""Cases for 我的一周: what is due or overdue, and what waits for the user's own step.

Reminders; nothing happens when a day has passed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from django.db.models import Q

from guantong.records import access, catalogue
from guantong.records.case_actors import Standing
from guantong.records.models import User
from guantong.web import case_lines
from guantong.web.case_lines import Line
from guantong.web.due_items import SOON

MOST: Final = 30


@dataclass(frozen=True)
class Due:
    """`waiting`: for the user to take a step, whatever its day."""

    line: Line
    waiting: bool


def cases_due(user: User, orgs: Collection[int], today: date) -> list[Due]:
    """Due within two weeks or past it, or open from a day near this one, where the user takes the
    step; what waits for him; and what is about himself. The most urgent first."""
    seen = access.cases(user)
    in_order = seen.open().order_by("due_on", "pk")
    waits = frozenset(islice(case_lines.waiting(in_order, user), MOST))
    near = Q(due_on__lte=today + SOON, org__in=orgs) | Q(pk__in=waits)
    near |= Q(opens_on__range=(today - SOON, today + SOON), org__in=orgs)
    if user.person_id:
        near |= Q(person=user.person_id)  # one's own, wherever it stands
    found = in_order.filter(near).select_related("org", "person", "other_org")
    who = Standing.today(user)
    mine: list[Due] = []
    for case in found.iterator(chunk_size=MOST):
        if len(mine) == MOST:
            break
        process = catalogue.process(case.process, case.process_version)
        named = (process.steps.get(name) for name in (case.due_step, case.opens_step))
        steps = [step for step in named if step]
        own = user.person_id is not None and case.person_id == user.person_id
        if case.pk in waits or own or any(who.actors(case) & {*step.who} for step in steps):
            mine.append(Due(case_lines.line(case, today), case.pk in waits))
    return mine
