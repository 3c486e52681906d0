"""Documents for cases on pages: templates, making, filing, and who may not."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dev import documents as default_set
from guantong.records import catalogue, papers
from guantong.records.actions import cases, people
from guantong.records.actions.cases import Entry
from guantong.records.models import Case, Paper, PaperTemplate, StoredFile, User
from guantong.sheets.paper_child import Template
from guantong.web import paper_values
from tests.factories import Cast, make_person, owner
from tests.sheets.test_papers import made, texts
from tests.web.answers import part, rows, shown
from tests.web.test_cases import begun, came

type SignIn = Callable[[User], Client]
PAPERS = "/cases/papers/"
KIND = "application/octet-stream"


@pytest.fixture
def case(cast: Cast) -> Case:
    """A transfer out, applied for."""
    row = cases.begin(
        by=None, process="transfer-out", org=cast.branch, person=owner(cast.member),
        on=date(2023, 6, 1),
    )  # fmt: skip
    step = catalogue.process("transfer-out").steps["apply"]
    values = {one.name: "某市委组织部" for one in step.fields if one.title.startswith("接收方")}
    values |= {one.name: date(2023, 6, 30) for one in step.fields if one.title == "离开日期"}
    values |= {
        one.name: next(iter(one.options), "毕业") for one in step.fields if one.title == "原因"
    }
    entry = Entry(step="apply", on=date(2023, 6, 2), fields=values)
    cases.take_step(by=None, case=row, version=row.version, entry=entry)
    row.refresh_from_db()
    return row


def test_the_set_that_comes_with_it_is_what_its_script_writes() -> None:
    found = papers.of_catalogue()
    assert found.keys() == default_set.PAPERS.keys()
    for code, template in found.items():
        assert default_set.written(default_set.PAPERS[code]) == template.content, code


def test_every_name_of_the_set_is_known() -> None:
    for template in papers.of_catalogue().values():
        known = paper_values.names(catalogue.process(template.process))
        told = Template(template.content).check(known)
        assert told["found"], template.code
        assert (told["unknown"], told["problems"]) == ([], []), template.code


def test_from_a_template_to_what_is_filed(cast: Cast, as_: SignIn, case: Case) -> None:
    client = as_(cast.secretary)
    assert "组织关系转出核对单" in part(client, PAPERS)
    at = f"{PAPERS}transfer-check/make/"
    answer = client.post(at, {"case": [case.pk], "do": "make"})
    lines = texts(answer.content)
    for told in ("姓名|党员甲", "接收方党组织|某市委组织部", "离开日期|2023年6月30日"):
        assert told in lines, lines
    assert not Paper.objects.exists()
    for _ in range(2):
        assert client.post(at, {"case": [case.pk], "do": "file"}).status_code == 302
    paper = Paper.objects.get()  # a second click files no second one
    kept = f"/cases/{case.pk}/papers/{paper.pk}/"
    before = client.get(kept).content
    people.correct(by=None, person=owner(cast.member), name="改名")
    assert client.get(kept).content == before  # as it was, not made anew
    assert "姓名|改名" in texts(client.post(at, {"case": [case.pk], "do": "make"}).content)
    client.post(at, {"case": [case.pk], "do": "file"})
    assert (Paper.objects.count(), StoredFile.objects.count()) == (2, 2)
    assert "请选择要生成的事项" in shown(client.post(at, {"do": "make"}))


def test_one_s_own_template(cast: Cast, as_: SignIn, case: Case) -> None:
    client = as_(cast.officer)

    def upload(content: bytes) -> str:
        file = SimpleUploadedFile("模板.docx", content, KIND)
        given = {"org": cast.college.pk, "process": "transfer-out", "title": "转出名单"}
        return shown(client.post(f"{PAPERS}new/", {**given, "content": file}, follow=True))

    assert "没有“姓明”这个名称，是不是“姓名”" in upload(made("{{姓明}}"))
    assert "不是完好的" in upload(b"PK\x03\x04")
    assert not PaperTemplate.objects.exists()
    assert "名称都认得" in upload(made("{{人数}}人", row=("{{名单/序号}}", "{{名单/姓名}}")))
    row = PaperTemplate.objects.get()
    at = f"{PAPERS}{row.pk}/make/"
    answer = as_(cast.secretary).post(at, {"case": [case.pk], "do": "make"})
    assert texts(answer.content) == ["1人", "1|党员甲"]
    assert as_(cast.outsider).get(at).status_code == 404
    assert client.post(f"{PAPERS}{row.pk}/retire/").status_code == 302
    assert client.get(at).status_code == 404


def test_several_at_once_are_one_archive(cast: Cast, as_: SignIn, case: Case) -> None:
    other = cases.begin(
        by=None, process="transfer-out", org=cast.branch, person=owner(cast.secretary),
        on=date(2023, 6, 1),
    )  # fmt: skip
    client, at = as_(cast.officer), f"{PAPERS}transfer-check/make/"
    asked = {"case": [case.pk, other.pk], "do": "make"}
    told = shown(client.post(at, asked))
    assert "还没有办理“申请转出”：支书甲。" in told, "the gaps are told before"
    answer = client.post(at, asked | {"blank": "yes"})
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert sorted(names) == ["组织关系转出核对单 党员甲.docx", "组织关系转出核对单 支书甲.docx"]


def test_one_request_and_one_reply_tell_of_all_whose_probation_is_over(
    cast: Cast, as_: SignIn
) -> None:
    ticked = []
    for name in ("预备甲", "预备乙"):
        person = make_person(name, cast.branch, status="probationary")
        row = begun("recruitment", cast, person)
        told = {"outcome": "full"}
        put_off = {"outcome": "extend", "extended_to": "2023-12-01"}
        came(row, "full", ("accept", {}), ("discuss", put_off), ("discuss", told),
             ("approve_full", {"full_member_on": "2023-06-01"}))  # fmt: skip
        ticked.append(row.pk)
    for code, ends in {
        "full-request": "2023年6月1日|转为正式党员",
        "full-reply": "2023年6月1日",
    }.items():
        at = f"{PAPERS}recruitment-{code}/make/"
        lines = texts(as_(cast.officer).post(at, {"case": ticked, "do": "make"}).content)
        roll = [line for line in lines if line[:2] in ("1|", "2|")]
        assert {line.split("|")[1] for line in roll} == {"预备甲", "预备乙"}
        assert all(line.endswith(ends) for line in roll), roll
        assert len([line for line in lines if "下列2名" in line]) == 1
        alone = texts(as_(cast.officer).post(at, {"case": ticked[:1], "do": "make"}).content)
        assert any("下列1名" in line for line in alone)


def test_the_reply_to_an_extension_tells_until_when(cast: Cast, as_: SignIn) -> None:
    row = begun("recruitment", cast, make_person("预备丙", cast.branch, status="probationary"))
    put_off = {"outcome": "extend", "extended_to": "2023-12-01"}
    came(row, "probation", ("accept", {}), ("discuss", put_off), ("approve_extension", {}))
    at = f"{PAPERS}recruitment-extension-reply/make/"
    lines = texts(as_(cast.officer).post(at, {"case": [row.pk], "do": "make"}).content)
    assert "关于延长预备丙同志预备期的批复" in lines
    assert any("预备期延长至2023年12月1日。" in line for line in lines)


def test_who_sees_and_makes_what(cast: Cast, as_: SignIn, case: Case) -> None:
    client = as_(cast.secretary)
    client.post(f"{PAPERS}transfer-check/make/", {"case": [case.pk], "do": "file"})
    kept = f"/cases/{case.pk}/papers/{Paper.objects.get().pk}/"
    for user in (cast.outsider, cast.stranger, cast.admin):
        assert as_(user).get(kept).status_code == 404, user
    at = f"{PAPERS}transfer-check/make/"
    for user in (cast.outsider, cast.inspector):
        told = as_(user).post(at, {"case": [case.pk], "do": "make"})
        assert "请选择要生成的事项" in shown(told), user
    assert as_(cast.secretary).get(f"{PAPERS}new/").status_code == 404
    assert as_(cast.officer).get(f"{PAPERS}care/make/").status_code == 404
    assert "姓名" in part(client, f"{PAPERS}names/?process=transfer-out")
    assert rows(client.get(PAPERS, {"export": "xlsx", "process": "award"}))[1][1] == "评选表彰"
