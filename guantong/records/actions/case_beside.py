"""What is kept beside the steps of a case: what people say, facts that no record knows, the
self-check, and accounts named to act in it.
"""

from typing import Final

from django.db import transaction

from guantong.processes import model as m
from guantong.records import case_facts, cases, catalogue, clock, criteria, sealing
from guantong.records.access import Conflict, Forbidden, Refused
from guantong.records.actions import case_rows, events, rows
from guantong.records.case_actors import BY_NAME, Standing
from guantong.records.case_values import stored, values
from guantong.records.models import Case, CaseHand, CaseNote, CriterionCheck, User

NOTE: Final = 1000  # letters


@transaction.atomic
def note(*, by: User, case: Case, says: str) -> CaseNote:
    """Say something about a case, for all who see it."""
    case = case_rows.seen(by, case)
    text = events.reasoned(says, "请写下要说的话。", "says")
    if len(text) > NOTE:
        raise Refused(f"最多 {NOTE} 个字，请删短。", {"says": f"最多 {NOTE} 个字，请删短。"})
    closed = cases.handling_of(case).restricted
    row = rows.insert(CaseNote(case=case, at=clock.now(), by=by, says="" if closed else text))
    if closed:
        sealing.seal(row, "sealed", text)
        row.save(update_fields=["sealed"])
    case_rows.tell("case.noted", case, by)
    return row


@transaction.atomic
def state_fact(
    *, by: User | None, case: Case, version: int, name: str, value: m.Value, reason: str
) -> Case:
    """Write down a given fact that the records do not know, and where it is seen."""
    case = case_rows.locked(by, case)
    case_rows.require_handler(by, case)
    case_rows.require_version(case, version)
    given = catalogue.process(case.process, case.process_version).given
    if name not in given:
        raise Refused("没有这一项。")
    if case_facts.from_records(case, name, clock.today(), Standing.today(by)) is not None:
        raise Refused(f"{given[name].title}由系统从记录得出，不用填写。")
    told = {**case.stated, **stored({name: value})}
    values([given[name]], told)  # what cannot be read back is no value
    rows.change(case, stated=told, version=case.version + 1)
    case_rows.look_ahead(case)
    case_rows.tell(
        "case.fact_stated", case, by, reason=f"{given[name].title}：{events.reasoned(reason)}"
    )
    return case


@transaction.atomic
def check_item(*, by: User | None, case: Case, item: str, says: str) -> CriterionCheck:
    """Say what the organisation did under an item of its self-check."""
    case = case_rows.locked(by, case)
    case_rows.require_handler(by, case)
    name = cases.handling_of(case).criteria
    if not name or item not in criteria.criteria(name).items:
        raise Refused("没有这个条目。")
    if case.closed_on is not None:
        raise Refused("已经办结，自查情况不能再改。")
    text = events.reasoned(says, "请写自查情况。", "says")
    row = case.checks.filter(item=item).first()
    if row is None:
        row = rows.insert(CriterionCheck(case=case, item=item, says=text, at=clock.now(), by=by))
    else:
        rows.change(row, says=text, at=clock.now(), by=by)
    case_rows.tell("case.checked", case, by, item=item)
    return row


def nameable(by: User | None, case: Case) -> list[str]:
    """As whom the user may name somebody. Who checks, judges or takes over is named from above,
    not by those whose case it is."""
    asked = {code for step in cases.process_of(case).steps.values() for code in step.who}
    above = {"college", "school"} & Standing.today(by).actors(case)
    return [code for code in BY_NAME if code in asked and (above or code == "served")]


@transaction.atomic
def name_hand(*, by: User | None, case: Case, actor: str, username: str) -> CaseHand:
    """Let an account act in a case as somebody whom no post makes. Nobody names himself."""
    case = case_rows.locked(by, case)
    case_rows.require_handler(by, case)
    _require_nameable(by, case, actor)
    user = User.objects.filter(username=username.strip(), is_active=True).first()
    if user is None:
        text = "没有这个账号，请核对账号名；没有账号的请系统管理员先开通。"
        raise Refused(text, {"username": text})
    if by is not None and user.pk == by.pk:
        raise Forbidden("不能指定自己。")
    if case.hands.filter(user=user, actor=actor, ended_at=None).exists():
        raise Refused("已经指定过。", {"username": "已经指定过。"})
    row = rows.insert(CaseHand(case=case, user=user, actor=actor, named_at=clock.now()))
    title = catalogue.actors()[actor].title
    case_rows.tell("case.hand_named", case, by, reason=f"{title}：{user.called}")
    return row


@transaction.atomic
def end_hand(*, by: User | None, hand: CaseHand) -> CaseHand:
    hand = rows.locked(hand)
    case = case_rows.locked(by, hand.case)
    case_rows.require_handler(by, case)
    _require_nameable(by, case, hand.actor)
    if hand.ended_at is not None:
        raise Conflict("已经取消。")
    rows.change(hand, ended_at=clock.now())
    title = catalogue.actors()[hand.actor].title
    case_rows.tell("case.hand_ended", case, by, reason=f"{title}：{hand.user.called}")
    return hand


def _require_nameable(by: User | None, case: Case, actor: str) -> None:
    if actor not in nameable(by, case):
        raise Forbidden("检查组、评审人员和接收方由上级党组织指定，办理的支部不能自己指定。")
