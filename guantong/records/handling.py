"""Reads cases.yaml: how the cases of each process are kept. Knows no database.

What a case may do next is the process file's; here stands whose cases they are, who opens them,
who is kept from seeing them, and what the records ask at a step besides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guantong.conditions.parse import CatalogueError, Problem
from guantong.conditions.yaml_file import Fields, read
from guantong.processes.load import read_fields
from guantong.processes.model import Field, Process

type Asks = Mapping[str, Mapping[str, Field]]


@dataclass(frozen=True)
class Handling:
    """See cases.yaml. `titled`: the label of what the case is about, empty where none is asked."""

    process: str
    group: str
    orgs: tuple[str, ...]
    opened_by: tuple[str, ...]
    follows: bool = False
    single: bool = False
    restricted: bool = False
    called: bool = False
    newcomer: bool = False  # about somebody who may not be on the roll yet
    recurs: bool = False
    receiver: str = ""
    titled: str = ""
    statuses: tuple[str, ...] = ()
    criteria: str = ""
    counted_from: Mapping[str, str] = field(default_factory=dict)
    asks: Asks = field(default_factory=dict)
    under_way: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def concerns(self, name: str, org_kind: str) -> bool:
        """Whether an organisation of a kind is asked a field."""
        return org_kind in self.only.get(name, (org_kind,))

    def asked(self, step: str) -> Mapping[str, Field]:
        return self.asks.get(step, {})


@dataclass(frozen=True)
class Handlings:
    groups: Mapping[str, str]
    """What each group of processes is called, in order."""
    of: Mapping[str, Handling]

    def names(self, flag: str) -> list[str]:
        """The processes with a flag: follows, restricted."""
        return [name for name, one in self.of.items() if getattr(one, flag)]


def load_handling(
    path: Path, processes: Mapping[str, Process], kinds: Mapping[str, Any]
) -> Handlings:
    """Raise CatalogueError where a process is left out or a word is not known."""
    f = read(path, path.name)
    groups = f.take("groups", dict)
    listed = f.fields("processes")
    found = {name: _handling(name, listed.fields(name)) for name in list(listed.data)}
    f.done()
    if problems := [
        *(Problem(path.name, f"没有说明流程“{n}”怎样办理") for n in processes.keys() - found),
        *(Problem(f"{path.name}: {n}", "没有这个流程") for n in found.keys() - processes),
        *(p for n in found.keys() & processes for p in _odd(path, found[n], processes[n], kinds)),
        *(
            Problem(f"{path.name}: {n}", f"没有分组“{one.group}”")
            for n, one in found.items()
            if one.group not in groups
        ),
    ]:
        raise CatalogueError(*problems)
    return Handlings(groups, found)


def _handling(name: str, f: Fields) -> Handling:
    asks, under_way, only = (f.fields(key, {}) for key in ("asks", "under_way", "only"))
    one = Handling(
        process=name,
        group=f.text("group"),
        orgs=f.names("orgs"),
        opened_by=f.names("opened_by"),
        receiver=f.text("receiver", ""),
        titled=f.text("titled", ""),
        statuses=f.names("statuses", []),
        criteria=f.text("criteria", ""),
        counted_from=dict(f.take("counted_from", dict, {})),
        asks={step: read_fields(asks.fields(step)) for step in list(asks.data)},
        under_way={status: under_way.names(status) for status in list(under_way.data)},
        only={name: only.names(name) for name in list(only.data)},
        **{
            flag: f.take(flag, bool, default=False)
            for flag in ("follows", "single", "restricted", "called", "newcomer", "recurs")
        },
    )
    f.done()
    return one


def _odd(path: Path, one: Handling, process: Process, kinds: Mapping[str, Any]) -> list[Problem]:
    at = f"{path.name}: {one.process}"
    fields = {f.name for step in process.steps.values() for f in step.fields}
    unknown = {
        "orgs": set(one.orgs) - set(kinds["orgs"]),
        "opened_by": set(one.opened_by) - set(process.actors),
        "statuses": set(one.statuses) - set(kinds["statuses"]),
        "asks": set(one.asks) - set(process.steps),
        "under_way": {s for steps in one.under_way.values() for s in steps} - set(process.steps)
        | set(one.under_way) - set(kinds["statuses"]),
        "only": set(one.only) - fields
        | {kind for kinds_of in one.only.values() for kind in kinds_of} - set(one.orgs),
        "counted_from": set(one.counted_from) - fields
        | set(one.counted_from.values()) - set(kinds["activities"]),
        "receiver": {one.receiver} - {"", *fields},
        "criteria": {one.criteria} - {"", *(p.stem for p in (path.parent / "criteria").glob("*"))},
    }
    return [Problem(f"{at}.{key}", f"不认识 {sorted(v)}") for key, v in unknown.items() if v]
