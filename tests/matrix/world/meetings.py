"""What is decided, attached, closed, planned and enrolled for in the world."""

from datetime import date
from decimal import Decimal

from guantong.records.actions import (
    activities,
    attachments,
    enrolments,
    minutes,
    months,
    sign_ins,
    unfinished,
)
from guantong.records.drafts import Attended, Draft
from guantong.records.meetings import Item, Task
from guantong.records.models import Activity, Attachment
from guantong.sheets.write import Sheet, workbook
from tests.factories import TODAY
from tests.matrix.oracle import READERS
from tests.matrix.world.base import YESTERDAY, At, World


def of_org(w: World, at: At) -> None:
    text = w.text(at)
    for month, unlocked in ((date(2023, 3, 1), True), (date(2023, 4, 1), False)):
        at.closed = months.close(by=None, org=at.org, month=month)
        if unlocked:
            months.unlock(by=None, row=at.closed, reason=text("closedmonth"))
    at.attachment, removed = (_attached(w, at) for _ in range(2))
    attachments.remove(by=None, row=removed, reason=text("attachment"))
    if at.org.kind == "group":
        return
    at.meeting = _meeting(w, at)
    at.todo, at.done = at.meeting.follow_ups.order_by("pk")
    at.done = minutes.close(by=None, follow_up=at.done, on=YESTERDAY, result=text("followup"))
    if at.place != "sibling":  # which can be dissolved today: nothing is planned there
        _training(w, at)


def of_branch(w: World, at: At) -> None:
    """Everybody studies, so that everybody has hours."""
    draft = Draft(
        kind="collective_study", title=w.text(at)("activity"), held_on=YESTERDAY,
        hosts=(at.org,), hours=Decimal(2),
    )  # fmt: skip
    activities.record(by=None, draft=draft)


def _attached(w: World, at: At) -> Attachment:
    inside = workbook(Sheet("附件", ["内容"], [[w.text(at)("attachment")]]))
    name = f"{w.text(at)('attachment')}.xlsx"
    return attachments.attach(
        by=None, activity=at.activity, kind="xlsx", name=name, content=inside
    )


def _meeting(w: World, at: At) -> Activity:
    """Of a committee, with what it decided and left to do."""
    text = w.text(at)
    kind = "branch_committee" if at.org.kind == "branch" else "committee_meeting"
    agenda = Item(text("agendaitem"), resolution=text("agendaitem"))
    tasks = tuple(Task(text("followup"), w.someone(at).pk) for _ in range(2))
    draft = Draft(
        kind=kind, title=text("activity"), held_on=YESTERDAY, hosts=(at.org,),
        attended=(Attended(w.someone(at).pk),), agenda=(agenda,), follow_ups=tasks,
    )  # fmt: skip
    return activities.record(by=None, draft=draft)


def _training(w: World, at: At) -> None:
    """Today's, to enrol for and to sign in at: offered to members of all that is below."""
    text = w.text(at)
    draft = Draft(
        kind="central_training", title=text("offered"), place=text("offered"), planned=True,
        held_on=TODAY, hosts=(at.org,), hours=Decimal(8),
    )  # fmt: skip
    at.training = activities.record(by=None, draft=draft)
    enrolments.offer(by=None, activity=at.training, places=30, closes_on=TODAY)
    at.enrolment = enrolments.enrol(
        by=None, activity=at.training, person=w.someone(at), wait=False
    )
    at.screen = sign_ins.open_sheet(by=None, activity=at.training)
    if hasattr(at, "branch"):
        at.own_training = at.training


def of_oneself(w: World, at: At, branch: At) -> None:
    """Something that a meeting of the branch left to him."""
    draft = Draft(
        kind="branch_committee", title=w.birds.text("activity", branch.place), held_on=YESTERDAY,
        hosts=(branch.org,), attended=(Attended(w.someone(branch).pk),),
        follow_ups=(Task(w.text(at)("followup"), at.person.pk),),
    )  # fmt: skip
    at.todo = activities.record(by=None, draft=draft).follow_ups.get()


def forms(w: World) -> None:
    """What somebody began to type, for his own organisation."""
    for reader in READERS:
        if reader.role in ("office", "officer", "secretary") and not reader.closed:
            content = f"title={w.birds.text('unfinishedform', reader.name)}"
            unfinished.keep(by=w.users[reader.name], org=w.at[reader.place].org, content=content)
