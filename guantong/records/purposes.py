"""Reads purposes.yaml: what each personal field is kept for, on what basis, how long, for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guantong.conditions.yaml_file import Fields, read
from guantong.obligations.model import Basis


@dataclass(frozen=True)
class Purpose:
    """One reason to keep personal data. Fields are "person.phone"."""

    name: str
    title: str
    purpose: str
    titles: Mapping[str, str]
    """Every field with what it is called."""
    sealed: frozenset[str]
    basis: tuple[Basis, ...]
    retention: str
    recipients: tuple[str, ...]


def load_purposes(path: Path) -> Mapping[str, Purpose]:
    """Every personal field with the first purpose that names it."""
    f = read(path, path.name)
    found = [_purpose(name, f.fields(name)) for name in list(f.data)]
    return {field: purpose for purpose in reversed(found) for field in purpose.titles}


def _purpose(name: str, f: Fields) -> Purpose:
    fields = [(p.text("field"), p.text("title"), p.take("sealed", bool)) for p in f.each("fields")]
    purpose = Purpose(
        name=name,
        title=f.text("title"),
        purpose=f.text("purpose"),
        titles={field: title for field, title, _ in fields},
        sealed=frozenset(field for field, _, sealed in fields if sealed),
        basis=tuple(_basis(b) for b in f.each("basis")),
        retention=f.text("retention"),
        recipients=f.names("recipients"),
    )
    f.done()
    return purpose


def _basis(f: Fields) -> Basis:
    place = "clause" if "clause" in f.data else "article"
    basis = Basis(f.text("instrument"), f.text(place), f.text("confidence"))
    f.done()
    return basis
