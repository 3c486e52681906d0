"""Decides what each row of a sheet of organisations would do: a new one, a change, or a problem.

A sheet shows how things were on a day (`as_of`), from which names and places change. An
organisation is known by its code, or by its name below the one above; a row may hang below
another row. Nothing is ended by a sheet.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from guantong.records import catalogue, days, org_rules
from guantong.records.imports.decisions import Decision, Difference, ForOrg, Unfit, unfit
from guantong.records.imports.orgs import OrgBook, plain
from guantong.records.imports.rows import ORGS, STUCK, OrgRow, Outcome
from guantong.records.models import Org, OrgName, OrgParent, User
from guantong.records.models.batch import PERMISSIONS
from guantong.records.rosters import BRANCH

LABELS = {field.name: str(field.verbose_name) for field in Org._meta.concrete_fields}
LABELS |= {"parent": "上级党组织"}
LONGEST_SHORT = 60  # characters of `Org.short_name`
WRITTEN = ("name", "short_name", "kind", "category", "external_code", "units")
AS_CODE = {"kind": "orgs", "category": "categories"}


def decide(
    rows: Sequence[OrgRow], *, by: User | None, as_of: date, left_out: Collection[str] = ()
) -> Iterator[Decision]:
    """One decision a row, in order, then one for each organisation that hangs beside those in the
    file and is not in it.
    """
    desk = _Desk(rows, by, as_of, left_out)
    for row in rows:
        yield desk.decided(row)
    yield from desk.missing()


@dataclass(frozen=True)
class _Place:
    """An organisation on record, or (`org` unsaved) one that the row of a line founds below
    `above`.

    `root`: the one on record that it hangs below, or itself.
    """

    org: Org
    root: int
    line: int | None = None
    above: "_Place | None" = None

    @property
    def key(self) -> int | str:
        return self.org.pk or plain(self.org.name)


class _Desk:
    """The tree on record, and what the rows before came to."""

    def __init__(
        self, rows: Sequence[OrgRow], by: User | None, as_of: date, left_out: Collection[str]
    ) -> None:
        self.as_of, self.left_out = as_of, left_out
        self.orgs = OrgBook(by, PERMISSIONS[ORGS])
        spans = OrgParent.objects.filter(valid_to=None)
        self.hung = {span.org_id: span for span in spans}
        self.named_since = dict(
            OrgName.objects.order_by("valid_to").values_list("org", "valid_to")
        )
        codes = Org.objects.exclude(external_code=None).values_list("external_code", "pk")
        self.by_code: dict[str | None, int] = dict(codes)
        self.rows = {plain(row.name): row for row in reversed(rows)}
        self.called = Counter(plain(row.name) for row in rows)
        self.times = Counter(row.external_code for row in rows if row.external_code)
        self.new: dict[int, _Place | Unfit | None] = {}  # by line; None while it is being decided
        self.beside: dict[tuple[int | str, str], Org] = {}  # by parent and name
        for span in spans:
            if org := self.orgs.by_id.get(span.org_id):
                self._stands(org, span.parent_id)
        self.meant: dict[int, int] = {}  # organisation to line
        self.above: set[int] = set()
        self.unsure: set[str] = set()

    def decided(self, row: OrgRow) -> Decision:
        shown = _shown(row)
        try:
            if row.problems:
                raise Unfit(*row.problems)
            known = self._known(row)
        except Unfit as found:
            return self._stuck(row, Outcome.PROBLEM, shown, found)
        try:
            return self._changed(row, known, shown) if known else self._founded(row, shown)
        except Unfit as found:
            return self._stuck(row, Outcome.CONFLICT if known else Outcome.PROBLEM, shown, found)

    def _stuck(
        self, row: OrgRow, outcome: Outcome, shown: dict[str, str], found: Unfit
    ) -> Decision:
        assert outcome in STUCK
        self.unsure.add(plain(row.name))
        return Decision(row.line, outcome, shown, found.problems)

    # Which one is meant

    def _known(self, row: OrgRow) -> Org | None:
        pk = self.by_code.get(row.external_code) if row.external_code else None
        if pk and pk not in self.orgs.by_id:
            raise unfit("external_code", "这个代码是您无权调整的党组织的", "请核对组织代码")
        known = self.orgs.by_id[pk] if pk else self._by_name(row)
        if known and known.pk in self.meant:
            line = self.meant[known.pk]
            raise unfit("", f"与第 {line} 行是同一个党组织", "请删去或排除其中一行")
        if row.external_code and self.times[row.external_code] > 1:
            raise unfit("external_code", "表中有几行是这个代码", "请核对组织代码")
        if known:
            self.meant[known.pk] = row.line
        return known

    def _by_name(self, row: OrgRow) -> Org | None:
        """With a code of its own, one of another code is another one."""
        there = [
            org
            for org in self.orgs.called(row.name)
            if org.valid_to is None and not (row.external_code and org.external_code)
        ]
        if row.parent:
            above = {org.pk for org in self.orgs.called(row.parent)}
            there = [one for one in there if self._parent_of(one) in above]
        if len(there) > 1:
            what = f"叫“{row.name}”的有 {len(there)} 个"
            raise unfit("name", what, "请写上级党组织或组织代码")
        return there[0] if there else None

    def _parent_of(self, org: Org) -> int | None:
        span = self.hung.get(org.pk)
        return span.parent_id if span else None

    def _hangs_below(self, row: OrgRow, on: date) -> _Place:
        """The one above, on record or founded by another row of the file."""
        there = self.rows.get(plain(row.parent))
        if self.orgs.called(row.parent) or there is None:
            found = self.orgs.find(row.parent, on, field="parent")
            self.above.add(found.pk)
            return _Place(found, found.pk)
        if self.called[plain(row.parent)] > 1:
            raise unfit("parent", f"表中有几行叫“{row.parent}”", "请写不会混淆的全称")
        founded = self._new(there)
        if founded is None:
            raise unfit("parent", "上级又隶属于这一行", "请核对上级党组织")
        if isinstance(founded, Unfit):
            raise unfit("parent", f"上级在第 {there.line} 行，那一行有问题", "请先改好那一行")
        return founded

    # A new one

    def _founded(self, row: OrgRow, shown: dict[str, str]) -> Decision:
        found = self._new(row)
        if isinstance(found, Unfit):
            raise found
        if found is None or found.above is None:
            raise unfit("parent", "上级又隶属于这一行", "请核对上级党组织")
        fields = {name: getattr(found.org, name) for name in WRITTEN}
        above = found.above
        work = ForOrg(None, found.org.valid_from, fields, above.org.pk, above.line)
        return Decision(
            row.line, Outcome.NEW, {**shown, "valid_from": str(work.on)},
            differences=self._doubts(row), work=work, org_ids=frozenset({found.root}),
        )  # fmt: skip

    def _new(self, row: OrgRow) -> _Place | Unfit | None:
        """What a row founds; why it cannot; None in a circle."""
        if row.line not in self.new:
            self.new[row.line] = None
            try:
                self.new[row.line] = self._planted(row)
            except Unfit as found:
                self.new[row.line] = found
        return self.new[row.line]

    def _planted(self, row: OrgRow) -> _Place:
        on, short = row.valid_from or self.as_of, row.short_name or row.name
        if row.problems:
            raise Unfit(*row.problems)
        if not row.kind:
            raise unfit("kind", "系统里没有这个党组织，要新建但没有写类别", "请写类别")
        if not row.parent:
            raise unfit("parent", "系统里没有这个党组织，要新建但没有写上级", "请写上级党组织")
        if row.kind == BRANCH and not row.category:
            raise unfit("category", "要新建党支部但没有写支部类别", "请写支部类别")
        if reason := days.not_come(on):
            raise unfit("valid_from", reason.rstrip("。"), "请核对成立日期")
        if len(short) > LONGEST_SHORT:
            raise unfit("short_name", f"名称超过 {LONGEST_SHORT} 字，要有简称", "请写简称")
        _require_branch(row, row.kind)
        above = self._hangs_below(row, on)
        if reason := org_rules.misplaced(row.kind, above.org, on):
            raise unfit("parent", reason.rstrip("。"), "请核对类别、上级和日期")
        self._require_unlike(row.name, above, "name")
        founded = Org(
            name=row.name, short_name=short, kind=row.kind, category=row.category or None,
            external_code=row.external_code or None, valid_from=on, units=_units(row),
        )  # fmt: skip
        self._stands(founded, above.key)
        return _Place(founded, above.root, row.line, above)

    def _stands(self, org: Org, above: int | str) -> None:
        for name in (org.name, org.short_name):
            self.beside[above, self.orgs.bare(name)] = org

    def _require_unlike(
        self, name: str, above: _Place, field: str, org: Org | None = None
    ) -> None:
        """No other one of the name hangs there, whatever official full names add."""
        there = self.beside.get((above.key, self.orgs.bare(name)))
        if there is not None and there is not org:
            code = f"，代码是 {there.external_code}" if there.external_code else ""
            what = f"“{above.org.short_name}”下已有“{name}”{code}"
            raise unfit(field, what, "是同一个的请改正代码，不是的请换个名称，或排除这一行")

    def _doubts(self, row: OrgRow) -> tuple[Difference, ...]:
        """Of the same name elsewhere: perhaps it has only moved."""
        for org in self.orgs.called(row.name):
            if org.valid_to is None and org.name == row.name:
                above = self.orgs.by_id.get(self._parent_of(org) or 0)
                where = f"“{above.short_name}”下" if above else "别处"
                told = "同一个的请写组织代码，或在组织页调整隶属"
                return (Difference("请核对", f"{where}已有同名党组织", told),)
        return ()

    # One on record

    def _changed(self, row: OrgRow, org: Org, shown: dict[str, str]) -> Decision:
        span = self.hung.get(org.pk)
        if span:
            self.above.add(span.parent_id)
        self._contradicted(row, org)
        fields = dict(self._fields_that_differ(row, org))
        above = self._new_place(row, org, span)
        at = self.orgs.by_id.get(span.parent_id) if span else None
        if "name" in fields and (hung := above or (at and _Place(at, at.pk))):
            self._require_unlike(fields["name"], hung, "name", org)
        differences = [
            Difference(LABELS[name], _words(name, getattr(org, name)), _words(name, value), name)
            for name, value in fields.items()
        ]
        if above is not None:
            was = self.orgs.by_id.get(span.parent_id) if span else None
            after = f"{above.org.short_name}（自 {self.as_of} 起）"
            differences.append(
                Difference(LABELS["parent"], was.short_name if was else "别处", after, "parent")
            )
        if not differences:
            return Decision(row.line, Outcome.SAME, shown, meant=org.pk)
        place = (above.org.pk, above.line) if above else (None, None)
        work = ForOrg(org.pk, self.as_of, fields, *place)
        return Decision(
            row.line, Outcome.CHANGED, shown, differences=tuple(differences), work=work,
            org_ids=frozenset({org.pk, *([above.root] if above else [])}), meant=org.pk,
        )  # fmt: skip

    def _contradicted(self, row: OrgRow, org: Org) -> None:
        """What a sheet does not change: raise Unfit."""
        for name in ("kind", "category"):
            given, kept = getattr(row, name), getattr(org, name)
            if given and kept and given != kept:
                what = f"系统中是{_words(name, kept)}"
                raise unfit(name, what, "它决定适用的责任，不能改；性质变了的请撤销后新建")
        if row.valid_from and row.valid_from != org.valid_from:
            what = f"系统中的成立日期是 {org.valid_from}"
            raise unfit("valid_from", what, "请核对；不想比的，在“调整列对应”里选不读这一列")
        _require_branch(row, org.kind)

    def _fields_that_differ(self, row: OrgRow, org: Org) -> Iterator[tuple[str, Any]]:
        """A name only where the code says who it is: official names add this and that."""
        given = {
            "short_name": row.short_name,
            "category": row.category,
            "external_code": row.external_code,
            "units": _units(row),
        }
        if row.external_code and row.external_code == org.external_code:
            given["name"] = (
                row.name if self.orgs.bare(row.name) != self.orgs.bare(org.name) else ""
            )
        for name, value in given.items():
            if value and value != getattr(org, name) and name not in self.left_out:
                since = self.named_since.get(org.pk) or org.valid_from
                if name in ("name", "short_name") and self.as_of < since:
                    what = f"现在的名称从 {since} 起使用，表格日期 {self.as_of} 更早"
                    raise unfit(name, what, "请改表格日期，或在组织页更名")
                yield name, value

    def _new_place(self, row: OrgRow, org: Org, span: OrgParent | None) -> _Place | None:
        """Where it is to hang from now on; None: where it hangs."""
        if not row.parent or "parent" in self.left_out:
            return None
        if span is None:
            raise unfit("parent", "这是最上级的党组织", "请空着上级党组织")
        above = self._hangs_below(row, self.as_of)
        if above.key == span.parent_id:
            return None
        if self.orgs.by_id[above.root].path.startswith(org.path):
            raise unfit("parent", "上级是它自己或它的下级", "请核对上级党组织")
        if self.as_of < span.valid_from:
            what = f"现在的隶属关系从 {span.valid_from} 开始，表格日期 {self.as_of} 更早"
            raise unfit("parent", what, "请改表格日期，或在组织页调整")
        if reason := org_rules.misplaced(org.kind, above.org, self.as_of):
            raise unfit("parent", reason.rstrip("。"), "请核对上级党组织")
        self._require_unlike(org.name, above, "parent", org)
        return above

    # What the file does not have

    def missing(self) -> Iterator[Decision]:
        """Those that hang below the same ones as the file's. Nothing is done about them."""
        there = [
            org
            for org in self.orgs.by_id.values()
            if self._parent_of(org) in self.above
            and org.pk not in self.meant.keys() | self.above
            and org.exists_on(self.as_of)
            and plain(org.name) not in self.unsure
        ]
        for org in sorted(there, key=lambda one: (one.path, one.sort_key)):
            above = self.orgs.by_id.get(self._parent_of(org) or 0)
            shown = {
                "name": org.name,
                "kind": _words("kind", org.kind),
                "parent": above.short_name if above else "",
                "valid_from": str(org.valid_from),
            }
            yield Decision(None, Outcome.MISSING, shown, meant=org.pk)


def _require_branch(row: OrgRow, kind: str) -> None:
    for name in ("category", "units"):
        if getattr(row, name) and kind != BRANCH:
            raise unfit(name, f"只有党支部写{LABELS[name]}", "请空着，或核对类别")


def _units(row: OrgRow) -> str:
    """One a line, as the record keeps them."""
    parts = row.units.replace("、", "\n").replace("；", "\n").replace(";", "\n").splitlines()
    return "\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _words(name: str, value: str | None) -> str:
    if not value:
        return "（空）"
    if name in AS_CODE:
        return catalogue.current().label(AS_CODE[name], value)
    return value.replace("\n", "、")


def _shown(row: OrgRow) -> dict[str, str]:
    shown = {
        "name": row.name,
        "parent": row.parent,
        "short_name": row.short_name,
        "external_code": row.external_code,
        "valid_from": str(row.valid_from or ""),
        "units": row.units.replace("\n", "、"),
        **{name: _words(name, getattr(row, name)) for name in AS_CODE if getattr(row, name)},
    }
    return {name: text for name, text in shown.items() if text}
