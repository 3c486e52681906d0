"""Organisations, their library and budget."""

from typing import Final

from tests.matrix.lines import Page
from tests.matrix.oracle import BRANCHES
from tests.matrix.pages.sent import DAY, EDIT, ON, POST, REASON, RECORD, WHY

MONEY: Final = "budget.edit"
SPENT: Final = {"spent_on": DAY, "amount": "5", "what": "资料"}

# fmt: off
PAGES: Final = [
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
    Page("org-dissolve", "org", EDIT, "org.dissolved", WHY | {"heir": "{branch/org}"},
         also={"branch": EDIT}, works=("sibling",)),
    Page("org-merge", "org", EDIT, "org.merged", WHY | {"into": "{branch/org}"},
         also={"branch": EDIT}, works=("sibling",)),
    Page("org-split", "org", EDIT, "org.split",
         WHY | {"name": "分{new}", "people": lambda at, _: getattr(at, "double", at.org).pk},
         works=BRANCHES),
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
    Page("handover", "org", RECORD),

    # The library
    Page("library", "?org", "org.view"),
    Page("library-coverage", "?org", "org.view"),
    Page("institution", "document", "org.view"),
    Page("institution-replace", "document", POST, "document.replaced", ON | {"title": "新{new}"}),
    Page("institution-check", "document", POST, "document.checked",
         {"on_day": DAY, "found": "都在执行"}),
    Page("institution-problem", "document check", POST, "document.problem_closed",
         {"closed_on": DAY, "closed_how": "已改"}),

    # The budget
    Page("budget", "?org", "budget.view"),
    Page("budget-plan", "org", MONEY, "budget.planned",
         {"title": "新{new}", "year": "2023", "amount": "5"}),
    Page("budget-spend", "line", MONEY, "money.spent", SPENT),
    Page("budget-strike", "idle", MONEY, "budget.struck", REASON),
    Page("spending-withdraw", "spending", MONEY, "money.withdrawn", REASON),
]
# fmt: on
