"""What a demand rests on, as a page cites it: the place, how sure it is, the official wording."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guantong.obligations import describe
from guantong.obligations import model as m
from guantong.records.models import PlanWording
from guantong.web.ledger_tables import clause_number, clause_url

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
        clause = clauses.get(basis.place) if basis.instrument == plan.instrument else None
        at_clause = f"{plan.number} {clause_number(clause)}" if clause else ""
        yield Cited(
            where=at_clause or describe.cited(basis, rules),
            confidence=describe.CONFIDENCE[basis.confidence],
            optional=basis.confidence in OPTIONAL,
            status=str(rules.regulations[basis.instrument].get("status") or ""),
            title=clause.title if clause else "",
            url=clause_url(clause) if clause else "",
            wording=loaded.get(basis.place, "") if clause else "",
        )


def wordings(plan: m.Plan) -> dict[str, str]:
    """The official wording of a plan's clauses by path, as far as it has been loaded."""
    rows = PlanWording.objects.filter(plan=plan.name).values_list("path", "title", "text")
    return {path: whole(title, text) for path, title, text in rows}


def whole(title: str, text: str) -> str:
    """A clause as it stands in the document: its first sentence, then the rest."""
    return f"{title}。{text}" if title and text else title or text
