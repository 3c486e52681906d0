"""What merging two rows of one person would do, worked out before anything is done.

The rules, the same on the page and in the action:
- a field of the kept row stays; an empty one is filled from the other;
- memberships, posts and relations move; on days on which both rows have one, the kept row's holds,
  and what is left of the other's before and after moves;
- of two attendances at one activity the kept row's stays; an attendance outweighs an absence;
- the kept row's account stays; another account loses its person;
- open cases go to the branch in which the kept row is then; two that may be open only once both
  stay, for people to close one;
- in what records name him for (fields of a kind, what is to follow) the kept row takes his place;
- what was worked out (the ledger) is worked out anew, and kept ledgers stay as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Model, Q

from guantong.records import catalogue, sealing
from guantong.records.imports.roll import GENDERS
from guantong.records.models import (
    Absence,
    Attendance,
    Case,
    ContactMade,
    CorrectionRequest,
    Detail,
    Discrepancy,
    DuesPayment,
    DuesRate,
    DuesRelief,
    Enrolment,
    Entry,
    FollowUp,
    HoursCertificate,
    Membership,
    Merge,
    Person,
    Post,
    Relation,
    Restricted,
    SignIn,
    TransferLetter,
    User,
    Whereabouts,
)
from guantong.records.models.span import Span

FILLED: Final = (
    "gender", "birth_date", "schooling", "number", "joined_on", "full_member_on",
)  # fmt: skip
LEFT: Final = (Entry, Merge, Person)
"""What is not moved: worked out anew, or about merges themselves."""


@dataclass(frozen=True)
class Edit:
    """One row of the absorbed person (or of the kept one). `values` None: it is taken out."""

    row: Model
    values: dict[str, Any] | None
    conflict: str = ""


@dataclass(frozen=True)
class Plan:
    """`fields` and `sealed` are filled in the kept row; `lost` stay in the trace alone."""

    fields: dict[str, Any]
    sealed: tuple[str, ...]
    lost: tuple[str, ...]
    edits: tuple[Edit, ...] = field(default=())

    @property
    def filled(self) -> int:
        return len(self.fields) + len(self.sealed)

    @property
    def conflicts(self) -> list[str]:
        return [edit.conflict for edit in self.edits if edit.conflict]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many rows of each sort move."""
        moved = [edit for edit in self.edits if edit.values and edit.values.keys() != {"org_id"}]
        return [
            (title, count)
            for model, title in TITLES.items()
            if (count := sum(isinstance(edit.row, model) for edit in moved))
        ]


type Rule = Callable[[Person, Person], Iterator[Edit]]
TITLES: Final[dict[type[Model], str]] = {
    Membership: "组织关系",
    Post: "任职",
    Attendance: "出席记录",
    Absence: "缺席记录",
    Relation: "联系和结对",
    User: "登录账号",
    Restricted: "限知信息",
    DuesRate: "党费核定",
    DuesRelief: "党费减免",
    DuesPayment: "党费交纳",
    CorrectionRequest: "更正申请",
    Whereabouts: "去向登记",
    ContactMade: "联系记录",
    TransferLetter: "介绍信",
    Detail: "活动栏目",
    FollowUp: "落实事项",
    Case: "办理事项",
    Enrolment: "培训报名",
    SignIn: "签到",
    HoursCertificate: "学时证明",
    Discrepancy: "对账差异",
}


def why_not(kept: Person, absorbed: Person) -> str:
    """Why the two cannot be one person; empty if they can."""
    if kept.pk == absorbed.pk:
        return "这是同一份记录，请选择另一份。"
    if kept.id_index and absorbed.id_index and kept.id_index != absorbed.id_index:
        return "两份记录的身份证号不同，不是同一人。登记有误的请先更正。"
    return ""


def unlike(kept: Person, absorbed: Person) -> str:
    """What speaks against one person, though it does not rule it out; empty where nothing does."""
    names = ("name", "gender", "birth_date")
    labels = {f.name: str(f.verbose_name) for f in Person._meta.concrete_fields}
    pairs = {name: (getattr(kept, name), getattr(absorbed, name)) for name in names}
    differ = [labels[name] for name, (one, two) in pairs.items() if one and two and one != two]
    return f"两份的{'、'.join(differ)}不同，请再核对是不是同一人。" if differ else ""


def newest() -> dict[str, int]:
    """The latest row of each table about people: what has a higher id came after."""
    latest = {model: model._base_manager.order_by("-pk").first() for model in RULES}
    return {model.__name__: row.pk for model, row in latest.items() if row}


def since(merge: Merge) -> list[tuple[str, int]]:
    """What was entered about the kept person after the merge: undoing leaves it there."""
    made = {(name, pk) for name, pk, before, _ in merge.made if before is None}
    return [
        (title, count)
        for model, title in TITLES.items()
        if (count := sum((model.__name__, pk) not in made for pk in _entered(model, merge)))
    ]


def _entered(model: type[Model], merge: Merge) -> Iterable[int]:
    named = [f.name for f in model._meta.concrete_fields if f.related_model is Person]
    about = Q.create([(name, merge.kept_id) for name in named], Q.OR)
    later = Q(pk__gt=merge.newest.get(model.__name__, 0))
    return model._base_manager.filter(about, later).values_list("pk", flat=True)


def planned(kept: Person, absorbed: Person) -> Plan:
    """Reads only."""
    fields = {name: v for name in FILLED if (v := _filled(kept, absorbed, name)) is not None}
    sealed = [
        name for name in sealing.FIELDS if getattr(absorbed, name) and not getattr(kept, name)
    ]
    labels = {f.name: str(f.verbose_name) for f in Person._meta.concrete_fields}
    lost = [
        f"{labels[name]}：{_words(name, getattr(absorbed, name))}"
        for name in ("name", *FILLED)
        if getattr(absorbed, name) not in (None, getattr(kept, name)) and name not in fields
    ]
    lost += [
        labels[name] for name in sealing.FIELDS if getattr(absorbed, name) and name not in sealed
    ]
    edits = [edit for rule in RULES.values() for edit in rule(kept, absorbed)]
    return Plan(fields, tuple(sealed), tuple(lost), tuple(edits))


def _words(name: str, value: Any) -> str:
    if name == "schooling":
        return catalogue.current().label("schooling", value)
    return GENDERS.get(value, value) if name == "gender" else str(value)


def _filled(kept: Person, absorbed: Person, name: str) -> Any:
    return getattr(absorbed, name) if getattr(kept, name) is None else None


# One rule for each table


def _memberships(kept: Person, absorbed: Person) -> Iterator[Edit]:
    held = list(kept.memberships.order_by("valid_from"))
    for span in absorbed.memberships.select_related("org").order_by("valid_from"):
        what = f"组织关系（{span.org.short_name}）"
        yield from _free(span, held, {"person_id": kept.pk}, what)


def _posts(kept: Person, absorbed: Person) -> Iterator[Edit]:
    label = catalogue.current().label
    for post in absorbed.posts.select_related("org").order_by("valid_from", "pk"):
        held = list(kept.posts.filter(org=post.org, post=post.post).order_by("valid_from"))
        what = f"任职（{post.org.short_name}{label('posts', post.post)}）"
        yield from _free(post, held, {"person_id": kept.pk}, what)


def _relations(kept: Person, absorbed: Person) -> Iterator[Edit]:
    ends = ("person_id", "other_person_id")
    rows = (absorbed.relations.all() | absorbed.relations_in.all()).distinct().order_by("pk")
    for row in rows:
        now = {
            name: kept.pk if getattr(row, name) == absorbed.pk else getattr(row, name)
            for name in ends
        }
        title = catalogue.current().label("relations", row.kind)
        if now["person_id"] == now["other_person_id"]:
            yield Edit(row, None, f"{title}：双方是同一个人，去掉这一条。")
            continue
        held = Relation.objects.filter(
            kind=row.kind, org=row.org_id, other_org=row.other_org_id, **now
        )
        changed = {name: now[name] for name in ends if now[name] != getattr(row, name)}
        yield from _free(row, list(held.exclude(pk=row.pk).order_by("valid_from")), changed, title)


def _attendances(kept: Person, absorbed: Person) -> Iterator[Edit]:
    there = set(kept.attendances.values_list("activity", flat=True))
    missed = {row.activity_id: row for row in kept.absences.all()}
    for row in absorbed.attendances.select_related("activity").order_by("pk"):
        if row.activity_id in there:
            yield Edit(row, None, f"{_called(row)}两份都有出席，以保留的一份为准。")
            continue
        if row.activity_id in missed:
            said = f"{_called(row)}一份记缺席、一份记出席，以出席为准。"
            yield Edit(missed[row.activity_id], None, said)
        yield Edit(row, {"person_id": kept.pk})


def _absences(kept: Person, absorbed: Person) -> Iterator[Edit]:
    known = set(kept.attendances.values_list("activity", flat=True))
    known |= set(kept.absences.values_list("activity", flat=True))
    known |= set(absorbed.attendances.values_list("activity", flat=True))
    for row in absorbed.absences.select_related("activity").order_by("pk"):
        if row.activity_id in known:
            yield Edit(row, None, f"{_called(row)}已有出席或缺席记录，去掉重复的缺席。")
        else:
            yield Edit(row, {"person_id": kept.pk})


def _called(row: Attendance | Absence | Enrolment | SignIn | Detail) -> str:
    return f"{row.activity.held_on}“{row.activity}”"


def _accounts(kept: Person, absorbed: Person) -> Iterator[Edit]:
    said = "两份都有登录账号，账号“{}”不再对应任何人，请系统管理员停用。"
    for row in User.objects.filter(person=absorbed):
        second = Edit(row, {"person_id": None}, said.format(row.username))
        yield second if _has(User, kept) else Edit(row, {"person_id": kept.pk})


def _restricted(kept: Person, absorbed: Person) -> Iterator[Edit]:
    for row in Restricted.objects.filter(person=absorbed):
        second = Edit(row, None, "两份都有限知信息（党费基数等），以保留的一份为准。")
        yield second if _has(Restricted, kept) else Edit(row, {"person_id": kept.pk})


def _has(model: type[Model], person: Person) -> bool:
    return model._default_manager.filter(person=person).exists()


def _whereabouts(kept: Person, absorbed: Person) -> Iterator[Edit]:
    label = catalogue.current().label
    for row in absorbed.whereabouts.order_by("valid_from"):
        held = list(kept.whereabouts.filter(kind=row.kind).order_by("valid_from"))
        yield from _free(row, held, {"person_id": kept.pk}, label("whereabouts", row.kind))


def _reliefs(kept: Person, absorbed: Person) -> Iterator[Edit]:
    held = list(kept.dues_reliefs.order_by("valid_from"))
    for row in absorbed.dues_reliefs.order_by("valid_from"):
        yield from _free(row, held, {"person_id": kept.pk}, "党费减免")


def _once(model: type[Model], key: str, said: str, shown: str = "%Y-%m-%d") -> Rule:
    """Where there is one row for each value of a field, the kept person's stays."""

    def rule(kept: Person, absorbed: Person) -> Iterator[Edit]:
        rows = model._default_manager
        known = set(rows.filter(person=kept).values_list(key, flat=True))
        for row in rows.filter(person=absorbed).order_by("pk"):
            if (value := getattr(row, key)) in known:
                yield Edit(row, None, f"{value:{shown}} {said}，以保留的一份为准。")
            else:
                yield Edit(row, {"person_id": kept.pk})

    return rule


def _enrolments(kept: Person, absorbed: Person) -> Iterator[Edit]:
    """A place is held once; those given up are all kept."""
    known = set(kept.enrolments.filter(cancelled_at=None).values_list("activity", flat=True))
    for row in absorbed.enrolments.select_related("activity").order_by("pk"):
        if row.cancelled_at is None and row.activity_id in known:
            yield Edit(row, None, f"{_called(row)}两份都报了名，以保留的一份为准。")
        else:
            yield Edit(row, {"person_id": kept.pk})


def _sign_ins(kept: Person, absorbed: Person) -> Iterator[Edit]:
    known = set(kept.sign_ins.values_list("activity", flat=True))
    for row in absorbed.sign_ins.select_related("activity").order_by("pk"):
        if row.activity_id in known:
            yield Edit(row, None, f"{_called(row)}两份都签了到，以保留的一份为准。")
        else:
            yield Edit(row, {"person_id": kept.pk})


def _details(kept: Person, absorbed: Person) -> Iterator[Edit]:
    """Fields of a kind that name people; a pair of one and the same is none."""
    ends = ("person_id", "other_id")
    for row in (
        (absorbed.details.all() | absorbed.details_as_other.all()).distinct().order_by("pk")
    ):
        was = {name: getattr(row, name) for name in ends}
        now = {name: kept.pk if pk == absorbed.pk else pk for name, pk in was.items()}
        if now["person_id"] == now["other_id"]:
            yield Edit(row, None, f"{_called(row)}里的一对是同一个人，去掉这一对。")
        else:
            yield Edit(row, {name: pk for name, pk in now.items() if pk != was[name]})


def _cases(kept: Person, absorbed: Person) -> Iterator[Edit]:
    """Those that go with a person's branch go where the kept row is after the merge."""
    handling = catalogue.handling()
    follows, single = handling.names("follows"), handling.names("single")
    branch = _branch(kept) or _branch(absorbed)
    for row in Case.objects.filter(person__in=[kept, absorbed]).order_by("pk"):
        moves = branch and row.closed_on is None and row.process in follows
        changed = {"org_id": branch} if moves and row.org_id != branch else {}
        if row.person_id == kept.pk:
            if changed:
                yield Edit(row, changed)
            continue
        told = row.process in single and not handling.of[row.process].restricted
        twice = told and row.closed_on is None
        both = twice and kept.cases.open().filter(process=row.process).exists()
        title = catalogue.process(row.process, row.process_version).title
        said = f"{title}：两份各有一件没有办结，合并后都在，请核对后办结其中一件。" if both else ""
        yield Edit(row, {"person_id": kept.pk, **changed}, said)


def _branch(person: Person) -> int | None:
    return person.memberships.filter(valid_to=None).values_list("org", flat=True).first()


def _follow_ups(kept: Person, absorbed: Person) -> Iterator[Edit]:
    for row in absorbed.follow_ups.order_by("pk"):
        yield Edit(row, {"owner_id": kept.pk})


def _all(model: type[Model]) -> Rule:
    """Where nothing can stand against each other, everything moves."""

    def rule(kept: Person, absorbed: Person) -> Iterator[Edit]:
        for row in model._default_manager.filter(person=absorbed).order_by("pk"):
            yield Edit(row, {"person_id": kept.pk})

    return rule


RULES: Final[dict[type[Model], Rule]] = {
    Membership: _memberships,
    Post: _posts,
    Relation: _relations,
    Attendance: _attendances,
    Absence: _absences,
    User: _accounts,
    Restricted: _restricted,
    DuesRate: _once(DuesRate, "valid_from", "起两份都有党费核定"),
    DuesRelief: _reliefs,
    DuesPayment: _once(DuesPayment, "month", "两份都有党费交纳", "%Y-%m"),
    CorrectionRequest: _all(CorrectionRequest),
    Whereabouts: _whereabouts,
    ContactMade: _once(ContactMade, "on_day", "两份都有联系记录"),
    TransferLetter: _all(TransferLetter),
    Detail: _details,
    FollowUp: _follow_ups,
    Case: _cases,
    Enrolment: _enrolments,
    SignIn: _sign_ins,
    HoursCertificate: _all(HoursCertificate),
    Discrepancy: _all(Discrepancy),
}


# Days


def _free[S: Span](row: S, held: Sequence[S], moved: dict[str, Any], what: str) -> Iterator[Edit]:
    """What is left of a span on the days that the kept person has none like it."""
    pieces = list(_without(row, held))
    whole = [(row.valid_from, row.valid_to)]
    said = (
        ""
        if pieces == whole
        else f"{what}：{_days(row)}与保留的一份重叠，重叠的日子以保留的为准。"
    )
    if not pieces:
        yield Edit(row, None, said)
        return
    for number, (start, end) in enumerate(pieces):
        piece = row if number == 0 else _copy(row)
        yield Edit(
            piece, {**moved, "valid_from": start, "valid_to": end}, said if number == 0 else ""
        )


def _without(row: Span, held: Iterable[Span]) -> Iterator[tuple[date, date | None]]:
    """The stretches of a span that none of the others (in order) covers."""
    start, end = row.valid_from, row.valid_to
    for other in held:
        if other.valid_to is not None and other.valid_to <= start:
            continue
        if end is not None and other.valid_from >= end:
            break
        if start < other.valid_from:
            yield start, other.valid_from
        if other.valid_to is None:
            return
        start = other.valid_to
    if end is None or start < end:
        yield start, end


def _copy[S: Span](row: S) -> S:
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields})


def _days(row: Span) -> str:
    return f"{row.valid_from} {f'至 {row.valid_to} ' if row.valid_to else '起'}"
