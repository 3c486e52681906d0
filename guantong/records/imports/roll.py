"""Decides what each row of a roll would do: somebody new, what changes, nothing, or a problem.

A roll shows how things were on a day (`as_of`). A blank cell says nothing and changes nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from guantong.records import catalogue, clock, id_number, sealing
from guantong.records.imports.decisions import (
    Decision,
    Difference,
    ForMember,
    Step,
    Unfit,
    unfit,
)
from guantong.records.imports.orgs import OrgBook
from guantong.records.imports.people import Known, Roll, Stay, agree, in_chunks
from guantong.records.imports.rows import (
    ROLL,
    STUCK,
    Outcome,
    Problem,
    RollRow,
)
from guantong.records.lifecycle import was_minor
from guantong.records.models import Membership, Org, Person, User
from guantong.records.models.batch import PERMISSIONS
from guantong.records.rosters import BRANCH

PERMISSION = PERMISSIONS[ROLL]
GENDERS = {"1": "男", "2": "女", "0": "未知", "9": "未说明"}
DATES = ("birth_date", "joined_on", "full_member_on")
LABELS = {field.name: str(field.verbose_name) for field in Person._meta.concrete_fields}
OWN_DATES = frozenset({"joined_on", "full_member_on"})
PLAIN = ("name", "gender", *DATES, "schooling", "number")


def decide(
    rows: Sequence[RollRow], *, by: User | None, as_of: date, left_out: Collection[str] = ()
) -> Iterator[Decision]:
    """One decision a row, in order, then one for each member of the same branches whom no row
    means. `left_out`: what is not to be changed of somebody known.
    """
    desk = _Desk(
        orgs=OrgBook(by, PERMISSION),
        roll=Roll(rows, by, PERMISSION),
        as_of=as_of,
        today=clock.today(),
        left_out=frozenset(left_out),
        own=by.person_id if by else None,
    )
    for row in rows:
        decision = desk.doubles.checked(row, _decide(row, desk))
        desk.note(row, decision)
        yield decision
    yield from _missing(desk)


@dataclass(frozen=True)
class _Desk:
    """What a decision needs to know, and what the earlier ones came to."""

    orgs: OrgBook
    roll: Roll
    as_of: date
    today: date
    left_out: frozenset[str]
    own: int | None  # the person who imports
    doubles: "_Doubles" = field(default_factory=lambda: _Doubles())
    meant: set[int] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    branches: set[int] = field(default_factory=set)

    def note(self, row: RollRow, decision: Decision) -> None:
        if decision.outcome in STUCK:
            self.unsure.add(row.name)
        if decision.meant:
            self.meant.add(decision.meant)
        if decision.home:
            self.branches.add(decision.home)


def _decide(row: RollRow, desk: _Desk) -> Decision:
    shown = _shown(row)
    row, org, problems = _checked(row, desk)
    if problems or org is None:
        return Decision(row.line, Outcome.PROBLEM, shown, tuple(problems))
    try:
        known = desk.roll.find(row, org, row.birth_date)
        if desk.roll.number_taken(row, known):
            raise unfit("number", "这个学工号登记在另一名党员名下", "请核对学工号和姓名")
        if known is None:
            return _new(row, org, shown, desk)
        return _changed(row, org, known, shown, desk)
    except Unfit as found:
        return Decision(row.line, Outcome.CONFLICT, shown, found.problems, home=org.pk)


# The row by itself


def _checked(row: RollRow, desk: _Desk) -> tuple[RollRow, Org | None, list[Problem]]:
    """The row with what its ID number tells, its branch, and all that is wrong at first sight."""
    problems, org = list(row.problems), None
    try:
        row = _with_id_number(row) if row.id_number else row
    except Unfit as found:
        problems += found.problems
    problems += _wrong_dates(row, desk)
    try:
        org = _branch(row, desk) if row.org else None
    except Unfit as found:
        problems += found.problems
    return row, org, problems


def _with_id_number(row: RollRow) -> RollRow:
    born = id_number.birth_date(row.id_number)
    assert born is not None, "a number that was read has a date in it"
    gender = id_number.gender(row.id_number)
    if row.birth_date and not agree(born, row.birth_date, month_only="birth_date" in row.months):
        what = f"出生日期 {row.birth_date} 与身份证号中的 {born} 不符"
        raise unfit("birth_date", what, "请核对这两列")
    if row.gender in ("1", "2") and row.gender != gender:
        raise unfit("gender", "性别与身份证号不符", "请核对这两列")
    return replace(row, birth_date=born, gender=gender, months=row.months - {"birth_date"})


def _wrong_dates(row: RollRow, desk: _Desk) -> Iterator[Problem]:
    for name in (*DATES, "branch_since"):
        day = getattr(row, name)
        if day and day > desk.today:
            yield Problem(name, f"{day} 在今天之后", "请核对年份")
    born, joined, full = row.birth_date, row.joined_on, row.full_member_on
    if born and joined and joined <= born:
        yield Problem("joined_on", f"入党时间 {joined} 早于出生日期 {born}", "请核对这两列")
    elif born and joined and was_minor(born, joined):
        told = f"{born} 出生、{joined} 入党，不满 18 周岁"
        yield Problem("joined_on", told, "请核对这两列")
    if joined and full and full <= joined and not (full == joined and "joined_on" in row.months):
        yield Problem("full_member_on", "转正时间应在入党时间之后", "请核对这两列")
    if row.status == "probationary" and full:
        yield Problem("full_member_on", "预备党员不应有转正时间", "请核对人员类别和转正时间")
    since = row.branch_since
    if since and since > desk.as_of:
        yield Problem("branch_since", f"{since} 在表格日期 {desk.as_of} 之后", "请核对")


def _branch(row: RollRow, desk: _Desk) -> Org:
    org = desk.orgs.find(row.org, desk.as_of, field="org")
    if org.kind != BRANCH:
        title = catalogue.current().label("orgs", org.kind)
        raise unfit("org", f"“{org.short_name}”是{title}，党员要编入党支部", "请写党支部")
    return org


# Somebody new


def _new(row: RollRow, org: Org, shown: dict[str, str], desk: _Desk) -> Decision:
    since = row.branch_since or desk.as_of
    status = row.status or ("full" if row.full_member_on else "")
    if not status:
        raise unfit("status", "没有写人员类别，也没有转正时间", "请写正式党员或预备党员")
    work = ForMember(
        person_id=None,
        fields={name: getattr(row, name) for name in PLAIN if getattr(row, name)},
        sealed={name: getattr(row, name) for name in sealing.ON_ROLL if getattr(row, name)},
        steps=_beginning(row, org, status, since),
    )
    shown = {**shown, "status": _status(status), "branch_since": str(since)}
    doubt = Difference("请核对", "别的党组织已有同名、同出生日期的人", "确是另一人再导入")
    asked = (doubt,) if desk.roll.may_be_elsewhere(row) else ()
    return Decision(
        row.line, Outcome.NEW, shown, differences=asked, work=work, org_ids=frozenset([org.pk]),
        home=org.pk,
    )  # fmt: skip


def _beginning(row: RollRow, org: Org, status: str, since: date) -> tuple[Step, ...]:
    """Who came before becoming a full member was a probationary one until then."""
    if row.joined_on and since < row.joined_on and "branch_since" not in row.months:
        what = f"进入支部的 {since} 早于入党时间 {row.joined_on}"
        raise unfit("joined_on", what, "请核对入党时间、进入本支部日期和表格日期")
    if not org.exists_on(since):
        what = f"“{org.short_name}”在 {since} 不存在"
        raise unfit("branch_since", what, "请核对进入本支部日期")
    full = row.full_member_on
    if status == "full" and full and since < full:
        return (Step(since, org.pk, "probationary"), Step(full, org.pk, "full"))
    return (Step(since, org.pk, status),)


# Somebody known


def _changed(row: RollRow, org: Org, known: Known, shown: dict[str, str], desk: _Desk) -> Decision:
    row, home = _narrowed(row, desk.left_out), org.pk
    org = _present(known, org, desk) if "org" in desk.left_out else org
    fields = dict(_fields_that_differ(row, known))
    sealed = dict(_sealed_that_differ(row, known, desk))
    steps, moves = _moves(row, org, known, desk)
    stepped = any(step.status != known.spans[-1].status for step in steps)
    if known.person.pk == desk.own and (stepped or fields.keys() & OWN_DATES):
        what = "本人的入党、转正时间和类别要由别人登记"
        raise unfit("name", what, "请排除这一行，或请别人导入")
    differences = [
        *(_difference(name, getattr(known.person, name), value) for name, value in fields.items()),
        *(_sealed_difference(name, known, value) for name, value in sealed.items()),
        *moves,
    ]
    before = known.span_on(desk.as_of)
    return Decision(
        row.line,
        Outcome.CHANGED if differences else Outcome.SAME,
        shown,
        differences=tuple(differences),
        work=ForMember(known.person.pk, fields, sealed, steps) if differences else None,
        org_ids=frozenset({org.pk, before.org_id if before else org.pk}),
        meant=known.person.pk,
        home=home,
    )


def _narrowed(row: RollRow, left_out: Collection[str]) -> RollRow:
    """A blank cell changes nothing, so what is left out is blank."""
    if not left_out:
        return row
    blank = RollRow(line=row.line)
    return replace(row, **{name: getattr(blank, name) for name in left_out if name != "org"})


def _present(known: Known, org: Org, desk: _Desk) -> Org:
    """The branch where somebody is, where changes of branch are left out."""
    span = known.span_on(desk.as_of)
    return desk.orgs.by_id.get(span.org_id, org) if span else org


def _fields_that_differ(row: RollRow, known: Known) -> Iterator[tuple[str, Any]]:
    for name in PLAIN:
        given, kept = getattr(row, name), getattr(known.person, name)
        if not given or given == kept:
            continue
        if name in row.months and agree(kept, given, month_only=True):
            continue  # a month does not make a known day less exact
        yield name, given


def _sealed_that_differ(row: RollRow, known: Known, desk: _Desk) -> Iterator[tuple[str, str]]:
    if row.id_number and known.person.id_index != desk.roll.index_of[row.line]:
        yield "id_number", row.id_number
    if row.phone and row.phone != sealing.unseal(known.person, "phone"):
        yield "phone", row.phone


def _moves(
    row: RollRow, org: Org, known: Known, desk: _Desk
) -> tuple[tuple[Step, ...], list[Difference]]:
    """What happens to the membership: nothing, becoming full, another branch, joining again."""
    span = known.span_on(desk.as_of)
    if span is None:
        return _again(row, org, known, desk)
    stepped_on, moved_on = _stepping_day(row, span, desk), None
    if org.pk != span.org_id:
        moved_on = _moving_day(row, span, desk)
    days = sorted({day for day in (stepped_on, moved_on) if day})
    if days and (span.valid_to or span is not known.spans[-1]):
        what = f"{desk.as_of} 以后组织关系另有变动"
        raise unfit("org", what, "请在党员页办理，或改用更晚的表格日期")
    steps = tuple(
        Step(
            on=day,
            org_id=org.pk if moved_on and moved_on <= day else span.org_id,
            status=row.status if stepped_on and stepped_on <= day else span.status,
        )
        for day in days
    )
    return steps, list(_told(row, span, org, stepped_on, moved_on, desk))


def _stepping_day(row: RollRow, span: Stay, desk: _Desk) -> date | None:
    """When the status becomes the one in the row; None where it already is."""
    if not row.status or row.status == span.status:
        return None
    if "suspended" in (row.status, span.status):
        what = f"系统中是{_status(span.status)}"
        raise unfit("status", what, "停止和恢复党籍请在党员页办理")
    if span.status not in catalogue.current().kinds["statuses"][row.status]["from"]:
        what = f"系统中已是{_status(span.status)}"
        raise unfit("status", what, "请核对；登记有误的在党员页更正")
    told = {"full": row.full_member_on, "probationary": row.joined_on}.get(row.status)
    return max(told or desk.as_of, span.valid_from)


def _told(
    row: RollRow,
    span: Stay,
    org: Org,
    stepped_on: date | None,
    moved_on: date | None,
    desk: _Desk,
) -> Iterator[Difference]:
    if moved_on:
        before = desk.orgs.by_id.get(span.org_id)
        was = before.short_name if before else "其他支部"
        yield Difference("所在党支部", was, _from(org.short_name, moved_on), "org")
    if stepped_on:
        status = _from(_status(row.status), stepped_on)
        yield Difference("人员类别", _status(span.status), status, "status")


def _moving_day(row: RollRow, span: Stay, desk: _Desk) -> date:
    moved = row.branch_since or desk.as_of
    if moved <= span.valid_from:
        what = f"现在的组织关系从 {span.valid_from} 开始，不能早于它转支部"
        raise unfit("branch_since", what, "请核对进入本支部日期和表格日期")
    return moved


def _again(
    row: RollRow, org: Org, known: Known, desk: _Desk
) -> tuple[tuple[Step, ...], list[Difference]]:
    since = row.branch_since or desk.as_of
    later = [s for s in known.spans if s.valid_to is None or s.valid_to > since]
    if later:
        what = f"{since} 以后已有组织关系（从 {later[0].valid_from} 起）"
        raise unfit("org", what, "请在党员页办理，或改用更晚的表格日期")
    status = row.status or (known.spans[-1].status if known.spans else "")
    if not status:
        raise unfit("status", "没有写人员类别", "请写正式党员或预备党员")
    if "org" in desk.left_out:
        return (), []
    told = [Difference("所在党支部", "（无组织关系）", _from(org.short_name, since), "org")]
    return _beginning(row, org, status, since), told


# How things are shown


def _shown(row: RollRow) -> dict[str, str]:
    dates = {
        name: f"{day:%Y-%m}（无日）" if name in row.months else str(day)
        for name in (*DATES, "branch_since")
        if (day := getattr(row, name))
    }
    shown = {
        "name": row.name,
        "org": row.org,
        "status": _status(row.status) if row.status else "",
        "gender": GENDERS.get(row.gender, ""),
        "schooling": _words("schooling", row.schooling) if row.schooling else "",
        "number": row.number,
        **{name: sealing.mask(name, getattr(row, name)) for name in sealing.ON_ROLL},
        **dates,
    }
    return {name: text for name, text in shown.items() if text}


def _difference(name: str, before: object, after: object) -> Difference:
    return Difference(LABELS[name], _words(name, before), _words(name, after), name)


def _words(name: str, value: object) -> str:
    if value in (None, ""):
        return "（空）"
    if name == "schooling":
        return catalogue.current().label("schooling", str(value))
    return GENDERS.get(str(value), str(value)) if name == "gender" else str(value)


def _sealed_difference(name: str, known: Known, after: str) -> Difference:
    before = sealing.unseal(known.person, name)
    return Difference(
        LABELS[name], sealing.mask(name, before) or "（空）", sealing.mask(name, after), name
    )


def _status(code: str) -> str:
    return catalogue.current().label("statuses", code)


def _from(words: str, on: date) -> str:
    return f"{words}（自 {on} 起）"


# The rows among themselves


class _Doubles:
    """The later of two rows that mean, or may mean, one person is a problem."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], RollRow] = {}

    def checked(self, row: RollRow, decision: Decision) -> Decision:
        doubles = [
            other.line
            for key in _keys(row, decision)
            if (other := self._first.setdefault(key, row)) is not row
            and (key[0] != "name" or _may_be(row, other))
        ]
        if not doubles or decision.outcome in STUCK:
            return decision
        what = f"与第 {doubles[0]} 行像是同一人"
        remedy = "请删去或排除其中一行；确是两人的请核对身份证号和学工号"
        return replace(
            decision, outcome=Outcome.PROBLEM, problems=(Problem("", what, remedy),),
            differences=(), work=None, org_ids=frozenset(), double_of=doubles[0],
        )  # fmt: skip


def _keys(row: RollRow, decision: Decision) -> Iterator[tuple[object, ...]]:
    if row.id_number:
        yield "id", row.id_number
    if row.number:
        yield "number", row.number
    if isinstance(decision.work, ForMember) and decision.work.person_id:
        yield "person", decision.work.person_id
    if row.name:
        yield "name", row.name, row.org


def _may_be(row: RollRow, other: RollRow) -> bool:
    """They have one name and branch: does anything that both have tell them apart?"""
    pairs = (
        (row.id_number, other.id_number),
        (row.number, other.number),
        (row.birth_date, other.birth_date),
    )
    return all(a == b for a, b in pairs if a and b)


# Whom the file does not have


def _missing(desk: _Desk) -> Iterator[Decision]:
    """Members of the branches in the file on its day. Nothing is done about them."""
    there = Membership.objects.on(desk.as_of).of_members()
    ids = [
        pk
        for pk, person in in_chunks(there.values_list("pk", "person"), "org", desk.branches)
        if person not in desk.meant
    ]
    found = in_chunks(there.select_related("person", "org"), "pk", ids)
    for span in sorted(found, key=lambda span: (span.org.sort_key, span.person.pinyin, span.pk)):
        if span.person.name in desk.unsure:
            continue
        shown = {
            "name": span.person.name,
            "org": span.org.short_name,
            "status": _status(span.status),
            "branch_since": str(span.valid_from),
        }
        yield Decision(None, Outcome.MISSING, shown, meant=span.person_id, home=span.org_id)
