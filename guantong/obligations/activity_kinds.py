"""The activities of kinds.yaml, read and checked: who holds a kind, what it asks beside day, place
and people, how it decides, how its hours are proposed. What a record says: `records.drafts`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from guantong.conditions.basis import CONFIDENCE, UNCERTAIN, Basis, read_basis
from guantong.conditions.evaluate import evaluate
from guantong.conditions.model import Condition, about, codes_of
from guantong.conditions.parse import CatalogueError, Problem
from guantong.conditions.yaml_file import Fields
from guantong.obligations import model as m

ROSTERS: Final = ("members", "posts", "pairs")
POSTS: Final = "posts"  # entitled to vote: who holds a post in the host
QUORUM: Final = "quorum"  # the field that is worked out: whether enough of those entitled came


class Sort(StrEnum):
    """What may be written into a field of a kind's own."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    CHOICE = "choice"
    PEOPLE = "people"
    PAIRS = "pairs"
    ORG = "org"
    YES_NO = "yes_no"


OF_PEOPLE: Final = frozenset({Sort.PEOPLE, Sort.PAIRS})


@dataclass(frozen=True)
class Own:
    """A field that only one kind has. `fact`: it is meant for figures, not for reading alone."""

    code: str
    title: str
    sort: Sort
    required: bool
    basis: Basis | None
    options: Mapping[str, str]
    fact: bool


@dataclass(frozen=True)
class Deciding:
    """`entitled`: a counting base, or POSTS. More than `quorum` of them must be there (`exactly`:
    or just as many), and more than `carried` of them, there or not, in favour. `fact`: rules may
    ask whether the quorum was reached."""

    entitled: str
    quorum: Fraction
    carried: Fraction
    basis: Basis
    exactly: bool = False
    fact: bool = False

    @property
    def switchable(self) -> bool:
        """Whether no text that was read says so: then the school may decide otherwise."""
        return self.basis.confidence in UNCERTAIN

    def quorate(self, came: int, of: int) -> bool | None:
        """None where nobody is known to be entitled."""
        share = self.quorum * of
        return (came >= share if self.exactly else came > share) if of else None

    def passed(self, in_favour: int, of: int) -> bool | None:
        return in_favour > self.carried * of if of else None


@dataclass(frozen=True)
class QuorumRule:
    """What a school may decide instead of a local practice. `share` None: nothing is judged."""

    title: str
    share: Fraction | None


@dataclass(frozen=True)
class ActivityKind:
    """`hours`: the unit by which hours are proposed; empty for a kind that is no study.
    `most_hours`: more in one record is looked at; 0 where the kind names no number."""

    code: str
    title: str
    hosts: tuple[str, ...]
    roster: str
    study: bool
    hours: str
    most_hours: int
    own: Mapping[str, Own]
    deciding: Deciding | None


def read_kinds(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, ActivityKind]:
    """All activities of a catalogue's kinds; raise CatalogueError with every problem found."""
    problems: list[Problem] = []
    found = {}
    for code, entry in kinds.get("activities", {}).items():
        try:
            found[code] = _kind(code, Fields(entry, f"kinds.yaml: activities.{code}"), kinds)
        except CatalogueError as error:
            problems.extend(error.problems)
    if problems:
        raise CatalogueError(*problems)
    return found


def read_quorums(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, QuorumRule]:
    """What may be decided on a page where a kind's own rule is local practice."""
    found = {}
    for code, entry in kinds.get("quorums", {}).items():
        f = Fields(entry, f"kinds.yaml: quorums.{code}")
        share = _fraction(f, "share") if f.has("share") else None
        found[code] = QuorumRule(f.text("title"), share)
        f.done()
    return found


def check_kinds(
    kinds: Mapping[str, Mapping[str, Any]], instruments: Collection[str]
) -> Iterator[Problem]:
    """What is wrong with the activities of a catalogue and with its units of study."""
    try:
        read = read_kinds(kinds)
        read_quorums(kinds)
        for code, entry in kinds.get("study_units", {}).items():
            _unit(Fields(entry, f"kinds.yaml: study_units.{code}"))
    except CatalogueError as error:
        yield from error.problems
        return
    for kind in read.values():
        bases = [("decides", kind.deciding.basis)] if kind.deciding else []
        bases += [(f"own.{one.code}", one.basis) for one in kind.own.values() if one.basis]
        for key, basis in bases:
            if basis.instrument not in instruments:
                at = f"kinds.yaml: activities.{kind.code}.{key}"
                yield Problem(at, f"regulations.yaml 里没有“{basis.instrument}”", "先登记该文件")


def check_own(
    own: m.Own, where: Condition, kinds: Mapping[str, ActivityKind], at: str
) -> Iterator[Problem]:
    """What is wrong with asking a field of the kinds that a condition lets pass."""
    asked = about(where, {"kind"})
    counted = [kind for kind in kinds.values() if evaluate(asked, {"kind": kind.code}) is True]
    for kind in counted:
        quorum = [QUORUM] if kind.deciding and kind.deciding.fact else []
        field = kind.own.get(own.field)
        if own.field not in quorum and (field is None or not field.fact):
            named = [*quorum, *(one.code for one in kind.own.values() if one.fact)]
            facts = "、".join(named) or "没有"
            yield Problem(
                at, f"“{kind.title}”没有标了 fact: true 的栏目“{own.field}”", f"可用：{facts}"
            )
            continue
        known = (field and field.options) or {"yes": "", "no": ""}
        for code in sorted(codes_of(own.where, "code") - known.keys()):
            yield Problem(at, f"栏目“{own.field}”没有“{code}”这一项", f"可用：{'、'.join(known)}")


def value_on(unit: Mapping[str, Any], day: date) -> Decimal:
    """What a unit of study is worth on a day: the latest value in force, else the first."""
    values = sorted(unit["values"], key=lambda one: one["from"])
    in_force = [one for one in values if one["from"] <= day] or values[:1]
    return Decimal(str(in_force[-1]["value"]))


def _kind(code: str, f: Fields, kinds: Mapping[str, Mapping[str, Any]]) -> ActivityKind:
    title, hosts = f.text("title"), f.names("hosts")
    study = f.take("study", bool)
    f.take("basis", dict)
    units = kinds.get("study_units", {})
    hours = f.text("hours", next(iter(units), "")) if study else ""
    if study and units and hours not in units:
        raise f.wrong("hours", f"study_units 里没有“{hours}”", f"可用：{'、'.join(units)}")
    if unknown := set(hosts) - kinds["orgs"].keys():
        raise f.wrong("hosts", f"orgs 里没有 {sorted(unknown)}")
    own = f.fields("own", {})
    kind = ActivityKind(
        code=code,
        title=title,
        hosts=hosts,
        roster=f.choice("roster", ROSTERS) if f.has("roster") else "members",
        study=study,
        hours=hours,
        most_hours=f.take("most_hours", int, default=0),
        own={name: _own(name, own.fields(name)) for name in list(own.data)},
        deciding=_deciding(f.fields("decides"), kinds["bases"]) if f.has("decides") else None,
    )
    f.done()
    if QUORUM in kind.own:
        raise f.wrong(f"own.{QUORUM}", "这个名称留给系统算出的法定人数", "换一个名称")
    paired = [one for one in kind.own.values() if one.sort is Sort.PAIRS]
    if (kind.roster == "pairs") != (len(paired) == 1):
        raise f.wrong("roster", "roster: pairs 与一个 pairs 类型的字段要一起用")
    return kind


def _own(code: str, f: Fields) -> Own:
    field = Own(
        code=code,
        title=f.text("title"),
        sort=Sort(f.choice("type", Sort)),
        required=f.take("required", bool, default=False),
        basis=read_basis(f.fields("basis")) if f.has("basis") else None,
        options=_options(f.fields("options", {})),
        fact=f.take("fact", bool, default=False),
    )
    f.done()
    if not code.isidentifier():
        raise f.wrong("", f"字段名“{code}”不是英文的一个词", "用小写英文和下划线")
    if field.required and (field.basis is None or field.basis.confidence in UNCERTAIN):
        raise f.wrong("required", "没有可靠依据的字段只能选填", "写上 basis，或去掉 required")
    if (field.sort is Sort.CHOICE) != bool(field.options):
        raise f.wrong("options", "choice 类型要写 options，别的类型不写")
    return field


def _options(f: Fields) -> dict[str, str]:
    return {str(code): f.text(code) for code in list(f.data)}


def _deciding(f: Fields, bases: Collection[str]) -> Deciding:
    found = Deciding(
        entitled=f.choice("entitled", [*bases, POSTS]),
        quorum=_share(f, "quorum"),
        carried=_share(f, "carried"),
        basis=read_basis(f.fields("basis")),
        fact=f.take("fact", bool, default=False),
    )
    f.done()
    if found.fact and (found.entitled == POSTS or found.switchable):
        raise f.wrong("fact", "只有按党员算、依据可靠的法定人数能作为事实", "去掉 fact")
    return found


def _share(f: Fields, key: str) -> Fraction:
    return _between(f, key, Fraction(f.number(key)))


def _fraction(f: Fields, key: str) -> Fraction:
    """Written as "2/3", which no decimal number is."""
    try:
        return _between(f, key, Fraction(f.text(key)))
    except (ValueError, ZeroDivisionError):
        raise f.wrong(key, "不是分数", "写成 2/3 的样子") from None


def _between(f: Fields, key: str, share: Fraction) -> Fraction:
    if not 0 < share < 1:
        raise f.wrong(key, f"{share} 不是 0 和 1 之间的比例", "过半写 0.5")
    return share


def _unit(f: Fields) -> None:
    f.text("title")
    f.text("what")
    for value in f.each("values"):
        value.day("from")
        if value.number("value") <= 0:
            raise value.wrong("value", "应大于 0")
        value.done()
    confidence = f.choice("confidence", CONFIDENCE)
    if confidence in UNCERTAIN and not f.take("switchable", bool, default=False):
        raise f.wrong("switchable", f"可信度 {confidence} 的数值必须可以改", "加 switchable: true")
    f.done()
