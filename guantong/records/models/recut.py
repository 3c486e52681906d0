"""Prepared rearrangements of the branches below one organisation."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org


class Recut(models.Model):
    """Grain: one rearrangement, prepared for a day. Nothing of it holds before it is carried out.

    `org`: below it lie the branches concerned, of one `category` or (empty) of all. `plan` says
    who goes where (see `records.recutting.Plan`). `state` draft, carried_out, undone or discarded.
    `made` and `touch` are what undo needs: the traces of all rows made and changed, and what the
    ledger has to work out anew. `reason`: why it was carried out although it breaks a rule.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="recuts", verbose_name="范围")
    title = models.CharField("名称", max_length=100)
    category = models.CharField("支部类别", max_length=30, blank=True)
    on_day = models.DateField("从哪一天起")
    plan = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    state = models.CharField("状态", max_length=20, default="draft")
    reason = models.CharField("原因", max_length=200, blank=True)
    made = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    touch = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    prepared_at = models.DateTimeField("拟订时间")
    carried_out_at = models.DateTimeField("执行时间", null=True, editable=False)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "carried_out", "undone", "discarded"]),
                name="recut_state_known",
            )
        ]
        indexes = [models.Index(fields=["org", "-id"], name="recut_org_newest")]
