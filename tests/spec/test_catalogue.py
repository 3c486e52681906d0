"""Every obligation of the catalogue does what its own examples say, on every engine."""

import re
import shutil
from pathlib import Path

import pytest

from guantong.conditions.parse import CatalogueError
from guantong.obligations import describe
from guantong.obligations.examples import all_examples, examples
from guantong.obligations.load import load_catalogue, load_obligation
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


def with_words(folder, file, right, wrong, *, all_of_them=False):
    shutil.copytree(FOLDER, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, -1 if all_of_them else 1), encoding="utf-8")
    return folder


THEME_DAY, PLAN = "obligations/theme-day.yaml", "plans/jyu-2021-2023.yaml"
LECTURE = "obligations/top-leader-lecture.yaml"
SMUGGLED = {
    "a photo as the remedy": (THEME_DAY, "remedy: ", "remedy: 必须上传现场照片，", "照片"),
    "pictures in a demand": (THEME_DAY, "demand: ", "demand: 须附图片不少于三张，", "图片"),
    "taking pictures": (THEME_DAY, "demand: ", "demand: 要拍照存档，", "拍照"),
    "signing in to count": (THEME_DAY, "demand: ", "demand: 党员每周登录系统三次，", "登录系统"),
    "how often one signs in": (THEME_DAY, "demand: ", "demand: 登录不少于三次，", "登录"),
    "a double negative": (THEME_DAY, "demand: ", "demand: 不得不拍照，", "拍照"),
    "a ranking told by a clause": (PLAN, "summary: ", "summary: 各支部按考核得分排名，", "排名"),
    "online time served": (PLAN, "serves: ", "serves: 晒在线时长，", "在线时长"),
    "a score as the title": (PLAN, "title: 总体要求", "title: 支部评分", "评分"),
    "a reading's question": (LECTURE, "question: ", "question: 讲课是否打卡？", "打卡"),
    "the reading chosen": (LECTURE, "chosen: ", "chosen: 按积分计，", "积分"),
    "why it is read so": (LECTURE, "why: ", "why: 便于画像，", "画像"),
    "a kind": ("kinds.yaml", "title: 现场教学", "title: 签到", "签到"),
}  # fmt: skip
HARMLESS = [
    *("不得以排名代替帮助", "不评分、不排名", "不要求拍照", "无须登录系统", "禁止打卡"),
    *("参观党史图片展", "微积分课程组", "工作定位准确", "登录后可以查看", "不强制签到"),
]


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_ranking_online_time_photos_and_scores_are_refused_wherever_they_stand(smuggled, tmp_path):
    file, right, wrong, word = SMUGGLED[smuggled]
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(with_words(tmp_path / "catalogue", file, right, wrong))
    assert Path(file).name in str(refused.value)
    assert f"“{word}" in str(refused.value)


@pytest.mark.parametrize("sentence", HARMLESS)
def test_a_sentence_that_asks_for_nothing_of_the_kind_passes(sentence, tmp_path):
    load_catalogue(
        with_words(tmp_path / "catalogue", THEME_DAY, "remedy: ", f"remedy: {sentence}。")
    )


BEYOND = {  # one file is enough to see these, so one file is read
    "a standard that no engine can multiply": ("at_least: 1", "at_least: 1000000", "太大"),
    "a standard below nothing": ("at_least: 1", "at_least: -3", "太小"),
    "a standard finer than a ten-thousandth": ("at_least: 1", "at_least: 0.00001", "小数太多"),
    "a standard without end": ("at_least: 1", "at_least: .inf", "或不是数"),
    "a standard that is no number": ("at_least: 1", "at_least: .nan", "或不是数"),
    "a standard that is a word": ("at_least: 1", "at_least: !!int abc", "不是数或 true/false"),
    "a standard that is a flag": ("at_least: 1", "at_least: true", "类型不对"),
    "digits without end": ("at_least: 1", f"at_least: {'9' * 5000}", "不是数或 true/false"),
    "a day that no calendar can leave": ("every: month", "every: {once: 9999-12-31}", "年份"),
    "an end before the beginning": (
        "in_force: {from: 2019-05-06", "in_force: {from: 2019-05-06, to: 2019-05-05}\n#",
        "不晚于生效日"),
    "a condition nested out of sight": ("where: {kind: {is: theme_day}}",
        f"where: {'{not: ' * 60}{{kind: {{is: theme_day}}}}{'}' * 60}", "嵌套超过"),
    "half a character": ("unit: ", 'unit: "\\ud800" #', "行：YAML 写法有误"),
    "a control character": ("unit: ", 'unit: "\\a" #', "写不出的字符"),
    "an example's day as a text": ("held_on: 2022-03-25", 'held_on: "2022-03-25"', "不是日期"),
    "an example's hosts without a list": ("hosts: [1]", "hosts: 1", "应是列表"),
    "an example's verdict in a list": ("verdict: met", "verdict: [met]", "不是文字"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BEYOND)
def test_what_no_engine_could_hold_is_refused_in_its_file(mistake, tmp_path):
    right, wrong, said = BEYOND[mistake]
    text = (FOLDER / THEME_DAY).read_text(encoding="utf-8")
    assert right in text
    text = text.replace(right, wrong, 1)
    (tmp_path / "theme-day.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        list(examples(load_obligation(tmp_path / "theme-day.yaml"), CATALOGUE.calendar))
    assert "theme-day.yaml" in str(refused.value)
    assert said in str(refused.value)


INCOMPLETE = {
    "no example of what is done": (THEME_DAY, "verdict: met", "verdict: due", "met"),
    "no example of what is not": (THEME_DAY, "verdict: short", "verdict: due", "short"),
    "a column that entries have not": (THEME_DAY, "verdict: met", "result: met", "result"),
    "an example without a day": (THEME_DAY, "    on: ", "    day: ", "examples[0].on：缺少"),
    "a standard without its basis": (THEME_DAY, ", basis: 0}", "}", "standard[0].basis：缺少"),
    "a clause without a summary": (PLAN, "    summary: 说明", "    # ", "summary：缺少"),
    "a clause with an empty one": (PLAN, "summary: 分八个", "summary: ''\n#", "summary：是空的"),
}  # fmt: skip


@pytest.mark.parametrize("incomplete", INCOMPLETE)
def test_what_the_catalogue_leaves_out_is_asked_for(incomplete, tmp_path):
    file, right, wrong, said = INCOMPLETE[incomplete]
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(with_words(tmp_path / "catalogue", file, right, wrong, all_of_them=True))
    assert Path(file).name in str(refused.value)
    assert said in str(refused.value)


def test_the_same_example_twice_counts_once(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "catalogue")
    path = folder / THEME_DAY
    text = path.read_text(encoding="utf-8")
    first = text.partition("examples:\n")[2].partition("  - says")[2].partition("\n  - says")[0]
    path.write_text(f"{text}  - says{first}\n".replace("says: ", "says: 再", 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match="是同一个例子"):
        load_catalogue(folder)


def test_no_description_says_a_word_twice():
    for o in CATALOGUE.obligations.values():
        said = f"{describe.bearer(o, CATALOGUE)}；{describe.measured(o.measure, CATALOGUE)}"
        assert not re.search(r"([\u4e00-\u9fff]{2,})\1", said), said
