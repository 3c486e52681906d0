"""`python3 run assess` over a folder, and clear words before any work where it cannot be done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from guantong.cli import line
from guantong.obligations.load import load_catalogue
from tests.factories import SINCE, make_cast

ROOT = Path(__file__).parent.parent.parent
DAY = "2023-06-30"


def run(*words: object) -> int:
    return line.main([*map(str, words)])


def refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    """What the command says when it ends with that code and has written nothing."""
    capsys.readouterr()
    assert run(*words) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("错误：")
    return said.err


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """A branch that met in April."""
    tables = {
        "orgs": "org_id,kind,category,valid_from,valid_to\n1,branch,faculty,2020-01-01,\n",
        "activities": "activity_id,kind,held_on,hours,planned\n7,theme_day,2023-04-05,2,false\n",
        "hosts": "activity_id,org_id\n7,1\n",
    }
    place = tmp_path / "facts"
    place.mkdir()
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def test_without_a_school_there_is_nothing_to_export(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="还没有学校"):
        call_command("facts", "export", str(tmp_path / "facts"))
    assert not (tmp_path / "facts").exists()


# A folder


def test_a_folder_needs_no_database(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("assess", "--facts", facts, "--on", DAY, "--since", "2023-01-01") == 0
    said = capsys.readouterr()
    assert "theme-day,org,1,,2023-04-01,2023-05-01,2023-04-30,1,1,met\n" in said.out
    assert "theme-day,org,1,,2023-05-01,2023-06-01,2023-05-31,1,0,short\n" in said.out
    assert "按空表核算：org_parents、" in said.err


def test_the_summary_says_which_span_was_assessed(
    facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("assess", "--facts", facts, "--on", DAY) == 0
    assert "（2021-01-01 至 2023-12-31 开始的周期，截至 2023-06-30）：" in capsys.readouterr().err
    assert run("assess", "--facts", facts, "--on", "2024-03-01", "--since", "2023-01-01") == 0
    said = capsys.readouterr().err
    assert "（2023-01-01 至 2023-12-31 开始的周期，截至 2024-03-01；" in said
    assert "计划已于 2023-12-31 结束，此后没有周期" in said


@pytest.mark.django_db
def test_the_records_are_assessed_from_the_schools_own_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_cast()
    call_command("assess", "--on", DAY)
    assert f"（{SINCE} 至 2023-12-31 开始的周期，截至 {DAY}）：" in capsys.readouterr().err


def test_obligations_can_be_left_out(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("assess", "--facts", facts, "--on", DAY, "--without", "theme-day") == 0
    out = capsys.readouterr().out
    assert "theme-day" not in out
    assert "party-lecture" in out
    said = refused(capsys, 2, "assess", "--facts", facts, "--without", "themeday")
    assert "是不是 theme-day？" in said


def test_another_reading_can_be_taken(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = load_catalogue(ROOT / "catalogue")
    reading = next(name for name in rules.readings() if rules.options(name))
    chosen = f"{reading}={next(iter(rules.options(reading)))}"
    assert run("assess", "--facts", facts, "--on", DAY, "--reading", chosen) == 0
    said = refused(capsys, 2, "assess", "--facts", facts, "--reading", f"{reading}=none")
    assert f"--reading {reading}=none：可用：" in said


USAGE = {
    "a start after the plan": (["--since", "2030-01-01"], "--since 2030-01-01 在计划期"),
    "a start after the day": (["--since", "2023-07-01"], "--since 2023-07-01 晚于截至日期"),
    "a day before the plan": (["--on", "2020-01-01"], "截至日期 2020-01-01 在计划期"),
    "the wrong engine": (["--engine", "database"], "用 --engine duckdb 或 spark"),
    "a master without Spark": (["--master", "local[2]"], "--master 只与 --engine spark"),
    "no master": (["--engine", "spark", "--master", "here"], "写成 spark://主机:7077"),
    "an unknown plan": (["--plan", "none"], "没有计划“none”"),
}


@pytest.mark.parametrize("mistake", USAGE)
def test_wrong_usage_is_told_apart(
    mistake: str, facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, said = USAGE[mistake]
    assert said in refused(capsys, 2, "assess", "--facts", facts, "--on", DAY, *options)


def test_spark_works_on_folders_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "facts export" in refused(capsys, 2, "assess", "--engine", "spark")


def test_a_place_that_cannot_be_written_is_told_first(
    facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out, why in ((tmp_path, "这是目录"), (tmp_path / "nowhere" / "ledger.csv", "没有目录")):
        with pytest.raises(SystemExit) as end:
            run("assess", "--facts", facts, "--out", out)
        assert end.value.code == 2
        assert why in capsys.readouterr().err


def test_a_ledger_that_fails_leaves_the_old_one(facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "ledger.csv"
    out.write_text("old", encoding="utf-8")
    (facts / "hosts.csv").write_text("activity_id\n7\n", encoding="utf-8")
    assert run("assess", "--facts", facts, "--out", out) == 1
    assert out.read_text(encoding="utf-8") == "old"


# Engines that are not there


def without(facts: Path, prelude: str, master: str, **env: str) -> str:
    """What is said in a process where something is missing."""
    words = ["assess", "--facts", str(facts), "--engine", "spark", "--master", master]
    script = f"import sys; {prelude}; from guantong.cli import line; sys.exit(line.main({words}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "", **env},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def make_java(home: Path, version: str) -> None:
    java = home / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)


NO_PYSPARK = "sys.modules['pyspark'] = None"
PYSPARK = "import types, importlib.machinery as i; p = types.ModuleType('pyspark')"
PYSPARK += "; p.__spec__ = i.ModuleSpec('pyspark', None); sys.modules['pyspark'] = p"


def test_spark_that_is_not_installed_is_named_with_the_command_that_installs_it(
    facts: Path,
) -> None:
    assert "python3 run extra spark" in without(facts, NO_PYSPARK, "local[2]")


def test_a_missing_java_is_named(facts: Path, tmp_path: Path) -> None:
    said = without(facts, PYSPARK, "local[2]", JAVA_HOME=str(tmp_path))
    assert f"Spark 需要 Java，JAVA_HOME（{tmp_path}）里没有" in said


def test_an_old_java_is_named(facts: Path, tmp_path: Path) -> None:
    make_java(tmp_path, "11.0.2")
    said = without(facts, PYSPARK, "local[2]", JAVA_HOME=str(tmp_path))
    assert "Spark 需要 Java 17 以上" in said


def test_a_master_that_does_not_answer_is_named(facts: Path, tmp_path: Path) -> None:
    make_java(tmp_path, "17.0.2")
    said = without(facts, PYSPARK, "spark://127.0.0.1:9", JAVA_HOME=str(tmp_path))
    assert "连不上 Spark 主节点（127.0.0.1:9：" in said
