"""The sample school many times over: what its pages are measured on.

Its organisations are copied with what they hold, each copy's people once more beside them, until
there are 1,200 organisations and 50,000 members; then what a sample has little of (dues, closed
months, cases, letters, registers, the trail) is made as much as a school of that size has. Copies
are made in the database, by statements that hold in SQLite and PostgreSQL.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import batched, cycle
from typing import Any, Final

from bench import school

GROWN: Final = "bench.grown"
COPIES, QUICK_COPIES, SMALL_COPIES = 6, 2, 1
PLACES: Final = ("", "东校区", "西校区", "南校区", "北校区", "新校区")
BATCH: Final = 5_000
BY_LINE: Final = ("Org", "Person")  # whose names and paths differ; all others are copied as rows
OF_ORGS: Final = (
    "OrgParent", "OrgName", "OrgSuccession", "Membership", "Post", "Term", "Document",
    "Figure", "Activity", "ActivityHost", "Attendance", "Absence", "AgendaItem",
    "Detail", "FollowUp", "JointSide", "Relation", "Quota", "BudgetLine", "Spending",
    "Whereabouts", "ContactMade", "Places", "Enrolment", "SignIn",
)  # fmt: skip
OF_PEOPLE: Final = ("Membership", "Attendance", "Absence")  # what the second half brings along
# The top has its own once; a copy would be in two places, or twice in one.
NOT_OF_TOP: Final = ("Post", "Term", "Document", "Figure", "BudgetLine", "Spending")


@dataclass(frozen=True)
class Amounts:
    """How much of what a sample has little of; `of` how many members one comes."""

    copies: int
    months: int
    cases: int
    letters_of: int = 12
    registers_of: int = 25
    relations_of: int = 20
    requests_of: int = 250
    events_of: int = 1


BIG: Final = Amounts(COPIES, 18, 6_000)
QUICK: Final = Amounts(QUICK_COPIES, 6, 300)
SMALL: Final = Amounts(SMALL_COPIES, 3, 60, 60, 120, 90, 600, 10)


def build(place: school.Place, amounts: Amounts) -> None:
    """Build it where there is none yet."""
    school.build(place)
    from django.db import connection, transaction

    from guantong.records.actions import events, ledger
    from guantong.records.models import Event, School

    if Event.objects.filter(verb=GROWN).exists():
        return
    with transaction.atomic():
        grown = Grown(amounts)
        grown.copy()
        grown.thicken()
        events.leave(GROWN, School.objects.get(), by=None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ledger.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()  # SQLite takes its log into the file: pages are not to be looked up in both


class Grown:
    def __init__(self, amounts: Amounts) -> None:
        from django.apps import apps
        from django.db.models import Max

        self.amounts, self.rng = amounts, random.Random(54)
        self.models: dict[str, Any] = {
            model.__name__: model for model in apps.get_app_config("records").get_models()
        }
        self.last: dict[str, int] = {
            name: self._all(name).aggregate(last=Max("pk"))["last"] or 0
            for name in (*BY_LINE, *OF_ORGS)
        }
        self.top = self._all("Org").get(kind="school_committee").pk

    def _all(self, name: str) -> Any:
        return self.models[name]._base_manager.all()

    # Copies

    def copy(self) -> None:
        copies = self.amounts.copies
        for k in range(1, copies):
            self._copy_orgs(k)
        for k in range(1, 2 * copies if copies > 1 else 1):
            self._copy_people(k)
        for k in range(1, copies):
            for name in OF_ORGS:
                self._copy_rows(name, k, org=k, person=k)
        for k in range(copies if copies > 1 else 0):
            for name in OF_PEOPLE:
                self._copy_rows(name, copies + k, org=k, person=copies + k)
        _reset_ids(self.models.values())

    def _copy_orgs(self, k: int) -> None:
        from guantong.records import names

        rows = list(self._all("Org").filter(pk__lte=self.last["Org"]).exclude(pk=self.top))
        for row in rows:
            steps = [self._org(pk, k) for pk in row.lineage()]
            row.pk, row.path = self._org(row.pk, k), "".join(f"{pk}/" for pk in steps)
            row.name, row.short_name = PLACES[k] + row.name, PLACES[k] + row.short_name
            row.external_code, row.sort_key = f"{row.external_code}-{k}", names.sort_key(row.name)
        self.models["Org"].objects.bulk_create(rows, batch_size=BATCH)

    def _org(self, pk: int, k: int) -> int:
        return pk if pk == self.top else pk + k * self.last["Org"]

    def _copy_people(self, k: int) -> None:
        first = self._all("Person").filter(pk__lte=self.last["Person"])
        rows: list[Any] = list(first.order_by("pk"))
        called = [(row.name, row.pinyin, row.letters) for row in rows]
        self.rng.shuffle(called)
        for row, told in zip(rows, called, strict=True):
            row.name, row.pinyin, row.letters = told
            row.pk += k * self.last["Person"]
            row.number = f"{row.number[:2]}{k}-{row.number[2:]}" if row.number else None
            row.birth_date += timedelta(days=17 * k)
            row.id_number = row.id_index = row.phone = row.address = None
            if row.merged_into_id:
                row.merged_into_id += k * self.last["Person"]
        self.models["Person"].objects.bulk_create(rows, batch_size=BATCH)

    def _copy_rows(self, name: str, own: int, *, org: int, person: int) -> None:
        """The first rows of a table once more, their ids and what they lead to moved on."""
        model = self.models[name]
        moved = {"Org": org, "Person": person} | dict.fromkeys(OF_ORGS, org)
        columns, values = [], []
        for field in model._meta.concrete_fields:
            column = f'"{field.column}"'
            columns.append(column)
            to = field.related_model.__name__ if field.related_model else ""
            if field.primary_key:
                values.append(f"{column} + {own * self.last[name]}")
            elif to == "Org":
                by = moved["Org"] * self.last["Org"]
                values.append(
                    f"CASE {column} WHEN {self.top} THEN {self.top} ELSE {column} + {by} END"
                )
            elif to in self.last:
                values.append(f"{column} + {moved[to] * self.last[to]}")
            else:
                values.append(column)
        where = f'"id" <= {self.last[name]}'
        if name in NOT_OF_TOP:
            where += f' AND "org_id" <> {self.top}'
        table = model._meta.db_table
        _execute(
            f'INSERT INTO "{table}" ({", ".join(columns)}) '
            f'SELECT {", ".join(values)} FROM "{table}" WHERE {where}'
        )

    # What a sample has little of

    def thicken(self) -> None:
        from guantong.records.actions.sample.days import TODAY
        from guantong.records.models import Membership, User

        self.today, self.user = TODAY, User.objects.get(username="zuzhibu")
        there = Membership.objects.filter(
            valid_to=None, status="full", valid_from__lt=date(2023, 1, 1)
        )
        self.members: list[tuple[int, int]] = list(
            there.order_by("id").values_list("person", "org")
        )
        self.rng.shuffle(self.members)
        for made in (
            self._rates, self._payments, self._months, self._letters, self._registers,
            self._contacts, self._relations, self._requests, self._documents, self._accounts,
        ):  # fmt: skip
            for rows in batched(made(), BATCH, strict=False):
                type(rows[0])._default_manager.bulk_create(rows, ignore_conflicts=True)
        self._cases()
        for rows in batched(self._events(), BATCH, strict=False):
            self.models["Event"].objects.bulk_create(rows)

    def _every(self, nth: int) -> Iterator[tuple[int, tuple[int, int]]]:
        return enumerate(self.members[::nth])

    def _at(self, day: date) -> datetime:
        from django.utils import timezone

        return timezone.make_aware(datetime.combine(day, time(16)))

    def _rates(self) -> Iterator[Any]:
        since = date(2022, 1, 1)
        for person, _ in self.members:
            yield self.models["DuesRate"](
                person_id=person, valid_from=since, payer="salaried", computed=50, amount=50,
                at=self._at(since),
            )  # fmt: skip

    def _payments(self) -> Iterator[Any]:
        """Most have paid every month; some are behind."""
        every = list(_months(self.amounts.months))
        for person, org in self.members:
            for month in every[: -2 if person % 7 == 0 else None]:
                yield self.models["DuesPayment"](
                    person_id=person, org_id=org, month=month, amount=50,
                    paid_on=month.replace(day=9), recorded_at=self._at(month), by=self.user,
                )  # fmt: skip

    def _months(self) -> Iterator[Any]:
        for org in self._all("Org").filter(kind="branch", valid_to=None):
            for month in list(_months(self.amounts.months))[:-1]:
                yield self.models["ClosedMonth"](
                    org=org, month=month, closed_at=self._at(month), closed_by=self.user
                )

    def _letters(self) -> Iterator[Any]:
        for n, (person, _) in self._every(self.amounts.letters_of):
            day = self.today - timedelta(days=n % 300)
            yield self.models["TransferLetter"](
                person_id=person, number=f"示例〔2023〕{n + 1000} 号", heading="中共某市委组织部",
                to_unit="某中学", issued_on=day, valid_days=90, dues_until=day.replace(day=1),
            )  # fmt: skip

    def _registers(self) -> Iterator[Any]:
        kinds = cycle((("mobile", ""), ("abroad", ""), ("graduate", ""), ("lost", "otherwise")))
        for (n, (person, _)), (kind, how) in zip(
            self._every(self.amounts.registers_of), kinds, strict=False
        ):
            yield self.models["Whereabouts"](
                person_id=person, kind=kind, place="广州", situation=how,
                valid_from=self.today - timedelta(days=60 + n % 900),
            )  # fmt: skip

    def _contacts(self) -> Iterator[Any]:
        for n, (person, _) in self._every(self.amounts.registers_of):
            for days in (30, 210, 400):
                on = self.today - timedelta(days=days + n % 100)
                yield self.models["ContactMade"](
                    person_id=person, on_day=on, how="电话", by=self.user
                )

    def _relations(self) -> Iterator[Any]:
        kinds = cycle(("pioneer_post", "team", "delegate", "mentor"))
        for (n, (person, org)), kind in zip(
            self._every(self.amounts.relations_of), kinds, strict=False
        ):
            other = self.members[n - 1][0] if kind == "mentor" else None
            yield self.models["Relation"](
                kind=kind, person_id=person, other_person_id=other,
                other_org_id=None if other else org, valid_from=date(2022, 3, 1),
            )  # fmt: skip

    def _requests(self) -> Iterator[Any]:
        for n, (person, _) in self._every(self.amounts.requests_of):
            yield self.models["CorrectionRequest"](
                person_id=person, about="入党时间", says="早了一天", asked_by=self.user,
                asked_at=self._at(self.today - timedelta(days=n % 200)),
            )  # fmt: skip

    def _documents(self) -> Iterator[Any]:
        """Each organisation has three institutions of its own."""
        for org in self._all("Org").filter(valid_to=None).exclude(kind="group"):
            for doc_class, title in (
                ("org_life", "组织生活制度"), ("org_operation", "议事规则"),
                ("org_management", "发展党员工作制度"),
            ):  # fmt: skip
                yield self.models["Document"](
                    org=org, doc_class=doc_class, title=f"{org.short_name}{title}",
                    valid_from=date(2022, 3, 1),
                    review_due=self.today + timedelta(days=org.pk % 400),
                )  # fmt: skip

    def _accounts(self) -> Iterator[Any]:
        """Each secretary has one."""
        holders = self._all("Post").filter(post="secretary", valid_to=None, person__user=None)
        for pk in holders.values_list("person", flat=True).distinct():
            yield self.models["User"](username=f"s{pk}", person_id=pk, password="!")

    def _cases(self) -> None:
        """The sample's cases again and again, each about somebody else; not the sealed ones."""
        steps: dict[int, list[Any]] = {}
        for step in self._all("CaseStep").filter(sealed=None, undone_at=None).order_by("number"):
            steps.setdefault(step.case_id, []).append(step)
        like = [case for case in self._all("Case").order_by("pk") if case.pk in steps]
        first = self._all("Case").latest("pk").pk + 1
        cases, done = [], []
        for pk, (old, (person, org)) in enumerate(
            zip(_again(like, self.amounts.cases), cycle(self.members), strict=False), first
        ):
            same = {f.attname: getattr(old, f.attname) for f in old._meta.concrete_fields}
            more = {"id": pk, "org_id": org, "person_id": person if old.person_id else None}
            cases.append(self.models["Case"](**same | more | {"again_of_id": None}))
            for step in steps[old.pk]:
                same = {f.attname: getattr(step, f.attname) for f in step._meta.concrete_fields}
                done.append(self.models["CaseStep"](**same | {"id": None, "case_id": pk}))
        for rows in (cases, done):
            for some in batched(rows, BATCH, strict=False):
                type(some[0])._default_manager.bulk_create(some)
        _reset_ids([self.models["Case"]])

    def _events(self) -> Iterator[Any]:
        """What a year leaves in the trail: a few lines of every member and branch."""
        for n, (person, org) in self._every(self.amounts.events_of):
            for verb, subject in (
                ("person.corrected", f"person:{person}"), ("contact.made", f"person:{person}"),
                ("org.described", f"org:{org}"), ("activity.recorded", f"activity:{n + 1}"),
            ):  # fmt: skip
                yield self.models["Event"](
                    at=self._at(self.today - timedelta(days=n % 400)), by=self.user, verb=verb,
                    subject=subject, org_id=org,
                )  # fmt: skip


def _again[T](rows: list[T], times: int) -> Iterator[T]:
    return (row for _, row in zip(range(times), cycle(rows), strict=False))


def _months(count: int) -> Iterator[date]:
    """The last months up to the sample's today, the oldest first."""
    from guantong.periods import add_months
    from guantong.records.actions.sample.days import TODAY

    return (add_months(TODAY.replace(day=1), -n) for n in reversed(range(count)))


def _execute(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


def _reset_ids(models: Any) -> None:
    """PostgreSQL does not notice ids that it is given."""
    from django.core.management.color import no_style
    from django.db import connection

    for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
        _execute(statement)
