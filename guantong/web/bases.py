"""What a demand rests on, as a page cites it: the place, how sure it is, the official wording."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from guantong.obligations import describe
from guantong.obligations import model as m
from guantong.records.models import PlanWording

OPTIONAL: Final = frozenset({"C", "L"})


@dataclass(frozen=True)
class Cited:
    """A basis. `title`, `url`, `wording`: of the plan's clause, where it is one."""

    where: str
    confidence: str
    optional: bool
    status: str
    title: str = ""
    url: str = ""
    wording: str = ""


def bases(obligation: m.Obligation, rules: m.Catalogue, plan: m.Plan) -> Iterator[Cited]:
    """In the catalogue's order, the main one first. One query."""
    loaded = wordings(plan)
    clauses = {clause.path: clause for clause in plan.clauses}
    for basis in obligation.basis:
        own = basis.instrument == plan.instrument and basis.place in clauses
        yield Cited(
            where=f"{plan.number} {numbered(basis.place)}"
            if own
            else describe.cited(basis, rules),
            confidence=describe.CONFIDENCE[basis.confidence],
            optional=basis.confidence in OPTIONAL,
            status=str(rules.regulations[basis.instrument].get("status") or ""),
            title=clauses[basis.place].title if own else "",
            url=reverse("plan-clause", args=[basis.place]) if own else "",
            wording=loaded.get(basis.place, "") if own else "",
        )


def wordings(plan: m.Plan) -> dict[str, str]:
    """The official wording of a plan's clauses by path, as far as it has been loaded."""
    rows = PlanWording.objects.filter(plan=plan.name).values_list("path", "title", "text")
    return {path: whole(title, text) for path, title, text in rows}


def whole(title: str, text: str) -> str:
    """A clause as it stands in the document: its first sentence, then the rest."""
    return f"{title}。{text}" if title and text else title or text


def numbered(path: str) -> str:
    """Return 任务 6 for 二/(二)/6, and 三(一) for 三/(一)."""
    *above, last = path.split("/")
    return f"任务 {last}" if last.isdigit() else "".join([*above, last])
