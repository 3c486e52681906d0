import os
import subprocess
import sys
from pathlib import Path

import pytest

from guantong.cli import line

ROOT = Path(__file__).parent.parent.parent


def test_an_unknown_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert line.main(["migrat"]) == 2
    assert "没有“migrat”这个命令。是不是 migrate？" in capsys.readouterr().err


def test_wrong_usage_ends_with_2_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        line.main(["showmigrations", "--no-such"])
    assert end.value.code == 2
    assert "用法有误：没有这样的参数：--no-such" in capsys.readouterr().err


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """As a process of its own: a command closes the connections it finds, a test's too."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, words)],
        env={**os.environ, "DATABASE_URL": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_refusal_ends_with_1_and_without_a_traceback(tmp_path: Path) -> None:
    done = run("sqlmigrate", "nowhere", "0001", "--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "错误：No installed app with label 'nowhere'.\n"


def test_the_data_folder_is_an_option_of_every_command(tmp_path: Path) -> None:
    folder = tmp_path / "some data"
    done = run("diffsettings", "--data", folder)
    assert str(folder / "guantong.sqlite3") in done.stdout
    assert (folder / "keys" / "session.key").exists()
