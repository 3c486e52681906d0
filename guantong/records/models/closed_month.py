"""Months that an organisation has closed: what it held then is not changed any more."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org


class ClosedMonth(models.Model):
    """Grain: organisation x month x time it was closed. `unlocked_at` null: closed still.

    `month` is its first day. The rows stay, so that everyone sees how often a month was opened.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="closed_months", db_index=False)
    month = models.DateField("月份")
    closed_at = models.DateTimeField("结账时间", editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    unlocked_at = models.DateTimeField("解锁时间", null=True, editable=False)
    unlocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    unlocked_reason = models.CharField("解锁原因", max_length=200, blank=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["org", "month"], name="closed_month")]
        constraints = [
            models.UniqueConstraint(
                fields=["org", "month"], condition=Q(unlocked_at=None), name="month_closed_once"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="closed_month_is_a_month"),
        ]
