"""The files of a record: attaching, handing out, taking off. Not for members: minutes name people.

Handed out only through here, always as a download, with headers that let nothing in it run.
"""

from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, files
from guantong.records.actions import attachments as actions
from guantong.records.models import Activity, Attachment
from guantong.sheets import attached
from guantong.web import download
from guantong.web.acting import ActionForm, acting, form_page, require
from guantong.web.forms.files import AttachedField


def seen(request: HttpRequest, activity: Activity) -> bool:
    """Whether the user works with the records of one of the hosts."""
    hosts = activity.hosts.values("pk")
    return access.orgs(request.user, "activity.view").filter(pk__in=hosts).exists()


def _activity_or_404(request: HttpRequest, pk: int) -> Activity:
    found = get_object_or_404(access.activities(request.user, "activity.view"), pk=pk)
    if not seen(request, found):
        raise Http404
    return found


def _crumbs(activity: Activity) -> list[tuple[str, str]]:
    page = reverse("activity", args=[activity.pk])
    return [("活动", reverse("activity-list")), (activity.title, page)]


class AttachForm(ActionForm):
    file = AttachedField(label="文件")

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        photos = (
            "、JPEG 和 PNG 图片（去掉拍摄地点等信息后保存）" if actions.limit("images") else ""
        )
        self.fields[
            "file"
        ].help_text = f"{attached.ALLOWED}{photos}，不超过 {actions.limit('attachment_mb')} MB。"


def attach(request: HttpRequest, pk: int) -> HttpResponse:
    activity = _activity_or_404(request, pk)
    require(request, actions.PERMISSION, *activity.hosts.all())
    form = AttachForm(request.POST or None, request.FILES or None)

    def act(file: attached.Checked) -> Attachment:
        return actions.attach(
            by=acting(request), activity=activity, kind=file.kind, name=file.name,
            content=file.content,
        )  # fmt: skip

    if form.outcome(act):
        messages.success(request, "已添加附件。")
        return redirect(f"{reverse('activity', args=[pk])}#files")
    return form_page(
        request, form, title="添加附件", crumbs=_crumbs(activity), submit="添加",
        about="附件不是必须的：写清楚的记录就够了。附件能看到的人与记录相同，本支部普通党员除外。",
    )  # fmt: skip


def _attachment_or_404(request: HttpRequest, pk: int, attachment_pk: int) -> Attachment:
    activity = _activity_or_404(request, pk)
    rows = Attachment.objects.select_related("activity")
    return get_object_or_404(rows, pk=attachment_pk, activity=activity)


@require_GET
def file(request: HttpRequest, pk: int, attachment_pk: int) -> HttpResponse:
    row = _attachment_or_404(request, pk, attachment_pk)
    if row.removed_at:
        raise Http404
    try:
        content = files.read(row.sha256)
    except files.Damaged:
        messages.error(request, f"“{row.name}”的文件丢失或已损坏，请联系管理员从备份恢复。")
        return redirect("activity", pk)
    response = download.attached(content, row.name, mime=attached.FORMS[row.kind][1])
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class RemoveForm(ActionForm):
    reason = forms.CharField(label="移除原因", max_length=200, help_text="例如：附错了文件。")


def remove(request: HttpRequest, pk: int, attachment_pk: int) -> HttpResponse:
    row = _attachment_or_404(request, pk, attachment_pk)
    require(request, actions.PERMISSION, *row.activity.hosts.all())
    form = RemoveForm(request.POST or None)
    if form.outcome(partial(actions.remove, by=acting(request), row=row)):
        messages.success(request, "已移除附件。需要时可以重新添加。")
        return redirect(f"{reverse('activity', args=[pk])}#files")
    return form_page(
        request, form, title=f"移除附件：{row.name}", crumbs=_crumbs(row.activity), submit="移除",
        danger=True, about="移除以后不能再下载；文件和移除记录保留。",
    )  # fmt: skip
