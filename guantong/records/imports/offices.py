"""Decides what each row of a sheet of posts would do: an appointment, a change, or a problem.

Who holds the post already is known by person, organisation and post. What a rule excludes is a
problem here as it is on the page (`qualification`). Nobody is released because a sheet is silent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from guantong.records import catalogue, clock, days, qualification
from guantong.records.access import Refused
from guantong.records.imports.decisions import Decision, Difference, ForPost, Unfit, unfit
from guantong.records.imports.orgs import OrgBook
from guantong.records.imports.people import Known, Roll, in_chunks
from guantong.records.imports.rows import POSTS, Outcome, PostRow, RollRow
from guantong.records.models import Org, Post, User
from guantong.records.models.batch import PERMISSIONS
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.qualification import Candidate, Evidence

PERMISSION = PERMISSIONS[POSTS]
LABELS = {field.name: str(field.verbose_name) for field in Post._meta.concrete_fields}
LABELS |= {"valid_to": "免职日期"}
FLAGS = {"yes": True, "no": False}
STATED = ("full_time", "double_leader", "qualified_as", "evidence", "evidence_on")
"""What a sheet may say of a post that is held, beside its end."""


def decide(
    rows: Sequence[PostRow], *, by: User | None, as_of: date, left_out: Collection[str] = ()
) -> Iterator[Decision]:
    """One decision a row, in order, then one for each holder of a post on the day, in the
    organisations of the file, of whom no row tells. Posts that rows end are vacant for the others.
    """
    desk = _Desk(rows, by, as_of, left_out)
    ending_first = sorted(rows, key=lambda row: (row.valid_to is None, row.line))
    found = {row.line: desk.decided(row) for row in ending_first}
    for row in rows:
        yield found[row.line]
    yield from desk.missing()


class _Desk:
    """The posts on record in the organisations of the rows, and what the rows came to."""

    def __init__(
        self, rows: Sequence[PostRow], by: User | None, as_of: date, left_out: Collection[str]
    ) -> None:
        self.by, self.as_of, self.left_out = by, as_of, left_out
        self.orgs = OrgBook(by, PERMISSION)
        asked = [RollRow(line=row.line, name=row.name, number=row.number) for row in rows]
        self.roll = Roll(asked, by, PERMISSION)
        self.paths = dict(Org.objects.values_list("pk", "path"))
        self.place = {row.line: self.orgs.of_row(row.org, row.valid_from) for row in rows}
        self.held: dict[tuple[int, str], list[Post]] = defaultdict(list)
        ids = {org.pk for org in self.place.values() if isinstance(org, Org)}
        posts = Post.objects.select_related("person", "org").order_by("valid_from", "pk")
        for post in in_chunks(posts, "org", ids):
            self.held[post.org_id, post.post].append(post)
        self.lines: dict[int, int] = {}  # id() of a post that a row means: its line
        self.unsure: set[str] = set()

    def decided(self, row: PostRow) -> Decision:
        shown, org = _shown(row), self.place[row.line]
        try:
            if row.problems or isinstance(org, Unfit):
                raise Unfit(*row.problems, *(org.problems if isinstance(org, Unfit) else ()))
            known = self._person(row, org)
        except Unfit as found:
            self.unsure.add(row.name)
            return Decision(row.line, Outcome.PROBLEM, shown, found.problems)
        try:
            held = self._held(row, org, known)
            return self._described(row, held, shown) if held else self._new(row, org, known, shown)
        except Unfit as found:
            return Decision(
                row.line, Outcome.CONFLICT, shown, found.problems, meant=known.person.pk
            )

    def _person(self, row: PostRow, org: Org) -> Known:
        """Who is meant: by number, else of that name, first below the organisation."""
        day = row.valid_from or self.as_of
        found = self.roll.called(row.name, row.number)
        here = [one for one in found if self._is_below(one, org, day)] or found
        if len(here) == 1:
            if self.by is not None and self.by.person_id == here[0].person.pk:
                raise unfit("name", "本人的任免要由别人办理", "请排除这一行")
            return here[0]
        if here:
            raise unfit("name", f"有 {len(here)} 名“{row.name}”", "请写学工号")
        who = f"“{row.name}”（{row.number}）" if row.number else f"“{row.name}”"
        raise unfit("name", f"您可任免的范围内没有{who}", "请核对；新来的人先登记到名册")

    def _is_below(self, known: Known, org: Org, day: date) -> bool:
        span = known.span_on(day)
        return span is not None and self.paths[span.org_id].startswith(org.path)

    def _held(self, row: PostRow, org: Org, known: Known) -> Post | None:
        """The post on record that the row tells of: begun that day, else lasting on it."""
        own = [one for one in self.held[org.pk, row.post] if one.person_id == known.person.pk]
        assert row.valid_from is not None
        same = [one for one in own if one.valid_from == row.valid_from]
        held = next(iter(same or [one for one in own if one.covers(row.valid_from)]), None)
        if held and (line := self.lines.get(id(held))):
            raise unfit("", f"与第 {line} 行是同一个任职", "请删去或排除其中一行")
        return held

    # One that is held

    def _described(self, row: PostRow, held: Post, shown: dict[str, str]) -> Decision:
        self.lines[id(held)] = row.line
        if held.valid_from != row.valid_from:
            what = f"系统中自 {held.valid_from} 起任职"
            raise unfit("valid_from", what, "请核对；登记有误的在组织页更正")
        if row.acting and FLAGS[row.acting] != held.acting:
            raise unfit("acting", f"系统中是{_words('acting', held.acting)}代理", "请核对")
        stated = {name: value for name, value in self._stated(row, held).items()
                  if value != getattr(held, name) and name not in self.left_out}  # fmt: skip
        if row.valid_to and row.valid_to != held.valid_to and "valid_to" not in self.left_out:
            if held.valid_to:
                raise unfit("valid_to", f"系统中已于 {held.valid_to} 免职", "请核对")
            stated["valid_to"] = row.valid_to
            self._check_days(row)
        differences = [
            Difference(LABELS[name], _words(name, getattr(held, name)), _words(name, value), name)
            for name, value in stated.items()
        ]
        for name, value in stated.items():  # for the rows that follow
            setattr(held, name, value)
        return Decision(
            row.line, Outcome.CHANGED if stated else Outcome.SAME, shown,
            differences=tuple(differences), work=ForPost(held.pk, stated) if stated else None,
            org_ids=frozenset({held.org_id}) if stated else frozenset(), meant=held.person_id,
        )  # fmt: skip

    def _stated(self, row: PostRow, held: Post) -> dict[str, Any]:
        """What the row says, and what that makes of the rest."""
        shown = Evidence(
            row.qualified_as or held.qualified_as,
            row.evidence or held.evidence,
            row.evidence_on or held.evidence_on,
        )
        found: dict[str, Any] = {
            name: FLAGS[getattr(row, name)]
            for name in ("full_time", "double_leader")
            if getattr(row, name)
        }
        if row.qualified_as or row.evidence or row.evidence_on:
            found |= _checked(shown, held.org, self.as_of)
            leads = shown.leads(found.get("double_leader", held.double_leader))
            found["double_leader"] = leads
        return found

    # A new one

    def _new(self, row: PostRow, org: Org, known: Known, shown: dict[str, str]) -> Decision:
        assert row.valid_from is not None
        self._check_days(row)
        span = known.span_on(row.valid_from)
        if span is None or span.status not in MEMBER_STATUSES:
            what = f"{row.name}在 {row.valid_from} 没有组织关系或还不是党员，不能任职"
            raise unfit("valid_from", what, "请核对任职日期，或先登记到名册")
        if told := qualification.misplaced(row.post, org, row.valid_from):
            raise unfit("post", told, "请核对职务和党组织")
        evidence = Evidence(row.qualified_as, row.evidence, row.evidence_on)
        candidate = Candidate(
            known.person, org, row.post, row.valid_from, row.qualified_as, span.status
        )
        if told := qualification.excluded(candidate):
            raise unfit("name", f"不能任职：{told}", "请核对职务和转正时间")
        acting = FLAGS.get(row.acting, False)
        meanwhile = [
            one
            for one in self.held[org.pk, row.post]
            if (one.valid_to is None or one.valid_to > row.valid_from)
            and (row.valid_to is None or one.valid_from < row.valid_to)
        ]
        if reason := qualification.taken(known.person.pk, meanwhile, acting=acting):
            what, _, remedy = reason.rstrip("。").rpartition("，")
            raise unfit("post", what, remedy)
        fields = {
            "person_id": known.person.pk, "org_id": org.pk, "post": row.post,
            "valid_from": row.valid_from, "valid_to": row.valid_to, "acting": acting,
            "full_time": FLAGS.get(row.full_time),
            "double_leader": evidence.leads(FLAGS.get(row.double_leader)),
            **_checked(evidence, org, row.valid_from),
        }  # fmt: skip
        held = Post(**fields)
        held.person, held.org = known.person, org
        self.held[org.pk, row.post].append(held)
        self.lines[id(held)] = row.line
        return Decision(
            row.line, Outcome.NEW, shown, work=ForPost(None, fields),
            org_ids=frozenset({org.pk}), meant=known.person.pk,
        )  # fmt: skip

    def _check_days(self, row: PostRow) -> None:
        assert row.valid_from is not None
        if row.valid_to and row.valid_to <= row.valid_from:
            raise unfit("valid_to", f"{row.valid_to} 应在任职日期之后", "请核对这两列")
        for name, day, years in (
            ("valid_from", row.valid_from, days.AGREED),
            ("valid_to", row.valid_to, days.LASTING),
        ):
            if reason := days.too_far(day, years, clock.today()):
                raise unfit(name, reason.rstrip("。"), "请核对年份")

    # Whom the file does not have

    def missing(self) -> Iterator[Decision]:
        """Nothing is done about them."""
        there = [
            post
            for posts in self.held.values()
            for post in posts
            if id(post) not in self.lines and post.covers(self.as_of)
        ]
        for post in sorted(there, key=lambda one: (one.org.path, one.post, one.pk)):
            if post.person.name in self.unsure:
                continue
            shown = {
                "name": post.person.name,
                "org": post.org.short_name,
                "post": _words("post", post.post),
                "valid_from": str(post.valid_from),
            }
            yield Decision(None, Outcome.MISSING, shown, meant=post.person_id)


def _checked(evidence: Evidence, org: Org, day: date) -> dict[str, Any]:
    try:
        return evidence.checked(org, day)
    except Refused as refused:
        ((name, text),) = refused.fields.items()
        raise unfit(name, text.rstrip("。"), "请核对") from None


def _words(name: str, value: Any) -> str:
    groups = {"post": "posts", "qualified_as": "qualifications"}
    if name in groups and value:
        return catalogue.current().label(groups[name], value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value or "（空）")


def _shown(row: PostRow) -> dict[str, str]:
    shown = {
        "name": row.name,
        "org": row.org,
        "number": row.number,
        "evidence": row.evidence,
        **{
            name: _words(name, FLAGS.get(value, value))
            for name in ("post", "qualified_as", "acting", "full_time", "double_leader")
            if (value := getattr(row, name))
        },
        **{
            name: str(day)
            for name in ("valid_from", "valid_to", "evidence_on")
            if (day := getattr(row, name))
        },
    }
    return {name: text for name, text in shown.items() if text}
