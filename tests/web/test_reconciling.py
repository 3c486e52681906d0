"""The pages of comparing with another system: load, see differences only, decide, hand out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guantong.records.actions import reconciling
from guantong.records.models import Discrepancy, ImportBatch, Job, Person, User
from guantong.sheets import read
from tests.factories import Cast, make_person
from tests.records.spreadsheets import an_id
from tests.sheets.workbooks import workbook

As = Callable[[User], Client]
A1 = "甲学院教师第一党支部"
HEADER = ["姓名", "公民身份号码", "性别", "所在党支部", "民族"]


def test_differences_are_loaded_decided_and_handed_out(cast: Cast, as_: As) -> None:
    wrong = make_person("王样", cast.branch, id_number=an_id(1))
    Person.objects.filter(pk=wrong.pk).update(gender="2")
    client = as_(cast.officer)
    page = reverse("reconcile")
    assert "还没有比对过" in client.get(page).content.decode()
    rows = [HEADER, ["王样例", an_id(1), "男", A1, "汉"], ["支书甲", "", "", A1, ""]]
    sent = {"system": "national", "exported_on": "2023-05-01"}
    file = SimpleUploadedFile("导出.xlsx", workbook(rows))
    shown = client.post(reverse("reconcile-load"), {**sent, "file": file}, follow=True)
    text = shown.content.decode()
    for word in ("王样例", "性别", "党员甲", "对方漏登"):
        assert word in text
    assert an_id(1) not in text
    found = {one.field: one.pk for one in Discrepancy.objects.filter(named="王样")}
    assert found.keys() == {"name", "gender"}
    refused = client.post(page, {"do": "later", "one": found["name"]})
    assert (refused.status_code, "请写明等什么" in refused.content.decode()) == (422, True)
    client.post(f"{page}?field=gender", {"do": "ours", "which": "listed"})
    assert "王样例" not in client.get(f"{page}?field=gender").content.decode()
    assert "我方为准" in client.get(f"{page}?state=ours").content.decode()
    (grid,) = read.grids(client.get(f"{page}?state=all&export=xlsx").content)
    assert "王样例" in str(grid.rows)
    address = reverse("reconcile-sheet")
    assert client.post(address, {"system": "national"}).status_code == 422
    sheet = client.post(address, {"system": "national", "reason": "报组织部"})
    (grid,) = read.grids(sheet.content)
    assert grid.rows[2][:3] == ["姓名", "公民身份号码", "性别"]
    assert grid.rows[3][:2] == ["王样", an_id(1)]
    Person.objects.filter(pk=wrong.pk).update(id_number=None, id_index=None)
    without = client.post(address, {"system": "national", "reason": "报组织部"})
    assert "请先在党员页补登记" in str(read.grids(without.content)[0].rows[3][-1])
    Person.objects.filter(pk=wrong.pk).update(id_number=wrong.id_number, id_index=wrong.id_index)
    again = {**sent, "file": SimpleUploadedFile("更正表.xlsx", sheet.content)}
    early = client.post(reverse("reconcile-load"), {**again, "exported_on": "1990-01-01"})
    assert "早于学校党组织成立的 2022-01-01" in early.content.decode()
    again["file"].seek(0)
    client.post(reverse("reconcile-load"), {**again, "exported_on": "2023-06-14"})
    assert Discrepancy.objects.get(pk=found["gender"]).state == "gone"  # it says what we say
    for user in (cast.secretary, cast.member, cast.inspector, cast.admin):
        for name in ("reconcile", "reconcile-load", "reconcile-sheet"):
            assert as_(user).get(reverse(name)).status_code == 404, (user, name)


def test_columns_are_chosen_once_and_many_rows_compared_beside(
    cast: Cast, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "FEW", 1)
    client = as_(cast.officer)
    text = f"人名,组织,生日\n支书甲,{A1},1990-01-01\n党员甲,{A1},\n"
    sent = {"system": "national", "exported_on": "2023-05-01"}

    def load() -> Any:
        file = SimpleUploadedFile("导出.csv", text.encode())
        return client.post(reverse("reconcile-load"), {**sent, "file": file}, follow=True)

    page = load()
    batch = ImportBatch.objects.get()
    address = reverse("import-columns", args=[batch.pk])
    assert page.redirect_chain == [(address, 302)]
    assert "没有找到表头行" in page.content.decode()
    columns = {"column0": "name", "column1": "org", "column2": "birth_date"}
    client.post(address, {**columns, "source": "全国系统"})
    batch.refresh_from_db()
    assert (batch.state, batch.upload) == ("discarded", None)
    assert Discrepancy.objects.get().theirs == "1990-01-01"
    assert Job.objects.get().kind == reconciling.job(cast.officer)
    Discrepancy.objects.all().delete()
    assert load().redirect_chain == [(reverse("reconcile"), 302)]
    assert Discrepancy.objects.get().field == "birth_date"
    assert as_(cast.outsider).get(address).status_code == 404
