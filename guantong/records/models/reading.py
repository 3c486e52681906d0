"""Which reading (口径) of an ambiguous text the school has decided on."""

from django.conf import settings
from django.db import models


class ReadingChoice(models.Model):
    """Grain: one decision on one reading; a later one replaces it from its day on.

    `reading` and `option` are ids of the catalogue; an empty option is the catalogue's own
    reading. `decided_by` is the body that decided, `by` the account that wrote it down.
    """

    reading = models.CharField("口径", max_length=40)
    option = models.CharField("读法", max_length=60, blank=True)
    decided_by = models.CharField("决定机构", max_length=100)
    decided_on = models.DateField("决定日期")
    why = models.TextField("理由")
    recorded_at = models.DateTimeField("录入时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="录入人",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "decided_on"], name="one_choice_a_day")
        ]
