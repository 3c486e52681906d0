"""Certificates of hours: given out as PDF and signed file, filed, and from whom to take them."""

import json
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.records import access, certificates, days, signing
from guantong.records.access import Refused
from guantong.records.actions import certificates as actions
from guantong.records.models import HoursCertificate, Person, TrustedIssuer
from guantong.sheets import pdf
from guantong.trust import notes
from guantong.web import download, ids
from guantong.web.acting import ActionForm, acting, form_page
from guantong.web.verdicts import VERDICTS
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import crumbs_to_member

JSON: Final = "application/json"


def _account(person: Person) -> str:
    return reverse("hours-account", args=[person.pk])


def _crumbs(person: Person) -> list[tuple[str, str]]:
    return [*crumbs_to_member(person), ("学时账户", _account(person))]


@require_POST
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, "member.view")
    year = ids.read(request.POST.get("year", ""))
    if year not in days.YEARS:
        raise Http404
    try:
        row = actions.issue(by=acting(request), person=person, year=year)
    except access.Forbidden:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(
            request, f"已签发，有效期至 {row.valid_until}。请把 PDF 和签名文件一起交给对方学校。"
        )
    return redirect(f"{_account(person)}?year={year}#certificates")


@require_GET
def file(request: HttpRequest, pk: int, certificate_pk: int, form: str) -> HttpResponse:
    """The PDF for people, or the signed file for the other school's system."""
    row = _certificate_or_404(request, pk, certificate_pk)
    name = f"学时证明 {row.person.name} {row.year}"
    if form == "json":
        text = json.dumps(row.content, ensure_ascii=False, indent=1)
        return download.attached(text.encode(), f"{name}.json", mime=JSON)
    if form == "notice" and row.issuer_id is None and row.revoked_on:
        told = certificates.notice(row)
        return download.attached(told, f"撤销通知 {row.person.name} {row.year}.json", mime=JSON)
    if form != "pdf":
        raise Http404
    return download.attached(_pdf(row), f"{name}.pdf", mime=pdf.MIME)


def _certificate_or_404(request: HttpRequest, pk: int, certificate_pk: int) -> HoursCertificate:
    person = person_or_404(request, pk, "member.view")
    if acting(request).person_id != person.pk:
        person = person_or_404(request, pk, actions.FILES)
    rows = HoursCertificate.objects.select_related("person")
    return get_object_or_404(rows, pk=certificate_pk, person=person)


def _pdf(row: HoursCertificate) -> bytes:
    signed, note = row.content, row.content["note"]
    gone = row.revoked_on
    return pdf.pdf(
        f"{note['year']} 年学习培训学时证明",
        [
            pdf.Text(note["school"], size=12, centred=True),
            *([pdf.Text(f"本证明已于 {gone} 撤销，不再有效", centred=True)] if gone else []),
            pdf.Facts(
                [
                    ("姓名", note["name"]), ("所在党支部", note["branch"]),
                    ("签发日期", note["issued_on"]), ("有效期至", note["valid_until"]),
                ]
            ),
            pdf.Grid(
                ["要求", "应完成", "已完成", "结论"],
                [
                    [
                        row["title"], f"{row['required']} {row['unit']}",
                        f"{row['actual']} {row['unit']}", _verdict(row["verdict"]),
                    ]
                    for row in note["demands"]
                ],
                [4, 2, 2, 2],
            ),
            pdf.Grid(
                ["日期", "类别", "身份", "学时", "补录"],
                [
                    [
                        row["held_on"], row["kind"], row["role"], row["hours"],
                        f"+{row['late']} 天" if row["late"] else "",
                    ]
                    for row in note["lines"]
                ],
                [2, 4, 2, 1, 2],
            ),
            pdf.Text(
                "以随附的签名文件（.json）为准，对方学校导入时自动核对签名。"
                f"签发密钥 {notes.fingerprint(signed['key'])}",
                size=8, quiet=True,
            ),
        ],
        foot=f"编号 {note['serial']}" + ("（已撤销）" if gone else ""),
    )  # fmt: skip


def _verdict(code: str) -> str:
    return VERDICTS[code].word if code in VERDICTS else code


class ReceiveForm(ActionForm):
    file = forms.FileField(
        label="签名文件",
        help_text="对方学校给的 .json 文件，不是 PDF。",
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )

    def clean_file(self) -> bytes:
        uploaded = self.cleaned_data["file"]
        if uploaded.size > notes.MOST:
            raise forms.ValidationError("文件太大，不是学时证明。")
        return bytes(uploaded.read())


def receive(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, actions.FILES)
    form = ReceiveForm(request.POST or None, request.FILES or None)
    row = form.outcome(partial(actions.receive, by=acting(request), person=person))
    if isinstance(row, TrustedIssuer):
        messages.success(
            request,
            f"签名有效，已记下：{row.name}撤销的这份证明还没有登记过，以后也不能登记。不用再办理。",
        )
        return redirect(_account(person))
    if row:
        done = "照通知标为已撤销" if row.revoked_on else "登记"
        messages.success(request, f"签名有效，已{done}：{row.year} 年的学时证明。")
        if twice := certificates.doubled(person).get(row.pk):
            messages.warning(request, f"请核对：{twice}。")
        return redirect(f"{_account(person)}?year={row.year}#certificates")
    return form_page(
        request,
        form,
        title=f"登记外校学时证明：{person.name}",
        crumbs=_crumbs(person),
        submit="核对并登记",
        about="只登记认可的学校签发的证明；对方发来的撤销通知（.json）也在这里上传。"
        "学时供查看，不计入本校台账。",
    )


class ReasonForm(ActionForm):
    reason = forms.CharField(label="原因", max_length=200)


def withdraw(request: HttpRequest, pk: int, certificate_pk: int) -> HttpResponse:
    person = person_or_404(request, pk, actions.FILES)
    row = get_object_or_404(HoursCertificate, pk=certificate_pk, person=person)
    form = ReasonForm(request.POST or None)
    ours = row.issuer_id is None
    if form.outcome(partial(actions.withdraw, by=acting(request), row=row)):
        then = "请把“撤销通知”交给收过证明的学校" if ours else "需要时可以重新登记"
        messages.success(request, f"已撤销，{then}。")
        return redirect(f"{_account(person)}?year={row.year}#certificates")
    return form_page(
        request, form, title=f"撤销{'' if ours else '外校'}学时证明：{person.name}",
        crumbs=_crumbs(person), submit="撤销", danger=True,
        about="撤销后生成签名的撤销通知，对方上传后这份证明作废，也不能再登记。不能恢复，"
        "可以重新签发。" if ours else "",
    )  # fmt: skip


# Whom to believe


class TrustForm(ActionForm):
    name = forms.CharField(label="学校", max_length=100)
    key = forms.CharField(
        label="签发密钥", max_length=60, help_text="对方“认可的学校”页上的 44 个字符。"
    )
    checked = forms.CharField(
        label="怎样核对的", max_length=200, help_text="例如：与对方组织部电话核对了指纹。"
    )


def issuers(request: HttpRequest) -> HttpResponse:
    """The schools whose certificates are taken, and the key to give to them."""
    get_object_or_404(access.orgs(request.user, actions.FILES)[:1])
    may = not access.check(acting(request), actions.TRUSTS, None)
    if request.method == "POST" and not may:
        raise Http404
    form = TrustForm(request.POST or None)
    if form.outcome(partial(actions.trust, by=acting(request))):
        messages.success(request, "已认可。对方签发的学时证明现在可以登记。")
        return redirect("issuers")
    rows = TrustedIssuer.objects.select_related("added_by").order_by("ended_at", "name", "pk")
    return TemplateResponse(
        request,
        "web/issuers.html",
        {
            "title": "认可的学校",
            "crumbs": [("党员", reverse("member-list"))],
            "form": form if may else None,
            "rows": [(row, notes.fingerprint(row.key)) for row in rows],
            "own_key": signing.own_key(),
            "own_mark": notes.fingerprint(signing.own_key()),
        },
        status=form.status,
    )


def distrust(request: HttpRequest, pk: int) -> HttpResponse:
    if access.check(acting(request), actions.TRUSTS, None):
        raise Http404
    row = get_object_or_404(TrustedIssuer, pk=pk)
    form = ReasonForm(request.POST or None)
    if form.outcome(partial(actions.distrust, by=acting(request), row=row)):
        messages.success(request, "已停止认可，以前登记的证明保留。")
        return redirect("issuers")
    return form_page(
        request, form, title=f"停止认可：{row.name}",
        crumbs=[("党员", reverse("member-list")), ("认可的学校", reverse("issuers"))],
        submit="停止认可", danger=True,
    )  # fmt: skip
