"""What a step of a case does to the roll, the registers, letters, terms and posts.

Each effect calls the verb that anybody would call, as the system and upon the case: the step's own
checks have let it pass, and the trail tells who took it. What a verb refuses, the step is refused
for. Not for what a step writes down in the case itself.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from guantong.records import clock
from guantong.records import registers as registers_read
from guantong.records.access import Refused
from guantong.records.actions import (
    activities,
    case_elections,
    corrections,
    letters,
    lifecycle,
    memberships,
    people,
    registers,
    rows,
)
from guantong.records.actions.case_done import Done, Effect
from guantong.records.drafts import Attended, Draft, late_by
from guantong.records.models import (
    Activity,
    CorrectionRequest,
    Membership,
    Org,
    TransferLetter,
    Whereabouts,
)
from guantong.records.models.membership import MEMBER_STATUSES

ORDER: Final = ("applicant", "activist", "candidate", "probationary", "full")
SITUATIONS: Final = {
    "work": "work_elsewhere", "unit": "unit_closed", "graduate": "graduated",
    "job": "job_changed", "abroad": "went_abroad", "residence": "moved_home",
    "other": "otherwise",
}  # fmt: skip


def take_effect(done: Done) -> None:
    effect = EFFECTS.get((done.case.process, done.event.step))
    if effect is not None:
        effect(done)


# ---------------------------------------------------------------- the way into the Party


def _advance(done: Done, status: str, on: date) -> None:
    """The roll may be there already: it is led to the status, never back from a later one."""
    now = memberships.lasting(done.person).status
    if now not in ORDER or ORDER.index(now) < ORDER.index(status):
        lifecycle.advance(by=None, person=done.person, status=status, on=on)


def _activist(done: Done) -> None:
    _advance(done, "activist", done.on)


def _candidate(done: Done) -> None:
    _advance(done, "candidate", done.on)


def _probationary(done: Done) -> None:
    """Probation counts from the meeting that accepted."""
    _advance(done, "probationary", done.day_of("accept"))


def _placed(done: Done) -> None:
    to = Org.objects.get(pk=done.told("branch"))
    if memberships.lasting(done.person).org_id != to.pk:
        memberships.transfer_within(by=None, person=done.person, to=to, on=done.on)


def _full(done: Done) -> None:
    memberships.become_full(by=None, person=done.person, on=done.told("full_member_on"))


def _extended(done: Done) -> None:
    """As the meeting decided, from its day on."""
    lifecycle.extend_probation(
        by=None, person=done.person, on=done.day_of("discuss"),
        until=done.earlier("discuss", "extended_to"), reason="上级党委批准延长预备期",
    )  # fmt: skip


def _leaves(departure: str) -> Effect:
    def effect(done: Done) -> None:
        if done.person.memberships.filter(valid_to=None).exists():
            memberships.leave(by=None, person=done.person, on=done.on, departure=departure)

    return effect


def _given_up(done: Done) -> None:
    """Who is not a member yet leaves the roll; a member stays on it."""
    now = Membership.objects.filter(person=done.person, valid_to=None).first()
    if now is not None and now.status not in MEMBER_STATUSES:
        moved = done.event.step == "hand_over"
        memberships.leave(
            by=None, person=done.person, on=done.on,
            departure="transferred_out" if moved else "given_up",
        )  # fmt: skip


# ---------------------------------------------------------------- transfers


def _issue(done: Done) -> None:
    if (done.told("method") or done.earlier("issue", "method")) == "letter":
        _write_letter(done, done.told("valid_days"))
    else:
        _require_no_bounce(done)


def _require_no_bounce(done: Done) -> None:
    """A transfer by the system is refused by the other side for the same reasons as a letter."""
    found = registers_read.bounces(
        done.person, heading=done.earlier("apply", "to_org"), valid_days=registers_read.LONGEST,
        dues_until=done.asked.get("dues_until") or done.on, on=done.on,  # type: ignore[arg-type]
    )  # fmt: skip
    if found:
        raise Refused("这样转出会被退回：\n" + "\n".join(f"{text}。" for text in found))


def _write_letter(done: Done, valid_days: Any) -> None:
    labels = {"number": "开介绍信要写编号。", "dues_until": "开介绍信要写党费交至哪个月。"}
    missing = {name: says for name, says in labels.items() if not done.asked.get(name)}
    if missing:
        raise Refused("\n".join(missing.values()), missing)
    to: str = done.earlier("apply", "to_org")
    days = registers_read.LONGEST if valid_days is None else int(valid_days)
    letters.issue(
        by=None, person=done.person, number=str(done.asked["number"]), heading=to, to_unit=to,
        issued_on=done.on, valid_days=days, dues_until=done.asked["dues_until"],  # type: ignore[arg-type]
    )  # fmt: skip


def _letter(done: Done) -> TransferLetter | None:
    """The one under way."""
    return done.person.transfer_letters.filter(received_on=None, returned_on=None).first()


def _send_back(done: Done) -> None:
    if letter := _letter(done):
        reason = str(done.told("why") or "撤回转接")
        letters.send_back(by=None, letter=letter, on=done.on, reason=reason[:200])


def _reissue(done: Done) -> None:
    if letter := _letter(done):
        _send_back(done)
        _write_letter(done, letter.valid_days)


def _receive(done: Done) -> None:
    on: date = done.told("accepted_on")
    if letter := _letter(done):
        letters.receive(by=None, letter=letter, on=on)
        return
    reason = f"系统转接，{done.earlier('apply', 'to_org')}"[:200]
    memberships.leave(
        by=None, person=done.person, on=on, departure="transferred_out", reason=reason
    )


def _assign(done: Done) -> None:
    """From here on it is the branch's case."""
    rows.change(done.case, org=Org.objects.get(pk=done.told("branch")))


def _admit(done: Done) -> None:
    status, asked = str(done.asked["status"]), dict(done.asked)
    if done.case.person is not None:
        memberships.admit(
            by=None, person=done.person, org=done.case.org, status=status, valid_from=done.on
        )
        return
    days = ("birth_date", "joined_on", "full_member_on")
    known: dict[str, Any] = {name: asked[name] for name in days if asked.get(name)}
    person = people.register(
        by=None, org=done.case.org, status=status, since=done.on, name=done.case.title, **known
    )
    rows.change(done.case, person=person)


def _move(done: Done) -> None:
    to = Org.objects.get(pk=done.earlier("apply", "to_branch"))
    memberships.transfer_within(by=None, person=done.person, to=to, on=done.told("joined_on"))


# ---------------------------------------------------------------- registers


def _on_register(done: Done, *kinds: str) -> Whereabouts | None:
    return done.person.whereabouts.filter(kind__in=kinds, valid_to=None).first()


def _lost(done: Done) -> None:
    if _on_register(done, "lost") is None:
        seen = done.given.get("last_seen_on")
        registers.enter(
            by=None, person=done.person, kind="lost", valid_from=done.on,
            situation=SITUATIONS[done.told("situation")],
            last_seen_on=seen if isinstance(seen, date) and seen <= done.on else None,
        )  # fmt: skip


def _suspend(done: Done) -> None:
    why = "失去联系" if done.case.process == "lost-contact" else "出国（境）未返回"
    reason = f"{why}，上级党委批准停止党籍"
    lifecycle.suspend(by=None, person=done.person, on=done.on, reason=reason)


def _restore(done: Done) -> None:
    lifecycle.resume(by=None, person=done.person, on=done.on, reason="上级党委批准恢复党籍")
    kinds = ("lost",) if done.case.process == "lost-contact" else ("mobile", "abroad")
    _off("已恢复党籍", *kinds)(done)


def _removed(done: Done) -> None:
    _off("已除名", "lost")(done)
    _leaves("struck_off")(done)


def _away(done: Done) -> None:
    kind = "abroad" if done.told("abroad") else "mobile"
    if _on_register(done, kind) is None:
        registers.enter(
            by=None, person=done.person, kind=kind, valid_from=done.told("left_on"),
            place=done.told("place"),
        )  # fmt: skip


def _in_touch(done: Done) -> None:
    if not done.person.contacts.filter(on_day=done.on).exists():
        how = {"call": "电话或视频", "visit": "见面", "host": "通过流入地党组织"}
        registers.get_in_touch(
            by=None, person=done.person, on_day=done.on, how=how[done.told("how")]
        )


def _struck(done: Done) -> None:
    """From its first day on: the row was a mistake."""
    if row := _on_register(done, "mobile", "abroad"):
        reason = str(done.told("why"))
        registers.take_off(by=None, row=row, on=row.valid_from, reason=reason)


def _off(reason: str, *kinds: str) -> Effect:
    def effect(done: Done) -> None:
        if row := _on_register(done, *kinds):
            on = max(done.on, row.valid_from)
            registers.take_off(by=None, row=row, on=on, reason=str(done.told("why") or reason))

    return effect


# ---------------------------------------------------------------- corrections


def _ask(done: Done) -> None:
    says = f"{done.told('now')} → {done.told('should_be')}"
    request = corrections.ask(
        by=None, person=done.person, about=done.told("record")[:100], says=says[:500]
    )
    rows.change(request, asked_by=done.by)


def _answer(accepted: bool) -> Effect:
    def effect(done: Done) -> None:
        says = str(done.told("why") or "")[:500]
        if request := _request(done):
            corrections.answer(by=None, request=request, accepted=accepted, answer=says)
            request.refresh_from_db()
            rows.change(request, answered_by=done.by)

    return effect


def _request(done: Done) -> CorrectionRequest | None:
    """The one that the case was opened with."""
    asked = done.case.steps.standing().filter(step="ask").first()
    ids = [made.partition(":")[2] for made in asked.made] if asked else []
    return CorrectionRequest.objects.filter(pk__in=ids).first()


def _answer_on_appeal(done: Done) -> None:
    if request := _request(done):
        corrections.accept_on_appeal(by=None, request=request)
        request.refresh_from_db()
        rows.change(request, answered_by=done.by)


def _withdraw_request(done: Done) -> None:
    request = _request(done)
    if request is not None and request.accepted is None:
        corrections.answer(by=None, request=request, accepted=False, answer="本人撤回")


# ---------------------------------------------------------------- what is an activity too


def _recorded(done: Done, kind: str) -> bool:
    held = Activity.objects.held().filter(kind=kind, hosts=done.case.org)
    return held.filter(held_on__lte=done.on, held_on__gte=done.case.opened_on).exists()


def _appraised(done: Done) -> None:
    """It counts in the ledger, and who was there is told once."""
    if not _recorded(done, "appraisal"):
        says = "请先在“活动”里记录这次民主评议党员；到会人数从记录得出，台账也随之完成。"
        raise Refused(says, {"present": says})


def _drilled(done: Done) -> None:
    """The drill counts as an activity, with nobody but who tells of it: attendance is not kept."""
    if _recorded(done, "drill"):
        return
    if done.by is None or done.by.person_id is None:
        raise Refused("您的账号没有对应的人员，请先在“活动”里记录这次应急演练再办理。")
    late = "随应急演练的办理录入" if late_by(done.on, clock.today()) else ""
    draft = Draft(
        kind="drill", title=done.case.title, held_on=done.on, hosts=(done.case.org,),
        attended=(Attended(done.by.person_id, "recorder"),), late_reason=late,
        own={"scenario": done.earlier("plan", "scene")},
    )  # fmt: skip
    activities.record(by=None, draft=draft)


EFFECTS: Final[Mapping[tuple[str, str], Effect]] = {
    ("recruitment", "recommend"): _activist,
    ("recruitment", "file_candidate"): _candidate,
    ("recruitment", "approve"): _probationary,
    ("recruitment", "place"): _placed,
    ("recruitment", "approve_full"): _full,
    ("recruitment", "approve_extension"): _extended,
    ("recruitment", "approve_cancelling"): _leaves("cancelled"),
    ("recruitment", "drop"): _given_up,
    ("recruitment", "withdraw"): _given_up,
    ("recruitment", "fail_politically"): _given_up,
    ("recruitment", "disapprove"): _given_up,
    ("recruitment", "hand_over"): _given_up,
    ("transfer-out", "issue"): _issue,
    ("transfer-out", "reissue"): _reissue,
    ("transfer-out", "return"): _send_back,
    ("transfer-out", "withdraw"): _send_back,
    ("transfer-out", "receive"): _receive,
    ("transfer-in", "assign"): _assign,
    ("transfer-in", "accept"): _admit,
    ("transfer-within", "receive"): _move,
    ("lost-contact", "begin"): _lost,
    ("lost-contact", "find"): _off("已取得联系", "lost"),
    ("lost-contact", "approve_suspension"): _suspend,
    ("lost-contact", "restore"): _restore,
    ("lost-contact", "approve_removal"): _removed,
    ("mobile-member", "register"): _away,
    ("mobile-member", "contact"): _in_touch,
    ("mobile-member", "come_back"): _off("已返回", "mobile", "abroad"),
    ("mobile-member", "transfer"): _off("已转走组织关系", "mobile", "abroad"),
    ("mobile-member", "strike"): _struck,
    ("mobile-member", "approve_suspension"): _suspend,
    ("mobile-member", "restore"): _restore,
    ("correction", "ask"): _ask,
    ("correction", "correct"): _answer(True),
    ("correction", "refuse"): _answer(False),
    ("correction", "correct_on_appeal"): _answer_on_appeal,
    ("correction", "settle"): _withdraw_request,
    ("election", "approve_extension"): case_elections.extend,
    ("election", "approve_result"): case_elections.elected,
    ("election", "hand_over"): case_elections.take_office,
    ("election", "appoint"): case_elections.appointed,
    ("dues-arrears", "approve"): _leaves("struck_off"),
    ("appraisal", "hold"): _appraised,
    ("drill", "hold"): _drilled,
}
