"""What every action on a case does alike: who sees it, who handles cases there, the lock, the
event, the day on which it is next due, the ledger.
"""

from typing import Any, Final

from guantong.records import access, cases, clock
from guantong.records.access import Conflict, Forbidden
from guantong.records.actions import events, ledger, rows
from guantong.records.case_actors import Standing
from guantong.records.models import Case, User

TABLES: Final = frozenset({"cases"})
NOT_YOURS: Final = "您没有办理这件事项的权限。需要时请联系经办的党组织。"


def require_handler(by: User | None, case: Case) -> None:
    """Who handles cases there, on the own side or above; the person concerned never."""
    if by is not None and not handles(by, case):
        raise Forbidden(NOT_YOURS)


def handles(user: User, case: Case) -> bool:
    """Whether the user is one who handles cases there."""
    return handles_as(Standing.today(user), case)


def handles_as(who: Standing, case: Case) -> bool:
    own = who.user is not None and who.user.person_id and who.user.person_id == case.person_id
    return not own and bool(who.actors(case) & {"branch", "owner", "college", "school"})


def seen(by: User | None, case: Case) -> Case:
    """The case, for who sees it; who does not is told the same as if there were none."""
    if by is not None and not access.cases(by).filter(pk=case.pk).exists():
        raise Forbidden(NOT_YOURS)
    return case


def locked(by: User | None, case: Case) -> Case:
    seen(by, case)
    return (
        Case.objects.select_for_update(of=["self"])
        .select_related("org", "person", "call")
        .get(pk=case.pk)
    )


def look_ahead(case: Case) -> None:
    due = None if case.closed_on else cases.next_due(case, clock.today())
    opens = None if case.closed_on else cases.next_opening(case, clock.today())
    rows.change(
        case,
        due_on=due.on if due else None, due_step=due.step.name if due else "",
        opens_on=opens.on if opens else None, opens_step=opens.step.name if opens else "",
    )  # fmt: skip


def tell(verb: str, case: Case, by: User | None, **more: Any) -> None:
    """One event. Of a restricted process it tells neither who nor what."""
    if cases.handling_of(case).restricted:
        events.leave(verb, case, by=by, org=case.org, process=case.process)
        return
    events.leave(
        verb, case, by=by, org=case.org, process=case.process, person=case.person,
        title=case.title, **more,
    )  # fmt: skip


def refresh(case: Case, *orgs_before: int) -> None:
    """`orgs_before`: where the case was, if a step took it elsewhere."""
    people = frozenset([case.person_id] if case.person_id else [])
    orgs = frozenset(pk for pk in (case.org_id, case.other_org_id, *orgs_before) if pk)
    ledger.refresh(ledger.Touch(orgs, people, case.opened_on, None, TABLES))


def require_version(case: Case, version: int) -> None:
    """Two people at once: one was first, and the other is told what happened."""
    if case.version == version:
        return
    last = case.steps.order_by("-number").select_related("by").first()
    process = cases.process_of(case)
    what = ""
    if last is not None:
        who = last.by.called if last.by else "系统"
        verb = "撤回了" if last.undone_at else "办理了"
        what = f"{who}刚刚{verb}“{process.steps[last.step].title}”，"
    now = process.states[case.state].title
    raise Conflict(f"{what}现在是“{now}”。请看过以后再办理。")
