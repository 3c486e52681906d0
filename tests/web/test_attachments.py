"""Files of a record: kept once, handed out to few, taken off with a reason, never run."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guantong.records import catalogue, files
from guantong.records.actions import activities, attachments, months
from guantong.records.models import Activity, Attachment, Event, User
from guantong.sheets.pdf import Text, pdf
from tests.factories import Cast, make_activity
from tests.records.conftest import one_event, refused
from tests.sheets.test_attached import picture
from tests.web.answers import shown
from tests.web.record_form import NEW, form_of

type SignIn = Callable[[User], Client]
MINUTES = pdf("会议记录", [Text("正文")])


@pytest.fixture
def held(cast: Cast) -> Activity:
    return make_activity(cast.branch, by=cast.secretary, held_on=date(2023, 5, 20))


def send(client: Client, held: Activity, content: bytes, name: str = "记录.pdf") -> Any:
    at = reverse("attachment-add", args=[held.pk])
    return client.post(at, {"file": SimpleUploadedFile(name, content)})


def test_a_file_is_attached_handed_out_and_taken_off(
    cast: Cast, as_: SignIn, held: Activity, settings: Any
) -> None:
    secretary = as_(cast.secretary)
    assert send(secretary, held, b"<html>", "记录.pdf").status_code == 422
    assert send(secretary, held, picture()).status_code == 422, "photos are off"
    with one_event("attachment.added"):
        assert send(secretary, held, MINUTES, "五月<b>.pdf").status_code == 302
    assert send(secretary, held, MINUTES, "又一份.pdf").status_code == 422, "the same again"
    row = Attachment.objects.get()
    at = reverse("attachment", args=[held.pk, row.pk])
    page = shown(secretary.get(reverse("activity", args=[held.pk])))
    assert "五月&lt;b&gt;.pdf" in page
    assert at in page
    answer = secretary.get(at)
    assert answer.content == MINUTES
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    kept = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [row.sha256]
    assert kept[0].stat().st_mode & 0o077 == 0
    off = reverse("attachment-remove", args=[held.pk, row.pk])
    assert secretary.post(off, {"reason": ""}).status_code == 422
    assert secretary.post(off, {"reason": "附错了"}).status_code == 302
    assert secretary.get(at).status_code == 404
    assert "移除：附错了" in shown(secretary.get(reverse("activity", args=[held.pk])))
    assert send(secretary, held, MINUTES).status_code == 302
    assert len([path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]) == 1


def test_photos_come_with_the_record_only_where_the_school_takes_them(
    cast: Cast, as_: SignIn, settings: Any, tmp_path: Path
) -> None:
    secretary = as_(cast.secretary)
    assert "photos" not in secretary.get(NEW).context["form"].fields
    folder = shutil.copytree(settings.CATALOGUE_DIR, tmp_path / "catalogue")
    kinds = (folder / "kinds.yaml").read_text(encoding="utf-8")
    switched = kinds.replace("（0 不可以，1 可以）, value: 0", "（0 不可以，1 可以）, value: 1")
    (folder / "kinds.yaml").write_text(switched, encoding="utf-8")
    settings.CATALOGUE_DIR = folder

    def save(*photos: bytes) -> Any:
        typed = form_of(secretary)
        sent = [SimpleUploadedFile(f"拍{n}.jpg", one) for n, one in enumerate(photos)]
        return secretary.post(NEW, {**typed, "photos": sent})

    for wrong, why in (
        (MINUTES, "保存记录后在“附件”里添加"),
        (b"\0\0\0\x18ftypheic", "HEIC 请另存为 JPEG"),
        (b"\xff\xd8\xff broken", "损坏"),
    ):
        answer = save(picture(), wrong)
        assert (answer.status_code, why in shown(answer)) == (422, True)
        assert "“拍1.jpg”：" in shown(answer)
        assert "照片要重新选一次" in shown(answer)
    assert not Activity.objects.exists(), "the record waits for its photos"
    assert save(picture(), picture(), picture(size=(30, 30))).status_code == 302
    kept = Attachment.objects.order_by("pk")
    assert [row.kind for row in kept] == ["jpg", "jpg"]
    assert kept[0].activity == Activity.objects.get()
    assert b"CAMERA" in picture()
    assert not any(b"CAMERA" in files.read(row.sha256) for row in kept)


def test_only_those_who_work_with_the_records_see_files(
    cast: Cast, as_: SignIn, held: Activity
) -> None:
    row = attachments.attach(
        by=cast.secretary, activity=held, kind="pdf", name="机密名单.pdf", content=MINUTES
    )
    other = make_activity(cast.other_branch, held_on=date(2023, 5, 20))
    at, add, off = (
        reverse("attachment", args=[held.pk, row.pk]),
        reverse("attachment-add", args=[held.pk]),
        reverse("attachment-remove", args=[held.pk, row.pk]),
    )
    for user in (cast.secretary, cast.officer, cast.office, cast.inspector):
        assert as_(user).get(at).status_code == 200, user
    for user in (cast.member, cast.outsider, cast.stranger, cast.admin):
        client = as_(user)
        assert {client.get(one).status_code for one in (at, add, off)} == {404}, user
        assert send(client, held, MINUTES).status_code == 404, user
    assert "机密名单" not in shown(as_(cast.member).get(reverse("activity", args=[held.pk])))
    inspector = as_(cast.inspector)
    assert send(inspector, held, MINUTES).status_code == 403
    assert inspector.post(off, {"reason": "x"}).status_code == 403
    wrong = reverse("attachment", args=[other.pk, row.pk])
    assert as_(cast.office).get(wrong).status_code == 404, "the file of another record"
    told = Event.objects.filter(subject=f"activity:{held.pk}", verb="attachment.added").get()
    assert (told.org, told.detail["file"]) == (cast.branch, "机密名单.pdf")


def test_files_stay_when_the_record_is_withdrawn_and_closed_months_take_none(
    cast: Cast, as_: SignIn, held: Activity
) -> None:
    def attach(
        name: str, content: bytes = MINUTES, by: User = cast.secretary, to: Activity = held
    ) -> Attachment:
        return attachments.attach(by=by, activity=to, kind="pdf", name=name, content=content)

    days = {"held_on": date(2023, 4, 28), "last_on": date(2023, 6, 2)}
    through = make_activity(cast.branch, kind="central_training", late_reason="补录", **days)
    row = attach("记录.pdf")
    activities.withdraw(by=cast.secretary, activity=held, version=1, reason="重复")
    at = reverse("attachment", args=[held.pk, row.pk])
    assert as_(cast.secretary).get(at).content == MINUTES
    with refused("已撤销"):
        attach("又一个.pdf", b"%PDF-2")
    activities.restore(by=cast.secretary, activity=held)
    over = make_activity(
        cast.branch, held_on=date(2023, 4, 29), last_on=date(2023, 5, 2), late_reason="补记"
    )
    months.close(by=cast.secretary, org=cast.branch, month=date(2023, 5, 1))
    with refused("5 月已经结账"):
        attachments.attach(by=cast.secretary, activity=over, kind="pdf", name="x", content=MINUTES)
    with refused("已经结账"):
        attach("又一个.pdf", b"%PDF-2")
    with refused("已经结账"):
        attachments.remove(by=cast.secretary, row=row, reason="附错了")
    with refused("2023 年 5 月已经结账"):
        attach("也算五月.pdf", to=through)
    with refused("权限"):
        attach("x.pdf", b"%PDF-2", by=cast.outsider)


def test_there_is_a_limit_and_a_damaged_file_is_told(
    cast: Cast, as_: SignIn, held: Activity, settings: Any
) -> None:
    most = catalogue.current().kinds["limits"]["attachments"]["value"]
    for number in range(most):
        row = attachments.attach(
            by=None, activity=held, kind="pdf", name=f"{number}.pdf", content=b"%%PDF-%d" % number
        )
    with refused(f"最多附 {most} 个"):
        attachments.attach(by=None, activity=held, kind="pdf", name="x.pdf", content=b"%PDF-x")
    path = Path(settings.MEDIA_ROOT) / row.sha256[:2] / row.sha256
    path.write_bytes(b"changed")
    with pytest.raises(files.Damaged):
        files.read(row.sha256)
    secretary = as_(cast.secretary)
    answer = secretary.get(reverse("attachment", args=[held.pk, row.pk]), follow=True)
    assert "丢失或已损坏" in shown(answer)
