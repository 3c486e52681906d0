"""The catalogue that this installation runs by, read once per process."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from guantong.obligations.activity_kinds import ActivityKind, QuorumRule, read_kinds, read_quorums
from guantong.obligations.load import load_catalogue
from guantong.obligations.model import Catalogue, Plan
from guantong.processes.load import Loaded, load_actors, load_processes
from guantong.processes.model import Actor, Process
from guantong.records.handling import Handlings, load_handling
from guantong.records.purposes import Purpose, load_purposes
from guantong.records.roles import Roles, load_roles


def current() -> Catalogue:
    return _catalogue(settings.CATALOGUE_DIR)


def plan(name: str, rules: Catalogue | None = None) -> Plan:
    """A plan by its name; the school's may be missing from a folder that is not the school's."""
    plans = (rules or current()).plans
    if name not in plans:
        raise ImproperlyConfigured(
            f"规则目录{f' {settings.CATALOGUE_DIR} ' if rules is None else ''}里没有计划“{name}”，"
            f"有：{'、'.join(plans)}。"
            "处理：用 GUANTONG_CATALOGUE 指到放着它的目录，或用 plan use 换用一份"
        )
    return plans[name]


def fingerprint() -> str:
    """SHA-256 over the files that decide what the ledger says."""
    return _fingerprint(settings.CATALOGUE_DIR)


def activity_kinds() -> Mapping[str, ActivityKind]:
    """The activities of kinds.yaml by their code."""
    return _activity_kinds(settings.CATALOGUE_DIR)


def quorums() -> Mapping[str, QuorumRule]:
    """What a school may decide instead of a quorum that is local practice, by its code."""
    return _quorums(settings.CATALOGUE_DIR)


def roles() -> Roles:
    return _roles(settings.CATALOGUE_DIR)


def purposes() -> Mapping[str, Purpose]:
    """What each personal field is kept for: "person.phone" and so on."""
    return _purposes(settings.CATALOGUE_DIR)


def processes() -> Mapping[str, Loaded]:
    """By name those that cases begin under, and by name and version the earlier ones."""
    return _processes(settings.CATALOGUE_DIR)


def process(name: str, version: int | None = None) -> Process:
    """A process as it is now, or in the version that a case was opened under."""
    now = processes()[name].process
    if version in (None, now.version):
        return now
    return processes()[f"{name}.v{version}"].process


def actors() -> Mapping[str, Actor]:
    return _actors(settings.CATALOGUE_DIR)


def handling() -> Handlings:
    """How the cases of each process are kept."""
    return _handling(settings.CATALOGUE_DIR)


def processes_of(folder: Path, rules: Catalogue) -> dict[str, Loaded]:
    """The processes of a folder, checked against what else stands in it."""
    return load_processes(
        folder,
        regulations=rules.regulations,
        clauses={p.instrument: {c.path for c in p.clauses} for p in rules.plans.values()},
        posts=rules.kinds["posts"],
    )


@cache
def _processes(folder: Path) -> Mapping[str, Loaded]:
    return processes_of(folder, _catalogue(folder))


@cache
def _actors(folder: Path) -> Mapping[str, Actor]:
    return load_actors(folder / "actors.yaml", _catalogue(folder).kinds["posts"])


@cache
def _handling(folder: Path) -> Handlings:
    now = {name: one.process for name, one in _processes(folder).items() if "." not in name}
    return load_handling(folder / "cases.yaml", now, _catalogue(folder).kinds)


@cache
def _catalogue(folder: Path) -> Catalogue:
    return load_catalogue(folder)


@cache
def _activity_kinds(folder: Path) -> Mapping[str, ActivityKind]:
    return read_kinds(_catalogue(folder).kinds)


@cache
def _quorums(folder: Path) -> Mapping[str, QuorumRule]:
    return read_quorums(_catalogue(folder).kinds)


@cache
def _fingerprint(folder: Path) -> str:
    digest = sha256()
    for path in sorted(folder.rglob("*.yaml")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _roles(folder: Path) -> Roles:
    return load_roles(folder / "roles.yaml")


@cache
def _purposes(folder: Path) -> Mapping[str, Purpose]:
    return load_purposes(folder / "purposes.yaml")
