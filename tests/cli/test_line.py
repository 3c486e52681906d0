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


@pytest.mark.parametrize(
    ("place", "why"),
    [("a-file", "同名的文件"), ("a-file/below", "有一段是文件"), ("rubbish", "不是数据库")],
)
def test_a_data_folder_that_cannot_be_used_is_told_with_the_remedy(
    place: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "a-file").touch()
    (tmp_path / "rubbish").mkdir()
    (tmp_path / "rubbish" / "guantong.sqlite3").write_text("no database " * 20)
    done = run("demo", "--no-serve", "--data", tmp_path / place)
    assert done.returncode == 1
    assert why in done.stderr
    assert "--data 另指一个目录" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["assess", "kept", "what-if", "serve"])
def test_a_database_without_tables_is_told_with_the_remedy(command: str, tmp_path: Path) -> None:
    done = run(command, "--data", tmp_path)
    assert done.returncode == 1
    assert "还没有建表" in done.stderr
    assert "set-up" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_data_folder_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        line.main(["diffsettings", "--data", ""])
    assert end.value.code == 2
    assert "--data 后面要写目录" in capsys.readouterr().err
