"""Every obligation of the catalogue does what its own examples say, on every engine."""

import shutil
from pathlib import Path

import pytest

from guantong.conditions.parse import CatalogueError
from guantong.obligations.examples import all_examples
from guantong.obligations.load import load_catalogue
from tests.spec import engines

FOLDER = Path(__file__).parents[2] / "catalogue"
CATALOGUE = load_catalogue(FOLDER)
EXAMPLES = [
    pytest.param(example, id=f"{example.obligation.name}: {example.says}")
    for example in all_examples(CATALOGUE)
]


@pytest.mark.django_db
@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example):
    for engine in ["naive", *engines.available()]:
        found = engines.entries(engine, example.question, example.facts)
        assert not example.differences(found), engine


def test_the_plan_has_every_clause_and_at_least_thirty_obligations():
    plan = CATALOGUE.plans["jyu-2021-2023"]
    depths = [clause.path.count("/") for clause in plan.clauses]
    assert (depths.count(0), depths.count(1), depths.count(2)) == (3, 3 + 8 + 3, 21)
    assert len(plan.obligation_names()) >= 30
    assert set(plan.themes) == {2021, 2022, 2023}


MISTAKES = {
    "a misspelt key": ("at_least: 1", "atleast: 1", "standard[0].at_most：缺少这一项"),
    "an unknown column": ("{kind: {is: theme_day}}", "{sort: {is: theme_day}}", "没有“sort”"),
    "an unknown test": ("{is: theme_day}", "{near: theme_day}", "不认识的判断"),
    "an unknown instrument": ("instrument: jiaoyu-2019", "instrument: jy", "没有“jy”"),
    "a key given twice": ("every: month", "every: month\nevery: month", "写了两次"),
    "a day that is none": ("from: 2019-05-06", "from: 2019-02-30", "写成 2021-07-15 的样子"),
    "a list as a key": ("every: month", "every: month\n[a]: b", "不是一个词"),
    "no YAML at all": ("every: month", "every: month: year", "核对这一行的缩进"),
    "an online-time demand": ("{is: theme_day}", "{is: login_minutes}", "在线时长"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file_and_remedy(mistake, tmp_path):
    right, wrong, said = MISTAKES[mistake]
    shutil.copytree(FOLDER, tmp_path / "catalogue")
    path = tmp_path / "catalogue/obligations/theme-day.yaml"
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(tmp_path / "catalogue")
    assert "theme-day.yaml" in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_file_is_told_in_chinese(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "catalogue")
    (tmp_path / "catalogue/kinds.yaml").unlink()
    with pytest.raises(CatalogueError, match=r"kinds\.yaml：读不了：没有这个文件或目录。处理"):
        load_catalogue(tmp_path / "catalogue")
