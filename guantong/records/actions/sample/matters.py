"""The sample school's cases: some under way, some overdue, some over, a few waiting for somebody.

Each is walked through the engine, so that no case stands where it could not have come to. The
people on the way into the Party are added to the roll here, after everybody else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from django.utils import timezone

from guantong.processes import model as m
from guantong.processes.engine import advance, due, opening
from guantong.processes.facts import Attempt
from guantong.records import cases, catalogue, sealing
from guantong.records.actions.sample import days
from guantong.records.actions.sample.members import Roll
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import Tree
from guantong.records.case_values import stored
from guantong.records.models import (
    Call,
    Case,
    CaseHand,
    CaseNote,
    CaseStep,
    CriterionCheck,
    Org,
    Person,
    Quota,
    User,
    VariantChoice,
)

HOME, COLLEGE, OTHERS = "文学院教师第二党支部", "文学院党委", "文学院教师第一党支部"
HANDS: Final = {"branch": "zhishu", "college": "xueyuan", "school": "zuzhibu", "owner": "zhishu"}
GIVEN: Final[m.Values] = {
    "can_approve": True, "quota_left": 5, "volunteer_hours": 12,
    "expires_on": date(2023, 7, 5), "due_on": date(2023, 7, 5),
}  # fmt: skip
QUOTA: Final = 12
CALL: Final = "2023 年样板支部申报"
type Taken = tuple[str, date, str, Mapping[str, Any]]


@dataclass
class Matter:
    """A case to be walked: who it is about (an applicant by number, else nobody)."""

    process: str
    org: str
    steps: Sequence[Taken]
    opened: date
    person: Person | None = None
    title: str = ""
    call: str = ""
    note: str = ""


@dataclass
class Matters:
    """All that is told; written once the accounts are there."""

    tree: Tree
    told: list[Matter] = field(default_factory=list)


def _day(text: str) -> date:
    return date.fromisoformat(text)


# How far each applicant has come: branch, born and status on the roll, steps.
_CONTACTS = {"contacts_full": True}
_VOTE = {"expected": 20, "present": 18, "written": 1, "yes": 19, "no": 0, "abstain": 0,
         "secret": True}  # fmt: skip


def _way(apply: str, talk: str, recommend: str, file: str, contacts: str, who: int) -> list[Taken]:
    return [
        ("apply", _day(apply), "branch", {"birth_date": date(1991, 4, 2)}),
        ("talk", _day(talk), "branch", {"talker": who}),
        ("recommend", _day(recommend), "branch", {"way": "members"}),
        ("file_activist", _day(file), "college", {}),
        ("contacts", _day(contacts), "branch", {"contact_1": who, **_CONTACTS}),
    ]


def _review(on: str) -> Taken:
    return ("review", _day(on), "branch", {"finding": "表现稳定，继续培养"})


def tell(tree: Tree, people: People, roll: Roll) -> Matters:
    """What is under way; the applicants come onto the roll."""
    found = Matters(tree)
    home, others = tree.named[HOME], tree.named[OTHERS]
    secretary = people.numbered["SL90001"].pk
    for place, org, status, steps in _recruits(secretary, home, others):
        person = people.new(range(1990, 1996), (days.SINCE, days.SINCE))
        person.joined_on = person.full_member_on = None
        person.birth_date = date(1991, 4, 2)
        roll.admit(person, org, steps[0][1], status)
        found.told.append(
            Matter(
                "recruitment",
                org.name,
                steps,
                steps[0][1],
                person,
                note=NOTE if place == 1 else "",
            )
        )
    found.told += _others(people)
    return found


NOTE: Final = "考察表已交给培养联系人填写，下周支委会上过一遍。"


def _recruits(who: int, home: Org, others: Org) -> list[tuple[int, Org, str, list[Taken]]]:
    long = _way("2021-09-10", "2021-09-28", "2022-03-15", "2022-03-25", "2022-03-30", who)
    chosen = [
        *long, _review("2022-09-20"), _review("2023-03-01"),
        ("choose", _day("2023-03-20"), "branch",
         {"heard_group": True, "heard_contacts": True, "heard_members": True}),
    ]  # fmt: skip
    sponsored: list[Taken] = [
        *chosen,
        ("file_candidate", _day("2023-03-24"), "college", {}),
        ("sponsors", _day("2023-03-28"), "branch",
         {"sponsor_1": who, "sponsor_2": who + 1, "sponsors_full": True, "sponsors_free": True}),
        ("review_politically", _day("2023-04-03"), "branch", {"passed": True, "mobile": False}),
        ("train", _day("2023-04-07"), "college", {"days": 3}),
        ("examine", _day("2023-04-10"), "branch", {"heard": True}),
        ("clear", _day("2023-04-12"), "college", {}),
        ("fill_form", _day("2023-04-14"), "branch", {}),
        ("accept", _day("2023-04-18"), "branch", _VOTE),
        ("interview", _day("2023-05-06"), "college", {"talker": who}),
    ]  # fmt: skip
    fresh: list[Taken] = [
        ("apply", _day("2023-05-08"), "branch", {"birth_date": date(1991, 4, 2)})
    ]
    late = _way("2022-02-20", "2022-03-10", "2022-05-20", "2022-06-01", "2022-06-08", who)
    new = _way("2022-10-12", "2022-11-02", "2023-06-05", "2023-06-08", "2023-06-09", who)
    return [
        (0, home, "applicant", fresh),
        (1, home, "activist", [*late, _review("2022-12-20")]),
        (2, home, "activist", new[:3]),
        (3, others, "activist", [*late, _review("2022-12-01")]),
        (4, others, "candidate", chosen),
        (5, others, "candidate", sponsored),
    ]


def _others(people: People) -> list[Matter]:
    helped, leader = people.numbered["SL90002"], people.numbered["SL90001"].pk
    found, fixed = _day("2023-02-10"), {"results": "补齐记录并明确专人"}
    plan: dict[str, Any] = {"answerable": leader}
    problem: list[Taken] = [
        ("plan", _day("2023-02-15"), "branch",
         {"measures": "补齐会议记录，指定专人", "due_on": _day("2023-03-31"), **plan}),
        ("claim", _day("2023-03-20"), "branch", fixed),
        ("close", _day("2023-03-24"), "college", {"seen": True}),
    ]  # fmt: skip
    again: list[Taken] = [
        ("plan", _day("2023-05-12"), "branch",
         {"measures": "改用系统当场记录", "due_on": _day("2023-06-10"), **plan}),
    ]  # fmt: skip
    asked = {"asked_by": "青年教师", "answerable": leader, "due_on": _day("2023-06-30")}
    model: list[Taken] = [
        ("apply", _day("2023-05-20"), "branch", {"trouble_free": True, "items": 7}),
    ]
    return [
        Matter("problem", HOME, problem, found, title="支委会记录缺人缺议题"),
        Matter("problem", HOME, again, _day("2023-05-10"), title="支委会记录又缺议题"),
        Matter("care", HOME, [("verify", _day("2023-06-01"), "branch",
                               {"ground": "hardship", "agreed": True})],
               _day("2023-05-30"), helped),
        Matter("livelihood-project", HOME, [("adopt", _day("2023-05-16"), "branch", asked)],
               _day("2023-05-15"), title="给青年教师讲怎样写第一份课题申请"),
        Matter("model-branch", HOME, model, _day("2023-05-18"), call=CALL),
        Matter("election", HOME, [
            ("remind", _day("2023-01-04"), "college", {}),
            ("resolve", _day("2023-05-10"), "branch", {}),
            ("request", _day("2023-06-02"), "branch", {}),
        ], _day("2023-01-04")),
        Matter("hazard", COLLEGE, [
            ("report", _day("2023-06-02"), "branch",
             {"field": "venue", "noticed_on": _day("2023-06-01"), "what": "报告厅侧门打不开"}),
            ("assess", _day("2023-06-05"), "school",
             {"answerable": leader, "due_on": _day("2023-06-20")}),
        ], _day("2023-06-02"), title="报告厅侧门"),
    ]  # fmt: skip


# ---------------------------------------------------------------- written


def write(matters: Matters, users: Mapping[str, User]) -> None:
    tree = matters.tree
    school = tree.named["示例大学党委"]
    call = Call(
        process="model-branch", org=school, title=CALL, opens_on=_day("2023-05-10"),
        closes_on=_day("2023-06-30"), about="按七个方面自查，写明实际做法；不另附材料。",
    )  # fmt: skip
    call.save(force_insert=True)
    colleges = list(tree.of("college_committee"))
    Quota.objects.bulk_create(
        Quota(org=org, process="recruitment", year=2023, number=QUOTA) for org in colleges
    )
    VariantChoice(
        process="recruitment", reason="示例大学党委组织部通知（虚构）", by=users["zuzhibu"],
        variants=sorted(catalogue.process("recruitment").usual()),
        at=_at(_day("2022-01-10")),
    ).save(force_insert=True)  # fmt: skip
    before: Case | None = None
    for matter in matters.told:
        case = _write(matter, tree, users, call)
        if matter.process == "problem":
            if before is not None:
                Case.objects.filter(pk=case.pk).update(again_of=before)
            before = case
        if matter.process == "livelihood-project":
            CaseHand(
                case=case, user=users["dangyuan"], actor="served", named_at=_at(matter.opened)
            ).save(force_insert=True)
        if matter.process == "model-branch":
            for item, says in CHECKED.items():
                CriterionCheck(
                    case=case, item=item, says=says, at=_at(matter.opened), by=users["zhishu"]
                ).save(force_insert=True)


CHECKED: Final = {
    "educate": "每月主题党日加一次集中学习，学时基本够；寒假那一个月偏少。",
    "unite": "两名积极分子都有培养联系人，半年考察一次。",
}


def _at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(16, 20)))


def _write(matter: Matter, tree: Tree, users: Mapping[str, User], call: Call) -> Case:
    process = catalogue.process(matter.process)
    chosen = process.usual()
    walked = m.open_case(
        process, person_id=matter.person.pk if matter.person else None, variants=chosen
    )
    hands = list(process.actors)
    for step, on, actor, fields in matter.steps:
        attempt = Attempt(step, on, 10**6 + hands.index(actor), frozenset({actor}), fields)
        walked = advance(process, walked, attempt, today=days.TODAY, given=GIVEN)
    moved = [event for event in walked.history if event.source != event.target]
    first = cases.earliest(process, due(process, walked, on=days.TODAY, given=GIVEN))
    opens = next(iter(opening(process, walked, on=days.TODAY, given=GIVEN)), None)
    closed = process.states[walked.state].closed
    case = Case(
        process=matter.process, process_version=process.version, variants=sorted(chosen),
        org=tree.named[matter.org], person=matter.person, title=matter.title,
        call=call if matter.call else None, state=walked.state,
        state_since=moved[-1].on if moved else matter.opened, opened_on=matter.opened,
        closed_on=walked.last_on if closed else None, version=1 + len(walked.history),
        opened_by=users["xueyuan" if matter.process in ("problem", "election") else "zhishu"],
        due_on=first.on if first and not closed else None,
        due_step=first.step.name if first and not closed else "",
        opens_on=opens.on if opens else None, opens_step=opens.step.name if opens else "",
    )  # fmt: skip
    case.save(force_insert=True)
    for number, (event, taken) in enumerate(zip(walked.history, matter.steps, strict=True), 1):
        _write_step(case, number, event, users[HANDS[taken[2]]])
    if matter.note:
        CaseNote(case=case, at=_at(days.TODAY), by=users["zhishu"], says=matter.note).save(
            force_insert=True
        )
    return case


def _write_step(case: Case, number: int, event: m.Event, by: User) -> None:
    closed = catalogue.handling().of[case.process].restricted
    fields = stored(event.fields)
    row = CaseStep(
        case=case, number=number, step=event.step, source=event.source, target=event.target,
        on_day=event.on, at=_at(event.on), by=by, fields={} if closed else fields,
        seen=stored(event.seen), reminders=list(event.reminders), documents=list(event.documents),
    )  # fmt: skip
    row.save(force_insert=True)
    if closed:
        sealing.seal(row, "sealed", json.dumps(fields, ensure_ascii=False))
        row.save(update_fields=["sealed"])
