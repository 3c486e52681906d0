"""Members, their dues and certificates."""

from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile

from guantong.records import dues
from guantong.records.models import User
from guantong.trust import notes
from tests.matrix.lines import Page
from tests.matrix.pages.sent import DAY, MERGE, ON, POST, REASON, ROLL, WHY
from tests.matrix.world import At
from tests.matrix.world.money import JANUARY
from tests.matrix.world.sheets import OTHERS
from tests.records.test_certificates import theirs

LETTER: Final = {
    "number": "信{new}", "heading": "某市委组织部", "to_unit": "某中学", "issued_on": DAY,
    "valid_days": "90", "dues_until": DAY,
}  # fmt: skip


def certificate(at: At, _: User) -> SimpleUploadedFile:
    return SimpleUploadedFile("证明.json", theirs(name=at.person.name, serial="s-new"))


def fixed(at: At, _: User) -> dict[str, Any]:
    """Of everybody the form asks as what he pays; one is ticked."""
    there = dues.lines([at.branch.pk], [JANUARY])
    payers = {f"{line.person.pk}-payer": "student" for line in there}
    return {**payers, f"{at.sender.pk}-fix": "on"}


# fmt: off
PAGES: Final = [
    Page("member-list", sees="~member.view"),
    Page("member", "person", "~member.view"),
    Page("member-new", ">sender", ROLL, "person.registered",
         {"org": "{org}", "name": "新{new}", "status": "full", "since": DAY}),
    Page("member-correct", "person", ROLL, "person.corrected",
         {"name": "改{new}", "joined_on": "2019-01-01", "full_member_on": "2020-01-01"}),
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
    Page("member-suspend", "person", ROLL, "membership.suspended", WHY,
         writes="^member.edit"),
    Page("member-resume", "suspended", ROLL, "membership.resumed", WHY),
    Page("member-exempt", "person", ROLL, "membership.exempted", WHY | {"exempt": "True"},
         writes="^member.edit"),
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
    Page("letters-lacking", sees=ROLL),
    Page("letter-issue", "person", ROLL, "letter.issued", LETTER),
    Page("letter-receive", "letter", ROLL, "membership.ended", ON),
    Page("letter-return", "letter", ROLL, "letter.returned", WHY),
    Page("letter-drop", "letter", ROLL, "letter.dropped", WHY),
    Page("links", sees="org.view"),
    Page("links-lacking", sees="org.view"),
    Page("link-record", ">sender", ROLL, "relation.recorded",
         {"person": "{double:number}", "other_org": "{org}", "valid_from": DAY},
         args=("pioneer_post",)),
    Page("link-end", "relation", POST, "relation.ended", ON),
    Page("link-end", "pioneer", ROLL, "relation.ended", ON),

    # Dues
    Page("dues", "?org", "dues.view"),
    Page("dues-arrears", "?org", "dues.view"),
    Page("dues-reliefs", "?org", "dues.view"),
    Page("dues-statement", "?org", "dues.view"),
    Page("dues-month", "?branch", "dues.record", "dues.registered",
         {"paid_on": DAY, "paid": "{sender}", "amount-{sender}": "1"}),
    Page("dues-fix", "?branch", "member.restricted", "dues.fixed", fixed),
    Page("dues-use", "?org", "dues.record", "money.spent",
         {"heading": "training", "spent_on": DAY, "amount": "5", "what": "资料",
          "decided_on": DAY}),
    Page("spending-withdraw", "used", "dues.record", "money.withdrawn", REASON),
    Page("relief-new", "person", "dues.relieve", "dues.relieved",
         {"first": "2023-07-01", "last": "2023-09-01", "pays": "0", "reason": "困难",
          "approval": "批复"}, writes="^dues.relieve"),
    Page("relief-end", "relief", "dues.relieve", "dues.relief_ended", {"month": "2023-03-01"}),

    # Certificates of hours
    Page("certificate-issue", "person", "~member.edit", "certificate.issued", {"year": "2023"},
         only_takes=True),
    Page("certificate-receive", "person", ROLL, "certificate.received", {"file": certificate}),
    Page("certificate-file", "person given", "~member.edit", args=("json",)),
    Page("certificate-withdraw", "person received", ROLL, "certificate.withdrawn", REASON),
    Page("certificate-withdraw", "person given", ROLL, "certificate.revoked", REASON),
    Page("issuers", "", ROLL, "issuer.trusted",
         {"name": "外校", "key": notes.public(OTHERS), "checked": "电话"}, writes="*issuer.trust"),
    Page("issuer-end", "issuer", "*issuer.trust", "issuer.distrusted", REASON),
]
# fmt: on
