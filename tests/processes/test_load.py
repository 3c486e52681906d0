"""What a process file may not say is refused with file, key and remedy."""

import shutil

import pytest
from django.conf import settings

from guantong.conditions.parse import CatalogueError
from guantong.processes.examples import faults
from tests.processes.folders import processes_of

DRILL = "processes/drill.yaml"
CARE = "processes/care.yaml"
ELECTION = "processes/election.yaml"
NO_PLAN = (
    "  - {says: 没有方案, step: plan, given: {plan_on_file: false},"
    " refused: [drilled-by-a-plan]}\n"
)
WRONG = {
    "a state that nobody reaches": (
        DRILL,
        "  planned: 已",
        "  lost: 走不到\n  planned: 已",
        "states.lost：没有哪一步能走到",
    ),
    "a state without a way out": (
        DRILL,
        "  done: {title: 已办结, closed: true}",
        "  done: 已办结",
        "到了这个状态就没有出路",
    ),
    "a way out of what is closed": (
        DRILL,
        "from: reviewed",
        "from: [reviewed, called_off]",
        "已办结的状态不能再有步骤",
    ),
    "a target that is no state": (DRILL, "to: held", "to: drilled", "没有状态“drilled”"),
    "nobody who may": (DRILL, "who: [branch, college]", "who: []", "没有写明由谁办理"),
    "somebody unknown": (DRILL, "who: [branch, college]", "who: [dean]", "没有“dean”"),
    "a step without a basis": (
        DRILL,
        "basis: [{instrument: jyu-54-2021, clause: 二/(四)/11, confidence: PLAN}]",
        "basis: []",
        "没有依据",
    ),
    "an instrument unknown": (
        DRILL,
        "basis: [{instrument: jyu-54-2021",
        "basis: [{instrument: jyu-55-2021",
        "regulations.yaml 里没有“jyu-55-2021”",
    ),
    "a clause the plan has not": (
        DRILL,
        "clause: 二/(四)/11",
        "clause: 二/(四)/99",
        "计划里没有条款“二/(四)/99”",
    ),
    "a rule resting on memory": (
        CARE,
        'basis: [{instrument: dangfei-2008, article: "19", confidence: A}]',
        'basis: [{instrument: dangfei-2008, article: "19", confidence: C}]',
        "必须可以关闭",
    ),
    "a step resting on memory": (
        DRILL,
        "confidence: PLAN}]\n    records:\n      lacking",
        "confidence: C}]\n    records:\n      lacking",
        "必须可以关闭",
    ),
    "a day that no step has": (
        DRILL,
        "day: planned_for, from: on",
        "day: planned_for, from: hold.day",
        "没有“hold.day”",
    ),
    "a number where a day belongs": (
        DRILL,
        "from: plan.planned_for",
        "from: plan.count",
        "不是这条规则要的类型",
    ),
    "a length without a unit": (ELECTION, "at_least: 6 months", "at_least: 6", "值 6 的类型不对"),
    "a length unknown": (ELECTION, "at_least: 6 months", "at_least: 6 moons", "不是一段时间"),
    "a share that is none": (ELECTION, "4/5 of expected", "80% of expected", "看不懂"),
    "an unknown test": (DRILL, "when: {plan_on_file", "if: {plan_on_file", "没有写明怎么判断"),
    "a rule twice": (DRILL, "id: drill-ahead", "id: drilled-by-a-plan", "写了两次"),
    "a variant unknown": (
        ELECTION,
        "variant: request-a-month-early",
        "variant: early",
        "没有登记变体“early”",
    ),
    "choices for what has none": (
        DRILL,
        "type: text}",
        "type: text, options: {a: 甲}}",
        "其他类型不能列",
    ),
    "a reserved state": (
        DRILL,
        "  new: 尚未安排",
        "  open: 尚未安排",
        "states.open：这个名称另有用处",
    ),
    "a reserved step": (DRILL, "  put_off:", "  end:", "steps.end：这个名称另有用处"),
    "a reserved name": (DRILL, "      scene:", "      by:", "这个名称另有用处"),
    "a score": (DRILL, "title: 演练内容", "title: 演练得分", "“得分”不能作为要求"),
    "a photo": (DRILL, "documents: [演练安排]", "documents: [现场照片]", "“照片”不能作为要求"),
}


def with_words(folder, file, right, wrong):
    copy = shutil.copytree(settings.CATALOGUE_DIR, folder)
    text = (copy / file).read_text(encoding="utf-8")
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_without_meaning_is_refused(wrong, tmp_path):
    file, right, instead, said = WRONG[wrong]
    with pytest.raises(CatalogueError) as refused:
        processes_of(with_words(tmp_path / "catalogue", file, right, instead))
    assert file in str(refused.value)
    assert said in str(refused.value)


def test_a_misspelt_key_is_named_with_those_that_are_known(tmp_path):
    folder = with_words(
        tmp_path / "catalogue", DRILL, "    documents: [演练安排]", "    document: [演练安排]"
    )
    with pytest.raises(CatalogueError, match=r"没有这一项.*documents"):
        processes_of(folder)


def test_several_files_are_all_complained_of_at_once(tmp_path):
    folder = with_words(tmp_path / "catalogue", DRILL, "to: held", "to: drilled")
    path = folder / CARE
    path.write_text(path.read_text(encoding="utf-8").replace("to: helped", "to: aided"), "utf-8")
    with pytest.raises(CatalogueError) as refused:
        processes_of(folder)
    assert {p.at.split(":")[0] for p in refused.value.problems} == {DRILL, CARE}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "refused: [drill-ahead]",
            "refused: [drilled-by-a-plan]",
            "应被 ('drilled-by-a-plan',) 拒绝",
        ),
        ("refused: [drill-ahead]", "lands: planned", "应办成，却被拒绝"),
        ("change: {review.plan_changes: false}", "change: {}", "应办成，却被拒绝"),
        (NO_PLAN, "", "规则“drilled-by-a-plan”没有一个"),
        ("    lands: done", "    lands: held", "应到 held，却到了 done"),
    ],
)
def test_an_example_that_is_not_so_is_told(right, wrong, said, tmp_path):
    loaded = processes_of(with_words(tmp_path / "catalogue", DRILL, right, wrong))
    assert any(said in fault for fault in faults(loaded["drill"])), list(faults(loaded["drill"]))


def test_four_eyes_need_an_example(tmp_path):
    right = "{says: 核实的人不能自己决定, step: decide, by: 101, refused: [same_hand]}"
    loaded = processes_of(with_words(tmp_path / "catalogue", CARE, f"  - {right}\n", ""))
    assert "步骤“decide”没有由同一人办理而被拒绝" in "".join(faults(loaded["care"]))
