"""Asking for a correction of what is kept about oneself, and answering it.

A branch may write down what somebody says who does not sign in.
"""

from django.db import transaction

from guantong.records import access, clock
from guantong.records.access import Conflict, Refused
from guantong.records.actions import events, people, rows
from guantong.records.models import CorrectionRequest, Person, User

PERMISSION = "member.edit"


@transaction.atomic
def ask(*, by: User | None, person: Person, about: str, says: str) -> CorrectionRequest:
    """Say what is wrong; by the person, or by who keeps the roll for her."""
    own = by is not None and by.person_id == person.pk
    access.require_person(by, "member.view" if own else PERMISSION, person)
    request = rows.insert(
        CorrectionRequest(
            person=person,
            about=about.strip(),
            says=says.strip(),
            asked_at=clock.now(),
            asked_by=by,
        )
    )
    told = {"about": request.about, "says": request.says}
    events.leave(
        "correction.asked", request, by=by, org=people.org_of(person), person=person, after=told
    )
    return request


@transaction.atomic
def answer(
    *, by: User | None, request: CorrectionRequest, accepted: bool, answer: str
) -> CorrectionRequest:
    """Say whether it was put right, and why not."""
    request = rows.locked(request)
    access.require_person(by, PERMISSION, request.person)
    access.require_other(by, request.person_id, "本人的申请要由别人答复。")
    if request.accepted is not None:
        raise Conflict("这项申请刚刚已经答复过，请刷新后核对。")
    if not accepted and not answer.strip():
        raise Refused("不采纳请写明理由。", {"answer": "不采纳请写明理由。"})
    change = rows.change(
        request, accepted=accepted, answer=answer.strip(), answered_at=clock.now(), answered_by=by
    )
    told = {name: change.after[name] for name in ("accepted", "answer") if name in change.after}
    events.leave(
        "correction.answered", request, by=by, org=people.org_of(request.person),
        person=request.person, after=told,
    )  # fmt: skip
    return request


@transaction.atomic
def accept_on_appeal(*, by: User | None, request: CorrectionRequest) -> CorrectionRequest:
    """The level above found the person right: what was refused is put right after all."""
    request = rows.locked(request)
    access.require_person(by, PERMISSION, request.person)
    access.require_other(by, request.person_id, "本人的申请要由别人答复。")
    if request.accepted is not False:
        raise Conflict("这项申请没有被拒绝过，请刷新后核对。")
    change = rows.change(request, accepted=True, answered_at=clock.now(), answered_by=by)
    events.leave(
        "correction.answered", request, by=by, org=people.org_of(request.person),
        person=request.person, after={"accepted": change.after["accepted"]},
    )  # fmt: skip
    return request
