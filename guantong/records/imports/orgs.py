"""Finding organisations by what a spreadsheet calls them, within what the user may import into."""

import re
import unicodedata
from collections import defaultdict
from datetime import date
from difflib import get_close_matches

from guantong.records import access
from guantong.records.imports.decisions import Unfit, unfit
from guantong.records.models import Org, School, User

SHOWN = 3
MOST_LOOKED_FOR = 50  # names: a wrong column would be compared row by row


class OrgBook:
    """Every organisation in reach, by its names. Reads the database once."""

    def __init__(self, by: User | None, permission: str) -> None:
        found = Org.objects.all() if by is None else access.orgs(by, permission)
        self.by_id = {org.pk: org for org in found}
        self._school = School.objects.values_list("name", flat=True).first() or ""
        self._named: dict[str, dict[int, Org]] = defaultdict(dict)
        for org in self.by_id.values():
            for name in (org.name, org.short_name):
                self._named[plain(name)][org.pk] = org
                self._named[self.bare(name)].setdefault(org.pk, org)
        self._near: dict[str, list[str]] = {}

    def find(self, name: str, on: date, *, field: str) -> Org:
        """Return the one that was called so and existed on the day; raise Unfit."""
        found = self.called(name)
        there = [org for org in found if org.exists_on(on)]
        if len(there) == 1:
            return there[0]
        if there:
            titles = "、".join(sorted(org.name for org in there)[:SHOWN])
            raise unfit(field, f"“{name}”有 {len(there)} 个：{titles}", "请写全称")
        if found:
            raise unfit(field, f"“{name}”在 {on} 不存在", "请核对日期，或改为当时的党组织")
        raise self._unknown(name, field)

    def of_row(self, name: str, on: date | None) -> Org | Unfit:
        """The organisation of a row, or why there is none; that a day lacks is told already."""
        if on is None:
            return Unfit()
        try:
            return self.find(name, on, field="org")
        except Unfit as found:
            return found

    def called(self, name: str) -> list[Org]:
        """All that are or were called so, whatever official full names add."""
        found = self._named.get(plain(name)) or self._named.get(self.bare(name)) or {}
        return list(found.values())

    def _unknown(self, name: str, field: str) -> Unfit:
        if name not in self._near and len(self._near) < MOST_LOOKED_FOR:
            self._near[name] = self._nearest(name)
        near = self._near.get(name)
        remedy = f"最接近的有：{'、'.join(near)}" if near else "请写系统中的全称或简称"
        return unfit(field, f"您可导入的范围内没有“{name}”", remedy)

    def _nearest(self, name: str) -> list[str]:
        keys = get_close_matches(self.bare(name), self._named, n=SHOWN * 2, cutoff=0.5)
        orgs = {pk: org for key in keys for pk, org in self._named[key].items()}
        return [org.short_name for org in orgs.values()][:SHOWN]

    def bare(self, name: str) -> str:
        """Without what official full names add: 中共, the school's name, 委员会 of a branch."""
        bare = plain(name).removeprefix("中共").removeprefix(plain(self._school))
        bare = re.sub(r"(?<!党)(总?)支部", r"党\1支部", bare)
        return re.sub(r"支部委员会$", "支部", bare) or plain(name)


def plain(name: str) -> str:
    """Half-width and without blanks, as `sheets` hands names over."""
    return "".join(unicodedata.normalize("NFKC", name).split())
