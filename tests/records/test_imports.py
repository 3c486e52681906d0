"""Importing: a preview writes no record, confirming all or none, undoing leaves no trace."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.records import access, rosters, sealing
from guantong.records.access import Conflict
from guantong.records.actions import activities, imports, ledger, memberships, people, relations
from guantong.records.drafts import Attended, draft_of
from guantong.records.id_number import check_digit
from guantong.records.imports.decisions import Difference
from guantong.records.imports.hall import Hall
from guantong.records.imports.rows import (
    EVERYONE,
    ActivityRow,
    Heading,
    Named,
    Outcome,
    Parsed,
    Problem,
    RollRow,
)
from guantong.records.models import (
    Activity,
    Attendance,
    Entry,
    Event,
    ImportBatch,
    Membership,
    Org,
    Person,
    Post,
    User,
)
from guantong.sheets.parse import parse
from tests.factories import (
    SINCE,
    TODAY,
    Cast,
    appoint,
    make_activity,
    make_draft,
    make_org,
    make_person,
)
from tests.records.conftest import fingerprint, one_event, refused
from tests.sheets.workbooks import ROLL_HEADER, workbook

pytestmark = pytest.mark.django_db

A1, A2, B1 = "甲学院教师第一党支部", "甲学院教师第二党支部", "乙学院学生第一党支部"
NOT_RECORDS = {"Event", "ImportBatch", "Assessment", "Entry"}


def an_id(number: int = 1, born: str = "19900101") -> str:
    first = f"110105{born}{number:03}"
    return first + check_digit(first)


def roll(*rows: dict[str, Any], line: int = 2) -> Parsed[RollRow]:
    """Rows of a roll; one that says nothing else is a full member of branch A1."""
    usual = {"org": A1, "status": "full"}
    titles = {"name": "姓名", "org": "所在党支部", "status": "人员类别"}
    columns = {f: Heading("ABC"[i], t, t) for i, (f, t) in enumerate(titles.items())}
    found = tuple(RollRow(line=line + i, **{**usual, **row}) for i, row in enumerate(rows))
    return Parsed(
        "roll", "名册.xlsx", hashlib.sha256(repr(found).encode()).hexdigest(), columns, found
    )


def held(*rows: dict[str, Any]) -> Parsed[ActivityRow]:
    """Rows of activities; one that says nothing else is yesterday's theme day of A1."""
    usual: dict[str, Any] = {
        "hosts": (A1,), "kind": "theme_day", "title": "学习", "held_on": date(2023, 6, 14),
        "hours": Decimal(2), "attended": EVERYONE,
    }  # fmt: skip
    found = tuple(ActivityRow(line=2 + i, **{**usual, **row}) for i, row in enumerate(rows))
    return Parsed(
        "activities", "活动.xlsx", hashlib.sha256(repr(found).encode()).hexdigest(), {}, found
    )


def decided(parsed: Any, by: User | None = None, **more: Any) -> Any:
    """The decision about a file's only row."""
    (decision,) = imports.decide(by=by, parsed=parsed, **more)
    return decision


def problem(parsed: Any, by: User | None = None, **more: Any) -> str:
    decision = decided(parsed, by, **more)
    assert decision.outcome == Outcome.PROBLEM
    (found,) = decision.problems
    return found.told(parsed.columns)


def run(parsed: Any, by: User | None = None, **more: Any) -> ImportBatch:
    return imports.confirm(by=by, batch=imports.preview(by=by, parsed=parsed, **more))


def records() -> dict[str, list[Any]]:
    """Every row of the records; what is derived or tells of imports apart."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_app_config("records").get_models()
        if model.__name__ not in NOT_RECORDS
    }


def entries() -> set[tuple[Any, ...]]:
    columns = ("obligation", "org", "person", "period_start", "required", "actual", "verdict")
    return set(Entry.objects.filter(assessment__live=True).values_list(*columns))


def spans(person: Person) -> list[tuple[Any, ...]]:
    columns = ("org__name", "status", "valid_from", "valid_to")
    return list(person.memberships.order_by("valid_from").values_list(*columns))


# Preview


def test_a_preview_writes_no_record(cast: Cast) -> None:
    before = records()
    with one_event("import.previewed"):
        batch = imports.preview(by=cast.officer, parsed=roll({"name": "李样"}, {"name": "党员甲"}))
    assert records() == before
    assert batch.state == "preview"
    assert batch.org == cast.branch
    assert batch.reading["counts"] == {
        "new": 1, "changed": 0, "same": 1, "problem": 0, "excluded": 0,
    }  # fmt: skip


def test_a_wrong_row_stops_only_itself(cast: Cast) -> None:
    wrong = {"name": "王样", "problems": (Problem("id_number", "位数不对", "请核对"),)}
    decisions = imports.decide(by=None, parsed=roll({"name": "李样"}, wrong, {"name": "赵样"}))
    assert [d.outcome for d in decisions] == ["new", "problem", "new"]


def test_an_id_number_stored_as_a_number_is_refused_with_the_reason(cast: Cast) -> None:
    content = workbook([ROLL_HEADER, ["李样", 110105199001010015, "正式党员", A1]])
    parsed = parse("roll", "a.xlsx", content)
    assert "B 列“公民身份号码”：单元格是数值格式" in problem(parsed)
    batch = imports.preview(by=None, parsed=parsed)
    with refused("有 1 行有问题（第 2 行）"):
        imports.confirm(by=None, batch=batch)


def test_the_same_file_twice_is_told(cast: Cast) -> None:
    run(roll({"name": "李样"}), by=cast.officer)
    again = imports.preview(by=cast.officer, parsed=roll({"name": "李样"}))
    assert "已导入" in again.reading["notes"][-1]
    assert again.reading["counts"]["same"] == 1
    with refused("没有要写入的内容"):
        imports.confirm(by=cast.officer, batch=again)


def test_id_and_phone_numbers_are_never_in_clear(cast: Cast) -> None:
    number, phone = an_id(), "13812345678"
    batch = imports.preview(
        by=None, parsed=roll({"name": "李样", "id_number": number, "phone": phone})
    )
    for state in ("preview", "confirmed"):
        stored = repr(ImportBatch.objects.values_list().get()) + repr(
            list(Event.objects.values_list())
        )
        assert number not in stored, state
        assert phone not in stored, state
        if state == "preview":
            imports.confirm(by=None, batch=batch)
    person = Person.objects.get(name="李样")
    assert sealing.unseal(person, "id_number") == number
    assert sealing.unseal(person, "phone") == phone
    assert "sealed" not in ImportBatch.objects.get().rows[0]


def test_the_number_of_queries_does_not_grow_with_the_rows(cast: Cast) -> None:
    def queries(rows: int) -> int:
        content = [{"name": f"样{chr(0x4E00 + i)}", "id_number": an_id(i), "phone": "13812345678"}
                   for i in range(rows)]  # fmt: skip
        activity = [{"title": f"学习{i}", "kind": "talk"} for i in range(rows)]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            imports.preview(by=cast.officer, parsed=roll(*content))
            imports.preview(by=cast.officer, parsed=held(*activity))
        return len(seen)

    queries(1)  # fills caches
    assert queries(3) == queries(60)


# Confirming


def test_what_is_imported_is_what_registering_gives(cast: Cast) -> None:
    facts: dict[str, Any] = {
        "gender": "2", "birth_date": date(1990, 1, 1), "number": "N1", "phone": "13812345678",
        "joined_on": date(2020, 9, 1), "full_member_on": date(2021, 9, 1),
    }  # fmt: skip
    since = {"branch_since": date(2022, 9, 1)}
    with one_event("import.confirmed"):
        batch = imports.preview(
            by=None, parsed=roll({"name": "曾样", "id_number": an_id(2), **facts, **since})
        )
        Event.objects.all()._raw_delete(connection.alias)
        imports.confirm(by=None, batch=batch)
    imported = Person.objects.get(name="曾样")
    other = make_person("曾样", cast.branch, since=date(2022, 9, 1), id_number=an_id(4),
                        **{**facts, "number": "N2"})  # fmt: skip
    plain = ("name", "pinyin", "initials", "gender", "birth_date", "joined_on", "full_member_on")
    assert [getattr(imported, f) for f in plain] == [getattr(other, f) for f in plain]
    assert sealing.unseal(imported, "phone") == sealing.unseal(other, "phone")
    assert imported.id_index == sealing.id_index(an_id(2))
    assert spans(imported) == spans(other) == [(A1, "full", date(2022, 9, 1), None)]


def test_confirming_is_all_or_nothing(cast: Cast) -> None:
    batch = imports.preview(
        by=None, parsed=roll({"name": "李样"}, {"name": "王样", "org": "无此支部"})
    )
    with refused("有 1 行有问题（第 3 行）"):
        imports.confirm(by=None, batch=batch)
    imports.exclude_rows(by=None, batch=batch, lines=[3])
    imports.confirm(by=None, batch=batch)
    assert Person.objects.filter(name="李样").exists()
    assert not Person.objects.filter(name="王样").exists()


def fails_at_the_last_membership(day: date) -> None:
    """The database itself refuses one row, after others were written."""
    when = f"NEW.valid_from = '{day}'"
    if connection.vendor == "sqlite":
        body = f"WHEN {when} BEGIN SELECT RAISE(ABORT, 'full'); END"
    else:
        body = f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION full_disk()"
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE unique_violation; END $$"
            )
        cursor.execute(f"CREATE TRIGGER full_disk BEFORE INSERT ON records_membership {body}")


def test_a_failure_at_the_last_row_leaves_nothing_behind(cast: Cast) -> None:
    last = {"name": "王样", "branch_since": date(2023, 6, 1)}
    batch = imports.preview(
        by=None, parsed=roll({"name": "李样"}, {"name": "党员甲", "number": "N1"}, last)
    )
    fails_at_the_last_membership(date(2023, 6, 1))
    with refused("请点“重新核对”"):
        imports.confirm(by=None, batch=batch)
    batch.refresh_from_db()
    assert batch.state == "preview"


def test_a_preview_that_is_out_of_date_is_not_carried_out(cast: Cast) -> None:
    batch = imports.preview(by=cast.officer, parsed=roll({"name": "李样", "number": "N1"}))
    make_person("李样", cast.branch, number="N1")
    with refused("请点“重新核对”") as caught:
        imports.confirm(by=cast.officer, batch=batch)
    assert isinstance(caught.value, Conflict)
    imports.recheck(by=cast.officer, batch=batch)
    batch.refresh_from_db()
    assert batch.rows[0]["outcome"] == "same"


def test_a_batch_is_confirmed_once(cast: Cast) -> None:
    batch = run(roll({"name": "李样"}))
    for verb in (imports.confirm, imports.recheck, imports.discard):
        with refused("已导入"):
            verb(by=None, batch=batch)
    with refused("已导入"):
        imports.exclude_rows(by=None, batch=batch, lines=[2])


@pytest.mark.django_db(transaction=True)
def test_of_several_who_confirm_at_once_one_does(cast: Cast) -> None:
    batch = imports.preview(by=None, parsed=roll({"name": "李样"}))

    def confirm(_: int) -> str:
        try:
            imports.confirm(by=None, batch=batch)
        except Conflict as conflict:
            return conflict.text
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(pool.map(confirm, range(4)))
    assert ends == ["done", *["这一批已导入，不能再改。"] * 3]
    assert Person.objects.filter(name="李样").count() == 1


def test_a_discarded_preview_keeps_nothing_of_the_file(cast: Cast) -> None:
    batch = imports.preview(by=None, parsed=roll({"name": "李样"}))
    with one_event("import.discarded"):
        imports.discard(by=None, batch=batch)
    batch.refresh_from_db()
    assert (batch.state, batch.rows) == ("discarded", [])
    with refused("已放弃"):
        imports.confirm(by=None, batch=batch)


# Who may


def test_only_who_keeps_the_roll_imports_it(cast: Cast) -> None:
    for name, user in cast.everyone().items():
        if name in ("officer", "office"):
            assert decided(roll({"name": "李样"}), user).outcome == Outcome.NEW
        else:
            with refused("您没有“导入党员名册”的权限"):
                imports.preview(by=user, parsed=roll({"name": "李样"}))


def test_an_organisation_out_of_reach_is_as_unknown_as_none(cast: Cast) -> None:
    outside = problem(roll({"name": "李样", "org": B1}), cast.officer)
    nowhere = problem(roll({"name": "李样", "org": "丙学院"}), cast.officer)
    assert outside.split("。")[0] == f"B 列“所在党支部”：您可导入的范围内没有“{B1}”"
    assert "乙学院" not in outside.replace(B1, "")
    assert "没有“丙学院”" in nowhere
    assert decided(roll({"name": "李样", "org": B1}), cast.office).outcome == Outcome.NEW


def test_somebody_out_of_reach_is_neither_named_nor_moved(cast: Cast) -> None:
    make_person("李样", cast.other_branch, id_number=an_id(), number="N1")
    told = problem(roll({"name": "李样", "id_number": an_id()}), cast.officer)
    assert "登记在另一党组织的党员名下" in told
    assert "乙" not in told
    assert "学工号登记在另一名党员名下" in problem(
        roll({"name": "李样", "number": "N1"}), cast.officer
    )
    assert decided(roll({"name": "李样", "id_number": an_id()}), cast.office).outcome == "changed"


def test_a_batch_is_handled_only_within_its_scope(cast: Cast) -> None:
    batch = imports.preview(
        by=cast.office, parsed=roll({"name": "李样"}, {"name": "王样", "org": B1})
    )
    assert batch.org == cast.school
    assert list(access.batches(cast.officer)) == []
    for verb in (imports.confirm, imports.recheck, imports.discard, imports.undo):
        with refused("您没有对该党组织“导入党员名册”的权限"):
            verb(by=cast.officer, batch=batch)
    own = imports.preview(
        by=cast.officer, parsed=roll({"name": "李样"}, {"name": "王样", "org": A2})
    )
    assert own.org == cast.college
    assert list(access.batches(cast.officer)) == [own]


def test_a_branch_imports_its_own_activities_only(cast: Cast) -> None:
    assert decided(held({}), cast.secretary).outcome == Outcome.NEW
    assert "没有“甲学院教师第二党支部”" in problem(held({"hosts": (A2,)}), cast.secretary)


# Whom a row means


def test_an_id_number_decides_whatever_the_name(cast: Cast) -> None:
    person = make_person("李样", cast.branch, id_number=an_id())
    decision = decided(roll({"name": "李样例", "id_number": an_id()}))
    assert decision.work.person_id == person.pk
    assert decision.differences[0] == Difference("姓名", "李样", "李样例")


@pytest.mark.parametrize(
    ("kept", "given", "outcome"),
    [
        ({}, {}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1990, 1, 1)}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1990, 1, 1), "org": A2}, "changed"),
        ({"birth_date": date(1990, 1, 9)},
         {"birth_date": date(1990, 1, 1), "months": frozenset({"birth_date"})}, "same"),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1991, 1, 1)}, "出生日期不同"),
        ({}, {"org": A2}, "别的支部已有同名党员"),
        ({}, {"org": A2, "birth_date": date(1990, 1, 1)}, "new"),
        ({"number": "N1"}, {"number": "N1", "org": A2}, "changed"),
        ({"number": "N1"}, {"number": "N2"}, "new"),
        ({"id_number": an_id(1), "birth_date": date(1990, 1, 1)}, {"id_number": an_id(2)},
         "另一个身份证号"),
        ({"id_number": an_id(1)}, {"id_number": an_id(1, "19910101")}, "new"),
        ({"number": "N1", "id_number": an_id(1)},
         {"number": "N1", "id_number": an_id(3, "19910101")}, "另一个身份证号"),
    ],
)  # fmt: skip
def test_who_is_meant(cast: Cast, kept: Any, given: Any, outcome: str) -> None:
    make_person("李样", cast.branch, **kept)
    decision = decided(roll({"name": "李样", **given}), cast.officer)
    told = "".join(problem.what for problem in decision.problems)
    assert outcome in (told or decision.outcome)


def test_two_of_one_name_are_told_apart_or_left(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    make_person("李样", cast.branch, number="N2")
    assert "有 2 名“李样”" in problem(roll({"name": "李样"}))
    assert decided(roll({"name": "李样", "number": "N2"})).outcome == Outcome.SAME


def test_a_number_is_not_given_twice(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    assert "学工号登记在另一名党员名下" in problem(roll({"name": "王样", "number": "N1"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "李样", "id_number": an_id()}, {"name": "王样", "id_number": an_id()}),
        ({"name": "李样", "number": "N1"}, {"name": "王样", "number": "N1"}),
        ({"name": "李样"}, {"name": "李样"}),
        ({"name": "李样", "number": "N1"}, {"name": "李样"}),
    ],
)
def test_one_person_in_two_rows_is_a_problem_of_the_second(
    cast: Cast, one: Any, other: Any
) -> None:
    first, second = imports.decide(by=None, parsed=roll(one, other))
    assert first.outcome == Outcome.NEW
    assert "与第 2 行像是同一人" in second.problems[0].what


def test_namesakes_with_different_numbers_are_two(cast: Cast) -> None:
    rows = [{"name": "李样", "number": "N1"}, {"name": "李样", "number": "N2"}]
    assert [d.outcome for d in imports.decide(by=None, parsed=roll(*rows))] == ["new", "new"]


# What a row says


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"id_number": an_id(), "birth_date": date(1991, 1, 1)}, "与身份证号中的 1990-01-01 不符"),
        ({"id_number": an_id(1), "gender": "2"}, "性别与身份证号不符"),
        ({"joined_on": date(2023, 7, 1)}, "在今天之后"),
        ({"joined_on": date(1989, 1, 1), "birth_date": date(1990, 1, 1)}, "早于出生日期"),
        ({"joined_on": date(2021, 9, 1), "full_member_on": date(2021, 9, 1)}, "应在入党时间之后"),
        ({"status": "probationary", "full_member_on": date(2021, 9, 1)}, "不应有转正时间"),
        ({"status": ""}, "没有写人员类别"),
        ({"org": "甲学院党委"}, "是学院党委，党员要编入党支部"),
        ({"org": "教师第一党支部"}, "最接近的有：甲学院教师第一党支部"),
        ({"branch_since": date(2021, 1, 1)}, "在 2021-01-01 不存在"),
        ({"branch_since": date(2022, 6, 1), "joined_on": date(2022, 9, 1)}, "早于入党时间"),
    ],
)
def test_what_cannot_be_is_a_problem(cast: Cast, row: Any, says: str) -> None:
    assert says in problem(roll({"name": "李样", **row}))


def test_birth_and_gender_come_from_the_id_number(cast: Cast) -> None:
    work = decided(roll({"name": "李样", "id_number": an_id(2)})).work
    assert (work.fields["birth_date"], work.fields["gender"]) == (date(1990, 1, 1), "2")


@pytest.mark.parametrize(
    "name", ["中共示例大学甲学院教师第一支部委员会", "甲学院教师第一支部", "甲学院教师第一党支部"]
)
def test_official_names_are_understood(cast: Cast, name: str) -> None:
    assert decided(roll({"name": "李样", "org": name})).outcome == Outcome.NEW


def test_blank_cells_and_mere_months_change_nothing(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1", joined_on=date(2020, 9, 12), phone="13812345678")
    row = {"name": "李样", "joined_on": date(2020, 9, 1), "months": frozenset({"joined_on"})}
    assert decided(roll(row)).outcome == Outcome.SAME


def test_a_roll_shows_a_day(cast: Cast) -> None:
    run(roll({"name": "李样"}), as_of=date(2023, 1, 10))
    assert spans(Person.objects.get(name="李样")) == [(A1, "full", date(2023, 1, 10), None)]
    with refused("在今天（2023-06-15）之后"):
        imports.decide(by=None, parsed=roll({"name": "王样"}), as_of=date(2023, 7, 1))


def test_who_became_full_in_the_branch_was_probationary_before(cast: Cast) -> None:
    run(roll({"name": "李样", "branch_since": date(2022, 3, 1), "joined_on": date(2021, 9, 1),
              "full_member_on": date(2022, 9, 1)}))  # fmt: skip
    assert spans(Person.objects.get(name="李样")) == [
        (A1, "probationary", date(2022, 3, 1), date(2022, 9, 1)),
        (A1, "full", date(2022, 9, 1), None),
    ]


def test_moves_and_full_membership_come_with_their_days(cast: Cast) -> None:
    person = make_person("李样", cast.branch, status="probationary", birth_date=date(1990, 1, 1))
    appoint(person, cast.branch, "committee_member")
    run(roll({"name": "李样", "birth_date": date(1990, 1, 1), "org": A2,
              "full_member_on": date(2023, 3, 1), "branch_since": date(2023, 5, 1)}))  # fmt: skip
    assert spans(person) == [
        (A1, "probationary", SINCE, date(2023, 3, 1)),
        (A1, "full", date(2023, 3, 1), date(2023, 5, 1)),
        (A2, "full", date(2023, 5, 1), None),
    ]
    assert Post.objects.get(person=person).valid_to == date(2023, 5, 1)


def test_who_had_left_comes_back(cast: Cast) -> None:
    person = make_person("李样", cast.branch)
    memberships.leave(by=None, person=person, on=date(2023, 1, 1), reason="转出")
    run(roll({"name": "李样", "branch_since": date(2023, 6, 1)}))
    assert spans(person)[-1] == (A1, "full", date(2023, 6, 1), None)


@pytest.mark.parametrize(
    ("row", "as_of", "says"),
    [
        ({"org": A2, "branch_since": SINCE}, TODAY, "不能早于它转支部"),
        ({"status": "probationary"}, TODAY, "系统中已是正式党员"),
        ({"org": A2}, date(2021, 12, 1), "不存在"),
    ],
)
def test_a_move_that_cannot_be_is_a_problem(cast: Cast, row: Any, as_of: date, says: str) -> None:
    make_person("李样", cast.branch, number="N1")
    assert says in problem(roll({"name": "李样", "number": "N1", **row}), as_of=as_of)


def test_an_older_roll_does_not_undo_later_moves(cast: Cast) -> None:
    person = make_person("李样", cast.branch, number="N1")
    memberships.transfer_within(by=None, person=person, to=cast.sibling, on=date(2023, 5, 1))
    older = roll({"name": "李样", "number": "N1", "org": A2})
    assert "以后组织关系另有变动" in problem(older, as_of=date(2023, 3, 1))


# Undoing


def everything_at_once(cast: Cast) -> Parsed[RollRow]:
    moved = make_person("移样", cast.branch, status="probationary", number="M1",
                        phone="13811111111", id_number=an_id(7))  # fmt: skip
    appoint(moved, cast.branch, "committee_member")
    gone = make_person("归样", cast.branch, number="G1")
    memberships.leave(by=None, person=gone, on=date(2023, 1, 1), reason="转出")
    make_person("同样", cast.branch)
    return roll(
        {"name": "新样", "id_number": an_id(9), "phone": "13822222222",
         "branch_since": date(2022, 5, 1)},
        {"name": "移样", "number": "M1", "org": A2, "full_member_on": date(2023, 3, 1),
         "branch_since": date(2023, 5, 1), "phone": "13833333333", "birth_date": date(1990, 1, 1)},
        {"name": "归样", "number": "G1"},
        {"name": "党员甲", "number": "D1"},
        {"name": "同样"},
    )  # fmt: skip


def test_undoing_a_roll_restores_every_row(cast: Cast) -> None:
    parsed = everything_at_once(cast)
    ledger.rebuild()
    ledger.as_of(date(2023, 3, 31))
    before, owed = records(), entries()
    batch = run(parsed, by=cast.officer)
    assert batch.reading["counts"] == {
        "new": 1,
        "changed": 3,
        "same": 1,
        "problem": 0,
        "excluded": 0,
    }
    assert records() != before
    ledger.as_of(date(2023, 3, 31))  # names the new person
    with one_event("import.undone"):
        imports.undo(by=cast.officer, batch=batch)
    assert records() == before
    assert entries() == owed
    with refused("已撤销"):
        imports.undo(by=cast.officer, batch=batch)


def test_undoing_activities_restores_every_row(cast: Cast) -> None:
    ledger.rebuild()
    before, owed = records(), entries()
    batch = run(
        held({}, {"kind": "branch_assembly", "absent": (Named("党员甲", "病假"),), "hours": None})
    )
    assert Activity.objects.count() == 2
    imports.undo(by=None, batch=batch)
    assert records() == before
    assert entries() == owed


@pytest.mark.parametrize("undone", [False, True])
def test_the_ledger_keeps_step(cast: Cast, undone: bool) -> None:
    parsed = everything_at_once(cast)
    ledger.rebuild()
    batches = [run(parsed), run(held({}, {"held_on": date(2023, 3, 3)}))]
    for batch in reversed(batches) if undone else ():
        imports.undo(by=None, batch=batch)
    live = entries()
    ledger.rebuild()
    assert live == entries()


def correct(person: Person) -> None:
    people.correct(by=None, person=person, number="X1")


def transfer(person: Person) -> None:
    cast_org = Org.objects.get(name=A2)
    memberships.transfer_within(by=None, person=person, to=cast_org, on=TODAY)


def take_part(person: Person) -> None:
    branch = Org.objects.get(name=A1)
    make_activity(branch, held_on=TODAY, attended=(Attended(person.pk),))


def be_linked(person: Person) -> None:
    branch = Org.objects.get(name=A1)
    relations.record(
        by=None, kind="contact_point", person=person, other_org=branch, valid_from=TODAY
    )


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (correct, "“李样”的党员信息在导入后改过"),
        (transfer, "“李样”的组织关系在导入后改过"),
        (take_part, "“李样”在导入后有了出席记录"),
        (be_linked, "“李样”在导入后有了联系或结对"),
    ],
)
def test_what_was_used_since_is_not_taken_away(cast: Cast, later: Any, says: str) -> None:
    batch = run(roll({"name": "李样", "branch_since": date(2023, 6, 1)}, {"name": "王样"}))
    later(Person.objects.get(name="李样"))
    with refused(says):
        imports.undo(by=None, batch=batch)


def test_a_corrected_activity_is_not_taken_away(cast: Cast) -> None:
    batch = run(held({}))
    activity = Activity.objects.get()
    activities.correct(
        by=None, activity=activity, version=1, draft=make_draft(cast.branch, title="改")
    )
    with refused("“改”的活动记录在导入后改过"):
        imports.undo(by=None, batch=batch)


# Activities


def test_what_is_imported_is_what_recording_gives(cast: Cast) -> None:
    chair = Person.objects.get(name="支书甲")
    run(held({"chair": (Named("支书甲"),), "absent": (Named("党员甲", "病假"),), "place": "一室"}))
    imported = draft_of(Activity.objects.get())
    absent = {Person.objects.get(name="党员甲").pk: "病假"}
    there = (Attended(chair.pk, "chair"),)
    recorded = draft_of(
        make_activity(cast.branch, title="另学", place="一室", absent=absent, attended=there)
    )
    assert imported.title == "学习"
    assert vars(imported) == {**vars(recorded), "title": "学习"}
    assert set(Attendance.objects.values_list("hours", flat=True)) == {Decimal(2)}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"attended": (Named("无名"),)}, "“无名”当天不在您可登记的名册中"),
        ({"attended": (), "hours": Decimal(2)}, "没有写参加人员"),
        ({"hours": None}, "计入学时"),
        ({"held_on": date(2023, 6, 16)}, "在今天（2023-06-15）之后"),
        ({"held_on": date(2021, 6, 16)}, "不存在"),
        ({"kind": "drill"}, "应由"),
        ({"attended": (Named("党员甲"),), "absent": (Named("党员甲"),)}, "既列为参加又列为缺席"),
    ],
)
def test_what_may_not_be_recorded_is_a_problem(cast: Cast, row: Any, says: str) -> None:
    assert says in problem(held(row))


def test_an_activity_on_record_is_not_recorded_again(cast: Cast) -> None:
    run(held({}))
    assert decided(held({})).outcome == Outcome.SAME
    assert "内容不同（学时 2 → 3）" in problem(held({"hours": Decimal(3)}))
    assert "学时会重复计算" in problem(held({"title": "另一个题目"}))
    assert decided(held({"held_on": date(2023, 6, 13)})).outcome == Outcome.NEW
    first, second = imports.decide(
        by=None, parsed=held({"title": "甲", "kind": "talk"}, {"title": "甲", "kind": "talk"})
    )
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.PROBLEM)


def test_an_old_activity_says_that_it_came_from_a_file(cast: Cast) -> None:
    run(held({"held_on": date(2023, 3, 1)}))
    assert Activity.objects.get().late_reason == "从文件“活动.xlsx”导入"


def test_namesakes_are_told_apart_by_their_number(cast: Cast) -> None:
    make_person("李样", cast.branch, number="N1")
    second = make_person("李样", cast.branch, number="N2")
    assert "有 2 名“李样”" in problem(held({"attended": (Named("李样"),)}))
    work = decided(held({"attended": (Named("李样", "N2"),)})).work
    assert work.attended == (Attended(second.pk),)


def test_ones_own_people_come_first(cast: Cast) -> None:
    own = make_person("李样", cast.branch)
    make_person("李样", cast.sibling)
    work = decided(held({"attended": (Named("李样"),)}), cast.officer).work
    assert work.attended == (Attended(own.pk),)


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    group = make_org("第一党小组", "group", cast.branch)
    make_person("来样", cast.sibling, since=date(2022, 6, 1))
    moved = make_person("移样", cast.branch)
    memberships.transfer_within(by=None, person=moved, to=cast.other_branch, on=date(2022, 9, 1))
    leader = make_person("联样", cast.other_branch)
    relations.record(by=None, kind="contact_point", person=leader, other_org=cast.branch,
                     valid_from=date(2022, 4, 1))  # fmt: skip
    head = make_person("首样", cast.other_branch)
    appoint(head, cast.school, "secretary", valid_from=date(2022, 5, 1))
    assert group
    return cast


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_hall_says_what_the_rosters_say(crowd: Cast, data: st.DataObject) -> None:
    orgs = list(Org.objects.order_by("pk"))
    hosts = data.draw(st.lists(st.sampled_from(orgs), min_size=1, max_size=2, unique=True))
    on = data.draw(st.dates(SINCE, TODAY))
    by = data.draw(st.sampled_from([None, *crowd.everyone().values()]))
    kind = data.draw(st.sampled_from(["theme_day", "branch_committee"]))
    everyone = list(Person.objects.all())
    rows = [ActivityRow(line=1, attended=tuple(Named(p.name) for p in everyone))]
    room = Hall(rows, hosts, by).room(kind, hosts, on)
    may_be = set(rosters.may_be_named(by, hosts, on).values_list("pk", flat=True))
    assert {p.pk for p in everyone if room._may_be_named(p.pk)} == may_be
    expected = {
        pk
        for host in hosts
        for pk in rosters.expected(kind, host, on).values_list("pk", flat=True)
    }
    assert room.expected == expected


def test_the_fingerprint_sees_a_change(cast: Cast) -> None:
    before, kept = fingerprint(), records()
    Membership.objects.filter(pk=Membership.objects.first().pk).update(end_reason="x")
    assert fingerprint() != before
    assert records() != kept
