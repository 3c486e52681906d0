"""Single changes of the organisations that can be taken back."""

from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from guantong.records.models.org import Org


class OrgChangeQuerySet(models.QuerySet["OrgChange"]):
    def about(self, org: Org) -> Self:
        """What still holds of an organisation and of those that it continues, the newest first."""
        concerned = models.Q(org=org) | models.Q(org__in=org.origins.values("predecessor"))
        return self.filter(concerned, undone_at=None).order_by("-pk")


class OrgChange(models.Model):
    """Grain: one organisation founded, renamed, moved, dissolved, merged or split.

    `kind` is the verb of its event. `org`: the one changed; of a founding the one above, of a
    merge the first that ended. `asked`: the organisations on which whoever changes it has to have
    the say. `made` and `touch` as of a `Recut`. `undone_at` null while it holds.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="changes", verbose_name="党组织")
    kind = models.CharField("变动", max_length=30)
    on_day = models.DateField("从哪一天起")
    asked = models.JSONField(default=list, blank=True)
    made = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    touch = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("办理时间", editable=False)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)

    objects = OrgChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["org", "-id"], name="org_change_newest")]
