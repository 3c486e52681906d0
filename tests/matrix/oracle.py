"""Who may do what where, written down a second time: what the pages are held against.

Nothing here asks `records.access` or the catalogue. Somebody who changes roles.yaml changes it
here too, knowing it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The tree, each place with what it hangs below: two colleges, in one of them a general branch
# with branches of its own, and a group below a branch.
TREE: Final[Mapping[str, str]] = {
    "school": "",
    "college": "school",
    "general": "college",
    "leaf": "general",
    "branch": "college",
    "group": "branch",
    "sibling": "college",
    "other college": "school",
    "other branch": "other college",
}
BRANCHES: Final = ("leaf", "branch", "sibling", "other branch")


@dataclass(frozen=True)
class Reader:
    """An account: its role and where it is held; the branch its owner belongs to.

    `formerly`: where it held a role until yesterday. `closed`: it cannot sign in.
    """

    name: str
    role: str = ""
    place: str = ""
    member_of: str = ""
    formerly: tuple[str, ...] = ()
    closed: bool = False

    @property
    def own(self) -> str:
        """What is held about its owner hangs below the branch, as a place of its own."""
        return f"{self.name} self" if self.member_of else ""


READERS: Final = (
    Reader("office", "office", "school"),
    Reader("officer", "officer", "college", "branch"),
    Reader("general officer", "officer", "general", "leaf"),
    Reader("secretary", "secretary", "branch", "branch"),
    Reader("inspector", "inspector", "college"),
    Reader("member", member_of="branch"),
    Reader("outsider", "secretary", "other branch", "other branch"),
    Reader("former", member_of="other branch", formerly=("branch", "college")),
    Reader("admin", "admin"),
    Reader("stranger"),
    Reader("disabled", "office", "school", closed=True),
    Reader("anonymous", closed=True),
)
SELVES: Final = {reader.own: reader.member_of for reader in READERS if reader.own}

# Who holds a permission, at the place of the role and everywhere below it.
MAY: Final[Mapping[str, str]] = {
    "activity.record": "office officer secretary",
    "activity.verify": "office officer",
    "activity.view": "office officer secretary inspector",
    "budget.edit": "office officer secretary",
    "budget.view": "office officer secretary inspector",
    "case.call": "office officer",
    "case.handle": "office officer secretary",
    "case.inspect": "inspector",
    "case.view": "office officer secretary inspector",
    "dues.record": "office officer secretary",
    "dues.relieve": "office officer",
    "dues.view": "office officer secretary",
    "event.view": "office officer",
    "import.activities": "office officer secretary",
    "import.roll": "office officer",
    "issuer.trust": "office",
    "ledger.keep": "office",
    "ledger.view": "office officer secretary inspector",
    "member.edit": "office officer secretary",
    "member.merge": "office officer",
    "member.reconcile": "office officer",
    "member.restricted": "office officer",
    "member.sealed": "office officer",
    "member.view": "office officer secretary inspector",
    "org.edit": "office officer",
    "org.view": "office officer secretary inspector",
    "paper.template": "office officer",
    "plan.load": "office",
    "plan.switch": "office",
    "plan.view": "office officer secretary inspector",
    "post.edit": "office officer",
    "reading.decide": "office",
}


def parent(place: str) -> str:
    return SELVES.get(place) or TREE[place]


def up(place: str) -> tuple[str, ...]:
    return (place, *above(place)) if place else ()


def above(place: str) -> tuple[str, ...]:
    """All that a place hangs below, the nearest first."""
    up = parent(place)
    return (up, *above(up)) if up else ()


def may(reader: Reader, needed: str, place: str) -> bool:
    """Whether one of the permissions named reaches a place. No place: anywhere at all.

    "~permission": what is one's own counts too. "=permission": as much, and what is one's own
    branch's. "*permission": only for the whole school. "^permission": of others, not of oneself.
    ">permission": one that is held below counts too.

    "self": who is on the roll. "member": who belongs to the place or to what is below it.
    "keeps": its secretary. "handles": who handles the cases there; "superior": and stands above;
    "near": and may know of those that are restricted. Nothing: everybody who is signed in.
    """
    if reader.closed or not needed:
        return not reader.closed
    return any(_may(reader, one, place) for one in needed.split())


def _may(reader: Reader, needed: str, place: str) -> bool:
    match needed:
        case "nobody":
            return False
        case "self":
            return bool(reader.own)
        case "member":
            return bool(reader.own) and (not place or place in up(reader.own))
        case "keeps":
            return reader.role == "secretary" and place in ("", reader.place)
        case "handles":
            return handles(reader, place)
        case "superior":
            return handles(reader, place) and reader.role != "secretary"
        case "near":
            org = SELVES.get(place, place)
            closely = reader.place in (org, *superiors(org)) and handles(reader, place)
            return closely or place == reader.own
    permission = needed.lstrip("~=*^>")
    if needed.startswith("^") and place == reader.own:
        return False
    held = reader.role in MAY[permission].split() if reader.role else False
    if needed.startswith("*"):
        return held and reader.place == "school"
    if held and (not place or reader.place in (place, *above(place))):
        return True
    if needed.startswith(">"):
        return held and place in above(reader.place)
    own = {reader.own, "", *([reader.member_of] if needed.startswith("=") else [])}
    return needed.startswith(("~", "=")) and bool(reader.own) and place in own


def handles(reader: Reader, place: str) -> bool:
    """The secretary where a case lies, an officer above, the office everywhere; nobody in what is
    about himself."""
    if not place:
        return reader.role in MAY["case.handle"].split()
    if place == reader.own:
        return False
    match reader.role:
        case "secretary":
            return reader.place == SELVES.get(place, place)
        case "officer":
            return reader.place in superiors(SELVES.get(place, place))
        case role:
            return role == "office"


def superiors(org: str) -> tuple[str, ...]:
    """The one directly above; past a general branch, which approves nothing, the next one too."""
    return above(org)[: 2 if parent(org) == "general" else 1]


def position(reader: Reader, place: str) -> str:
    """Where a place lies, seen from the reader."""
    if not reader.place:
        near = {reader.own: "self", reader.member_of: "own branch"}
        return near.get(place, "former" if place in reader.formerly else "unrelated")
    if place in (reader.place, reader.own):
        return "own" if place == reader.place else "self"
    if reader.place in above(place):
        return "child" if parent(place) == reader.place else "descendant"
    if place in above(reader.place):
        return "parent" if place == parent(reader.place) else "ancestor"
    return "sibling" if parent(place) == parent(reader.place) else "unrelated"
