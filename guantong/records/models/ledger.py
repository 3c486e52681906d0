"""The ledger as worked out: assessments and their entries. `actions.ledger` alone writes them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person


class Assessment(models.Model):
    """Grain: one run of the ledger for a day. One is live: records update it as they change.

    `since`: no period that begins earlier was assessed. `catalogue_hash`: of the files used.
    `rules`: of each obligation asked, by name, its title, demand and the reading taken, the hash
    of its text as it was, and that of the calendar and stretch of time it was asked for (`time`).
    `last_event`: id of the newest event when it was made; a later one makes it out of date.
    `kept`: never worked out anew nor thrown away, under `name`.
    """

    plan = models.CharField("计划", max_length=60)
    on_day = models.DateField("截至日期")
    since = models.DateField("起始日期")
    catalogue_hash = models.CharField(max_length=64)
    rules = models.JSONField(default=dict)
    engine = models.CharField(max_length=20)
    live = models.BooleanField(default=False)
    kept = models.BooleanField("存档", default=False)
    name = models.CharField("名称", max_length=100, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="存档人",
    )
    made_at = models.DateTimeField("生成时间")
    last_event = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["live"], condition=Q(live=True), name="one_is_live")
        ]


class Entry(models.Model):
    """Grain: assessment x obligation x bearer x period.

    `bearer_kind` org, person or post; `org` answers for it; `person` null for organisations.
    `period_end` is the first day after. `required`, `actual` null: not known or exempt;
    `numerator` and `denominator` only for shares, where `actual` is the share, rounded.
    """

    # No index of a foreign key alone: each of those in Meta begins with the assessment.
    assessment = models.ForeignKey(
        Assessment, models.CASCADE, related_name="entries", db_index=False
    )
    obligation = models.CharField("责任", max_length=60)
    bearer_kind = models.CharField(max_length=10)
    org = models.ForeignKey(
        Org, models.PROTECT, related_name="entries", verbose_name="党组织", db_index=False
    )
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="entries",
        verbose_name="人员",
        db_index=False,
    )
    period_start = models.DateField()
    period_end = models.DateField()
    due_on = models.DateField("到期日")
    required = models.DecimalField("应完成", max_digits=14, decimal_places=4, null=True)
    actual = models.DecimalField("已完成", max_digits=14, decimal_places=4, null=True)
    numerator = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    denominator = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    verdict = models.CharField("结论", max_length=10)

    class Meta:
        constraints = [
            # Two, because null persons count as different to one that covers them all.
            models.UniqueConstraint(
                fields=["assessment", "obligation", "org", "period_start"],
                condition=Q(person=None),
                name="one_entry_per_org",
            ),
            models.UniqueConstraint(
                fields=["assessment", "obligation", "org", "person", "period_start"],
                condition=Q(person__isnull=False),
                name="one_entry_per_person",
            ),
        ]
        indexes = [
            # As wide as what the figures of the ledger ask: they are counted from it alone.
            models.Index(
                fields=["assessment", "org", "obligation", "period_start", "due_on", "verdict"],
                name="entry_org",
            ),
            # Without the entries of organisations: asked for those, SQLite would read them all.
            models.Index(
                fields=["assessment", "person"],
                condition=Q(person__isnull=False),
                name="entry_person",
            ),
            models.Index(fields=["assessment", "verdict", "due_on"], name="entry_verdict_due"),
        ]
