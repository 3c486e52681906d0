"""Word documents from templates: what a template asks for, and filling it in for one or many.

The file is opened by a child process with limits (`paper_child`, where the grammar stands). Knows
no case and no person: whoever calls hands in flat texts by name.
"""

import base64
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from guantong.sheets import read
from guantong.sheets.paper_child import ALWAYS, MAX_TEMPLATE, REMEDY
from guantong.sheets.preflight import MEBI, Refusal

MIME: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
AT_ONCE: Final = 40  # documents from one child
CHILD: Final = (*read.CHILD[:-1], "guantong.sheets.paper_child")


@dataclass(frozen=True)
class Values:
    """What is filled in for one document: texts by name, and lists for rows of tables."""

    fields: Mapping[str, str]
    lists: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """`found`: the names a template uses; `unknown`: those nobody knows, with the nearest right
    name (empty: none is near); `problems`: what else is wrong, in words.
    """

    found: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]

    @property
    def fit(self) -> bool:
        return not self.unknown and not self.problems

    def told(self) -> list[str]:
        """Everything that has to be put right."""
        names = [
            f"没有“{name}”这个名称" + (f"，是不是“{near}”" if near else "")
            for name, near in self.unknown
        ]
        return [*names, *self.problems]


def check(template: bytes, known: Iterable[str]) -> Check:
    """Raise Refusal where the file is no harmless .docx."""
    found = _asked(template, known, [])["check"]
    return Check(
        tuple(found["found"]),
        tuple((name, "".join(near)) for name, *near in found["unknown"]),
        tuple(found["problems"]),
    )


def filled(template: bytes, known: Iterable[str], each: Sequence[Values]) -> list[bytes]:
    """One document for each; raise Refusal where the template does not fit."""
    names = list(known)
    return [
        base64.b64decode(one)
        for start in range(0, len(each), AT_ONCE)
        for one in _asked(template, names, each[start : start + AT_ONCE])["files"]
    ]


def together(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Several files as one .zip; those of one name are numbered."""
    target, taken = io.BytesIO(), dict[str, int]()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            taken[name] = count = taken.get(name, 0) + 1
            numbered = f"{name}（{count}）" if count > 1 else name
            archive.writestr(zipfile.ZipInfo(f"{numbered}.docx", ALWAYS), content)
    return target.getvalue()


def _asked(template: bytes, known: Iterable[str], each: Sequence[Values]) -> dict[str, Any]:
    if len(template) > MAX_TEMPLATE:
        raise Refusal(f"模板超过 {MAX_TEMPLATE // MEBI} MB。请删去图片再上传。")
    asked = {
        "template": base64.b64encode(template).decode(),
        "known": sorted(known),
        "each": [{"fields": dict(one.fields), "lists": dict(one.lists)} for one in each],
    }
    answer = read.ask_child(CHILD, json.dumps(asked).encode(), remedy=REMEDY)
    if "refused" in answer:
        raise Refusal(answer["refused"])
    return answer
