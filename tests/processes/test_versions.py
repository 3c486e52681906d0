"""A released version is never changed in place."""

import re
import shutil

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from guantong.conditions.parse import CatalogueError
from guantong.processes.versions import check_released, fingerprint, release, unreleased
from tests.processes.folders import processes_of

FILE = "processes/drill.yaml"


@pytest.fixture
def folder(tmp_path):
    """A catalogue of its own whose processes are all released."""
    copy = shutil.copytree(settings.CATALOGUE_DIR, tmp_path / "catalogue")
    release(copy, processes_of(copy).values())
    return copy


def change(folder, right, wrong, file=FILE):
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")


def check(folder):
    check_released(folder, processes_of(folder).values())


def test_what_is_released_and_as_it_was_passes(folder):
    check(folder)
    assert release(folder, processes_of(folder).values()) == 0


def test_the_catalogue_keeps_what_it_has_released():
    check(settings.CATALOGUE_DIR)


def test_a_rule_changed_in_place_is_refused_with_the_remedy(folder):
    change(folder, "先有应急处置方案再演练", "应先有方案")
    with pytest.raises(CatalogueError) as refused:
        check(folder)
    assert "processes/drill.yaml: version：第 1 版已发布，不能就地修改" in str(refused.value)
    assert "processes/earlier/drill.v1.yaml" in str(refused.value)


def test_examples_and_comments_may_be_added(folder):
    before = fingerprint(folder / FILE)
    change(folder, "# An emergency drill", "# A drill")
    change(folder, "日期写到过去", "演练日期已经过去")
    assert fingerprint(folder / FILE) == before
    check(folder)


def test_a_citation_may_be_put_right_and_name_another_plan(folder):
    change(folder, "clause: 二/(四)/11, confidence: PLAN}]", "clause: 三/(三), confidence: PLAN}]")
    check(folder)


def test_raising_the_version_without_keeping_the_old_file_is_refused(folder):
    change(folder, "version: 1", "version: 2")
    with pytest.raises(CatalogueError, match="第 1 版不见了"):
        check(folder)


def test_a_new_version_beside_the_kept_one_passes(folder):
    (folder / "processes/earlier").mkdir()
    shutil.copy(folder / FILE, folder / "processes/earlier/drill.v1.yaml")
    change(folder, "version: 1", "version: 2")
    change(folder, "先有应急处置方案再演练", "应先有方案")
    check(folder)
    loaded = processes_of(folder)
    assert {loaded[name].process.version for name in ("drill", "drill.v1")} == {1, 2}
    assert loaded["drill.v1"].process.name == "drill"
    assert unreleased(folder, loaded.values()) == ["drill 第 2 版"]
    assert release(folder, loaded.values()) == 1
    assert unreleased(folder, loaded.values()) == []


WRONG = {
    "cases.yaml": ("orgs: [branch]", "orgs: [brunch]", "cases.yaml: .*orgs：不认识"),
    "criteria/model-branch.yaml": (
        "theme-day",
        "theme-dax",
        "criteria/model-branch.yaml.*theme-dax",
    ),
    "exchange/national.yaml": ("as: name", "as: nome", "exchange/national.yaml|national.yaml"),
    "statistics.yaml": ("up_to: 45", "up_to: 25", "statistics.yaml.*各段没有接上"),
    "documents/index.yaml": ("step: talk", "step: tolk", "documents/index.yaml.*没有步骤“tolk”"),
    "purposes.yaml": ("sealed:", "saeled:", "purposes.yaml"),
}


def test_the_command_names_every_fault_in_the_other_files_at_once(folder):
    for file, (was, now, _) in WRONG.items():
        change(folder, was, now, file)
    with pytest.raises(CommandError) as refused:
        call_command("check_catalogue", folder)
    for file, (_, _, says) in WRONG.items():
        assert re.search(says, str(refused.value)), (file, str(refused.value))


def test_the_command_refuses_a_changed_file(folder):
    change(folder, "先有应急处置方案再演练", "应先有方案")
    with pytest.raises(CommandError, match="不能就地修改"):
        call_command("check_catalogue", folder)
