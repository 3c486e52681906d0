"""What people say is wrong in what is kept about them, and what they were answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.person import Person


class CorrectionRequest(models.Model):
    """Grain: one request. `accepted` null while nobody has answered.

    Answering changes nothing else: what is right is then recorded by the usual actions.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="correction_requests", verbose_name="人员"
    )
    about = models.CharField("哪一项", max_length=100)
    says = models.CharField("应当怎样", max_length=500)
    asked_at = models.DateTimeField("提出时间", editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="提出人",
    )
    accepted = models.BooleanField("是否采纳", null=True, blank=True)
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="答复人",
    )

    class Meta:
        indexes = [models.Index(fields=["accepted", "asked_at"], name="correction_open")]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted=None, answered_at=None)
                | Q(accepted__isnull=False, answered_at__isnull=False),
                name="correction_answered_whole",
            )
        ]
