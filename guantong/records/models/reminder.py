"""What an account has sent to itself: a calendar for the phone, a digest of the week."""

from django.conf import settings
from django.db import models

from guantong.records.models.org import Org


class CalendarFeed(models.Model):
    """Grain: one account with a private calendar address.

    `digest` is that of the address' secret part, which itself is kept nowhere: shown once, and
    another one makes it worthless. What the address shows follows from the account's roles.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feed"
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("生成时间")


class DigestSubscription(models.Model):
    """Grain: one account that wants the digest of the week by mail. No row: nothing is sent."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="digest_subscription"
    )
    since = models.DateTimeField("开通时间")


class Delivery(models.Model):
    """Grain: week x channel: one digest to one account ("mail:7") or to one bot ("bot:name").

    `waiting` until `due_at`, `taken` by a worker that has sent nothing yet, `sending` from before
    the first octet leaves until the outcome is known; then `sent`, `refused` or `unsure` for good,
    or `quiet` where there was nothing to say. `seen_at`: when a worker last had it in hand. The
    text is made when it is sent and kept nowhere; whether anybody read it is not asked.
    """

    week = models.DateField("周一")
    channel = models.CharField("渠道", max_length=80)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+")
    state = models.CharField("状态", max_length=10, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    says = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["week", "channel"], name="one_digest_a_week")
        ]
