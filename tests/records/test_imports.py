"""Importing: a preview writes no record, confirming all or none; only who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guantong.records import access, sealing
from guantong.records.access import Conflict
from guantong.records.actions import imports, jobs
from guantong.records.imports.rows import (
    Outcome,
    Problem,
)
from guantong.records.models import Event, ImportBatch, ImportRow, Job, Person
from guantong.sheets.parse import parse
from tests.factories import Cast, make_cast, make_person
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import (
    A1,
    A2,
    B1,
    an_id,
    decided,
    held,
    problem,
    records,
    roll,
    run,
    spans,
)
from tests.services import start, until
from tests.sheets.workbooks import ROLL_HEADER, workbook

pytestmark = pytest.mark.django_db


# Preview


def test_a_preview_writes_no_record(cast: Cast) -> None:
    before = records()
    with one_event("import.previewed"):
        batch = imports.preview(by=cast.officer, parsed=roll({"name": "李样"}, {"name": "党员甲"}))
    assert records() == before
    assert batch.state == "preview"
    assert batch.org == cast.branch
    assert batch.reading["counts"] == {
        "new": 1, "changed": 0, "same": 1, "missing": 1, "problem": 0, "conflict": 0,
        "excluded": 0,
    }  # fmt: skip


def test_a_wrong_row_stops_only_itself(cast: Cast) -> None:
    wrong = {"name": "王样", "problems": (Problem("id_number", "位数不对", "请核对"),)}
    decisions = imports.decide(by=None, parsed=roll({"name": "李样"}, wrong, {"name": "赵样"}))
    assert [d.outcome for d in decisions if d.line] == ["new", "problem", "new"]


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
        tables = (ImportBatch.objects, ImportRow.objects, Event.objects)
        stored = repr([list(rows.values_list()) for rows in tables])
        assert number not in stored, state
        assert phone not in stored, state
        if state == "preview":
            imports.confirm(by=None, batch=batch)
    person = Person.objects.get(name="李样")
    assert sealing.unseal(person, "id_number") == number
    assert sealing.unseal(person, "phone") == phone
    assert "sealed" not in ImportRow.objects.get(line=2).told


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
        "gender": "2", "birth_date": date(1990, 1, 1), "schooling": "undergraduate",
        "number": "N1", "phone": "13812345678",
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
    plain = (
        "name", "pinyin", "letters", "gender", "birth_date", "schooling", "joined_on",
        "full_member_on",
    )  # fmt: skip
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
    imports.exclude_rows(by=None, batch=batch, rows=Q(line=3))
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
    assert batch.rows.get(line=2).outcome == "same"


def test_a_batch_is_confirmed_once(cast: Cast) -> None:
    batch = run(roll({"name": "李样"}))
    for verb in (imports.confirm, imports.recheck, imports.discard):
        with refused("已导入"):
            verb(by=None, batch=batch)
    with refused("已导入"):
        imports.exclude_rows(by=None, batch=batch, rows=Q(line=2))


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
    assert (batch.state, batch.rows.count()) == ("discarded", 0)
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


# Workers that are killed

BEGUN = """
import os, time
from pathlib import Path
from guantong.records.actions import imports, rows
from guantong.records.actions.imports import working, writing
from guantong.records.models import ImportBatch
from tests.records.spreadsheets import roll
def stops(verb, times):
    seen = []
    def half_way(*args, **more):
        done = verb(*args, **more)
        seen.append(done)
        if len(seen) == times:
            Path(os.environ["GUANTONG_DATA"], "half-way").touch()
            time.sleep(60)
        return done
    return half_way
imports.FEW, working.AT_ONCE = 0, 2
"""
READS = """
rows.pour = stops(rows.pour, 2)
parsed = roll(*({"name": f"新{n}样"} for n in "甲乙丙丁戊"))
imports.preview(by=None, parsed=parsed, wait=False)
time.sleep(60)
"""
WRITES = """
writing.write = stops(writing.write, 1)
imports.confirm(by=None, batch=ImportBatch.objects.latest("pk"), wait=False)
time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
def test_an_import_whose_worker_is_killed_is_taken_over_and_written_once(
    tmp_path: Path, settings: Any
) -> None:
    settings.DATA = tmp_path  # one key for both
    make_cast()
    parsed = roll(*({"name": f"新{n}样"} for n in "甲乙丙丁戊"))

    def killed(code: str) -> ImportBatch:
        worker = start(f"{BEGUN}{code}", tmp_path)
        until((tmp_path / "half-way").exists)
        (tmp_path / "half-way").unlink()
        worker.kill()
        worker.wait()
        batch = ImportBatch.objects.latest("pk")
        with refused("正在"):  # it may still be alive
            imports.confirm(by=None, batch=batch)
        Job.objects.update(seen_at=timezone.now() - 2 * jobs.DEAD_AFTER)
        return batch

    before = records()
    batch = killed(READS)
    assert batch.rows.count() == 2, "the step that was half-way is undone"
    for verb in (imports.confirm, imports.recheck):
        with refused("没有读完"):  # not the first rows alone
            verb(by=None, batch=batch)
    imports.discard(by=None, batch=batch)
    whole = imports.preview(by=None, parsed=parsed)
    batch = killed(WRITES)
    assert batch == whole
    assert records() == before
    imports.confirm(by=None, batch=batch)
    with refused("已导入"):
        imports.confirm(by=None, batch=batch)
    assert Person.objects.filter(name__startswith="新").count() == 5
    assert Event.objects.filter(verb="import.confirmed").count() == 1
