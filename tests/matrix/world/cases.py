"""Cases, notices, papers of the world."""

from datetime import date
from typing import Any, Final

from guantong.records.actions import calls, case_beside, cases, papers, users
from guantong.records.models import Call, Case, Person
from tests.matrix.oracle import BRANCHES, READERS
from tests.matrix.world.base import YESTERDAY, At, World
from tests.sheets.test_papers import made

HANDLERS: Final = {
    "leaf": "general officer", "branch": "secretary", "sibling": "officer",
    "other branch": "outsider",
}  # fmt: skip
ITEM: Final = "educate"  # of the criteria of model branches
CLOSES: Final = date(2023, 12, 31)


def of_org(w: World, at: At) -> None:
    """Two problems, one of which is dealt with already; papers for the other."""
    text = w.text(at)
    at.problem, at.planned = (_begun(at, "problem", title=text("case")) for _ in range(2))
    measures = {"measures": text("casestep"), "answerable": w.someone(at).pk, "due_on": CLOSES}
    for step, given in (("plan", measures), ("note", {"progress": text("casestep")})):
        _taken(at.planned, step, given)
    case_beside.note(by=w.users["office"], case=at.problem, says=text("casenote"))
    at.hand = case_beside.name_hand(
        by=None, case=at.problem, actor="inspector", username=w.users["named"].username
    )
    at.template = papers.add_template(
        by=None, org=at.org, process="problem", title=text("papertemplate"),
        content=made(text("papertemplate")),
    )  # fmt: skip
    content = made(text("paper"))
    filed = papers.Made(at.problem, text("paper"), papers.digest(content), content)
    (at.paper,) = papers.file(by=None, made=[filed])
    if hasattr(at, "committee"):
        at.call, at.answered = (_call(w, at, "award-org") for _ in range(2))


def of_branch(w: World, at: At) -> None:
    text = w.text(at)
    at.care = _begun(at, "care", person=at.person)
    handler = w.users[HANDLERS[at.place]]
    case_beside.note(by=handler, case=at.care, says=text("care"))
    Case.objects.filter(pk=at.care.pk).update(title=text("care"))
    at.election = _begun(at, "election")
    at.award = _begun(at, "award-org", call=w.at["school"].answered)
    at.application = _begun(at, "model-branch", call=w.at["school"].model)
    case_beside.check_item(by=None, case=at.application, item=ITEM, says=text("criterioncheck"))


def of_oneself(w: World, at: At, branch: At) -> None:
    """What he asks to be put right."""
    text = w.text(at)
    at.matter = _begun(branch, "correction", person=at.person)
    asked = {"record": text("casestep"), "now": text("casestep"), "should_be": text("casestep")}
    _taken(at.matter, "ask", asked)
    case_beside.note(by=w.users["office"], case=at.matter, says=text("casenote"))


def whole(w: World) -> None:
    """The school's own: a notice for everybody, a decision, an account that is named in cases."""
    w.at["school"].model = _call(w, w.at["school"], "model-branch")
    calls.decide_variants(
        by=None, process="correction", variants=[], reason=w.birds.text("variantchoice", "")
    )
    w.users["named"] = users.open_account(
        by=None, username=w.birds.text("user", "named"), name=w.birds.text("user", "named"),
        password="matrix-of-pages",
    )  # fmt: skip


def furnish(w: World) -> None:
    whole(w)
    for at in w.at.values():
        if (org := getattr(at, "org", None)) and org.kind != "group":
            of_org(w, at)
    for branch in BRANCHES:
        of_branch(w, w.at[branch])
    for reader in READERS:
        if reader.own:
            of_oneself(w, w.at[reader.own], w.at[reader.member_of])


def _call(w: World, at: At, process: str) -> Call:
    text = w.text(at)
    return calls.issue(
        by=None, process=process, org=at.org, title=text("call"), about=text("call"),
        opens_on=date(2023, 1, 1), closes_on=CLOSES,
    )  # fmt: skip


def _begun(at: At, process: str, person: Person | None = None, **more: Any) -> Case:
    return cases.begin(by=None, process=process, org=at.org, person=person, on=YESTERDAY, **more)


def _taken(case: Case, step: str, fields: dict[str, Any]) -> None:
    entry = cases.Entry(step, YESTERDAY, fields)
    cases.take_step(by=None, case=case, version=case.version, entry=entry)
    case.refresh_from_db()
