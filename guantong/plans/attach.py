"""Match the clauses of a document with those a catalogue knows, by path."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guantong.plans.model import Clause


@dataclass(frozen=True)
class Attachment:
    attached: tuple[Clause, ...]  # their wording belongs to a clause of the catalogue
    unknown: tuple[Clause, ...]  # in the document only
    repeated: tuple[Clause, ...]  # a path used before in the document: whose wording is it?
    without_wording: tuple[str, ...]  # in the catalogue only


def attach(clauses: Sequence[Clause], known_paths: Iterable[str]) -> Attachment:
    """The first clause of a path gets it; the order is the document's, then the catalogue's."""
    known = tuple(dict.fromkeys(known_paths))
    first: dict[str, Clause] = {}
    for clause in clauses:
        first.setdefault(clause.path, clause)
    return Attachment(
        attached=tuple(clause for clause in first.values() if clause.path in set(known)),
        unknown=tuple(clause for clause in first.values() if clause.path not in set(known)),
        repeated=tuple(clause for clause in clauses if first[clause.path] is not clause),
        without_wording=tuple(path for path in known if path not in first),
    )
