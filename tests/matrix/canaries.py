"""Canaries: texts that stand in one place only, so that a page that shows one shows where from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from tests.matrix.oracle import Reader, may, up

MARK: Final = re.compile(r"ZKQX\d{4}")  # no token has that by chance
SHAPE: Final = re.compile(r"\d{5,}X?")

# What it takes to see a text, by "model.field" or else by "model", at a place it is about. What
# is about himself, and of his own account, everybody may see.
TAKES: Final[Mapping[str, str]] = {
    "absence": "activity.view",
    "activity": "=activity.view",
    "agendaitem": "activity.view",
    "assessment": "*ledger.view",
    "attachment": "activity.view",
    "batch": "import.activities",
    "budgetline": "budget.view",
    "call": ">case.view",
    "care": "near",
    "case": "case.view",
    "casenote": "case.view",
    "casestep": "case.view",
    "closedmonth": "activity.view",
    "contactmade": "member.view",
    "correctionrequest": "~member.view",
    "criterioncheck": "case.view",
    "delivery": "nobody",
    "detail": "activity.view",
    "discrepancy": "member.reconcile",
    "document": ">org.view",
    "documentcheck": "org.view",
    "duesrate": "dues.view",
    "duesrelief": "dues.view",
    "event": "event.view",
    "figure": "org.view",
    "followup": "activity.view",
    "grant": "event.view",
    "hourscertificate": "member.edit",
    "importbatch": "nobody",
    "importsource": "import.activities",
    "importsource.common": ">import.activities",
    "kept": "*ledger.view",
    "letter": "member.view",
    "membership": "member.view",
    "merge": "member.view",
    "offered": "=activity.view member",
    "org": "org.view member",
    "paper": "case.view",
    "papertemplate": ">case.view member",
    "person": "member.view",
    "person.number": "member.edit",
    "plan": "~plan.view",
    "planwording": "~plan.view",
    "post": "org.view",
    "readingchoice": "~plan.view",
    "reconciliation": "*member.reconcile",
    "recut": "org.edit",
    "register": "member.view",
    "relation": "org.view",
    "request": "member.edit",
    "roll": "import.roll",
    "school": "",
    "sealed": "nobody",
    "spending": "budget.view",
    "spending.dues": "dues.view",
    "term": "org.view",
    "transferletter": "member.view",
    "trustedissuer": "~member.view",
    "unfinishedform": "nobody",
    "user": "nobody",
    "variantchoice": "~case.view",
}


@dataclass(frozen=True)
class Canary:
    """What it is about ("model.field"), and the places of which it tells.

    `told_by`: whoever reads of people there reads it with them. `above`: the record form of those
    below offers it.
    """

    about: str
    places: tuple[str, ...]
    told_by: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    def may_be_seen_by(self, reader: Reader) -> bool:
        if {reader.name, reader.own or reader.name} & {*self.places}:
            return True
        takes = TAKES.get(self.about) or TAKES[self.about.partition(".")[0]]
        return bool(
            any(may(reader, takes, place) for place in self.places)
            or any(may(reader, "~member.view", place) for place in self.told_by)
            or (may(reader, "activity.record", "") and set(self.above) & set(up(reader.place)))
        )

    def __str__(self) -> str:
        return f"{self.about} of {', '.join(self.places)}"


@dataclass
class Aviary:
    """Every canary that was let loose, by its mark or, sealed, by its own shape."""

    kept: dict[str, Canary] = field(default_factory=dict)
    sealed: dict[str, Canary] = field(default_factory=dict)

    def text(self, about: str, *places: str, word: str = "") -> str:
        mark = f"ZKQX{len(self.kept):04}"
        self.kept[mark] = Canary(about, places)
        return f"{word}{mark}"

    def secret(self, place: str, text: str) -> str:
        self.sealed[text] = Canary("sealed", (place,))
        return text

    def retell(self, text: str, **more: Any) -> None:
        """Who may see a text is another one, or more than one place tells of it."""
        for mark in MARK.findall(text):
            self.kept[mark] = replace(self.kept[mark], **more)

    def add(self, text: str, **places: str) -> None:
        for mark in MARK.findall(text):
            known = vars(self.kept[mark])
            more = {name: tuple({*known[name], place}) for name, place in places.items()}
            self.kept[mark] = replace(self.kept[mark], **more)

    def seen_in(self, text: str) -> Iterator[Canary]:
        for mark in sorted(set(MARK.findall(text))):
            yield self.kept[mark]
        for shape in set(SHAPE.findall(text)) & self.sealed.keys():
            yield self.sealed[shape]


def said(response: Any) -> str:
    """All that an answer says: headers, where it leads, its text, and what is in a file."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind.endswith((".sheet", ".document")):
        with ZipFile(BytesIO(response.content)) as book:
            parts = [name for name in book.namelist() if name.endswith((".xml", ".rels"))]
            return headers + "".join(book.read(name).decode() for name in parts)
    readable = kind.startswith("text/") or kind in {"application/json", "image/svg+xml", ""}
    assert readable, f"cannot read {kind}"
    return f"{headers}\n{response.content.decode()}"
