"""The left navigation as data: what there is, and what a role may open.

Not for access itself: every view asks `records.access` again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse


@dataclass(frozen=True)
class Item:
    """One entry. An empty permission means everybody; `on_phone`: also in the phone's bottom bar.

    The item is lit on every page below its own address: 组织 (`/orgs/`) on `/orgs/5/` too.
    """

    url_name: str
    label: str
    icon: str
    permission: str
    on_phone: bool = False


@dataclass(frozen=True)
class Link:
    """An item drawn for one request; `active` marks the section the page belongs to."""

    label: str
    icon: str
    url: str
    active: bool
    on_phone: bool


ITEMS: Final = (
    Item("week", "我的一周", "week", "", on_phone=True),
    Item("ledger", "台账", "ledger", "ledger.view", on_phone=True),
    Item("org-list", "组织", "org", "org.view"),
    Item("member-list", "党员", "member", "member.view", on_phone=True),
    Item("activity-list", "活动", "activity", "activity.view", on_phone=True),
    Item("cases", "流程", "process", "case.view"),
    Item("plan", "计划", "plan", "plan.view"),
    Item("import", "导入", "import", "import.activities"),
)


def section(path: str) -> str:
    """Return the address of the item that a page belongs to, empty for a page apart."""
    urls = [reverse(item.url_name) for item in ITEMS]
    return max((u for u in urls if path == u or (u != "/" and path.startswith(u))), default="")


def links(*, may: Callable[[str], bool], path: str) -> tuple[Link, ...]:
    """The items whose permission `may` grants; `path` is the address of the page being shown."""
    lit = section(path)
    return tuple(
        Link(
            label=item.label,
            icon=item.icon,
            url=(url := reverse(item.url_name)),
            active=url == lit,
            on_phone=item.on_phone,
        )
        for item in ITEMS
        if not item.permission or may(item.permission)
    )
