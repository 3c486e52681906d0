"""A real installation, walked as the README and docs/how-to/load-a-plan.md tell it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HEAD = {  # what the how-to says to change in the plan's file
    "number: 嘉院党〔2021〕54号": "number: 测大党〔2026〕12号",
    "span: {from: 2021-01-01, to: 2024-01-01}": "span: {from: 2026-01-01, to: 2029-01-01}",
    "{year: 2021,": "{year: 2026,",
    "{year: 2022,": "{year: 2027,",
    "{year: 2023,": "{year: 2028,",
}
SCHOOL = ("--name", "测试大学", "--since", "2026-09-01")


def run(*words: object, data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, words), "--data", data],
        env={**os.environ, "DATABASE_URL": "", "GUANTONG_CATALOGUE": "", **more},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_plan_that_has_ended_is_warned_of_and_asks_nothing(tmp_path: Path) -> None:
    done = run("set-up", *SCHOOL, data=tmp_path)
    assert done.returncode == 0
    assert "到 2023-12-31 为止，已经结束" in done.stderr
    assert "docs/how-to/load-a-plan.md" in done.stderr
    ledger = run("assess", data=tmp_path)
    assert (len(ledger.stdout.splitlines()), ledger.returncode) == (1, 0)  # the header


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The catalogue of a school with a plan of its own."""
    folder = tmp_path / "own"
    shutil.copytree(ROOT / "catalogue", folder)
    for file in folder.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("jyu-54-2021", "cs-12-2026")
        file.write_text(text, encoding="utf-8")
    plan = folder / "plans" / "jyu-2021-2023.yaml"
    text = plan.read_text(encoding="utf-8")
    for before, after in HEAD.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    plan.rename(plan.with_stem("cs-2026-2028")).write_text(text, encoding="utf-8")
    return folder


def test_a_school_carries_out_its_own_plan(own: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("check-catalogue", own, data=data).returncode == 0
    done = run("set-up", *SCHOOL, "--catalogue", own, data=data)
    assert (done.returncode, "已经结束" in done.stderr) == (0, False)
    assert f"export GUANTONG_CATALOGUE={own}" in done.stderr

    ledger = run("assess", data=data, GUANTONG_CATALOGUE=str(own))
    assert len(ledger.stdout.splitlines()) > 1
    lost = run("nightly", data=data)
    assert lost.returncode == 1
    assert "没有计划“cs-2026-2028”" in lost.stderr
    assert "GUANTONG_CATALOGUE" in lost.stderr
    assert "Traceback" not in lost.stderr


def test_a_school_changes_to_another_plan(own: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run("set-up", *SCHOOL, data=data)
    unknown = run("plan", "use", "cs-2026-2028", data=data)
    assert (unknown.returncode, "没有计划" in unknown.stderr) == (2, True)
    used = run("plan", "use", "cs-2026-2028", data=data, GUANTONG_CATALOGUE=str(own))
    assert (used.returncode, "台账已重新核算" in used.stdout) == (0, True)
    night = run("nightly", data=data, GUANTONG_CATALOGUE=str(own))
    assert (night.returncode, " 0 条" in night.stdout) == (0, False)


def test_a_catalogue_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    done = run("set-up", *SCHOOL, "--catalogue", nowhere, data=tmp_path / "data")
    assert (done.returncode, "没有这个目录" in done.stderr) == (2, True)
    done = run("set-up", *SCHOOL, data=tmp_path / "data", GUANTONG_CATALOGUE=str(nowhere))
    assert (done.returncode, "规则目录有" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
