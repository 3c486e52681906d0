"""Roles given to accounts. Roles that follow from a post have no row here."""

from django.conf import settings
from django.db import models

from guantong.records.models.org import Org
from guantong.records.models.span import Span, SpanQuerySet


class GrantQuerySet(SpanQuerySet["Grant"]):
    pass


class Grant(Span):
    """Grain: one role given to one account for a span. `org` null: for the whole school."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="grants", verbose_name="用户"
    )
    role = models.CharField("角色", max_length=30)
    org = models.ForeignKey(
        Org, models.PROTECT, null=True, blank=True, related_name="grants", verbose_name="范围"
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    reason = models.CharField("事由", max_length=200, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta(Span.Meta):
        indexes = [models.Index(fields=["user", "valid_from"], name="grant_user_from")]
