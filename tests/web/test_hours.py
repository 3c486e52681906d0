"""The account of hours, certificates and the trusted schools as pages."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from guantong.records.actions import ledger, memberships
from guantong.records.models import Entry, HoursCertificate, TrustedIssuer, User
from guantong.trust import notes
from tests.factories import SINCE, Cast, appoint, make_activity, make_person, owner
from tests.records.test_certificates import THEIRS, theirs
from tests.web.answers import rows, shown

type SignIn = Callable[[User], Client]
ISSUERS = "/members/issuers/"


def test_the_account_shows_the_ledgers_figures_and_how_they_came(cast: Cast, as_: SignIn) -> None:
    """A member who joined in March, a leader of two organisations, a member who is exempt."""
    late = make_person("三月来的", cast.branch, since=date(2023, 3, 31))
    leader = owner(cast.secretary)
    appoint(leader, cast.college, "committee_member", valid_from=date(2023, 4, 5))
    old = make_person("老党员", cast.branch)
    memberships.set_exempt(
        by=cast.officer,
        person=old,
        exempt=True,
        on=date(2023, 6, 1),
        reason="年老体弱",
        until=None,
    )
    make_activity(cast.branch, title="大家学", hours=Decimal("2.5"))
    make_activity(cast.branch, kind="branch_assembly", hours=None, held_on=date(2023, 6, 9))
    ledger.rebuild()
    client = as_(cast.officer)
    for person in (late, leader):
        page = client.get(reverse("hours-account", args=[person.pk]))
        account = page.context["account"]
        for demand in account.demands:
            entry = Entry.objects.get(pk=demand.entry.pk)
            assert (entry.person_id, demand.entry.actual) == (person.pk, entry.actual)
            if entry.obligation.endswith("-hours"):
                assert account.counted == entry.actual == Decimal("2.5")
    assert "全年 56 学时，不满一年按月折算为 42 学时" in shown(page)
    assert [d.entry.org for d in account.demands[:2]] == [cast.college, cast.branch]
    joined = shown(client.get(reverse("hours-account", args=[late.pk])))
    assert "全年 32 学时，不满一年按月折算为 26.7 学时" in joined
    assert "2.5/26.7" in joined
    exempt = shown(client.get(reverse("hours-account", args=[old.pk])))
    assert "豁免：年老体弱" in exempt
    assert "不作要求" in exempt
    told = rows(client.get(reverse("hours-account", args=[late.pk]), {"export": "xlsx"}))
    assert told[1][1:6] == ["大家学", "主题党日", "参加", 2.5, "是"]
    assert told[2][5:7] == ["否", "这类活动不计学时"]
    assert "计学时的类别：集中培训、集体学习、党课、主题党日" in joined
    assert SINCE.year == 2022
    make_activity(cast.branch, also=("central_training",), hours=Decimal(8), title="一起开")
    both = rows(client.get(reverse("hours-account", args=[late.pk]), {"export": "xlsx"}))[1:3]
    assert [line[2:7] for line in both] == [
        ["集中培训", "参加", 8, "是", ""],
        ["主题党日", "参加", 0, "否", "学时计在同场的另一类"],
    ]


def test_a_certificate_leaves_as_pdf_and_signed_file(cast: Cast, as_: SignIn) -> None:
    me = owner(cast.member)
    make_activity(cast.branch, held_on=date(2023, 4, 1), late_reason="系统未开通")
    ledger.rebuild()
    at, issue = (reverse(name, args=[me.pk]) for name in ("hours-account", "certificate-issue"))
    client = as_(cast.member)
    assert client.get(issue).status_code == 405
    assert client.post(issue, {"year": "2023"}).status_code == 302
    row = HoursCertificate.objects.get()
    for year in ("", "x", "0", "9" * 20):
        assert client.post(issue, {"year": year}).status_code == 404
    files = [reverse("certificate-file", args=[me.pk, row.pk, form]) for form in ("pdf", "json")]
    assert all(file in shown(client.get(at)) for file in files)
    pdf, signed = (client.get(file) for file in files)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    for told in ("党员甲", "甲学院教师第一党支部", row.serial, "+75 天", "未到期"):
        assert told in text, told
    key = row.content["key"]
    assert notes.opened(signed.content, {key})[0]["name"] == "党员甲"
    assert pdf["Content-Disposition"].startswith("attachment")
    for user in (cast.inspector, cast.outsider, cast.stranger, cast.admin):
        for file in files:
            assert as_(user).get(file).status_code == 404, user
        assert as_(user).post(issue, {"year": "2023"}).status_code == 404, user
    notice = reverse("certificate-file", args=[me.pk, row.pk, "notice"])
    secretary = as_(cast.secretary)
    assert (secretary.get(files[0]).status_code, secretary.get(notice).status_code) == (200, 404)
    secretary.post(reverse("certificate-withdraw", args=[me.pk, row.pk]), {"reason": "多记一次"})
    assert notice in shown(client.get(at))
    gone = PdfReader(BytesIO(client.get(files[0]).content)).pages[0].extract_text()
    assert "本证明已于 2023-06-15 撤销" in gone
    assert notes.opened(client.get(notice).content, {key})[0]["serial"] == row.serial
    assert client.get(reverse("certificate-file", args=[me.pk, row.pk, "x"])).status_code == 404


def test_a_certificate_from_elsewhere_is_checked_and_filed(cast: Cast, as_: SignIn) -> None:
    me = owner(cast.member)
    office, secretary = as_(cast.office), as_(cast.secretary)
    asked = {"name": "外地大学", "key": notes.public(THEIRS), "checked": "电话核对"}
    assert as_(cast.member).get(ISSUERS).status_code == 404
    assert secretary.post(ISSUERS, asked).status_code == 404
    assert office.post(ISSUERS, asked | {"key": "x"}).status_code == 422
    assert office.post(ISSUERS, asked).status_code == 302
    assert notes.fingerprint(asked["key"]) in shown(secretary.get(ISSUERS))
    at = reverse("certificate-receive", args=[me.pk])

    def sent(file: bytes) -> int:
        upload = SimpleUploadedFile("证明.json", file)
        return secretary.post(at, {"file": upload}).status_code

    assert sent(theirs().replace(b'"26"', b'"56"')) == 422
    assert sent(b"x" * (notes.MOST + 1)) == 422
    assert sent(theirs()) == 302
    assert sent(theirs()) == 422
    assert sent(theirs(serial="s-2", issued_on="2023-06-02")) == 302  # the same year again
    page = shown(secretary.get(reverse("hours-account", args=[me.pk])))
    assert "党员年度学习学时 26/24" in page
    assert "外地大学" in page
    assert "同一年 2023-06-02 又签发过一份" in page
    row = HoursCertificate.objects.earliest("pk")
    back = reverse("certificate-withdraw", args=[me.pk, row.pk])
    assert as_(cast.member).get(back).status_code == 404
    assert secretary.post(back, {"reason": "认错了人"}).status_code == 302
    assert "已撤销：认错了人" in shown(secretary.get(reverse("hours-account", args=[me.pk])))
    end = reverse("issuer-end", args=[TrustedIssuer.objects.get().pk])
    assert secretary.post(end, {"reason": "x"}).status_code == 404
    assert office.post(end, {"reason": "密钥外泄"}).status_code == 302
    assert json.loads(
        secretary.get(reverse("certificate-file", args=[me.pk, row.pk, "json"])).content
    )
