"""Spreadsheets on their way in."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from guantong.records.models.org import Org


class ImportBatch(models.Model):
    """Grain: one file read for preview. Nothing of it is on record before it is confirmed.

    `kind` roll or activities; `state` preview, confirmed, undone or discarded. `rows` are the
    parsed rows and what was decided about each, `reading` is what holds for the whole file: its
    columns, notes, counts (see `records.imports.stored`). `made` is what undo needs: [model, id,
    before or null, digest of what the import left]. `org` null: for the whole school.
    """

    kind = models.CharField("种类", max_length=20)
    file_name = models.CharField("文件", max_length=255)
    sha256 = models.CharField(max_length=64)
    state = models.CharField("状态", max_length=20, default="preview")
    rows = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    reading = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    made = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+", verbose_name="范围")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("上传时间")
    confirmed_at = models.DateTimeField("确认时间", null=True, editable=False)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["state", "-made_at"], name="batch_state_newest")]
