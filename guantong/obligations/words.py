"""Conditions in plain Chinese, for explanations and for the reference."""

from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

from guantong.conditions import model as c
from guantong.obligations import model as m
from guantong.obligations.activity_kinds import QUORUM
from guantong.obligations.run import plain

# Which group of kinds.yaml holds the words for a column's codes; `kind` depends on the table.
GROUPS = {
    "category": "categories",
    "org_category": "categories",
    "org_kind": "orgs",
    "status": "statuses",
    "post": "posts",
    "role": "roles",
    "name": "figures",
    "class": "documents",
    "process": "processes",
    "state": "states",
}
REACHED = c.Compare("code", c.Op.EQ, "yes")
COMPARED = {c.Op.EQ: "是", c.Op.NE: "不是", c.Op.GE: "不低于", c.Op.LE: "不超过"}


class Words:
    """The catalogue's words, for rows of one fact table; cases of one process, which names its
    own states.
    """

    def __init__(self, catalogue: m.Catalogue, table: str, process: str = "") -> None:
        self.catalogue, self.process = catalogue, process
        self.table = "activities" if table == "attendances" else table

    def field(self, name: str) -> str:
        return str(self.catalogue.kinds["fields"].get(name, name))

    def value(self, field: str, value: Any) -> str:
        match value:
            case None:
                return "（未填）"
            case bool():
                return "是" if value else "否"
            case date():
                return f"{value.year}年{value.month}月{value.day}日"
            case str():
                group = self.table if field == "kind" else GROUPS.get(field, "")
                code = f"{self.process}/{value}" if group == "states" else value
                return self.catalogue.label(group, code).removeprefix(f"{self.process}/")
            case _:
                return plain(value) if not isinstance(value, int) else str(value)

    def condition(self, condition: c.Condition) -> str:
        """Return what must hold, such as `类别是主题党日`."""
        match condition:
            case c.Compare(field, c.Op.EQ, bool() as wanted):
                return f"{'' if wanted else '不是'}{self.field(field)}"
            case c.Compare(field, op, value):
                return f"{self.field(field)}{COMPARED[op]}{self.value(field, value)}"
            case c.OneOf(field, values):
                return (
                    f"{self.field(field)}是{'、'.join(self.value(field, v) for v in values)}之一"
                )
            case c.Missing(field):
                return f"{self.field(field)}未填"
            case c.All(parts):
                return "，且".join(map(self.condition, parts)) or "不限"
            case c.Any(parts):
                return "，或".join(map(self.condition, parts))
            case c.Not(c.Missing(field)):
                return f"{self.field(field)}已填"
            case c.Not(part):
                return f"不符合“{self.condition(part)}”"
            case _:
                assert_never(condition)

    def own(self, own: m.Own) -> str:
        """What a field of an activity's kind must say, in the title and options of the first
        kind that has it."""
        if own.field == QUORUM and own.where == REACHED:
            return "到会达到法定人数"
        entries = self.catalogue.kinds["activities"].values()
        found: dict[str, Any] = next(
            (e["own"][own.field] for e in entries if own.field in e.get("own", {})), {}
        )
        titles = {"yes": "是", "no": "否", **found.get("options", {})}
        words = _OwnWords(self.catalogue, titles)
        return f"“{found.get('title', own.field)}”{words.condition(own.where)}"

    def lack(self, condition: c.Condition, row: Mapping[str, Any]) -> str:
        """Return why a row fails a condition: what it should be, and what it is."""
        match condition:
            case c.Compare("planned", c.Op.EQ, False):
                return "只是计划，尚未开展"
            case c.Compare(field, _, _) | c.OneOf(field, _) if field in row:
                is_now = self.value(field, row[field])
                return f"要求{self.condition(condition)}，记录为{is_now}"
            case _:
                return f"要求{self.condition(condition)}"


class _OwnWords(Words):
    """For the values of one field of a kind: `code` is one of its options."""

    def __init__(self, catalogue: m.Catalogue, titles: Mapping[str, str]) -> None:
        super().__init__(catalogue, "details")
        self.titles = titles

    def value(self, field: str, value: Any) -> str:
        if field == "code" and value in self.titles:
            return self.titles[value]
        return super().value(field, value)
