"""What an account has sent to itself: a calendar for the phone, a digest of the week."""

from django.conf import settings
from django.db import models


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
