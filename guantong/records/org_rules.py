"""Checks on organisations that cite their rule: sizes, committees, joint branches, secretaries.

Numbers come from the catalogue: those that obligations state from there, the others from
org_rules.yaml. Reads only. What the ledger says is not repeated here; this is for a page and for
a plan not carried out yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.conf import settings

from guantong.conditions.basis import CONFIDENCE, UNCERTAIN, Basis, read_bases
from guantong.conditions.yaml_file import Fields, read
from guantong.obligations import describe
from guantong.records import catalogue
from guantong.records.models import Org


@dataclass(frozen=True)
class Rule:
    """`must`: keeping it is not left to the organisation. `values`: since when, latest last."""

    name: str
    title: str
    demand: str
    must: bool
    confidence: str
    basis: tuple[Basis, ...]
    values: tuple[tuple[date, Decimal], ...]

    def on(self, day: date) -> int:
        """The number in force on a day, else the first."""
        begun = [value for since, value in self.values if since <= day]
        return int(begun[-1] if begun else self.values[0][1])

    @property
    def cited(self) -> str:
        return "；".join(describe.cited(basis, catalogue.current()) for basis in self.basis)

    @property
    def sure(self) -> str:
        return describe.CONFIDENCE[self.confidence]


@dataclass(frozen=True)
class Finding:
    """What does not fit a rule, in words, and the rule."""

    text: str
    rule: Rule

    @property
    def must(self) -> bool:
        return self.rule.must

    @property
    def optional(self) -> bool:
        return self.rule.confidence in UNCERTAIN


def rule(name: str) -> Rule:
    return _rules(settings.CATALOGUE_DIR)[name]


def stated_by(obligation: str) -> Rule:
    """The rule that an obligation states."""
    o = catalogue.current().obligations[obligation]
    return Rule(
        name=o.name,
        title=o.title,
        demand=o.demand,
        must=o.level == "must",
        confidence=o.confidence,
        basis=o.basis,
        values=tuple((s.since, s.value) for s in o.standards),
    )


def misplaced(kind: str, parent: Org, on: date) -> str:
    """Why an organisation of a kind cannot hang below another from a day on; empty: it can."""
    orgs = catalogue.current().kinds["orgs"]
    below = orgs[kind]["below"]
    if not parent.exists_on(on):
        return f"上级“{parent.short_name}”在 {on} 不存在。"
    if parent.kind in below:
        return ""
    above = "、".join(str(orgs[one]["title"]) for one in below)
    return f"{orgs[kind]['title']}的上级应是{above or '无'}。"


def sizes(full: int, total: int, day: date) -> Iterator[Finding]:
    """What a branch of so many full and so many members in all breaks."""
    fewest, most = stated_by("branch-min-members"), stated_by("branch-size")
    if full < fewest.on(day):
        yield Finding(f"正式党员 {full} 人，少于 {fewest.on(day)} 人", fewest)
    if total > most.on(day):
        yield Finding(f"党员 {total} 人，超过 {most.on(day)} 人", most)


@dataclass(frozen=True)
class Committee:
    """A branch's committee on a day: how many hold a post in it, whether a term is running."""

    size: int
    members: int
    in_office: bool


def committee(full: int, there: Committee, day: date) -> Iterator[Finding]:
    due = _committee_from(day)
    required = stated_by("committee-required")
    if full >= due and not there.in_office:
        yield Finding(f"正式党员 {full} 人，已到 {due} 人，没有在届的支委会", required)
    if not there.members:
        return
    least, most = stated_by("committee-size-min"), stated_by("committee-size-max")
    usual = rule("committee_usual")
    if there.size < least.on(day):
        yield Finding(f"支委会 {there.size} 人，少于 {least.on(day)} 人", least)
    elif there.size > most.on(day):
        yield Finding(f"支委会 {there.size} 人，超过 {most.on(day)} 人", most)
    elif there.size > usual.on(day):
        yield Finding(f"支委会 {there.size} 人，一般不超过 {usual.on(day)} 人", usual)


def joint(units: Sequence[str], day: date) -> Iterator[Finding]:
    most = rule("joint_units")
    if len(units) > most.on(day):
        yield Finding(f"联合设立的单位 {len(units)} 个，超过 {most.on(day)} 个", most)


def _committee_from(day: date) -> int:
    """From how many full members on a committee is due: what the obligation is bound by."""
    having = catalogue.current().obligations["committee-required"].having
    return having[0].at_least


def term_years(kind: str, own: int | None, day: date) -> int:
    """How many years a term lasts in an organisation; its own length, else that of its kind."""
    name = "term_years_branch" if kind in ("branch", "general_branch") else "term_years_committee"
    return own or rule(name).on(day)


@cache
def _rules(folder: Path) -> Mapping[str, Rule]:
    f = read(folder / "org_rules.yaml", "org_rules.yaml")
    found = {name: _rule(name, f.fields(name)) for name in list(f.data)}
    f.done()
    return found


def _rule(name: str, f: Fields) -> Rule:
    found = Rule(
        name=name,
        title=f.text("title"),
        demand=f.text("demand"),
        must=f.choice("level", ["must", "generally"]) == "must",
        confidence=f.choice("confidence", CONFIDENCE),
        basis=read_bases(f),
        values=tuple(
            (one.day("from"), Decimal(one.take("value", int))) for one in f.each("values")
        ),
    )
    f.done()
    return found
