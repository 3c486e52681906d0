"""The installation itself: one school, and the wording of the plan it carries out."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class School(models.Model):
    """One row, id 1.

    `today` null means the real date; only a demonstration has a fixed one. `records_since` is the
    first day from which records are kept: the ledger assesses no period that begins earlier.
    `switched_off` names obligations without a firm basis that the school does not use.
    """

    name = models.CharField("学校", max_length=100)
    today = models.DateField("演示日期", null=True, blank=True)
    records_since = models.DateField("记录起始日")
    plan = models.CharField("计划", max_length=60)
    switched_off = models.JSONField("已关闭的责任", default=list, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="school_is_one")]


class PlanWording(models.Model):
    """Grain: one clause of a plan. The official text, loaded from the school's own document."""

    plan = models.CharField(max_length=60)
    path = models.CharField("条款", max_length=60)
    title = models.CharField("标题", max_length=300, blank=True)
    text = models.TextField("原文", blank=True)  # a heading has none of its own
    source_name = models.CharField("来源文件", max_length=255)
    loaded_at = models.DateTimeField("载入时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="载入人",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "path"], name="one_wording_per_clause")
        ]
