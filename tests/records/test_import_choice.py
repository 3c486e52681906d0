"""Taking a part of a file: by row, by kind of difference; what it lacks; many rows beside."""

from datetime import date
from typing import Any

import pytest
from django.db.models import Q

from guantong.records import sealing
from guantong.records.actions import grants, imports, jobs, memberships, posts
from guantong.records.actions.imports import working, writing
from guantong.records.imports.rows import Problem
from guantong.records.models import ImportBatch, Job, Person
from tests.factories import TODAY, Cast, appoint, make_person
from tests.records.conftest import one_event, refused
from tests.records.spreadsheets import A2, B1, an_id, records, roll

pytestmark = pytest.mark.django_db


def outcomes(batch: ImportBatch) -> dict[Any, str]:
    return {row.line or row.named: row.outcome for row in batch.rows.filter(excluded=False)}


def test_members_whom_the_file_lacks_are_told_and_left_alone(cast: Cast) -> None:
    gone = make_person("离样", cast.branch)
    memberships.leave(by=None, person=gone, on=date(2023, 6, 1), reason="转出")
    make_person("申样", cast.branch, status="applicant")
    unsure = {"name": "支书甲", "problems": (Problem("number", "写错", "请改"),)}
    batch = imports.preview(by=cast.officer, parsed=roll({"name": "李样"}, unsure))
    assert outcomes(batch) == {2: "new", 3: "problem", "党员甲": "missing"}
    imports.exclude_rows(by=cast.officer, batch=batch, rows=Q(line=3))
    before = records()
    batch.refresh_from_db()
    assert batch.reading["counts"]["missing"] == 1
    imports.undo(by=None, batch=imports.confirm(by=cast.officer, batch=batch))
    assert records() == before


def test_what_contradicts_the_records_is_told_apart_from_what_cannot_be_read(cast: Cast) -> None:
    make_person("王样", cast.branch, id_number=an_id(1), number="N1")
    rows = roll(
        {"name": "王样", "number": "N1", "id_number": an_id(2)}, {"name": "李样", "org": B1}
    )
    assert outcomes(imports.preview(by=cast.officer, parsed=rows)) == {
        2: "conflict", 3: "problem", "党员甲": "missing", "支书甲": "missing",
    }  # fmt: skip


def test_only_the_chosen_kinds_of_difference_are_written(cast: Cast) -> None:
    person = make_person("王样", cast.branch, number="N1", phone="13800000001")
    row = {"name": "王样", "number": "N1", "phone": "13800000002", "org": A2, "gender": "1"}
    new = {"name": "李样", "gender": "2", "phone": "13800000003"}
    batch = imports.preview(by=cast.officer, parsed=roll(row, new))
    assert [field for field, _ in batch.reading["kinds"]] == ["gender", "org", "phone"]
    with one_event("import.differences_left_out"):
        batch = imports.leave_out(by=cast.officer, batch=batch, kinds=["org", "phone"])
    assert batch.rows.get(line=2).differs == "|gender|"
    imports.confirm(by=cast.officer, batch=batch)
    person.refresh_from_db()
    assert (person.gender, sealing.unseal(person, "phone")) == ("1", "13800000001")
    assert person.memberships.get(valid_to=None).org == cast.branch
    assert sealing.unseal(Person.objects.get(name="李样"), "phone") == "13800000003"


def test_leaving_every_difference_out_leaves_the_row_as_it_is(cast: Cast) -> None:
    make_person("王样", cast.branch, number="N1")
    batch = imports.preview(by=None, parsed=roll({"name": "王样", "number": "N1", "gender": "1"}))
    batch = imports.leave_out(by=None, batch=batch, kinds=["gender"])
    assert outcomes(batch)[2] == "same"
    batch = imports.leave_out(by=None, batch=batch, kinds=[])
    assert outcomes(batch)[2] == "changed"
    with refused("没有“x”这种差异"):
        imports.leave_out(by=None, batch=batch, kinds=["x"])


def test_leaving_one_of_two_doubles_out_frees_the_other(cast: Cast) -> None:
    batch = imports.preview(by=None, parsed=roll({"name": "李样"}, {"name": "李样"}, line=2))
    assert outcomes(batch)[3] == "problem"
    batch = imports.exclude_rows(by=None, batch=batch, rows=Q(line=2))
    assert {2, 3} & outcomes(batch).keys() == {3}
    assert outcomes(batch)[3] == "new"
    batch = imports.exclude_rows(by=None, batch=batch, rows=Q(line=2), excluded=False)
    assert outcomes(batch)[3] == "problem"
    with refused("没有选中要改的行"):
        imports.exclude_rows(by=None, batch=batch, rows=Q(line=2), excluded=False)


def test_many_rows_are_worked_out_beside_with_the_same_result(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = roll(*({"name": f"样{chr(0x4E00 + i)}"} for i in range(7)), {"name": "党员甲"})
    waited = imports.preview(by=cast.officer, parsed=rows)
    monkeypatch.setattr(imports, "FEW", 3)
    monkeypatch.setattr(working, "AT_ONCE", 3)
    beside = imports.preview(by=cast.officer, parsed=rows, wait=False)
    assert beside.state == "preview"
    assert outcomes(beside) == outcomes(waited)
    job = Job.objects.get(kind=imports.job(beside))
    assert (job.done, job.total, job.trouble) == (4, 4, "")
    imports.recheck(by=cast.officer, batch=beside, wait=False)
    assert outcomes(beside) == outcomes(waited)
    one = imports.exclude_rows(by=cast.officer, batch=waited, rows=~Q(outcome="new"))
    monkeypatch.setattr(writing, "AT_ONCE", 4)
    told: list[str] = []
    monkeypatch.setattr(jobs, "tell", lambda _, says: told.append(says))
    assert imports.confirm(by=cast.officer, batch=one, wait=False).state == "confirmed"
    refused_ = imports.confirm(by=cast.officer, batch=beside, wait=False)
    assert told[:4] == ["再核对一遍 7 / 7", "已写 4 / 7", "已写 7 / 7", "更新台账"]
    assert (refused_.state, refused_.reading["refused"]) == ("preview", imports.OUT_OF_DATE)
    again = imports.recheck(by=cast.officer, batch=beside, wait=False)
    assert "refused" not in again.reading
    one.refresh_from_db()
    new = Person.objects.latest("pk")
    used = appoint(new, cast.branch, "committee_member", valid_from=TODAY)
    held = imports.undo(by=cast.officer, batch=one, wait=False)
    assert (held.state, "任职" in held.reading["refused"]) == ("confirmed", True)
    posts.strike(by=cast.officer, post=used)
    assert imports.undo(by=cast.officer, batch=one, wait=False).state == "undone"
    assert not Person.objects.filter(name__startswith="样").exists()
    with refused("已撤回，没有可撤回的内容"):
        imports.undo(by=cast.officer, batch=one, wait=False)


def test_what_is_refused_beside_gives_the_batch_up_and_says_why(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "FEW", 0)
    grants.give(
        by=None, user=cast.officer, role="college_officer", org=cast.other_college,
        valid_from=date(2023, 1, 1),
    )  # fmt: skip
    rows = roll({"name": "李样"}, {"name": "王样", "org": B1})
    with refused("请按单位分成几个文件"):
        imports.preview(by=cast.officer, parsed=rows)
    batch = imports.preview(by=cast.officer, parsed=rows, wait=False)
    assert (batch.state, batch.rows.count()) == ("discarded", 0)
    assert "请按单位分成几个文件" in batch.reading["refused"]
