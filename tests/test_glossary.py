"""The glossary knows every word that the catalogue gives to a code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \|", re.MULTILINE)
ROWS = ROW.findall((ROOT / "GLOSSARY.md").read_text(encoding="utf-8"))


def titles() -> Iterator[tuple[str, str]]:
    """Every code of kinds.yaml, roles.yaml, actors.yaml, every process; what it is called."""
    for name in ("kinds.yaml", "roles.yaml"):
        groups = yaml.safe_load((ROOT / "catalogue" / name).read_text(encoding="utf-8"))
        for entries in groups.values():
            for code, entry in entries.items():
                yield code, str(entry["title"] if isinstance(entry, dict) else entry)
    actors = yaml.safe_load((ROOT / "catalogue/actors.yaml").read_text(encoding="utf-8"))
    yield from ((code, actor["title"]) for code, actor in actors.items())
    for path in (ROOT / "catalogue/processes").glob("*.yaml"):
        yield path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))["title"]


@pytest.mark.parametrize(("code", "title"), sorted(set(titles())))
def test_every_title_of_the_catalogue_stands_in_the_glossary(code: str, title: str) -> None:
    assert any(title in words and f"`{code}`" in english for words, english in ROWS)
