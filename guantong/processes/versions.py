"""A released process file is never changed in place: a case keeps the version it began under.

`released.yaml` holds the fingerprint of each version that may be in use. To change a process,
copy its file to `processes/earlier/<name>.v<version>.yaml`, raise `version` and then change it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from guantong.conditions.parse import CatalogueError, Problem
from guantong.conditions.yaml_file import read
from guantong.processes.load import TRIALS, Loaded

CITED = ("basis", "serves")
RELEASED = "released.yaml"
HEAD = """\
# Which versions of the processes are released, by fingerprint. A released file is not changed in
# place, its examples and citations apart. Written by `python3 run check-catalogue --release`.
"""

type Released = Mapping[tuple[str, int], str]


def fingerprint(path: Path) -> str:
    """SHA-256 of what a file makes a case do: not of its examples, citations and comments.

    A citation may be corrected, or name another plan, without a new version.
    """
    done = _without(read(path, path.name).data, {*TRIALS, *CITED})
    return sha256(json.dumps(done, sort_keys=True, default=str).encode()).hexdigest()


def _without(data: Any, keys: Collection[str]) -> Any:
    match data:
        case dict():
            return {k: _without(v, keys) for k, v in data.items() if k not in keys}
        case list():
            return [_without(v, keys) for v in data]
        case _:
            return data


def released(folder: Path) -> Released:
    if not (folder / RELEASED).exists():
        return {}
    f = read(folder / RELEASED, RELEASED)
    return {
        (name, version): str(digest)
        for name in list(f.data)
        for version, digest in f.take(name, dict).items()
    }


def check_released(folder: Path, loaded: Iterable[Loaded]) -> None:
    """Raise CatalogueError where a released version was changed, or its file is gone."""
    if found := list(_changed(released(folder), loaded)):
        raise CatalogueError(*found)


def _changed(known: Released, loaded: Iterable[Loaded]) -> Iterator[Problem]:
    there = {(x.process.name, x.process.version): x.path for x in loaded}
    for (name, version), digest in known.items():
        path = there.get((name, version))
        if path is None:
            yield Problem(
                f"processes/{name}.yaml",
                f"已发布的第 {version} 版不见了，办理中的事项还要用它",
                f"把它存为 processes/earlier/{name}.v{version}.yaml",
            )
        elif fingerprint(path) != digest:
            yield Problem(
                f"processes/{path.name}: version",
                f"第 {version} 版已发布，不能就地修改",
                f"恢复原文并另存为 processes/earlier/{name}.v{version}.yaml，"
                f"再把 version 改为 {version + 1} 后修改",
            )


def unreleased(folder: Path, loaded: Iterable[Loaded]) -> list[str]:
    """The versions that may still be changed in place: no case should begin under them."""
    known = released(folder)
    there = [(x.process.name, x.process.version) for x in loaded]
    return [f"{name} 第 {version} 版" for name, version in there if (name, version) not in known]


def release(folder: Path, loaded: Iterable[Loaded]) -> int:
    """Write down what is not released yet; return how many versions that were."""
    known = dict(released(folder))
    new = {
        (x.process.name, x.process.version): fingerprint(x.path)
        for x in loaded
        if (x.process.name, x.process.version) not in known
    }
    (folder / RELEASED).write_text(_written({**known, **new}), encoding="utf-8", newline="\n")
    return len(new)


def _written(known: Released) -> str:
    lines = [HEAD]
    for name in sorted({name for name, _ in known}):
        lines.append(f"{name}:")
        lines += [f"  {v}: {d}" for (n, v), d in sorted(known.items()) if n == name]
    return "\n".join(lines) + "\n"
