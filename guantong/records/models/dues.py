"""Dues: what a member owes a month, relief from it, and what was paid."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person
from guantong.records.models.span import Span, SpanQuerySet


class DuesRate(models.Model):
    """Grain: person x month from which a sum holds, until the next one.

    `payer` is a code of dues.yaml. `computed`: what the rates give, in yuan a month; `amount`:
    what was settled. The base it was computed from stands sealed in `Restricted`, nowhere else.
    `reason` says why it was fixed anew within a year, or settled otherwise than computed.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="dues_rates")
    valid_from = models.DateField("从哪个月起")
    payer = models.CharField("交纳类别", max_length=30)
    computed = models.DecimalField("按比例算出（元/月）", max_digits=9, decimal_places=2)
    amount = models.DecimalField("核定（元/月）", max_digits=9, decimal_places=2)
    reason = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("核定时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="核定人",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "valid_from"], name="one_rate_from_a_month"),
            models.CheckConstraint(condition=Q(valid_from__day=1), name="rate_from_a_month"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="rate_not_negative"),
        ]


class DuesReliefQuerySet(SpanQuerySet["DuesRelief"]):
    pass


class DuesRelief(Span):
    """Grain: one decision that a member pays less for a while; `pays` 0: nothing.

    Both days are firsts of months. `reason` is the ground only, never a diagnosis.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="dues_reliefs")
    pays = models.DecimalField("减免后交纳（元/月）", max_digits=9, decimal_places=2)
    reason = models.CharField("减免原因", max_length=200)
    approval = models.CharField("批准文件", max_length=200)

    objects = DuesReliefQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.CheckConstraint(condition=Q(valid_from__day=1), name="relief_from_a_month"),
            models.CheckConstraint(condition=Q(pays__gte=0), name="relief_not_negative"),
        ]


class DuesPayment(models.Model):
    """Grain: person x month paid for. `org` is the branch that received it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="dues_payments")
    org = models.ForeignKey(
        Org, models.PROTECT, related_name="dues_payments", verbose_name="收缴支部"
    )
    month = models.DateField("所属月份")
    amount = models.DecimalField("实交（元）", max_digits=9, decimal_places=2)
    paid_on = models.DateField("交纳日期")
    recorded_at = models.DateTimeField("录入时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="登记人",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "month"], name="paid_once_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="paid_for_a_month"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="paid_something"),
        ]
        indexes = [models.Index(fields=["org", "month"], name="payment_org_month")]
