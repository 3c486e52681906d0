"""Activities, meetings, months and trainings."""

from typing import Final

from django.core import signing

from guantong.records import enrolments, reviewing, sign_ins
from guantong.records.models import User
from guantong.sheets.pdf import pdf
from tests.factories import TODAY
from tests.matrix.lines import Page
from tests.matrix.pages.sent import DAY, HELD, ON, REASON, RECORD, SEE, file, shown
from tests.matrix.world import At


def seal(at: At, user: User) -> str:
    """What the page says that it showed."""
    return reviewing.review(user, at.org, TODAY.replace(day=1)).seal


def document(_: At, __: User) -> str:
    return signing.dumps(["会议记录"], salt="guantong.minutes-file", compress=True)


def someone(at: At, user: User) -> str:
    """The last of those whom the form offers: not the one who is enrolled already."""
    last = enrolments.for_whom(user, at.training).order_by("pk").last()
    return str(last.pk) if last else ""


def code(at: At, _: User) -> str:
    return sign_ins.code(at.screen)


def token(at: At, user: User) -> str:
    return signing.dumps([at.training.pk, user.pk], salt="sign-in")


# fmt: off
PAGES: Final = [
    Page("activity-list", sees=SEE),
    Page("activity", "activity", SEE),
    Page("activity-new", "?org", "ledger.view", "activity.recorded", HELD | {"shown": shown},
         does=RECORD),
    Page("activity-edit", "activity", SEE, "activity.corrected",
         HELD | {"version": "{activity:version}", "shown": shown}, does=RECORD),
    Page("activity-withdraw", "activity", SEE, "activity.withdrawn",
         {"version": "{activity:version}", "reason": "重复"}, does=RECORD),
    Page("activity-restore", "withdrawn", SEE, "activity.restored", {}, does=RECORD,
         only_takes=True),
    Page("activity-verify", "activity", SEE, "activity.verified",
         {"version": "{activity:version}"}, does="activity.verify", only_takes=True),
    Page("activity-review", "?org", "activity.verify", "activity.verified+", {"shown": seal},
         asks="month=2023-06"),
    Page("ahead", "?org", "ledger.view"),
    Page("minutes-file", "?org", "ledger.view", "activity.recorded",
         HELD | {"shown": shown, "document": document}, does=RECORD),
    Page("attachment", "activity attachment", "activity.view"),
    Page("attachment-add", "activity", "activity.view", "attachment.added",
         {"file": file("记录.pdf", pdf("记录", []))}, does=RECORD),
    Page("attachment-remove", "activity attachment", "activity.view", "attachment.removed", REASON,
         does=RECORD),
    Page("follow-ups", sees="~activity.view"),
    Page("follow-up-close", "todo", "~activity.view", "follow_up.closed",
         ON | {"result": "已办"}, writes="~activity.record"),
    Page("follow-up-reopen", "done", "~activity.view", "follow_up.reopened", {},
         writes="~activity.record", only_takes=True),
    Page("month-list", "?org", "ledger.view"),
    Page("month-close", ">org", "activity.view", "month.closed",
         {"org": "{org}", "month": "2023-05", "shown": reviewing.seal([])}, writes=RECORD,
         only_takes=True),
    Page("month-unlock", "closed", "activity.verify", "month.unlocked", REASON),

    # Trainings
    Page("training", sees="~activity.view"),
    Page("places", "training", "activity.view", "places.offered",
         {"places": "20", "closes_on": DAY}, does=RECORD),
    Page("enrolments", "training", "activity.view"),
    Page("enrol", "training", "self", "enrolment.made", {}, writes="member", only_takes=True),
    Page("enrol-others", "training", "member.edit member", "enrolment.made", {"person": someone}),
    Page("enrol-others", "training", "member.edit member", "enrolment.made",
         {"person": "{other branch/person}"}, also={"other branch": "member.edit"},
         works=("school",)),
    Page("enrol-cancel", "own_training", SEE, "enrolment.cancelled",
         {"enrolment": "{enrolment}"}, writes="member.edit", only_takes=True),
    Page("sign-in-screen", "training", SEE, does=RECORD),
    Page("sign-in-code", "training", SEE, does=RECORD),
    Page("sign-in-switch", "training", SEE, "sign_in.closed", {}, does=RECORD, only_takes=True),
    Page("sign-in-confirm", "training", SEE, "activity.corrected",
         {"present": "{enrolment:person_id}", "hours": "8", "version": "{training:version}"},
         does=RECORD),
    Page("sign-in", "training", "", "sign_in.made", {"token": token}, args=(code,),
         writes="self", answers=200, shows="offered", tells="offered"),
]
# fmt: on
