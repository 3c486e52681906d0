"""Cases, notices and papers."""

from typing import Any, Final

from guantong.records.models import Org, OrgParent, User, VariantChoice
from tests.factories import TODAY
from tests.matrix.lines import Page
from tests.matrix.pages.sent import DAY, ON, REASON, file
from tests.matrix.world import At
from tests.matrix.world.cases import ITEM
from tests.sheets.test_papers import made

CONTESTS: Final = "case.inspect *case.handle"


def decided(_: At | None, __: User) -> dict[str, Any]:
    last = VariantChoice.objects.latest("pk")
    return {"variants": "answer-in-time", "reason": "校党委决定", "seen": str(last.pk)}


def another(_: At, user: User) -> str:
    return User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("pk")[0].username


def numbers(at: At, _: User) -> dict[str, Any]:
    """For one of those directly below."""
    below = OrgParent.objects.on(TODAY).filter(parent=at.org).values("org")
    return {f"n-{Org.objects.filter(pk__in=below).order_by('pk')[0].pk}": "3"}


# fmt: off
PAGES: Final = [
    Page("cases", sees="~case.view"),
    Page("case-list", sees="~case.view"),
    Page("case-board", sees="~case.view", args=("problem",)),
    Page("case-board", sees="~case.view", args=("care",)),
    Page("case-orgs", "?org", "case.view", args=("care",)),
    Page("case-rules", sees="~case.view", args=("correction",)),
    Page("case-variants", "", "", "variants.decided", decided, does="*reading.decide",
         args=("correction",)),
    Page("case-new", ">problem", "case.inspect handles", "case.opened",
         ON | {"org": "{org}", "title": "新{new}"}, writes="case.inspect handles",
         args=("problem",)),
    Page("case-new", ">branch", "keeps", "case.opened",
         ON | {"org": "{org}", "call": "{school/call}"}, writes="keeps", args=("award-org",)),
    Page("case-new", ">branch", "keeps", "",
         ON | {"org": "{org}", "call": "{general/call}"}, writes="nobody", args=("award-org",)),
    Page("case-under-way", ">activist", "superior", "case.opened",
         {"person": "{activist:name}", "apply": DAY, "recommend": DAY, "contacts": DAY,
          "reason": "材料"}, writes="superior", args=("recruitment",)),
    Page("case-bulk", ">problem", CONTESTS, "case.step_taken",
         ON | {"mode": "all", "case": "{problem}", "v-{problem}": "{problem:version}",
               "f-why": "核实"}, writes=CONTESTS, args=("problem", "contest"), answers=200),
    Page("case-checkup", "", "case.view", "", {"do": "file", "apply": "2021-09-10"}, answers=200),
    Page("case-checkup-template", sees="case.view"),
    Page("case", "problem", "case.view"),
    Page("case", "matter", "~case.view"),
    Page("case", "care", "near"),
    Page("case-step", "problem", "case.view", "case.step_taken",
         ON | {"version": "{problem:version}", "f-why": "核实"}, writes=CONTESTS,
         args=("contest",)),
    Page("case-step", "matter", "~case.view", "correction.answered case.step_taken",
         ON | {"version": "{matter:version}", "f-seen": "会议记录", "f-told": "yes"},
         writes="handles", args=("correct",)),
    Page("case-step", "care", "near", "case.step_taken",
         ON | {"version": "{care:version}", "f-ground": "hardship", "f-agreed": "yes"},
         args=("verify",)),
    Page("case-undo", "planned", "case.view", "case.step_undone",
         REASON | {"version": "{planned:version}"}, writes="superior"),
    Page("case-note", "problem", "case.view", "case.noted", {"says": "请尽快"}, only_takes=True),
    Page("case-note", "matter", "~case.view", "case.noted", {"says": "请尽快"}, only_takes=True),
    Page("case-note", "care", "near", "case.noted", {"says": "请尽快"}, only_takes=True),
    Page("case-hand", "problem", "superior", "case.hand_named",
         {"actor": "inspector", "username": another}),
    Page("case-hand-end", "problem hand", "case.view", "case.hand_ended", {}, writes="superior",
         only_takes=True),
    Page("case-fact", "award", "handles", "case.fact_stated", REASON | {"value": "3"},
         args=("places_left",)),
    Page("case-ballot", "election", "case.view", "",
         {"title": "选举", "names": "某人", "seats": "1", "copies": "1"}, answers=200),
    Page("case-selfcheck", "application", "case.view", "case.checked",
         {"item": ITEM, "says": "做了"}, writes="handles"),

    # Notices and numbers
    Page("call-list", sees="case.view"),
    Page("call-issue", ">committee", "case.call", "call.issued",
         {"process": "award-org", "org": "{committee}", "title": "新{new}", "opens_on": DAY},
         writes="case.call"),
    Page("call", "call", ">case.view"),
    Page("call-places", "call", ">case.view", "quota.set", numbers, writes="case.call"),
    Page("quotas", "?committee", "case.view", "quota.set", numbers, writes="case.call"),

    # Papers
    Page("papers", sees="~case.view"),
    Page("paper-names", sees="~case.view"),
    Page("paper-upload", ">problem", "paper.template", "template.added",
         {"process": "problem", "org": "{org}", "title": "新{new}",
          "content": file("模板.docx", made("模板"))}, writes="paper.template"),
    Page("paper-retire", "template", "paper.template", "template.retired", {}),
    Page("paper-template", "template", ">case.view member"),
    Page("paper-make", "template", ">case.view member", "paper.filed",
         {"case": "{problem}", "do": "file"}, writes="case.handle"),
    Page("case-papers", "problem", "case.view"),
    Page("case-papers", "matter", "~case.view"),
    Page("case-paper", "problem paper", "case.view"),
]
# fmt: on
