"""`python3 run plan read`: what it prints where, and how it ends."""

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from guantong.cli import line
from guantong.records.actions import school
from guantong.records.models import PlanWording
from tests.plans.test_read import SAMPLE, SAMPLE_TREE


def test_a_document_is_shown_as_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert line.main(["plan", "read", str(SAMPLE)]) == 0
    shown = capsys.readouterr().out
    assert "文号：云图〔2031〕7号" in shown
    assert "3 章，6 节，4 项任务" in shown
    assert "\n    1 盘点馆藏　" in shown
    assert "未与规则目录对照：没有同一文号的计划" in shown
    assert "编号问题：0 处" in shown
    assert "没有归入条款的文字：4 处\n  第 22 行：单独一行的数字，当作页码：- 1 -" in shown


def test_json_is_the_clauses_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert line.main(["plan", "read", str(SAMPLE), "--json"]) == 0
    said = capsys.readouterr()
    clauses = json.loads(said.out)
    assert [(c["path"], c["title"], c["text"]) for c in clauses] == SAMPLE_TREE
    assert list(clauses[0]) == ["path", "number", "title", "text"]
    assert "没有归入条款的文字：4 处" in said.err


def test_a_named_plan_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("一、甲\n（一）乙。丙。\n（九）丁。戊。", encoding="utf-8")
    assert line.main(["plan", "read", str(path), "--plan", "jyu-2021-2023"]) == 0
    shown = capsys.readouterr().out
    assert "与规则目录 jyu-2021-2023 对照：2 条配上了原文" in shown
    assert "文件有、目录没有的条款：1 条\n  一/(九)" in shown
    assert "目录有、文件没有的条款：36 条\n  一/(二)\n" in shown
    assert "  第 3 行：节编号从 (一) 跳到 (九)：（九）丁。戊。" in shown


def test_a_document_that_carries_the_number_of_a_plan_is_compared_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("嘉院党〔2021〕54号\n一、甲。乙。", encoding="utf-8")
    assert line.main(["plan", "read", str(path)]) == 0
    assert "与规则目录 jyu-2021-2023 对照：1 条" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_wording_is_kept_on_request(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("一、甲\n（一）乙。丙。\n（九）丁。戊。", encoding="utf-8")
    save = ["plan", "read", str(path), "--plan", "jyu-2021-2023", "--save"]
    with pytest.raises(CommandError, match="系统里还没有学校"):
        call_command(*save)
    school.set_up(name="示例大学", records_since=date(2022, 1, 1), plan="jyu-2021-2023")
    said = StringIO()
    call_command(*save, stdout=said)
    assert said.getvalue().endswith("已存下 2 条原文\n")
    assert list(PlanWording.objects.values_list("path", "title", "text")) == [
        ("一", "甲", ""),
        ("一/(一)", "乙", "丙。"),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["no-such.txt"], "没有这个文件"),
        (["."], "是目录或设备，不是文件"),
        ([str(SAMPLE), "--save"], "没有同一文号的计划。请用 --plan 指定"),
        ([str(SAMPLE), "--plan", "no-such"], "没有计划“no-such”，可选：jyu-2021-2023"),
    ],
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line.main(["plan", "read", *arguments]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "read"], ["plan", "no-such"]])
def test_a_missing_or_unknown_word_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        line.main(arguments)
    assert end.value.code == 2


def test_refused_content_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.txt"
    path.write_bytes(b"\x00\x01")
    assert line.main(["plan", "read", str(path), "--json"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"错误：{path}：内容不是文本")
    assert not said.out
