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


@pytest.mark.django_db  # the system checks look at the database
def test_a_refusal_ends_with_1_and_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert line.main(["sqlmigrate", "nowhere", "0001"]) == 1
    assert capsys.readouterr().err == "错误：No installed app with label 'nowhere'.\n"


def test_the_data_folder_is_an_option_of_every_command(tmp_path: Path) -> None:
    folder = tmp_path / "some data"
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "diffsettings", "--data", folder],
        env={**os.environ, "DATABASE_URL": ""},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert str(folder / "guantong.sqlite3") in done.stdout
    assert (folder / "keys" / "session.key").exists()
