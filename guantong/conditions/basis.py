"""What a demand rests on, and how sure it is that the text says so."""

from dataclasses import dataclass
from typing import Final

from guantong.conditions.yaml_file import Fields

CONFIDENCE: Final = ["PLAN", "A", "B", "C", "L"]
UNCERTAIN: Final = frozenset({"C", "L"})  # what rests on these alone can be switched off


@dataclass(frozen=True)
class Basis:
    """An instrument of `regulations.yaml` and the place in it."""

    instrument: str
    place: str  # a plan's clause path, or an article number
    confidence: str  # PLAN, A, B, C or L, as tagged in the catalogue


def read_bases(f: Fields, missing: str = "没有依据") -> tuple[Basis, ...]:
    """The list under `basis`; raise CatalogueError where it is empty."""
    found = tuple(read_basis(one) for one in f.each("basis"))
    if not found:
        raise f.wrong("basis", missing, "写明出自哪份文件哪一条")
    return found


def read_basis(f: Fields) -> Basis:
    place = f.text("clause") if f.has("clause") else f.text("article", "")
    basis = Basis(f.text("instrument"), place, f.choice("confidence", CONFIDENCE))
    f.done()
    return basis
