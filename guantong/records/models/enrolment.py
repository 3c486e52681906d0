"""Who wants to come to something planned, and who signed in there. Neither is attendance."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.activity import Activity
from guantong.records.models.person import Person

MOST_PLACES = 5000


class Places(models.Model):
    """Grain: one planned activity for which people enrol. `closes_on`: the last day to do so."""

    activity = models.OneToOneField(Activity, models.CASCADE, related_name="places_row")
    places = models.PositiveIntegerField("名额")
    closes_on = models.DateField("报名截止")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(places__gt=0, places__lte=MOST_PLACES), name="some_places"
            )
        ]


class Enrolment(models.Model):
    """Grain: activity x person x time enrolled. The first ones, in order of id, have the places.

    `cancelled_at` set: gave the place up; whoever waits longest has it from then on.
    """

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="enrolments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="enrolments")
    at = models.DateTimeField("报名时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    cancelled_at = models.DateTimeField("取消时间", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "person"],
                condition=Q(cancelled_at=None),
                name="enrolled_once",
            )
        ]


class SignInSheet(models.Model):
    """Grain: one planned activity at which people may sign in. `closed_at` null: open.

    `secret` makes the codes on the organiser's screen; another one with every opening.
    """

    activity = models.OneToOneField(Activity, models.CASCADE, related_name="sign_in_sheet")
    secret = models.CharField(max_length=64, editable=False)
    opened_at = models.DateTimeField("开始签到", editable=False)
    closed_at = models.DateTimeField("结束签到", null=True, editable=False)


class SignIn(models.Model):
    """Grain: activity x person who signed in there. Becomes attendance when somebody confirms it.

    `late`: after the beginning and the minutes of grace.
    """

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="sign_ins")
    person = models.ForeignKey(Person, models.PROTECT, related_name="sign_ins")
    at = models.DateTimeField("签到时间", editable=False)
    late = models.BooleanField("迟到", default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity", "person"], name="signed_in_once")
        ]
