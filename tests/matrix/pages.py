"""Every page: one line each. What the parts of a line mean stands in `lines.Page`.

A page that is new needs a line here, whose kind of thing is furnished in `world`.
"""

from typing import Final

from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile

from guantong.records import rosters
from tests.factories import TODAY
from tests.matrix.lines import Page
from tests.matrix.oracle import BRANCHES
from tests.matrix.world import At

DAY: Final = str(TODAY)
ON: Final = {"on": DAY}
WHY: Final = {"on": DAY, "reason": "校党委决定"}
HELD: Final = {"kind": "collective_study", "title": "学习", "held_on": DAY, "hours": "2"}
LETTER: Final = {
    "number": "信{new}", "heading": "某市委组织部", "to_unit": "某中学", "issued_on": DAY,
    "valid_days": "90", "dues_until": DAY,
}  # fmt: skip
WORDING: Final = {"plan": "jyu-2021-2023", "source_name": "计划", "wordings": [("一", "总", "文")]}
EDIT, POST, ROLL, MERGE = "org.edit", "post.edit", "member.edit", "member.merge"
RECORD, SEE = "activity.record", "~activity.view"


def shown(at: At) -> str:
    """Whom the record form names as expected."""
    there = rosters.expected(HELD["kind"], at.org, TODAY)
    return ",".join(str(person.pk) for person in there)


def sheet(_: None) -> SimpleUploadedFile:
    """One activity, as people write it down."""
    lines = f"日期,活动类型,主题,主办组织\n{DAY},谈心谈话,谈话,某党支部\n"
    return SimpleUploadedFile("活动.csv", lines.encode())


def wording(_: None) -> str:
    """What the preview of a plan's document hands over to be confirmed."""
    return signing.dumps(WORDING, salt="guantong.plan-load", compress=True)


# fmt: off
PAGES: Final = [
    # Everybody's own
    Page("week"),
    Page("me"),
    Page("search"),
    Page("held", sees="self"),
    Page("held-file", "", "self", "person.handed_out", {}, only_takes=True, answers=200),
    Page("correction-ask", "", "self", "case.opened correction.asked case.step_taken",
         {"record": "入党时间", "now": "一日", "should_be": "另一日"}),
    Page("org-switch", ">org", "", "", {"org": "{org}"}, writes="ledger.view"),

    # The ledger
    Page("ledger", sees="~ledger.view"),
    Page("ledger-entries", sees="~ledger.view"),
    Page("ledger-progress", sees="ledger.view"),
    Page("cell", "entry", "~ledger.view"),
    Page("cell", "hours", "~ledger.view"),
    Page("ledger-kept", "", "*ledger.view", "ledger.kept", {"name": "年终", "on": DAY},
         writes="*ledger.keep"),
    Page("ledger-kept-csv", "kept", "*ledger.view"),

    # Organisations
    Page("org-list", sees="org.view"),
    Page("term-list", sees="org.view"),
    Page("org", "org", "org.view"),
    Page("org-chart", "org", "org.view"),
    Page("org-found", ">committee", EDIT, "org.founded",
         {"parent": "{org}", "name": "新{new}", "kind": "branch", "category": "faculty",
          "valid_from": DAY}),
    Page("org-rename", "org", EDIT, "org.renamed", {"name": "改{new}", "on": DAY}),
    Page("org-move", "org", EDIT, "org.moved", {"parent": "{general/org}", "on": DAY},
         also={"general": EDIT}, works=("branch",)),
    Page("org-move", "org", EDIT, "org.moved", {"parent": "{college/org}", "on": DAY},
         also={"college": EDIT}, works=("other branch",)),
    Page("org-dissolve", "org", EDIT, "org.dissolved", WHY | {"heir": "{sibling/org}"},
         also={"sibling": EDIT}, works=("branch",)),
    Page("org-merge", "org", EDIT, "org.merged", WHY | {"into": "{sibling/org}"},
         also={"sibling": EDIT}, works=("branch",)),
    Page("org-split", "org", EDIT, "org.split", WHY | {"name": "分{new}"}, works=BRANCHES),
    Page("org-describe", "org", EDIT, "org.described", {"term_years": "4", "reason": "批复"}),
    Page("org-undo", "org change", EDIT, "org.change_undone", {}),
    Page("recut-list", "org", EDIT, "recut.prepared",
         {"title": "调整", "category": "faculty", "on_day": DAY}, works=("school", "college",
         "general")),
    Page("recut", "org recut", EDIT, "recut.planned", {"do": "add", "name": "新{new}"}),
    Page("recut", "org recut", EDIT, "recut.planned", {"do": "day", "on_day": "2023-06-01"}),
    Page("recut", "org recut", EDIT, "recut.discarded", {"do": "discard"}),
    Page("recut-sheet", "org recut", EDIT),
    Page("post-appoint", "org", POST, "post.appointed",
         {"person": "{holder}", "post": "organiser", "valid_from": DAY, "seen": "on"}),
    Page("post-describe", "org post", POST, "post.described", {"full_time": "yes"}),
    Page("post-end", "org post", POST, "post.ended", ON),
    Page("term-record", "org", POST, "term.recorded", {"elected_on": DAY}),
    Page("term-extend", "org term", POST, "term.extended",
         {"extended_to": "2024-01-01", "approval": "批复", "approved_on": DAY}),
    Page("document-record", "org", POST, "document.recorded",
         {"doc_class": "org_life", "title": "制度", "valid_from": DAY}),
    Page("document-review", "org document", POST, "document.reviewed",
         {"review_due": "2024-01-01"}),
    Page("document-end", "org document", POST, "document.ended", ON),
    Page("relation-record", "org", POST, "relation.recorded",
         {"kind": "contact_point", "person": "{holder}", "valid_from": DAY}),
    Page("relation-record", "org", POST, "relation.recorded",
         {"kind": "pairing", "other_org": "{leaf/org}", "valid_from": DAY}, also={"leaf": POST},
         works=("branch",)),
    Page("relation-end", "org relation", POST, "relation.ended", ON),
    Page("figure-record", "org", POST, "figure.recorded",
         {"name": "students", "as_of": DAY, "value": "120"}),

    # Members
    Page("member-list", sees="~member.view"),
    Page("member", "person", "~member.view"),
    Page("member-new", ">sender", ROLL, "person.registered",
         {"org": "{org}", "name": "新{new}", "status": "full", "since": DAY}),
    Page("member-correct", "person", ROLL, "person.corrected", {"name": "改{new}"}),
    Page("member-transfer", "person", ROLL, "membership.transferred",
         {"to": "{sibling/org}", "on": DAY}, also={"sibling": ROLL}, works=("branch",)),
    Page("member-leave", "person", ROLL, "membership.ended", WHY | {"departure": "other"}),
    Page("member-undo", "leaver", ROLL, "membership.end_undone", {}),
    Page("member-admit", "leaver", ROLL, "membership.begun",
         {"org": "{org}", "status": "full", "valid_from": DAY}),
    Page("member-admit", "leaver", ROLL, "membership.begun",
         {"org": "{leaf/org}", "status": "full", "valid_from": DAY}, also={"leaf": ROLL}),
    Page("member-advance", "activist", ROLL, "membership.advanced", ON | {"status": "candidate"}),
    Page("member-full", "probationer", ROLL, "membership.made_full", ON),
    Page("member-probation", "probationer", ROLL, "membership.probation_extended",
         WHY | {"until": "2020-12-31"}),
    Page("span-correct", "person span", ROLL, "membership.corrected",
         {"reason": "记错", "org": "{org}", "status": "full", "valid_from": "2022-02-01"}),
    Page("hours-account", "person", "~member.view"),
    Page("member-suspend", "person", ROLL, "membership.suspended", WHY),
    Page("member-resume", "suspended", ROLL, "membership.resumed", WHY),
    Page("member-exempt", "person", ROLL, "membership.exempted", WHY),
    Page("member-reveal", "person", "~member.sealed", "person.revealed",
         {"field": "phone", "reason": "通知"}, answers=200, shows="sealed"),
    Page("member-reveal", "person", "~member.restricted", "person.revealed",
         {"field": "hardship", "reason": "慰问"}, asks="field=hardship", answers=200,
         shows="sealed"),
    Page("member-restricted", "person", "^member.restricted", "restricted.recorded",
         {"wage": "5200"}),
    Page("member-doubles", sees=MERGE),
    Page("member-merge", "double", MERGE, "person.merged", WHY, asks="with={twin}"),
    Page("member-merge", "double", MERGE, "person.merged", WHY, asks="with={leaf/twin}",
         also={"leaf": MERGE}, works=("branch",)),
    Page("member-unmerge", "merged merge", MERGE, "person.unmerged", {}),
    Page("requests", sees=ROLL),
    Page("correction-answer", "request", ROLL, "correction.answered", {"accepted": "yes"}),
    Page("registers", sees="member.view"),
    Page("register-enter", "person", ROLL, "whereabouts.entered",
         {"kind": "abroad", "valid_from": DAY}),
    Page("register-off", "register", ROLL, "whereabouts.ended", WHY),
    Page("contact-made", "person", ROLL, "contact.made", {"on_day": DAY, "how": "电话"}),
    Page("letters", sees="member.view"),
    Page("letter-issue", "person", ROLL, "letter.issued", LETTER),
    Page("letter-receive", "letter", ROLL, "membership.ended", ON),
    Page("letter-return", "letter", ROLL, "letter.returned", WHY),
    Page("links", sees="org.view"),
    Page("links-lacking", sees="org.view"),
    Page("link-record", ">sender", ROLL, "relation.recorded",
         {"person": "{double:number}", "other_org": "{org}", "valid_from": DAY},
         args=("pioneer_post",)),
    Page("link-end", "relation", POST, "relation.ended", ON),
    Page("link-end", "pioneer", ROLL, "relation.ended", ON),

    # Activities
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

    # The plan
    Page("plan", sees="~plan.view"),
    Page("plan-clause", sees="~plan.view", args=("二/(二)/6",)),
    Page("obligation", sees="~plan.view", args=("theme-day",)),
    Page("readings", sees="~plan.view"),
    Page("reading", "", "*reading.decide", "reading.chosen",
         {"option": "目录", "decided_by": "党委", "decided_on": "2023-06-01", "why": "试"},
         args=("R-01",)),
    Page("obligation-switch", "", "*plan.switch", "obligation.switched_off",
         {"reason": "校党委决定"}, args=("central-group-study",)),
    Page("plan-load", "", "*plan.load", "plan.loaded", {"confirmed": wording}),
    Page("what-if", sees="ledger.view"),

    # Importing
    Page("import", "", "import.activities", "import.previewed",
         {"kind": "activities", "file": sheet}),
    Page("import-batch", "batch", "import.activities", "import.discarded", {"do": "discard"}),
    Page("import-batch", "roll", "import.roll", "import.rechecked", {"do": "recheck"}),
    Page("import-template", sees="import.activities", args=("activities",)),
    Page("import-template", sees="import.roll", args=("roll",)),
    Page("import-template", sees="org.edit", args=("orgs",)),
    Page("import-template", sees="post.edit", args=("posts",)),
    Page("import-template", sees="import.activities", args=("hours",)),
]
# fmt: on

# Pages that came while this table was made and wait for their line. Nothing new goes here.
WAITING: Final = {
    "activity-review", "ahead", "attachment", "attachment-add", "attachment-remove", "budget",
    "budget-plan", "budget-spend", "budget-strike", "calendar-renew", "calendar-stop", "call",
    "call-issue", "call-list", "call-places", "case", "case-ballot", "case-board", "case-bulk",
    "case-checkup", "case-checkup-template", "case-fact", "case-hand", "case-hand-end",
    "case-list", "case-new", "case-note", "case-orgs", "case-paper", "case-papers",
    "case-rules", "case-selfcheck", "case-step", "case-undo", "case-variants", "cases",
    "certificate-file", "certificate-issue", "certificate-receive", "certificate-withdraw",
    "digest-stop", "digest-subscribe", "dues", "dues-arrears", "dues-fix", "dues-month",
    "dues-reliefs", "dues-statement", "dues-use", "enrol", "enrol-cancel", "enrol-others",
    "enrolments", "follow-up-close", "follow-up-reopen", "follow-ups", "handover",
    "import-columns", "import-source", "import-sources", "institution", "institution-check",
    "institution-problem", "institution-replace", "issuer-end", "issuers", "library",
    "library-coverage", "minutes-file", "month-close", "month-list", "month-unlock",
    "paper-make", "paper-names", "paper-retire", "paper-template", "paper-upload", "papers",
    "places", "quotas", "reconcile", "reconcile-load", "reconcile-sheet", "relief-end",
    "relief-new", "reminders", "sign-in", "sign-in-code", "sign-in-confirm", "sign-in-screen",
    "sign-in-switch", "spending-withdraw", "statistics", "statistics-list", "training",
}  # fmt: skip
