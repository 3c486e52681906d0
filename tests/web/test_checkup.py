"""材料日期体检: one file typed in, and a whole sheet, on the page and at the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from guantong.records.models import User
from tests.factories import Cast
from tests.web.answers import rows, shown

pytestmark = pytest.mark.django_db
type SignIn = Callable[[User], Client]


def test_dates_that_contradict_each_other_are_listed_with_their_rule(
    cast: Cast, as_: SignIn
) -> None:
    client, page = as_(cast.secretary), reverse("case-checkup")
    typed = {"do": "file", "apply": "2021-09-10", "talk": "2021-11-01", "recommend": "2022-03-15",
             "choose": "2023-03-14", "apply.birth_date": "2002-05-01"}  # fmt: skip
    text = shown(client.post(page, typed))
    assert "须经一年以上培养教育考察" in text
    assert "一个月内要谈话" in text
    assert "2023年3月15日" in text
    clean = shown(client.post(page, {**typed, "talk": "2021-09-20", "choose": "2023-03-15"}))
    assert "1 份没有发现矛盾" in clean
    assert as_(cast.member).get(page).status_code == 404


def test_a_whole_sheet_of_files_is_checked_on_the_page_and_at_the_command_line(
    cast: Cast, as_: SignIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client, page = as_(cast.secretary), reverse("case-checkup")
    lines = ["姓名,申请入党日期,派人谈话日期", "张一,2021-09-10,2021-11-01", "李二,2021年秋,",
             "王三,2021-09-10,2021-09-30"]  # fmt: skip
    file = tmp_path / "材料.csv"
    file.write_text("\n".join(lines), encoding="utf-8")

    def sent(content: bytes, **more: str) -> Any:
        sheet = SimpleUploadedFile("材料.csv", content)
        return client.post(page, {"do": "sheet", "sheet": sheet, **more})

    text = shown(sent(file.read_bytes()))
    assert "核对了 3 份材料，1 份没有发现矛盾" in text
    assert "一个月内要谈话" in text
    corrections = rows(sent(file.read_bytes(), **{"as": "xlsx"}))[1:]
    assert {row[1] for row in corrections} == {"张一", "李二"}
    assert [row[3] for row in corrections if row[1] == "李二"] == ["没有核对"]
    assert sent(b"PK").status_code == 422

    named = [f"张{chr(ord('一') + n)}" for n in range(60)]
    sixty = [lines[0], lines[2], *(f"{name},2021-09-10,2021-09-09" for name in named)]
    found = sent("\n".join(sixty).encode()).context["found"]

    def listed(**more: str) -> Any:
        return client.post(page, {"do": "list", "found": found, **more})

    second = shown(listed(page="2"))
    assert "第 51–61 份" in second
    assert named[50] in second
    assert named[40] not in second
    assert "第 1–1 份" in shown(listed(show="unread"))
    contradicted = listed(show="must", sort="name", page="2").context["page"]
    assert [one.name for one in contradicted] == sorted(named)[50:]
    assert [row[1] for row in rows(listed(q=named[7], **{"as": "xlsx"}))[1:]] == [named[7]]
    assert client.post(page, {"do": "list", "found": found[:-1]}).status_code == 422

    with pytest.raises(SystemExit):
        call_command("checkup", str(file))
    assert "核对 3 份，1 份有矛盾，1 份有日期没能核对" in capsys.readouterr().out
