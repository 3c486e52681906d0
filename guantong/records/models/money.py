"""What an organisation was given to spend on Party work, and what was spent."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.activity import Activity
from guantong.records.models.org import Org


class BudgetLine(models.Model):
    """Grain: organisation x year x purpose of the Party-building budget. `amount` in yuan."""

    org = models.ForeignKey(Org, models.PROTECT, related_name="budget_lines")
    year = models.PositiveSmallIntegerField("年度")
    title = models.CharField("预算项目", max_length=80)
    amount = models.DecimalField("预算（元）", max_digits=11, decimal_places=2)
    basis = models.CharField("批准文件", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "year", "title"], name="one_line_of_a_title"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_not_negative"),
        ]


class SpendingQuerySet(models.QuerySet["Spending"]):
    def live(self) -> Self:
        return self.filter(withdrawn_at=None)


class Spending(models.Model):
    """Grain: one sum spent: from a budget line, or from dues under one heading of dues.yaml.

    `decided_on`: the day of the meeting that decided it. `activity` null: for none on record.
    Withdrawn rows stay.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="spendings")
    line = models.ForeignKey(
        BudgetLine, models.PROTECT, null=True, blank=True, related_name="spendings"
    )
    heading = models.CharField("党费开支项目", max_length=30, blank=True)
    spent_on = models.DateField("支出日期")
    amount = models.DecimalField("金额（元）", max_digits=11, decimal_places=2)
    what = models.CharField("用途", max_length=200)
    decided_on = models.DateField("集体研究日期", null=True, blank=True)
    activity = models.ForeignKey(
        Activity, models.PROTECT, null=True, blank=True, related_name="spendings"
    )
    withdrawn_at = models.DateTimeField("撤销时间", null=True, editable=False)
    withdrawn_reason = models.CharField("撤销原因", max_length=200, blank=True, editable=False)
    recorded_at = models.DateTimeField("录入时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = SpendingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(line=None) ^ Q(heading=""), name="spent_from_one_purse"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="spent_something"),
        ]
        indexes = [models.Index(fields=["org", "spent_on"], name="spending_org_day")]
