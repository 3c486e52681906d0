"""`python3 run import`: what it prints, when it writes, and how it ends."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guantong.cli import line
from guantong.records.models import Activity, Event, ImportBatch, Membership, Person
from tests.factories import Cast
from tests.sheets.workbooks import ROLL_HEADER, workbook

pytestmark = pytest.mark.django_db

A1 = "甲学院教师第一党支部"
GOOD = ["李样", "11010519491231002X", "正式党员", A1, "2020.9", "2021-09-01", "N1"]
WRONG = ["王样", 110105194912310021, "正式党员", A1, "2020.9", "", "N2"]


class Line:
    """Runs the command in this process: `main` would close the test's connection afterwards.

    `said` is what it printed, `complained` the sentence that `main` would print.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def roll(self, *rows: list[Any]) -> Path:
        path = self.folder / "名册.xlsx"
        path.write_bytes(workbook([ROLL_HEADER, *rows]))
        return path

    def run(self, *words: object) -> int:
        code, self.complained = 0, ""
        try:
            call_command("import", *map(str, words))
        except CommandError as error:
            code, self.complained = error.returncode, str(error)
        self.said = self.capsys.readouterr().out
        return code


@pytest.fixture
def terminal(cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path, capsys)


def counts() -> list[int]:
    models = (Person, Membership, Activity, ImportBatch, Event)
    return [model._default_manager.count() for model in models]


def test_without_confirm_it_only_says_what_would_happen(terminal: Line) -> None:
    before = counts()
    for words in ([], ["--dry-run"]):
        assert terminal.run("roll", terminal.roll(GOOD, WRONG), *words) == 0
        assert "读到 2 行，新增 1 行，变更 0 行，不变 0 行，有问题 1 行" in terminal.said
        assert "第 3 行 B 列“公民身份号码”：单元格是数值格式" in terminal.said
        assert "请把整列设为文本格式" in terminal.said
        assert "只是预览，没有写入任何内容" in terminal.said
    assert counts() == before


def test_with_confirm_it_writes_and_can_be_undone(terminal: Line) -> None:
    assert terminal.run("roll", terminal.roll(GOOD), "--confirm", "--as-of", "2023-01-10") == 0
    batch = ImportBatch.objects.get()
    assert f"python3 run import undo {batch.pk}" in terminal.said
    assert str(Membership.objects.get(person__name="李样").valid_from) == "2023-01-10"
    assert terminal.run("undo", batch.pk) == 0
    assert "已撤回" in terminal.said
    assert not Person.objects.filter(name="李样").exists()
    assert terminal.run("undo", batch.pk) == 1
    assert "已撤回，没有可撤回的内容" in terminal.complained


def test_a_wrong_row_stops_all_unless_it_is_left_out(terminal: Line) -> None:
    before = counts()
    path = terminal.roll(GOOD, WRONG)
    assert terminal.run("roll", path, "--confirm") == 1
    assert "有 1 行有问题（第 3 行）" in terminal.complained
    assert counts() == before
    assert terminal.run("roll", path, "--confirm", "--exclude", "3") == 0
    assert Person.objects.filter(name="李样").exists()
    assert terminal.run("roll", path, "--confirm", "--exclude", "3") == 0
    assert "没有要写入的内容" in terminal.said


def test_it_imports_for_an_account_within_its_reach(terminal: Line) -> None:
    path = terminal.roll([*GOOD[:3], "乙学院学生第一党支部", *GOOD[4:]])
    assert terminal.run("roll", path, "--by", "officer", "--confirm") == 1
    assert "您可导入的范围内没有“乙学院学生第一党支部”" in terminal.said
    assert terminal.run("roll", path, "--by", "secretary") == 1
    assert "您没有“导入党员名册”的权限" in terminal.complained
    assert terminal.run("roll", path, "--by", "office", "--confirm") == 0
    assert ImportBatch.objects.get().by.username == "office"


def test_all_problems_are_listed_if_asked_for(terminal: Line) -> None:
    path = terminal.roll(*[[*WRONG[:-1], f"N{n}"] for n in range(30)])
    terminal.run("roll", path)
    assert "先列 20 处；加 --all 全部列出" in terminal.said
    shown = terminal.said.count("\n  第 ")
    terminal.run("roll", path, "--all")
    assert (shown, terminal.said.count("\n  第 ")) == (20, 30)


def test_activities_are_imported(terminal: Line) -> None:
    path = terminal.folder / "活动.csv"
    text = f"党支部,活动类型,日期,学时,参加人员\n{A1},主题党日活动,2023年6月9日,2,全体党员\n"
    path.write_text(text, encoding="gb18030")
    assert terminal.run("activities", path, "--confirm") == 0
    activity = Activity.objects.get()
    assert (activity.kind, activity.title) == ("theme_day", "主题党日")
    assert activity.attendances.count() == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["roll", "/no/such.xlsx"], "读不了"),
        (["roll", "/"], "读不了"),
        (["roll", "a\0b"], "读不了"),
        (["roll", "x", "--by", "nobody"], "没有账号“nobody”"),
        (["undo", "99999"], "没有第 99999 批"),
        (["undo", "99999999999999999999"], "没有第"),
    ],
)
def test_what_is_not_there_ends_with_2(terminal: Line, words: list[str], says: str) -> None:
    assert terminal.run(*words) == 2
    assert says in terminal.complained


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "缺少参数"),
        (["rolls", "x.xlsx"], "不在可选范围"),
        (["roll"], "缺少参数"),
        (["roll", "x", "--dry-run", "--confirm"], "不能与"),
        (["roll", "x", "--as-of", "2023"], "请写成 2023-06-30 这样"),
        (["roll", "x", "--as-of", "20230630"], "请写成 2023-06-30 这样"),
        (["roll", "x", "--exclude", "a"], "不是行号"),
        (["activities", "x", "--as-of", "2023-01-01"], "没有这样的参数"),
        (["undo", "x"], "批号应为 1 起的整数"),
    ],
)
def test_wrong_usage_ends_with_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        line.main(["import", *words])
    assert end.value.code == 2
    assert says in capsys.readouterr().err


def test_a_row_that_is_not_there_is_not_left_out(terminal: Line) -> None:
    assert terminal.run("roll", terminal.roll(GOOD), "--exclude", "2,99") == 2
    assert "文件里没有第 99 行" in terminal.complained


def test_a_day_to_come_is_refused(terminal: Line) -> None:
    assert terminal.run("roll", terminal.roll(GOOD), "--as-of", "2023-07-01") == 1
    assert "在今天（2023-06-15）之后" in terminal.complained


def test_a_school_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh = Line(tmp_path, capsys)
    assert fresh.run("roll", "x.xlsx") == 1
    assert "还没有学校" in fresh.complained


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_any_file_ends_with_1_and_a_sentence(terminal: Line, content: bytes) -> None:
    path = terminal.folder / "x.xlsx"
    path.write_bytes(content)
    assert terminal.run("roll", path) == 1
    assert terminal.complained.endswith("。")
