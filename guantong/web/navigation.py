"""The left navigation as data: what there is, and what a role may open.

Not for access itself: every view asks `records.access` again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse


@dataclass(frozen=True)
class Item:
    """One entry: `org-list` is lit on `org-detail` too.

    An empty permission means everybody; `on_phone` puts it in the phone's bottom bar.
    """

    url_name: str
    label: str
    icon: str
    permission: str
    on_phone: bool = False

    @property
    def section(self) -> str:
        return self.url_name.removesuffix("-list")

    def covers(self, url_name: str) -> bool:
        return url_name == self.section or url_name.startswith(f"{self.section}-")


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
    Item("plan", "计划", "plan", "plan.view"),
    Item("import", "导入", "import", "import.activities"),
)


def links(*, may: Callable[[str], bool], url_name: str) -> tuple[Link, ...]:
    """The items whose permission `may` grants; `url_name` is the page being shown."""
    return tuple(
        Link(
            label=item.label,
            icon=item.icon,
            url=reverse(item.url_name),
            active=item.covers(url_name),
            on_phone=item.on_phone,
        )
        for item in ITEMS
        if not item.permission or may(item.permission)
    )
