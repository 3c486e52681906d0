"""Files attached to the records of activities."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.activity import Activity


class Attachment(models.Model):
    """Grain: one file attached to one activity. The file itself lies under its digest.

    `removed_at` set: taken off with a reason; row and file stay. `kind`: of `sheets.attached`.
    """

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="attachments")
    sha256 = models.CharField(max_length=64)
    kind = models.CharField("类型", max_length=10)
    name = models.CharField("文件名", max_length=110)
    size = models.PositiveIntegerField("字节")
    added_at = models.DateTimeField("添加时间", editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    removed_at = models.DateTimeField("移除时间", null=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    removed_reason = models.CharField("移除原因", max_length=200, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "sha256"],
                condition=Q(removed_at=None),
                name="attached_once",
            )
        ]
