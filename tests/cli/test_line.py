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


def test_a_command_is_called_in_its_usage_as_it_is_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        line.main(["check-catalogue", "--help"])
    assert "用法：python3 run check-catalogue " in capsys.readouterr().out


def run(*words: object, url: str = "") -> subprocess.CompletedProcess[str]:
    """As a process of its own: a command closes the connections it finds, a test's too."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, words)],
        env={**os.environ, "DATABASE_URL": url},
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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["assess", "--facts", "/no/such/folder"], "没有这个目录"),
        (["assess", "--out", ""], "文件名是空的"),
        (["assess", "--on", "9999-12-31"], "1900-01-01 至 2099-12-31"),
        (["assess", "--on", "15/6/23"], "请写成 2023-06-30 这样"),
        (["check-catalogue", "."], "不是规则目录"),
        (["what-if", "--tree", "some day"], "不是日期"),
        (["kept", "x"], "号码应为 1 起的整数"),
        (["serve", "--port", "99999"], "端口应为 1 到 65535 的整数"),
        (["serve", "--workers", "0"], "进程数应为 1 到 64 的整数"),
        (["serve", "--address", "192.0.2.1"], "这台机器没有地址 192.0.2.1"),
    ],
)
def test_an_argument_that_cannot_be_meant_ends_with_2_and_the_remedy(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        line.main(words)
    assert (end.value.code, says in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["account", "show", "nobody"], "开户：python3 run account open nobody 姓名"),
        (["account", "open", "a", "甲", "--person", "0"], "没有学号/工号 0"),
        (["assess", "--out", "/no/such/folder/a.csv"], "没有目录"),
        (["assess", "--facts", ".", "--engine", "database"], "不在数据库里"),
        (["what-if", "--plan", "none"], "没有计划“none”"),
    ],
)
def test_an_argument_that_names_nothing_ends_with_2_and_the_remedy(
    installed: Path, words: list[str], says: str
) -> None:
    done = run(*words, "--data", installed)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a school that has been set up."""
    folder = tmp_path_factory.mktemp("installed")
    done = run("set-up", "--name", "测试大学", "--since", "2023-01-01", "--data", folder)
    assert done.returncode == 0
    return folder


def test_the_help_is_chinese_and_names_the_command_as_it_is_typed(tmp_path: Path) -> None:
    done = run("set-up", "--help", "--data", tmp_path)
    assert "用法：python3 run set-up" in done.stdout
    assert not [word for word in ("--version", "--settings", "Skip") if word in done.stdout]


def test_a_database_server_that_is_down_is_told_with_the_remedy(tmp_path: Path) -> None:
    done = run("account", "show", "a", "--data", tmp_path, url="postgresql://x:y@127.0.0.1:1/z")
    assert done.returncode == 1
    assert done.stderr.startswith("错误：连不上数据库。处理：检查数据库服务")
