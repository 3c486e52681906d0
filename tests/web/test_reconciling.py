"""The pages of comparing with another system: load, see differences only, decide, hand out."""

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guantong.records.models import Discrepancy, User
from guantong.sheets import read
from tests.factories import Cast, make_person
from tests.records.spreadsheets import an_id
from tests.sheets.workbooks import workbook

As = Callable[[User], Client]
A1 = "甲学院教师第一党支部"
HEADER = ["姓名", "公民身份号码", "性别", "所在党支部", "民族"]


def test_differences_are_loaded_decided_and_handed_out(cast: Cast, as_: As) -> None:
    make_person("王样", cast.branch, id_number=an_id(1), gender="2")
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
    for user in (cast.secretary, cast.member, cast.inspector, cast.admin):
        for name in ("reconcile", "reconcile-load", "reconcile-sheet"):
            assert as_(user).get(reverse(name)).status_code == 404, (user, name)
