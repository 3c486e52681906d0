"""Two rows that turned out to be one person."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from guantong.records.models.person import Person


class Merge(models.Model):
    """Grain: one merge, of `absorbed` into `kept`. `undone_at` null while it holds.

    `made` is what undoing needs, in the order in which it was done: [model, id, the row before or
    null for one that was made, the digest of what was left or null for a row taken out].
    `newest` is the highest id that each table about people had then.
    """

    kept = models.ForeignKey(Person, models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey(Person, models.PROTECT, related_name="merges_in")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("合并时间")
    reason = models.CharField("理由", max_length=200)
    made = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    newest = models.JSONField(default=dict)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=models.Q(undone_at=None),
                name="absorbed_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("absorbed")), name="merge_of_two"
            ),
        ]
