"""The day that a page is about, and by which tree: as it was then, or as it is now.

`?on=2022-09-01&tree=now`. The two go along in the links from page to page (`{% same_day %}`).
Not for the ledger's own question of what was known on a day: that is an assessment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from guantong.records import clock, days
from guantong.web.acting import DayField
from guantong.web.filters import Filter
from guantong.web.trees import Tree

NOW: Final = "now"
AS: Final = [("", "当时的"), (NOW, "现在的")]


class AsOfFilter(Filter):
    """A form above a list that can be asked about another day."""

    on = DayField(label="哪一天", required=False)
    tree = forms.ChoiceField(label="按哪时的隶属", required=False, choices=AS)
    narrow_nothing = Filter.narrow_nothing | {"on", "tree"}

    def clean_on(self) -> date | None:
        day: date | None = self.cleaned_data["on"]
        if day and day > clock.today():
            raise ValidationError("这一天还没到，显示的是今天的。")
        return day


@dataclass(frozen=True)
class AsOf:
    """A day, by its own tree or (`as_now`) by today's."""

    day: date
    today: date
    as_now: bool = False

    @classmethod
    def of(cls, request: HttpRequest, since: date | None = None) -> Self:
        """What the address asks for; nonsense and a day to come, which the form tells, are today.
        With `since` a day before it is nonsense too.
        """
        query, today = request.GET, clock.today()
        day = _read(query.get("on", "")) or today
        if not (since or days.FIRST) <= day <= today:
            day = today
        return cls(day, today, as_now=query.get("tree") == NOW and day != today)

    @property
    def past(self) -> bool:
        return self.day != self.today

    @cached_property
    def tree(self) -> Tree:
        if not self.past:
            return Tree()
        return Tree.now() if self.as_now else Tree.of(self.day)

    @property
    def query(self) -> Mapping[str, str]:
        """What the links of the page hand on."""
        if not self.past:
            return {}
        return {"on": self.day.isoformat(), **({"tree": NOW} if self.as_now else {})}

    @property
    def says(self) -> str:
        """What a page about organisations shows, in words."""
        if not self.past:
            return f"{self.day} 的组织和人数"
        if self.as_now:
            now = f"{self.day} 当天的人数，按现在（{self.today}）的组织和隶属"
            return f"{now}；撤销的计入承接的组织，没有承接的不计"
        return f"{self.day} 当天的组织和人数"

    @property
    def says_ledger(self) -> str:
        """What a page with figures of the ledger shows, in words."""
        tree = "现在的隶属，撤销的计入承接的组织" if self.as_now else "当天的隶属"
        return f"截至 {self.day} 的台账：此后的记录不计入；各组织按{tree}汇总。"


def _read(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return None if days.odd(day) else day
