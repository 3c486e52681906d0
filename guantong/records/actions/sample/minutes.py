"""What the records of one branch of the sample school hold beside people: fields of their kind,
agendas with votes, what is to follow; and a joint activity that waits for its other side.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from guantong.records.actions.sample import days
from guantong.records.actions.sample.accounts import SECRETARYS
from guantong.records.actions.sample.diary import Diary, Held
from guantong.records.actions.sample.members import Roll
from guantong.records.actions.sample.tree import Tree
from guantong.records.models import AgendaItem, Detail, FollowUp, JointSide, Relation

TASKS = (
    ("修订支部学习制度，报学院党委", -20, -25),
    ("联系两名入党积极分子谈话", -6, None),
    ("准备“七一”主题党日的现场教学点", 12, None),
)  # what, days from today until it is due, and on which it was done
MOTIONS = {
    "branch_assembly": ("讨论预备党员转正", "", "同意按期转正，报学院党委审批。"),
    "branch_committee": ("本季度支部活动经费安排", "money", "同意按预算开支，公开账目。"),
}


@dataclass
class Minutes:
    details: list[Detail] = field(default_factory=list)
    agenda: list[AgendaItem] = field(default_factory=list)
    tasks: list[FollowUp] = field(default_factory=list)
    sides: list[JointSide] = field(default_factory=list)


def take(tree: Tree, roll: Roll, diary: Diary, relations: Iterable[Relation]) -> Minutes:
    """Of the branch whose secretary has an account."""
    minutes, branch = Minutes(), tree.named[SECRETARYS]
    held = [one for one in diary.held if branch in one.hosts and one.present]
    held = [one for one in held if one.activity.withdrawn_at is None]
    for one in held:
        minutes.details += _details(one)
        if one.activity.kind in MOTIONS:
            minutes.agenda.append(_decided(one, roll))
    last = next(one for one in reversed(held) if one.activity.kind == "branch_committee")
    minutes.tasks += _tasks(last)
    minutes.sides += _sides(diary, roll, relations)
    return minutes


def _details(held: Held) -> Iterator[Detail]:
    pk, there = held.activity.pk, [person for person, _, _ in held.present]
    match held.activity.kind:
        case "theme_day":
            yield Detail(activity_id=pk, field="content", text="study")
            yield Detail(activity_id=pk, field="settled_before", text="yes")
        case "talk":
            first, *others = there
            for place, other in enumerate(others):
                yield Detail(
                    activity_id=pk, field="pairs", place=place, person_id=first, other_id=other
                )


def _decided(held: Held, roll: Roll) -> AgendaItem:
    """Everybody with a vote was in favour, but for one now and then."""
    kind, day = held.activity.kind, held.activity.held_on
    there = {person for person, _, _ in held.present}
    full = {row.person_id for row in roll.rows if row.status == "full" and row.covers(day)}
    voting = len(there & full) if kind == "branch_assembly" else len(there)
    abstained = day.month % 3 // 2
    title, major, resolution = MOTIONS[kind]
    return AgendaItem(
        activity_id=held.activity.pk,
        place=0,
        title=title,
        major=major,
        resolution=resolution,
        expected=len(there) + len(held.absent),
        present=len(there),
        voting=voting,
        in_favour=voting - abstained,
        against=0,
        abstained=abstained,
    )


def _tasks(held: Held) -> Iterator[FollowUp]:
    """One done, one late, one to come, each with somebody who was there."""
    there = [person for person, _, _ in held.present]
    for place, (what, due, done) in enumerate(TASKS):
        done_on = max(held.activity.held_on, days.TODAY + timedelta(days=done)) if done else None
        yield FollowUp(
            activity_id=held.activity.pk,
            what=what,
            owner_id=there[place % len(there)],
            due_on=days.TODAY + timedelta(days=due),
            done_on=done_on,
            result="已报学院党委" if done_on else "",
        )


def _sides(diary: Diary, roll: Roll, relations: Iterable[Relation]) -> Iterator[JointSide]:
    """Of the latest joint activity only one of the pair has recorded its people so far."""
    paired = {(link.org_id, link.other_org_id) for link in relations if link.kind == "pairing"}
    for place, one in reversed(list(enumerate(diary.held))):
        hosts, day = one.hosts, one.activity.held_on
        if one.activity.kind != "joint_activity" or not one.present:
            continue
        if tuple(host.pk for host in hosts) in paired:
            own = {row.person_id for row in roll.by_org[hosts[0].pk] if row.covers(day)}
            diary.held[place] = replace(
                one,
                hosts=hosts[:1],
                present=[row for row in one.present if row[0] in own],
                absent=[row for row in one.absent if row[0] in own],
            )
            yield JointSide(activity_id=one.activity.pk, org_id=hosts[1].pk)
            return
