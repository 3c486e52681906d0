"""What is everybody's own, the ledger, the plan, importing and comparing."""

from typing import Final

from django.core import signing

from guantong.records.models import User
from tests.matrix.lines import Page
from tests.matrix.pages.sent import DAY, file
from tests.matrix.world import At
from tests.matrix.world.sheets import SHEET
from tests.records.spreadsheets import an_id

WORDING: Final = {"plan": "jyu-2021-2023", "source_name": "计划", "wordings": [("一", "总", "文")]}
EXPORTED: Final = f"姓名,公民身份号码,所在党支部\n某人,{an_id()},某党支部\n"
COUNTED: Final = "table=members&row=all&column=all"


def wording(_: At | None, __: User) -> str:
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
    Page("reminders"),
    Page("calendar-renew", "", "", "feed.renewed", {}, only_takes=True, answers=200),
    Page("calendar-stop", "", "", "feed.given_up", {}, only_takes=True),
    Page("digest-subscribe", "", "", "digest.subscribed", {"email": "a@example.edu.cn"},
         only_takes=True),
    Page("digest-stop", "", "", "digest.stopped", {}, only_takes=True),

    # The ledger
    Page("ledger", sees="~ledger.view"),
    Page("ledger-entries", sees="~ledger.view"),
    Page("ledger-progress", sees="ledger.view"),
    Page("cell", "entry", "~ledger.view"),
    Page("cell", "hours", "~ledger.view"),
    Page("ledger-kept", "", "*ledger.view", "ledger.kept", {"name": "年终", "on": DAY},
         writes="*ledger.keep"),
    Page("ledger-kept-csv", "kept", "*ledger.view"),

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

    # Importing and comparing
    Page("import", "", "import.activities", "import.previewed",
         {"kind": "activities", "file": file("活动.csv", SHEET)}),
    Page("import-batch", "batch", "import.activities", "import.discarded", {"do": "discard"}),
    Page("import-batch", "roll", "import.roll", "import.rechecked", {"do": "recheck"}),
    Page("import-template", sees="import.activities", args=("activities",)),
    Page("import-template", sees="import.roll", args=("roll",)),
    Page("import-template", sees="org.edit", args=("orgs",)),
    Page("import-template", sees="post.edit", args=("posts",)),
    Page("import-template", sees="import.activities", args=("hours",)),
    Page("import-columns", "batch", "import.activities", "import.previewed",
         {f"column{i}": field for i, field in enumerate(("held_on", "kind", "title", "hosts"))}),
    Page("import-sources", sees="import.activities"),
    Page("import-source", "source", "import.activities", "source.changed", {"name": "改{new}"}),
    Page("import-source", "source", "import.activities", "source.forgotten", {"do": "forget"}),
    Page("import-source", "common", ">import.activities", "source.forgotten", {"do": "forget"},
         writes="*import.activities"),
    Page("reconcile", ">discrepancy", "member.reconcile", "discrepancy.decided",
         {"one": "{discrepancy}", "do": "ours"}, writes="member.reconcile"),
    Page("reconcile-load", "", "member.reconcile", "reconciled",
         {"system": "national", "exported_on": DAY, "file": file("导出.csv", EXPORTED)}),
    Page("reconcile-sheet", "", "member.reconcile", "person.revealed+",
         {"system": "national", "reason": "更正"}, answers=200, shows="sealed"),
    Page("statistics", "?org", "member.view"),
    Page("statistics-list", "?org", "member.view", asks=COUNTED),
    Page("statistics-check", "", "member.view", "",
         {"on": DAY, "file": file("统计.csv", "党员情况\n项目,合计\n党员总数,0\n")}, answers=200),
]
# fmt: on
