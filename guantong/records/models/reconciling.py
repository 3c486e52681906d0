"""Where another system's list of members and our roll differ, and what was decided about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person


class Reconciliation(models.Model):
    """Grain: one export of another system that was compared. `org` null: of the whole school.

    `exported_on` is the day that it shows. The file itself is not kept.
    """

    system = models.CharField("系统", max_length=30)
    file_name = models.CharField("文件", max_length=255)
    exported_on = models.DateField("导出日期")
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+", verbose_name="范围")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    loaded_at = models.DateTimeField("比对时间")
    rows = models.PositiveIntegerField("对方人数")
    unread = models.JSONField("没有读的行", default=list, blank=True)

    def __str__(self) -> str:
        """Without the file's name: whom it is about reads this, and the name is not his."""
        return f"{self.exported_on} 导出"


class Discrepancy(models.Model):
    """Grain: system x person (`key`) x item (`field`) that differs, as of the last comparison.

    `field` "presence": one of the two does not have the person; `person` null: we do not. `theirs`
    and `ours` are what is shown, masked where sealed; `value` is theirs as it would be written
    (sealed for "discrepancy:<id>" where the field is). `digest` tells whether either side has
    changed since it was decided; then it is open again. `state` open, ours, theirs, later, gone.
    """

    system = models.CharField("系统", max_length=30)
    key = models.CharField(max_length=64)
    field = models.CharField("项目", max_length=30)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="discrepancies", verbose_name="党员"
    )
    named = models.CharField("姓名", max_length=60)
    org = models.ForeignKey(Org, models.PROTECT, related_name="+", verbose_name="党支部")
    theirs = models.CharField("对方", max_length=200, blank=True)
    ours = models.CharField("我方", max_length=200, blank=True)
    value = models.CharField("对方的值", max_length=300, blank=True)
    digest = models.CharField(max_length=64)
    since = models.DateField("我方起自", null=True, blank=True)
    cause = models.CharField("可能的原因", max_length=300, blank=True)
    seen = models.ForeignKey(Reconciliation, models.PROTECT, related_name="+")
    state = models.CharField("处理", max_length=10, default="open")
    note = models.CharField("说明", max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("处理时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "key", "field"], name="one_discrepancy"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "ours", "theirs", "later", "gone"]),
                name="discrepancy_state_known",
            ),
        ]
        indexes = [models.Index(fields=["state", "org"], name="discrepancy_open")]
