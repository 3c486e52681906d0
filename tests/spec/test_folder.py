"""A folder of fact tables is either right or refused: with the file, the row and the remedy,
before anything is worked out.
"""

import os
from decimal import Decimal
from time import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guantong.obligations import folder, folder_writing
from guantong.obligations.faults import CODES, FactsError
from guantong.obligations.tables import TABLES

GOOD = {
    "orgs.csv": "org_id,kind,category,valid_from,valid_to\n1,branch,faculty,2020-01-01,\n"
    "2,branch,faculty,2020-01-01,2023/6/30\n",
    "memberships.csv": "person_id,org_id,status,exempt,valid_from,valid_to\n"
    "10,1,full,false,2022-01-01,2022-06-01\n10,1,full,false,2022-06-01,\n",
    "activities.csv": "activity_id,kind,held_on,hours,planned\n7,talk,2023-04-05,1.50,false\n",
    "attendances.csv": "activity_id,person_id,role,hours\n7,10,attendee,\n",
    "terms.csv": "org_id,elected_on,expires_on,extended_to\n1,2020-01-01,2024-01-01,\n"
    "1,2023-01-01,2027-01-01,\n",
}


@pytest.fixture
def place(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def refusal(place):
    with pytest.raises(FactsError) as refused, folder.opened(place):
        pass
    said = str(refused.value)
    assert all("处理：" in line for line in said.splitlines())
    return said


def test_a_good_folder_is_read_and_what_is_not_there_is_told(place):
    with folder.opened(place) as facts:
        assert "按空表核算" in facts.notes[0]
        rows = facts.connection.execute("SELECT hours FROM activities").fetchall()
        assert rows == [(Decimal("1.5000"),)]


MISTAKES = {
    "a column that is missing": (
        "activities.csv", "held_on,", "", "activities.csv：缺少列 held_on"),
    "a day that is none": (
        "orgs.csv", "2,branch,faculty,2020-01-01", "2,branch,faculty,2020-02-30",
        "orgs.csv：列 valid_from 有 1 行不是日期（如 org_id=2 valid_from=2020-02-30）"),
    "a flag that is none": (
        "activities.csv", ",false", ",maybe", "列 planned 有 1 行不是布尔值（如 activity_id=7"),
    "hours with five places": (
        "activities.csv", "1.50", "1.50001", "列 hours 有 1 行不是数值（如 activity_id=7"),
    "an id that is none": (
        "attendances.csv", "7,10,", "7,A10,", "列 person_id 有 1 行不是整数"),
    "a key without a value": (
        "attendances.csv", "7,10,", "7,,",
        "列 person_id 有 1 行为空（如 activity_id=7 person_id=空）"),
    "a span that ends before it begins": (
        "orgs.csv", "2023/6/30", "2019-01-01",
        "orgs.csv：有 1 行 valid_to 不晚于 valid_from（如 org_id=2 valid_to=2019-01-01）"),
    "a row given twice": (
        "attendances.csv", "7,10,attendee,\n", "7,10,attendee,\n7,10,chair,\n",
        "有 1 个 activity_id、person_id 出现多次（如 activity_id=7 person_id=10）"),
    "spans that overlap": (
        "memberships.csv", "2022-06-01\n", "2022-06-02\n",
        "memberships.csv：同一 person_id、org_id 的起止时间有 1 处重叠（如 person_id=10 org_id=1"
        " valid_from=2022-01-01 next_valid_from=2022-06-01）"),
    "a span that lasts and another after it": (
        "memberships.csv", "2022-01-01,2022-06-01\n", "2022-01-01,\n", "1 处重叠"),
    "a column given twice": (
        "orgs.csv", "valid_to\n", "valid_from\n", "orgs.csv：列 valid_from 写了不止一次"),
    "a code page of its own": ("orgs.csv", "faculty", "\udcb5", "orgs.csv：读不了（不是 UTF-8）"),
    "hours beyond all reason": (
        "attendances.csv", "7,10,attendee,", "7,10,attendee,90000000",
        "attendances.csv：列 hours 有 1 行太大或小于 0（如 activity_id=7 person_id=10 hours="),
    "a comma too many in the first line": (
        "orgs.csv", "valid_to\n", "valid_to,\n", "orgs.csv：第一行有空的列名（多了逗号）"),
    "a day beyond the calendar": (
        "orgs.csv", "2023/6/30", "9999-12-31", "列 valid_to 有 1 行不在 1 至 9998 年"),
    "lines of different length": (
        "orgs.csv", "1,branch,faculty,2020-01-01,", "1,branch", "orgs.csv：读不了"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file_and_row(mistake, place):
    name, right, wrong, said = MISTAKES[mistake]
    assert right in GOOD[name]
    (place / name).write_text(GOOD[name].replace(right, wrong, 1), "utf-8", "surrogateescape")
    assert said in refusal(place)


def test_all_mistakes_of_one_kind_are_told_at_once(place):
    (place / "orgs.csv").write_text(GOOD["orgs.csv"].replace(",kind", ""), encoding="utf-8")
    (place / "terms.csv").write_text("org_id\n", encoding="utf-8")
    said = refusal(place)
    assert "orgs.csv：缺少列 kind" in said
    assert "terms.csv：缺少列 elected_on、expires_on、extended_to" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("attendance.csv", "attendance.csv：没有这个事实表。处理：是不是 attendances"),
        ("people.csv", "people.csv：没有这个事实表。处理：事实表有 orgs、"),
        ("posts.xlsx", "posts.xlsx：不是 CSV 或 Parquet。处理：另存为 posts.csv"),
        ("hosts.CSV", "hosts.CSV：不是 CSV 或 Parquet"),
        ("orgs.parquet", "orgs.csv、orgs.parquet：同一个表有 2 份。处理：只留一份"),
        ("posts.parquet", "posts.parquet：不是 Parquet 文件"),
    ],
)
def test_a_file_that_would_be_passed_over_is_named(name, said, place):
    (place / name).write_text("", encoding="utf-8")
    assert said in refusal(place)


def test_other_files_may_lie_there(place):
    for name in ("README.md", ".hidden.csv", "_SUCCESS"):
        (place / name).write_text("", encoding="utf-8")
    with folder.opened(place):
        pass


def test_nothing_is_no_folder_of_facts(tmp_path):
    assert "没有一个事实表文件" in refusal(tmp_path)
    assert "不是目录" in refusal(tmp_path / "nowhere")
    (tmp_path / "hosts").mkdir()
    assert "hosts/：里面没有 .parquet 文件" in refusal(tmp_path)


def test_an_id_that_leads_nowhere_is_told_and_counts_for_nothing(place):
    (place / "hosts.csv").write_text("activity_id,org_id\n7,1\n8,1\n7,9\n", encoding="utf-8")
    with folder.opened(place) as facts:
        assert facts.notes[1:] == (
            "hosts 有 1 行的 activity_id 在 activities 里没有（如 activity_id=8），这些行不起作用",
            "hosts 有 1 行的 org_id 在 orgs 里没有（如 org_id=9），这些行不起作用",
        )


def test_a_committee_elected_before_its_term_runs_out_has_two_terms(place):
    assert GOOD["terms.csv"].count("\n1,") == 2
    with folder.opened(place):
        pass


def test_an_organisation_has_one_parent_at_a_time(place):
    parents = "org_id,parent_id,valid_from,valid_to\n2,1,2020-01-01,{}\n2,3,2021-01-01,\n"
    (place / "org_parents.csv").write_text(parents.format("2021-01-01"), encoding="utf-8")
    with folder.opened(place):
        pass
    (place / "org_parents.csv").write_text(parents.format(""), encoding="utf-8")
    assert "org_parents.csv：同一 org_id 的起止时间有 1 处重叠" in refusal(place)


def test_a_circle_of_parents_is_named(place):
    parents = "org_id,parent_id,valid_from,valid_to\n2,1,2020-01-01,\n3,2,2020-01-01,\n"
    (place / "org_parents.csv").write_text(parents, encoding="utf-8")
    with folder.opened(place):
        pass
    (place / "org_parents.csv").write_text(parents + "1,3,2021-01-01,\n", encoding="utf-8")
    said = refusal(place)
    assert "org_parents.csv：有 1 行使党组织绕一圈又隶属于自己" in said
    assert "org_id=1 valid_from=2021-01-01" in said


def test_codes_that_nobody_knows_are_told(place):
    known = ["faculty", "full", "talk", "attendee"]
    kinds = {group: known for columns in CODES.values() for group in columns.values()}
    with folder.opened(place, kinds) as facts:
        (told,) = [note for note in facts.notes if "kinds.yaml" in note]
    assert told.startswith(
        "orgs.csv：列 kind 有 2 行是 kinds.yaml 里没有的代码（如 org_id=1 kind="
    )


# Parquet


def write(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


ATTENDED = {"activity_id": [7], "person_id": [10], "role": ["chair"], "hours": [1.5]}


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("person_id", pa.array(["10"]), "列 person_id 是 string，应为整数。处理：转换为 int64"),
        ("person_id", pa.array([10.0]), "列 person_id 是 double，应为整数"),
        ("role", pa.array([1]), "列 role 是 int64，应为文字"),
        ("hours", pa.array(["1"]), "列 hours 是 string，应为数值"),
        ("hours", pa.array([0.12345]), "列 hours 有 1 行装不下（如 activity_id=7"),
        ("hours", pa.array([float("nan")]), "列 hours 有 1 行装不下"),
        ("hours", pa.array([10**15]), "列 hours 有 1 行装不下"),
    ],
)
def test_a_wrong_type_is_named(column, values, said, place):
    (place / "attendances.csv").unlink()
    write(place / "attendances.parquet", **{**ATTENDED, column: values})
    assert said in refusal(place)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("person_id", pa.array([10], pa.uint32())),
        ("role", pa.array(["chair"]).dictionary_encode()),
        ("role", pa.array([None])),
        ("hours", pa.array([1.5], pa.float32())),
        ("hours", pa.array([Decimal("1.5")], pa.decimal128(9, 1))),
        ("hours", pa.array([None])),
    ],
)
def test_types_that_hold_the_same_values_will_do(column, values, place):
    (place / "attendances.csv").unlink()
    write(place / "attendances.parquet", **{**ATTENDED, column: values})
    with folder.opened(place) as facts:
        rows = facts.connection.execute("FROM attendances").fetchall()
        assert len(rows) == 1
        assert rows[0][1] == 10


def test_a_table_may_be_cut_into_files_whatever_their_folders_say(place):
    (place / "attendances.csv").unlink()
    for top in (1, 2):
        write(place / f"attendances/top={top}/part-0.parquet", **{**ATTENDED, "person_id": [top]})
    with folder.opened(place) as facts:
        found = facts.connection.execute("SELECT person_id FROM attendances").fetchall()
        assert sorted(found) == [(1,), (2,)]
    write(place / "attendances/top=3/part-0.parquet", **{**ATTENDED, "hours": [1]})
    assert "attendances/top=3/part-0.parquet：列或类型与 attendances/top=1" in refusal(place)


def test_a_damaged_file_is_told(place):
    (place / "attendances.csv").unlink()
    write(place / "attendances.parquet", **{**ATTENDED, "role": ["chair"]})
    damaged = bytearray((place / "attendances.parquet").read_bytes())
    damaged[4:60] = bytes(56)
    (place / "attendances.parquet").write_bytes(damaged)
    assert "没有算完" in refusal(place)


# Writing


def test_parts_follow_the_top_of_the_tree(tmp_path):
    """Two schools: each its own part. One school: the organisations below it."""
    with duckdb.connect() as two:
        for name in TABLES:
            folder.create(two, name)
        two.execute(
            "INSERT INTO orgs SELECT i, 'x', NULL, '2020-01-01', NULL FROM range(1, 6) t(i)"
        )
        two.execute("INSERT INTO org_parents VALUES (2, 1, '2020-01-01', NULL)")
        two.execute("INSERT INTO org_parents VALUES (4, 3, '2020-01-01', '2021-01-01')")
        two.execute("INSERT INTO org_parents VALUES (4, 2, '2021-01-01', NULL)")
        two.execute("INSERT INTO org_parents VALUES (5, 3, '2020-01-01', NULL)")
        two.execute("INSERT INTO hosts VALUES (7, 4), (8, 5), (8, 3), (9, 99)")
        assert tops(two, tmp_path / "two") == {"top=1": [7], "top=3": [8, 8], "top=0": [9]}
    with duckdb.connect() as one:
        for name in TABLES:
            folder.create(one, name)
        one.execute(
            "INSERT INTO orgs SELECT i, 'x', NULL, '2020-01-01', NULL FROM range(1, 5) t(i)"
        )
        one.execute("INSERT INTO org_parents VALUES (2, 1, '2020-01-01', NULL)")
        one.execute("INSERT INTO org_parents VALUES (3, 1, '2020-01-01', NULL)")
        one.execute("INSERT INTO org_parents VALUES (4, 3, '2020-01-01', NULL)")
        one.execute("INSERT INTO hosts VALUES (7, 4), (8, 2), (9, 1)")
        killed, foreign = tmp_path / ".one-ab12cd_9", tmp_path / ".one-my-notes"
        running = tmp_path / ".one-ef34gh_7"
        (killed / "hosts").mkdir(parents=True)
        (running / "hosts").mkdir(parents=True)
        long_ago = time() - 2 * folder_writing.ABANDONED
        for path in (killed / "hosts", killed):
            os.utime(path, (long_ago, long_ago))
        foreign.mkdir()
        (foreign / "x.txt").touch()
        assert tops(one, tmp_path / "one") == {"top=3": [7], "top=2": [8], "top=1": [9]}
        assert foreign.exists()
        assert not killed.exists(), "what a killed write left"
        assert running.exists(), "another write is at work in it"


def tops(connection, place):
    counts = folder_writing.write(connection, place, partition=True, replace=False)
    assert counts.keys() == TABLES.keys()
    with folder.opened(place):
        pass  # what is written can be read
    return {
        part.name: sorted(pq.read_table(part / "part-0.parquet")["activity_id"].to_pylist())
        for part in (place / "hosts").iterdir()
    }


def test_a_write_that_fails_leaves_nothing(tmp_path):
    with duckdb.connect() as empty, pytest.raises(duckdb.CatalogException):
        folder_writing.write(empty, tmp_path / "facts", partition=False, replace=False)
    assert not list(tmp_path.iterdir())
